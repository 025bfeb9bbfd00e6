"""Drivers who leave before they said they would, drawn by chance as measured."""

from dataclasses import replace
from random import Random  # noqa: TID251  the type; streams are made by the clock's room

from vettura.clock.chance import random_stream
from vettura.energy.year.world import Absence
from vettura.units import NS_PER_S

EARLY_SHARE = 0.66
"""Of 2,100 drivers at workplaces, that share left over an hour before the stated departure, and the
stated stay was 4 h too long in the median (ACN-Data: Lee, Li and Low, e-Energy 2019; figures of
`../shared/reference/energy.md`, section 5)."""
HOUR_S = 3600.0
LEAD_MAX_H = 13.4
"""Even chance between 1 h and this among those puts the median of all at 4 h."""
BEFORE_BACK_S = 900
"""Nobody states a departure after coming back from it."""


def lead_s(chance: Random) -> float:
    """How long before the stated departure a driver leaves [s]."""
    if chance.random() < EARLY_SHARE:
        return HOUR_S * chance.uniform(1.0, LEAD_MAX_H)
    return HOUR_S * chance.uniform(0.0, 1.0)


def stated_late(absences: tuple[Absence, ...], *, seed: int, vin: str) -> tuple[Absence, ...]:
    """The same absences, stated as such drivers state them: too late."""
    chance = random_stream(seed, f"leavers.{vin}")
    found = []
    for absence in absences:
        lead_ns = round(lead_s(chance)) * NS_PER_S
        latest_ns = max(absence.back_ns - BEFORE_BACK_S * NS_PER_S, absence.leave_ns)
        found.append(replace(absence, stated_ns=min(absence.leave_ns + lead_ns, latest_ns)))
    return tuple(found)
