"""What goes wrong in a rehearsal with faults: dealt by a seed, each with its time and victim."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random  # noqa: TID251  the type; streams are made by the clock's room
from typing import Literal, TypeAlias

import msgspec

from vettura.clock.chance import random_stream
from vettura.life.local_time import day_start_ns, local_date, zone
from vettura.units import NS_PER_S

Ill: TypeAlias = Literal[
    "offline", "lost", "doubled", "delayed", "restart", "phone", "power cut", "clock change"
]
"""offline: a device is gone; lost, doubled, delayed: its messages; restart: the house; phone: one
stays at home when its owner leaves; power cut: all that hangs on the mains; clock change: the
rehearsal begins on the eve of one."""
MINUTE_S = 60.0
_YEAR_DAYS = 370
_DAY_NS = 86_400 * NS_PER_S
_QUARTER_NS = 900 * NS_PER_S


class Mishap(msgspec.Struct, frozen=True, kw_only=True):
    """One fault, from when until when [ns since the epoch]."""

    ill: Ill
    what: str
    """Id of the device or name of the person; empty for the whole home."""
    from_ns: int
    until_ns: int
    text: str
    """For people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Victims:
    """Who can be befallen."""

    home: str
    timezone: str
    devices: tuple[str, ...] = ()
    mains: tuple[str, ...] = ()
    """The devices that a power cut takes along."""
    phones: tuple[str, ...] = ()
    """The people who have one."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """How often something befalls a home in a day, and for how long [s]."""

    ill: Ill
    a_day: float
    shortest_s: float
    longest_s: float
    pick: Callable[[Victims], Sequence[str]]
    words: str


_DEVICES_OR_ALL = 4
"""Of so many bad connections, one is of the whole home."""

_KINDS = (
    _Kind("offline", 1.2, 5 * MINUTE_S, 180 * MINUTE_S, lambda v: v.devices, "{} is offline"),
    _Kind("lost", 0.8, 10 * MINUTE_S, 120 * MINUTE_S, lambda v: v.devices, "{} loses messages"),
    _Kind(
        "doubled", 0.8, 10 * MINUTE_S, 240 * MINUTE_S, lambda v: v.devices, "{} doubles messages"
    ),
    _Kind("delayed", 0.8, 10 * MINUTE_S, 120 * MINUTE_S, lambda v: v.devices, "{} is late"),
    _Kind("restart", 0.7, 5.0, 90.0, lambda _: ("",), "the house restarts"),
    _Kind(
        "phone",
        0.4,
        24 * 60 * MINUTE_S,
        24 * 60 * MINUTE_S,
        lambda v: v.phones,
        "{}'s phone stays at home",
    ),
    _Kind("power cut", 0.2, 2 * MINUTE_S, 90 * MINUTE_S, lambda v: v.mains[:1], "the power is out"),
)


def plan_mishaps(victims: Victims, *, seed: int, start_ns: int, duration_s: float) -> list[Mishap]:
    """The faults of a rehearsal in order of time; they depend on the arguments alone."""
    end_ns = start_ns + round(duration_s * NS_PER_S)
    found: list[Mishap] = []
    day = local_date(start_ns, victims.timezone)
    while day_start_ns(day, victims.timezone) < end_ns:
        chance = random_stream(seed, f"mishaps.{victims.home}.{day.isoformat()}")
        found += [*_day(victims, day, chance), *_clock_change(victims.timezone, day)]
        day += timedelta(days=1)
    inside = [one for one in found if one.from_ns < end_ns and one.until_ns >= start_ns]
    return sorted(inside, key=lambda one: (one.from_ns, one.ill, one.what))


def eve_of_clock_change(timezone: str, after: date) -> date | None:
    """The day before the next night on which the clocks there change; None within a year."""
    for days in range(1, _YEAR_DAYS):
        day = after + timedelta(days=days)
        length_ns = day_start_ns(day + timedelta(days=1), timezone) - day_start_ns(day, timezone)
        if length_ns != _DAY_NS:
            return day - timedelta(days=1)
    return None


def has_clock_change(seed: int) -> bool:
    """Whether a rehearsal with these faults begins on such an eve, where the start is free."""
    return random_stream(seed, "mishaps.clock change").random() < 0.25


def _clock_change(timezone: str, day: date) -> Iterator[Mishap]:
    """When the clocks there change on that date; it befalls everybody."""
    begin_ns = day_start_ns(day, timezone)
    end_ns = day_start_ns(day + timedelta(days=1), timezone)
    if end_ns - begin_ns == _DAY_NS:
        return
    for time_ns in range(begin_ns, end_ns, _QUARTER_NS):
        before, after = (
            datetime.fromtimestamp(at_ns // NS_PER_S, zone(timezone)).utcoffset()
            for at_ns in (time_ns - 1, time_ns)
        )
        if before != after:
            yield Mishap(
                ill="clock change",
                what="",
                from_ns=time_ns,
                until_ns=time_ns,
                text="the clocks change",
            )


def _day(victims: Victims, day: date, chance: Random) -> Iterator[Mishap]:
    begin_ns = day_start_ns(day, victims.timezone)
    for kind in _KINDS:
        # Every draw is made in any case, so that one more device leaves the other faults alone.
        share, at, length, whom, wide = (chance.random() for _ in range(5))
        count = int(kind.a_day) + (share < kind.a_day % 1.0)
        names = kind.pick(victims)
        if not names or not count:
            continue
        is_wide = kind.ill in ("lost", "doubled", "delayed") and wide < 1.0 / _DEVICES_OR_ALL
        name = "" if is_wide else names[int(whom * len(names))]
        is_whole_day = kind.ill == "phone"
        from_ns = begin_ns + (0 if is_whole_day else round(at * 86_400 * NS_PER_S))
        lasts_s = kind.shortest_s + length * (kind.longest_s - kind.shortest_s)
        yield Mishap(
            ill=kind.ill,
            what="" if kind.ill in ("restart", "power cut") else name,
            from_ns=from_ns,
            until_ns=from_ns + round(lasts_s * NS_PER_S),
            text=kind.words.format(name or "the home"),
        )
