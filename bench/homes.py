"""The full home, cold and warm, and many homes on two processes: `python bench/homes.py [--full]`.

A home: a car that drives away by day and gives to the house (V2H, with wear), its taper, a home
battery, sun, export, a goal before each departure; 192 slots of a quarter of an hour. Cold is a
plan from arrays with nothing kept; warm is the same home after new prices, and after new load, sun
and energy. `--full` plans 10,000 homes and says how long 200 plans of EMHASS take on two processes
(from the median of `bench/emhass.py`, run just before); without it, 200 homes. The last line is a
JSON object.
"""

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np

from vettura.energy.plan import Planner, plan
from vettura.energy.problem import Goal, Problem, Storage
from vettura.energy.slots import Slots

COUNT, SLOT_S = 192, 900
PER_DAY = 86_400 // SLOT_S
LEAVES, BACK = 8 * 4, 17 * 4
"""Slots of a day."""
PROCESSES = 2
START_NS = 1_709_251_200_000_000_000
SCRIPT = Path(__file__).parent / "emhass.py"
EMHASS_PLANS = 200
PRICE_PER_WH = 1e-3


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="10,000 homes, and EMHASS beside them")
    arguments = parser.parse_args()
    said: dict[str, float | str] = one_home(12)
    print(
        f"one home: cold {said['cold_ms']:.2f} ms, after new prices {said['prices_ms']:.2f} ms "
        f"({said['prices_share']:.2f}), after new load, sun and energy {said['state_ms']:.2f} ms "
        f"({said['state_share']:.2f})"
    )
    homes = 10_000 if arguments.full else 200
    emhass_ms = _emhass_ms() if arguments.full else None
    took_s, digest = many_homes(homes)
    said |= {"homes": homes, "homes_s": took_s, "hash": digest}
    print(f"{homes} homes on {PROCESSES} processes: {took_s:.1f} s, {homes / took_s:.0f} a second")
    if emhass_ms is not None:
        emhass_s = EMHASS_PLANS * emhass_ms / 1e3 / PROCESSES
        said |= {"emhass_s": emhass_s, "ratio": emhass_s / took_s}
        print(f"{EMHASS_PLANS} EMHASS plans on {PROCESSES} processes: {emhass_s:.1f} s")
    print(json.dumps(said))
    return 0


def one_home(repeats: int) -> dict[str, float | str]:
    """Medians [ms] of one plan."""
    cold, prices, state = [], [], []
    plan(draw(0))
    for seed in range(repeats):
        home, chance = draw(seed), np.random.default_rng(seed)
        cold.append(_timed(plan, home))
        planner = Planner()
        planner.plan(home)
        factor = 1.0 + 0.03 * chance.standard_normal(COUNT)
        home = replace(home, import_per_wh=home.import_per_wh * factor)
        prices.append(_timed(planner.plan, home))
        storages = tuple(replace(s, energy_wh=s.energy_wh * 1.01) for s in home.storages)
        factor = 1.0 + 0.05 * chance.standard_normal(COUNT)
        home = replace(
            home, load_w=home.load_w * factor, sun_w=home.sun_w * 1.05, storages=storages
        )
        state.append(_timed(planner.plan, home))
    cold_ms, prices_ms, state_ms = (statistics.median(part) for part in (cold, prices, state))
    return {
        "cold_ms": cold_ms,
        "prices_ms": prices_ms,
        "prices_share": prices_ms / cold_ms,
        "state_ms": state_ms,
        "state_share": state_ms / cold_ms,
    }


def many_homes(homes: int) -> tuple[float, str]:
    """Seconds to plan so many homes, all different, and a digest of what they cost."""
    chunks = [range(first, homes, PROCESSES * 4) for first in range(PROCESSES * 4)]
    with ProcessPoolExecutor(PROCESSES) as pool:
        list(pool.map(costs_of, [range(1)] * PROCESSES))
        began = time.perf_counter()
        costs = list(pool.map(costs_of, chunks))
        took_s = time.perf_counter() - began
    text = "\n".join(f"{cost:.4f}" for chunk in costs for cost in chunk)
    return took_s, hashlib.sha256(text.encode()).hexdigest()[:12]


