"""From a plan by the quarter of an hour to what stations and battery do this moment. Pure.

The plan gives mean powers from forecasts; this follows what the meter shows, every few seconds,
inside the plan:

- what the plan takes from the grid in a slot is given as it is, or, where that is below 6 A, as
  minutes at full power;
- what the sun leaves over is followed as far as the plan, or the worth of stored energy, says so;
- what a car or battery gives follows what the house takes, and no more;
- contactors stay on or off for a while, phases stay, power rises slowly and falls at once;
- a silent meter leaves the plan's own grid power and nothing that depends on what is measured.

The words about worth: a watt-hour in a battery is worth `worth_per_wh` by the plan, so taking one
from the wall is right while it costs less than `worth_per_wh` times the efficiency.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, final

from vettura.bus.messages_energy import Mode
from vettura.energy.dispatch_phases import Line, least_w, most_w, phases_for
from vettura.units import NS_PER_S, SECONDS_PER_HOUR

START_NS, STOP_NS = 60 * NS_PER_S, 180 * NS_PER_S
"""Sun must be enough for so long before a charge begins, and short for so long before it stops."""
MIN_ON_NS, MIN_OFF_NS = 120 * NS_PER_S, 60 * NS_PER_S
"""A contactor's life is some 100,000 switchings (IEC 60947-4-1, electrical durability): every few
minutes lasts for ten years."""
RAMP_W_PER_S = 500.0
STEADY_SHARE = 0.1
"""Of its power, by how much what the grid gives may be off before it is corrected."""
SPARE_W = 50.0
"""Left to the grid, since meters and cars follow late."""
GIVE_LEAST_W = 200.0
"""Below this what a car gives is lost in its own converter (our judgement)."""
DT_NS_MAX = 900 * NS_PER_S


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the plan wants of one storage in the slot that is on; powers are its means [W]."""

    grid_w: float = 0.0
    """Of what is charged, from the grid."""
    sun_w: float = 0.0
    """Of what is charged, from the sun."""
    give_w: float = 0.0
    worth_per_wh: float | None = None
    """Of energy in the battery; None when a rule made the plan: then sun is always taken."""
    charge_efficiency: float = 0.9
    discharge_efficiency: float = 0.9
    wear_per_wh: float = 0.0


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What the meter shows and energy costs now."""

    grid_w: float | None
    """None while the meter is silent."""
    stations_w: float = 0.0
    battery_w: float = 0.0
    import_per_wh: float = 0.0
    export_per_wh: float = 0.0
    slot_end_ns: int
    plan_ns: int = 0
    """Tells plans apart: a new one begins with a new account."""
    slot: int = 0


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """One station, its car and what is wanted of it."""

    id: str
    line: Line
    has_car: bool
    car_w_max: float = 0.0
    """That the car takes at this wall."""
    give_w_max: float = 0.0
    measured_w: float = 0.0
    """What flows into the car now; negative comes out of it."""
    measured_wh: float = 0.0
    """The station's counter of what went into cars."""
    mode: Mode = "plan"
    order: Order = Order()
    is_full: bool = False
    is_below_floor: bool = False
    may_give: bool = False


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What one station's dispatch remembers between two looks. Times are ns since the epoch."""

    time_ns: int = 0
    power_w: float = 0.0
    sun_w: float = 0.0
    """Of that power, what was meant to be the sun's."""
    phases: int = 0
    since_ns: int = 0
    """When the contactor moved last."""
    switched_ns: int = 0
    """When the phases changed last."""
    enough_ns: int = 0
    """Since when there has been enough sun; 0: there is not."""
    short_ns: int = 0
    """Since when there has been too little; 0: there is not."""
    budget_wh: float = 0.0
    """Still to come from the grid in this slot."""
    counted_wh: float | None = None
    """The station's counter at the last look; None before the first."""
    plan_ns: int = 0
    slot: int = -1

    @property
    def is_on(self) -> bool:
        """Whether power flows, either way."""
        return self.power_w != 0.0


