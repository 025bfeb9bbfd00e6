"""A robot that vacuums, comes home and charges."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, final

from msgspec import Meta

from vettura.bus.messages_home import DeviceAction, EntityState
from vettura.errors import RefusedError
from vettura.home.device.entity import DeviceEntry, device, entity
from vettura.home.device.heat import hours_of
from vettura.home.device.model import (
    NEVER_NS,
    choice,
    needed,
    only,
    recalled_number,
    recalled_text,
)
from vettura.home.device.world import World
from vettura.units import NS_PER_S, PERCENT, SECONDS_PER_HOUR

RUN_HOURS = 1.8
CHARGE_HOURS = 4.0
"""From full to empty, and back, as makers of robots with 5,200 mAh say."""
RETURNS_AT = 0.15
RESUMES_AT = 0.8
"""It goes home to charge, and comes back to finish."""
RETURN_S = 100.0
STEP = 0.05
SPEEDS = ("quiet", "standard", "strong")
_STATES = ("docked", "cleaning", "returning", "paused", "idle")
_ACTIONS = ("start", "pause", "stop", "return_to_base", "locate", "set_fan_speed", "clean_spot")
_FEATURES = 4 | 8 | 16 | 32 | 64 | 128 | 512 | 1024 | 4096 | 8192
"""Home Assistant's VacuumEntityFeature: pause, stop, return home, fan speed, battery, status,
locate, clean spot, state, start."""
_RATES = {"cleaning": -1.0 / RUN_HOURS, "returning": -1.0 / RUN_HOURS, "docked": 1.0 / CHARGE_HOURS}


class VacuumEntry(DeviceEntry, frozen=True, kw_only=True, tag="vacuum"):
    """`kind = "vacuum"`."""

    minutes: Annotated[float, Meta(ge=5.0, le=600.0)] = 55.0
    """How long it needs for the whole home."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Robot:
    """What it does since `time_ns`, its charge then, and how much is left to clean."""

    doing: str = "docked"
    soc: float = 1.0
    left_h: float = 0.0
    way_h: float = 0.0
    """The way home that is left."""
    speed: str = "standard"
    time_ns: int = 0


@final
class VacuumModel:
    """A robot."""

    reads: Sequence[str] = ()

    def __init__(self, entry: VacuumEntry) -> None:
        self.id = entry.id
        self._all_h = entry.minutes / 60.0
        fixed = {"fan_speed_list": list(SPEEDS), "supported_features": _FEATURES}
        self._vacuum = entity(entry, "vacuum", actions=_ACTIONS, fixed=fixed)
        self.about = device(entry, self._vacuum)

    def begun(self, kept: Mapping[str, EntityState], world: World) -> Robot:
        """Go on as it was; one that was cleaning has not forgotten what is left."""
        told = kept.get(self._vacuum.id)
        return Robot(
            doing=recalled_text(told, "", _STATES),
            soc=min(max(recalled_number(told, "battery_level", PERCENT) / PERCENT, 0.0), 1.0),
            left_h=min(max(recalled_number(told, "minutes_left", 0.0) / 60.0, 0.0), self._all_h),
            way_h=RETURN_S / SECONDS_PER_HOUR,
            speed=recalled_text(told, "fan_speed", ("standard", *SPEEDS)),
            time_ns=world.now_ns,
        )

    def told(self, state: Robot) -> dict[str, EntityState]:
        """One entity."""
        shown = self._vacuum.state(
            state.doing,
            battery_level=round(PERCENT * state.soc),
            fan_speed=state.speed,
            status=state.doing,
            minutes_left=round(60.0 * state.left_h),
        )
        return {self._vacuum.id: shown}

    def passed(self, state: Robot, world: World) -> Robot:
        """Go on cleaning, coming home or charging, and to what follows."""
        state = self._aged(state, world.now_ns)
        if state.doing == "cleaning" and (state.left_h <= 0.0 or state.soc <= RETURNS_AT):
            return _homewards(state)
        if state.doing == "returning" and state.way_h <= 0.0:
            return replace(state, doing="docked")
        if state.doing == "docked" and state.left_h > 0.0 and state.soc >= RESUMES_AT:
            return replace(state, doing="cleaning")
        return state

    def next_ns(self, state: Robot, world: World) -> int:
        """When it is done, must home, is home, is charged, or a twentieth of its charge is gone."""
        rate = _RATES.get(state.doing, 0.0)
        if rate == 0.0 or (state.doing == "docked" and state.soc >= 1.0):
            return NEVER_NS
        steps = state.soc / STEP
        if rate > 0.0:
            waits = [(1.0 - steps % 1.0) * STEP / rate]
        else:
            waits = [(steps % 1.0 or 1.0) * STEP / -rate]
        if state.doing == "cleaning":
            waits += [state.left_h, (state.soc - RETURNS_AT) / -rate]
        if state.doing == "returning":
            waits.append(state.way_h)
        hours = min(wait for wait in waits if wait > 0.0)
        return state.time_ns + round(hours * SECONDS_PER_HOUR * NS_PER_S) + 1_000

    def obeyed(self, state: Robot, wish: DeviceAction, world: World) -> Robot:
        """What its buttons do."""
        state = self._aged(state, world.now_ns)
        match wish.action:
            case "vacuum.set_fan_speed":
                only(wish, "fan_speed")
                speed = choice(wish, "fan_speed", SPEEDS)
                needed(speed, wish, "fan_speed")
                return replace(state, speed=speed or state.speed)
            case "vacuum.start" | "vacuum.clean_spot":
                only(wish)
                if state.soc <= RETURNS_AT:
                    raise RefusedError(f"{self._vacuum.id} is empty and charges first")
                whole_h = 0.1 if wish.action == "vacuum.clean_spot" else self._all_h
                is_fresh = state.left_h <= 0.0
                return replace(
                    state, doing="cleaning", left_h=whole_h if is_fresh else state.left_h
                )
            case "vacuum.pause":
                only(wish)
                return (
                    replace(state, doing="paused")
                    if state.doing in _RATES and (state.doing != "docked")
                    else state
                )
            case "vacuum.stop":
                only(wish)
                doing = "docked" if state.doing == "docked" else "idle"
                return replace(state, doing=doing, left_h=0.0)
            case "vacuum.return_to_base":
                only(wish)
                return state if state.doing == "docked" else _homewards(replace(state, left_h=0.0))
        only(wish)
        return state

    def _aged(self, state: Robot, now_ns: int) -> Robot:
        hours = hours_of(now_ns - state.time_ns)
        soc = state.soc + _RATES.get(state.doing, 0.0) * hours
        return replace(
            state,
            soc=min(max(soc, 0.0), 1.0),
            left_h=max(0.0, state.left_h - (hours if state.doing == "cleaning" else 0.0)),
            way_h=max(0.0, state.way_h - (hours if state.doing == "returning" else 0.0)),
            time_ns=now_ns,
        )


def _homewards(state: Robot) -> Robot:
    return replace(state, doing="returning", way_h=RETURN_S / SECONDS_PER_HOUR)
