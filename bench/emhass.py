"""EMHASS and vettura on the same homes, in one process: `python bench/emhass.py [--small]`.

A home battery of 10 kWh that may not export, a car as 33 kWh within a night at up to 11 kW, sun,
a price with an evening peak; 48 slots of half an hour and 192 of a quarter. EMHASS is called as
its own code does (`Optimization.perform_optimization`, its default settings), ours from the same
arrays to a plan, with nothing kept from the plan before. `make peers` makes EMHASS's environment,
in which this script runs itself; without it it says so. The last line is a JSON object.
"""

import argparse
import importlib
import json
import logging
import os
import statistics
import sys
import time
import types
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
PEER = ROOT / ".peers" / "emhass" / "bin" / "python"
INSIDE = "--inside"
CAR_HOURS, CAR_W = 3, 11_000.0
BATTERY_WH, BATTERY_W = 10_000.0, 5_000.0
EFFICIENCY = 0.95
START_NS = 1_709_251_200_000_000_000
DEARER = 1e-6


class Home(NamedTuple):
    """One drawn home: the arrays that both sides get."""

    slots: int
    slot_s: int
    load_w: Any
    sun_w: Any
    import_per_kwh: Any
    export_per_kwh: Any
    first: int
    end: int


class Answer(NamedTuple):
    """What a side takes [s] and what its plan costs."""

    took_s: float
    cost: float


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="two seeds, for tests")
    parser.add_argument(INSIDE, action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if not arguments.inside:
        if not PEER.exists():
            print("no EMHASS here: `make peers` makes its environment")
            return 3
        environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
        os.execve(PEER, [str(PEER), *sys.argv, INSIDE], environment)
    sys.path.pop(0)  # this script has the name of the package
    _skip_services()
    seeds = range(2 if arguments.small else 5)
    rows = [_compare(count, slot_s, seeds) for count, slot_s in ((48, 1800), (192, 900))]
    for row in rows:
        print(
            f"{row['slots']:4} slots: EMHASS {row['emhass_ms']:7.1f} ms, "
            f"ours {row['ours_ms']:6.2f} ms, ratio {row['ratio']:5.1f}; "
            f"cost, ours over EMHASS: {row['cost_ratio_worst']:.6f} at worst, "
            f"{row['cost_ratio_best']:.6f} at best"
        )
    print(json.dumps(rows))
    return 1 if any(row["cost_ratio_worst"] > 1.0 + DEARER for row in rows) else 0


def _skip_services() -> None:
    """The planner is pure; EMHASS's environment lacks what the room's services need."""
    import vettura

    room = types.ModuleType("vettura.energy")
    room.__path__ = [str(Path(vettura.__file__).parent / "energy")]
    sys.modules["vettura.energy"] = room


def _compare(count: int, slot_s: int, seeds: range) -> dict[str, float]:
    theirs, ours = [], []
    for side in (_emhass, _ours):  # what is loaded once is nobody's time
        side(_draw(count, slot_s, 99))
    for seed in seeds:
        home = _draw(count, slot_s, seed)
        theirs.append(_emhass(home))
        ours.append(_ours(home))
    ratios = [our.cost / their.cost for our, their in zip(ours, theirs, strict=True)]
    emhass_s = statistics.median(answer.took_s for answer in theirs)
    ours_s = statistics.median(answer.took_s for answer in ours)
    return {
        "slots": count,
        "emhass_ms": emhass_s * 1e3,
        "ours_ms": ours_s * 1e3,
        "ratio": emhass_s / ours_s,
        "cost_ratio_worst": max(ratios),
        "cost_ratio_best": min(ratios),
    }


def _draw(count: int, slot_s: int, seed: int) -> Home:
    import numpy as np

    chance = np.random.default_rng(seed)
    hour = np.arange(count) * slot_s / 3600.0 % 24.0
    evening = np.exp(-(((hour - 19.0) / 2.5) ** 2))
    price = 0.25 + 0.15 * evening + 0.05 * np.cos((hour - 3.0) / 24.0 * 2.0 * np.pi)
    sun = 6_000.0 * np.maximum(0.0, np.sin((hour - 6.0) / 12.0 * np.pi)) * chance.uniform(0.4, 1.0)
    per_hour = 3600 // slot_s
    return Home(
        slots=count,
        slot_s=slot_s,
        load_w=300.0 + 1_200.0 * evening + chance.uniform(0.0, 300.0, count),
        sun_w=sun,
        import_per_kwh=price + chance.normal(0.0, 0.01, count),
        export_per_kwh=np.full(count, 0.08),
        first=10 * per_hour,
        end=22 * per_hour,
    )


def _ours(home: Home) -> Answer:
    import numpy as np

    plan = importlib.import_module("vettura.energy.plan").plan
    words = importlib.import_module("vettura.energy.problem")
    slots = importlib.import_module("vettura.energy.slots").Slots
    began = time.perf_counter()
    battery = words.Storage(
        id="battery",
        kind="battery",
        capacity_wh=BATTERY_WH,
        energy_wh=0.5 * BATTERY_WH,
        energy_min_wh=0.1 * BATTERY_WH,
        energy_max_wh=0.9 * BATTERY_WH,
        charge_w_max=np.full(home.slots, BATTERY_W),
        discharge_w_max=np.full(home.slots, BATTERY_W),
        used_wh=np.zeros(home.slots),
        charge_efficiency=EFFICIENCY,
        discharge_efficiency=EFFICIENCY,
        goals=(words.Goal(name="end", at=home.slots, energy_wh=0.5 * BATTERY_WH, per_wh=1e-2),),
    )
    car = words.Flexible(
        id="car",
        energy_wh=CAR_HOURS * CAR_W,
        power_w_max=CAR_W,
        first=home.first,
        end=home.end,
    )
    answer = plan(
        words.Problem(
            slots=slots(start_ns=START_NS, slot_s=home.slot_s, count=home.slots),
            load_w=home.load_w,
            sun_w=home.sun_w,
            import_per_wh=home.import_per_kwh / 1e3,
            export_per_wh=home.export_per_kwh / 1e3,
            storages=(battery,),
            flexibles=(car,),
            connection=words.Connection(import_w_max=25_000.0, export_w_max=25_000.0),
        )
    )
    took = time.perf_counter() - began
    if answer.missed:
        raise SystemExit(f"our plan misses {answer.missed}")
    return Answer(took_s=took, cost=_cost(home, answer.import_w - answer.export_w))


def _conf(home: Home, defaults: Path) -> dict[str, Any]:
    import pandas as pd

    return dict(json.loads(defaults.read_text("utf-8"))) | {
        "optimization_time_step": pd.Timedelta(seconds=home.slot_s),
        "time_zone": "UTC",
        "set_use_battery": True,
        "battery_nominal_energy_capacity": BATTERY_WH,
        "battery_charge_power_max": BATTERY_W,
        "battery_discharge_power_max": BATTERY_W,
        "battery_charge_efficiency": EFFICIENCY,
        "battery_discharge_efficiency": EFFICIENCY,
        "battery_minimum_state_of_charge": 0.1,
        "battery_maximum_state_of_charge": 0.9,
        "set_nodischarge_to_grid": True,
        "maximum_power_from_grid": 25_000,
        "maximum_power_to_grid": 25_000,
        "number_of_deferrable_loads": 1,
        "nominal_power_of_deferrable_loads": [CAR_W],
        "minimum_power_of_deferrable_loads": [0.0],
        "operating_hours_of_each_deferrable_load": [CAR_HOURS],
        "start_timesteps_of_each_deferrable_load": [home.first],
        "end_timesteps_of_each_deferrable_load": [home.end],
        "treat_deferrable_load_as_semi_cont": [False],
        "set_deferrable_load_single_constant": [False],
        "set_deferrable_startup_penalty": [0.0],
        "delta_forecast_daily": pd.Timedelta(hours=home.slots * home.slot_s / 3600),
    }


def _emhass(home: Home) -> Answer:
    import pandas as pd

    emhass = importlib.import_module("emhass.optimization")
    defaults = Path(str(emhass.__file__)).parent / "data" / "config_defaults.json"
    conf = _conf(home, defaults)
    index = pd.date_range("2024-03-01", periods=home.slots, freq=f"{home.slot_s}s", tz="UTC")
    data = pd.DataFrame(
        {
            "unit_load_cost": home.import_per_kwh,
            "unit_prod_price": home.export_per_kwh,
        },
        index=index,
    )
    log = logging.getLogger("emhass")
    log.setLevel(logging.ERROR)
    optimization = emhass.Optimization(
        conf, conf, conf, "unit_load_cost", "unit_prod_price", "profit", {}, log
    )
    began = time.perf_counter()  # what EMHASS keeps from plan to plan is not counted
    table = optimization.perform_optimization(
        data,
        home.sun_w,
        home.load_w,
        home.import_per_kwh,
        home.export_per_kwh,
        soc_init=0.5,
        soc_final=0.5,
        def_total_hours=[CAR_HOURS],
        def_start_timestep=[home.first],
        def_end_timestep=[home.end],
    )
    took = time.perf_counter() - began
    car_wh = float(table["P_deferrable0"].sum()) * home.slot_s / 3600.0
    if optimization.optim_status != "Optimal" or abs(car_wh - CAR_HOURS * CAR_W) > 10.0:
        raise SystemExit(f"EMHASS: {optimization.optim_status}, the car gets {car_wh:.0f} Wh")
    return Answer(took_s=took, cost=_cost(home, table["P_grid"].to_numpy()))


def _cost(home: Home, grid_w: Any) -> float:  # noqa: ANN401  an array of a library loaded late
    import numpy as np

    kwh = grid_w / 1e3 * home.slot_s / 3600.0
    paid = np.where(kwh > 0.0, kwh * home.import_per_kwh, kwh * home.export_per_kwh)
    return float(paid.sum())


if __name__ == "__main__":
    sys.exit(main())
