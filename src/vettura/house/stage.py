"""Where services live in a rehearsal: each may be stopped and begun anew while the others go on."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any, final

from vettura.house.build import Service


@final
class Stage:
    """Runs services by name. `make` builds them all anew; what they remember is on the bus."""

    def __init__(self, make: Callable[[], Mapping[str, Service]]) -> None:
        self._make = make
        self._group = asyncio.TaskGroup()
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def run(self, *others: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run every service, and what else acts on this stage, until cancelled."""
        async with self._group:
            self.start(self._make())
            for other in others:
                self._group.create_task(other())

    def known(self) -> list[str]:
        """The services that were begun, whether they run now or not."""
        return list(self._tasks)

    def start(self, services: Mapping[str, Service]) -> None:
        """Begin these, unless they run."""
        for name, service in services.items():
            if name not in self._tasks or self._tasks[name].done():
                self._tasks[name] = self._group.create_task(service.run(), name=name)

    def begin(self, names: Iterable[str]) -> None:
        """Build those services anew and let them run."""
        wanted = set(names)
        self.start({name: one for name, one in self._make().items() if name in wanted})

    async def stop(self, names: Iterable[str]) -> list[str]:
        """Cancel those services and wait for their end; returns which of them ran."""
        running = [name for name in names if name in self._tasks and not self._tasks[name].done()]
        for name in running:
            self._tasks[name].cancel()
        await asyncio.gather(*(self._tasks[name] for name in running), return_exceptions=True)
        return running
