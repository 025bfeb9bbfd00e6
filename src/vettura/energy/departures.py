"""When people really leave, learned from when they said they would. Pure.

Of 2,100 drivers at workplaces, 66 % left over an hour before the departure they had stated, and
stated a stay 4 h too long in the median (ACN-Data: Lee, Li and Low, e-Energy 2019). So nobody's
word is taken for more than what came of it before.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import final

from vettura.life.local_time import day_start_ns, local_date
from vettura.units import NS_PER_S

REMEMBERED = 120
ENOUGH = 12
"""Departures from which the history speaks for itself."""
STRANGERS_LEADS_H = (0.0, 0.25, 0.75, 2.0, 4.0, 6.0, 8.0)
"""Of people whose history is short: the quantiles of the source, cautiously [h before stated]."""
FREE_FROM = 5
_HOUR_S = 3600.0


@final
@dataclass(frozen=True, slots=True)
class Left:
    """One departure as it was."""

    lead_s: float
    """How long before the stated departure; negative for later."""
    second: float
    """Time of day there [s after midnight]."""
    is_free: bool
    """On a Saturday or Sunday."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Departures:
    """What is remembered of one car's departures, the newest last."""

    timezone: str
    left: tuple[Left, ...] = ()

    def learned(self, *, stated_ns: int, left_ns: int) -> "Departures":
        """With one more departure."""
        second, is_free = _local(left_ns, self.timezone)
        one = Left((stated_ns - left_ns) / NS_PER_S, second, is_free)
        return replace(self, left=(*self.left, one)[-REMEMBERED:])

    def early_ns(self, *, stated_ns: int, now_ns: int, chance: float) -> int:
        """An instant before which it leaves with no more than that chance, being here now.

        Of two ways to look, by how early it left before the stated departure and by the time of
        day it left on such days, the one that scatters less.
        """
        if stated_ns <= now_ns:
            return now_ns
        by_lead = _by_lead(self.left, stated_ns, now_ns)
        by_clock = _by_clock(self.left, stated_ns, now_ns, self.timezone)
        found = min((way for way in (by_clock, by_lead) if way), key=_scatter, default=[])
        if not found:
            return now_ns
        return min(max(_quantile(found, chance), now_ns), stated_ns)


def _by_lead(left: Sequence[Left], stated_ns: int, now_ns: int) -> list[int]:
    """Instants at which it would leave, by the leads that are still possible."""
    leads_s = [one.lead_s for one in left]
    if len(leads_s) < ENOUGH:
        leads_s += [_HOUR_S * hours for hours in STRANGERS_LEADS_H]
    instants = (stated_ns - round(lead_s * NS_PER_S) for lead_s in leads_s)
    return sorted(instant for instant in instants if instant > now_ns)


def _by_clock(left: Sequence[Left], stated_ns: int, now_ns: int, timezone: str) -> list[int]:
    """Instants of that day and the days before at which it has left on days of that kind."""
    found: list[int] = []
    day = local_date(stated_ns, timezone)
    while (start_ns := day_start_ns(day, timezone)) > now_ns - 86_400 * NS_PER_S:
        is_free = day.weekday() >= FREE_FROM
        found += [start_ns + round(o.second * NS_PER_S) for o in left if o.is_free == is_free]
        day -= timedelta(days=1)
    found = sorted(instant for instant in found if now_ns < instant <= stated_ns)
    return found if len(found) >= ENOUGH else []


def _quantile(ordered: Sequence[int], chance: float) -> int:
    """The instant that a share `chance` of these comes before: the next lower one of them."""
    return ordered[int(chance * (len(ordered) - 1))]


def _scatter(ordered: Sequence[int]) -> int:
    return _quantile(ordered, 0.9) - _quantile(ordered, 0.1)


def _local(time_ns: int, timezone: str) -> tuple[float, bool]:
    day = local_date(time_ns, timezone)
    second = (time_ns - day_start_ns(day, timezone)) / NS_PER_S
    return second, day.weekday() >= FREE_FROM
