"""A thermostat and the house that it warms, and cools when it can."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal, final

from msgspec import Meta

from vettura.bus.messages_home import DeviceAction, EntityState
from vettura.errors import RefusedError
from vettura.home.device.entity import (
    DeviceEntry,
    device,
    entity,
    metered,
)
from vettura.home.device.heat import (
    SUN_M2_PER_M2,
    SUN_TO_AIR,
    VENTILATION_W_PER_K_M2,
    Around,
    Insulation,
    Mass,
    course_of,
    hours_of,
    house_of,
    lost_wh,
)
from vettura.home.device.model import choice, needed, number, only, recalled_number, recalled_text
from vettura.home.device.world import AIR_DEGC, OPEN, SHOWN, World
from vettura.units import NS_PER_S, SECONDS_PER_HOUR, WH_PER_KWH, ZERO_DEGC_IN_K

RANGE_DEGC = (5.0, 30.0)
SWING_K = 0.25
"""It heats up to so much over the wish, and again from so much below."""
PRESETS = {"home": 20.0, "away": 16.5, "sleep": 18.5}
WINDOW_W_PER_K = 60.0
"""An open window."""
AIRED_DEGC = 24.5
AIRED_W_PER_K = 250.0
"""Whoever is at home opens windows when it is warmer than this inside, and cooler outside."""
PERSON_W, APPLIANCES_W = 85.0, 160.0
FLOW_DEGC, SOURCE_K, CARNOT_SHARE = 38.0, 6.0, 0.45
"""A heat pump's water and how far its source cools the air; it reaches 40 to 50 % of what Carnot
allows (Staffell and others 2012, Energy & Environmental Science 5, 9291)."""
COP_RANGE = (1.5, 6.0)
EER = 3.4
BOILER_SHARE = 0.93
STANDBY_W = 6.0
TO_STRUCTURE = 0.55
"""Share of the heat that goes into floors and walls, as from floor heating."""
_HEATS, _COOLS = ("heat", "heat_cool"), ("cool", "heat_cool")
_FEATURES = 1 | 16 | 128 | 256
"""Home Assistant's ClimateEntityFeature: target temperature, presets, off and on."""


class ThermostatEntry(DeviceEntry, frozen=True, kw_only=True, tag="thermostat"):
    """`kind = "thermostat"`: one of a home."""

    floor_m2: Annotated[float, Meta(ge=15.0, le=2000.0)] = 110.0
    insulation: Insulation = "usual"
    source: Literal["heat_pump", "boiler"] = "heat_pump"
    heat_w_max: Annotated[float, Meta(ge=500.0, le=200_000.0)] = 9_000.0
    cools: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Climate:
    """Wishes, temperatures up to `time_ns`, and what acts on them from then on."""

    mode: str = "heat"
    target_degc: float = PRESETS["home"]
    preset: str = "home"
    action: str = "idle"
    mass: Mass
    around: Around
    time_ns: int
    power_w: float = 0.0
    """Of electricity, or of gas."""
    energy_wh: float = 0.0
    heated_wh: float = 0.0
    """Heat brought in since the begin by the source (taken out: negative), sun and people."""
    lost_wh: float = 0.0
    """Heat that went out since the begin."""


