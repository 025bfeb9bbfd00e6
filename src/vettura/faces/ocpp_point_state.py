"""A virtual wallbox as a central system knows it: cable, charge, what must still be told. Pure.

What flows is decided by the station of the home behind it; this is what it says of it.
"""

from typing import Any, Literal, TypeAlias, final

import msgspec

from vettura.bus.messages import Wire

Kind: TypeAlias = Literal["started", "updated", "ended"]
FLOWS_W = 50.0
QUEUE_MAX = 2_000
"""So many messages about charges wait for a connection; then the oldest meter values go."""


@final
class Late(Wire, frozen=True, kw_only=True):
    """A message about a charge that has to arrive."""

    kind: Kind
    charge: str
    """Our own id of the charge."""
    sequence: int
    time_ns: int
    trigger: str
    reason: str = ""
    energy_wh: float
    given_wh: float
    power_w: float
    token: str = ""
    state: str = ""
    """Charging state, in the words of 2.x."""
    remote_start: int | None = None
    is_offline: bool = False
    tries: int = 0


@final
class Charge(Wire, frozen=True, kw_only=True):
    """The charge that runs."""

    id: str
    token: str
    begun_ns: int
    sequence: int = 0
    state: str = "EVConnected"


@final
class PointState(Wire, frozen=True, kw_only=True):
    """`energy.<home>.point.<station>` in bucket `home`: what must outlive us."""

    time_ns: int = 0
    vin: str = ""
    power_w: float = 0.0
    energy_wh: float = 0.0
    given_wh: float = 0.0
    is_faulted: bool = False
    is_operative: bool = True
    charge: Charge | None = None
    is_finished: bool = False
    """The charge has ended and the cable is still in."""
    queue: list[Late] = []  # noqa: RUF012
    numbers: dict[str, int] = {}  # noqa: RUF012
    """What a central system of 1.6 calls charges that are in the queue."""
    lost: int = 0
    """Messages that found no room."""


def begun(
    state: PointState,
    own_id: str,
    token: str,
    *,
    trigger: str = "CablePluggedIn",
    is_online: bool,
    remote_start: int | None = None,
) -> PointState:
    """A charge begins."""
    charge = Charge(id=own_id, token=token, begun_ns=state.time_ns)
    state = msgspec.structs.replace(state, charge=charge, is_finished=False)
    return _told(
        state,
        "started",
        trigger=trigger,
        token=token,
        is_online=is_online,
        remote_start=remote_start,
    )


def ended(state: PointState, reason: str, *, trigger: str, is_online: bool) -> PointState:
    """The charge ends."""
    if state.charge is None:
        return state
    state = _told(state, "ended", trigger=trigger, reason=reason, is_online=is_online)
    return msgspec.structs.replace(state, charge=None, is_finished=bool(state.vin))


def sampled(state: PointState, *, trigger: str, is_online: bool) -> PointState:
    """The meter is told while a charge runs."""
    return _told(state, "updated", trigger=trigger, is_online=is_online) if state.charge else state


def charging_state(state: PointState, granted_w: float) -> str:
    """The charge's state, in the words of 2.x."""
    if abs(state.power_w) >= FLOWS_W:
        return "Charging"
    return "SuspendedEVSE" if abs(granted_w) < FLOWS_W else "SuspendedEV"


def with_charging_state(state: PointState, granted_w: float, *, is_online: bool) -> PointState:
    """Tell a change of what the charge does."""
    charge, word = state.charge, charging_state(state, granted_w)
    if charge is None or charge.state == word:
        return state
    changed = msgspec.structs.replace(charge, state=word)
    state = msgspec.structs.replace(state, charge=changed)
    return _told(state, "updated", trigger="ChargingStateChanged", is_online=is_online)


def connector_word(state: PointState, *, is_old: bool) -> str:
    """The connector's status; 1.6 has more words."""
    if state.is_faulted:
        return "Faulted"
    if not state.is_operative and state.charge is None:
        return "Unavailable"
    if not state.vin:
        return "Available"
    if not is_old:
        return "Occupied"
    if state.is_finished:
        return "Finishing"
    if state.charge is None:
        return "Preparing"
    return {"EVConnected": "Preparing"}.get(state.charge.state, state.charge.state)


def _told(
    state: PointState,
    kind: Kind,
    *,
    trigger: str,
    is_online: bool,
    reason: str = "",
    token: str = "",
    remote_start: int | None = None,
) -> PointState:
    charge = state.charge
    assert charge is not None
    late = Late(
        kind=kind,
        charge=charge.id,
        sequence=charge.sequence,
        time_ns=state.time_ns,
        trigger=trigger,
        reason=reason,
        energy_wh=state.energy_wh,
        given_wh=state.given_wh,
        power_w=state.power_w,
        token=token,
        state=charge.state,
        remote_start=remote_start,
        is_offline=not is_online,
    )
    numbered = msgspec.structs.replace(charge, sequence=charge.sequence + 1)
    queue, lost = _with(state.queue, late)
    return msgspec.structs.replace(state, charge=numbered, queue=queue, lost=state.lost + lost)


def _with(queue: list[Late], late: Late) -> tuple[list[Late], int]:
    """Beginnings and ends stay: a bill hangs on them."""
    if len(queue) < QUEUE_MAX:
        return [*queue, late], 0
    at = next((i for i, one in enumerate(queue) if one.kind == "updated"), None)
    if at is not None:
        return [*queue[:at], *queue[at + 1 :], late], 1
    return (queue, 1) if late.kind == "updated" else ([*queue[1:], late], 1)


def delivered(state: PointState, late: Late, number: int | None = None) -> PointState:
    """That message has been answered; 1.6 gives the charge a number."""
    queue = [one for one in state.queue if one != late]
    numbers = dict(state.numbers)
    if number is not None:
        numbers[late.charge] = number
    waiting = {one.charge for one in queue} | ({state.charge.id} if state.charge else set())
    numbers = {own_id: told for own_id, told in numbers.items() if own_id in waiting}
    return msgspec.structs.replace(state, queue=queue, numbers=numbers)


def failed(state: PointState, late: Late, *, tries_max: int) -> PointState:
    """That message was answered with an error; after so many tries it goes (1.6, 4.1)."""
    again = msgspec.structs.replace(late, tries=late.tries + 1)
    if again.tries >= tries_max:
        lost = msgspec.structs.replace(state, lost=state.lost + 1)
        return delivered(lost, late)
    queue = [again if one == late else one for one in state.queue]
    return msgspec.structs.replace(state, queue=queue)


def seen(
    state: PointState,
    time_ns: int,
    *,
    vin: str | None = None,
    meter: tuple[float, float, float] | None = None,
    is_faulted: bool | None = None,
) -> PointState:
    """What the station of the home says: the car, and power, energy and energy given."""
    changes: dict[str, Any] = {"time_ns": max(time_ns, state.time_ns)}
    if vin is not None:
        changes["vin"] = vin
    if meter is not None:
        changes |= {"power_w": meter[0], "energy_wh": meter[1], "given_wh": meter[2]}
    if is_faulted is not None:
        changes["is_faulted"] = is_faulted
    return msgspec.structs.replace(state, **changes)