class Setpoint(NamedTuple):
    """What a station shall do now."""

    station: str
    power_w: float
    """Into the car; negative comes out of it."""
    phases: int
    why: str
    """off, away, full, now, floor, grid, sun, give, wait."""


class _Wanted(NamedTuple):
    power_w: float
    sun_w: float
    why: str


def dispatch(
    stands: Sequence[Stand], house: House, memories: Mapping[str, Memory], now_ns: int
) -> list[tuple[Setpoint, Memory]]:
    """What every station shall do now, and what to remember of it.

    Whose car is below its floor is served first by the sun, then in the order given.
    """
    surplus_w = surplus_of(house)
    found: dict[str, tuple[Setpoint, Memory]] = {}
    for stand in sorted(stands, key=lambda stand: not stand.is_below_floor):
        memory = memories.get(stand.id, Memory(time_ns=now_ns))
        setpoint, after = _step(stand, house, surplus_w, memory, now_ns)
        found[stand.id] = (setpoint, after)
        if surplus_w is not None:
            surplus_w -= max(after.sun_w, 0.0)
    return [found[stand.id] for stand in stands]


def surplus_of(house: House) -> float | None:
    """What sun the house leaves to cars and battery [W]; None while the meter is silent."""
    if house.grid_w is None:
        return None
    return house.stations_w + house.battery_w - house.grid_w - SPARE_W


def _step(
    stand: Stand, house: House, surplus_w: float | None, memory: Memory, now_ns: int
) -> tuple[Setpoint, Memory]:
    memory = _timed(_accounted(stand, house, memory, now_ns), stand, surplus_w, now_ns)
    wanted = _wanted(stand, house, surplus_w, memory, now_ns)
    is_hard = wanted.why in {"off", "away"}
    power_w = wanted.power_w if is_hard else _held(stand, wanted, memory, now_ns)
    power_w = _ramped(power_w, memory, now_ns)
    phases = phases_for(stand.line, power_w, memory.phases, now_ns - memory.switched_ns)
    power_w = _fitted(stand, power_w, phases)
    is_moved = (power_w != 0.0) != memory.is_on
    after = replace(
        memory,
        time_ns=now_ns,
        power_w=power_w,
        sun_w=min(wanted.sun_w, max(power_w, 0.0)),
        phases=phases,
        since_ns=now_ns if is_moved else memory.since_ns,
        switched_ns=now_ns if phases != memory.phases else memory.switched_ns,
    )
    return Setpoint(stand.id, power_w, phases, wanted.why), after


def _accounted(stand: Stand, house: House, memory: Memory, now_ns: int) -> Memory:
    """Book what came from the grid since the last look; a new plan or slot brings a new budget."""
    hours = min(max(now_ns - memory.time_ns, 0), DT_NS_MAX) / NS_PER_S / SECONDS_PER_HOUR
    grown_wh = 0.0 if memory.counted_wh is None else stand.measured_wh - memory.counted_wh
    left_wh = memory.budget_wh - max(grown_wh - memory.sun_w * hours, 0.0)
    memory = replace(memory, counted_wh=stand.measured_wh)
    if house.plan_ns == memory.plan_ns and house.slot == memory.slot:
        return replace(memory, budget_wh=left_wh)
    rest_h = max(house.slot_end_ns - now_ns, 0) / NS_PER_S / SECONDS_PER_HOUR
    # A new plan starts from what the car holds now; a new slot of the same plan takes over what
    # the one before could not give.
    carried_wh = left_wh if house.plan_ns == memory.plan_ns else 0.0
    return replace(
        memory,
        budget_wh=stand.order.grid_w * rest_h + carried_wh,
        plan_ns=house.plan_ns,
        slot=house.slot,
    )


def _timed(memory: Memory, stand: Stand, surplus_w: float | None, now_ns: int) -> Memory:
    """Note since when the sun has been enough, or short."""
    if surplus_w is None:
        return replace(memory, enough_ns=0, short_ns=memory.short_ns or now_ns)
    if surplus_w >= least_w(stand.line, stand.line.phases[0]):
        return replace(memory, enough_ns=memory.enough_ns or now_ns, short_ns=0)
    return replace(memory, enough_ns=0, short_ns=memory.short_ns or now_ns)


