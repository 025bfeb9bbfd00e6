"""What a person does about their car now: a pure decision from the day, the car and a memory."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import NamedTuple

from vettura.home.sight import CarSeen
from vettura.life.day import Outing
from vettura.life.household import Household, Person
from vettura.life.places import distance_m
from vettura.units import NS_PER_S

MINUTE_NS = 60 * NS_PER_S
WORTH_GOING_NS = 15 * MINUTE_NS
"""Nobody leaves late for what is over in less."""
WORTH_PLUGGING_NS = 20 * MINUTE_NS
RESTING_NS = 15 * MINUTE_NS
"""How long a car that someone else has driven is left where it is."""
RETRY_NS = MINUTE_NS
TRIES_MAX = 10
OBEYED_NS = MINUTE_NS
"""How long an accepted drive may take to show in the car's signals."""
COLD_DEGC, HOT_DEGC = 14.0, 25.0
"""Outside these people heat or cool the cabin before they leave."""

_ROAD_OVER_STRAIGHT = 1.33
_RESERVE_M = 20_000.0


class Stay(NamedTuple):
    """Where a person means to be with their car, and until when [ns since the epoch]."""

    id: str
    place: str
    purpose: str
    begin_ns: int
    until_ns: int


class Around(NamedTuple):
    """What matters around the car."""

    is_plug_wanted: bool
    """The car stands at home, a free cable is there, and it needs charge."""
    is_too_empty: bool
    """It stands where it can charge and would not reach the place where it should be."""
    is_harsh: bool
    """The weather asks for a prepared cabin."""


class Step(Enum):
    """What to do next."""

    WAIT = auto()
    PREPARE = auto()
    SETTLE = auto()
    PLUG = auto()
    LEAVE = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What a person remembers between two looks at the car. Times are ns since the epoch."""

    place: str = ""
    """Where the car stood or drove when last seen; empty before the first look."""
    was_driving: bool = False
    arrived_ns: int = 0
    is_to_settle: bool = False
    """The car has arrived and nobody has locked it yet."""
    is_to_plug: bool = True
    """Nobody has thought about the cable since the car arrived."""
    bound_for: str = ""
    """Where this person sent the car last."""
    sent_ns: int = 0
    prepared: str = ""
    """Id of the stay for which the cabin was prepared."""
    trying: str = ""
    """Id of the stay that leaving for has failed `tries` times."""
    tries: int = 0
    retry_ns: int = 0
    tend_tries: int = 0
    """How often settling or plugging in has failed since the car arrived."""
    tend_ns: int = 0
    """When to try that again."""


def stays_of(
    outings: Sequence[Outing], person: Person, *, home: str, begin_ns: int, end_ns: int
) -> list[Stay]:
    """One person's date from its first to its last instant, beginning at home."""
    mine = [outing for outing in outings if outing.person == person.name]
    first_ns = mine[0].leave_ns if mine else end_ns
    night = Stay(f"{person.car}-{begin_ns // NS_PER_S}", home, "home", begin_ns, first_ns)
    return [night] + [Stay(o.id, o.destination, o.purpose, o.leave_ns, o.until_ns) for o in mine]


def stay_at(stays: Sequence[Stay], now_ns: int) -> tuple[Stay, Stay | None]:
    """The stay that is on now and the one after it; None when that is on another date."""
    index = len(stays) - 1
    while index > 0 and stays[index].begin_ns > now_ns:
        index -= 1
    return stays[index], stays[index + 1] if index + 1 < len(stays) else None


def observe(memory: Memory, car: CarSeen, now_ns: int) -> Memory:
    """Notice that the car has left or arrived."""
    moved = memory.place != "" and car.place != memory.place
    if not moved and memory.place and car.is_driving == memory.was_driving and not memory.sent_ns:
        return memory
    seen = replace(memory, place=car.place, was_driving=car.is_driving)
    if car.is_driving:
        return replace(seen, sent_ns=0)
    if memory.was_driving or moved:
        return replace(
            seen,
            arrived_ns=now_ns,
            is_to_settle=True,
            is_to_plug=True,
            sent_ns=0,
            tend_tries=0,
            tend_ns=0,
        )
    return seen


