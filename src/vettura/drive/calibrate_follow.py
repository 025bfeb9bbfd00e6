"""The model beside a car, second by second: it drives what the car drove, in the same air."""

from collections.abc import Sequence
from typing import NamedTuple

from vettura.car.conditions import conditions_of
from vettura.car.params import Params
from vettura.car.relations import resting_state
from vettura.car.road import pressure_at
from vettura.car.state import Flows, Inputs, State
from vettura.car.step import advance
from vettura.drive.calibrate_traction import Driven
from vettura.drive.measured import MeasuredTrip
from vettura.drive.simulate import HOLD_S

DEFAULT_DEGC = 20.0
DEFAULT_DISPLAYED_SOC = 0.8
UNKNOWN_W = -1.0
HOLD = round(HOLD_S)
"""Moments for which what changes slowly is held."""


class Moment(NamedTuple):
    """One second of a drive as it was measured; what is None was not."""

    speed_mps: float
    grade: float = 0.0
    altitude_m: float = 0.0
    ambient_degc: float = DEFAULT_DEGC
    climate_w: float = UNKNOWN_W
    """Heater and compressor; negative: not measured, the model decides."""
    power_w: float = 0.0
    """At the pack's terminals; positive discharges."""
    voltage_v: float | None = None
    current_a: float | None = None
    """Positive discharges."""
    soc: float | None = None
    battery_degc: float | None = None
    target_degc: float = 21.0


class Followed(NamedTuple):
    """Where the model stands afterwards, what flowed in each second, and how each was driven."""

    state: State
    flows: list[Flows]
    seconds: list[Driven]


def follow(params: Params, state: State, moments: Sequence[Moment]) -> Followed:
    """Drive the moments; charge and warmth of the battery are held where they were measured.

    What changes slowly is looked at every `HOLD` seconds, under the mean of a measured climate.
    """
    flows: list[Flows] = []
    seconds: list[Driven] = []
    held = None
    for k, moment in enumerate(moments):
        state = _held(state, moment)
        inputs = _inputs(moment, moment.climate_w)
        if held is None or k % HOLD == 0:
            ahead = moments[k : k + HOLD]
            looked = _inputs(moment, _mean_climate_w(ahead))
            held = conditions_of(params, state, looked, float(len(ahead)))
        after, flown = advance(params, state, inputs, held, 1.0)
        flows.append(flown)
        seconds.append(Driven(state, inputs, held, flown.motor_power_w))
        state = after
    return Followed(state, flows, seconds)


def _inputs(moment: Moment, climate_w: float) -> Inputs:
    return Inputs(
        speed_mps=moment.speed_mps,
        grade=moment.grade,
        pressure_pa=pressure_at(moment.altitude_m),
        ambient_degc=moment.ambient_degc,
        climate_on=1.0,
        cabin_target_degc=moment.target_degc,
        climate_power_w=climate_w,
    )


def _mean_climate_w(moments: Sequence[Moment]) -> float:
    """As measured; not at all when one of them was not."""
    if min(moment.climate_w for moment in moments) < 0.0:
        return UNKNOWN_W
    return sum(moment.climate_w for moment in moments) / len(moments)


def _held(state: State, moment: Moment) -> State:
    soc = state.soc if moment.soc is None else moment.soc
    battery_degc = state.battery_degc if moment.battery_degc is None else moment.battery_degc
    return state._replace(soc=soc, battery_degc=battery_degc)


def start_of(params: Params, trip: MeasuredTrip) -> State:
    """The car at the start of a trip: rested in its air."""
    ambient = trip.ambient_degc[0] if trip.ambient_degc else DEFAULT_DEGC
    state = resting_state(params, displayed_soc=DEFAULT_DISPLAYED_SOC, ambient_degc=ambient)
    return state._replace(speed_mps=trip.speed_mps[0])


def moments_of(trip: MeasuredTrip) -> list[Moment]:
    """A measured trip after its first second, climate left out: for the battery alone."""
    count = len(trip.time_s)
    zeros = [0.0] * count
    air = trip.ambient_degc or [DEFAULT_DEGC] * count
    return [
        Moment(
            speed_mps=trip.speed_mps[k],
            grade=(trip.grade or zeros)[k],
            altitude_m=(trip.elevation_m or zeros)[k],
            ambient_degc=air[k],
            climate_w=0.0,
            soc=trip.soc[k] if trip.soc else None,
            battery_degc=trip.battery_degc[k] if trip.battery_degc else None,
        )
        for k in range(1, count)
    ]
