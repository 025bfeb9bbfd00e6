"""What is known of a home's energy for MQTT, and what a message from there asks. Pure."""

import math
from typing import NamedTuple, final

import msgspec

from vettura.bus import subjects
from vettura.bus.messages import MeterValue, decode
from vettura.bus.messages_energy import (
    EnergyPlan,
    EnergyVerb,
    GoalState,
    ModeState,
    Prices,
    Saved,
    SetGoal,
    SetMode,
    SiteMeter,
)
from vettura.clock.interface import Clock
from vettura.units import NS_PER_S, PERCENT, SECONDS_PER_HOUR, WH_PER_KWH
from vettura.words.energy import MODES, EnergyHome, entities
from vettura.words.energy_state import (
    State,
    goal_words,
    meter_words,
    mode_words,
    plan_words,
    price_words,
    saved_words,
    site_words,
)
from vettura.words.slugs import slug_of

PAYLOAD_BYTES_MAX = 256
GAP_NS = 300 * NS_PER_S
"""A battery's power is counted over no longer silence than this."""


class Unclear(NamedTuple):
    """A message that asks for nothing we know."""

    reason: str


@final
class EnergyView:
    """The newest of everything, as one JSON."""

    def __init__(self, home: EnergyHome, clock: Clock) -> None:
        self._home = home
        self._clock = clock
        self._slugs = {vin: slug for slug, vin in home.cars}
        self._words: State = dict.fromkeys(entity.key for entity in entities(home))
        self._prices: Prices | None = None
        self._plan: EnergyPlan | None = None
        self._site: SiteMeter | None = None
        self._battery_wh = [0.0, 0.0]
        """In and out, counted from the power."""
        self._told = b""

    def patterns(self) -> dict[str, list[str]]:
        """What to hear, and which keys of the bucket `home` hold the latest of it."""
        home = self._home.home
        goals = [subjects.goal(home, vin) for vin in self._slugs]
        modes = [subjects.mode(home, station) for station in self._home.stations]
        return {
            subjects.site_meter(home): [],
            subjects.prices(home): [subjects.prices(home)],
            subjects.plan(home): [subjects.plan(home)],
            subjects.goal(home, "*"): goals,
            subjects.mode(home, "*"): modes,
            subjects.saved(home): [subjects.saved(home)],
            subjects.meter(home, "*"): [],
        }

    def take(self, subject: str, data: bytes) -> None:
        """Take a message; `InputError` names one that cannot be read."""
        levels = subject.split(".")
        match levels[2]:
            case "site":
                self._take_site(decode(data, SiteMeter, where=subject))
            case "prices":
                self._prices = decode(data, Prices, where=subject)
            case "plan":
                self._plan = decode(data, EnergyPlan, where=subject)
            case "goal":
                goal = decode(data, GoalState, where=subject)
                if goal.vin in self._slugs:
                    self._know(goal_words(goal, self._slugs[goal.vin]))
            case "mode":
                self._know(mode_words(decode(data, ModeState, where=subject)))
            case "saved":
                self._know(saved_words(decode(data, Saved, where=subject)))
            case "meter":
                self._know(meter_words(levels[3], decode(data, MeterValue, where=subject)))

    def _take_site(self, site: SiteMeter) -> None:
        before, self._site = self._site, site
        if before is not None:
            gap_ns = min(max(site.time_ns - before.time_ns, 0), GAP_NS)
            energy_wh = before.battery_w * gap_ns / NS_PER_S / SECONDS_PER_HOUR
            self._battery_wh[0 if energy_wh > 0.0 else 1] += abs(energy_wh)
        inside, out = self._battery_wh
        counted = {
            "battery_in_energy": round(inside / WH_PER_KWH, 3),
            "battery_out_energy": round(out / WH_PER_KWH, 3),
        }
        self._know({**site_words(site), **counted})

    def _know(self, words: State) -> None:
        """Keep the words that this home has entities for."""
        self._words.update({key: word for key, word in words.items() if key in self._words})

    def news(self) -> bytes | None:
        """The state, when it is another than was told; None when it is not."""
        now_ns = self._clock.now_ns()
        if self._prices is not None:
            self._know(price_words(self._prices, now_ns))
        if self._plan is not None:
            self._know(plan_words(self._plan, self._slugs, now_ns))
        payload = msgspec.json.encode(self._words)
        return None if payload == self._told else payload

    def was_told(self, payload: bytes) -> None:
        """The broker has it."""
        self._told = payload

    def forget_what_was_told(self) -> None:
        """Tell it again: the broker is another one, or has lost its memory."""
        self._told = b""


def wish_of(home: EnergyHome, entity: str, payload: bytes) -> EnergyVerb | Unclear:
    """What a message for that entity asks. Never raises, whatever the message is."""
    if len(payload) > PAYLOAD_BYTES_MAX:
        return Unclear("that is too long for a goal or a mode")
    try:
        text = payload.decode().strip()
    except UnicodeDecodeError:
        return Unclear("a goal or a mode is text")
    for station in home.stations:
        if entity == f"{slug_of(station)}_mode":
            for mode in MODES:
                if mode == text.lower():
                    return SetMode(station=station, mode=mode)
            return Unclear(f"a mode is one of {', '.join(MODES)}")
    for slug, vin in home.cars:
        if entity == f"{slug}_goal":
            percent = _percent(text)
            if percent is None:
                return Unclear("a goal is a number from 0 to 100")
            return SetGoal(vin=vin, soc=percent / PERCENT)
    return Unclear(f"nothing here is called '{entity[:64]}'")


def _percent(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and 0.0 <= number <= PERCENT else None
