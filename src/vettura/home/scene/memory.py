"""What scenes remember, on the bus: written when something has changed, read at the start."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

import structlog

from vettura.bus.interface import Bus
from vettura.bus.messages import decode, encode
from vettura.bus.patience import patiently
from vettura.bus.subjects import HOUSE_BUCKET
from vettura.clock.interface import Clock
from vettura.errors import BusError, InputError
from vettura.home.scene.engine import Engine
from vettura.home.scene.kept import KeptRun, KeptScenes
from vettura.home.scene.plain import unpacked
from vettura.home.scene.state import State

log = structlog.get_logger()

PERIOD_S = 1.0
"""Between two writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What was kept."""

    before: Mapping[str, State] = field(default_factory=dict)
    runs: list[KeptRun] = field(default_factory=list)


@final
class Memory:
    """Keeps what one engine must not forget."""

    def __init__(self, bus: Bus, clock: Clock, home: str, engine: Engine) -> None:
        self._bus = bus
        self._clock = clock
        self._key = f"{home}.scenes"
        self._engine = engine
        self._is_stale = asyncio.Event()

    @property
    def is_stale(self) -> bool:
        """Whether something has changed since it was written."""
        return self._is_stale.is_set()

    @is_stale.setter
    def is_stale(self, stale: bool) -> None:
        if stale:
            self._is_stale.set()
        else:
            self._is_stale.clear()

    async def recall(self) -> Remembered:
        """What was kept; nothing when it cannot be read."""
        bucket = await patiently(self._clock, lambda: self._bus.bucket(HOUSE_BUCKET))
        entry = await patiently(self._clock, lambda: bucket.get(self._key))
        if entry is None or entry.value is None:
            return Remembered()
        try:
            kept = decode(entry.value, KeptScenes, where="what scenes remember")
            before = {
                entity_id: _state(entity_id, *told) for entity_id, told in kept.entities.items()
            }
        except (InputError, TypeError, KeyError, ValueError) as error:
            log.warning("scenes_memory_unreadable", error=str(error))
            return Remembered()
        return Remembered(before=before, runs=kept.runs)

    async def run(self) -> None:
        """Write until cancelled, at once and then at most once in a while."""
        bucket = await patiently(self._clock, lambda: self._bus.bucket(HOUSE_BUCKET))
        while True:
            await self._is_stale.wait()
            self._is_stale.clear()
            try:
                await bucket.put(self._key, encode(self._kept()))
            except BusError as error:
                log.info("scenes_not_kept", error=error.message)
                self._is_stale.set()
            except InputError as error:
                log.warning("scenes_not_kept", error=error.message)
            await self._clock.sleep(max(PERIOD_S, self._clock.resolution_s))

    def _kept(self) -> KeptScenes:
        return KeptScenes(
            time_ns=self._engine.world.now_ns,
            entities=self._engine.remembered(),
            runs=self._engine.kept_runs(),
        )


def _state(entity_id: str, state: str, attributes: Any) -> State:
    return State(entity_id, state, unpacked(attributes), 0, 0)
