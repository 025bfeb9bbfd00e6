"""A home over a horizon as a linear program: named blocks of columns and rows.

Powers in kW, energies in kWh, money per kWh. `docs/energy-planner.md` writes the blocks out.
"""

from dataclasses import dataclass
from typing import final

import numpy as np

from vettura.energy.plan_house import house_alone
from vettura.energy.plan_program import Builder, Flags, Floats, Ints, Program
from vettura.energy.plan_running import Running, full_w
from vettura.energy.problem import Array, Flexible, Problem, Storage
from vettura.units import W_PER_KW, WH_PER_KWH

EARLY_PER_KWH = 1e-6
"""At equal cost charge early: what a kWh of the last slot costs more than one of the first."""
SEVERE_PER_KWH = 10.0
"""At least: far above any tariff, for what must not be but may have to."""
LENT_FACTOR = 3.0
"""Of the severe price."""
PHASES = 3
TINY = 1e-9


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class StorageColumns:
    """Where one storage stands in the program."""

    charge: Ints
    discharge: Ints
    energy: Ints
    """Borders 1 to n."""
    balance: Ints
    """Rows."""
    drives: Ints
    """Slots in which it is driven; `short` are their columns."""
    short: Ints
    missed: Ints
    """One for each goal."""
    kept: Ints
    """What is paid for at the end, where that has an end; else empty."""
    stretch: Ints
    """(n,) Which stay at home a slot belongs to."""
    lent: Ints
    """One for each stay that may begin below the minimum: what lifts it there, at a price."""
    floor_slots: Ints
    """Slots at whose end it holds its minimum, since the house may take something in them."""
    share_slots: Ints
    """Slots for which it is decided how long its charger runs; `shares` are their columns."""
    shares: Ints


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where everything stands in the program."""

    imports: Ints
    exports: Ints
    sun: Ints
    balance: Ints
    over_slots: Ints
    over: Ints
    """What the load alone takes above the import limit."""
    dump_slots: Ints
    dump: Ints
    """What the sun alone exports above the export limit."""
    fuse_slots: Ints
    fuse: Ints
    """What the load alone takes above a phase's fuse."""
    fuse_rows: Ints
    peak: Ints
    peak_rows: Ints
    storages: tuple[StorageColumns, ...]
    flexibles: tuple[Ints, ...]
    unserved: Ints
    severe: float


def blocks_of(problem: Problem, *, early_per_kwh: float = EARLY_PER_KWH) -> tuple[Program, Layout]:
    """The program and its layout."""
    return _Blocks(problem, early_per_kwh).build()


def import_price(problem: Problem) -> Array:
    """(n,) What a kWh from the grid costs, its carbon's worth included."""
    price = problem.import_per_wh
    if problem.carbon_g_per_wh is not None and problem.carbon_per_g > 0.0:
        price = price + problem.carbon_g_per_wh * problem.carbon_per_g
    return price * WH_PER_KWH


def two_faced(problem: Problem) -> Flags:
    """(n,) Where export pays more than import costs: both at once would earn from nothing."""
    return np.greater(problem.export_per_wh * WH_PER_KWH, import_price(problem) + TINY)


def severe_price(problem: Problem) -> float:
    """What a kWh costs that must not be missed: above every goal and any tariff."""
    goals = [goal.per_wh for storage in problem.storages for goal in storage.goals]
    loads = [flexible.per_wh for flexible in problem.flexibles]
    promised = max([*goals, *loads], default=0.0) * WH_PER_KWH
    prices = max(np.abs(problem.import_per_wh).max(), np.abs(problem.export_per_wh).max())
    return max(SEVERE_PER_KWH, 2.0 * promised, 10.0 * float(prices) * WH_PER_KWH)


def _exporting(problem: Problem) -> Ints | None:
    """Slots in which something may leave the house; None where all that there is may."""
    if not any(s.discharge_w_max.any() and not s.exports for s in problem.storages):
        return None
    may = problem.sun_w > 0.0
    for storage in problem.storages:
        if storage.exports:
            may = may | (storage.discharge_w_max > 0.0)
    return _slots(may)


