"""Driving a trip at once, outside time: for cycles, replays and comparisons."""

from collections.abc import Iterator
from dataclasses import dataclass

from vettura.car.conditions import conditions_of
from vettura.car.params import Params
from vettura.car.relations import warmed_up
from vettura.car.state import Inputs, State, Step
from vettura.car.step import advance
from vettura.car.trip import Trip
from vettura.units import SECONDS_PER_HOUR

HOLD_S = 10.0
"""How long what changes slowly is held: battery, cabin and tyres take minutes to change, and the
energy of a cycle differs by less than 5e-4 from looking every second (all cars and cycles at -10,
22 and 38 °C)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a drive came to."""

    distance_m: float
    energy_wh: float
    """Drawn from the pack's terminals, net of regeneration."""
    drawn_wh: float
    regenerated_wh: float
    auxiliary_wh: float
    climate_wh: float
    missed_s: float
    """How long the car could not follow the trace."""
    state: State

    @property
    def wh_per_km(self) -> float:
        """Consumption at the pack's terminals; 0 for a car that did not move."""
        return 1000.0 * self.energy_wh / self.distance_m if self.distance_m > 0.0 else 0.0


def drive_trip(
    params: Params,
    trip: Trip,
    *,
    state: State | None = None,
    ambient_degc: float = 20.0,
    climate: bool = False,
    dt_s: float = 1.0,
    hold_s: float = HOLD_S,
) -> Result:
    """Drive the trip from `state` (None: rested and warm-tyred at `ambient_degc`, 90 % charged)."""
    begin = state or warmed_up(params, ambient_degc=ambient_degc)
    steps = follow_trip(
        params,
        trip,
        begin,
        ambient_degc=ambient_degc,
        climate=climate,
        dt_s=dt_s,
        hold_s=hold_s,
    )
    return summarise(begin, steps, dt_s)


def follow_trip(
    params: Params,
    trip: Trip,
    state: State,
    *,
    ambient_degc: float,
    climate: bool,
    accessories: float = 0.0,
    dt_s: float,
    hold_s: float = HOLD_S,
) -> Iterator[Step]:
    """Yield every step of the trip."""
    begin_m = state.distance_m
    count = round(trip.duration_s / dt_s)
    stretch = max(round(hold_s / dt_s), 1)
    held = None
    for index in range(count):
        inputs = Inputs(
            speed_mps=trip.speed_at((index + 1) * dt_s)
            if index + 1 < count
            else trip.speed_mps[-1],
            grade=trip.grade_at(state.distance_m - begin_m),
            ambient_degc=ambient_degc,
            climate_on=1.0 if climate else 0.0,
            accessories=accessories,
        )
        if held is None or index % stretch == 0:
            held = conditions_of(params, state, inputs, dt_s * min(stretch, count - index))
        done = advance(params, state, inputs, held, dt_s)
        state = done.state
        yield done


def summarise(begin: State, steps: Iterator[Step], dt_s: float) -> Result:
    """Add up a drive."""
    state, missed_s, climate_wh = begin, 0.0, 0.0
    for done in steps:
        state = done.state
        missed_s += done.flows.trace_missed * dt_s
        climate_wh += done.flows.climate_power_w * dt_s / SECONDS_PER_HOUR
    drawn_wh = state.drawn_wh - begin.drawn_wh
    regenerated_wh = state.regenerated_wh - begin.regenerated_wh
    return Result(
        distance_m=state.distance_m - begin.distance_m,
        energy_wh=drawn_wh - regenerated_wh,
        drawn_wh=drawn_wh,
        regenerated_wh=regenerated_wh,
        auxiliary_wh=state.auxiliary_wh - begin.auxiliary_wh,
        climate_wh=climate_wh,
        missed_s=missed_s,
        state=state,
    )
