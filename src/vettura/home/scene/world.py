"""What scenes see and touch: states, events, topics, the time, the sky, and an outbox. No I/O.

Whoever hosts the scenes moves `now_ns`, tells what happens outside, and takes what is in `outbox`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, final
from zoneinfo import ZoneInfo

from vettura.bus.messages import Wire
from vettura.bus.messages_home import Cause
from vettura.home.scene.agenda import Agenda
from vettura.home.scene.directory import Directory
from vettura.home.scene.rendering import Renderer
from vettura.home.scene.state import Change, StateTable, context_of, instant
from vettura.home.scene.tree import Where
from vettura.home.scene.walltime import local
from vettura.life.local_time import zone
from vettura.life.sky import SkyPlace, sunrise_ns, sunset_ns
from vettura.words.states import StateContext

LINES_MAX = 200
"""Warnings with the same words are told once; so many different ones in a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HomePlace:
    """Where and in which time zone the home is."""

    timezone: str
    latitude_deg: float
    longitude_deg: float
    elevation_m: float = 0.0

    @property
    def sky(self) -> SkyPlace:
        """As who looks at the sky."""
        return SkyPlace(self.latitude_deg, self.longitude_deg, self.elevation_m)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened; templates see it as `trigger.event`."""

    event_type: str
    data: Mapping[str, Any] = field(default_factory=dict)
    time_ns: int
    cause: Cause | None = None

    @property
    def time_fired(self) -> datetime:
        """When."""
        return instant(self.time_ns)

    @property
    def context(self) -> StateContext:
        """Who did it, as Home Assistant's context."""
        return context_of(self.cause)


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """An MQTT message that came in."""

    topic: str
    payload: str
    qos: int = 0


EventHearer = Callable[[Event], None]
TopicHearer = Callable[[Topic], None]


@final
class World:
    """One home as its scenes see it. Mutable; one engine owns it."""

    def __init__(self, place: HomePlace, *, now_ns: int, seed: int = 0) -> None:
        self.place = place
        self.zone: ZoneInfo = zone(place.timezone)
        self.now_ns = now_ns
        self.agenda = Agenda()
        self.states = StateTable(self.agenda.soon)
        self.directory = Directory()
        self.templates = Renderer(self, seed=seed)
        self.topic_hearers: dict[int, tuple[str, TopicHearer]] = {}
        self.outbox: list[Wire] = []
        self.lines: list[str] = []
        """Warnings for people, one line each; whoever hosts takes them."""
        self._event_hearers: dict[str, dict[int, EventHearer]] = {}
        self._told: set[str] = set()
        self._number = 0
        self._sun_days: dict[date, tuple[int | None, int | None]] = {}

    def now(self) -> datetime:
        """The time at home."""
        return local(self.now_ns, self.zone)

    def warn(self, where: Where | str, message: str) -> None:
        """Tell people one line; the same line only once."""
        line = f"{where}: {message}"
        if line not in self._told and len(self._told) < LINES_MAX:
            self._told.add(line)
            self.lines.append(line)

    def hear_event(self, event_type: str, hearer: EventHearer) -> Callable[[], None]:
        """Call `hearer` for each event of that type; returns what ends that."""
        self._number += 1
        number = self._number
        hearers = self._event_hearers.setdefault(event_type, {})
        hearers[number] = hearer
        if event_type == "state_changed":
            return self._hear_changes(hearer)

        def stop() -> None:
            hearers.pop(number, None)

        return stop

    def happens(self, event: Event) -> None:
        """Let everybody hear of an event."""
        for kind in (event.event_type, "*"):
            for hearer in tuple(self._event_hearers.get(kind, {}).values()):
                hearer(event)

    def is_heard(self, event_type: str) -> bool:
        """Whether anybody listens for that event."""
        return bool(self._event_hearers.get(event_type)) or bool(self._event_hearers.get("*"))

    def hear_topic(self, pattern: str, hearer: TopicHearer) -> Callable[[], None]:
        """Call `hearer` for each MQTT message on that filter; returns what ends that."""
        self._number += 1
        number = self._number
        self.topic_hearers[number] = (pattern, hearer)

        def stop() -> None:
            self.topic_hearers.pop(number, None)

        return stop

    def sun_today(self, *asked: str | None) -> tuple[int | None, int | None]:
        """Sunrise and sunset of today there; of an event asked for that lies on the day before
        by the local calendar, tomorrow's."""
        today = self.now().date()
        found = list(self._sun(today))
        for index, event in enumerate(("sunrise", "sunset")):
            when = found[index]
            if when is not None and event in asked and local(when, self.zone).date() < today:
                found[index] = self._sun(today + timedelta(days=1))[index]
        return found[0], found[1]

    def _sun(self, day: date) -> tuple[int | None, int | None]:
        if day not in self._sun_days:
            if len(self._sun_days) > 8:
                self._sun_days.clear()
            sky = self.place.sky
            self._sun_days[day] = (sunrise_ns(day, sky), sunset_ns(day, sky))
        return self._sun_days[day]

    def _hear_changes(self, hearer: EventHearer) -> Callable[[], None]:
        def of_change(change: Change) -> None:
            data = {
                "entity_id": change.entity_id,
                "old_state": change.old,
                "new_state": change.new,
            }
            hearer(
                Event(
                    event_type="state_changed",
                    data=data,
                    time_ns=self.now_ns,
                    cause=change.cause,
                )
            )

        return self.states.first_hearers.hear_all(of_change)
