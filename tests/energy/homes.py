"""Homes to plan for, drawn by a seed."""

from typing import Any

import numpy as np

from vettura.energy.problem import Connection, Flexible, Goal, Problem, Storage
from vettura.energy.slots import Slots

START_NS = 1_709_251_200_000_000_000
"""2024-03-01 00:00 UTC."""


def make_storage(count: int, **changes: Any) -> Storage:
    """A home battery of 10 kWh, half full, without losses, wear or value."""
    fields: dict[str, Any] = {
        "id": "battery",
        "kind": "battery",
        "capacity_wh": 10_000.0,
        "energy_wh": 5_000.0,
        "energy_min_wh": 0.0,
        "energy_max_wh": 10_000.0,
        "charge_w_max": np.full(count, 5_000.0),
        "discharge_w_max": np.full(count, 5_000.0),
        "used_wh": np.zeros(count),
        "charge_efficiency": 1.0,
        "discharge_efficiency": 1.0,
    }
    return Storage(**fields | changes)


def make_problem(count: int = 4, *, slot_s: int = 3600, **changes: Any) -> Problem:
    """A dark house that uses 500 W at 0.30 a kWh."""
    fields: dict[str, Any] = {
        "slots": Slots(start_ns=START_NS, slot_s=slot_s, count=count),
        "load_w": np.full(count, 500.0),
        "sun_w": np.zeros(count),
        "import_per_wh": np.full(count, 0.30e-3),
        "export_per_wh": np.full(count, 0.08e-3),
    }
    return Problem(**fields | changes)


def draw_home(seed: int, *, count: int = 24, slot_s: int = 3600) -> Problem:
    """Any home: cars, batteries, loads and limits of all kinds, some of them impossible."""
    chance = np.random.default_rng(seed)
    slots = Slots(start_ns=START_NS, slot_s=slot_s, count=count)
    hour = (np.arange(count) * slots.hours) % 24.0
    price = chance.uniform(0.1, 0.4) + 0.1 * np.sin(hour / 24.0 * 4.0 * np.pi)
    price += chance.normal(0.0, 0.02, count)
    sun = chance.uniform(0.0, 8_000.0) * np.maximum(0.0, np.sin((hour - 6.0) / 12.0 * np.pi))
    return Problem(
        slots=slots,
        load_w=chance.uniform(100.0, 3_000.0, count),
        sun_w=sun * chance.uniform(0.3, 1.0, count),
        import_per_wh=price * 1e-3,
        export_per_wh=np.minimum(price - 0.01, chance.uniform(0.0, 0.2)) * 1e-3,
        carbon_g_per_wh=chance.uniform(0.1, 0.6, count) if chance.random() < 0.3 else None,
        carbon_per_g=1e-4,
        storages=tuple(_storage(chance, f"s{i}", slots) for i in range(chance.integers(0, 4))),
        flexibles=tuple(_flexible(chance, f"f{i}", count) for i in range(chance.integers(0, 3))),
        connection=_connection(chance),
        load_phase_share=(1.0, 0.0, 0.0) if chance.random() < 0.2 else (0.5, 0.3, 0.2),
    )


def _connection(chance: np.random.Generator) -> Connection:
    def maybe(low: float, high: float) -> float:
        return float(chance.uniform(low, high)) if chance.random() < 0.5 else float("inf")

    return Connection(
        import_w_max=maybe(1_000.0, 15_000.0),
        export_w_max=maybe(0.0, 5_000.0),
        phase_w_max=maybe(800.0, 6_000.0),
        peak_per_w=1e-3 if chance.random() < 0.3 else 0.0,
        peak_so_far_w=float(chance.uniform(0.0, 3_000.0)),
        curtails=bool(chance.random() < 0.7),
    )


def _flexible(chance: np.random.Generator, name: str, count: int) -> Flexible:
    first = int(chance.integers(0, count - 1))
    return Flexible(
        id=name,
        energy_wh=float(chance.uniform(100.0, 6_000.0)),
        power_w_max=float(chance.uniform(300.0, 3_000.0)),
        first=first,
        end=int(chance.integers(first + 1, count + 1)),
    )


def _storage(chance: np.random.Generator, name: str, slots: Slots) -> Storage:
    count = slots.count
    capacity = float(chance.uniform(1_000.0, 80_000.0))
    charge = float(chance.uniform(500.0, 11_000.0))
    drives = chance.random() < 0.6
    away = np.zeros(count, dtype=bool)
    used = np.zeros(count)
    goals: tuple[Goal, ...] = ()
    if drives:
        leave = int(chance.integers(1, count - 2))
        back = int(chance.integers(leave + 1, count))
        away[leave:back] = True
        used[leave] = chance.uniform(0.0, 0.7) * capacity
        goals = (Goal(name=f"{name}: out", at=leave, energy_wh=capacity * 0.8, per_wh=2e-3),)
    gives = chance.random() < 0.6
    return make_storage(
        count,
        id=name,
        kind="car" if drives else "battery",
        capacity_wh=capacity,
        energy_wh=capacity * float(chance.uniform(0.1, 1.0)),
        energy_min_wh=capacity * 0.1,
        energy_max_wh=capacity * float(chance.uniform(0.8, 1.0)),
        charge_w_max=np.where(away, 0.0, charge),
        discharge_w_max=np.where(away, 0.0, charge * 0.6 * gives),
        used_wh=used,
        charge_efficiency=float(chance.uniform(0.85, 1.0)),
        discharge_efficiency=float(chance.uniform(0.85, 1.0)),
        taper=((charge * 4.0, -charge * 4.0 / capacity),) if chance.random() < 0.4 else (),
        wear_per_wh=float(chance.choice([0.0, 3e-5])),
        goals=goals,
        value_per_wh=float(chance.choice([0.0, 1e-4, 2e-4])),
        value_up_to_wh=float(chance.choice([np.inf, capacity * 0.5])),
        phase_share=(1.0, 0.0, 0.0) if chance.random() < 0.3 else (1 / 3, 1 / 3, 1 / 3),
        charges_from_grid=bool(chance.random() < 0.8),
        exports=bool(chance.random() < 0.3),
    )
