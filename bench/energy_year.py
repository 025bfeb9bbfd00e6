"""A rehearsed year for several homes, seeds and slot lengths: what each strategy's bill comes to.

python bench/energy_year.py --prices ../shared/data/day_ahead_de/prices_2024.csv
Prints a line for each run as JSON, and a table; `docs/energy-year.md` has one.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from vettura.energy.config import BatteryConfig, EnergyConfig
from vettura.energy.year.bound import bound
from vettura.energy.year.live import live
from vettura.energy.year.strategies import GIVES, PLANNER, all_strategies
from vettura.energy.year.table import Compared, compare
from vettura.house import HomeFile, load_home
from vettura.house.energy_year import YearWanted, home_year

ROOT = Path(__file__).parent.parent
PRICES = ROOT.parent / "shared" / "data" / "day_ahead_de" / "prices_2024.csv"


def with_energy(home: HomeFile, change: Callable[[EnergyConfig], EnergyConfig]) -> HomeFile:
    """The home with another `[energy]`."""
    assert home.energy is not None
    return replace(home, energy=change(home.energy))


def with_soc(home: HomeFile, soc: float | None) -> HomeFile:
    """The home whose cars shall have that charge before each departure."""
    return with_energy(
        home, lambda e: replace(e, goals=tuple(replace(g, soc=soc) for g in e.goals))
    )


def homes() -> dict[str, HomeFile]:
    """What is rehearsed, by name."""
    sole = load_home(ROOT / "examples" / "sole.toml")
    small = replace(sole, cars=[replace(sole.cars[0], model="vw-id4-pro")])
    leaf = replace(sole, cars=[replace(sole.cars[0], model="nissan-leaf-62kwh")])
    battery = BatteryConfig(capacity_wh=10_000.0)
    return {
        "80 %, 8 kWp": sole,
        "65 %, 8 kWp": with_soc(sole, 0.65),
        "as drives ask, 8 kWp": with_soc(sole, None),
        "80 %, no sun": with_energy(sole, lambda e: replace(e, panels=())),
        "65 %, no sun": with_energy(with_soc(sole, 0.65), lambda e: replace(e, panels=())),
        "80 %, 8 kWp, battery": with_energy(sole, lambda e: replace(e, battery=battery)),
        "80 %, 8 kWp, ID.4": small,
        "80 %, 8 kWp, Leaf": leaf,
    }


def rehearsed(wanted: YearWanted) -> Compared:
    """One home's year."""
    year = home_year(wanted)
    ledgers = live(year.world, year.foresight, all_strategies())
    ledgers += [bound(year.world, gives=gives) for gives in (False, True)]
    return compare(year.world, ledgers, currency="EUR", notes=year.notes)


def line(name: str, wanted: YearWanted) -> dict[str, object]:
    """What one run comes to."""
    begin = time.perf_counter()
    found = rehearsed(wanted)
    bills = {one.name: round(one.bill, 1) for one in found.outcomes}
    worst = max(o.short_days / o.days for o in found.outcomes if o.name in {PLANNER, GIVES})
    return {
        "home": name,
        "seed": wanted.seed,
        "slot_min": wanted.slot_s // 60,
        "early": wanted.early_leavers,
        "bills": bills,
        "alone": round(found.alone, 1),
        "of_bound": round(100.0 * found.of_bound(PLANNER), 1),
        "of_bound_v2h": round(100.0 * found.of_bound(GIVES), 1),
        "below_evcc": round(100.0 * found.below(PLANNER, "evcc"), 2),
        "below_evcc_v2h": round(100.0 * found.below(GIVES, "evcc"), 2),
        "allowed": round(100.0 * found.below("bound", "evcc"), 2),
        "allowed_v2h": round(100.0 * found.below("bound_v2h", "evcc"), 2),
        "missed_kwh": {o.name: round(o.missed_wh / 1000.0, 2) for o in found.outcomes},
        "short_pct": round(100.0 * worst, 2),
        "took_s": round(time.perf_counter() - begin, 1),
    }


def main() -> None:
    """Run what the arguments name."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prices", type=Path, default=PRICES)
    parser.add_argument("--year", type=int, default=2024)
    parser.add_argument("--seeds", type=int, nargs="+", default=[11, 12])
    parser.add_argument("--slots", type=int, nargs="+", default=[60], choices=[15, 60])
    parser.add_argument("--homes", nargs="+", default=list(homes()), choices=list(homes()))
    parser.add_argument("--days", type=int)
    parser.add_argument("--early", action="store_true")
    asked = parser.parse_args()
    chosen = {name: home for name, home in homes().items() if name in asked.homes}
    for name, home in chosen.items():
        for slot in asked.slots:
            for seed in asked.seeds:
                wanted = YearWanted(
                    home=home,
                    year=asked.year,
                    prices=asked.prices,
                    slot_s=60 * slot,
                    seed=seed,
                    days=asked.days,
                    early_leavers=asked.early,
                )
                print(json.dumps(line(name, wanted)), flush=True)


if __name__ == "__main__":
    main()
