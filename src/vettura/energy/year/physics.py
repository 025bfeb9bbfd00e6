"""What really flows in a slot: a plan's intention against the actual sun and load. Pure.

As the dispatcher of a live house does it: what was meant to come from the grid is taken, what was
meant to come from the sun follows the actual surplus, and what is given follows the actual load.
Chargers lose, cells fill ever slower at their end, and nothing flows below six amperes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol, final

from vettura.energy.config import BatteryConfig
from vettura.energy.problem import Connection, Plan, Problem, Storage, StorageFlows

TINY_W = 1.0
PLANNED = "planner"
_PARTS = 4
"""A charge that nears the end of its curve is looked at so often in a slot."""


class Cells(Protocol):
    """A store as it is: a `CarStore`, or a home battery."""

    @property
    def charge_w_max(self) -> float:
        """At the wall [W]."""

    @property
    def charge_w_min(self) -> float:
        """The least at the wall [W]."""

    @property
    def discharge_w_max(self) -> float:
        """At the wall [W]."""

    @property
    def discharge_gain(self) -> float:
        """Wall over cells."""

    def into_cells_w(self, wall_w: float) -> float:
        """Power that reaches the cells [W]."""

    def wall_w(self, cells_w: float) -> float:
        """What the wall must give for that power to reach the cells [W]."""

    def limit_w(self, energy_wh: float) -> float:
        """What it takes at the wall when it holds that much [W]."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class HomeCells:
    """A home battery by its data sheet."""

    charge_w_max: float
    discharge_w_max: float
    gain: float
    discharge_gain: float
    charge_w_min: float = 0.0

    def into_cells_w(self, wall_w: float) -> float:
        """Power that reaches the cells [W]."""
        return self.gain * wall_w

    def wall_w(self, cells_w: float) -> float:
        """What the wall must give for that power to reach the cells [W]."""
        return cells_w / self.gain

    def limit_w(self, energy_wh: float) -> float:  # noqa: ARG002  as a car has it
        """The same at every charge [W]."""
        return self.charge_w_max


def home_cells(battery: BatteryConfig) -> HomeCells:
    """The cells of a configured home battery."""
    return HomeCells(
        charge_w_max=battery.charge_w_max,
        discharge_w_max=battery.discharge_w_max,
        gain=battery.charge_efficiency,
        discharge_gain=battery.discharge_efficiency,
    )


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What one storage shall do in a slot, whatever sun and load turn out to be."""

    firm_w: float = 0.0
    """Charged whatever the sun does."""
    sun_w: float = 0.0
    """Up to so much more, as far as there is surplus."""
    give_w: float = 0.0
    """Given as far as the house takes it."""
    export_w: float = 0.0
    """Given even if it leaves the house."""
    due_wh: float = 0.0
    """What the cells shall hold at the slot's end, where the charge is firm."""
    takes_rest: bool = False
    """Whether it is the one that follows what sun is left beyond what was planned."""
    gives_rest: bool = False
    """Whether it is the one that follows what load is left."""
    running_w: float = 0.0
    """Charged whatever the sun does, once there is enough of it for the charger to run evenly."""
    even_from_w: float = 0.0
    """Surplus from which it pays to run evenly, though a charger loses for as long as it runs."""
    least_from_w: float = float("inf")
    """Surplus from which the least current is worth it, though the grid gives a part of it."""
    floor_wh: float = 0.0
    full_wh: float = 0.0
    keeps_sun: bool = False
    """Whether what the sun leaves over is better in it than in the grid."""


NOTHING = Order()


@final
@dataclass(frozen=True, slots=True)
class Flow:
    """What one storage did: means over the slot at the wall [W], and its cells' change [Wh]."""

    charge_w: float
    discharge_w: float
    cells_wh: float
    worn_wh: float
    """Taken out of the cells by the house."""
    beside_w: float = 0.0
    """Surplus that flowed out while a charge that runs for minutes paused, bought back later."""


STILL = Flow(0.0, 0.0, 0.0, 0.0)


def orders_of(problem: Problem, plan: Plan, stores: Sequence[Cells]) -> list[Order]:
    """The plan's intention for its first slot.

    A charge is firm where a watt-hour in the battery is worth more than the grid asks, or where a
    goal stands at the slot's end; else what the plan took from the expected sun follows the sun.
    """
    surplus_w = max(float(problem.sun_w[0] - problem.load_w[0]), 0.0)
    taker, giver = _followers(problem, plan)
    orders = []
    for index, cells in enumerate(stores):
        storage, flows = problem.storages[index], plan.storages[index]
        from_sun_w = min(float(flows.charge_w[0]), surplus_w)
        surplus_w -= from_sun_w
        order = _order(
            problem, storage, flows, from_sun_w, takes=index == taker, gives=index == giver
        )
        worth = float(flows.worth_per_wh[0])
        least_w = _least_from_w(cells, worth, problem, is_planned=plan.origin == PLANNED)
        orders.append(
            replace(
                order,
                least_from_w=least_w,
                takes_rest=index == taker,
                gives_rest=index == giver,
            )
        )
    return orders


