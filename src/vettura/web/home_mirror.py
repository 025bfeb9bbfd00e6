"""What the page knows of a home's devices, people and scenes, and what of it changed. Pure.

Everything it holds has a limit, whatever is sent.
"""

from collections import deque
from collections.abc import Mapping
from typing import Any

from vettura.bus.messages_home import DeviceAbout, DeviceState, EntityState, Trace
from vettura.web.state import EntityShown, Run

DEVICES_MAX = 512
ENTITIES_MAX = 4096
RUNS_MAX = 40
TEXT_MAX = 200
LIST_MAX = 24
LEFT_OUT = frozenset(
    {
        "device_class",
        "editable",
        "icon",
        "id",
        "state_class",
        "supported_features",
        "unit_of_measurement",
    }
)
"""Attributes that the page does not need, or has from what the entity is."""


class HomeMirror:
    """The mirror of one home."""

    def __init__(self) -> None:
        self.devices: dict[str, DeviceAbout] = {}
        self.entities: dict[str, EntityShown] = {}
        self._runs: deque[Run] = deque(maxlen=RUNS_MAX)
        self._owners: dict[str, str] = {}
        self._new_devices: dict[str, DeviceAbout] = {}
        self._new_entities: dict[str, EntityShown] = {}
        self._new_runs: list[Run] = []

    @property
    def runs(self) -> list[Run]:
        """The last runs of scenes, oldest first."""
        return list(self._runs)

    def owner(self, entity: str) -> str:
        """The device that an entity belongs to; empty when nobody has it."""
        return self._owners.get(entity, "")

    def take_about(self, device: str, about: DeviceAbout) -> None:
        """Take what a device is; one without entities is gone."""
        if self.devices.get(device, DeviceAbout(name="")) == about:
            return
        known = self.devices.pop(device, None)
        gone = set(known.entities) - set(about.entities) if known is not None else set()
        for entity in gone:
            self._owners.pop(entity, None)
            self.entities.pop(entity, None)
        if about.entities and (len(self.devices) >= DEVICES_MAX or self._is_crowded(about)):
            return
        self._new_devices[device] = about
        if about.entities:
            self.devices[device] = about
            self._owners |= dict.fromkeys(about.entities, device)

    def take_state(self, state: DeviceState) -> None:
        """Take how a device's entities are."""
        for entity, told in state.entities.items():
            if entity not in self.entities and len(self.entities) >= ENTITIES_MAX:
                continue
            shown = _shown(told, state.time_ns, self.entities.get(entity))
            if shown != self.entities.get(entity):
                self.entities[entity] = self._new_entities[entity] = shown

    def take_trace(self, trace: Trace) -> None:
        """Take a run of a scene that has ended, once."""
        if any(run.run == trace.run for run in self._runs):
            return
        run = Run(
            run=trace.run,
            scene=trace.scene,
            trigger=trace.trigger[:TEXT_MAX],
            start_ns=trace.start_ns,
            end_ns=trace.end_ns,
            state=trace.state,
            reason=trace.reason[:TEXT_MAX],
            steps=len(trace.steps),
            chain=[*trace.cause.chain, trace.cause.who][-LIST_MAX:],
        )
        self._runs.append(run)
        self._new_runs.append(run)
        del self._new_runs[:-RUNS_MAX]

    def pending(self) -> tuple[dict[str, DeviceAbout], dict[str, EntityShown], list[Run]] | None:
        """Return devices, entities and runs that changed since the last call; None for none."""
        if not (self._new_devices or self._new_entities or self._new_runs):
            return None
        news = self._new_devices, self._new_entities, self._new_runs
        self._new_devices, self._new_entities, self._new_runs = {}, {}, []
        return news

    def _is_crowded(self, about: DeviceAbout) -> bool:
        return len(self._owners) + len(about.entities) > ENTITIES_MAX


def _shown(told: EntityState, time_ns: int, before: EntityShown | None) -> EntityShown:
    """An entity as the page shows it; its state's own time stays while the state does."""
    same = before is not None and before.state == told.state[:TEXT_MAX]
    changed_ns = before.changed_ns if before is not None and same else time_ns
    return EntityShown(
        state=told.state[:TEXT_MAX],
        changed_ns=changed_ns,
        attributes=_attributes(told.attributes),
    )


def _attributes(told: Mapping[str, Any]) -> dict[str, Any]:
    kept = ((key, _short(value)) for key, value in told.items() if key not in LEFT_OUT)
    return {key: value for key, value in list(kept)[:LIST_MAX] if value is not None}


def _short(value: object) -> object:
    """Texts, numbers and short lists of them; None for what the page could not show."""
    if isinstance(value, str):
        return value[:TEXT_MAX]
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple) and len(value) <= LIST_MAX:
        return [_short(one) for one in value if isinstance(one, str | bool | int | float)]
    return None
