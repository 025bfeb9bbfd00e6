"""Pictures of a rehearsed year: where the bills part, and a week of it hour by hour."""

from pathlib import Path
from typing import Any

import numpy as np

from vettura.energy.year.ledger import Ledger
from vettura.energy.year.strategies import BOUND, EVCC, GIVES, PLANNER, PLUGGED, TITLES
from vettura.energy.year.table import Compared
from vettura.errors import EnvironmentFault
from vettura.units import W_PER_KW, WH_PER_KWH

INK, SOFT_INK, GRID = "#1f2933", "#52606d", "#e4e7eb"
COLOURS = {
    PLUGGED: "#9aa5b1",
    "cheapest": "#b08d57",
    EVCC: "#d1495b",
    PLANNER: "#0b7a75",
    GIVES: "#2b59c3",
    BOUND: "#1f2933",
    "bound_v2h": "#52606d",
}
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
WEEK_H = 168


def plot_year(compared: Compared, folder: Path) -> list[Path]:
    """Write the pictures as SVG and PNG; EnvironmentFault when matplotlib is absent."""
    try:
        import matplotlib as mpl
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise EnvironmentFault(
            "plots need matplotlib", hint="pip install 'vettura[plots]', or leave --plots out"
        ) from None
    written = []
    with mpl.rc_context(STYLE):
        for name, draw, size in (
            ("savings", _savings, (10.0, 5.0)),
            ("bars", _bars, (10.0, 4.2)),
            ("week", _week, (10.0, 7.5)),
        ):
            figure = Figure(figsize=size)
            FigureCanvasAgg(figure)
            draw(figure, compared)
            written += _saved(figure, folder, name)
    return written


def _saved(figure: Any, folder: Path, name: str) -> list[Path]:  # noqa: ANN401  loaded on demand
    targets = [folder / f"{name}.svg", folder / f"{name}.png"]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        figure.savefig(targets[0], metadata={"Date": None})
        figure.savefig(targets[1], dpi=120)
    except OSError as error:
        raise EnvironmentFault(f"cannot write {targets[0]}: {error.strerror}") from None
    return targets


def _titled(figure: Any, axis: Any, title: str, below: str) -> None:  # noqa: ANN401
    figure.suptitle(title, x=0.085, y=0.965, ha="left", fontsize=13, fontweight="bold")
    axis.set_title(below, loc="left", fontsize=9, color=SOFT_INK, pad=8)


def _plain(axis: Any) -> None:  # noqa: ANN401
    for side in ("top", "right", "left"):
        axis.spines[side].set_visible(False)
    axis.tick_params(length=0)


def _savings(figure: Any, compared: Compared) -> None:  # noqa: ANN401
    """What each has saved against plugging in, as the year goes on."""
    axis = figure.add_axes((0.085, 0.11, 0.70, 0.74))
    plugged = next(one for one in compared.outcomes if one.name == PLUGGED)
    days = np.linspace(0.0, compared.days, len(plugged.monthly) + 1)
    for one in compared.outcomes:
        if one.name == PLUGGED:
            continue
        saved = [0.0, *(p - m for p, m in zip(plugged.monthly, one.monthly, strict=True))]
        style = "--" if one.name.startswith(BOUND) else "-"
        axis.plot(days, saved, style, color=COLOURS[one.name], lw=1.3, label=TITLES[one.name])
    axis.set_xlim(0.0, compared.days)
    axis.set_xlabel("days")
    axis.set_ylabel(f"saved, {compared.currency}")
    axis.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, fontsize=8)
    _titled(
        figure,
        axis,
        "Saved against plugging in",
        "paid and earned at the meter; wear and what is left in the cells stand in the table",
    )
    _plain(axis)


def _bars(figure: Any, compared: Compared) -> None:  # noqa: ANN401
    axis = figure.add_axes((0.22, 0.12, 0.70, 0.70))
    outcomes = compared.outcomes[::-1]
    bills = [one.bill for one in outcomes]
    names = [TITLES[one.name] for one in outcomes]
    axis.barh(names, bills, color=[COLOURS[one.name] for one in outcomes], height=0.62)
    for row, bill in enumerate(bills):
        axis.annotate(f"{bill:,.0f}", (bill, row), xytext=(4, 0), textcoords="offset points",
                      va="center", fontsize=9)  # fmt: skip
    axis.axvline(compared.alone, color=SOFT_INK, lw=0.8, ls=":")
    axis.set_xlabel(f"the whole house's bill, {compared.currency}; dotted: without a car")
    axis.grid(visible=False, axis="y")
    _titled(figure, axis, f"{compared.days:.0f} days of charging", "wear included")
    _plain(axis)


def _week(figure: Any, compared: Compared) -> None:  # noqa: ANN401
    """The week in the middle: price, sun and load, and who charges when."""
    world = compared.ledgers[0].world
    slots = round(WEEK_H / world.slots.hours)
    first = max(world.slots.count // 2 - slots // 2, 0)
    part = slice(first, min(first + slots, world.slots.count))
    days = np.arange(part.stop - part.start) * world.slots.hours / 24.0
    axes = figure.subplots(5, 1, sharex=True)
    figure.subplots_adjust(left=0.085, right=0.97, top=0.88, bottom=0.07, hspace=0.28)
    axes[0].step(days, WH_PER_KWH * world.import_per_wh[part], color=INK, lw=1.0, where="post")
    axes[0].set_ylabel("price /kWh")
    axes[1].fill_between(days, world.sun_w[part] / W_PER_KW, color="#f2c14e", lw=0, step="post")
    axes[1].step(days, world.load_w[part] / W_PER_KW, color=INK, lw=0.8, where="post")
    axes[1].set_ylabel("sun, load kW")
    shown = [x for x in compared.ledgers if x.name in {EVCC, PLANNER, GIVES}]
    for axis, ledger in zip(axes[2:], shown, strict=True):
        _flows(axis, days, ledger, part)
        axis.set_ylabel(f"{TITLES[ledger.name]}\nkW", fontsize=7.5)
    axes[4].set_xlabel("days")
    axes[4].set_xlim(0.0, days[-1])
    _titled(figure, axes[0], "A week in the middle of it", "bars up: into the car; down: out of it")
    for axis in axes:
        _plain(axis)


def _flows(axis: Any, days: Any, ledger: Ledger, part: slice) -> None:  # noqa: ANN401
    colour = COLOURS[ledger.name]
    flows = (ledger.charge_w[part] - ledger.give_w[part]) / W_PER_KW
    axis.fill_between(days, flows, color=colour, lw=0, step="post")
    axis.set_ylim(-7.0, 12.0)
