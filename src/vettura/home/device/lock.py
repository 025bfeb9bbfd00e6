"""A door's lock: a motor turns the bolt within two seconds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, final

from vettura.bus.messages_home import DeviceAction, EntityState
from vettura.home.device.entity import DeviceEntry, device, entity
from vettura.home.device.model import NEVER_NS, only, recalled_text
from vettura.home.device.world import World
from vettura.units import NS_PER_S

TURN_NS = 2 * NS_PER_S
Bolt: TypeAlias = Literal["locked", "unlocked"]
_MOVING = {"locked": "locking", "unlocked": "unlocking"}
_STATES = ("locked", "unlocked", "locking", "unlocking")


class LockEntry(DeviceEntry, frozen=True, kw_only=True, tag="lock"):
    """`kind = "lock"`."""


@dataclass(frozen=True, slots=True)
class Turning:
    """Where the bolt is or goes, and when it gets there."""

    bolt: Bolt = "locked"
    done_ns: int = 0
    is_moving: bool = False


@final
class LockModel:
    """A lock."""

    reads: Sequence[str] = ()

    def __init__(self, entry: LockEntry) -> None:
        self.id = entry.id
        self._lock = entity(
            entry, "lock", actions=("lock", "unlock"), fixed={"supported_features": 0}
        )
        self.about = device(entry, self._lock)

    def begun(self, kept: Mapping[str, EntityState], world: World) -> Turning:
        """Go on as it was; a bolt that was turning has arrived."""
        word = recalled_text(kept.get(self._lock.id), "", _STATES)
        return Turning("locked" if word in {"locked", "locking"} else "unlocked")

    def told(self, state: Turning) -> dict[str, EntityState]:
        """One entity."""
        word = _MOVING[state.bolt] if state.is_moving else state.bolt
        return {self._lock.id: self._lock.state(word)}

    def passed(self, state: Turning, world: World) -> Turning:
        """The bolt has arrived."""
        is_done = state.is_moving and world.now_ns >= state.done_ns
        return Turning(state.bolt) if is_done else state

    def next_ns(self, state: Turning, world: World) -> int:
        """When the bolt arrives."""
        return state.done_ns if state.is_moving else NEVER_NS

    def obeyed(self, state: Turning, wish: DeviceAction, world: World) -> Turning:
        """Turn the bolt, unless it is there."""
        only(wish, "code")
        bolt: Bolt = "locked" if wish.action == "lock.lock" else "unlocked"
        if bolt == state.bolt:
            return state
        return Turning(bolt, world.now_ns + TURN_NS, is_moving=True)
