"""Actions of no domain of their own: `homeassistant.*`, `scene.*`, messages, and the accepted."""

from collections.abc import Mapping
from itertools import groupby
from typing import Any, final

import msgspec

from vettura.bus.messages_home import TopicMessage
from vettura.home.scene import turns
from vettura.home.scene.calls import Calling, Calls, Done
from vettura.home.scene.faults import Fault, WrongCallFault
from vettura.home.scene.parts import Scene, SceneState
from vettura.home.scene.plain import as_plain
from vettura.home.scene.reproducing import call_for
from vettura.home.scene.state import State, instant
from vettura.home.scene.tree import Where
from vettura.home.scene.world import World
from vettura.words.template_results import TextDict, TextList

ACCEPTED = (
    "homeassistant.update_entity",
    "homeassistant.save_persistent_states",
    "homeassistant.reload_all",
    "homeassistant.reload_core_config",
    "logbook.log",
    "system_log.write",
    "system_log.clear",
    "scene.reload",
    "group.reload",
    "template.reload",
    "recorder.purge",
    "persistent_notification.create",
    "persistent_notification.dismiss",
    "persistent_notification.dismiss_all",
    "notify.notify",
    "notify.persistent_notification",
)
"""Done by having been told: they leave their `Called` and change nothing here."""


