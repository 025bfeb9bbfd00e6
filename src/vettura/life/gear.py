"""The charge of what people carry: phones, bands, watches. Pure functions of plan and time."""

from typing import NamedTuple

from vettura.life.person_day import MINUTE_NS, PersonDay
from vettura.units import NS_PER_S, SECONDS_PER_HOUR

PHONE_PER_HOUR = 0.042
"""What a phone in use loses [share of its charge in an hour]; about 60 % by night."""
PHONE_CHARGES_PER_HOUR = 0.45
BAND_DAYS = 12.0
WATCH_DAYS = 2.4
"""How long a charge lasts when worn day and night; makers promise 14 to 16 days and 1.5 to 3."""
BAND_EVERY_DAYS = 7
GEAR_CHARGE_S = 2_400.0
"""A band or watch is charged in this time [s], from waking on, and not worn meanwhile."""
_FULL = 1.0
_CUTOFF = 0.05


class Charge(NamedTuple):
    """What a battery shows."""

    soc: float
    """0 to 1."""
    is_charging: bool
    """On its charger; a full one too."""


def phone_charge(day: PersonDay, now_ns: int) -> Charge:
    """A phone hangs on its charger from falling asleep until waking, and runs down by day."""
    if day.wake_ns <= now_ns < day.sleep_ns:
        return Charge(_drained(now_ns - day.wake_ns), is_charging=False)
    if now_ns >= day.sleep_ns:
        plugged_ns, since_ns = day.sleep_ns, day.sleep_ns - day.wake_ns
    else:
        asleep = next((s.begin_ns for s in day.spells if s.doing == "sleeping"), day.begin_ns)
        if now_ns < asleep:
            return Charge(_drained(now_ns - day.wake_ns + 24 * 60 * MINUTE_NS), is_charging=False)
        plugged_ns = asleep if asleep > day.begin_ns else day.begin_ns - 40 * MINUTE_NS
        since_ns = 16 * 60 * MINUTE_NS
    soc = _drained(since_ns) + PHONE_CHARGES_PER_HOUR * _hours(now_ns - plugged_ns)
    return Charge(min(_FULL, soc), is_charging=True)


def gear_charge(day: PersonDay, now_ns: int, *, lasts_days: float, every_days: int) -> Charge:
    """A band or watch that is charged each `every_days` after waking and lasts `lasts_days`."""
    into_day = (now_ns - day.wake_ns) / (24 * 60 * MINUTE_NS)
    since_days = (day.date.toordinal() % every_days) + into_day
    if since_days < 0.0:
        since_days += every_days
    is_charging = is_on_charger(day, now_ns, every_days=every_days)
    if is_charging:
        low = max(_CUTOFF, _FULL - every_days / lasts_days)
        share = (now_ns - day.wake_ns) / (GEAR_CHARGE_S * NS_PER_S)
        return Charge(low + share * (_FULL - low), is_charging=True)
    return Charge(min(_FULL, max(_CUTOFF, _FULL - since_days / lasts_days)), is_charging=False)


def is_on_charger(day: PersonDay, now_ns: int, *, every_days: int) -> bool:
    """Whether a band or watch lies on its charger instead of being worn."""
    since_ns = now_ns - day.wake_ns
    is_day = day.date.toordinal() % every_days == 0
    return is_day and 0 <= since_ns < GEAR_CHARGE_S * NS_PER_S


def _drained(since_ns: int) -> float:
    return max(_CUTOFF, _FULL - PHONE_PER_HOUR * _hours(since_ns))


def _hours(duration_ns: int) -> float:
    return duration_ns / NS_PER_S / SECONDS_PER_HOUR
