"""Pictures of a validation: predicted beside measured, as SVG, the same to the byte."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from vettura.errors import EnvironmentFault
from vettura.units import PERCENT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#0b7a75", "#d1495b", "#e8a33d", "#52606d", "#6c5ce7", "#9aa5b1")
INK, GRID = "#1f2933", "#e4e7eb"
STYLE: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.size": 9.0,
    "axes.edgecolor": GRID,
    "axes.labelcolor": INK,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "svg.hashsalt": "vettura",
    "svg.fonttype": "none",
}
"""Text stays text, which keeps the files small; the salt keeps their ids."""
MARGINS = {"left": 0.075, "right": 0.985, "top": 0.84, "bottom": 0.145, "wspace": 0.2}
"""Fixed: a layout that is solved for differs in its last bits."""
BIN = 0.02
"""Width of the bars of errors: two percent."""
BAND = 0.1
"""Dashed lines at ten percent above and below the truth."""


class Point(NamedTuple):
    """One test: what was measured, what was predicted, and its interval."""

    measured: float
    predicted: float
    low: float
    high: float


class Trace(NamedTuple):
    """Predicted and measured over something else."""

    name: str
    across: Sequence[float]
    measured: Sequence[float]
    predicted: Sequence[float]


def plot_comparison(
    path: Path, *, title: str, unit: str, groups: Mapping[str, Sequence[Point]]
) -> Path:
    """Write predicted against measured with intervals, and how often each error is met, by group.

    EnvironmentFault when matplotlib is absent or the folder cannot be written.
    """

    def draw(axes: "Sequence[Axes]") -> None:
        _scatter(axes[0], unit, groups)
        _errors(axes[1], groups)

    return _saved(path, title, 2, draw)


def plot_traces(path: Path, *, title: str, across: str, unit: str, traces: Sequence[Trace]) -> Path:
    """Write a small picture for each trace: measured below, predicted over it."""

    def draw(axes: "Sequence[Axes]") -> None:
        for axis, trace in zip(axes, traces, strict=True):
            axis.plot(trace.across, trace.measured, color=COLOURS[1], lw=1.4, label="measured")
            axis.plot(trace.across, trace.predicted, color=COLOURS[0], lw=1.1, label="predicted")
            axis.set_title(trace.name, loc="left", fontsize=9.0)
            axis.set_xlabel(across)
        axes[0].set_ylabel(unit)
        axes[-1].legend(frameon=False)

    return _saved(path, title, len(traces), draw)


def _scatter(axis: "Axes", unit: str, groups: Mapping[str, Sequence[Point]]) -> None:
    every = [point for points in groups.values() for point in points]
    top = 1.05 * max((max(p.measured, p.high) for p in every), default=1.0)
    bottom = 0.9 * min((min(p.measured, p.low) for p in every), default=0.0)
    for share in (-BAND, 0.0, BAND):
        dash = "--" if share else "-"
        ends = [bottom, top]
        axis.plot(ends, [(1.0 + share) * end for end in ends], color=COLOURS[5], lw=0.8, ls=dash)
    for colour, (name, points) in zip(COLOURS, groups.items(), strict=False):
        measured = [p.measured for p in points]
        lows, highs = [p.low for p in points], [p.high for p in points]
        axis.vlines(measured, lows, highs, color=colour, lw=0.6, alpha=0.5)
        predicted = [p.predicted for p in points]
        axis.plot(measured, predicted, "o", ms=3.2, mew=0.0, color=colour, label=name)
    axis.set_xlim(bottom, top)
    axis.set_ylim(bottom, top)
    axis.set_xlabel(f"measured, {unit}")
    axis.set_ylabel(f"predicted, {unit}")
    axis.legend(frameon=False, loc="upper left")


def _errors(axis: "Axes", groups: Mapping[str, Sequence[Point]]) -> None:
    errors = [[p.predicted / p.measured - 1.0 for p in points] for points in groups.values()]
    widest = max((abs(error) for group in errors for error in group), default=BAND)
    count = int(widest / BIN) + 1
    edges = [PERCENT * BIN * k for k in range(-count, count + 1)]
    axis.hist(
        [[PERCENT * error for error in group] for group in errors],
        bins=edges,
        stacked=True,
        color=list(COLOURS[: len(errors)]),
        label=list(groups),
    )
    axis.axvline(0.0, color=INK, lw=0.8)
    axis.set_xlabel("predicted over measured, %")
    axis.set_ylabel("tests")
    axis.legend(frameon=False)


def _saved(path: Path, title: str, count: int, draw: "Callable[[Sequence[Axes]], None]") -> Path:
    try:
        import matplotlib as mpl
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure
    except ImportError:
        raise EnvironmentFault(
            "plots need matplotlib", hint="pip install 'vettura[plots]', or --no-plot"
        ) from None
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.6, 3.9))
        FigureCanvasSVG(figure)
        axes = figure.subplots(1, count, squeeze=False, gridspec_kw=MARGINS)[0]
        figure.suptitle(title, x=MARGINS["left"], y=0.98, ha="left", fontsize=11)
        draw(list(axes))
        for axis in axes:
            for side in ("top", "right", "left"):
                axis.spines[side].set_visible(False)
            axis.tick_params(length=0)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            figure.savefig(path, metadata={"Date": None})
        except OSError as error:
            raise EnvironmentFault(f"cannot write {path}: {error.strerror}") from None
    return path
