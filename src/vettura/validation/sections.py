"""What the page of validation says of each kind of test: figures, the worst, and why."""

from collections.abc import Sequence

from vettura.car.plausible import CYCLE_OF
from vettura.units import PERCENT, W_PER_KW, WH_PER_KWH
from vettura.validation.cell import CellReport
from vettura.validation.certification import CertificationReport
from vettura.validation.charging import ChargingReport
from vettura.validation.groups import Group, group_trips
from vettura.validation.library import LibraryReport, LibraryRow
from vettura.validation.report import markdown_table, percent, span
from vettura.validation.summary import Summary
from vettura.validation.trips import TripScore, TripsReport

GROUP = {
    "name": "",
    "count": "tests",
    "mape": "mean absolute error",
    "mape_interval": "90 % interval",
    "median": "median",
    "p90": "nine in ten within",
    "bias": "bias",
    "bias_interval": "90 % interval",
    "held": "in the 80 % interval",
}


def figures(name: str, summary: Summary, held: float | None) -> dict[str, str]:
    """One line of figures, by the keys of GROUP."""
    return {
        "name": name,
        "count": str(summary.count),
        "mape": percent(summary.mape),
        "mape_interval": span(summary.mape_interval),
        "median": percent(summary.median),
        "p90": percent(summary.p90),
        "bias": percent(summary.bias, sign=True),
        "bias_interval": span(summary.bias_interval, sign=True),
        "held": percent(held, digits=0),
    }


def worst_of(summary: Summary) -> str:
    """The worst three, named."""
    return ", ".join(f"{name} {percent(error, sign=True)}" for name, error in summary.worst)


def certification_section(report: CertificationReport, pictures: Sequence[str]) -> str:
    """Figures of both cycles, the worst, and what was flagged and why."""
    groups = report.groups()
    parts = [markdown_table(GROUP, [figures(g.name, g.summary, g.held) for g in groups])]
    parts += [f"Worst of {g.name}: {worst_of(g.summary)}." for g in groups]
    flagged = [f"{row.name}: {row.flag}" for row in report.rows if row.flag]
    if flagged:
        parts.append(
            "Measured figures that their twins or physics speak against:\n\n" + _list(flagged)
        )
    return _joined(parts, pictures)


def cars_section(report: LibraryReport, pictures: Sequence[str]) -> str:
    """Every car over every cycle at the wall, with its interval and what was published."""
    columns = {"name": "car", "road_load": "road load"}
    columns |= {cycle: f"{cycle.upper()}, Wh/km" for cycle in CYCLE_OF.values()}
    cars = {row.car: {"name": row.name, "road_load": row.road_load} for row in report.rows}
    for row in report.rows:
        cars[row.car][row.cycle] = _beside(row)
    parts = [markdown_table(columns, list(cars.values()))]
    summary = report.summary()
    if summary is not None:
        line = figures("all that is published", summary, None)
        parts += [markdown_table(GROUP, [line]), f"Worst: {worst_of(summary)}."]
    return _joined(parts, pictures)


def _beside(row: LibraryRow) -> str:
    ours = f"{row.wh_per_km:.0f} ({row.low_wh_per_km:.0f} to {row.high_wh_per_km:.0f})"
    if row.published_wh_per_km is None:
        return ours
    return f"{ours}; published {row.published_wh_per_km:.0f}, {percent(row.error, sign=True)}"


def trips_section(report: TripsReport, car: str, pictures: Sequence[str]) -> str:
    """Figures by group, heating measured and modelled, every trip, and the stages."""
    groups = group_trips(report)
    given = [figures(group.name, group.given, group.held) for group in groups]
    modelled = [figures(group.name, group.modelled, group.held_modelled) for group in groups]
    how = (
        f"calibrated on {', '.join(report.calibrated_on)}, which are not judged"
        if report.calibrated_on
        else "from public figures alone"
    )
    parts = [f"Car `{car}`, {how}.", "Heating as measured:", markdown_table(GROUP, given)]
    parts += ["Heating modelled:", markdown_table(GROUP, modelled)]
    parts += _worst_trips(groups)
    parts.append("Stage by stage:\n\n" + _list(stage_lines(report)))
    doubtful = [f"{s.trip}: {why}" for s in report.scores if (why := doubt_about(s))]
    if doubtful:
        parts.append("Channels that contradict others:\n\n" + _list(doubtful))
    parts.append(markdown_table(TRIP, [_trip_row(score) for score in report.scores]))
    return _joined(parts, pictures)


def _worst_trips(groups: Sequence[Group]) -> list[str]:
    if not groups:
        return ["Nothing was measured that energy could be compared with."]
    whole = groups[0]
    modelled = f"Heating modelled: {worst_of(whole.modelled)}."
    return [f"Worst, heating as measured: {worst_of(whole.given)}. {modelled}"]


TRIP = {
    "trip": "trip",
    "ambient": "air, °C",
    "speed": "mean km/h",
    "measured": "measured kWh",
    "energy": "predicted",
    "error": "error",
    "modelled": "error, heating modelled",
    "soc": "end charge, points",
    "cause": "furthest stage",
}


