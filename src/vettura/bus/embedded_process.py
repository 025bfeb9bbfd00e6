"""The child process: started so that it cannot outlive us, asked whether it is well, stopped."""

import asyncio
import ctypes
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from vettura.bus.embedded_config import HOST, Files, Ports
from vettura.clock.interface import Clock

_STOP_TIMEOUT_S = 5.0
_PROBE_TIMEOUT_S = 1.0
_PROBE_STEP_S = 0.005
_LOG_LINES_SHOWN = 5
_OK = 200
# linux/prctl.h
_PR_SET_PDEATHSIG = 1
# Loaded before any fork: a child between fork and exec must not allocate more than it has to.
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class _StoreConfig(msgspec.Struct, frozen=True):
    store_dir: str = ""


class _JetStreamVarz(msgspec.Struct, frozen=True):
    config: _StoreConfig = _StoreConfig()


class _Varz(msgspec.Struct, frozen=True):
    """The part of the monitoring's /varz that names the store."""

    jetstream: _JetStreamVarz = _JetStreamVarz()


async def start_process(program: Path, files: Files) -> Process:
    """Start the server on its config.

    On Linux the system stops it when the thread that calls this ends, so call it from the main
    thread. Elsewhere an orphan is found by its pid file at the next start.
    """
    output = os.open(files.output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        return await asyncio.create_subprocess_exec(
            program,
            "--config",
            files.config,
            stdin=DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C is for us; we stop the server when we are done.
            preexec_fn=_die_with_parent(),
        )
    finally:
        os.close(output)


async def stop_process(process: Process) -> None:
    """Ask the server to end, then make it, and wait until it is gone."""
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(_STOP_TIMEOUT_S):
            await process.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def wait_ready(
    process: Process, files: Files, ports: Ports, pace: Clock, *, timeout_s: float
) -> bool:
    """Return whether the server said within `timeout_s` [real s] that it and its store are well."""
    deadline_s = pace.monotonic() + timeout_s
    while process.returncode is None and pace.monotonic() < deadline_s:
        if await _is_healthy(ports) and await _serves(ports, files):
            return True
        await pace.sleep(_PROBE_STEP_S)
    return False


async def _is_healthy(ports: Ports) -> bool:
    """Ask the monitoring whether the server can serve, JetStream included."""
    status, _ = await _ask_monitor(ports, "/healthz")
    return status == _OK


async def _serves(ports: Ports, files: Files) -> bool:
    """Whether it is our server that answers: another may have taken the port first."""
    status, body = await _ask_monitor(ports, "/varz")
    if status != _OK:
        return False
    store_dir = msgspec.json.decode(body, type=_Varz).jetstream.config.store_dir
    return Path(store_dir).parent == files.jetstream


async def _ask_monitor(ports: Ports, path: str) -> tuple[int, bytes]:
    """Return status and body; status 0 when nobody answers."""
    try:
        async with asyncio.timeout(_PROBE_TIMEOUT_S):
            reader, writer = await asyncio.open_connection(HOST, ports.monitor)
            try:
                writer.write(f"GET {path} HTTP/1.0\r\n\r\n".encode())
                answer = await reader.read()
            finally:
                writer.close()
                with suppress(OSError):
                    await writer.wait_closed()
        head, _, body = answer.partition(b"\r\n\r\n")
        return int(head.split(b" ", 2)[1]), body
    except (OSError, TimeoutError, IndexError, ValueError):
        return 0, b""


def last_words(files: Files) -> str:
    """Return the last lines that the server wrote, to be shown in an error."""
    lines: list[str] = []
    for path in (files.log, files.output):
        with suppress(OSError):
            lines += path.read_text(errors="replace").splitlines()[-_LOG_LINES_SHOWN:]
    return "\n".join(lines)


def _die_with_parent() -> Callable[[], None] | None:
    if _LIBC is None:
        return None
    parent = os.getpid()
    libc = _LIBC

    def set_death_signal() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)  # The parent died before the kernel knew.

    return set_death_signal
