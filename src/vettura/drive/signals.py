"""The car as VSS signals, in VSS units: the one place where a living car is put into words.

Each file `signals_<subject>.py` makes the values of its subject, in groups by how often they are
worth computing; the paths, types, units and rates are those of the one table in `bus/signals.csv`.
"""

from collections.abc import Callable, Iterable
from typing import final

from vettura.bus.signals import RATE_PERIOD_S
from vettura.car.params import Params
from vettura.drive.living import Air, Living, is_awake
from vettura.drive.signals_battery import (
    battery_events,
    battery_fast,
    battery_second,
    battery_slow,
    battery_still,
)
from vettura.drive.signals_body import (
    body_events,
    body_fast,
    body_second,
    body_slow,
    habit,
    is_dark,
)
from vettura.drive.signals_charging import charging_events, charging_second, charging_slow
from vettura.drive.signals_chassis import chassis_events, chassis_fast, chassis_slow
from vettura.drive.signals_make import Make
from vettura.drive.signals_make import make_of as make_of
from vettura.drive.signals_motion import motion_events, motion_fast, motion_second, motion_slow
from vettura.drive.signals_names import BATTERY as BATTERY
from vettura.drive.signals_names import CHARGING as CHARGING
from vettura.drive.signals_names import HVAC as HVAC
from vettura.drive.signals_names import OURS as OURS
from vettura.drive.signals_names import Look, Values
from vettura.drive.signals_ours import (
    ours_events,
    ours_fast,
    ours_second,
    ours_slow,
)
from vettura.units import NS_PER_S

Part = Callable[[Look], Values]
FAST: tuple[Part, ...] = (motion_fast, chassis_fast, battery_fast, body_fast, ours_fast)
EVENTS: tuple[Part, ...] = (
    motion_events,
    chassis_events,
    battery_events,
    charging_events,
    body_events,
    ours_events,
)
"""What changes when somebody does something, or something happens."""
SECOND: tuple[Part, ...] = (
    motion_second,
    battery_second,
    charging_second,
    body_second,
    ours_second,
)
SLOW: tuple[Part, ...] = (
    motion_slow,
    chassis_slow,
    battery_slow,
    charging_slow,
    body_slow,
    ours_slow,
)
STILL: tuple[Part, ...] = (battery_still,)
SECOND_NS = int(RATE_PERIOD_S["second"]) * NS_PER_S
SLOW_NS = int(RATE_PERIOD_S["slow"]) * NS_PER_S


def signal_values(params: Params, make: Make, car: Living, air: Air) -> Values:
    """Every signal of the car now, by path; `make` is what never changes."""
    look = Look(params, make, car, air)
    return {**make.values, **_said(look, (*FAST, *EVENTS, *SECOND, *SLOW, *STILL))}


def _said(look: Look, parts: Iterable[Part]) -> Values:
    values: Values = {}
    for part in parts:
        values.update(part(look))
    return values


@final
class Words:
    """Puts one car into words again and again, and only those groups whose time has come."""

    def __init__(self, params: Params, make: Make) -> None:
        self._params = params
        self._make = make
        self._second_ns = 0
        self._slow_ns = 0
        self._seen: tuple[object, ...] = ()

    def full(self, car: Living, air: Air) -> Values:
        """Every signal; all groups begin their time anew."""
        look = Look(self._params, self._make, car, air)
        self._second_ns, self._slow_ns = car.time_ns, car.time_ns
        self._seen = _occasion(look)
        return signal_values(self._params, self._make, car, air)

    def due(self, car: Living, air: Air) -> Values:
        """The fast ones, and those that are due: by their rate, or because something happened."""
        look = Look(self._params, self._make, car, air)
        parts: tuple[Part, ...] = FAST
        second = car.time_ns - self._second_ns >= SECOND_NS
        occasion = _occasion(look)
        if second or occasion != self._seen:
            parts = (*parts, *EVENTS)
            self._seen = occasion
        if second:
            parts = (*parts, *SECOND)
            self._second_ns = car.time_ns
        if car.time_ns - self._slow_ns >= SLOW_NS:
            parts = (*parts, *SLOW)
            self._slow_ns = car.time_ns
        return _said(look, parts)


def _occasion(look: Look) -> tuple[object, ...]:
    """What the events follow; while it stays the same they are looked at once a second."""
    car = look.car
    progress = car.progress
    return (
        car.body,
        progress is None,
        car.charge,
        car.cable,
        car.locked,
        car.flap_open,
        car.climate_on,
        car.cabin_target_degc,
        car.charge_limit,
        car.charge_current_max_a,
        car.discharge_power_w,
        car.discharge_reserve,
        car.ready_at_ns,
        car.place,
        car.faults,
        car.last_trip,
        habit(car),
        is_awake(car),
        is_dark(look),
    )
