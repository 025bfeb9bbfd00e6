"""The drives ahead of a car: from the day as it was told, the calendar, and its driver's habits.

Pure. What a day's plan says of today is taken before what people usually do on such a day.
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta

from vettura.bus.messages import Activity, Today
from vettura.energy.need import Drive
from vettura.life.household import WEEK, Household, Person
from vettura.life.limits import second_of_day
from vettura.life.local_time import day_start_ns, local_date, local_ns
from vettura.life.places import Place, distance_m
from vettura.life.travel import drive_s
from vettura.units import NS_PER_S

ROAD_OVER_STRAIGHT = 1.33
"""Way on the road over the straight line, as people reckon their day (`home.plan`)."""
DAYS_AHEAD = 4
UNKNOWN_WAY_M = 10_000.0
"""For a place that the household does not know."""


def drives_ahead(
    household: Household,
    person: Person,
    today: Today | None,
    *,
    now_ns: int,
    degc_at: Callable[[int], float],
    entries: Sequence[Drive] = (),
) -> list[Drive]:
    """That person's drives that are not over, by time; `entries` come from a calendar.

    `degc_at` says how warm it will be outside at a time [°C].
    """
    day = local_date(now_ns, household.timezone)
    told_day = local_date(today.time_ns, household.timezone) if today is not None else None
    found: list[Drive] = []
    for ahead in range(DAYS_AHEAD):
        date_ = day + timedelta(days=ahead)
        if today is not None and date_ == told_day:
            found += _told(household, person, today.activities, date_, degc_at)
        else:
            found += _usual(household, person, date_, degc_at)
    found = [drive for drive in found if drive.back_ns > now_ns]
    found += [entry for entry in entries if entry.back_ns > now_ns]
    return _apart(found)


def _told(
    household: Household,
    person: Person,
    activities: Sequence[Activity],
    day: date,
    degc_at: Callable[[int], float],
) -> list[Drive]:
    """Each stay away from home, with all its stops."""
    home = household.home
    mine = sorted((a for a in activities if a.person == person.name), key=lambda a: a.start_ns)
    drives: list[Drive] = []
    stops: list[Activity] = []
    for activity in mine:
        if activity.place != home.name:
            stops.append(activity)
        elif stops:
            way_m, last = _way_m(household, stops)
            back_ns = activity.start_ns + round(drive_s(last, home) * NS_PER_S)
            drives.append(_drive(stops, back_ns, way_m, degc_at))
            stops = []
    if stops:
        way_m, _ = _way_m(household, stops)
        end_ns = day_start_ns(day + timedelta(days=1), household.timezone)
        drives.append(_drive(stops, end_ns, way_m, degc_at))
    return drives


def _drive(
    stops: Sequence[Activity], back_ns: int, way_m: float, degc_at: Callable[[int], float]
) -> Drive:
    return Drive(
        name=" and ".join(dict.fromkeys(stop.place for stop in stops)),
        leave_ns=stops[0].start_ns,
        back_ns=max(back_ns, stops[0].start_ns + NS_PER_S),
        distance_m=way_m,
        degc=degc_at(stops[0].start_ns),
    )


def _way_m(household: Household, stops: Sequence[Activity]) -> tuple[float, Place]:
    """The whole way there and back [m], and the last place on it."""
    here, straight_m = household.home, 0.0
    for stop in stops:
        there = household.place(stop.place)
        straight_m += UNKNOWN_WAY_M if there is None else distance_m(here, there)
        here = there or here
    straight_m += distance_m(here, household.home)
    return ROAD_OVER_STRAIGHT * straight_m, here


def _usual(
    household: Household, person: Person, day: date, degc_at: Callable[[int], float]
) -> list[Drive]:
    """The way to work on a day of work."""
    work = household.place(person.work)
    if work is None or WEEK[day.weekday()] not in person.work_days:
        return []
    home, zone = household.home, household.timezone
    return_s = second_of_day(person.returns_at) + drive_s(work, home)
    leave_ns = local_ns(day, second_of_day(person.leaves_at), zone)
    return [
        Drive(
            name=work.name,
            leave_ns=leave_ns,
            back_ns=local_ns(day, return_s, zone),
            distance_m=2.0 * ROAD_OVER_STRAIGHT * distance_m(home, work),
            degc=degc_at(leave_ns),
            source="habit",
        )
    ]


def _apart(drives: Sequence[Drive]) -> list[Drive]:
    """By time, without those that begin while another is on."""
    kept: list[Drive] = []
    for drive in sorted(drives, key=lambda one: (one.leave_ns, -one.back_ns)):
        if not kept or drive.leave_ns >= kept[-1].back_ns:
            kept.append(drive)
    return kept