def costs_of(seeds: range) -> list[float]:
    """What each home's plan costs."""
    planner = Planner()
    return [planner.plan(draw(seed)).objective for seed in seeds]


def draw(seed: int) -> Problem:
    """A full home."""
    chance = np.random.default_rng(seed)
    slot = np.arange(COUNT) % PER_DAY
    hour = slot * 24.0 / PER_DAY
    evening = np.exp(-(((hour - 19.0) / 2.5) ** 2))
    price = chance.uniform(0.2, 0.3) + 0.15 * evening + chance.normal(0.0, 0.02, COUNT)
    peak_w = chance.uniform(3_000.0, 9_000.0)
    return Problem(
        slots=Slots(start_ns=START_NS, slot_s=SLOT_S, count=COUNT),
        load_w=200.0
        + 1_500.0 * evening * chance.uniform(0.5, 1.5)
        + chance.uniform(0.0, 300.0, COUNT),
        sun_w=peak_w * np.maximum(0.0, np.sin((hour - 6.0) / 12.0 * np.pi)),
        import_per_wh=price * PRICE_PER_WH,
        export_per_wh=np.full(COUNT, 0.08 * PRICE_PER_WH),
        storages=(_car(chance, slot), _battery(chance)),
    )


def _car(chance: np.random.Generator, slot: np.ndarray) -> Storage:
    is_away = (slot >= LEAVES) & (slot < BACK)
    capacity = float(chance.uniform(40_000.0, 90_000.0))
    used = np.where((slot == LEAVES) | (slot == BACK - 1), chance.uniform(2_000.0, 8_000.0), 0.0)
    goals = tuple(
        Goal(name="out", at=day * PER_DAY + LEAVES, energy_wh=capacity * 0.7, per_wh=2e-3)
        for day in range(COUNT // PER_DAY)
    )
    return Storage(
        id="car",
        kind="car",
        capacity_wh=capacity,
        energy_wh=capacity * float(chance.uniform(0.3, 0.7)),
        energy_min_wh=capacity * 0.1,
        energy_max_wh=capacity * 0.95,
        charge_w_max=np.where(is_away, 0.0, 11_000.0),
        discharge_w_max=np.where(is_away, 0.0, 6_000.0),
        used_wh=used,
        charge_efficiency=0.92,
        discharge_efficiency=0.92,
        taper=((60_000.0, -60_000.0 / capacity),),
        wear_per_wh=0.05 * PRICE_PER_WH,
        goals=goals,
        value_per_wh=0.2 * PRICE_PER_WH,
        value_up_to_wh=capacity * 0.7,
    )


def _battery(chance: np.random.Generator) -> Storage:
    capacity = float(chance.uniform(5_000.0, 15_000.0))
    return Storage(
        id="battery",
        kind="battery",
        capacity_wh=capacity,
        energy_wh=capacity * 0.5,
        energy_min_wh=capacity * 0.1,
        energy_max_wh=capacity,
        charge_w_max=np.full(COUNT, 5_000.0),
        discharge_w_max=np.full(COUNT, 5_000.0),
        used_wh=np.zeros(COUNT),
        charge_efficiency=0.95,
        discharge_efficiency=0.95,
        wear_per_wh=0.03 * PRICE_PER_WH,
        value_per_wh=0.2 * PRICE_PER_WH,
    )


def _timed(make: Callable[[Problem], object], home: Problem) -> float:
    began = time.perf_counter()
    make(home)
    return (time.perf_counter() - began) * 1e3


def _emhass_ms() -> float | None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT)], capture_output=True, text=True, check=False, env=os.environ
    )
    if done.returncode:
        print(done.stdout.strip() or done.stderr[-500:])
        return None
    rows = json.loads(done.stdout.splitlines()[-1])
    return next(float(row["emhass_ms"]) for row in rows if row["slots"] == COUNT)


if __name__ == "__main__":
    sys.exit(main())
