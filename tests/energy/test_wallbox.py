"""A wallbox on a rehearsed bus, with a car that draws what the test says."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from home.scripted_car import WALL_POWER, ScriptedCar
from vettura.bus.memory import MemoryBus
from vettura.bus.messages import (
    Answer,
    MeterValue,
    SignalFrame,
    decode,
    encode,
)
from vettura.bus.messages_home import DeviceAction, DeviceState, EntityState
from vettura.bus.subjects import HOME_BUCKET, device_do, device_state, meter
from vettura.clock import rehearse
from vettura.energy.pilot import refused_offer
from vettura.energy.station import Station, counted, heard, status, taken
from vettura.energy.station_words import recalled
from vettura.energy.wallbox import WallboxService
from vettura.life.station import StationConfig
from vettura.units import NS_PER_S

CONFIG = StationConfig(id="wallbox")
CAR, OTHER = "LVXSU7CASA0000001", "LVXSU7CASA0000002"
START_NS = 1_772_452_800 * NS_PER_S
STATE, METER = device_state("casa", "wallbox"), meter("casa", "wallbox")


class World:
    """A bus, a car and a wallbox, and what was published."""

    def __init__(self, clock):
        self.clock, self.bus = clock, MemoryBus(clock)
        self.car = ScriptedCar(self.bus, clock, CAR)
        self.heard = []
        self.bus.tap(lambda time_ns, subject, data: self.heard.append((time_ns, subject, data)))

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

    def wallbox(self):
        return WallboxService(self.bus, self.clock, "casa", CONFIG)

    async def act(self, action, action_id="", **data):
        wish = DeviceAction(
            id=action_id or self.clock.new_id(), action=action, data=data, who="test"
        )
        reply = await self.bus.request(device_do("casa", "wallbox"), encode(wish), timeout_s=9.0)
        return decode(reply.data, Answer, where="answer")

    async def draw(self, power_w):
        self.car.power_w = power_w
        await self.car.publish()

    def meters(self):
        return [decode(d, MeterValue, where=s) for _, s, d in self.heard if s == METER]

    def states(self):
        told = [decode(d, DeviceState, where=s) for _, s, d in self.heard if s == STATE]
        return [one.entities["sensor.wallbox"].state for one in told]

    async def kept(self):
        entry = await (await self.bus.bucket(HOME_BUCKET)).get(STATE)
        return decode(entry.value, DeviceState, where="kept").entities["sensor.wallbox"]


def scenario(script, *, with_car=True):
    """Run `script(world)` beside a wallbox and a car; returns the world and what it returned."""

    async def main(clock):
        world = World(clock)
        services = [world.wallbox(), *([world.car] if with_car else [])]
        async with world.living(*services):
            return world, await script(world)

    return rehearse(main, start_ns=START_NS, seed=1)


def test_the_station_says_what_ocpp_says_from_plug_to_unplug():
    async def script(world):
        assert (await world.act("connect", vin=CAR)).ok
        await world.clock.sleep(5)
        await world.draw(11_000.0)
        await world.clock.sleep(5)
        await world.draw(0.0)
        await world.clock.sleep(5)
        assert (await world.act("disconnect")).ok
        await world.clock.sleep(5)

    world, _ = scenario(script)
    assert world.states() == ["available", "occupied", "charging", "occupied", "available"]
    assert world.car.verbs() == ["plug", "unplug"]
    plug = world.car.told[0][1]
    assert (plug.station, plug.power_w_max, plug.phases) == ("wallbox", 11_000.0, 3)


def test_the_meter_counts_an_hour_of_eleven_kilowatts():
    async def script(world):
        await world.act("connect", vin=CAR)
        await world.draw(11_000.0)
        await world.clock.sleep(3600)
        await world.draw(0.0)
        await world.clock.sleep(60)

    world, _ = scenario(script)
    assert world.meters()[-1].energy_wh == pytest.approx(11_000.0, abs=0.1)
    energies = [value.energy_wh for value in world.meters()]
    assert energies == sorted(energies)


def test_the_meter_is_told_every_ten_seconds_or_at_a_jump_and_seldom_when_idle():
    async def script(world):
        await world.act("connect", vin=CAR)
        await world.clock.sleep(3600)
        idle = len(world.meters())
        await world.draw(7_000.0)
        begin = len(world.meters())
        for second in range(600):
            await world.clock.sleep(1.0)
            await world.draw(7_000.0 + second % 2)
        return idle, len(world.meters()) - begin

    _, (idle, busy) = scenario(script)
    assert 10 <= idle <= 14
    assert 55 <= busy <= 62


def test_a_jump_of_power_is_told_at_once():
    async def script(world):
        await world.act("connect", vin=CAR)
        await world.draw(7_000.0)
        await world.clock.sleep(0.01)
        first = world.meters()[-1].power_w
        await world.draw(7_030.0)
        await world.clock.sleep(0.01)
        second = world.meters()[-1].power_w
        await world.draw(3_000.0)
        await world.clock.sleep(0.01)
        return first, second, world.meters()[-1].power_w

    _, powers = scenario(script)
    assert powers == (7_000.0, 7_000.0, 3_000.0)


def test_cable_offer_and_energy_outlive_a_restart():
    async def main(clock):
        world = World(clock)
        async with world.living(world.car):
            async with world.living(world.wallbox()):
                await world.act("connect", vin=CAR)
                await world.act("offer", power_w=7_400)
                await world.draw(7_400.0)
                await clock.sleep(1800)
            before = world.meters()[-1].energy_wh
            await clock.sleep(60)
            async with world.living(world.wallbox()):
                await clock.sleep(30)
                kept, after = await world.kept(), world.meters()[-1].energy_wh
                refused = await world.act("connect", vin=OTHER)
        return before, after, kept, refused

    before, after, kept, refused = rehearse(main, start_ns=START_NS, seed=1)
    assert before - 7_400 * 40 / 3600 <= after <= before + 7_400 * 40 / 3600
    assert (kept.state, kept.attributes["vin"]) == ("charging", CAR)
    assert kept.attributes["offered_w"] == 7_400.0
    assert refused.reason == f"the cable is in {CAR}"


def test_a_car_plugged_or_unplugged_by_hand_is_noticed():
    async def script(world):
        world.car.station = "wallbox"
        await world.draw(3_700.0)
        await world.clock.sleep(1)
        first = (await world.kept()).state
        world.car.station = ""
        await world.draw(0.0)
        await world.clock.sleep(1)
        return first, (await world.kept()).state

    _, states = scenario(script)
    assert states == ("charging", "available")


def test_a_car_at_another_station_is_none_of_ours():
    async def script(world):
        world.car.station = "motorway"
        await world.draw(100_000.0)
        await world.clock.sleep(60)

    world, _ = scenario(script)
    assert world.states() == ["available"]
    assert world.meters()[-1].energy_wh == 0.0


def test_an_offer_is_passed_on_and_remembered_for_the_next_car():
    async def script(world):
        assert (await world.act("offer", power_w=3_700)).ok
        assert (await world.act("connect", vin=CAR)).ok
        first = world.car.offered_w
        assert (await world.act("offer", power_w=0)).ok
        return first, world.car.offered_w

    _, offers = scenario(script)
    assert offers == (3_700.0, 0.0)


@pytest.mark.parametrize("power_w", [-1, 11_001, float("nan"), float("inf"), True, "7 kW", None])
def test_an_offer_outside_the_station_s_range_is_refused_with_the_range(power_w):
    assert refused_offer(CONFIG, power_w) == "power_w must be a number from 0 to 11000"


@pytest.mark.parametrize(
    ("action", "data", "reason"),
    [
        ("explode", {}, "connect, disconnect and offer"),
        ("connect", {}, "needs the vin"),
        ("connect", {"vin": "a.b >"}, "vin is"),
        ("offer", {}, "power_w must be"),
    ],
)
def test_an_action_that_makes_no_sense_is_refused_with_a_reason(action, data, reason):
    async def script(world):
        return await world.act(action, **data)

    _, answer = scenario(script)
    assert not answer.ok
    assert reason in answer.reason


def test_noise_on_the_bus_does_not_stop_the_station():
    async def script(world):
        reply = await world.bus.request(device_do("casa", "wallbox"), b"\xff\x00")
        await world.bus.publish(f"car.{CAR}.signals", b"noise")
        await world.clock.sleep(1)
        return decode(reply.data, Answer, where="answer"), await world.act("connect", vin=CAR)

    _, (noise, connect) = scenario(script)
    assert not noise.ok
    assert connect.ok


def test_the_same_action_is_obeyed_once():
    async def script(world):
        first = await world.act("connect", action_id="a", vin=CAR)
        await world.act("disconnect")
        return first, await world.act("connect", action_id="a", vin=CAR)

    world, (first, second) = scenario(script)
    assert first == second
    assert world.car.verbs() == ["plug", "unplug"]


def test_a_car_that_does_not_answer_leaves_the_cable_on_the_wall():
    async def script(world):
        return await world.act("connect", vin=CAR), (await world.kept()).state

    _, (answer, state) = scenario(script, with_car=False)
    assert answer.reason.startswith("the car does not answer")
    assert state == "available"


def test_more_power_than_the_station_can_give_is_a_fault():
    async def script(world):
        await world.act("connect", vin=CAR)
        await world.draw(15_000.0)
        await world.clock.sleep(1)

    world, _ = scenario(script)
    assert world.states()[-1] == "faulted"


def test_a_car_that_falls_silent_is_not_counted_for_ever():
    now_ns = START_NS
    station = recalled(None, CONFIG, now_ns)
    station = heard(taken(station, CAR, now_ns), CONFIG, CAR, frame(now_ns, 6_000.0))
    station = counted(station, now_ns + 3600 * NS_PER_S)
    assert station.energy_wh == pytest.approx(6_000.0 * 300 / 3600)
    assert station.power_w == 0.0


def frame(time_ns, power_w):
    return SignalFrame(time_ns=time_ns, values={WALL_POWER: power_w})


@settings(max_examples=200, deadline=None)
@given(
    steps=st.lists(st.tuples(st.integers(-5, 60), st.floats(0, 11_000), st.booleans()), max_size=40)
)
def test_energy_never_falls_and_never_exceeds_what_the_station_can_give(steps):
    now_ns, station = START_NS, recalled(None, CONFIG, START_NS)
    station = taken(station, CAR, now_ns)
    for wait_s, power_w, is_frame in steps:
        before = station.energy_wh
        now_ns += wait_s * NS_PER_S
        if is_frame:
            station = heard(station, CONFIG, CAR, frame(now_ns, power_w))
        else:
            station = counted(station, now_ns)
        assert station.energy_wh >= before
        assert status(station, CONFIG) in ("occupied", "charging")
    passed_s = (max(station.time_ns, now_ns) - START_NS) / NS_PER_S
    assert station.energy_wh <= 11_000 * passed_s / 3600 + 1e-6


@pytest.mark.parametrize(
    "attributes",
    [{}, {"vin": "", "energy_wh": "many"}, {"energy_wh": -5.0}, {"offered_w": float("nan")}],
)
def test_a_memory_that_makes_no_sense_begins_anew(attributes):
    state = EntityState(state="available", attributes=attributes)
    kept = DeviceState(time_ns=1, entities={"sensor.wallbox": state})
    expected = Station(time_ns=START_NS, offered_w=11_000.0, heard_ns=START_NS)
    assert recalled(kept, CONFIG, START_NS) == expected
