"""Measured trips as evidence: broken channels, what was measured, what the model says of it."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

from vettura.car.params import Params
from vettura.drive.calibrate_evidence import (
    CLIMATE,
    CLIMATE_FLOOR_WH,
    DRIVING,
    STANDING,
    STANDING_FLOOR_W,
    STANDING_FLOOR_WH,
    STANDING_MPS,
    STRETCH_FLOOR_WH,
    Row,
    channel_sd_wh,
    charge_row,
    cut,
    pulse_row,
    slope_of,
    sums,
)
from vettura.drive.calibrate_follow import follow, moments_of, start_of
from vettura.drive.calibrate_knobs import (
    AUXILIARY,
    CAPACITY,
    HEAT_LOSS,
    HEATING,
    NAMES,
    RESISTANCE,
    set_shares,
)
from vettura.drive.calibrate_traction import Driven, step_of, traction_slopes
from vettura.drive.channels import climate_fault
from vettura.drive.measured import MeasuredTrip
from vettura.drive.replay import replay
from vettura.errors import InputError
from vettura.units import SECONDS_PER_HOUR

ENERGY_NAMES = tuple(name for name in NAMES if name not in (CAPACITY, RESISTANCE))
DURATION_MIN_S = 120.0
SOC_CHANGE_MIN = 0.05
STANDING_S_MIN = 60
AWAKE_W_MIN = 100.0
"""Heater and compressor cannot leave less than this for everything else in a car that stands awake:
its computers, pumps and screens take 150 to 400 W."""
WARM_UP_S = 600
UNKNOWN_CLIMATE_SHARE = 0.05
"""Of a stretch's energy: how far off a modelled climate may be that nobody measured."""

