"""A NATS server of our own: a child process that is kept alive."""

import asyncio
from asyncio.subprocess import Process
from collections import deque
from enum import StrEnum
from pathlib import Path
from typing import Self, final

from vettura.bus.embedded_config import (
    HOST,
    choose_ports,
    files_in,
    find_program,
    recent_ports,
    write_config,
)
from vettura.bus.embedded_config import Ports as Ports
from vettura.bus.embedded_lock import StoreLock, stop_orphan
from vettura.bus.embedded_process import last_words, start_process, stop_process, wait_ready
from vettura.clock.interface import Clock
from vettura.errors import EnvironmentFault

# Real seconds, as `pace` gives them.
_READY_TIMEOUT_S = 30.0
_RESTART_PAUSE_S = 0.02
_RESTART_PAUSE_S_MAX = 5.0
_FAILURE_WINDOW_S = 60.0
_FAILURES_MAX = 8
_START_ATTEMPTS = 3
_PORT_TAKEN = "address already in use"


class Health(StrEnum):
    """How the server is."""

    STOPPED = "stopped"
    RUNNING = "running"
    RESTARTING = "restarting"
    FAILED = "failed"
    """It died too often and is no longer restarted; `EmbeddedServer.failure` says why."""


@final
class EmbeddedServer:
    """nats-server as a child, with JetStream on disk in `store_dir`, synced before it answers.

    It listens on 127.0.0.1 only: NATS, MQTT 3.1.1, WebSocket and monitoring, on `ports` (0: that of
    last time, else a free one) that stay the same as long as this object runs. When the child dies
    it is started again; after 8 deaths within a minute it is left dead. `pace` is a clock of real
    seconds (speed 1).
    Start it from the main thread: on Linux the child ends when that thread does.
    """

    def __init__(
        self,
        store_dir: Path,
        *,
        pace: Clock,
        name: str = "vettura",
        ports: Ports = Ports(),  # noqa: B008  a tuple of numbers
    ) -> None:
        self.health = Health.STOPPED
        self.failure: EnvironmentFault | None = None
        """Why `health` is FAILED."""
        self.restarts = 0
        """How often it was started again since `start`."""
        self.store_dir = store_dir.resolve()
        self._pace = pace
        self._name = name
        self._wanted = ports
        self._ports = ports
        self._files = files_in(self.store_dir)
        self._lock = StoreLock(self._files.lock)
        self._program: Path | None = None
        self._process: Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._deaths: deque[float] = deque(maxlen=_FAILURES_MAX)

    @property
    def url(self) -> str:
        """Where NATS clients connect."""
        return f"nats://{HOST}:{self._ports.nats}"

    @property
    def mqtt_port(self) -> int:
        """Port of the MQTT 3.1.1 listener."""
        return self._ports.mqtt

    @property
    def websocket_port(self) -> int:
        """Port of the WebSocket listener, without TLS."""
        return self._ports.websocket

    @property
    def monitor_port(self) -> int:
        """Port of the monitoring over HTTP."""
        return self._ports.monitor

    @property
    def pid(self) -> int | None:
        """The child's process id; None while there is no child."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    async def start(self) -> None:
        """Start the server and return when it is ready, within 30 s.

        Raises `EnvironmentFault` when another vettura uses the folder, when the program or a port
        is missing, or when the server will not start.
        """
        if self._keeper is not None:
            return
        self._program = find_program()
        self._lock.take()
        try:
            await stop_orphan(self._files, self._pace)
            await self._start_first()
        except BaseException:
            await self._stop_child()
            self._lock.free()
            raise
        self.failure = None
        self.restarts = 0
        self.health = Health.RUNNING
        self._keeper = asyncio.get_running_loop().create_task(self._keep())

    async def stop(self) -> None:
        """End the server and wait until it is gone. Safe to call twice."""
        keeper, self._keeper = self._keeper, None
        if keeper is None:
            return
        keeper.cancel()
        await asyncio.wait([keeper])
        await self._stop_child()
        self._lock.free()
        self.health = Health.STOPPED

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _start_first(self) -> None:
        for attempt in range(_START_ATTEMPTS):
            # Ports of last time only at first: one of them may be what keeps it from starting.
            wanted = self._wanted if attempt else recent_ports(self._files, self._wanted)
            self._ports = choose_ports(wanted, attempt)
            write_config(self._files, self._ports, self._name)
            if await self._start_child():
                return
            await self._stop_child()
            if _PORT_TAKEN not in last_words(self._files):
                break
        raise EnvironmentFault(
            f"nats-server does not start in {self.store_dir}", hint=last_words(self._files)
        )

    async def _keep(self) -> None:
        """Restart the child whenever it dies, until it dies too often."""
        while self._process is not None:
            await self._process.wait()
            self.health = Health.RESTARTING
            now_s = self._pace.monotonic()
            self._deaths.append(now_s)
            recent = sum(now_s - death_s < _FAILURE_WINDOW_S for death_s in self._deaths)
            if recent >= _FAILURES_MAX:
                self._give_up()
                return
            pause_s = _RESTART_PAUSE_S * 2.0 ** (recent - 1)
            await self._pace.sleep(min(pause_s, _RESTART_PAUSE_S_MAX))
            if await self._start_child():
                self.restarts += 1
                self.health = Health.RUNNING
            else:
                await self._stop_child()

    def _give_up(self) -> None:
        self.health = Health.FAILED
        self.failure = EnvironmentFault(
            f"nats-server died {_FAILURES_MAX} times within {_FAILURE_WINDOW_S:.0f} s"
            f" in {self.store_dir}",
            hint=last_words(self._files),
        )

    async def _start_child(self) -> bool:
        assert self._program is not None
        self._process = await start_process(self._program, self._files)
        return await wait_ready(
            self._process, self._files, self._ports, self._pace, timeout_s=_READY_TIMEOUT_S
        )

    async def _stop_child(self) -> None:
        if self._process is not None:
            await stop_process(self._process)
