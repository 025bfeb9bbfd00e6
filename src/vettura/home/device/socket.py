"""A smart socket: it feeds what is plugged in, and measures it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

from vettura.bus.messages_home import DeviceAction, EntityState
from vettura.home.device.entity import (
    DeviceEntry,
    device,
    entity,
    metered,
)
from vettura.home.device.model import NEVER_NS, only, recalled_number
from vettura.home.device.world import FED, LOAD, World
from vettura.units import NS_PER_S, SECONDS_PER_HOUR, WH_PER_KWH

TELL_NS = 900 * NS_PER_S
"""A growing count of energy is told this often."""


class SocketEntry(DeviceEntry, frozen=True, kw_only=True, tag="socket"):
    """`kind = "socket"`; devices name it as theirs with `socket = "<id>"`."""


@dataclass(frozen=True, slots=True)
class Socket:
    """Switch and meter."""

    is_on: bool = True
    power_w: float = 0.0
    energy_wh: float = 0.0
    """Up to `counted_ns`."""
    counted_ns: int = 0


@final
class SocketModel:
    """A socket."""

    def __init__(self, entry: SocketEntry) -> None:
        self.id = entry.id
        self.reads: Sequence[str] = (f"{LOAD}{entry.id}.",)
        self._switch = entity(
            entry,
            "switch",
            actions=("turn_on", "turn_off", "toggle"),
            device_class="outlet",
        )
        self._power, self._energy = metered(entry)
        self.about = device(entry, self._switch, self._power, self._energy)

    def begun(self, kept: Mapping[str, EntityState], world: World) -> Socket:
        """Go on as it was; a new one is on."""
        told = kept.get(self._switch.id)
        energy_kwh = recalled_number(kept.get(self._energy.id), "", 0.0)
        return Socket(
            is_on=told is None or told.state != "off",
            energy_wh=max(0.0, energy_kwh) * WH_PER_KWH,
            counted_ns=world.now_ns,
        )

    def told(self, state: Socket) -> dict[str, EntityState]:
        """Switch, power, energy."""
        return {
            self._switch.id: self._switch.on(state.is_on),
            self._power.id: self._power.state(f"{state.power_w:.1f}"),
            self._energy.id: self._energy.state(f"{state.energy_wh / WH_PER_KWH:.3f}"),
        }

    def gives(self, state: Socket) -> Mapping[str, object]:
        """Whether what is plugged in is fed."""
        return {FED + self.id: 1.0 if state.is_on else 0.0}

    def passed(self, state: Socket, world: World) -> Socket:
        """Count what flowed at the power so far, then see what flows now."""
        flowed_s = (world.now_ns - state.counted_ns) / NS_PER_S
        energy_wh = state.energy_wh + state.power_w * flowed_s / SECONDS_PER_HOUR
        power_w = world.total(self.reads[0]) if state.is_on else 0.0
        return replace(state, power_w=power_w, energy_wh=energy_wh, counted_ns=world.now_ns)

    def next_ns(self, state: Socket, world: World) -> int:
        """When the energy is told again."""
        if state.power_w <= 0.0:
            return NEVER_NS
        return (world.now_ns // TELL_NS + 1) * TELL_NS

    def obeyed(self, state: Socket, wish: DeviceAction, world: World) -> Socket:
        """Switch."""
        only(wish)
        wished = {"switch.turn_on": True, "switch.turn_off": False}
        return replace(state, is_on=wished.get(wish.action, not state.is_on))
