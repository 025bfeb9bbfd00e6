"""Load management has no idea that a station speaks OCPP: offers, leases, silence are the same."""

import asyncio

import pytest

from faces.ocpp_scene import HOME, STATION, VERSIONS, House, later, rehearsed
from faces.test_ocpp_point import Scene, _joined
from vettura.bus.messages import encode
from vettura.bus.messages_energy import Period, Schedule, SiteMeter
from vettura.bus.subjects import schedule, site_meter
from vettura.energy.config import GridConfig, SharingConfig
from vettura.energy.sharing_service import SharingService


async def meter_for_ever(house, load_a):
    """The house's meter, each second: what it takes besides the stations, on each phase."""
    while True:
        amps = [230.0 * load_a[0]] * 3
        told = SiteMeter(
            time_ns=house.clock.now_ns(),
            grid_w=sum(amps),
            load_w=sum(amps),
            phase_w=amps,
            others_phase_w=amps,
        )
        await house.bus.publish(site_meter(HOME), encode(told))
        await house.clock.sleep(1.0)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_fuse_is_kept_by_a_wallbox_over_ocpp(version):
    async def story(clock):
        house = House(clock)
        scene = Scene(clock, version, bus=house.bus)
        load_a = [0.0]
        sharing = SharingService(
            house.bus, clock, HOME, [house.config], GridConfig(fuse_a=25.0), SharingConfig()
        )
        tasks = [asyncio.create_task(job) for job in (sharing.run(), meter_for_ever(house, load_a))]
        async with house.running(), scene.running(), _joined(house, scene):
            await scene.behind.plug("VIN1")
            now_ns = clock.now_ns()
            told = Schedule(
                id="s",
                time_ns=now_ns,
                station=STATION,
                periods=[Period(start_ns=now_ns, power_w=11_000.0)],
                until_ns=later(clock, 3_600),
            )
            await house.bus.publish(schedule(HOME, STATION), encode(told))
            await clock.sleep(60.0)
            alone_w = scene.behind.offers[-1]["power_w"]
            load_a[0] = 10.0
            await clock.sleep(60.0)
            beside_w = scene.behind.offers[-1]["power_w"]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await clock.sleep(60.0)
            return alone_w, beside_w, scene.behind.offers[-1]["power_w"]

    alone_w, beside_w, silent_w = rehearsed(story)
    assert 10_900.0 <= alone_w <= 11_000.0
    # 25 A less 6 A in reserve less 10 A that the house takes: 9 A on each of three phases.
    assert 0.9 * 3 * 9 * 230.0 <= beside_w <= 3 * 9 * 230.0
    assert silent_w == pytest.approx(1_380.0, abs=80.0)
