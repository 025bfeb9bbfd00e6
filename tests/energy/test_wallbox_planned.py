"""A wallbox where charging is planned: leases, order, transactions, needs, and a car that gives."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from home.scripted_car import ScriptedCar
from vettura.bus import paths
from vettura.bus.memory import MemoryBus
from vettura.bus.messages import Answer, SignalFrame, decode, encode
from vettura.bus.messages_energy import ChargingNeeds, Transaction
from vettura.bus.messages_home import DeviceAction
from vettura.bus.subjects import (
    CARS_BUCKET,
    CARS_STREAM,
    CARS_STREAM_SUBJECTS,
    ENERGY_STREAM,
    ENERGY_STREAM_SUBJECTS,
    HOME_BUCKET,
    car_signals,
    charging_needs,
    device_do,
    transaction,
)
from vettura.car import load_car
from vettura.clock import rehearse
from vettura.drive import CarConfig, CarService
from vettura.energy.wallbox import WallboxService
from vettura.life.station import StationConfig
from vettura.units import NS_PER_S

BOX = StationConfig(id="wallbox", power_w_max=11_040.0)
TWO_WAY = StationConfig(id="wallbox", power_w_max=7_360.0, dc=True, discharge_power_w_max=6_000.0)
CAR, OTHER = "LVXSU7CASA0000001", "LVXSU7CASA0000002"
START_NS = 1_772_452_800 * NS_PER_S


class World:
    def __init__(self, clock, config=BOX):
        self.clock, self.bus, self.config = clock, MemoryBus(clock), config
        self.car = ScriptedCar(self.bus, clock, CAR)

    def wallbox(self):
        return WallboxService(self.bus, self.clock, "casa", self.config, is_planned=True)

    @asynccontextmanager
    async def living(self, *services):
        tasks = [asyncio.create_task(service.run()) for service in services]
        await self.clock.sleep(1.0)
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            endings = await asyncio.gather(*tasks, return_exceptions=True)
            assert all(isinstance(end, asyncio.CancelledError) for end in endings), endings

    async def act(self, action, **data):
        wish = DeviceAction(id=self.clock.new_id(), action=action, data=data, who="test")
        reply = await self.bus.request(device_do("casa", "wallbox"), encode(wish), timeout_s=9.0)
        return decode(reply.data, Answer, where="answer")

    async def offer(self, power_w, *, lease_s=60.0, **data):
        until_ns = self.clock.now_ns() + round(lease_s * NS_PER_S)
        return await self.act("offer", power_w=power_w, until_ns=until_ns, **data)

    async def draw(self, power_w):
        self.car.power_w = power_w
        await self.car.publish()

    async def transactions(self):
        stream = await self.bus.stream(ENERGY_STREAM, ENERGY_STREAM_SUBJECTS)
        stored = await stream.last(transaction("casa", "*"), 100)
        return [decode(each.data, Transaction, where="stored") for each in stored]

    async def needs(self):
        entry = await (await self.bus.bucket(HOME_BUCKET)).get(charging_needs("casa", "wallbox"))
        return decode(entry.value, ChargingNeeds, where="kept")


def scenario(script):
    async def main(clock):
        world = World(clock)
        async with world.living(world.car, world.wallbox()):
            return world, await script(world)

    return rehearse(main, start_ns=START_NS, seed=1)


def test_nothing_is_offered_without_a_lease_and_a_person_s_offer_is_refused_with_the_way():
    async def script(world):
        await world.act("connect", vin=CAR)
        plain = await world.act("offer", power_w=5_000.0)
        return plain, world.car.told[0][1].offered_w

    _, (plain, plugged_w) = scenario(script)
    assert "mode" in plain.reason
    assert plain.code == "conflict"
    assert plugged_w == 0.0


def test_an_offer_reaches_the_car_and_its_lease_ends():
    async def script(world):
        await world.act("connect", vin=CAR)
        answer = await world.offer(11_040.0, phases=3)
        await world.clock.sleep(30)
        during = world.car.offered_w
        await world.clock.sleep(60)
        return answer, during, world.car.offered_w

    _, (answer, during, after) = scenario(script)
    assert answer.ok
    assert answer.response["lines_a"] == pytest.approx([16.0] * 3)
    assert answer.response["safe_w"] == 1_380.0
    assert during == pytest.approx(11_040.0)
    assert after == pytest.approx(1_380.0)


def test_an_older_offer_that_comes_late_changes_nothing():
    async def script(world):
        now_ns = world.clock.now_ns()
        assert (await world.offer(4_140.0, phases=3, issued_ns=now_ns)).ok
        late = await world.offer(11_040.0, phases=3, issued_ns=now_ns - 1)
        over = await world.act("offer", power_w=11_040.0, phases=3, until_ns=now_ns - 1)
        return late, over

    _, (late, over) = scenario(script)
    assert (late.ok, late.reason) == (False, "a newer offer holds")
    assert late.response["limit_w"] == pytest.approx(4_140.0)
    assert over.reason == "the lease of this offer is over"


def test_a_charge_is_told_from_plug_to_unplug_with_its_registers_and_once():
    async def script(world):
        await world.act("connect", vin=CAR)
        await world.offer(11_040.0, phases=3, lease_s=9_000.0)
        await world.draw(11_000.0)
        for _ in range(30):
            await world.clock.sleep(60)
            await world.draw(11_000.0)
        await world.draw(0.0)
        await world.act("disconnect")
        await world.clock.sleep(5)
        return await world.transactions()

    _, told = scenario(script)
    assert [one.kind for one in told] == ["started", "updated", "updated", "ended"]
    assert [one.sequence for one in told] == [0, 1, 2, 3]
    assert len({one.transaction for one in told}) == 1
    assert told[-1].meter_wh - told[0].meter_wh == pytest.approx(5_500.0, rel=0.01)
    assert told[-1].vin == CAR
    assert told[-1].reason == "the cable was taken out"


def test_a_charge_goes_on_after_a_restart_and_ends_when_the_car_is_found_gone():
    async def main(clock):
        world = World(clock)
        async with world.living(world.car):
            async with world.living(world.wallbox()):
                await world.act("connect", vin=CAR)
                await world.offer(11_040.0, phases=3, lease_s=900.0)
                await world.draw(11_000.0)
                await clock.sleep(600)
            async with world.living(world.wallbox()):
                await clock.sleep(60)
                between = await world.transactions()
                paused_w = world.car.offered_w
            world.car.station = ""
            async with world.living(world.wallbox()):
                await world.car.publish()
                await clock.sleep(10)
                return between, paused_w, await world.transactions()

    between, paused_w, told = rehearse(main, start_ns=START_NS, seed=1)
    assert [one.kind for one in between] == ["started"]
    assert paused_w == 0.0, "a lease ends with the process that held it"
    assert [one.kind for one in told] == ["started", "ended"]
    assert told[0].transaction == told[1].transaction
    assert told[1].meter_wh > 1_500.0


def test_what_the_plugged_car_wants_is_told_and_forgotten():
    async def script(world):
        world.car.soc = 0.4
        await world.act("connect", vin=CAR)
        values = {
            paths.DISPLAYED_SOC: 40.0,
            paths.CHARGE_LIMIT: 80,
            paths.BATTERY + "NetCapacity": 70,
            **{f"{paths.CHARGING}MaximumChargingCurrent.Phase{n}": 16.0 for n in (1, 2, 3)},
            paths.READY_AT: "2026-03-02T18:30:00Z",
        }
        frame = SignalFrame(time_ns=world.clock.now_ns(), values=values)
        await world.bus.publish(car_signals(CAR), encode(frame))
        await world.clock.sleep(1)
        plugged = await world.needs()
        await world.act("disconnect")
        await world.clock.sleep(1)
        return plugged, await world.needs()

    _, (plugged, gone) = scenario(script)
    assert plugged.vin == CAR
    assert plugged.energy_wh == pytest.approx(28_000.0)
    assert plugged.charge_w_max == pytest.approx(11_040.0)
    assert plugged.departure_ns == START_NS + 6 * 3600 * NS_PER_S + 1800 * NS_PER_S
    assert (plugged.phases, plugged.is_dc, plugged.source) == (3, False, "car")
    assert (gone.vin, gone.soc) == ("", None)


def test_a_car_that_refuses_is_a_fault_with_its_reason():
    async def script(world):
        world.car.refusals["offer"] = "the charge port is broken"
        await world.act("connect", vin=CAR)
        await world.offer(4_140.0, phases=3, lease_s=300.0)
        await world.clock.sleep(5)
        answer = await world.act("tell")
        entry = await (await world.bus.bucket(HOME_BUCKET)).get("home.casa.wallbox.state")
        return answer, entry.value

    _, (answer, kept) = scenario(script)
    assert answer.ok
    assert b"the charge port is broken" in kept
    assert b"faulted" in kept


def test_a_leaf_feeds_the_house_through_a_two_way_station_and_charges_again():
    """The living car itself, its station and the bus: power, registers and charge agree."""

    async def main(clock):
        world = World(clock, TWO_WAY)
        await world.bus.bucket(CARS_BUCKET)
        await world.bus.stream(CARS_STREAM, CARS_STREAM_SUBJECTS)
        config = CarConfig(
            vin=OTHER,
            home="casa",
            place="home",
            latitude_deg=45.0,
            longitude_deg=7.7,
            altitude_m=300.0,
            soc=0.7,
        )
        leaf = CarService(world.bus, clock, config, load_car("nissan-leaf-40kwh"))
        async with world.living(leaf, world.wallbox()):
            assert (await world.act("connect", vin=OTHER)).ok
            assert (await world.offer(-4_000.0, lease_s=3_700.0)).ok
            await clock.sleep(20)
            needs = await world.needs()
            await clock.sleep(3_600)
            assert (await world.offer(5_000.0, lease_s=3_700.0)).ok
            await clock.sleep(1_800)
            assert (await world.act("disconnect")).ok
            await clock.sleep(5)
            return needs, await world.transactions()

    needs, told = rehearse(main, start_ns=START_NS, seed=1, resolution_s=1.0)
    assert needs.is_dc
    assert needs.discharge_w_max == 6_000.0
    assert told[-1].given_wh == pytest.approx(4_000.0, rel=0.03)
    assert told[-1].meter_wh == pytest.approx(2_500.0, rel=0.05)
    assert told[-1].kind == "ended"
