"""The virtual house's connection on a rehearsed bus."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from life.homes import make_household, make_person
from vettura.bus.memory import MemoryBus
from vettura.bus.messages import Answer, MeterValue, decode, encode
from vettura.bus.messages_energy import SiteMeter
from vettura.bus.messages_home import DeviceAbout, DeviceAction, DeviceState
from vettura.bus.subjects import device_about, device_do, device_state, meter, site_meter
from vettura.clock import rehearse
from vettura.energy.config import BatteryConfig, EnergyConfig, PanelConfig
from vettura.energy.site_devices import site_abouts
from vettura.energy.virtual_site import VirtualSite
from vettura.life.station import StationConfig
from vettura.units import NS_PER_S

NOON_NS = 1_780_311_600 * NS_PER_S
"""1 June 2026, 13:00 in Turin."""
CONFIG = EnergyConfig(
    battery=BatteryConfig(capacity_wh=10_000.0), panels=(PanelConfig(peak_w=6_000.0),)
)
STATIONS = [StationConfig(id="wallbox")]


class World:
    def __init__(self, clock):
        self.clock, self.bus = clock, MemoryBus(clock)
        self.home = make_household(make_person())
        self.heard = []
        self.bus.tap(lambda time_ns, subject, data: self.heard.append((time_ns, subject, data)))

    @asynccontextmanager
    async def living(self, config=CONFIG):
        site = VirtualSite(self.bus, self.clock, self.home, config, STATIONS, seed=7)
        task = asyncio.create_task(site.run())
        await self.clock.sleep(5.0)
        try:
            yield site
        finally:
            task.cancel()
            (end,) = await asyncio.gather(task, return_exceptions=True)
            assert isinstance(end, asyncio.CancelledError), repr(end)

    def told(self, subject, kind):
        return [decode(data, kind, where=s) for _, s, data in self.heard if s == subject]

    def meters(self):
        return self.told(site_meter(self.home.id), SiteMeter)

    async def act(self, device, action, **data):
        wish = DeviceAction(id=self.clock.new_id(), action=action, data=data, who="test")
        reply = await self.bus.request(device_do(self.home.id, device), encode(wish))
        return decode(reply.data, Answer, where="answer")

    async def charge(self, power_w):
        told = MeterValue(time_ns=self.clock.now_ns(), power_w=power_w, energy_wh=0.0)
        await self.bus.publish(meter(self.home.id, "wallbox"), encode(told))


def scenario(script, *, resolution_s=0.0):
    async def main(clock):
        world = World(clock)
        return world, await script(world)

    return rehearse(main, start_ns=NOON_NS, seed=1, resolution_s=resolution_s)


def test_the_meter_speaks_every_two_seconds_and_its_counters_only_grow():
    async def script(world):
        async with world.living():
            await world.clock.sleep(600)

    world, _ = scenario(script)
    told = world.meters()
    assert 295 <= len(told) <= 310
    assert any(one.sun_w > 1_000.0 for one in told)
    for name in ("import_wh", "export_wh", "sun_wh"):
        values = [getattr(one, name) for one in told]
        assert values == sorted(values)
    for one in told:
        assert one.grid_w + one.sun_w == pytest.approx(one.load_w + one.stations_w + one.battery_w)


def test_a_station_that_jumps_is_metered_at_once_on_its_phases():
    async def script(world):
        async with world.living():
            before = world.meters()[-1]
            await world.charge(11_000.0)
            await world.clock.sleep(0.01)
            return before, world.meters()[-1]

    _, (before, after) = scenario(script)
    assert (before.stations_w, after.stations_w) == (0.0, 11_000.0)
    assert sum(after.phase_w) == pytest.approx(after.grid_w)
    assert after.others_phase_w == pytest.approx(before.others_phase_w, abs=900.0)


def test_the_battery_obeys_for_its_lease_and_refuses_nonsense():
    async def script(world):
        async with world.living():
            until_ns = world.clock.now_ns() + 60 * NS_PER_S
            told = await world.act("battery", "set_power", power_w=-200.0, until_ns=until_ns)
            await world.clock.sleep(4)
            obeyed = world.meters()[-1].battery_w
            await world.clock.sleep(70)
            wrong = [
                await world.act("battery", "set_power", power_w="much", until_ns=until_ns * 2),
                await world.act(
                    "battery", "set_power", power_w=float("nan"), until_ns=until_ns * 2
                ),
                await world.act("battery", "set_power", power_w=1.0, until_ns=1),
                await world.act("battery", "explode"),
                await world.act("sun", "set_limit", power_w=-1.0, until_ns=until_ns * 2),
            ]
            return told, obeyed, world.meters()[-1].battery_w, wrong

    _, (told, obeyed, after, wrong) = scenario(script)
    assert told.ok
    assert obeyed in (pytest.approx(-200.0), 0.0)
    assert after > 0.0
    assert all(not answer.ok and answer.reason for answer in wrong)


def test_the_inverter_can_be_turned_down():
    async def script(world):
        async with world.living():
            until_ns = world.clock.now_ns() + 60 * NS_PER_S
            assert (await world.act("sun", "set_limit", power_w=700.0, until_ns=until_ns)).ok
            await world.clock.sleep(4)
            return world.meters()[-1].sun_w

    _, sun_w = scenario(script)
    assert sun_w == 700.0


def test_scenes_and_the_page_see_it_in_home_assistant_s_words():
    async def script(world):
        async with world.living():
            await world.clock.sleep(30)

    world, _ = scenario(script)
    about = world.told(device_about(world.home.id, "grid"), DeviceAbout)[0]
    assert about.entities["sensor.grid_power"].device_class == "power"
    assert about.entities["sensor.grid_import_energy"].state_class == "total_increasing"
    state = world.told(device_state(world.home.id, "battery"), DeviceState)[-1]
    assert 0.0 <= float(state.entities["sensor.battery_soc"].state) <= 100.0


def test_counters_and_charge_outlive_a_restart():
    async def script(world):
        async with world.living():
            await world.clock.sleep(700)
            before = world.meters()[-1]
        async with world.living():
            return before, world.meters()[-1]

    _, (before, after) = scenario(script)
    assert after.sun_wh >= before.sun_wh - 6_000.0 * 400 / 3600
    assert after.sun_wh > 0.0
    assert after.battery_soc == pytest.approx(before.battery_soc, abs=0.05)


def test_a_coarse_day_takes_few_looks():
    async def script(world):
        async with world.living():
            await world.clock.sleep(86_400)

    world, _ = scenario(script, resolution_s=1.0)
    assert len(world.meters()) < 900
    assert world.meters()[-1].import_wh + world.meters()[-1].sun_wh > 5_000.0


def test_a_rehearsal_does_not_take_the_meter_for_a_device_that_uses():
    about = site_abouts(CONFIG)
    assert {one.origin for one in about.values()} == {"energy"}