@final
class General:
    """What is left when the domains have taken theirs."""

    def __init__(self, world: World, calls: Calls, scenes: tuple[Scene, ...]) -> None:
        self._world = world
        self._calls = calls
        self._scenes = {scene.entity_id: scene for scene in scenes}
        for verb in ("turn_on", "turn_off", "toggle"):
            calls.register(f"homeassistant.{verb}", self._turn)
        for action in ACCEPTED:
            calls.register(action, lambda _, done: done(None, None))
        calls.register_entity("scene.turn_on", self._scene)
        calls.register("scene.apply", self._apply)
        calls.register("scene.create", self._create)
        calls.register("mqtt.publish", self._publish)

    def show_all(self, before: Mapping[str, State]) -> None:
        """Show the scenes as entities; their state is when they were last turned on."""
        for scene in self._scenes.values():
            state = before.get(scene.entity_id)
            self._show(scene, state.state if state is not None else "unknown", None)

    def _show(self, scene: Scene, state: str, calling: Calling | None) -> None:
        shown = {"entity_id": list(scene.entities), "friendly_name": scene.name}
        self._world.states.set(
            scene.entity_id,
            state,
            shown,
            time_ns=self._world.now_ns,
            cause=calling.cause if calling is not None else None,
        )

    def _turn(self, calling: Calling, done: Done) -> None:
        """Hand it on to each domain's own."""
        verb = calling.action.partition(".")[2]
        calls = []
        for domain, ids in groupby(sorted(calling.entities), lambda each: each.partition(".")[0]):
            entity_ids = list(ids)
            action = f"{domain}.{verb}"
            if domain == "homeassistant" or not self._calls.knows(action):
                listed = ", ".join(entity_ids)
                self._world.warn(calling.where, f"{calling.action} cannot be done by {listed}")
            else:
                calls.append((action, {**calling.data, "entity_id": entity_ids}))
        self._do_all(calling, calls, done, depth=1)

    def _do_all(
        self, calling: Calling, calls: list[tuple[str, dict[str, Any]]], done: Done, *, depth: int
    ) -> None:
        """Do several calls at once; done when the last is, with the first one's fault.

        `depth` is how often they are gathered.
        """
        if not calls:
            done(None, None)
            return
        faults: dict[int, Fault | None] = {}

        def end(index: int, fault: Fault | None) -> None:
            faults[index] = fault
            if len(faults) == len(calls):
                first = next((faults[k] for k in sorted(faults) if faults[k]), None)
                self._world.agenda.soon(lambda: done(first, None), turns.GATHERED * depth)

        for index, (action, data) in enumerate(calls):
            inner = self._calls.calling(
                action,
                data,
                cause=calling.cause,
                call_id=f"{calling.id}.{index}",
                run=calling.run,
                where=calling.where,
            )

            def do(inner: Calling = inner, index: int = index) -> None:
                self._calls.do(inner, lambda fault, _: end(index, fault))

            self._world.agenda.soon(do, depth)

    # Scenes

    def _scene(self, calling: Calling, done: Done) -> None:
        calls: list[tuple[str, dict[str, Any]]] = []
        for entity_id in calling.entities:
            scene = self._scenes.get(entity_id)
            if scene is None:
                self._world.warn(calling.where, f"{calling.action}: there is no {entity_id}")
                continue
            self._show(scene, instant(self._world.now_ns).isoformat(), calling)
            calls += self._calls_for(scene.entities, calling)
        self._do_all(calling, calls, done, depth=2)

    def _apply(self, calling: Calling, done: Done) -> None:
        wanted = calling.data.get("entities")
        if not isinstance(wanted, Mapping):
            raise WrongCallFault("needs entities")
        self._do_all(calling, self._calls_for(_read_states(wanted), calling), done, depth=2)

    def _create(self, calling: Calling, done: Done) -> None:
        scene_id = str(calling.data.get("scene_id", ""))
        if not scene_id.isidentifier():
            raise WrongCallFault("needs a scene_id of small letters, digits and _")
        wanted = _read_states(calling.data.get("entities") or {})
        snapshot = calling.data.get("snapshot_entities") or []
        for entity_id in [snapshot] if isinstance(snapshot, str) else snapshot:
            state = self._world.states.get(entity_id)
            if state is not None:
                wanted[entity_id] = SceneState(state=state.state, attributes=dict(state.attributes))
        where = calling.where if isinstance(calling.where, Where) else Where("scene.create", 1)
        scene = Scene(where=where, entity_id=f"scene.{scene_id}", name=scene_id, entities=wanted)
        self._scenes[scene.entity_id] = scene
        self._show(scene, "unknown", calling)
        done(None, None)

    def _calls_for(
        self, wanted: Mapping[str, SceneState], calling: Calling
    ) -> list[tuple[str, dict[str, Any]]]:
        calls = []
        for entity_id, state in _by_domain(wanted):
            now = self._world.states.get(entity_id)
            if now is None:
                self._world.warn(calling.where, f"{calling.action}: there is no {entity_id}")
                continue
            for action, data in call_for(now, state):
                more = {}
                if "transition" in calling.data and entity_id.startswith("light."):
                    more = {"transition": calling.data["transition"]}
                calls.append((action, {**data, **more, "entity_id": entity_id}))
        return calls

    # Messages

    def _publish(self, calling: Calling, done: Done) -> None:
        data = calling.data
        topic = str(data.get("topic") or data.get("topic_template") or "")
        if not topic or any(mark in topic for mark in "+#\0"):
            raise WrongCallFault(f"{topic[:80]!r} is no topic to publish on")
        qos = data.get("qos", 0)
        self._world.outbox.append(
            TopicMessage(
                topic=topic,
                payload=_payload(data.get("payload", "")),
                qos=qos if qos in (0, 1, 2) else 0,
                retain=bool(data.get("retain", False)),
                cause=calling.cause,
            )
        )
        done(None, None)


def _by_domain(wanted: Mapping[str, SceneState]) -> list[tuple[str, SceneState]]:
    """Domain by domain, each where its first entity stands."""
    domains = list(dict.fromkeys(entity_id.partition(".")[0] for entity_id in wanted))
    return sorted(wanted.items(), key=lambda pair: domains.index(pair[0].partition(".")[0]))


def _payload(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, TextDict | TextList):
        return str(value)
    if isinstance(value, dict | list):
        return msgspec.json.encode(as_plain(value)).decode()
    return "" if value is None else str(value)


def _read_states(wanted: Mapping[str, Any]) -> dict[str, SceneState]:
    found = {}
    for entity_id, value in wanted.items():
        if isinstance(value, Mapping):
            attributes = {key: each for key, each in value.items() if key != "state"}
            found[str(entity_id)] = SceneState(
                state=_word(value.get("state", "")), attributes=attributes
            )
        else:
            found[str(entity_id)] = SceneState(state=_word(value), attributes={})
    return found


def _word(value: object) -> str:
    """YAML makes truths of on and off."""
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)
