"""What a motor opens and shuts: a garage door, the shutters of a room."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, final

from msgspec import Meta

from vettura.bus.messages_home import DeviceAction, EntityState
from vettura.home.device.entity import DeviceEntry, device, entity
from vettura.home.device.model import NEVER_NS, needed, number, only, recalled_number
from vettura.home.device.world import OPEN, World
from vettura.units import NS_PER_S, PERCENT

Seconds = Annotated[float, Meta(ge=1.0, le=300.0)]
GARAGE = "garage"
"""The name of the opening that a garage door fills."""
_OPEN, _CLOSE, _SET_POSITION, _STOP = 1, 2, 4, 8
"""Home Assistant's CoverEntityFeature."""


class GarageDoorEntry(DeviceEntry, frozen=True, kw_only=True, tag="garage_door"):
    """`kind = "garage_door"`."""

    travel_s: Seconds = 15.0
    """From shut to open."""


class ShuttersEntry(DeviceEntry, frozen=True, kw_only=True, tag="shutters"):
    """`kind = "shutters"`: all of one room."""

    travel_s: Seconds = 25.0


@dataclass(frozen=True, slots=True)
class Leaf:
    """Where it was at `since_ns`, from 0 shut to 1 open, and where it goes from there."""

    position: float = 0.0
    target: float = 0.0
    since_ns: int = 0


@final
class CoverModel:
    """A garage door or shutters."""

    reads: Sequence[str] = ()

    def __init__(self, entry: GarageDoorEntry | ShuttersEntry) -> None:
        self.id = entry.id
        self._travel_ns = round(entry.travel_s * NS_PER_S)
        self._is_garage = isinstance(entry, GarageDoorEntry)
        actions = ["open_cover", "close_cover", "stop_cover", "toggle"]
        features = _OPEN | _CLOSE | _STOP
        if not self._is_garage:
            actions.append("set_cover_position")
            features |= _SET_POSITION
        self._cover = entity(
            entry,
            "cover",
            actions=actions,
            device_class="garage" if self._is_garage else "shutter",
            fixed={"supported_features": features},
        )
        self.about = device(entry, self._cover)

    def begun(self, kept: Mapping[str, EntityState], world: World) -> Leaf:
        """Go on as it was, also on the way. New doors are shut, new shutters up."""
        told = kept.get(self._cover.id)
        otherwise = 0.0 if self._is_garage else PERCENT
        if told is not None and told.state in {"open", "closed"}:
            otherwise = PERCENT if told.state == "open" else 0.0
        share = recalled_number(told, "current_position", otherwise) / PERCENT
        position = min(max(share, 0.0), 1.0)
        under_way = {"opening": 1.0, "closing": 0.0}
        target = under_way.get(told.state, position) if told is not None else position
        return Leaf(position, target, world.now_ns)

    def told(self, state: Leaf) -> dict[str, EntityState]:
        """One entity."""
        if state.target != state.position:
            word = "opening" if state.target > state.position else "closing"
        else:
            word = "closed" if _percent(state) == 0 else "open"
        position = _percent(state)
        return {self._cover.id: self._cover.state(word, current_position=position)}

    def gives(self, state: Leaf) -> Mapping[str, object]:
        """The way out of the garage."""
        if not self._is_garage:
            return {}
        is_shut = state.position == state.target and _percent(state) == 0
        return {f"{OPEN}{GARAGE}.{self.id}": 0.0 if is_shut else 1.0}

    def passed(self, state: Leaf, world: World) -> Leaf:
        """It has moved on, and stands when it has arrived."""
        if state.target == state.position:
            return state
        if world.now_ns >= self._arrives_ns(state):
            return Leaf(state.target, state.target, world.now_ns)
        moved = (world.now_ns - state.since_ns) / self._travel_ns
        way = moved if state.target > state.position else -moved
        return Leaf(state.position + way, state.target, world.now_ns)

    def next_ns(self, state: Leaf, world: World) -> int:
        """When it arrives."""
        return NEVER_NS if state.target == state.position else self._arrives_ns(state)

    def obeyed(self, state: Leaf, wish: DeviceAction, world: World) -> Leaf:
        """Set off from where it is now, or stop there."""
        here = replace(self.passed(state, world), since_ns=world.now_ns)
        match wish.action:
            case "cover.stop_cover":
                only(wish)
                return replace(here, target=here.position)
            case "cover.set_cover_position":
                only(wish, "position")
                percent = number(wish, "position", 0, PERCENT)
                needed(percent, wish, "position")
                return replace(here, target=(percent or 0.0) / PERCENT)
            case "cover.toggle":
                only(wish)
                if here.target != here.position:
                    return replace(here, target=here.position)
                return replace(here, target=0.0 if _percent(here) > 0 else 1.0)
        only(wish)
        return replace(here, target=1.0 if wish.action == "cover.open_cover" else 0.0)

    def _arrives_ns(self, state: Leaf) -> int:
        return state.since_ns + round(abs(state.target - state.position) * self._travel_ns)


def _percent(state: Leaf) -> int:
    return round(PERCENT * state.position)
