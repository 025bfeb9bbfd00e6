"""A household on a rehearsed bus, with a car that obeys but has no physics."""

import asyncio
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from home.scripted_car import ScriptedCar
from life.homes import CAR, make_household, make_person
from vettura.bus.memory import Faults, MemoryBus
from vettura.bus.messages import SignalFrame, Today, Weather, decode
from vettura.bus.paths import CABLE
from vettura.bus.paths import STATION as STATION_PATH
from vettura.bus.subjects import HOME_BUCKET, today, weather
from vettura.clock import rehearse
from vettura.energy.wallbox import WallboxService
from vettura.home.service import HouseholdService
from vettura.life.day import plan_day
from vettura.life.local_time import day_start_ns, local_date
from vettura.life.station import StationConfig
from vettura.life.weather import weather_at
from vettura.units import NS_PER_S

ROME = ZoneInfo("Europe/Rome")
HOUR_NS = 3600 * NS_PER_S
HOUSEHOLD = make_household()
STATION = StationConfig(id="wallbox")


def at(year, month, day, hour=0, minute=0):
    return int(datetime(year, month, day, hour, minute, tzinfo=ROME).timestamp()) * NS_PER_S


MONDAY = at(2026, 3, 2)


@asynccontextmanager
async def living(*services):
    """Services that live while the block runs."""
    tasks = [asyncio.create_task(service.run()) for service in services]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        endings = await asyncio.gather(*tasks, return_exceptions=True)
        crashed = [end for end in endings if not isinstance(end, asyncio.CancelledError)]
        assert not crashed


def household(bus, clock, station=STATION, home=HOUSEHOLD):
    return HouseholdService(bus, clock, home, seed=7, station=station)


def wallbox(bus, clock):
    return WallboxService(bus, clock, "casa", STATION)


def lived(hours, *, start_ns=MONDAY, faults=None, shuffle=None, script=None, **car_fields):
    """The car after so many hours; `script(car, bus, clock)` runs beside."""

    async def main(clock):
        bus = MemoryBus(clock, faults=faults) if faults else MemoryBus(clock)
        car = ScriptedCar(bus, clock, CAR, **car_fields)
        async with living(car, wallbox(bus, clock), household(bus, clock)):
            if script:
                await script(car, bus, clock)
            await clock.sleep_until(start_ns + int(hours * HOUR_NS))
        return car

    return rehearse(main, start_ns=start_ns, seed=7, shuffle_seed=shuffle)


def planned(day_ns=MONDAY):
    return plan_day(HOUSEHOLD, local_date(day_ns, "Europe/Rome"), 7)


@pytest.mark.parametrize(
    "start_ns", [MONDAY, at(2026, 3, 28), at(2026, 3, 29), at(2026, 10, 25), at(2026, 12, 31)]
)
def test_the_car_goes_where_the_plan_says_when_it_says(start_ns):
    car = lived(48, start_ns=start_ns)
    want = [*planned(start_ns), *planned(start_ns + 25 * HOUR_NS)]
    drives = [drive for drive in car.drives() if drive[0] < want[-1].until_ns]
    assert [destination for _, _, destination in drives] == [o.destination for o in want]
    for (time_ns, _, _), outing in zip(drives, want, strict=True):
        assert 0 <= (time_ns - outing.leave_ns) / NS_PER_S <= 60.0


def test_on_a_cold_morning_the_cabin_is_warm_before_the_cable_is_out():
    car = lived(9)
    first = next(index for index, verb in enumerate(car.verbs()) if verb == "climate")
    assert car.verbs()[first : first + 6] == [
        "climate",
        "unplug",
        "unlock",
        "climate",
        "drive",
        "climate",
    ]
    prepared_ns, climate = car.told[first]
    assert climate.on
    assert climate.target_degc == 21.0
    assert 9.5 <= (car.drives()[0][0] - prepared_ns) / NS_PER_S / 60 <= 11


def test_who_arrives_switches_off_locks_and_at_home_plugs_in():
    car = lived(24)
    assert (car.place, car.is_locked, car.is_warm) == ("home", True, False)
    assert car.station == "wallbox"
    after_work = car.verbs()[car.verbs().index("drive") :]
    assert after_work[:3] == ["drive", "climate", "lock"]


