"""`vettura energy rehearse`: a home's year of charging, by rule, by plan, and with foresight."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter
from msgspec.structs import replace

from vettura.cli.homes import home_path
from vettura.cli.output import note, print_json, print_table, progress
from vettura.errors import UsageError
from vettura.house import HomeFile, load_home
from vettura.units import PERCENT, W_PER_KW

if TYPE_CHECKING:
    from vettura.energy.year.table import Compared
    from vettura.house.energy_year import YearWanted

Flag = Annotated[bool, Parameter(negative="")]
MINUTE_S = 60
HEADINGS = {
    "strategy": "strategy",
    "bill": "bill",
    "saved_pct": "saved %",
    "of_bound_pct": "bound %",
    "below_evcc_pct": "< evcc %",
    "charged_kwh": "in",
    "given_kwh": "out",
    "own_sun_pct": "sun %",
    "missed_kwh": "miss",
    "short_days_pct": "short %",
}
LEGEND = (
    "bill: of the whole house, wear paid; saved: of what the car costs when plugged in; bound: of "
    "what perfect foresight saves; < evcc: bill below the rules as evcc has them; in, out: kWh "
    "into and out of the cars; sun: of the sun's energy kept; miss: kWh below the wished charge at "
    "departures; short: days on which it did not do for the way"
)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Chosen:
    """What to rehearse, and what to make of it."""

    year: int = 2024
    """Which year."""
    prices: Path | None = None
    """Day-ahead prices; the file of the home's tariff when left out."""
    slot: Literal[15, 60] = 60
    """Length of a slot [min]."""
    seed: int | None = None
    """Where drives, weather and forecast errors come from; the home file's when left out."""
    early_leavers: Flag = False
    """Let drivers leave earlier than they say, as measured at workplaces."""
    soc: float | None = None
    """Charge that all cars shall have before each departure [%]; 0 for as each drive asks."""
    days: int | None = None
    """Only so many days of the year."""
    gives_kw: float = 6.0
    """What a bidirectional wallbox takes back."""
    roof: Flag = False
    """Put the panels under the place's own weather instead of the country's sun of those hours."""
    plots: Path | None = None
    """A folder for pictures; it is made."""
    json: Flag = False
    """Print JSON objects, one a strategy."""


USUAL = Chosen()


def rehearse(home: Path | None = None, /, *, chosen: Chosen = USUAL) -> None:
    """Rehearse a year of charging and print what each strategy's bill comes to.

    All live through the same hours, drives and weather; each knows only what was known then. The
    last two lines are perfect foresight over all of it: no one can beat them.

    Parameters
    ----------
    home
        Home file with [energy]; the example with panels when left out.
    """
    wanted = _wanted(load_home(home_path(home, "sole.toml")), chosen)
    compared = _lived(wanted)
    rows = compared.rows()
    if chosen.json:
        print_json(rows)
    else:
        title = (
            f"{compared.days:.0f} days, {compared.departures} departures; "
            f"the house alone {compared.alone:,.0f} {compared.currency}"
        )
        print_table(title, HEADINGS, rows)
        for line in (LEGEND, *compared.notes):
            note(line)
    if chosen.plots is not None:
        _plot(compared, chosen.plots)


def _wanted(home: HomeFile, chosen: Chosen) -> "YearWanted":
    from vettura.house.energy_year import YearWanted

    if not 1990 <= chosen.year <= 2100:
        raise UsageError(f"--year {chosen.year}: must lie between 1990 and 2100")
    if chosen.days is not None and not 3 <= chosen.days <= 366:
        raise UsageError(f"--days {chosen.days}: must lie between 3 and 366")
    if chosen.soc is not None and not 0.0 <= chosen.soc <= PERCENT:
        raise UsageError(f"--soc {chosen.soc:g}: must lie between 0 and 100")
    if not 0.0 < chosen.gives_kw <= 22.0:
        raise UsageError(f"--gives-kw {chosen.gives_kw:g}: must be above 0 and at most 22")
    return YearWanted(
        home=_with_soc(home, chosen.soc),
        year=chosen.year,
        prices=chosen.prices,
        slot_s=chosen.slot * MINUTE_S,
        seed=chosen.seed,
        early_leavers=chosen.early_leavers,
        gives_w=chosen.gives_kw * W_PER_KW,
        days=chosen.days,
        roof_weather=chosen.roof,
    )


def _with_soc(home: HomeFile, percent: float | None) -> HomeFile:
    from vettura.energy.config import CarGoalConfig

    if percent is None or home.energy is None:
        return home
    soc = percent / PERCENT or None
    known = {goal.vin: goal for goal in home.energy.goals}
    goals = tuple(
        replace(known.get(car.vin, CarGoalConfig(vin=car.vin)), soc=soc) for car in home.cars
    )
    return replace(home, energy=replace(home.energy, goals=goals))


def _lived(wanted: "YearWanted") -> "Compared":
    from vettura.energy.year.bound import bound
    from vettura.energy.year.live import live
    from vettura.energy.year.strategies import all_strategies
    from vettura.energy.year.table import compare
    from vettura.house.energy_year import home_year

    year = home_year(wanted)
    world = year.world
    days = -(-world.slots.count * world.slots.slot_s // 86_400)
    with progress("days rehearsed", days) as advance:
        ledgers = live(world, year.foresight, all_strategies(), on_day=advance)
    ledgers += [bound(world, gives=gives) for gives in (False, True)]
    config = wanted.home.energy
    assert config is not None
    return compare(world, ledgers, currency=config.currency, notes=year.notes)


def _plot(compared: "Compared", folder: Path) -> None:
    from vettura.energy.year.plots import plot_year

    for path in plot_year(compared, folder):
        note(f"wrote {path}")
