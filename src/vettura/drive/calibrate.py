"""Fitting one car to its measured trips: what they show, how surely, and what they do not."""

import math
import statistics
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from vettura.car.params import Params
from vettura.drive.calibrate_evidence import (
    STRETCH_FLOOR_WH,
    STRETCH_LEFT,
    Row,
    channel_sd_wh,
)
from vettura.drive.calibrate_fit import COUNT, SHOWN_REDUCTION, Fit, fit
from vettura.drive.calibrate_follow import DEFAULT_DEGC
from vettura.drive.calibrate_knobs import HEATING, KNOBS, NAMES, knob_named
from vettura.drive.calibrate_trips import (
    Case,
    Count,
    How,
    battery_rows,
    case_of,
    climate_is_broken,
    energy_rows,
    mended,
    open_case,
    predicted,
    rescaled,
    sensitivities,
    sizes_of,
)
from vettura.drive.estimate import Matrix, correlation, dot, spread_of
from vettura.drive.measured import MeasuredTrip
from vettura.errors import InputError
from vettura.units import PERCENT

LINEARISATIONS = 2
SETTLING = 3
"""Replays at new shares with the slopes of the last linearisation: the model is nearly linear."""
EIGHTY = 1.2816
"""Half the width of an interval that holds 80 % of a normal distribution."""
DRIVING_S_MIN = 600.0
OUTLIER_SIGMAS = 2.0

FITTED, TOGETHER, NOT_SHOWN, AT_BOUND = "fitted", "together", "not shown", "at its bound"


