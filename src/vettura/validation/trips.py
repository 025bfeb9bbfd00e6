"""Measured trips driven again: how far the model is from each, in all and stage by stage."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import median

from vettura.car.params import Params
from vettura.drive.calibrate import (
    EIGHTY,
    Calibration,
    apply,
    as_measured,
    calibrate,
    choose,
    predict,
)
from vettura.drive.channels import climate_fault
from vettura.drive.measured import MeasuredTrip
from vettura.drive.replay import STEP_S, Replay, replay
from vettura.drive.uncertainty import CALIBRATED, FROM_SPEC, Doubt, energy_interval
from vettura.errors import UsageError
from vettura.units import KMH_PER_MPS, SECONDS_PER_HOUR
from vettura.validation.stages import (
    Pair,
    climate_power,
    electric_power,
    mean_degc,
    pack_power,
    pack_voltage,
    shaft_power,
)
from vettura.validation.summary import r_squared, root_mean_square

LEVEL = 0.8
"""Of the interval that each prediction carries."""
OVER_READ = 0.10
"""A trip whose drive is predicted this much above the others from its own measured torque gave less
to the motor than the motor needed: its climate channel over-reads, if it logs as much as is
missing. Without that cause the others lie within 0.09."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """The energy predicted for a trip, and where it should lie."""

    energy_wh: float
    low_wh: float
    high_wh: float
    climate_wh: float
    end_soc: float
    missed_s: float

    def holds(self, measured_wh: float) -> bool:
        """Whether the truth fell in the interval."""
        return self.low_wh <= measured_wh <= self.high_wh


@dataclass(frozen=True, slots=True, kw_only=True)
class Stages:
    """A trip stage by stage; None where the channel that it needs was not logged."""

    power: Pair | None
    shaft: Pair | None
    electric: Pair | None
    voltage: Pair | None
    climate: Pair | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TripScore:
    """One trip: predicted with heating as measured and as modelled, beside the truth."""

    trip: str
    distance_m: float
    mean_kmh: float
    ambient_degc: float | None
    given: Prediction
    """With heater and compressor as measured, where that can be true."""
    modelled: Prediction
    """With heater and compressor as the model has them."""
    measured_wh: float | None
    measured_climate_wh: float | None
    measured_end_soc: float | None
    fault: str
    """Why the measured climate was not used; empty when it was."""
    over_reads: bool
    """Whether the climate channel claims power that the motor must have had."""
    calibrated_on: bool
    stages: Stages

    def error(self, *, modelled: bool = False) -> float | None:
        """Predicted over measured energy, less one; None when nothing was measured."""
        if not self.measured_wh or self.measured_wh <= 0.0:
            return None
        chosen = self.modelled if modelled else self.given
        return chosen.energy_wh / self.measured_wh - 1.0

    @property
    def main_cause(self) -> str:
        """The stage that is furthest from what was measured, in energy; empty where none is."""
        causes = {"road load": self.stages.shaft, "drive or climate channel": self.stages.electric}
        gaps = {
            name: abs(predicted_wh - measured_wh)
            for name, pair in causes.items()
            if pair is not None
            for predicted_wh, measured_wh in [pair.energy_wh]
        }
        return max(gaps, key=lambda name: gaps[name]) if gaps else ""

    @property
    def soc_error(self) -> float | None:
        """Predicted less measured charge at the end, from the same charge at the start."""
        if self.measured_end_soc is None:
            return None
        return self.given.end_soc - self.measured_end_soc


@dataclass(frozen=True, slots=True, kw_only=True)
class TripsReport:
    """All trips, and what they come to second by second."""

    scores: list[TripScore]
    calibrated_on: list[str]
    power_r2: float | None
    power_rmse_w: float | None
    voltage_rmse_v: float | None

    def judged(self) -> list[TripScore]:
        """The trips that were measured and not used to calibrate."""
        return [s for s in self.scores if s.error() is not None and not s.calibrated_on]

    def stage_sums(self, stage: str) -> tuple[float, float] | None:
        """Predicted and measured energy [Wh] of a stage over all judged trips; None for none."""
        pairs = [getattr(score.stages, stage) for score in self.judged()]
        sums = [pair.energy_wh for pair in pairs if pair is not None]
        if not sums:
            return None
        return sum(wh for wh, _ in sums), sum(wh for _, wh in sums)


def validate_trips(
    params: Params,
    trips: Sequence[MeasuredTrip],
    *,
    teachers: Sequence[MeasuredTrip] = (),
    advance: Callable[[], None] = lambda: None,
) -> TripsReport:
    """Drive every trip twice, heating as measured and modelled, and hold it against the truth.

    With `teachers`, the car is calibrated on them first; those of them that are among the trips are
    then not judged. `advance` is called after each trip.
    """
    calibration = calibrate(params, teachers) if teachers else None
    names = {trip.name for trip in teachers}
    scores = []
    for trip in trips:
        scores.append(_score(params, trip, calibration, calibrated_on=trip.name in names))
        advance()
    power = _joined([s.stages.power for s in scores if not s.calibrated_on])
    voltage = _joined([s.stages.voltage for s in scores if not s.calibrated_on])
    return TripsReport(
        scores=_mark_over_reading(scores),
        calibrated_on=sorted(names),
        power_r2=r_squared(predicted=power.predicted, measured=power.measured) if power else None,
        power_rmse_w=_rmse(power),
        voltage_rmse_v=_rmse(voltage),
    )


def pick_teachers(trips: Sequence[MeasuredTrip], count: int) -> list[MeasuredTrip]:
    """So many trips to calibrate on, chosen by weather and speed, never by error.

    UsageError when there are not enough to leave one to judge.
    """
    usable = [trip for trip in trips if trip.energy_wh is not None and not climate_fault(trip)]
    if not 0 < count < len(usable):
        raise UsageError(
            f"cannot calibrate on {count} of {len(usable)} trips with energy and heating measured",
            hint="leave at least one to judge",
        )
    return choose(usable, count)


def _score(
    params: Params, trip: MeasuredTrip, calibration: Calibration | None, *, calibrated_on: bool
) -> TripScore:
    known = apply(params, calibration) if calibration else params
    heard = as_measured(trip, calibration) if calibration else trip
    doubt = CALIBRATED if calibration else FROM_SPEC
    driven, modelled = replay(known, heard), replay(known, trip, model_climate=True)
    fault = climate_fault(trip)
    given = _prediction(driven, doubt, measured=driven.measured_climate_wh is not None)
    if calibration and driven.measured_climate_wh is not None:
        sigma_wh = predict(params, trip, calibration).sigma_wh
        given = replace(
            given,
            low_wh=driven.predicted_wh - EIGHTY * sigma_wh,
            high_wh=driven.predicted_wh + EIGHTY * sigma_wh,
        )
    return TripScore(
        trip=trip.name,
        distance_m=driven.distance_m,
        mean_kmh=KMH_PER_MPS * driven.distance_m / max(trip.time_s[-1], 1.0),
        ambient_degc=mean_degc(trip),
        given=given,
        modelled=_prediction(modelled, doubt, measured=False),
        measured_wh=trip.energy_wh,
        measured_climate_wh=_energy_wh(trip.climate_w),
        measured_end_soc=trip.soc[-1] if trip.soc else None,
        fault=fault,
        over_reads=False,
        calibrated_on=calibrated_on,
        stages=Stages(
            power=pack_power(driven, trip),
            shaft=shaft_power(known, driven, trip),
            electric=electric_power(known, trip),
            voltage=pack_voltage(known, trip),
            climate=climate_power(modelled, trip),
        ),
    )


def _energy_wh(power_w: Sequence[float] | None) -> float | None:
    return sum(power_w) * STEP_S / SECONDS_PER_HOUR if power_w else None


def _prediction(driven: Replay, doubt: Doubt, *, measured: bool) -> Prediction:
    low_wh, high_wh = energy_interval(
        driven.predicted_wh,
        distance_m=driven.distance_m,
        climate_wh=driven.climate_wh,
        climate_measured=measured,
        doubt=doubt,
        level=LEVEL,
    )
    return Prediction(
        energy_wh=driven.predicted_wh,
        low_wh=low_wh,
        high_wh=high_wh,
        climate_wh=driven.climate_wh,
        end_soc=driven.soc[-1],
        missed_s=driven.missed_s,
    )


def _mark_over_reading(scores: list[TripScore]) -> list[TripScore]:
    """Compare each trip's electric stage with the median of all: the model's own bias cancels."""
    errors = [e for s in scores if s.stages.electric if (e := s.stages.electric.error) is not None]
    if len(errors) < 3 or median(errors) <= -1.0:
        return scores
    usual = median(errors)
    return [replace(score, over_reads=_over_reads(score, usual)) for score in scores]


def _over_reads(score: TripScore, usual: float) -> bool:
    electric = score.stages.electric
    if electric is None or electric.error is None or score.measured_climate_wh is None:
        return False
    predicted_wh, measured_wh = electric.energy_wh
    missing_wh = predicted_wh / (1.0 + usual) - measured_wh
    return OVER_READ * measured_wh < missing_wh < score.measured_climate_wh


def _joined(pairs: Sequence[Pair | None]) -> Pair | None:
    there = [pair for pair in pairs if pair is not None]
    if not there:
        return None
    return Pair(
        [value for pair in there for value in pair.predicted],
        [value for pair in there for value in pair.measured],
    )


def _rmse(pair: Pair | None) -> float | None:
    if pair is None:
        return None
    return root_mean_square(predicted=pair.predicted, measured=pair.measured)
