"""Whatever numbers come, there is a plan, or one line that refuses them."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.homes import draw_home
from vettura.energy.plan import Planner
from vettura.errors import InputError

FACTORS = [0.0, 1e-6, 1e-3, 1.0, 10.0, 1e3]


def made_odd(problem, chance):
    odd = lambda: float(chance.choice(FACTORS))  # noqa: E731
    wire = replace(
        problem.connection,
        import_w_max=odd() * 1e3,
        export_w_max=odd(),
        phase_w_max=float(chance.choice([np.inf, 0.0, 1e3])),
    )
    changes = [
        {"load_w": problem.load_w * odd()},
        {"sun_w": problem.sun_w * odd()},
        {"import_per_wh": problem.import_per_wh * float(chance.choice([0.0, -1.0, 10.0]))},
        {"connection": wire},
    ]
    if problem.storages:
        first = problem.storages[0]
        name = str(chance.choice(["energy_wh", "energy_min_wh", "value_per_wh", "wear_per_wh"]))
        changed = replace(
            first,
            used_wh=first.used_wh * odd(),
            taper=((odd(), -odd()),),
            **{name: getattr(first, name) * odd()},
        )
        changes.append({"storages": (changed, *problem.storages[1:])})
    return replace(problem, **changes[int(chance.integers(0, len(changes)))])


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 100_000))
def test_odd_numbers_are_planned_or_refused(seed):
    chance = np.random.default_rng(seed)
    problem, planner = draw_home(seed, count=16), Planner()
    for _ in range(3):
        problem = made_odd(problem, chance)
        try:
            answer = planner.plan(problem)
        except InputError:
            return
        assert np.isfinite(answer.objective)
        assert all(missed.name and missed.missing_wh > 0.0 for missed in answer.missed)
