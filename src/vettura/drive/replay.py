"""Driving the model along a trip that was measured, and laying the two side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from vettura.car.charge import pack_soc
from vettura.car.conditions import conditions_of
from vettura.car.params import Params
from vettura.car.relations import resting_state
from vettura.car.road import pressure_at
from vettura.car.state import Inputs, State
from vettura.car.step import advance
from vettura.drive.calibrate_traction import Driven
from vettura.drive.channels import climate_fault
from vettura.drive.measured import MeasuredTrip
from vettura.drive.plot import ReplaySeries
from vettura.units import SECONDS_PER_HOUR

DEFAULT_DEGC = 20.0
DEFAULT_DISPLAYED_SOC = 0.8
STEP_S = 1.0
SLIPSTREAM = 0.10
"""Drag saved in everyday traffic: a car that follows at two to six lengths saves 10 to 30 % (Zabat
et al., PATH report UCB-ITS-PRR-95-35, 1995), and part of a drive has someone ahead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What the model says of a measured trip, second by second and in all."""

    power_w: list[float]
    """At the pack's terminals; positive discharges."""
    energy_wh: list[float]
    """Its running sum."""
    soc: list[float]
    """The pack's own charge, 0 to 1."""
    climate_w: list[float]
    shaft_w: list[float]
    """At the motor's shaft; negative when braking by the motor."""
    distance_m: float
    missed_s: float
    measured_wh: float | None
    """None when the file holds no volts and amps."""
    measured_climate_wh: float | None
    """None when neither heater nor compressor was logged, or what was cannot be true."""

    @property
    def predicted_wh(self) -> float:
        """Energy drawn from the pack, net of regeneration."""
        return self.energy_wh[-1]

    @property
    def climate_wh(self) -> float:
        """Energy of heater and compressor."""
        return sum(self.climate_w) * STEP_S / SECONDS_PER_HOUR

    @property
    def error(self) -> float | None:
        """Predicted over measured energy, less one; None when nothing was measured."""
        if not self.measured_wh or self.measured_wh <= 0.0:
            return None
        return self.predicted_wh / self.measured_wh - 1.0


def replay(
    params: Params,
    trip: MeasuredTrip,
    *,
    model_climate: bool = False,
    target_degc: float = 22.0,
    seconds: list[Driven] | None = None,
) -> Replay:
    """Drive the trip's speeds on its slopes in its air.

    Measured heater and compressor power is used where the file has it, unless `model_climate`; a
    file without it, or whose channel contradicts the others (`channels.climate_fault`), is driven
    with the climate modelled towards `target_degc`. `seconds` takes down how each was driven.
    """
    measured_w = None if climate_fault(trip) else trip.climate_w
    climate_w = None if model_climate else measured_w
    state = begin_state(params, trip)
    power: list[float] = []
    energy: list[float] = []
    soc: list[float] = []
    climate: list[float] = []
    shaft: list[float] = []
    missed_s = drawn_wh = 0.0
    for k in range(1, len(trip.time_s)):
        inputs = Inputs(
            speed_mps=trip.speed_mps[k],
            grade=trip.grade[k] if trip.grade else 0.0,
            pressure_pa=pressure_at(trip.elevation_m[k] if trip.elevation_m else 0.0),
            ambient_degc=trip.ambient_degc[k] if trip.ambient_degc else DEFAULT_DEGC,
            climate_on=1.0,
            slipstream=SLIPSTREAM,
            cabin_target_degc=target_degc,
            climate_power_w=climate_w[k] if climate_w else -1.0,
        )
        held = conditions_of(params, state, inputs, STEP_S)
        done = advance(params, state, inputs, held, STEP_S)
        if seconds is not None:
            seconds.append(Driven(state, inputs, held, done.flows.motor_power_w))
        state, flows = done
        drawn_wh += flows.battery_power_w * STEP_S / SECONDS_PER_HOUR
        power.append(flows.battery_power_w)
        energy.append(drawn_wh)
        soc.append(state.soc)
        climate.append(flows.climate_power_w)
        shaft.append(flows.motor_torque_nm * flows.motor_speed_radps)
        missed_s += flows.trace_missed * STEP_S
    return Replay(
        power_w=power,
        energy_wh=energy,
        soc=soc,
        climate_w=climate,
        shaft_w=shaft,
        distance_m=state.distance_m,
        missed_s=missed_s,
        measured_wh=trip.energy_wh,
        measured_climate_wh=sum(measured_w) * STEP_S / SECONDS_PER_HOUR if measured_w else None,
    )


def begin_state(params: Params, trip: MeasuredTrip) -> State:
    """The car at the start: as measured, else rested in the air of the trip."""
    ambient = trip.ambient_degc[0] if trip.ambient_degc else DEFAULT_DEGC
    state = resting_state(params, displayed_soc=DEFAULT_DISPLAYED_SOC, ambient_degc=ambient)
    cabin = _first(trip.cabin_degc, ambient)
    return state._replace(
        speed_mps=trip.speed_mps[0],
        soc=pack_soc(params, DEFAULT_DISPLAYED_SOC) if trip.begin_soc is None else trip.begin_soc,
        battery_degc=_first(trip.battery_degc, ambient),
        cabin_degc=cabin,
        interior_degc=cabin,
    )


def _first(column: Sequence[float] | None, otherwise: float) -> float:
    return column[0] if column else otherwise


def series_of(trip: MeasuredTrip, driven: Replay) -> ReplaySeries:
    """The two side by side, for a plot; without the first second, before the model had moved."""
    power_w = trip.power_w
    measured_wh = None
    if power_w is not None:
        halves = (0.5 * (a + b) / SECONDS_PER_HOUR for a, b in pairwise(power_w))
        measured_wh = list(accumulate(halves))
    return ReplaySeries(
        title=trip.name,
        time_s=trip.time_s[1:],
        speed_mps=trip.speed_mps[1:],
        elevation_m=_rest(trip.elevation_m),
        power_w=driven.power_w,
        measured_power_w=_rest(power_w),
        energy_wh=driven.energy_wh,
        measured_energy_wh=measured_wh,
        soc=driven.soc,
        measured_soc=_rest(trip.soc),
        climate_w=driven.climate_w,
        measured_climate_w=_rest(trip.climate_w),
    )


def _rest(column: list[float] | None) -> list[float] | None:
    return None if column is None else column[1:]