Shares = Mapping[str, float]
Count = Callable[[], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One trip, ready to be fitted."""

    trip: MeasuredTrip
    places: list[int]
    measured: list[float]
    """Energy [Wh] by stretch, then standing; then climate while warming up and after it."""
    lengths_m: list[float]
    """Of each stretch."""
    standing_s: float
    claimed_s: list[float]
    """How long heater or compressor claimed anything, in the order of `measured`."""
    notes_read: int
    """How many of the trip's notes came with it; those after are ours."""
    climate: bool
    """Whether heater and compressor were logged and can be believed."""


def climate_is_broken(trip: MeasuredTrip) -> bool:
    """Whether the climate's channels claim what cannot be, or leave a standing car nothing."""
    climate_w, power_w = trip.climate_w, trip.power_w
    if climate_w is None or power_w is None:
        return False
    standing = [k for k, v in enumerate(trip.speed_mps) if v <= STANDING_MPS]
    left_w = sum(power_w[k] - climate_w[k] for k in standing)
    starved = len(standing) >= STANDING_S_MIN and left_w < AWAKE_W_MIN * len(standing)
    return starved or bool(climate_fault(trip))


def mended(trip: MeasuredTrip) -> MeasuredTrip:
    """The trip without climate channels that cannot be true; the model heats it then."""
    if not climate_is_broken(trip):
        return trip
    note = "heater and compressor claim more than the pack gave them: modelled instead"
    return replace(trip, heating_w=None, aircon_w=None, notes=[*trip.notes, note])


def rescaled(trip: MeasuredTrip, share: float) -> MeasuredTrip:
    """The trip with its heater and compressor power times `share`."""
    if share == 1.0:
        return trip
    return replace(
        trip,
        heating_w=None if trip.heating_w is None else [share * w for w in trip.heating_w],
        aircon_w=None if trip.aircon_w is None else [share * w for w in trip.aircon_w],
    )


def case_of(trip: MeasuredTrip, *, model_climate: bool) -> Case:
    """Cut a trip; InputError when it has no volts and amps, or is too short to say anything."""
    if trip.power_w is None:
        raise InputError(
            f"{trip.name}: no battery_v and battery_a",
            hint="calibrating needs the pack's volts and amps; leave this trip out",
        )
    if len(trip.time_s) < DURATION_MIN_S:
        raise InputError(
            f"{trip.name}: shorter than {DURATION_MIN_S:g} s", hint="leave this trip out"
        )
    return open_case(trip, model_climate=model_climate)


def open_case(trip: MeasuredTrip, *, model_climate: bool) -> Case:
    """Cut a trip, whether its energy was measured (else it counts as zero) or not."""
    read = len(trip.notes)
    trip = mended(trip)
    places = cut([0.5 * (a + b) for a, b in pairwise(trip.speed_mps)])
    mean_w = [0.5 * (a + b) for a, b in pairwise(trip.power_w or [0.0] * len(trip.time_s))]
    climate_w = trip.climate_w
    apart = climate_w if model_climate else None
    heard_w = climate_w[1:] if climate_w else [0.0] * len(places)
    return Case(
        trip=trip,
        places=places,
        measured=_vector(mean_w, apart[1:] if apart else None, places),
        lengths_m=sums([0.5 * (a + b) for a, b in pairwise(trip.speed_mps)], places)[:-1],
        standing_s=float(places.count(-1)),
        claimed_s=[*sums([1.0 if w > 0.0 else 0.0 for w in heard_w], places), 0.0, 0.0],
        notes_read=read,
        climate=climate_w is not None,
    )


def _vector(
    power_w: Sequence[float], climate_w: Sequence[float] | None, places: Sequence[int]
) -> list[float]:
    """Energies [Wh]; with climate given, it is taken out of the stretches and stands apart."""
    if climate_w is None:
        parts = [*sums(power_w, places), 0.0, 0.0]
    else:
        rest = [w - c for w, c in zip(power_w, climate_w, strict=True)]
        parts = [*sums(rest, places), sum(climate_w[:WARM_UP_S]), sum(climate_w[WARM_UP_S:])]
    return [part / SECONDS_PER_HOUR for part in parts]


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """What is given to every replay."""

    params: Params
    """Of the car file."""
    model_climate: bool
    target_degc: float
    count: Count
    """Called after each replay."""


class Predicted(NamedTuple):
    """What the model says of a case with each parameter at some share, and how it drove it."""

    energies_wh: list[float]
    """In the order of `Case.measured`."""
    seconds: list[Driven]
    climate_w: list[float]


def predicted(how: How, case: Case, shares: Shares) -> Predicted:
    """What the model says of `case.measured` with each parameter at that share."""
    trip = rescaled(case.trip, shares.get(HEATING, 1.0))
    params = set_shares(how.params, {name: x for name, x in shares.items() if name != HEATING})
    seconds: list[Driven] = []
    driven = replay(
        params,
        trip,
        model_climate=how.model_climate,
        target_degc=how.target_degc,
        seconds=seconds,
    )
    how.count()
    apart = driven.climate_w if how.model_climate and case.climate else None
    return Predicted(_vector(driven.power_w, apart, case.places), seconds, driven.climate_w)


def sensitivities(how: How, case: Case, shares: Shares, now: Predicted) -> dict[str, list[float]]:
    """Change of each prediction per share, by parameter.

    By finite differences: of road and motors alone where nothing else is touched, of the whole car
    for the cabin's heat loss. Loads add to what the motors take, so theirs need no drive.
    """
    named = {name: x for name, x in shares.items() if name != HEATING}
    by_second = traction_slopes(how.params, named, now.seconds)
    share = shares.get(AUXILIARY, 1.0)
    by_second[AUXILIARY] = [second.held.auxiliary_w / share for second in now.seconds]
    names = fitted_names(how, case)
    if HEATING in names:
        by_second[HEATING] = [w / shares.get(HEATING, 1.0) for w in now.climate_w]
    found = {name: _vector(moved_w, None, case.places) for name, moved_w in by_second.items()}
    if HEAT_LOSS in names:
        found[HEAT_LOSS] = _heat_loss_slopes(how, case, shares, now)
    return {name: found[name] for name in names}


def _heat_loss_slopes(how: How, case: Case, shares: Shares, now: Predicted) -> list[float]:
    step = step_of(HEAT_LOSS)
    moved = {**shares, HEAT_LOSS: shares.get(HEAT_LOSS, 1.0) + step}
    there = predicted(how, case, moved)
    return [(b - a) / step for a, b in zip(now.energies_wh, there.energies_wh, strict=True)]


def fitted_names(how: How, case: Case) -> list[str]:
    """The parameters that this trip's energy may depend on."""
    modelled = how.model_climate or not case.climate
    left_out = HEATING if modelled else HEAT_LOSS
    return [name for name in ENERGY_NAMES if name != left_out]


def sizes_of(case: Case, at_file: Sequence[float]) -> list[float]:
    """What the relative noise of each energy refers to [Wh], from predictions at the car file.

    A stretch weighs by its length in its trip, whether it climbed or fell: a size taken from what
    was measured would make cheap stretches count for more than dear ones.
    """
    count = len(case.lengths_m)
    driven = sum(max(energy, 0.0) for energy in at_file[:count])
    length_m = sum(case.lengths_m) or 1.0
    stretches = [driven * length / length_m for length in case.lengths_m]
    return stretches + [abs(energy) for energy in at_file[count:]]


def energy_rows(
    how: How,
    case: Case,
    now: Sequence[float],
    slopes: Mapping[str, Sequence[float]],
    sizes: Sequence[float],
) -> list[Row]:
    """A row for each stretch, for standing, and for the climate where it is modelled."""
    count = len(case.lengths_m)
    kinds = [DRIVING] * count + [STANDING, CLIMATE, CLIMATE]
    # A climate nobody measured is the least certain part of a trip that holds it.
    unknown = not case.climate
    rows = []
    for k, kind in enumerate(kinds):
        if kind == CLIMATE and not (how.model_climate and case.climate):
            continue
        if kind == STANDING and (case.standing_s < 1.0 or unknown):
            continue
        floor = {
            DRIVING: STRETCH_FLOOR_WH + (UNKNOWN_CLIMATE_SHARE * sizes[k] if unknown else 0.0),
            STANDING: STANDING_FLOOR_WH + STANDING_FLOOR_W * case.standing_s / SECONDS_PER_HOUR,
            CLIMATE: CLIMATE_FLOOR_WH,
        }[kind]
        if HEATING in slopes:
            channel_wh = channel_sd_wh(energy_wh=slopes[HEATING][k], claimed_s=case.claimed_s[k])
            floor = math.hypot(floor, channel_wh)
        moves = tuple(slopes[name][k] if name in slopes else 0.0 for name in NAMES)
        rows.append(Row(kind, case.measured[k], now[k], sizes[k], floor, moves))
    return rows


def battery_rows(how: How, case: Case, shares: Shares) -> list[Row]:
    """Coulombs against charge, and volts against amps, where they were logged."""
    trip = case.trip
    rows: list[Row] = []
    if trip.battery_a is None or trip.battery_v is None:
        return rows
    if trip.soc is not None and abs(trip.soc[0] - trip.soc[-1]) >= SOC_CHANGE_MIN:
        coulombs = -sum(0.5 * (a + b) for a, b in pairwise(trip.battery_a))
        rows.append(
            charge_row(
                coulombs=coulombs,
                soc_change=trip.soc[0] - trip.soc[-1],
                capacity_c=how.params.pack.capacity_c,
                share=shares.get(CAPACITY, 1.0),
            )
        )
    measured = slope_of(trip.battery_v[1:], [-a for a in trip.battery_a[1:]])
    if measured is None or trip.battery_degc is None:
        return rows
    params = set_shares(how.params, {name: x for name, x in shares.items() if name != HEATING})
    flows = follow(params, start_of(params, trip), moments_of(trip)).flows
    how.count()
    model = slope_of([f.battery_voltage_v for f in flows], [f.battery_current_a for f in flows])
    if model is not None and model.ohm > 0.0:
        rows.append(pulse_row(measured, model, share=shares.get(RESISTANCE, 1.0)))
    return rows