def _wanted(
    stand: Stand, house: House, surplus_w: float | None, memory: Memory, now_ns: int
) -> _Wanted:
    if not stand.has_car:
        return _Wanted(0.0, 0.0, "away")
    if stand.mode == "off":
        return _Wanted(0.0, 0.0, "off")
    full_w = min(stand.car_w_max, most_w(stand.line, stand.line.phases[-1]))
    if not stand.is_full and (stand.mode == "now" or stand.is_below_floor):
        sun_w = min(max(surplus_w or 0.0, 0.0), full_w)
        return _Wanted(full_w, sun_w, "now" if stand.mode == "now" else "floor")
    if not stand.is_full:
        charging = _charging(stand, house, surplus_w, memory, now_ns, full_w)
        if charging.power_w > 0.0:
            return charging
    given_w = _given(stand, house, memory)
    if given_w > 0.0:
        return _Wanted(-given_w, 0.0, "give")
    return _Wanted(0.0, 0.0, "full" if stand.is_full else "wait")


def _charging(
    stand: Stand,
    house: House,
    surplus_w: float | None,
    memory: Memory,
    now_ns: int,
    full_w: float,
) -> _Wanted:
    sun_w = 0.0
    if surplus_w is not None and _takes_sun(stand, house):
        sun_w = min(max(surplus_w, 0.0), full_w)
    grid_w = 0.0
    if stand.mode != "sun":
        grid_w = _from_grid(stand, house, memory, now_ns, full_w, beside_w=sun_w)
    sun_w = min(sun_w, full_w - grid_w)
    least = least_w(stand.line, stand.line.phases[0])
    if grid_w > 0.0:
        return _Wanted(min(max(grid_w + sun_w, least), full_w), sun_w, "grid")
    if not _takes_sun(stand, house) or not _sun_is_on(memory, now_ns):
        return _Wanted(0.0, 0.0, "wait")
    return _Wanted(min(max(sun_w, least), full_w), sun_w, "sun")


def _from_grid(
    stand: Stand, house: House, memory: Memory, now_ns: int, full_w: float, *, beside_w: float
) -> float:
    """The grid's part now [W]: even over the rest of the slot, or all of it in a few minutes.

    Evenly too where it makes 6 A with the sun that is there, as a plan means it that has both.
    """
    rest_h = (house.slot_end_ns - now_ns) / NS_PER_S / SECONDS_PER_HOUR
    if memory.budget_wh <= 1.0 or rest_h <= 0.0:
        return 0.0
    mean_w = memory.budget_wh / rest_h
    before_w = memory.power_w - memory.sun_w
    sun_w = beside_w if stand.order.sun_w > 0.0 else 0.0
    if mean_w + sun_w >= least_w(stand.line, stand.line.phases[0]):
        # Small corrections would move the car's charger at every look.
        stays = abs(mean_w - before_w) <= STEADY_SHARE * before_w
        return min(before_w if stays else mean_w, full_w)
    worth_it_wh = full_w * MIN_ON_NS / NS_PER_S / SECONDS_PER_HOUR
    goes_on = before_w > 0.0
    return full_w if goes_on or memory.budget_wh >= worth_it_wh else 0.0


def _takes_sun(stand: Stand, house: House) -> bool:
    """Whether what the sun leaves over is better in the car than in the grid."""
    order = stand.order
    if stand.mode == "sun" or order.sun_w > 0.0 or order.worth_per_wh is None:
        return True
    return order.worth_per_wh * order.charge_efficiency > house.export_per_wh


def _sun_is_on(memory: Memory, now_ns: int) -> bool:
    """Whether sun alone keeps it on, or lets it begin."""
    if memory.power_w > 0.0:
        return not memory.short_ns or now_ns - memory.short_ns < STOP_NS
    return bool(memory.enough_ns) and now_ns - memory.enough_ns >= START_NS


