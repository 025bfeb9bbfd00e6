"""Which pictures each kind of test gets, and what is in them."""

from pathlib import Path

from vettura.units import PERCENT, SECONDS_PER_HOUR, W_PER_KW, WH_PER_KWH
from vettura.validation.cell import CellReport
from vettura.validation.certification import CertificationReport
from vettura.validation.charging import ChargingReport, charging_params, session_power
from vettura.validation.groups import WINTER_DEGC
from vettura.validation.plots import Point, Trace, plot_comparison, plot_traces
from vettura.validation.trips import TripScore, TripsReport

SHOWN = ("Xiaomi SU7 Max", "tesla_model_3_lr_75", "bmw_i3_60ah", "porsche_taycan_71")
"""Curves that are drawn where they are there; else the first three."""
DRAWN, CELLS_DRAWN, POINTS = 3, 4, 500


def draw_certification(report: CertificationReport, folder: Path) -> list[Path]:
    """Predicted against measured of every test, by cycle."""
    groups: dict[str, list[Point]] = {}
    for row in report.rows:
        if (measured := row.measured_kwh_100km) is not None:
            ends = row.low_kwh_100km, row.high_kwh_100km
            points = groups.setdefault(row.cycle.upper(), [])
            points.append(Point(measured, row.predicted_kwh_100km, *ends))
    if not groups:
        return []
    title = "Energy at the wall on the dynamometer"
    path = folder / "certification.svg"
    return [plot_comparison(path, title=title, unit="kWh/100 km", groups=groups)]


def draw_trips(report: TripsReport, folder: Path) -> list[Path]:
    """Predicted against measured energy of every judged trip, heating measured and modelled."""
    if not report.judged():
        return []
    found = []
    for modelled, name, how in (
        (False, "trips.svg", "as measured"),
        (True, "trips-heating-modelled.svg", "modelled"),
    ):
        groups: dict[str, list[Point]] = {"summer": [], "winter": []}
        for score in report.judged():
            groups[_season(score)].append(_point(score, modelled=modelled))
        there = {season: points for season, points in groups.items() if points}
        title = f"Energy of measured trips, heating {how}"
        found.append(plot_comparison(folder / name, title=title, unit="kWh", groups=there))
    return found


def _season(score: TripScore) -> str:
    cold = score.ambient_degc is not None and score.ambient_degc < WINTER_DEGC
    return "winter" if cold else "summer"


def _point(score: TripScore, *, modelled: bool) -> Point:
    chosen = score.modelled if modelled else score.given
    energies = (score.measured_wh or 0.0, chosen.energy_wh, chosen.low_wh, chosen.high_wh)
    return Point(*(energy_wh / WH_PER_KWH for energy_wh in energies))


def draw_charging(report: ChargingReport, folder: Path) -> list[Path]:
    """Power over charge of some curves, by the model and as published."""
    by_name = {row.curve.car: row.curve for row in reversed(report.rows)}
    names = [name for name in SHOWN if name in by_name] or list(by_name)
    traces = []
    for curve in (by_name[name] for name in names[:DRAWN]):
        session = session_power(charging_params(curve), curve)
        traces.append(
            Trace(
                name=curve.car,
                across=[PERCENT * soc for soc, _ in session],
                measured=[curve.power_w(soc) / W_PER_KW for soc, _ in session],
                predicted=[watts / W_PER_KW for _, watts in session],
            )
        )
    if not traces:
        return []
    path = folder / "charging.svg"
    title = "Power while charging, published and by the model"
    return [plot_traces(path, title=title, across="charge, %", unit="kW", traces=traces)]


def draw_cell(report: CellReport, folder: Path) -> list[Path]:
    """Voltage over time of every file, measured and by the model, on few enough points to see."""
    traces = []
    for row in report.rows[:CELLS_DRAWN]:
        every = max(len(row.series.time_s) // POINTS, 1)
        traces.append(
            Trace(
                name=f"{row.ambient_degc:.0f} °C, {row.voltage_rmse_mv:.0f} mV",
                across=[t / SECONDS_PER_HOUR for t in row.series.time_s[::every]],
                measured=row.series.measured_v[::every],
                predicted=row.series.model_v[::every],
            )
        )
    if not traces:
        return []
    title = "Voltage of a Nissan Leaf's cell"
    return [plot_traces(folder / "cell.svg", title=title, across="h", unit="V", traces=traces)]