def _trip_row(score: TripScore) -> dict[str, str]:
    points = score.soc_error
    return {
        "trip": score.trip + (" (calibrated on)" if score.calibrated_on else ""),
        "ambient": "–" if score.ambient_degc is None else f"{score.ambient_degc:.0f}",
        "speed": f"{score.mean_kmh:.0f}",
        "measured": "–" if score.measured_wh is None else f"{score.measured_wh / WH_PER_KWH:.2f}",
        "energy": f"{score.given.energy_wh / WH_PER_KWH:.2f}",
        "error": percent(score.error(), sign=True),
        "modelled": percent(score.error(modelled=True), sign=True),
        "soc": percent(points, sign=True).removesuffix(" %"),
        "cause": score.main_cause,
    }


def doubt_about(score: TripScore) -> str:
    """Why a trip's climate channel is doubted; empty when it is not."""
    if score.fault:
        return f"{score.fault}; its climate is modelled"
    if score.over_reads:
        return "by its own torque the motor took more than heating left it: the channel over-reads"
    return ""


def stage_lines(report: TripsReport) -> list[str]:
    """What each stage comes to, in words; nothing of what was not measured."""
    lines = []
    if report.power_r2 is not None and report.power_rmse_w is not None:
        lines.append(
            f"pack power second by second: R² {report.power_r2:.3f}, "
            f"root mean square error {report.power_rmse_w / W_PER_KW:.2f} kW"
        )
    for stage, name in (
        ("shaft", "(a) speed and slope to work at the motor's shaft"),
        ("electric", "(b) torque to pack power less climate"),
        ("climate", "(d) heat demand to climate energy"),
    ):
        sums = report.stage_sums(stage)
        if sums is not None:
            predicted, measured = sums
            lines.append(f"{name}: {percent(predicted / measured - 1.0, sign=True)} in all")
    if report.voltage_rmse_v is not None:
        lines.insert(-1, f"(c) current to voltage: {report.voltage_rmse_v:.2f} V root mean square")
    points = [abs(s.soc_error) for s in report.judged() if s.soc_error is not None]
    if points:
        within = sum(p <= 0.015 for p in points) / len(points)
        lines.append(
            f"charge at the end: {PERCENT * sum(points) / len(points):.2f} points in the mean, "
            f"{percent(within, digits=0)} of trips within 1.5 points"
        )
    return lines


def charging_section(report: ChargingReport, pictures: Sequence[str]) -> str:
    """Figures of all curves, the slowest and fastest, and what was left out."""
    summary = report.summary
    parts = []
    if summary is not None:
        parts.append(markdown_table(GROUP, [figures("10 to 80 %", summary, None)]))
        parts.append(f"Worst: {worst_of(summary)}.")
    colder = sum(row.colder_is_never_faster for row in report.rows)
    parts.append(f"A colder battery is never faster for {colder} of {len(report.rows)} curves.")
    printed = [
        f"{row.curve.car} ({row.curve.source}): {row.predicted_minutes:.1f} min, printed "
        f"{row.curve.printed_minutes:.1f} min, {percent(row.printed_error, sign=True)}"
        for row in report.rows
        if row.curve.printed_minutes is not None
    ]
    if printed:
        parts.append("Minutes that a source prints:\n\n" + _list(printed))
    if report.left_out:
        left_out = [f"{count}: {why}" for why, count in report.left_out.items()]
        parts.append("Curves left out:\n\n" + _list(left_out))
    return _joined(parts, pictures)


CELL = {
    "file": "file",
    "air": "air, °C",
    "pulses": "pulses",
    "resistance": "resistance, mean absolute error",
    "rmse": "voltage, root mean square",
    "bias": "bias",
}


def cell_section(report: CellReport, pictures: Sequence[str]) -> str:
    """Resistance and voltage of every file, and the worst of both."""
    rows = [
        {
            "file": row.file,
            "air": f"{row.ambient_degc:.0f}",
            "pulses": str(row.pulses),
            "resistance": percent(_share(row.resistance_error_pct)),
            "rmse": f"{row.voltage_rmse_mv:.1f} mV",
            "bias": f"{row.voltage_bias_mv:+.1f} mV".replace("-", "−"),
        }
        for row in report.rows
    ]
    worst = (
        f"Worst: resistance {percent(_share(report.worst_resistance_error_pct))}, "
        f"voltage {report.worst_voltage_rmse_mv:.1f} mV."
    )
    return _joined([markdown_table(CELL, rows), worst], pictures)


def _share(figure_pct: float | None) -> float | None:
    return None if figure_pct is None else figure_pct / PERCENT


def _list(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _joined(parts: Sequence[str], pictures: Sequence[str]) -> str:
    links = [
        f"![{picture.rsplit('/')[-1].removesuffix('.svg')}]({picture})" for picture in pictures
    ]
    return "\n\n".join([*parts, *links])
