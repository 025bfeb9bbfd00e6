"""One round of load management: from what is proven and wanted to the words that go out now. Pure.

Less is said at once. More is said only when everything that all stations may take, what the house
takes and the reserve leave room for it, with unconfirmed decreases counted as not made.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

from vettura.bus.messages_energy import StationOffer
from vettura.energy.fuse import Room, Standing, bound, is_lapsed, is_within
from vettura.energy.sharing import Asker, Grant, Lines, lines_a, share
from vettura.energy.station import NOTHING
from vettura.units import NS_PER_S, PHASE_V

STEP_A = 0.5
"""Offers move in such steps, so that a flickering load does not make a word each time."""
RETRY_NS = NS_PER_S
IDLE_LEASE_NS = 900 * NS_PER_S
"""Nothing is lost while nothing is offered, so that lease is long."""
RENEW_SHARE = 0.6
"""A word is repeated when less than that of its lease is left."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A station at the table."""

    standing: Standing
    wanted_w: float
    """By the plan; negative: out of the car."""
    wanted_phases: int | None = None
    is_plugged: bool = True
    phases_now: int = 3
    may_switch: bool = True
    need_w: float = 0.0
    served_wh: float = 0.0
    is_held: bool = False
    last: StationOffer | None = None
    """The word that was sent last."""

    @property
    def id(self) -> str:
        """The station's."""
        return self.standing.config.id


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What there is to share."""

    fuse_a: float
    phases: int
    reserve_a: float
    others_a: Lines | None
    """Taken by the house itself; None: nobody knows."""
    lease_ns: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """A word for a station."""

    station: str
    offer: StationOffer
    phases: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """The words that go out, and who would charge but has to wait."""

    words: tuple[Spoken, ...]
    waiting: tuple[str, ...]


def free_of(table: Table) -> Lines:
    """What stations may take together on each line [A]; a house of one phase has one line."""
    others = table.others_a or NOTHING
    free = [table.fuse_a - table.reserve_a - amps for amps in others]
    return (free[0], free[1], free[2]) if table.phases == 3 else (free[0], 0.0, 0.0)


def play(table: Table, seats: Sequence[Seat], now_ns: int) -> Round:
    """Decide who is told what now; without a meter nobody gets more than is safe."""
    bounds = {seat.id: bound(seat.standing, now_ns) for seat in seats}
    room = Room(free=free_of(table), bounds=dict(bounds))
    grants = _grants(table, seats, bounds, now_ns)
    words = []
    adopted = [seat for seat in seats if seat.standing.is_adopted]
    for seat in sorted(adopted, key=lambda each: not _is_less(each, grants[each.id], bounds)):
        spoken = _spoken(table, seat, grants[seat.id], room, now_ns)
        if spoken is not None:
            room.book(seat.id, lines_a(spoken.offer.power_w, spoken.phases, _line(seat)))
            words.append(spoken)
    waiting = [
        seat.id
        for seat in seats
        if seat.is_plugged and seat.wanted_w > 0.0 and grants[seat.id].power_w <= 0.0
    ]
    return Round(words=tuple(words), waiting=tuple(waiting))


def _line(seat: Seat) -> int:
    return seat.standing.config.line


def _is_less(seat: Seat, grant: Grant, bounds: Mapping[str, Lines]) -> bool:
    return is_within(lines_a(grant.power_w, grant.phases, _line(seat)), bounds[seat.id])


def _grants(
    table: Table, seats: Sequence[Seat], bounds: Mapping[str, Lines], now_ns: int
) -> dict[str, Grant]:
    free = list(free_of(table))
    grants: dict[str, Grant] = {}
    askers = []
    for seat in seats:
        if is_lapsed(seat.standing, now_ns) or not seat.standing.is_adopted:
            # Nobody reaches it: what it may take without word is gone for the others.
            free = [free[k] - bounds[seat.id][k] for k in range(3)]
            grants[seat.id] = _safe(seat, min(seat.wanted_w, _safe_w(seat)))
        elif not seat.is_plugged or seat.wanted_w <= 0.0:
            power_w = seat.wanted_w if seat.is_plugged else 0.0
            grants[seat.id] = Grant(power_w=power_w, phases=seat.phases_now)
        elif table.others_a is None:
            grants[seat.id] = _safe(seat, min(seat.wanted_w, _safe_w(seat)))
        else:
            askers.append(_asker(seat))
    shared = share(askers, (free[0], free[1], free[2]))
    wanted_w = {asker.id: asker.wanted_w for asker in askers}
    for name, grant in shared.items():
        # Who gets all that it wants gets it to the watt.
        is_full = grant.power_w >= wanted_w[name] - 1e-6
        grants[name] = grant if is_full else _stepped(grant)
    return grants


def _safe_w(seat: Seat) -> float:
    return seat.standing.config.safe_w


def _safe(seat: Seat, power_w: float) -> Grant:
    phases = seat.standing.config.safe_phases
    return Grant(power_w=max(power_w, 0.0), phases=phases)


def _asker(seat: Seat) -> Asker:
    config = seat.standing.config
    every: tuple[int, ...] = (1, config.phases)
    if config.phases_min == config.phases:
        every = (config.phases,)
    phases = every
    if not seat.may_switch and seat.phases_now in every:
        phases = (seat.phases_now,)
    elif seat.wanted_phases == 1 and 1 in every:
        # Three are a wish: where they have no room, one phase charges too.
        phases = (1,)
    top_w = config.power_w_max / config.phases * max(phases)
    return Asker(
        id=seat.id,
        wanted_w=seat.wanted_w,
        power_w_max=min(top_w, config.power_w_max),
        line=config.line,
        phases=phases,
        dc=config.dc,
        need_w=seat.need_w,
        served_wh=seat.served_wh,
        is_held=seat.is_held,
    )


def _stepped(grant: Grant) -> Grant:
    if grant.phases == 0 or grant.power_w <= 0.0:
        return grant
    step_w = STEP_A * PHASE_V * grant.phases
    return replace(grant, power_w=math.floor(grant.power_w / step_w + 1e-6) * step_w)


def _spoken(table: Table, seat: Seat, grant: Grant, room: Room, now_ns: int) -> Spoken | None:
    """The word for one station; None when what it heard last will do."""
    now = room.bounds[seat.id]
    power_w, phases = grant.power_w, grant.phases
    if not is_within(lines_a(power_w, phases, _line(seat)), now):
        fitting_w = room.fitting_w(seat.standing.config, power_w, phases)
        if fitting_w < power_w - 1e-6:
            power_w = _stepped(Grant(power_w=fitting_w, phases=phases)).power_w
        last = seat.last
        if last is not None and 0.0 <= power_w <= last.power_w <= grant.power_w:
            # There is no room for more yet: what it has stays, if that still is proven.
            kept = last.phases or seat.phases_now
            if is_within(lines_a(last.power_w, kept, _line(seat)), now):
                power_w, phases = last.power_w, kept
    if is_lapsed(seat.standing, now_ns) and power_w > 0.0:
        # By itself it waits for its grace before it takes what is safe; a word would not.
        lines = lines_a(power_w, phases, _line(seat))
        power_w = power_w if is_within(lines, room.left(seat.id)) else 0.0
    if not _is_due(table, seat, power_w, phases, now_ns):
        return None
    lease_ns = table.lease_ns if power_w != 0.0 else max(IDLE_LEASE_NS, table.lease_ns)
    issued_ns = max(now_ns, seat.last.issued_ns + 1 if seat.last else 0)
    offer = StationOffer(
        power_w=power_w,
        phases=None if power_w == 0.0 or seat.standing.config.dc else phases,
        until_ns=now_ns + lease_ns,
        issued_ns=max(issued_ns, seat.standing.confirmed.issued_ns + 1),
    )
    return Spoken(station=seat.id, offer=offer, phases=phases)


def _is_due(table: Table, seat: Seat, power_w: float, phases: int, now_ns: int) -> bool:
    last = seat.last
    if last is None:
        return True
    same = abs(last.power_w - power_w) < 1.0 and (last.phases in (None, phases))
    if not same:
        return True
    if seat.standing.confirmed.issued_ns < last.issued_ns:
        return now_ns >= last.issued_ns + RETRY_NS
    lease_ns = table.lease_ns if power_w != 0.0 else max(IDLE_LEASE_NS, table.lease_ns)
    return last.until_ns - now_ns < RENEW_SHARE * lease_ns
