"""Scenes living through a recorded time, without any device: what would they have done?"""

from collections.abc import Callable, Iterable, Mapping
from itertools import count
from typing import Any, NamedTuple, TypeAlias, final

from vettura.bus.messages import Answer
from vettura.bus.messages_home import Called, HomeEvent, Trace
from vettura.home.scene.calls import Order
from vettura.home.scene.engine import Engine
from vettura.home.scene.parts import Scenes
from vettura.home.scene.world import HomePlace, Topic
from vettura.words.domains import is_action


class Update(NamedTuple):
    """An entity became so at that time; `state` None: it is gone."""

    time_ns: int
    entity_id: str
    state: str | None
    attributes: Mapping[str, Any]


class Happened(NamedTuple):
    """An event happened at that time."""

    time_ns: int
    event_type: str
    data: Mapping[str, Any]


class Heard(NamedTuple):
    """An MQTT message came at that time."""

    time_ns: int
    topic: str
    payload: str
    qos: int = 0


Moment: TypeAlias = Update | Happened | Heard


class Lived(NamedTuple):
    """What the scenes did."""

    called: list[Called]
    """Every action, in order; those that an action led to as well, as Home Assistant tells them."""
    traces: list[Trace]
    lines: list[str]
    """Warnings."""
    engine: Engine
    events: list[HomeEvent]
    """What scenes and promises told."""


@final
class Nobody:
    """A home without devices: every action is taken, and nothing comes of it."""

    def order(self, order: Order, done: Callable[[Answer], None]) -> None:
        """Take it."""
        del order
        done(Answer(ok=True, state="reached"))

    def device_of(self, entity_id: str) -> str | None:
        """Every entity there may be has one."""
        return entity_id

    def knows(self, action: str) -> bool:
        """Every action that Home Assistant's domains have."""
        return is_action(action)


def live_through(
    scenes: Scenes,
    moments: Iterable[Moment],
    *,
    start_ns: int,
    end_ns: int,
    timezone: str,
    latitude_deg: float,
    longitude_deg: float,
    elevation_m: float = 0.0,
    seed: int = 0,
) -> Lived:
    """Let the scenes live from `start_ns` to `end_ns` [ns since the epoch], fed with `moments`.

    `moments` come in order of their time. Those up to `start_ns` are what the home finds as it
    starts: they come before automations listen, and events among them are lost. At one instant
    moments come first, then what is due by itself. Actions are only recorded; the inputs, timers
    and counters of the file do act.
    """
    place = HomePlace(
        timezone=timezone,
        latitude_deg=latitude_deg,
        longitude_deg=longitude_deg,
        elevation_m=elevation_m,
    )
    numbers = count(1)
    engine = Engine(
        scenes,
        place,
        Nobody(),
        now_ns=start_ns,
        new_id=lambda: f"run-{next(numbers)}",
        seed=seed,
    )
    lived = Lived([], [], [], engine, [])
    is_started = False
    for moment in moments:
        if moment.time_ns > end_ns:
            break
        if not is_started and moment.time_ns > start_ns:
            _start(lived)
            is_started = True
        _until(lived, moment.time_ns - 1)
        engine.world.now_ns = max(engine.world.now_ns, moment.time_ns)
        _feed(engine, moment)
        _collect(lived)
    if not is_started:
        _start(lived)
    _until(lived, end_ns)
    return lived


def _start(lived: Lived) -> None:
    engine = lived.engine
    engine.show({})
    engine.start()
    _collect(lived)


def _until(lived: Lived, to_ns: int) -> None:
    engine = lived.engine
    while (due_ns := engine.next_ns()) is not None and due_ns <= to_ns:
        engine.advance(due_ns)
        _collect(lived)
    engine.advance(to_ns)


def _feed(engine: Engine, moment: Moment) -> None:
    match moment:
        case Update(state=None):
            engine.remove(moment.entity_id)
        case Update():
            engine.update(moment.entity_id, str(moment.state), dict(moment.attributes))
        case Happened():
            engine.happen(moment.event_type, moment.data, None)
        case Heard():
            engine.hear(Topic(topic=moment.topic, payload=moment.payload, qos=moment.qos))


def _collect(lived: Lived) -> None:
    for message in lived.engine.take():
        if isinstance(message, Called):
            lived.called.append(message)
        elif isinstance(message, Trace):
            lived.traces.append(message)
        elif isinstance(message, HomeEvent):
            lived.events.append(message)
    lived.lines.extend(lived.engine.take_lines())