def test_a_full_car_stays_unplugged():
    car = lived(24, soc=0.9)
    assert "plug" not in car.verbs()
    assert len(car.drives()) >= 2


def test_a_full_car_is_plugged_in_when_the_way_ahead_needs_it():
    assert "plug" in lived(2, soc=0.9, range_m=25_000.0).verbs()


def test_a_household_that_starts_at_noon_still_goes_to_work():
    car = lived(3, start_ns=at(2026, 3, 2, 12))
    assert [drive[1:] for drive in car.drives()] == [("home", "office")]


def test_a_household_that_starts_at_night_fetches_its_car_from_where_it_is():
    car = lived(3, start_ns=at(2026, 3, 2, 2), place="pool")
    assert [drive[1:] for drive in car.drives()] == [("pool", "home")]


def test_a_car_on_the_roadside_is_driven_from_where_it_stands():
    car = lived(3, start_ns=at(2026, 3, 2, 2), place="road")
    ((_, origin, destination),) = car.drives()
    assert (origin, destination) == ("roadside", "home")
    trip = next(entry[1].trip for entry in car.told if entry[1].__struct_config__.tag == "drive")
    assert trip.place_at(0.0)[:2] == pytest.approx((45.03, 7.75), abs=1e-6)


def test_a_car_that_is_nowhere_is_left_alone_without_a_crash():
    async def script(car, bus, clock):
        car.coordinates = (0.0, 0.0, 0.0)

    car = lived(26, place="road", script=script)
    assert not car.drives()


def test_nobody_drives_a_car_that_is_driving():
    async def script(car, bus, clock):
        # Somebody takes the car an hour before work and comes back four hours later.
        trip = planned()[0]
        await clock.sleep_until(trip.leave_ns - HOUR_NS)
        car.trip = type("Trip", (), {"destination": "home"})()
        car.arrives_ns = clock.now_ns() + 4 * HOUR_NS
        await car.publish()

    car = lived(14, script=script, soc=0.9)
    assert not [entry for entry in car.told if len(entry) == 3]
    late_ns = planned()[0].leave_ns + 3 * HOUR_NS
    assert late_ns <= car.drives()[0][0] <= late_ns + 17 * 60 * NS_PER_S


def test_a_drive_refused_for_a_cable_seen_late_is_repeated_without_it():
    async def script(car, bus, clock):
        frame = car.frame

        def blind():
            seen = frame()
            values = {k: False if k == CABLE else v for k, v in seen.values.items()}
            return SignalFrame(time_ns=seen.time_ns, values={**values, STATION_PATH: ""}, full=True)

        car.station, car.frame = "elsewhere", blind

    car = lived(9, script=script, soc=0.9)
    assert [drive[1:] for drive in car.drives()] == [("home", "office")]
    assert car.station == ""


def test_refusals_are_tried_again_each_minute_and_then_given_up():
    async def script(car, bus, clock):
        car.refusals["drive"] = "the battery is empty"

    car = lived(12, script=script, soc=0.9)
    tries = [entry for entry in car.told if len(entry) == 3]
    assert len(tries) == 10
    gaps = [(b[0] - a[0]) / NS_PER_S for a, b in pairwise(tries)]
    assert all(60 <= gap <= 75 for gap in gaps)
    assert car.is_locked


def test_what_a_person_does_by_hand_is_not_undone():
    async def script(car, bus, clock):
        await clock.sleep(3 * 3600)
        car.station, car.is_locked = "", False
        await car.publish()

    car = lived(6, script=script)
    assert (car.station, car.is_locked) == ("", False)


def test_a_home_without_a_station_lives_all_the_same():
    async def main(clock):
        bus = MemoryBus(clock)
        car = ScriptedCar(bus, clock, CAR, soc=0.3)
        async with living(car, household(bus, clock, station=None)):
            await clock.sleep(24 * 3600)
        return car

    car = rehearse(main, start_ns=MONDAY, seed=7)
    assert "plug" not in car.verbs()
    assert car.place == "home"
    assert len(car.drives()) >= 2


