"""What happened in a home, put together from what its bus carried."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import final

from vettura.bus.messages import decode, decode_frame
from vettura.bus.messages_home import (
    Called,
    Cause,
    DeviceAbout,
    DeviceState,
    EntityAbout,
    EntityState,
    HomeEvent,
    Trace,
)
from vettura.bus.paths import CLIMATE_POWER
from vettura.bus.subjects import car_signals
from vettura.errors import InputError
from vettura.home.findings.track import Track
from vettura.units import NS_PER_S

RUNNING = "running"
FIRED = frozenset({"finished", "stopped", "failed", "aborted", RUNNING})
"""States of runs that did something; a refused one did nothing."""
_CLIMATE_POWER = CLIMATE_POWER.encode()
_LOOK_NS = 10 * NS_PER_S
"""A car's climate is looked at so often at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityFacts:
    """What an entity is and where."""

    device: str
    device_name: str
    area: str
    about: EntityAbout
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a scene: a Trace without its steps."""

    id: str
    scene: str
    trigger: str
    start_ns: int
    end_ns: int
    state: str
    reason: str
    cause: Cause

    @property
    def has_fired(self) -> bool:
        """Whether it came to its actions."""
        return self.state in FIRED


@dataclass(slots=True, kw_only=True)
class Story:
    """Everything that findings are made from. Times are nanoseconds since the epoch."""

    start_ns: int = 0
    end_ns: int = 0
    entities: dict[str, EntityFacts] = field(default_factory=dict)
    tracks: dict[str, Track] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)
    calls: list[Called] = field(default_factory=list)
    events: list[HomeEvent] = field(default_factory=list)
    climates: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    """Time and power [W] of heating and cooling a car, by its device."""
    moved: dict[str, set[str]] = field(default_factory=dict)
    """By run, the entities whose state or attributes followed from it."""

    def track(self, entity: str) -> Track:
        """How an entity went; an empty track for one that was never heard of."""
        return self.tracks.get(entity) or Track()

    def scenes(self) -> list[str]:
        """The automations of the home, by entity id."""
        known = {entity for entity in self.entities if entity.startswith("automation.")}
        return sorted(known | {run.scene for run in self.runs})


@final
class Witness:
    """The tap of a bus that writes down a home's story; `cars` are devices by VIN."""

    def __init__(self, home: str, *, start_ns: int, cars: Mapping[str, str] | None = None) -> None:
        self.story = Story(start_ns=start_ns, end_ns=start_ns)
        self._prefix = f"home.{home}."
        self._cars = {car_signals(vin): device for vin, device in (cars or {}).items()}
        self._looked_ns = dict.fromkeys(self._cars, 0)
        self._now: dict[str, EntityState] = {}
        self.unreadable = 0
        """Messages that were no message."""
        self._kinds: dict[str, Callable[[int, str, bytes], None]] = {
            "state": self._hear_state,
            "about": self._hear_about,
            "event": self._hear_event,
            "called": self._hear_called,
            "trace": self._hear_trace,
        }

    def hear(self, time_ns: int, subject: str, data: bytes) -> None:
        """Take one message of the bus; most are nothing to a home's story."""
        if time_ns > self.story.end_ns:
            self.story.end_ns = time_ns
        if subject.startswith(self._prefix):
            hear = self._kinds.get(subject.rpartition(".")[2])
        elif subject in self._cars and _CLIMATE_POWER in data:
            hear = self._hear_car
        else:
            return
        if hear is None:
            return
        try:
            hear(time_ns, subject, data)
        except InputError:
            self.unreadable += 1

    def finish(self) -> Story:
        """The story at its end: runs that have done something and still go on count as runs."""
        story = self.story
        ended = {run.id for run in story.runs}
        for call in story.calls:
            if call.run not in ended:
                ended.add(call.run)
                story.runs.append(
                    Run(
                        id=call.run,
                        scene=call.scene,
                        trigger="",
                        start_ns=call.time_ns,
                        end_ns=story.end_ns,
                        state=RUNNING,
                        reason="",
                        cause=call.cause,
                    )
                )
        story.runs.sort(key=lambda run: run.start_ns)
        return story

    def _hear_state(self, time_ns: int, subject: str, data: bytes) -> None:
        message = decode(data, DeviceState, where=subject)
        cause, tracks = message.cause, self.story.tracks
        for entity, state in message.entities.items():
            before = self._now.get(entity)
            if before == state:
                continue
            self._now[entity] = state
            if cause is not None and before is not None:
                self.story.moved.setdefault(cause.id, set()).add(entity)
            track = tracks.get(entity)
            if track is None:
                track = tracks[entity] = Track()
            track.add(time_ns, state.state, cause)

    def _hear_about(self, _time_ns: int, subject: str, data: bytes) -> None:
        message = decode(data, DeviceAbout, where=subject)
        device = subject.split(".")[2]
        for entity, about in message.entities.items():
            self.story.entities[entity] = EntityFacts(
                device=device,
                device_name=message.name,
                area=message.area,
                about=about,
                origin=message.origin,
            )

    def _hear_event(self, _time_ns: int, subject: str, data: bytes) -> None:
        self.story.events.append(decode(data, HomeEvent, where=subject))

    def _hear_called(self, _time_ns: int, subject: str, data: bytes) -> None:
        self.story.calls.append(decode(data, Called, where=subject))

    def _hear_trace(self, _time_ns: int, subject: str, data: bytes) -> None:
        message = decode(data, Trace, where=subject)
        self.story.runs.append(
            Run(
                id=message.run,
                scene=message.scene,
                trigger=message.trigger,
                start_ns=message.start_ns,
                end_ns=message.end_ns,
                state=message.state,
                reason=message.reason,
                cause=message.cause,
            )
        )

    def _hear_car(self, time_ns: int, subject: str, data: bytes) -> None:
        if time_ns - self._looked_ns[subject] < _LOOK_NS:
            return
        self._looked_ns[subject] = time_ns
        power_w = decode_frame(data, where=subject).values.get(CLIMATE_POWER)
        if isinstance(power_w, int | float):
            rows = self.story.climates.setdefault(self._cars[subject], [])
            rows.append((time_ns, float(power_w)))
