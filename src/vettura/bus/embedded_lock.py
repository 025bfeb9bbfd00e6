"""One vettura for one store, and no server left over from one that was killed."""

import fcntl
import os
import signal
import subprocess
from pathlib import Path
from typing import TextIO, final

from vettura.bus.embedded_config import Files
from vettura.clock.interface import Clock
from vettura.errors import EnvironmentFault

_STOP_TIMEOUT_S = 5.0
_STEP_S = 0.01


@final
class StoreLock:
    """Held as long as this process uses the folder; the system frees it when we die."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: TextIO | None = None

    def take(self) -> None:
        """Lock the folder; raises `EnvironmentFault` when another vettura uses it."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = self._path.open("a+", encoding="utf-8")
        except OSError as error:
            raise EnvironmentFault(
                f"cannot write in {self._path.parent}: {error.strerror}",
                hint="choose another folder for the store",
            ) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            file.close()
            raise EnvironmentFault(
                f"another vettura is using {self._path.parent} (pid {holder})",
                hint="stop it, or choose another folder for the store",
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        self._file = file

    def free(self) -> None:
        """Let others use the folder. Safe to call twice."""
        if self._file is not None:
            self._file.close()
            self._file = None


async def stop_orphan(files: Files, pace: Clock) -> None:
    """Stop the server that a killed vettura left on this store, if there is one.

    Its health is not asked: a new one starts in milliseconds, and only a child of ours can be
    watched. Call it with the lock held.
    """
    try:
        pid = int(files.pid.read_text())
    except (OSError, ValueError):
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        if not _is_our_server(pid, files.config):
            return
        os.kill(pid, number)
        deadline_s = pace.monotonic() + _STOP_TIMEOUT_S
        while _is_our_server(pid, files.config) and pace.monotonic() < deadline_s:
            await pace.sleep(_STEP_S)
    if _is_our_server(pid, files.config):
        raise EnvironmentFault(
            f"nats-server (pid {pid}) still runs on {files.config.parent} and cannot be stopped",
            hint=f"kill -9 {pid}",
        )


def _is_our_server(pid: int, config: Path) -> bool:
    """Whether that process is a living nats-server with our config; pids are used again."""
    proc = Path("/proc")
    try:
        if (proc / "self").exists():
            words = (proc / str(pid) / "cmdline").read_bytes().decode().split("\0")
        else:
            command = ["/bin/ps", "-o", "command=", "-p", str(pid)]
            words = subprocess.run(  # noqa: S603
                command, capture_output=True, check=False, text=True
            ).stdout.split()
    except OSError:
        return False
    return "nats-server" in Path(words[0]).name and str(config) in words if words else False
