"""What a planner refuses: numbers that are none, arrays of the wrong length, limits that cross."""

import numpy as np

from vettura.energy.problem import Array, Flexible, Problem, Storage
from vettura.errors import InputError

SLOTS_MAX = 40_000
"""A leap year of quarters of an hour, and some."""
SHARES_OFF = 1e-3
MOST = 1e8
"""W, Wh: no house has more, and solvers lose the small beside it."""


def check(problem: Problem) -> None:
    """Raise `InputError` with one line that names what cannot be used, and where."""
    count = problem.slots.count
    if not 1 <= count <= SLOTS_MAX:
        raise InputError(f"slots: {count} of them; a plan takes 1 to {SLOTS_MAX}")
    _powers(problem, count)
    names = [storage.id for storage in problem.storages]
    if len(set(names)) < len(names):
        raise InputError(f"storages: two have the same id: {', '.join(sorted(names))}")
    for storage in problem.storages:
        _storage(storage, count)
    for flexible in problem.flexibles:
        _flexible(flexible, count)


def check_prices(problem: Problem) -> None:
    """Raise `InputError` where a price is none."""
    count = problem.slots.count
    _array("import_per_wh", problem.import_per_wh, count)
    _array("export_per_wh", problem.export_per_wh, count)
    if problem.carbon_g_per_wh is not None:
        _array("carbon_g_per_wh", problem.carbon_g_per_wh, count, at_least=0.0)
    _number("carbon_per_g", problem.carbon_per_g)


def _powers(problem: Problem, count: int) -> None:
    _array("hours", problem.slot_hours(), count, at_least=1e-4)
    _array("load_w", problem.load_w, count)
    _array("sun_w", problem.sun_w, count, at_least=0.0)
    check_prices(problem)
    _shares("load_phase_share", problem.load_phase_share)
    connection = problem.connection
    for name, value in (
        ("import_w_max", connection.import_w_max),
        ("export_w_max", connection.export_w_max),
        ("phase_w_max", connection.phase_w_max),
        ("peak_per_w", connection.peak_per_w),
        ("peak_so_far_w", connection.peak_so_far_w),
    ):
        if not value >= 0.0:
            raise InputError(f"{name}: {value}; it takes 0 or more")


def _storage(storage: Storage, count: int) -> None:
    where = f"storage {storage.id!r}"
    for name in ("charge_w_max", "discharge_w_max", "used_wh"):
        _array(f"{where}: {name}", getattr(storage, name), count, at_least=0.0)
    for name in ("capacity_wh", "energy_wh", "energy_min_wh", "energy_max_wh", "wear_per_wh"):
        _number(f"{where}: {name}", getattr(storage, name))
    for name in ("charge_loss_w", "charge_w_least"):
        _number(f"{where}: {name}", getattr(storage, name))
    if storage.charge_loss_w > storage.charge_gain * storage.charge_w_least:
        raise InputError(
            f"{where}: charge_loss_w is {storage.charge_loss_w}; what its least power "
            f"({storage.charge_w_least} W) brings is less than that"
        )
    for name in ("charge_efficiency", "discharge_efficiency"):
        if not 0.0 < getattr(storage, name) <= 1.0:
            raise InputError(
                f"{where}: {name} is {getattr(storage, name)}; it takes above 0 up to 1"
            )
    if not storage.energy_min_wh <= storage.energy_max_wh:
        raise InputError(f"{where}: energy_min_wh is above energy_max_wh")
    if not (np.isfinite(storage.value_per_wh) and storage.value_up_to_wh >= 0.0):
        raise InputError(f"{where}: the value of what it holds at the end is not a number")
    _shares(f"{where}: phase_share", storage.phase_share)
    for intercept, slope in storage.taper:
        if not (np.isfinite(intercept) and -np.inf < slope <= 0.0):
            raise InputError(f"{where}: a taper cut ({intercept}, {slope}); slopes are at most 0")
    for goal in storage.goals:
        if not 1 <= goal.at <= count:
            raise InputError(f"{where}: goal {goal.name!r} at border {goal.at} of 1 to {count}")
        _number(f"{where}: goal {goal.name!r}: energy_wh", goal.energy_wh)
        _number(f"{where}: goal {goal.name!r}: per_wh", goal.per_wh)


def _flexible(flexible: Flexible, count: int) -> None:
    where = f"flexible load {flexible.id!r}"
    if not 0 <= flexible.first < flexible.end <= count:
        raise InputError(
            f"{where}: slots {flexible.first} to {flexible.end} do not lie within 0 to {count}"
        )
    for name in ("energy_wh", "power_w_max", "per_wh"):
        _number(f"{where}: {name}", getattr(flexible, name))


def _shares(where: str, shares: tuple[float, float, float]) -> None:
    if not (all(share >= 0.0 for share in shares) and abs(sum(shares) - 1.0) < SHARES_OFF):
        raise InputError(f"{where}: {shares}; three shares of 0 or more make 1")


def _number(where: str, value: float) -> None:
    if not 0.0 <= value <= MOST:
        raise InputError(f"{where} is {value}; it takes a number, 0 to {MOST:g}")


def _array(where: str, values: Array, count: int, *, at_least: float = -np.inf) -> None:
    if values.shape != (count,):
        raise InputError(f"{where}: {values.shape} numbers for {count} slots")
    good = (np.abs(values) <= MOST) & (values >= at_least)
    if not good.all():
        slot = int(np.argmin(good))
        text = f"a number, {max(at_least, -MOST):g} to {MOST:g}"
        raise InputError(f"{where}: slot {slot} is {values[slot]}; it takes {text}")