def decide(
    car: CarSeen,
    memory: Memory,
    stays: Sequence[Stay],
    now_ns: int,
    *,
    prepare_s: float,
    around: Around,
) -> Step:
    """Choose the next step; `prepare_s` is how long before leaving the cabin is prepared [s]."""
    stay, following = stay_at(stays, now_ns)
    if car.is_driving or now_ns - memory.sent_ns < OBEYED_NS:
        return Step.WAIT
    if memory.is_to_settle and memory.tend_tries < TRIES_MAX:
        return Step.SETTLE if now_ns >= memory.tend_ns else Step.WAIT
    if car.place != stay.place:
        return _catch_up(car, memory, stay, now_ns, around)
    leave_ns = following.begin_ns if following else stay.until_ns
    if leave_ns - now_ns > WORTH_PLUGGING_NS and _may_plug(memory, around, now_ns):
        return Step.PLUG
    if following is None or following.place == car.place or memory.prepared == following.id:
        return Step.WAIT
    is_fresh = now_ns - memory.arrived_ns < RESTING_NS
    is_time = leave_ns - now_ns <= prepare_s * NS_PER_S
    return Step.PREPARE if around.is_harsh and is_time and not is_fresh else Step.WAIT


def failed(memory: Memory, stay: Stay, now_ns: int) -> Memory:
    """Remember that leaving for `stay` did not work and when to try again."""
    tries = memory.tries + 1 if memory.trying == stay.id else 1
    return replace(memory, trying=stay.id, tries=tries, retry_ns=now_ns + RETRY_NS, is_to_plug=True)


def tended(memory: Memory, *, is_done: bool, now_ns: int) -> Memory:
    """Remember whether settling or plugging in worked, and when to try again."""
    if is_done:
        return replace(memory, tend_tries=0, tend_ns=0)
    return replace(memory, tend_tries=memory.tend_tries + 1, tend_ns=now_ns + RETRY_NS)


def has_given_up(memory: Memory, stay: Stay) -> bool:
    """Whether leaving for `stay` has failed too often."""
    return memory.trying == stay.id and memory.tries >= TRIES_MAX


def need_m(household: Household, outings: Sequence[Outing], person: Person) -> float:
    """About how far a person's outings are together [m], 1.33 times the straight lines."""
    here, total_m = household.home, 0.0
    for outing in outings:
        there = household.place(outing.destination)
        if outing.person == person.name and there is not None:
            total_m += _ROAD_OVER_STRAIGHT * distance_m(here, there)
            here = there
    return total_m


def wants_charge(car: CarSeen, *, below_soc: float, ahead_m: float) -> bool:
    """Whether to plug in: little charge, or not enough for the way ahead [m] and a reserve."""
    return car.soc < below_soc or car.range_m < 1.3 * ahead_m + _RESERVE_M


def _may_plug(memory: Memory, around: Around, now_ns: int) -> bool:
    is_open = memory.is_to_plug and memory.tend_tries < TRIES_MAX
    return around.is_plug_wanted and is_open and now_ns >= memory.tend_ns


def _catch_up(car: CarSeen, memory: Memory, stay: Stay, now_ns: int, around: Around) -> Step:
    """The car is not where it should be: go there, when it is worth it."""
    is_foreign = memory.arrived_ns > 0 and car.place != memory.bound_for
    if is_foreign and now_ns - memory.arrived_ns < RESTING_NS:
        return Step.WAIT
    if around.is_too_empty or has_given_up(memory, stay):
        return Step.PLUG if _may_plug(memory, around, now_ns) else Step.WAIT
    is_too_soon = memory.trying == stay.id and now_ns < memory.retry_ns
    is_too_late = stay.until_ns - now_ns <= WORTH_GOING_NS
    return Step.WAIT if is_too_soon or is_too_late else Step.LEAVE
