"""Rows that `vettura validate` prints, in the units of people."""

from vettura.cli.output import Cell, Row
from vettura.units import PERCENT, W_PER_KW, WH_PER_KWH
from vettura.validation.cell import CellRow
from vettura.validation.certification import CertificationRow
from vettura.validation.charging import ChargingRow
from vettura.validation.library import LibraryRow
from vettura.validation.stages import Pair
from vettura.validation.summary import Summary, r_squared, root_mean_square
from vettura.validation.trips import Prediction, TripScore

CERTIFICATION = {
    "model": "model",
    "config": "set",
    "cycle": "cycle",
    "wall_kwh_100km": "kWh/100 km",
    "measured_kwh_100km": "real",
    "error_pct": "error %",
}
CARS = {
    "car": "car",
    "cycle": "cycle",
    "wh_per_km": "Wh/km",
    "low_wh_per_km": "from",
    "high_wh_per_km": "to",
    "published_wh_per_km": "real",
    "error_pct": "error %",
    "road_load": "road load",
}
TRIPS = {
    "trip": "trip",
    "ambient_degc": "°C",
    "energy_kwh": "kWh",
    "low_kwh": "from",
    "high_kwh": "to",
    "measured_kwh": "real",
    "error_pct": "error %",
    "heating_kwh": "climate",
    "measured_heating_kwh": "real",
    "end_soc_pct": "end %",
    "measured_end_soc_pct": "real",
}
CHARGING = {
    "car": "car",
    "net_kwh": "kWh",
    "minutes": "10-80 %, min",
    "curve_minutes": "curve",
    "error_pct": "error %",
    "minutes_at_0_degc": "at 0 °C",
}
CELL = {
    "file": "file",
    "ambient_degc": "°C",
    "pulses": "pulses",
    "resistance_error_pct": "resistance %",
    "voltage_rmse_mv": "rms mV",
    "voltage_bias_mv": "bias mV",
}
FIGURES = {
    "group": "",
    "count": "n",
    "mape": "|%|",
    "mape_span": "90 % CI",
    "median": "mid",
    "p90": "9/10",
    "bias": "bias",
    "bias_span": "90 % CI",
    "held": "held",
}


def table_row(row: Row) -> Row:
    """The row with a decimal less, for a table."""
    return {key: _short(cell) for key, cell in row.items()}


def _short(cell: Cell) -> Cell:
    return round(cell, 1 if abs(cell) >= 10.0 else 2) if isinstance(cell, float) else cell


def figures_row(group: str, summary: Summary, held: float | None) -> Row:
    """One line of statistics in percent: means of absolute errors and of errors with their 90 %
    bootstrap intervals, median and nine in ten, and how many fell in their intervals of 80 %."""
    return {
        "group": group,
        "count": summary.count,
        "mape": f"{PERCENT * summary.mape:.1f}",
        "mape_span": _span(summary.mape_interval, ""),
        "median": f"{PERCENT * summary.median:.1f}",
        "p90": f"{PERCENT * summary.p90:.1f}",
        "bias": f"{PERCENT * summary.bias:+.1f}",
        "bias_span": _span(summary.bias_interval, "+"),
        "held": "–" if held is None else f"{PERCENT * held:.0f} %",
    }


def _span(interval: tuple[float, float], sign: str) -> str:
    low, high = (f"{PERCENT * end:{sign}.1f}" for end in interval)
    return f"{low}..{high}"


def certification_row(row: CertificationRow) -> Row:
    """A dynamometer test; `wall_kwh_100km` is predicted."""
    return {
        "make": row.make,
        "model": row.model,
        "test_vehicle": row.test_vehicle,
        "config": row.config,
        "cycle": row.cycle,
        "wall_kwh_100km": round(row.predicted_kwh_100km, 3),
        "measured_kwh_100km": row.measured_kwh_100km,
        "error_pct": _percent(row.error),
        "low_kwh_100km": round(row.low_kwh_100km, 3),
        "high_kwh_100km": round(row.high_kwh_100km, 3),
        "flag": row.flag,
    }


def library_row(row: LibraryRow) -> Row:
    """One car over one cycle, at the wall."""
    return {
        "car": row.car,
        "cycle": row.cycle,
        "road_load": row.road_load,
        "wh_per_km": round(row.wh_per_km, 2),
        "low_wh_per_km": round(row.low_wh_per_km, 2),
        "high_wh_per_km": round(row.high_wh_per_km, 2),
        "published_wh_per_km": row.published_wh_per_km,
        "error_pct": None if row.error is None else round(PERCENT * row.error, 2),
    }


