"""A picture of a replayed trip: predicted beside measured."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vettura.errors import EnvironmentFault
from vettura.units import KMH_PER_MPS, M_PER_KM, PERCENT, W_PER_KW, WH_PER_KWH

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PREDICTED, MEASURED, QUIET = "#0b7a75", "#d1495b", "#9aa5b1"
INK, SOFT_INK, GRID = "#1f2933", "#52606d", "#e4e7eb"
SECONDS_PER_MINUTE = 60.0
MARGINS = {"left": 0.085, "right": 0.915, "top": 0.925, "bottom": 0.05, "hspace": 0.2}
"""Fixed: a layout that is solved for differs in its last bits, and so would the file's bytes."""
HEIGHTS = [1.0, 1.4, 1.2, 1.0, 0.9]
CLOSE = 0.11
"""Share of an axis under which two labels at the end of their lines would touch."""
STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "axes.edgecolor": GRID,
    "axes.labelcolor": INK,
    "axes.grid": True,
    "grid.color": GRID,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "svg.hashsalt": "vettura",
    "svg.fonttype": "path",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaySeries:
    """What is drawn, one value a second; a series that was not measured is None."""

    title: str
    time_s: list[float]
    speed_mps: list[float]
    elevation_m: list[float] | None
    power_w: list[float]
    measured_power_w: list[float] | None
    energy_wh: list[float]
    measured_energy_wh: list[float] | None
    soc: list[float]
    measured_soc: list[float] | None
    climate_w: list[float]
    measured_climate_w: list[float] | None


def plot_replay(series: ReplaySeries, stem: Path) -> tuple[Path, Path]:
    """Write `stem`.svg and `stem`.png and return their paths.

    The same series give the same SVG to the byte. EnvironmentFault when matplotlib is absent or the
    folder cannot be written.
    """
    try:
        import matplotlib as mpl
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise EnvironmentFault(
            "plots need matplotlib", hint="pip install 'vettura[plots]', or leave plots out"
        ) from None
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(10.0, 11.0))
        FigureCanvasAgg(figure)
        _draw(figure, series)
        # A trip may have a dot in its name, which `with_suffix` would cut off.
        targets = (stem.with_name(f"{stem.name}.svg"), stem.with_name(f"{stem.name}.png"))
        try:
            stem.parent.mkdir(parents=True, exist_ok=True)
            figure.savefig(targets[0], metadata={"Date": None})
            figure.savefig(targets[1], dpi=120)
        except OSError as error:
            raise EnvironmentFault(f"cannot write {stem}.svg: {error.strerror}") from None
    return targets


def _draw(figure: Any, series: ReplaySeries) -> None:  # noqa: ANN401  loaded on demand
    axes = figure.subplots(5, 1, sharex=True, gridspec_kw={"height_ratios": HEIGHTS, **MARGINS})
    figure.suptitle(
        series.title, x=MARGINS["left"], y=0.975, ha="left", fontsize=15, fontweight="bold"
    )
    axes[0].set_title(_subtitle(series), loc="left", fontsize=9.5, color=SOFT_INK, pad=10)
    minutes = [t / SECONDS_PER_MINUTE for t in series.time_s]
    _speed(axes[0], minutes, series)
    _pair(axes[1], minutes, series.power_w, series.measured_power_w, W_PER_KW, "battery, kW")
    _pair(axes[2], minutes, series.energy_wh, series.measured_energy_wh, WH_PER_KWH, "energy, kWh")
    _pair(axes[3], minutes, series.soc, series.measured_soc, 1.0 / PERCENT, "charge, %")
    # Measured climate that was driven with, not predicted: one line, and its label says so.
    given = series.climate_w == series.measured_climate_w
    climate = "climate, kW\n(as measured)" if given else "climate, kW"
    _pair(axes[4], minutes, series.climate_w, series.measured_climate_w, W_PER_KW, climate)
    _end(axes[2], series.energy_wh, series.measured_energy_wh, WH_PER_KWH, "{:.2f} kWh")
    _end(axes[3], series.soc, series.measured_soc, 1.0 / PERCENT, "{:.1f} %")
    axes[4].set_xlabel("minutes")
    axes[4].set_xlim(minutes[0], minutes[-1])
    for axis in axes:
        for side in ("top", "right", "left"):
            axis.spines[side].set_visible(False)
        axis.tick_params(length=0)
        axis.yaxis.set_label_coords(-0.062, 0.5)
    axes[1].legend(loc="lower right", bbox_to_anchor=(1.0, 0.98), ncols=2, frameon=False)


def _subtitle(series: ReplaySeries) -> str:
    """Distance, time and both energies in a line."""
    metres = sum(series.speed_mps)
    text = f"{metres / M_PER_KM:.1f} km in {len(series.time_s) / SECONDS_PER_MINUTE:.0f} min"
    predicted_wh = series.energy_wh[-1]
    text += f"   ·   predicted {predicted_wh / WH_PER_KWH:.2f} kWh"
    measured = series.measured_energy_wh
    if not measured:
        return text
    text += f"   ·   measured {measured[-1] / WH_PER_KWH:.2f} kWh"
    error = predicted_wh / measured[-1] - 1.0 if measured[-1] > 0.0 else None
    return text if error is None else f"{text}   ·   {PERCENT * error:+.1f} %"


def _speed(axis: "Axes", minutes: list[float], series: ReplaySeries) -> None:
    axis.fill_between(minutes, [v * KMH_PER_MPS for v in series.speed_mps], color=GRID, lw=0)
    axis.plot(minutes, [v * KMH_PER_MPS for v in series.speed_mps], color=INK, lw=0.9)
    axis.set_ylabel("speed, km/h")
    axis.set_ylim(bottom=0)
    if series.elevation_m is not None:
        height = axis.twinx()
        height.plot(minutes, series.elevation_m, color=QUIET, lw=1.2)
        height.set_ylabel("elevation, m", color=QUIET)
        height.tick_params(length=0, colors=QUIET)
        height.grid(visible=False)
        for spine in height.spines.values():
            spine.set_visible(False)


def _pair(
    axis: "Axes",
    minutes: list[float],
    predicted: list[float],
    measured: list[float] | None,
    unit: float,
    label: str,
) -> None:
    """Measured below, predicted drawn over it."""
    for values, colour, name in (
        (measured, MEASURED, "measured"),
        (predicted, PREDICTED, "predicted"),
    ):
        if values is not None:
            axis.plot(
                minutes[: len(values)], [v / unit for v in values], color=colour, lw=1.1, label=name
            )
    axis.set_ylabel(label)


def _end(
    axis: "Axes", predicted: list[float], measured: list[float] | None, unit: float, form: str
) -> None:
    """Write the last value of each line beside its end, apart where they would touch."""
    ends = [(predicted[-1] / unit, PREDICTED)]
    if measured is not None:
        ends.append((measured[-1] / unit, MEASURED))
    ends.sort()
    low, high = axis.get_ylim()
    crowded = len(ends) == 2 and ends[1][0] - ends[0][0] < CLOSE * (high - low)
    for (value, colour), anchor in zip(ends, ("top", "bottom"), strict=False):
        axis.annotate(
            form.format(value),
            (1.0, value),
            xycoords=("axes fraction", "data"),
            xytext=(5, 0),
            textcoords="offset points",
            va=anchor if crowded else "center",
            color=colour,
            annotation_clip=False,
        )