class Fitted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One parameter after the fit, in the units of `Params`."""

    name: str
    file_value: float
    value: float
    sd: float
    """Standard deviation; of a parameter that is not shown, what was held before any trip."""
    prior_sd: float
    verdict: str
    """fitted; together (fitted, but another that is not shown may stand for it); not shown (left at
    the car file's figure); at its bound."""
    note: str = ""


class Calibration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What some trips say of one car."""

    car: str
    trips: list[str]
    trip_sigma: float
    """Of a trip's energy, what no parameter explains: relative standard deviation."""
    stretch_sigma: float
    """The same of a stretch of 2 km beside its trip."""
    model_climate: bool = False
    warnings: list[str] = []
    parameters: list[Fitted]
    correlation: list[list[float]]
    """Of the parameters' errors, in their order."""

    def share(self, name: str) -> float:
        """A parameter over the car file's figure; 1 for one that is not here."""
        found = [p.value / p.file_value for p in self.parameters if p.name == name]
        return found[0] if found else 1.0


class Prediction(NamedTuple):
    """Energy of a trip with its uncertainty."""

    energy_wh: float
    sigma_wh: float

    @property
    def low_wh(self) -> float:
        """Of the interval that should hold 80 % of trips."""
        return self.energy_wh - EIGHTY * self.sigma_wh

    @property
    def high_wh(self) -> float:
        """Of the interval that should hold 80 % of trips."""
        return self.energy_wh + EIGHTY * self.sigma_wh


def calibrate(
    params: Params,
    trips: Sequence[MeasuredTrip],
    *,
    car: str = "",
    model_climate: bool = False,
    target_degc: float = 21.0,
    count: Count = lambda: None,
) -> Calibration:
    """Fit what the trips show, around the car file's figures in `params`.

    Bayesian least squares by Gauss and Newton, with slopes by finite differences.
    Trips need volts and amps (InputError else). `model_climate` fits the cabin's heat loss instead
    of the heating channel. `count` is called after each of `replays_of(trips)` replays, about.
    """
    if not trips:
        raise InputError("no trips to calibrate on", hint="name at least one")
    cases = [case_of(trip, model_climate=model_climate) for trip in trips]
    how = How(params=params, model_climate=model_climate, target_degc=target_degc, count=count)
    found = _iterate(how, cases)
    fitted = [_fitted(params, found, k) for k in range(COUNT)]
    return Calibration(
        car=car,
        trips=[trip.name for trip in trips],
        trip_sigma=found.noise.trip,
        stretch_sigma=found.noise.stretch,
        model_climate=model_climate,
        warnings=_warnings(cases, fitted, found),
        parameters=fitted,
        correlation=correlation(found.covariance),
    )


def replays_of(trips: Sequence[MeasuredTrip]) -> int:
    """About how many replays `calibrate` takes."""
    per_trip = LINEARISATIONS + SETTLING
    return per_trip * len(trips)


def _iterate(how: How, cases: Sequence[Case]) -> Fit:
    shares = [1.0] * COUNT
    slopes: list[dict[str, list[float]]] = []
    sizes: list[list[float]] = []
    battery = [battery_rows(how, case, {}) for case in cases]
    found: Fit | None = None
    for turn in range(LINEARISATIONS + SETTLING - 1):
        named = dict(zip(NAMES, shares, strict=True))
        now = [predicted(how, case, named) for case in cases]
        if turn == 0:
            sizes = [
                sizes_of(case, there.energies_wh) for case, there in zip(cases, now, strict=True)
            ]
        if turn < LINEARISATIONS:
            slopes = [
                sensitivities(how, case, named, there)
                for case, there in zip(cases, now, strict=True)
            ]
        rows = [
            energy_rows(how, case, there.energies_wh, moves, size)
            for case, there, moves, size in zip(cases, now, slopes, sizes, strict=True)
        ]
        whole = [[*e, *(_at(row, shares) for row in b)] for e, b in zip(rows, battery, strict=True)]
        found = fit(whole, shares)
        change = max(
            abs(a - b) / knob.prior_sd
            for a, b, knob in zip(found.shares, shares, KNOBS, strict=True)
        )
        shares = found.shares
        if turn >= LINEARISATIONS - 1 and change < 0.02:
            break
    assert found is not None
    return found


def _at(row: Row, shares: Sequence[float]) -> Row:
    """A row made at the car file's figures, at other shares: the battery's rows are linear."""
    moved = dot(row.sensitivity, [x - 1.0 for x in shares])
    return row._replace(predicted=row.predicted + moved)


def _fitted(params: Params, found: Fit, index: int) -> Fitted:
    knob = KNOBS[index]
    file_value = knob.read(params)
    sd = math.sqrt(found.covariance[index][index])
    verdict, note = _verdict(found, index, sd)
    return Fitted(
        name=knob.name,
        file_value=file_value,
        value=found.shares[index] * file_value,
        sd=sd * abs(file_value),
        prior_sd=knob.prior_sd * abs(file_value),
        verdict=verdict,
        note=note,
    )


def _verdict(found: Fit, index: int, sd: float) -> tuple[str, str]:
    knob = KNOBS[index]
    if found.at_bound[index]:
        return AT_BOUND, "the trips ask for more than is physically possible; is the car right?"
    if not found.shown[index]:
        return NOT_SHOWN, f"needs {knob.needs}"
    if sd > (1.0 - SHOWN_REDUCTION) * knob.prior_sd:
        line = correlation(found.covariance)[index]
        others = [k for k in range(COUNT) if not found.shown[k]]
        rival = max(others, key=lambda k: abs(line[k]), default=index)
        return TOGETHER, f"these trips cannot tell it from {KNOBS[rival].title}"
    return FITTED, ""


def _warnings(cases: Sequence[Case], fitted: Sequence[Fitted], found: Fit) -> list[str]:
    warnings = [
        f"{knob_named(p.name).title} lies at its bound: {p.note}"
        for p in fitted
        if p.verdict == AT_BOUND
    ]
    for case, offset in zip(cases, found.offsets, strict=True):
        added = case.trip.notes[case.notes_read :]
        warnings += [f"{case.trip.name}: {note}" for note in added]
        if abs(offset) > OUTLIER_SIGMAS * found.noise.trip:
            warnings.append(
                f"{case.trip.name}: {PERCENT * offset:+.0f} % beside the other trips; counts less"
            )
    return warnings


def apply(params: Params, calibration: Calibration) -> Params:
    """The car as calibrated: every parameter that the trips showed, in place of the file's."""
    for one in calibration.parameters:
        if one.verdict != NOT_SHOWN and one.name in NAMES:
            params = knob_named(one.name).write(params, one.value)
    return params


def as_measured(trip: MeasuredTrip, calibration: Calibration) -> MeasuredTrip:
    """A trip with its heater's channel put right, or left out where it cannot be true."""
    return rescaled(mended(trip), calibration.share(HEATING))


def predict(
    params: Params,
    trip: MeasuredTrip,
    calibration: Calibration,
    *,
    model_climate: bool | None = None,
    target_degc: float = 21.0,
) -> Prediction:
    """Energy of a trip and how far it may be off; `params` are the car file's.

    The width holds the parameters' covariance and the leftover of trips and stretches.
    `model_climate` None: as it was calibrated.
    """
    how = How(
        params=params,
        model_climate=calibration.model_climate if model_climate is None else model_climate,
        target_degc=target_degc,
        count=lambda: None,
    )
    case = open_case(trip, model_climate=False)
    shares = {name: calibration.share(name) for name in NAMES}
    now = predicted(how, case, shares)
    slopes = sensitivities(how, case, shares, now)
    row = [sum(slopes[name]) if name in slopes else 0.0 for name in NAMES]
    drawn = sizes_of(case, now.energies_wh)
    variance = spread_of(_covariance(calibration), row)
    variance += (calibration.trip_sigma * sum(drawn)) ** 2
    variance += sum(
        STRETCH_LEFT * (calibration.stretch_sigma * energy) ** 2 + STRETCH_FLOOR_WH**2
        for energy in drawn
    )
    heard_wh, claimed_s = row[NAMES.index(HEATING)], sum(case.claimed_s)
    variance += channel_sd_wh(energy_wh=heard_wh, claimed_s=claimed_s) ** 2 if heard_wh else 0.0
    return Prediction(sum(now.energies_wh), math.sqrt(variance))


def _covariance(calibration: Calibration) -> Matrix:
    """Of the shares, in the order of KNOBS."""
    sds = {p.name: p.sd / p.file_value for p in calibration.parameters}
    places = {p.name: k for k, p in enumerate(calibration.parameters)}
    out = [[0.0] * COUNT for _ in range(COUNT)]
    for i, left in enumerate(NAMES):
        for j, right in enumerate(NAMES):
            if left in sds and right in sds:
                r = calibration.correlation[places[left]][places[right]]
                out[i][j] = r * sds[left] * sds[right]
    return out


def choose(trips: Sequence[MeasuredTrip], count: int, *, turn: int = 0) -> list[MeasuredTrip]:
    """Trips that differ most in air temperature and speed, for calibrating.

    By conditions only, never by error: beginning with the `turn`-th coldest, each next one lies
    farthest from those chosen, in standard deviations. Trips under ten minutes, or whose channels
    lack or contradict each other, are used only when others run out.
    """
    useful = [t for t in trips if _is_useful(t)]
    pool = useful if len(useful) >= count else list(trips)
    ranked = sorted(pool, key=lambda t: (_ambient_degc(t), t.name))
    points = _conditions(ranked)
    left = list(range(len(ranked)))
    chosen = [left.pop(turn % len(left))] if left else []
    while left and len(chosen) < count:
        farthest = max(left, key=lambda k: min(math.dist(points[k], points[c]) for c in chosen))
        chosen.append(farthest)
        left.remove(farthest)
    return [ranked[k] for k in chosen]


def _conditions(trips: Sequence[MeasuredTrip]) -> list[tuple[float, float]]:
    """Ambient temperature and mean speed of each trip, in standard deviations."""
    airs = [_ambient_degc(t) for t in trips]
    speeds = [statistics.fmean(t.speed_mps) for t in trips]
    air_sd = statistics.pstdev(airs) if airs else 0.0
    speed_sd = statistics.pstdev(speeds) if speeds else 0.0
    return [(a / (air_sd or 1.0), v / (speed_sd or 1.0)) for a, v in zip(airs, speeds, strict=True)]


def _is_useful(trip: MeasuredTrip) -> bool:
    long = len(trip.time_s) >= DRIVING_S_MIN
    return long and trip.power_w is not None and not climate_is_broken(trip)


def _ambient_degc(trip: MeasuredTrip) -> float:
    return statistics.fmean(trip.ambient_degc) if trip.ambient_degc else DEFAULT_DEGC