def late_share(drives: Ints, count: int) -> Floats:
    """What a trip that cannot be had costs: less the later, so it is missed with empty battery."""
    return 1.0 - 1e-3 * drives / count


def _none() -> Ints:
    return np.zeros(0, dtype=np.int32)


def _slots(mask: Flags) -> Ints:
    return np.flatnonzero(mask).astype(np.int32)


@final
class _Blocks:
    def __init__(self, problem: Problem, early_per_kwh: float) -> None:
        self.problem = problem
        self.count = problem.slots.count
        self.hours = problem.slot_hours()
        self.builder = Builder()
        self.early = early_per_kwh * np.arange(1, self.count + 1) / self.count
        self.load = problem.load_w / W_PER_KW
        self.sun_max = problem.sun_w / W_PER_KW
        self.imported = import_price(problem)
        self.exported = problem.export_per_wh * WH_PER_KWH
        self.severe = severe_price(problem)
        self.exporting = _exporting(problem)
        self.running = Running(self.builder, problem, self.imported)

    def build(self) -> tuple[Program, Layout]:
        self.balance = self.builder.rows(self.count, lower=self.load, upper=self.load)
        imports, over_slots, over = self._imports()
        exports, dump_slots, dump = self._exports()
        sun = self._sun()
        storages = tuple(self._storage(storage) for storage in self.problem.storages)
        self.running.sun_of_that_time(
            imports, [(s.charge, s.discharge, s.share_slots, s.shares) for s in storages]
        )
        flexibles, unserved = self._flexibles()
        self._no_export(exports, dump_slots, dump, sun, storages)
        self._sun_only(sun, storages)
        house_alone(
            self.builder,
            self.problem,
            load_kw=self.load,
            exports=exports,
            flexibles=flexibles,
            discharges=tuple(its.discharge for its in storages),
        )
        peak, peak_rows = self._peak(imports, over_slots, over)
        fuse_slots, fuse, fuse_rows = self._fuse(sun, storages, flexibles)
        layout = Layout(
            imports=imports,
            exports=exports,
            sun=sun,
            balance=self.balance,
            over_slots=over_slots,
            over=over,
            dump_slots=dump_slots,
            dump=dump,
            fuse_slots=fuse_slots,
            fuse=fuse,
            fuse_rows=fuse_rows,
            peak=peak,
            peak_rows=peak_rows,
            storages=storages,
            flexibles=flexibles,
            unserved=unserved,
            severe=self.severe,
        )
        return self.builder.program(), layout

    def _imports(self) -> tuple[Ints, Ints, Ints]:
        connection = self.problem.connection
        limit = connection.import_w_max / W_PER_KW
        if _is_even(self.problem):
            limit = min(limit, PHASES * connection.phase_w_max / W_PER_KW)
        every = sum((s.charge_w_max for s in self.problem.storages), np.zeros(self.count))
        flexible = sum(f.power_w_max for f in self.problem.flexibles)
        reach = 2.0 * (np.abs(self.load) + (every + flexible) / W_PER_KW) + 1.0
        upper = np.where(two_faced(self.problem), np.minimum(limit, reach), limit)
        cost = self.imported * self.hours
        imports = self.builder.columns(self.count, cost=cost, lower=0.0, upper=upper)
        self.builder.entries(self.balance, imports, 1.0)
        # All is imported and nothing is stored: a start from which the optimum is near.
        self.builder.start_with(imports, self.balance)
        beyond = self.load - limit
        if not self.problem.connection.curtails:
            beyond = beyond - self.sun_max
        slots = _slots(beyond > 0.0)
        over = self.builder.columns(
            len(slots),
            cost=(self.imported[slots] + self.severe) * self.hours[slots],
            lower=0.0,
            upper=beyond[slots],
        )
        self.builder.entries(self.balance[slots], over, 1.0)
        return imports, slots, over

    def _exports(self) -> tuple[Ints, Ints, Ints]:
        limit = self.problem.connection.export_w_max / W_PER_KW
        upper = np.full(self.count, limit)
        if self.exporting is not None:
            upper[np.setdiff1d(np.arange(self.count), self.exporting)] = 0.0
        cost = -self.exported * self.hours
        exports = self.builder.columns(self.count, cost=cost, lower=0.0, upper=upper)
        self.builder.entries(self.balance, exports, -1.0)
        beyond = self.sun_max - self.load - limit
        slots = _slots(beyond > 0.0) if not self.problem.connection.curtails else _none()
        dump = self.builder.columns(
            len(slots),
            cost=(self.severe - self.exported[slots]) * self.hours[slots],
            lower=0.0,
            upper=beyond[slots],
        )
        self.builder.entries(self.balance[slots], dump, -1.0)
        return exports, slots, dump

    def _sun(self) -> Ints:
        lower = 0.0 if self.problem.connection.curtails else self.sun_max
        sun = self.builder.columns(self.count, cost=0.0, lower=lower, upper=self.sun_max)
        self.builder.entries(self.balance, sun, 1.0)
        return sun

    def _storage(self, storage: Storage) -> StorageColumns:
        builder, hours, count = self.builder, self.hours, self.count
        charge = builder.columns(
            count, cost=self.early * hours, lower=0.0, upper=full_w(storage) / W_PER_KW
        )
        wear = storage.wear_per_wh * WH_PER_KWH / storage.discharge_efficiency
        discharge = builder.columns(
            count, cost=wear * hours, lower=0.0, upper=storage.discharge_w_max / W_PER_KW
        )
        builder.entries(self.balance, charge, -1.0)
        builder.entries(self.balance, discharge, 1.0)
        energy, kept = self._held(storage)
        used = storage.used_wh / WH_PER_KWH
        right = -used
        right[0] += storage.energy_wh / WH_PER_KWH
        balance = builder.rows(count, lower=right, upper=right)
        builder.entries(balance, energy, 1.0)
        builder.start_with(energy, balance)
        builder.entries(balance[1:], energy[:-1], -1.0)
        share_slots, shares = self.running.columns(storage, charge, balance)
        builder.entries(balance, discharge, hours / storage.discharge_efficiency)
        drives = _slots(used > 0.0)
        cost = 2.0 * self.severe * late_share(drives, count)
        short = builder.columns(len(drives), cost=cost, lower=0.0, upper=used[drives])
        builder.entries(balance[drives], short, -1.0)
        self._taper(storage, charge, energy)
        stretch, lent = self._lent(storage, balance)
        return StorageColumns(
            charge=charge,
            discharge=discharge,
            energy=energy,
            balance=balance,
            drives=drives,
            short=short,
            missed=self._goals(storage, energy),
            kept=kept,
            stretch=stretch,
            lent=lent,
            floor_slots=_slots(storage.discharge_w_max > 0.0),
            share_slots=share_slots,
            shares=shares,
        )

    def _held(self, storage: Storage) -> tuple[Ints, Ints]:
        """What it holds at borders 1 to n, and the part of the last that is worth something."""
        start = storage.energy_wh - np.cumsum(storage.used_wh)
        upper = np.maximum(storage.energy_max_wh, start) / WH_PER_KWH
        gives = storage.discharge_w_max > 0.0
        lower = np.where(gives, storage.energy_min_wh / WH_PER_KWH, 0.0)
        cost = np.zeros(self.count)
        worth = storage.value_per_wh * WH_PER_KWH
        is_all = storage.value_up_to_wh >= storage.energy_max_wh
        if is_all:
            cost[-1] = -worth
        energy = self.builder.columns(self.count, cost=cost, lower=lower, upper=upper)
        if is_all or worth == 0.0:
            return energy, _none()
        kept = self.builder.columns(
            1, cost=-worth, lower=0.0, upper=storage.value_up_to_wh / WH_PER_KWH
        )
        row = self.builder.rows(1, lower=-np.inf, upper=0.0)
        self.builder.entries(row, kept, 1.0)
        self.builder.entries(row, energy[-1:], -1.0)
        return energy, kept

    def _goals(self, storage: Storage, energy: Ints) -> Ints:
        goals = storage.goals
        wanted = np.array([goal.energy_wh for goal in goals]) / WH_PER_KWH
        missed = self.builder.columns(
            len(goals),
            cost=np.array([goal.per_wh for goal in goals]) * WH_PER_KWH,
            lower=0.0,
            upper=wanted,
        )
        rows = self.builder.rows(len(goals), lower=wanted, upper=np.inf)
        at = np.array([goal.at - 1 for goal in goals], dtype=np.int32)
        self.builder.entries(rows, energy[at], 1.0)
        self.builder.entries(rows, missed, 1.0)
        return missed

    def _taper(self, storage: Storage, charge: Ints, energy: Ints) -> None:
        most = storage.charge_w_max.max(initial=0.0)
        held = max(storage.energy_wh, storage.energy_max_wh)
        for intercept, slope in storage.taper:
            if intercept + slope * held >= most:
                continue
            # Who holds more than the cut allows for may stay so, and takes nothing.
            stays = max(storage.energy_wh, storage.energy_min_wh)
            limit = max(intercept, -slope * stays) / W_PER_KW
            slots = _slots(storage.charge_w_max > 0.0)
            upper = np.full(len(slots), limit)
            is_first = slots == 0
            upper[is_first] += slope * storage.energy_wh / W_PER_KW
            rows = self.builder.rows(len(slots), lower=-np.inf, upper=upper)
            self.builder.entries(rows, charge[slots], 1.0)
            later = slots[~is_first]
            self.builder.entries(rows[~is_first], energy[later - 1], -slope)

    def _lent(self, storage: Storage, balance: Ints) -> tuple[Ints, Ints]:
        """Driving may go below the minimum: then a stay begins with what is lent, and is decided.

        Dearer than all else, so that nothing is lent where the minimum can be held.
        """
        driven = storage.used_wh > 0.0
        begins = driven & ~np.concatenate([[False], driven[:-1]])
        stretch = np.cumsum(begins).astype(np.int32)
        if not storage.discharge_w_max.any() or _is_simple(storage):
            return stretch, _none()
        least = storage.energy_min_wh / WH_PER_KWH
        first = np.concatenate([[0], _slots(begins)]).astype(np.int32)
        upper = np.full(len(first), least)
        upper[0] = max(0.0, least - storage.energy_wh / WH_PER_KWH)
        price = LENT_FACTOR * self.severe
        lent = self.builder.columns(len(first), cost=price, lower=0.0, upper=upper)
        self.builder.entries(balance[first], lent, -1.0)
        return stretch, lent

    def _flexibles(self) -> tuple[tuple[Ints, ...], Ints]:
        flexibles = self.problem.flexibles
        wanted = np.array([flexible.energy_wh for flexible in flexibles]) / WH_PER_KWH
        unserved = self.builder.columns(
            len(flexibles),
            cost=np.array([flexible.per_wh for flexible in flexibles]) * WH_PER_KWH,
            lower=0.0,
            upper=wanted,
        )
        rows = self.builder.rows(len(flexibles), lower=wanted, upper=wanted)
        self.builder.entries(rows, unserved, 1.0)
        columns = []
        for row, flexible in zip(rows, flexibles, strict=True):
            columns.append(self._flexible(flexible, row))
        return tuple(columns), unserved

    def _flexible(self, flexible: Flexible, row: np.int32) -> Ints:
        window = slice(flexible.first, flexible.end)
        hours = self.hours[window]
        columns = self.builder.columns(
            len(hours),
            cost=self.early[window] * hours,
            lower=0.0,
            upper=flexible.power_w_max / W_PER_KW,
        )
        self.builder.entries(self.balance[window], columns, -1.0)
        self.builder.entries(np.full(len(hours), row, dtype=np.int32), columns, hours)
        return columns

    def _no_export(
        self,
        exports: Ints,
        dump_slots: Ints,
        dump: Ints,
        sun: Ints,
        storages: tuple[StorageColumns, ...],
    ) -> None:
        """Only the sun, and what may leave the house, is exported; `_exports` closes the rest."""
        slots = self.exporting
        if slots is None:
            return
        rows = self.builder.rows(len(slots), lower=-np.inf, upper=0.0)
        self.builder.entries(rows, exports[slots], 1.0)
        place = np.searchsorted(slots, dump_slots).astype(np.int32)
        self.builder.entries(rows[place], dump, 1.0)
        self.builder.entries(rows, sun[slots], -1.0)
        for storage, columns in zip(self.problem.storages, storages, strict=True):
            if storage.exports:
                self.builder.entries(rows, columns.discharge[slots], -1.0)

    def _sun_only(self, sun: Ints, storages: tuple[StorageColumns, ...]) -> None:
        both = zip(self.problem.storages, storages, strict=True)
        tied = [columns for storage, columns in both if not storage.charges_from_grid]
        if not tied:
            return
        rows = self.builder.rows(self.count, lower=-np.inf, upper=0.0)
        self.builder.entries(rows, sun, -1.0)
        for columns in tied:
            self.builder.entries(rows, columns.charge, 1.0)

    def _peak(self, imports: Ints, over_slots: Ints, over: Ints) -> tuple[Ints, Ints]:
        connection = self.problem.connection
        if connection.peak_per_w == 0.0:
            return _none(), _none()
        peak = self.builder.columns(
            1, cost=connection.peak_per_w * W_PER_KW, lower=0.0, upper=np.inf
        )
        so_far = connection.peak_so_far_w / W_PER_KW
        rows = self.builder.rows(self.count, lower=-np.inf, upper=so_far)
        self.builder.entries(rows, imports, 1.0)
        self.builder.entries(rows[over_slots], over, 1.0)
        self.builder.entries(rows, np.repeat(peak, self.count), -1.0)
        return peak, rows

    def _fuse(
        self, sun: Ints, storages: tuple[StorageColumns, ...], flexibles: tuple[Ints, ...]
    ) -> tuple[Ints, Ints, Ints]:
        """Each phase below its fuse; equal phases stand once."""
        limit = self.problem.connection.phase_w_max / W_PER_KW
        if not np.isfinite(limit) or _is_even(self.problem):
            return _none(), _none(), _none()
        house = house_share(self.problem)
        seen: set[tuple[float, ...]] = set()
        parts: list[tuple[Ints, Ints, Ints]] = []
        for phase in range(PHASES):
            share = self.problem.load_phase_share[phase]
            shares = (share, house[phase], *(s.phase_share[phase] for s in self.problem.storages))
            if shares in seen:
                continue
            seen.add(shares)
            rows = self.builder.rows(self.count, lower=-np.inf, upper=limit - share * self.load)
            self.builder.entries(rows, sun, -house[phase])
            for flexible, columns in zip(self.problem.flexibles, flexibles, strict=True):
                self.builder.entries(rows[flexible.first : flexible.end], columns, house[phase])
            for storage, its in zip(self.problem.storages, storages, strict=True):
                if storage.phase_share[phase]:
                    self.builder.entries(rows, its.charge, storage.phase_share[phase])
                    self.builder.entries(rows, its.discharge, -storage.phase_share[phase])
            parts.append(self._blown(rows, share * self.load - limit))
        slots, columns, rows = (np.concatenate(part) for part in zip(*parts, strict=True))
        return slots, columns, rows

    def _blown(self, rows: Ints, beyond: Floats) -> tuple[Ints, Ints, Ints]:
        slots = _slots(beyond > 0.0)
        fuse = self.builder.columns(
            len(slots),
            cost=self.severe * self.hours[slots],
            lower=0.0,
            upper=beyond[slots],
        )
        self.builder.entries(rows[slots], fuse, -1.0)
        return slots, fuse, rows


def house_share(problem: Problem) -> tuple[float, float, float]:
    """How sun and flexible loads spread: evenly over the phases that the house's load uses."""
    used = [share > 0.0 for share in problem.load_phase_share]
    count = max(1, sum(used))
    first, second, third = (float(is_used) / count for is_used in used)
    return first, second, third


def _is_even(problem: Problem) -> bool:
    shares = [problem.load_phase_share, *(s.phase_share for s in problem.storages)]
    return all(np.allclose(share, 1.0 / PHASES) for share in shares)


def _is_simple(storage: Storage) -> bool:
    """Whether its minimum is a plain bound: nothing but the house could go below it."""
    return (
        bool(storage.discharge_w_max.any())
        and storage.energy_wh >= storage.energy_min_wh
        and not storage.used_wh.any()
    )