def trip_row(score: TripScore, *, modelled: bool) -> Row:
    """A measured trip; `heating_kwh` is what the model says of heater and compressor, always."""
    chosen = score.modelled if modelled else score.given
    stages = score.stages
    return {
        "trip": score.trip,
        "distance_km": round(score.distance_m / 1000.0, 2),
        "mean_kmh": round(score.mean_kmh, 1),
        "ambient_degc": None if score.ambient_degc is None else round(score.ambient_degc, 1),
        "climate": "measured" if _given(score) and not modelled else "modelled",
        "energy_kwh": _kwh(chosen.energy_wh),
        "low_kwh": _kwh(chosen.low_wh),
        "high_kwh": _kwh(chosen.high_wh),
        "measured_kwh": _kwh(score.measured_wh),
        "error_pct": _percent(score.error(modelled=modelled)),
        "error_climate_modelled_pct": _percent(score.error(modelled=True)),
        "held": _held(chosen, score.measured_wh),
        "heating_kwh": _kwh(score.modelled.climate_wh),
        "measured_heating_kwh": _kwh(score.measured_climate_wh),
        "end_soc_pct": round(PERCENT * chosen.end_soc, 2),
        "measured_end_soc_pct": _percent(score.measured_end_soc),
        "missed_s": chosen.missed_s,
        "power_r2": _rounded(_r2(stages.power), 3),
        "power_rmse_kw": _rounded(_rmse(stages.power), 3, W_PER_KW),
        "shaft_error_pct": _percent(stages.shaft.error if stages.shaft else None),
        "electric_error_pct": _percent(stages.electric.error if stages.electric else None),
        "voltage_rmse_v": _rounded(_rmse(stages.voltage), 2),
        "climate_error_pct": _percent(stages.climate.error if stages.climate else None),
        "climate_fault": score.fault,
        "climate_over_reads": score.over_reads,
        "calibrated_on": score.calibrated_on,
    }


def charging_row(row: ChargingRow) -> Row:
    """A published curve; `minutes` are the model's, warm."""
    at_0, at_10 = row.cold_minutes
    return {
        "car": row.curve.car,
        "source": row.curve.source,
        "net_kwh": round(row.curve.net_wh / WH_PER_KWH, 2),
        "minutes": round(row.predicted_minutes, 2),
        "curve_minutes": round(row.curve_minutes, 2),
        "error_pct": _percent(row.error),
        "printed_minutes": _rounded(row.curve.printed_minutes, 2),
        "printed_error_pct": _percent(row.printed_error),
        "minutes_at_10_degc": round(at_10, 2),
        "minutes_at_0_degc": round(at_0, 2),
        "colder_is_never_faster": row.colder_is_never_faster,
    }


def cell_row(row: CellRow) -> Row:
    """A file of a cell's measurements."""
    return {
        "file": row.file,
        "ambient_degc": row.ambient_degc,
        "pulses": row.pulses,
        "resistance_error_pct": _rounded(row.resistance_error_pct, 2),
        "voltage_rmse_mv": round(row.voltage_rmse_mv, 2),
        "voltage_bias_mv": round(row.voltage_bias_mv, 2),
    }


def _given(score: TripScore) -> bool:
    return score.measured_climate_wh is not None


def _held(prediction: Prediction, measured_wh: float | None) -> bool | None:
    return None if measured_wh is None else prediction.holds(measured_wh)


def _percent(share: float | None, digits: int = 2) -> float | None:
    return None if share is None else round(PERCENT * share, digits)


def _kwh(energy_wh: float | None) -> float | None:
    return None if energy_wh is None else round(energy_wh / WH_PER_KWH, 3)


def _rounded(value: float | None, digits: int, unit: float = 1.0) -> float | None:
    return None if value is None else round(value / unit, digits)


def _r2(pair: Pair | None) -> float | None:
    if pair is None:
        return None
    return r_squared(predicted=pair.predicted, measured=pair.measured)


def _rmse(pair: Pair | None) -> float | None:
    if pair is None:
        return None
    return root_mean_square(predicted=pair.predicted, measured=pair.measured)