def _given(stand: Stand, house: House, memory: Memory) -> float:
    """What the car gives the house now [W]: what the house takes, as far as the plan means it."""
    order = stand.order
    if stand.mode != "plan" or not stand.may_give or house.grid_w is None:
        return 0.0
    is_worth_more = pays_to_give(order, house.import_per_wh)
    if order.give_w <= 0.0 and not is_worth_more:
        return 0.0
    need_w = house.grid_w - min(stand.measured_w, 0.0) - SPARE_W
    most = stand.give_w_max if is_worth_more else min(stand.give_w_max, order.give_w)
    given_w = min(need_w, most)
    starts = memory.power_w < 0.0 or given_w >= 2.0 * GIVE_LEAST_W
    return given_w if given_w >= GIVE_LEAST_W and starts else 0.0


def pays_to_give(order: Order, import_per_wh: float) -> bool:
    """Whether a watt-hour from the battery is worth less there than the grid's costs."""
    if order.worth_per_wh is None:
        return False
    cost = (order.worth_per_wh + order.wear_per_wh) / order.discharge_efficiency
    return cost < import_per_wh


def _held(stand: Stand, wanted: _Wanted, memory: Memory, now_ns: int) -> float:
    """What is wanted, but a contactor that has just moved stays where it is."""
    since_ns = now_ns - memory.since_ns
    if memory.is_on and wanted.power_w * memory.power_w <= 0.0 and since_ns < MIN_ON_NS:
        return _idling(stand, memory)
    turns = wanted.power_w * memory.power_w < 0.0
    if turns:
        return 0.0
    if not memory.is_on and wanted.power_w != 0.0 and memory.since_ns and since_ns < MIN_OFF_NS:
        return 0.0
    return wanted.power_w


def _idling(stand: Stand, memory: Memory) -> float:
    """The least that keeps the contactor closed; a car that gives stops at once."""
    if memory.power_w < 0.0 or stand.is_full:
        return 0.0
    return least_w(stand.line, stand.line.phases[0])


def _ramped(power_w: float, memory: Memory, now_ns: int) -> float:
    """Power rises slowly, so that house and fuse can follow, and falls at once."""
    rise_w = RAMP_W_PER_S * max(now_ns - memory.time_ns, 0) / NS_PER_S
    before_w = memory.power_w
    if power_w > 0.0:
        return min(power_w, max(before_w, 0.0) + rise_w)
    return max(power_w, min(before_w, 0.0) - rise_w)


def _fitted(stand: Stand, power_w: float, phases: int) -> float:
    """Within what those phases can carry: nothing below 6 A, nothing above the line."""
    if power_w > 0.0:
        least = least_w(stand.line, phases)
        return min(max(power_w, least), max(most_w(stand.line, phases), least))
    return power_w


def battery_w(
    order: Order,
    house: House,
    *,
    sun_taken_w: float,
    charge_w_max: float,
    discharge_w_max: float,
    feeds_cars: bool = False,
) -> float | None:
    """What the home battery shall do [W], negative to give; None: as it sees fit by itself.

    It follows what the house alone takes or leaves. Into cars it gives what the plan says, where it
    may at all.
    """
    if house.grid_w is None:
        return None
    need_w = house.grid_w - house.stations_w - house.battery_w
    surplus_w = max(-need_w - sun_taken_w, 0.0)
    worth = order.worth_per_wh
    takes = worth is None or worth * order.charge_efficiency > house.export_per_wh
    taken_w = order.grid_w + (surplus_w if takes or order.sun_w > 0.0 else 0.0)
    if taken_w > 0.0:
        return min(taken_w, charge_w_max)
    pays = worth is None or pays_to_give(order, house.import_per_wh)
    if feeds_cars:
        need_w = max(need_w, min(order.give_w, house.grid_w - house.battery_w))
    most_w = discharge_w_max if pays else min(discharge_w_max, order.give_w)
    return -min(max(need_w, 0.0), most_w)