def _followers(problem: Problem, plan: Plan) -> tuple[int, int]:
    """Who follows the rest: where energy is worth most takes, where it is worth least gives."""
    into, out = [-1.0], [float("inf")]
    for storage, flows in zip(problem.storages, plan.storages, strict=True):
        worth, is_here = float(flows.worth_per_wh[0]), storage.charge_w_max[0] > 0.0
        into.append(worth * storage.charge_efficiency if is_here else -1.0)
        can_give = storage.discharge_w_max[0] > 0.0
        costs = (worth + storage.wear_per_wh) / storage.discharge_efficiency
        out.append(costs if can_give else float("inf"))
    return into.index(max(into)) - 1, out.index(min(out)) - 1


def _order(
    problem: Problem,
    storage: Storage,
    flows: StorageFlows,
    from_sun_w: float,
    *,
    takes: bool,
    gives: bool,
) -> Order:
    price, pays = float(problem.import_per_wh[0]), float(problem.export_per_wh[0])
    charge_w, worth = float(flows.charge_w[0]), float(flows.worth_per_wh[0])
    into = worth * storage.charge_efficiency
    is_goal = any(goal.at == 1 for goal in storage.goals) and storage.charge_w_max[0] > 0.0
    is_firm = charge_w > 0.0 and (is_goal or into >= price)
    # A charger that runs for the sun's sake loses no more when the grid adds something.
    knows_loss = flows.share_on is not None and from_sun_w > 0.0
    adds = knows_loss and not is_firm and worth * storage.charge_gain >= price
    firm_w = charge_w if is_firm else 0.0 if knows_loss else charge_w - from_sun_w
    sun_w = float(storage.charge_w_max[0]) if takes and into > pays else from_sun_w
    give_w, export_w = _given(storage, float(flows.discharge_w[0]), worth, price, follows=gives)
    return Order(
        firm_w=firm_w,
        running_w=charge_w if adds else 0.0,
        even_from_w=_even_from_w(storage, worth, price - pays) if knows_loss else 0.0,
        sun_w=sun_w,
        give_w=give_w if firm_w < TINY_W else 0.0,
        export_w=export_w,
        due_wh=float(flows.energy_wh[1]) if is_firm or adds else 0.0,
        # What a goal at the slot's end asks for is not given away, whatever the load.
        floor_wh=max(storage.energy_min_wh, float(flows.energy_wh[1]) if is_goal else 0.0),
        full_wh=storage.energy_max_wh,
        keeps_sun=into > pays,
    )


def _even_from_w(storage: Storage, worth: float, saved: float) -> float:
    """The surplus whose use is worth what the charger loses when it runs all the time."""
    lost = storage.charge_loss_w * max(worth, 0.0)
    return lost / saved if saved > 0.0 else float("inf")


def _least_from_w(cells: Cells, worth: float, problem: Problem, *, is_planned: bool) -> float:
    """The surplus that makes the least current pay: what the grid adds is dearer than the sun."""
    price, pays = float(problem.import_per_wh[0]), float(problem.export_per_wh[0])
    least_w = cells.charge_w_min
    if not is_planned or price <= pays or least_w <= 0.0:
        return float("inf")
    gained = worth * cells.into_cells_w(least_w)
    return max((least_w * price - gained) / (price - pays), TINY_W)


def _given(
    storage: Storage, planned_w: float, worth: float, price: float, *, follows: bool
) -> tuple[float, float]:
    """Up to what the house's load is followed, and what is exported beside."""
    most_w = float(storage.discharge_w_max[0])
    if most_w <= 0.0:
        return 0.0, 0.0
    costs = (worth + storage.wear_per_wh) / storage.discharge_efficiency
    export_w = planned_w if storage.exports else 0.0
    # A rule gives no worth: a home battery then follows the load as planned.
    is_cheap = follows and worth > 0.0 and price > costs
    return (most_w if is_cheap else planned_w), export_w