@final
class ThermostatModel:
    """A thermostat and its house."""

    reads: Sequence[str] = (SHOWN, f"{OPEN}window.")

    def __init__(self, entry: ThermostatEntry) -> None:
        self.id = entry.id
        self._entry = entry
        self.house = house_of(entry.floor_m2, entry.insulation)
        self._modes = ["off", "heat", *(["cool", "heat_cool"] if entry.cools else [])]
        self._climate = entity(
            entry,
            "climate",
            actions=(
                "set_temperature",
                "set_hvac_mode",
                "set_preset_mode",
                "turn_on",
                "turn_off",
            ),
            min=RANGE_DEGC[0],
            max=RANGE_DEGC[1],
            step=0.5,
            fixed={
                "hvac_modes": self._modes,
                "preset_modes": list(PRESETS),
                "min_temp": RANGE_DEGC[0],
                "max_temp": RANGE_DEGC[1],
                "target_temp_step": 0.5,
                "supported_features": _FEATURES,
            },
        )
        self._power, self._energy = metered(entry)
        self.about = device(entry, self._climate, self._power, self._energy)

    def begun(self, kept: Mapping[str, EntityState], world: World) -> Climate:
        """Go on as it was: a house keeps its warmth over a restart."""
        told = kept.get(self._climate.id)
        target = recalled_number(told, "temperature", PRESETS["home"])
        target = min(max(target, RANGE_DEGC[0]), RANGE_DEGC[1])
        air = recalled_number(told, "current_temperature", target)
        structure = recalled_number(told, "structure_temperature", air - 0.5)
        energy_kwh = recalled_number(kept.get(self._energy.id), "", 0.0)
        mass = Mass(min(max(air, -20.0), 45.0), min(max(structure, -20.0), 45.0))
        state = Climate(
            mode=recalled_text(told, "", self._modes) if told is not None else "heat",
            target_degc=target,
            preset=recalled_text(told, "preset_mode", list(PRESETS)),
            mass=mass,
            around=Around(world.weather().ambient_degc, 0.0, 0.0, 0.0),
            time_ns=world.now_ns,
            energy_wh=max(0.0, energy_kwh) * WH_PER_KWH,
        )
        return self._decided(state, world)

    def told(self, state: Climate) -> dict[str, EntityState]:
        """Climate, power, energy."""
        shown = self._climate.state(
            state.mode,
            current_temperature=round(state.mass.air_degc, 1),
            temperature=state.target_degc if state.mode != "off" else None,
            hvac_action="off" if state.mode == "off" else state.action,
            preset_mode=state.preset,
            structure_temperature=round(state.mass.structure_degc, 1),
        )
        return {
            self._climate.id: shown,
            self._power.id: self._power.state(f"{state.power_w:.0f}"),
            self._energy.id: self._energy.state(f"{state.energy_wh / WH_PER_KWH:.2f}"),
        }

    def gives(self, state: Climate) -> Mapping[str, object]:
        """The air inside, to a tenth."""
        return {AIR_DEGC: round(state.mass.air_degc, 1)}

    def passed(self, state: Climate, world: World) -> Climate:
        """Let the house warm or cool up to now, then see what acts on it from here."""
        return self._decided(self._aged(state, world.now_ns), world)

    def next_ns(self, state: Climate, world: World) -> int:
        """With the weather, or when the air reaches where it starts or stops."""
        until_ns = world.next_quarter_ns()
        course = course_of(self.house, state.mass, state.around)
        within_h = hours_of(until_ns - state.time_ns)
        reached = [course.reaches_h(mark, within_h) for mark in self._marks(state)]
        hours = min((h for h in reached if h is not None), default=within_h)
        return min(until_ns, state.time_ns + round(hours * SECONDS_PER_HOUR * NS_PER_S) + 1)

    def obeyed(self, state: Climate, wish: DeviceAction, world: World) -> Climate:
        """Wish for another temperature, mode or preset."""
        match wish.action:
            case "climate.set_temperature":
                only(wish, "temperature", "hvac_mode")
                target = number(wish, "temperature", *RANGE_DEGC)
                needed(target, wish, "temperature")
                mode = choice(wish, "hvac_mode", self._modes) or state.mode
                return replace(state, target_degc=target or 0.0, mode=mode)
            case "climate.set_preset_mode":
                only(wish, "preset_mode")
                preset = choice(wish, "preset_mode", list(PRESETS))
                if preset is None:
                    raise RefusedError(f"{wish.action} needs preset_mode")
                return replace(state, preset=preset, target_degc=PRESETS[preset])
            case "climate.set_hvac_mode":
                only(wish, "hvac_mode")
                wanted = choice(wish, "hvac_mode", self._modes)
                needed(wanted, wish, "hvac_mode")
                return replace(state, mode=wanted or state.mode)
        only(wish)
        if wish.action == "climate.turn_off":
            return replace(state, mode="off")
        return replace(state, mode="heat") if state.mode == "off" else state

    def _aged(self, state: Climate, now_ns: int) -> Climate:
        hours = hours_of(now_ns - state.time_ns)
        if hours <= 0.0:
            return state
        course = course_of(self.house, state.mass, state.around)
        brought_w = state.around.air_w + state.around.structure_w
        out_wh = lost_wh(self.house, state.around, course.summed(hours), hours)
        return replace(
            state,
            mass=course.at(hours),
            time_ns=now_ns,
            energy_wh=state.energy_wh + state.power_w * hours,
            heated_wh=state.heated_wh + brought_w * hours,
            lost_wh=state.lost_wh + out_wh,
        )

    def _marks(self, state: Climate) -> tuple[float, ...]:
        """Where the source starts or stops next."""
        low, high = state.target_degc - SWING_K, state.target_degc + SWING_K
        if state.action == "heating":
            return (high,)
        if state.action == "cooling":
            return (low,)
        marks = [low] if state.mode in _HEATS else []
        return (*marks, *([_too_warm(state)] if state.mode in _COOLS else []))

    def _decided(self, state: Climate, world: World) -> Climate:
        weather = world.weather()
        action = _action(state)
        heat_w = {"heating": self._entry.heat_w_max, "cooling": -0.6 * self._entry.heat_w_max}
        source_w = heat_w.get(action, 0.0)
        sun_w = SUN_M2_PER_M2 * self._entry.floor_m2 * weather.sun_w_per_m2
        at_home = sum(world.is_home(person.name) for person in world.household.people)
        inside_w = PERSON_W * at_home + APPLIANCES_W
        vent = VENTILATION_W_PER_K_M2 * self._entry.floor_m2
        vent += WINDOW_W_PER_K * world.total(f"{OPEN}window.")
        is_stuffy = state.mass.air_degc > max(AIRED_DEGC, weather.ambient_degc)
        if at_home and is_stuffy and action != "cooling":
            vent += AIRED_W_PER_K
        around = Around(
            weather.ambient_degc,
            vent,
            (1.0 - TO_STRUCTURE) * source_w + SUN_TO_AIR * sun_w + inside_w,
            TO_STRUCTURE * source_w + (1.0 - SUN_TO_AIR) * sun_w,
        )
        power_w = STANDBY_W + self._drawn_w(action, abs(source_w), weather.ambient_degc)
        return replace(state, action=action, around=around, power_w=power_w)

    def _drawn_w(self, action: str, heat_w: float, ambient_degc: float) -> float:
        if action == "idle":
            return 0.0
        if action == "cooling":
            return heat_w / EER
        if self._entry.source == "boiler":
            return heat_w / BOILER_SHARE
        lift_k = FLOW_DEGC - (ambient_degc - SOURCE_K)
        cop = CARNOT_SHARE * (FLOW_DEGC + ZERO_DEGC_IN_K) / max(lift_k, 10.0)
        return heat_w / min(max(cop, COP_RANGE[0]), COP_RANGE[1])


def _too_warm(state: Climate) -> float:
    """Where it begins to cool; further off when it also warms, so that the two never alternate."""
    return state.target_degc + (2.0 if state.mode in _HEATS else SWING_K)


def _action(state: Climate) -> str:
    """What the source does: it goes on until the air is on the other side of the wish."""
    air, target = state.mass.air_degc, state.target_degc
    heats, cools = state.mode in _HEATS, state.mode in _COOLS
    if heats and (
        air <= target - SWING_K or (state.action == "heating" and air < target + SWING_K)
    ):
        return "heating"
    if cools and (
        air >= _too_warm(state) or (state.action == "cooling" and air > target - SWING_K)
    ):
        return "cooling"
    return "idle"