@pytest.mark.parametrize("shuffle", [1, 2, 3])
def test_lost_doubled_and_late_messages_change_no_destination(shuffle):
    faults = Faults(drop=0.05, duplicate=0.05, delay_s=(0.0, 0.5))
    car = lived(24, faults=faults, shuffle=shuffle)
    assert [drive[2] for drive in car.drives()] == [o.destination for o in planned()]
    assert car.place == "home"


def test_a_household_killed_and_started_anew_goes_on_with_its_day():
    async def main(clock):
        bus = MemoryBus(clock)
        car = ScriptedCar(bus, clock, CAR)
        async with living(car, wallbox(bus, clock)):
            for _ in range(48):
                async with living(household(bus, clock)):
                    await clock.sleep(1790)
                await clock.sleep(10)
        return car

    car = rehearse(main, start_ns=MONDAY, seed=7)
    assert [drive[2] for drive in car.drives()] == [o.destination for o in planned()]


def test_the_same_seed_lives_the_same_day_to_the_nanosecond():
    assert lived(24).told == lived(24).told


def test_weather_is_told_at_the_quarter_hour_and_kept():
    async def main(clock):
        bus, heard = MemoryBus(clock), []
        bus.tap(lambda time_ns, subject, data: heard.append((time_ns, subject, data)))
        async with living(household(bus, clock)):
            await clock.sleep(2 * 3600)
            kept = await (await bus.bucket(HOME_BUCKET)).get(weather("casa"))
        told = [
            decode(data, Weather, where=subject)
            for _, subject, data in heard
            if subject == weather("casa")
        ]
        return told, decode(kept.value, Weather, where="kept")

    told, kept = rehearse(main, start_ns=at(2026, 3, 2, 9, 7), seed=7)
    assert told[0].time_ns == at(2026, 3, 2, 9, 7)
    assert [w.time_ns for w in told[1:]] == [
        at(2026, 3, 2, 9, 15) + k * HOUR_NS // 4 for k in range(len(told) - 1)
    ]
    assert kept == told[-1]
    home = HOUSEHOLD.home
    assert kept == weather_at(
        latitude_deg=home.latitude_deg,
        longitude_deg=home.longitude_deg,
        elevation_m=home.elevation_m,
        time_ns=kept.time_ns,
        seed=7,
    )


def test_the_plan_is_told_at_the_start_and_at_each_midnight():
    async def main(clock):
        bus, heard = MemoryBus(clock), []
        bus.tap(lambda time_ns, subject, data: heard.append((time_ns, subject, data)))
        async with living(household(bus, clock)):
            await clock.sleep(3 * 86_400)
            kept = await (await bus.bucket(HOME_BUCKET)).get(today("casa"))
        plans = [decode(d, Today, where=s) for _, s, d in heard if s == today("casa")]
        return plans, decode(kept.value, Today, where="kept")

    start_ns = at(2026, 3, 27, 15)
    plans, kept = rehearse(main, start_ns=start_ns, seed=7)
    midnights = [
        day_start_ns(local_date(start_ns + k * 24 * HOUR_NS, "Europe/Rome"), "Europe/Rome")
        for k in range(1, 4)
    ]
    assert [plan.time_ns for plan in plans] == [start_ns, *midnights]
    assert kept == plans[-1]
    first = planned(start_ns)[0]
    assert (plans[0].activities[0].what, plans[0].activities[0].start_ns) == (
        first.purpose,
        first.leave_ns,
    )


def test_two_people_with_two_cars_live_side_by_side():
    home = make_household(make_person(), make_person("Marco", "OTHER", work="market"))

    async def main(clock):
        bus = MemoryBus(clock)
        cars = [ScriptedCar(bus, clock, vin) for vin in (CAR, "OTHER")]
        services = [*cars, wallbox(bus, clock), household(bus, clock, home=home)]
        async with living(*services):
            await clock.sleep(24 * 3600)
        return cars

    cars = rehearse(main, start_ns=MONDAY, seed=7)
    day = plan_day(home, local_date(MONDAY, "Europe/Rome"), 7)
    for car in cars:
        want = [outing.destination for outing in day if outing.car == car.vin]
        assert [drive[2] for drive in car.drives()] == want