def settle(
    *,
    load_w: float,
    sun_w: float,
    hours: float,
    connection: Connection,
    stores: list[tuple[Cells, float]],
    orders: list[Order],
) -> tuple[list[Flow], float, float]:
    """What flows in a slot: each store's part, import and export [W].

    `stores` pairs cells with what they hold [Wh].
    """
    net_w = load_w - sun_w
    cap_w = min(connection.import_w_max, 3.0 * connection.phase_w_max)
    beside_w = 0.0
    flows = [STILL] * len(stores)
    # Who follows the rest waits for those who only do what was planned.
    waits = (lambda k: orders[k].takes_rest) if net_w < 0.0 else (lambda k: orders[k].gives_rest)
    for index in sorted(range(len(stores)), key=waits):
        (cells, held_wh), order = stores[index], orders[index]
        flow = _give(cells, held_wh, order, net_w, hours)
        if flow is STILL:
            flow = _take(cells, held_wh, order, net_w, cap_w, hours)
        net_w += flow.charge_w - flow.discharge_w
        beside_w += flow.beside_w
        flows[index] = flow
    for index, (cells, held_wh) in enumerate(stores):
        flow = _filled(cells, held_wh, orders[index], flows[index], max(-net_w, 0.0), hours)
        net_w += flow.charge_w - flows[index].charge_w
        flows[index] = flow
    export_w = min(max(-net_w, 0.0) + beside_w, connection.export_w_max)
    return flows, max(net_w, 0.0) + beside_w, export_w


def _filled(
    cells: Cells, held_wh: float, order: Order, flow: Flow, left_w: float, hours: float
) -> Flow:
    """What nobody took fills a home battery, which takes any power."""
    idle_w = cells.charge_w_max - flow.charge_w
    if not order.keeps_sun or cells.charge_w_min > 0.0 or flow.discharge_w > 0.0:
        return flow
    room_wh = order.full_wh - held_wh - flow.cells_wh
    more_w = min(left_w, idle_w, cells.wall_w(max(room_wh, 0.0)) / hours)
    if more_w < TINY_W:
        return flow
    stored_wh = cells.into_cells_w(more_w) * hours
    return replace(flow, charge_w=flow.charge_w + more_w, cells_wh=flow.cells_wh + stored_wh)


def _give(cells: Cells, held_wh: float, order: Order, net_w: float, hours: float) -> Flow:
    wanted_w = max(min(order.give_w, net_w), order.export_w)
    if wanted_w < TINY_W:
        return STILL
    spare_w = max(held_wh - order.floor_wh, 0.0) * cells.discharge_gain / hours
    given_w = min(wanted_w, cells.discharge_w_max, spare_w)
    if given_w < TINY_W:
        return STILL
    out_wh = given_w * hours / cells.discharge_gain
    return Flow(0.0, given_w, -out_wh, out_wh)


def _take(
    cells: Cells, held_wh: float, order: Order, net_w: float, cap_w: float, hours: float
) -> Flow:
    surplus_w = max(-net_w, 0.0)
    room_w = min(cells.charge_w_max, max(cap_w - net_w, 0.0))
    runs_for_sun = surplus_w >= max(order.even_from_w, TINY_W)
    firm_w = max(order.firm_w, order.running_w) if runs_for_sun else order.firm_w
    wanted_w = min(max(firm_w, min(surplus_w, firm_w + order.sun_w)), room_w)
    if wanted_w < TINY_W or held_wh >= order.full_wh:
        return STILL
    least_w = cells.charge_w_min
    if wanted_w < least_w and firm_w < TINY_W:
        if surplus_w < order.least_from_w or least_w > room_w:
            return STILL
        wanted_w = least_w
    is_even = runs_for_sun and wanted_w >= least_w
    if is_even and order.due_wh > held_wh:
        # Less than full power loses more; later slots may have no room to make up for it.
        needed_w = cells.wall_w((order.due_wh - held_wh) / hours)
        wanted_w = min(max(wanted_w, needed_w), room_w)
    is_thin = runs_for_sun and wanted_w < least_w and order.even_from_w > 0.0
    running_w = wanted_w if is_even else least_w if is_thin else cells.charge_w_max
    flow = _charged(cells, held_wh, order.full_wh, wanted_w, hours, running_w=running_w)
    if is_even or surplus_w < TINY_W:
        return flow
    share = flow.charge_w / running_w
    bought_w = flow.charge_w - share * min(surplus_w, running_w)
    return replace(flow, beside_w=bought_w - max(flow.charge_w - surplus_w, 0.0))


def _charged(
    cells: Cells, held_wh: float, full_wh: float, wanted_w: float, hours: float, *, running_w: float
) -> Flow:
    """At that power for as long as it takes, within what the cells take."""
    taken_wh = gained_wh = 0.0
    is_near = cells.limit_w(held_wh + wanted_w * hours) < cells.charge_w_max
    parts = _PARTS if is_near else 1
    for _ in range(parts):
        limit_w = cells.limit_w(held_wh + gained_wh)
        power_w, now_w = min(wanted_w, limit_w), min(running_w, limit_w)
        if power_w < TINY_W or now_w < TINY_W:
            break
        gain_wh = cells.into_cells_w(now_w) * (power_w / now_w) * hours / parts
        if gain_wh <= 0.0:
            break
        share = min(1.0, (full_wh - held_wh - gained_wh) / gain_wh)
        taken_wh += share * power_w * hours / parts
        gained_wh += share * gain_wh
    return Flow(taken_wh / hours, 0.0, gained_wh, 0.0)
