"""Requests to evcc's optimiser, drawn by a seed."""

import numpy as np

from vettura.energy.evcc import Battery, Grid, Request, Strategy, TimeSeries

CHARGING = [
    "none",
    "charge_before_export",
    "attenuate_demand_peaks",
    "attenuate_feedin_peaks",
    "attenuate_grid_peaks",
]


def draw_request(seed: int, *, steps: int = 12) -> Request:
    """Any request that evcc may send, with steps of several lengths."""
    chance = np.random.default_rng(seed)
    hours = np.where(np.arange(steps) == 0, chance.uniform(0.1, 1.0), 1.0)
    sun = chance.uniform(0.0, 6_000.0) * np.maximum(0.0, np.sin(np.arange(steps) / steps * 6.28))
    return Request(
        batteries=[_battery(chance, steps) for _ in range(chance.integers(1, 4))],
        time_series=TimeSeries(
            dt=(hours * 3600.0).tolist(),
            gt=(chance.uniform(100.0, 2_000.0, steps) * hours).tolist(),
            ft=(sun * hours).tolist(),
            p_N=chance.uniform(1.5e-4, 4e-4, steps).tolist(),
            p_E=chance.uniform(0.0, 1.4e-4, steps).tolist(),
        ),
        strategy=Strategy(
            charging_strategy=str(chance.choice(CHARGING)),  # type: ignore[arg-type]
            discharging_strategy="discharge_before_import" if chance.random() < 0.5 else "none",
        ),
        grid=Grid(
            p_max_imp=float(chance.uniform(1_000.0, 6_000.0)) if chance.random() < 0.3 else None,
            p_max_exp=float(chance.uniform(0.0, 3_000.0)) if chance.random() < 0.3 else None,
            prc_p_exc_imp=1e-4 if chance.random() < 0.3 else None,
        ),
        eta_c=0.9,
        eta_d=0.92,
    )


def _battery(chance: np.random.Generator, steps: int) -> Battery:
    most = float(chance.uniform(3_000.0, 40_000.0))
    power = float(chance.uniform(1_500.0, 11_000.0))
    is_car = bool(chance.random() < 0.5)
    goal, demand = np.zeros(steps), np.zeros(steps)
    goal[int(chance.integers(1, steps))] = most * chance.uniform(0.3, 1.0)
    demand[: int(chance.integers(1, steps))] = 1_380.0
    return Battery(
        s_min=0.0 if is_car else most * 0.1,
        s_max=most * 0.9,
        s_capacity=most,
        s_initial=float(chance.uniform(0.0, 0.9)) * most,
        c_min=1_380.0 if is_car else 0.0,
        c_max=power,
        d_max=0.0 if is_car else power,
        p_a=float(chance.uniform(1e-4, 3e-4)),
        charge_from_grid=bool(chance.random() < 0.7),
        discharge_to_grid=bool(chance.random() < 0.3),
        s_goal=goal.tolist() if is_car and chance.random() < 0.5 else None,
        p_demand=demand.tolist() if is_car and chance.random() < 0.2 else None,
        c_priority=int(chance.integers(0, 3)),
    )
