"""Whether what a station says of its meter can be true: units, order, counters. Pure."""

import math
from dataclasses import dataclass, replace
from typing import final

from vettura.bus.messages import MeterValue
from vettura.life.station import StationConfig
from vettura.units import NS_PER_S, SECONDS_PER_HOUR

SPAN_S = 60.0
"""Counter and power are compared over at least so long."""
MOVED_WH = 20.0
KILO_LOW, KILO_HIGH = 300.0, 3_000.0
"""A counter that moves so many times faster than the power says: kilowatts for watts."""
JUMP_SHARE = 2.0
"""No counter grows more than so many times what the station can give."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """What is remembered of a station's meter."""

    first: MeterValue | None = None
    """Where the comparison began; None before the first value."""
    last: MeterValue | None = None
    power_wh: float = 0.0
    """What its power came to since the first."""


def judged(before: Suspicion, config: StationConfig, told: MeterValue) -> tuple[Suspicion, str]:
    """What is remembered after that value, and why it is ignored; empty when it is believed."""
    if not (math.isfinite(told.power_w) and math.isfinite(told.energy_wh)):
        return before, "its meter says something that is no number; ignored"
    last = before.last
    if last is None:
        return Suspicion(first=told, last=told), ""
    if told.time_ns <= last.time_ns:
        is_repeated = told == last
        return before, "" if is_repeated else "its meter speaks out of order; the older is ignored"
    passed_h = (told.time_ns - last.time_ns) / NS_PER_S / SECONDS_PER_HOUR
    grown_wh = told.energy_wh - last.energy_wh
    if grown_wh < -1.0:
        fresh = Suspicion(first=told, last=told)
        return fresh, f"its counter fell by {-grown_wh:.0f} Wh; counted on from there"
    able_wh = JUMP_SHARE * config.power_w_max * passed_h + MOVED_WH
    if grown_wh > able_wh:
        fresh = Suspicion(first=told, last=told)
        return fresh, f"its counter jumped by {grown_wh:.0f} Wh; more than it can give, ignored"
    if abs(told.power_w) > JUMP_SHARE * config.power_w_max:
        return before, f"{told.power_w:.0f} W are more than it can give; ignored"
    power_wh = before.power_wh + max(last.power_w, 0.0) * passed_h
    after = replace(before, last=told, power_wh=power_wh)
    return after, _units(after)


def _units(now: Suspicion) -> str:
    assert now.first is not None
    assert now.last is not None
    moved_wh = now.last.energy_wh - now.first.energy_wh
    long_enough = now.last.time_ns - now.first.time_ns >= SPAN_S * NS_PER_S
    if not long_enough or moved_wh < MOVED_WH or now.power_wh <= 0.0:
        return ""
    if KILO_LOW <= moved_wh / now.power_wh <= KILO_HIGH:
        return "its power is a thousandth of what its counter shows: kilowatts for watts; ignored"
    return ""
