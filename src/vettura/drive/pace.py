"""How often a car is looked at: by what it does, and by how coarse its clock is. Pure."""

from math import isinf
from typing import NamedTuple

from vettura.bus.paths import READY_AT, TIMER
from vettura.bus.signals import RATE_PERIOD_S
from vettura.drive.body import value_of
from vettura.drive.living import Living, asked_dc_w, gives_power, is_awake
from vettura.drive.plans import INACTIVE
from vettura.drive.signals_body import NEAR_S
from vettura.units import NS_PER_S

MOVING_S, AWAKE_S, CHARGING_S, ASLEEP_S = 0.1, 1.0, 5.0, 60.0
"""On the road or while a motor moves something; with its computers on; at a cable; asleep."""
COARSE_S, ASLEEP_IDLE_S = 1.0, 120.0
"""From this resolution on, a car asleep that no timer will wake is looked at this often: no less,
since whoever hears nothing for three minutes takes it for gone."""
AWAKE_LOOKS, CHARGING_LOOKS = 10.0, 30.0
"""Where the clock is coarse, a car at rest is looked at once in so many of its shortest waits."""
KEPT_S, KEPT_REHEARSED_LOOKS = 1.0, 60.0
"""What it is gets kept this often. Only a live process can be killed without a goodbye."""
SECOND_LOOKS, SLOW_LOOKS, FULL_LOOKS = 5.0, 60.0, 300.0
"""In so many of its shortest waits a coarse clock's car says what else is said every second, every
ten, and in full."""
FULL_S, FULL_ASLEEP_S = 60.0, 600.0
"""Everything is said this often, changed or not."""
BEAT_S, BEAT_DRIVING_S = 60.0, 1.0
ASLEEP_SAID_S = 300.0
"""Of a car asleep, what changes is said this often; every look says that it is there."""


class Rates(NamedTuple):
    """How often groups of signals are worth computing [s]."""

    fast_s: float
    second_s: float
    slow_s: float
    full_s: float
    beat_s: float
    """A car that has nothing to say says the time, so that nobody takes it for gone."""


def period_s(car: Living, resolution_s: float) -> float:
    """How long until the next look [s]; `resolution_s` is the clock's shortest wait."""
    if car.progress is not None or car.body.targets:
        return max(MOVING_S, resolution_s)
    if _is_left(car):
        return max(AWAKE_S, resolution_s)
    if is_awake(car) or any(each.path != READY_AT for each in car.pending):
        return max(AWAKE_S, AWAKE_LOOKS * resolution_s)
    if _is_charging(car) or asked_dc_w(car) > 0.0:
        return max(CHARGING_S, CHARGING_LOOKS * resolution_s)
    is_idle = resolution_s >= COARSE_S and not _is_timed(car)
    return max(ASLEEP_IDLE_S if is_idle else ASLEEP_S, resolution_s)


def soon_s(resolution_s: float) -> float:
    """After how long what a change has led to shows [s], such as the current of a charge."""
    return max(MOVING_S, resolution_s)


def kept_s(car: Living, resolution_s: float, *, speed: float) -> float:
    """How old what is kept of the car may become [s], on a clock of that speed."""
    if _is_asleep(car):
        return FULL_ASLEEP_S
    return max(KEPT_S, KEPT_REHEARSED_LOOKS * resolution_s) if isinf(speed) else KEPT_S


def rates(car: Living, resolution_s: float) -> Rates:
    """How often the car says what, beside what happens."""
    if _is_asleep(car):
        full_s = max(FULL_ASLEEP_S, FULL_LOOKS * resolution_s)
        return Rates(ASLEEP_SAID_S, ASLEEP_SAID_S, ASLEEP_SAID_S, full_s, BEAT_S)
    return Rates(
        0.0,
        max(RATE_PERIOD_S["second"], SECOND_LOOKS * resolution_s),
        max(RATE_PERIOD_S["slow"], SLOW_LOOKS * resolution_s),
        max(FULL_S, FULL_LOOKS * resolution_s),
        BEAT_S if car.progress is None else BEAT_DRIVING_S,
    )


def _is_asleep(car: Living) -> bool:
    gives = gives_power(car) or asked_dc_w(car) > 0.0
    return not _is_charging(car) and not is_awake(car) and not gives


def _is_charging(car: Living) -> bool:
    """Whether current may flow: a car whose station offers nothing for now sleeps at its cable."""
    return car.charge is not None and (car.cable is None or car.cable.power_w_max > 0.0)


def _is_timed(car: Living) -> bool:
    """Whether it will wake by itself: for a warm cabin, or for a charge by timer."""
    return bool(car.ready_at_ns) or value_of(car.body, TIMER + "Mode") != INACTIVE


def _is_left(car: Living) -> bool:
    """Whether it sounds, flashes, or its driver gets out just now: that is over in seconds."""
    time_ns = car.time_ns
    left = car.last_trip is not None and time_ns < car.last_trip.end_ns + NEAR_S * NS_PER_S
    return left or time_ns < max(car.horn_until_ns, car.hazard_until_ns)
