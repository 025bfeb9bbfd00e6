"""A television."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, final

from msgspec import Meta

from vettura.bus.messages_home import DeviceAction, EntityState
from vettura.errors import RefusedError
from vettura.home.device.entity import DeviceEntry, device, entity
from vettura.home.device.model import (
    NEVER_NS,
    choice,
    needed,
    number,
    only,
    recalled_number,
    recalled_text,
    text,
)
from vettura.home.device.world import FED, LOAD, World

STANDBY_W = 0.5
VOLUME_STEP = 0.05
_STATES = ("off", "on", "playing", "paused", "idle")
_ACTIONS = (
    "turn_on",
    "turn_off",
    "toggle",
    "volume_set",
    "volume_up",
    "volume_down",
    "volume_mute",
    "select_source",
    "media_play",
    "media_pause",
    "media_play_pause",
    "media_stop",
    "play_media",
)
_FEATURES = 1 | 4 | 8 | 128 | 256 | 512 | 1024 | 2048 | 4096 | 16384
"""Home Assistant's MediaPlayerEntityFeature: pause, volume, mute, on, off, play media, volume step,
source, stop, play."""


class TvEntry(DeviceEntry, frozen=True, kw_only=True, tag="tv"):
    """`kind = "tv"`."""

    socket: str = ""
    """The smart socket it hangs on; empty for one that is always on."""
    power_w: Annotated[float, Meta(ge=1.0, le=2_000.0)] = 95.0
    """What it draws when it is on."""
    sources: Annotated[tuple[str, ...], Meta(min_length=1, max_length=50)] = (
        "TV",
        "HDMI 1",
        "Films",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Television:
    """How it is; volume and source are kept while it is off."""

    power: str = "off"
    volume: float = 0.3
    is_muted: bool = False
    source: str
    title: str = ""
    is_fed: bool = True


@final
class TvModel:
    """A television."""

    def __init__(self, entry: TvEntry) -> None:
        self.id = entry.id
        self._entry = entry
        self.reads: Sequence[str] = (FED + entry.socket,) if entry.socket else ()
        self._tv = entity(
            entry,
            "media_player",
            actions=_ACTIONS,
            device_class="tv",
            fixed={"source_list": list(entry.sources), "supported_features": _FEATURES},
        )
        self.about = device(entry, self._tv)

    def begun(self, kept: Mapping[str, EntityState], world: World) -> Television:
        """Go on as it was."""
        told = kept.get(self._tv.id)
        return Television(
            power=recalled_text(told, "", _STATES),
            volume=min(max(recalled_number(told, "volume_level", 0.3), 0.0), 1.0),
            source=recalled_text(told, "source", self._entry.sources),
        )

    def told(self, state: Television) -> dict[str, EntityState]:
        """One entity."""
        if not state.is_fed:
            return {self._tv.id: self._tv.state("unavailable")}
        if state.power == "off":
            return {self._tv.id: self._tv.state("off")}
        shown = self._tv.state(
            state.power,
            volume_level=round(state.volume, 2),
            is_volume_muted=state.is_muted,
            source=state.source,
            media_title=state.title or None,
        )
        return {self._tv.id: shown}

    def gives(self, state: Television) -> Mapping[str, object]:
        """What it draws."""
        watts = STANDBY_W if state.power == "off" else self._entry.power_w
        return {f"{LOAD}{self._entry.socket}.{self.id}": watts if state.is_fed else 0.0}

    def passed(self, state: Television, world: World) -> Television:
        """Without current it is off, and stays so when the current comes back."""
        is_fed = not self.reads or world.number(self.reads[0]) > 0.0
        return replace(state, is_fed=is_fed, power=state.power if is_fed else "off")

    def next_ns(self, state: Television, world: World) -> int:
        """Nothing happens to it by itself."""
        return NEVER_NS

    def obeyed(self, state: Television, wish: DeviceAction, world: World) -> Television:
        """What a remote control does; while it is off only the switch does anything."""
        if not state.is_fed:
            raise RefusedError(f"{self._tv.id} has no current")
        action = wish.action.partition(".")[2]
        if action in {"turn_on", "turn_off", "toggle"}:
            only(wish)
            is_off = state.power == "off"
            wants_on = action == "turn_on" or (action == "toggle" and is_off)
            return replace(state, power=("on" if is_off else state.power) if wants_on else "off")
        if state.power == "off" and action != "play_media":
            raise RefusedError(f"{self._tv.id} is off")
        return self._played(state, wish, action)

    def _played(self, state: Television, wish: DeviceAction, action: str) -> Television:
        match action:
            case "volume_set":
                only(wish, "volume_level")
                level = number(wish, "volume_level", 0.0, 1.0)
                needed(level, wish, "volume_level")
                return replace(state, volume=level or 0.0)
            case "volume_up" | "volume_down":
                step = VOLUME_STEP if action == "volume_up" else -VOLUME_STEP
                return replace(state, volume=min(max(state.volume + step, 0.0), 1.0))
            case "volume_mute":
                only(wish, "is_volume_muted")
                return replace(state, is_muted=bool(wish.data.get("is_volume_muted", True)))
            case "select_source":
                only(wish, "source")
                source = choice(wish, "source", self._entry.sources)
                needed(source, wish, "source")
                return replace(state, source=source or state.source, title="")
            case "play_media":
                only(wish, "media_content_id", "media_content_type", "enqueue", "announce", "extra")
                title = text(wish, "media_content_id", longest=200)
                return replace(state, power="playing", title=title)
        only(wish)
        is_playing = state.power == "playing"
        powers = {"media_play": "playing", "media_pause": "paused", "media_stop": "idle"}
        return replace(state, power=powers.get(action, "paused" if is_playing else "playing"))
