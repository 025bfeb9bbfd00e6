"""The car as VSS signals, in VSS units: the one place where a living car is put into words.

Each file `signals_<subject>.py` makes the values of its subject, in groups by how often they are
worth computing; the paths, types, units and rates are those of the one table in `bus/signals.csv`.
"""

from collections.abc import Callable, Iterable
from typing import final

from vettura.car.params import Params
from vettura.drive.living import Air, Living, is_awake
from vettura.drive.pace import Rates
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
    body_told,
    habit,
    is_belted,
    is_dark,
)
from vettura.drive.signals_charging import charging_events, charging_second, charging_slow
from vettura.drive.signals_chassis import chassis_events, chassis_fast, chassis_slow
from vettura.drive.signals_make import Make
from vettura.drive.signals_make import make_of as make_of
from vettura.drive.signals_motion import motion_events, motion_fast, motion_second, motion_slow
from vettura.drive.signals_names import Look, Values
from vettura.drive.signals_ours import (
    FLAT_SOC,
    ours_events,
    ours_fast,
    ours_second,
    ours_slow,
)
from vettura.units import NS_PER_S

Part = Callable[[Look], Values]
FAST: tuple[Part, ...] = (motion_fast, chassis_fast, battery_fast, body_fast, ours_fast)
TOLD: tuple[Part, ...] = (body_fast,)
"""Of these, what somebody may have told the car."""
BODY: tuple[Part, ...] = (battery_events, body_told)
"""What follows the car's actuators and nothing else."""
EVENTS: tuple[Part, ...] = (
    motion_events,
    chassis_events,
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


def signal_values(params: Params, make: Make, car: Living, air: Air) -> Values:
    """Every signal of the car now, by path; `make` is what never changes."""
    look = Look(params, make, car, air)
    return {**make.values, **_said(look, (*FAST, *BODY, *EVENTS, *SECOND, *SLOW, *STILL))}


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
        self._fast_ns = self._second_ns = self._slow_ns = 0
        self._seen: tuple[object, ...] = ()
        self._body: object = None
        self._has_happened = False

    def full(self, car: Living, air: Air) -> Values:
        """Every signal; all groups begin their time anew."""
        self._is_news(_occasion(Look(self._params, self._make, car, air)))
        self._fast_ns = self._second_ns = self._slow_ns = car.time_ns
        return signal_values(self._params, self._make, car, air)

    def due(self, car: Living, air: Air, rates: Rates, *, is_asked: bool = False) -> Values:
        """The fast ones, and those that are due: by their rate, or because something happened.

        `is_asked`: a command is answered after this. Of a car at rest the fast signals that no
        command moves wait for the next look, so that the answer need not.
        """
        look = Look(self._params, self._make, car, air)
        parts: tuple[Part, ...] = ()
        follows_up = self._has_happened
        if is_asked and car.progress is None:
            parts = TOLD
        elif follows_up or car.time_ns - self._fast_ns >= rates.fast_s * NS_PER_S:
            parts = FAST
            self._fast_ns = car.time_ns
        if car.body is not self._body:
            parts = (*parts, *BODY)
        if self._is_news(_occasion(look)):
            parts = (*parts, *EVENTS)
        if follows_up or car.time_ns - self._second_ns >= rates.second_s * NS_PER_S:
            parts = (*parts, *SECOND)
            self._second_ns = car.time_ns
        if car.time_ns - self._slow_ns >= rates.slow_s * NS_PER_S:
            parts = (*parts, *SLOW)
            self._slow_ns = car.time_ns
        return _said(look, parts)

    def _is_news(self, occasion: tuple[object, ...]) -> bool:
        """Whether something happened; what it leads to is told with the next look, however seldom
        else."""
        self._has_happened = occasion != self._seen
        self._seen = occasion
        self._body = occasion[0]
        return self._has_happened


def _occasion(look: Look) -> tuple[object, ...]:
    """What the events follow: while it stays the same, so do they."""
    car = look.car
    progress = car.progress
    return (
        car.body,
        is_belted(car) if progress else None,
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
        car.flows.outlet_power_w > 0.0,
        car.flows.wall_power_w < 0.0,
        car.state.soc <= FLAT_SOC,
        car.last_trip,
        habit(car),
        is_awake(car),
        is_dark(look),
    )
