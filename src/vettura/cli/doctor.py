"""`vettura doctor`: what this machine has and lacks."""

import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, NamedTuple

from cyclopts import Parameter

from vettura.bus.embedded_config import find_program
from vettura.car.catalogue import car_ids, load_car
from vettura.cli.homes import home_path
from vettura.cli.output import print_json, print_table
from vettura.errors import VetturaError
from vettura.faces.config import KuksaConfig, ObdConfig
from vettura.house import load_home

PAGE_PORT = 8420
FACE_PORTS = (KuksaConfig().port, ObdConfig().port)
"""Where the example household speaks KUKSA and OBD; a taken one is replaced by a free one."""
FAILED = 1


class Finding(NamedTuple):
    """One thing that was looked at."""

    what: str
    ok: bool
    needed: bool
    """Whether `vettura run` cannot do without it."""
    detail: str


def doctor(
    *, data: Path = Path(".vettura"), json: Annotated[bool, Parameter(negative="")] = False
) -> int:
    """Check what vettura needs on this machine; exit code 1 when something needed is missing.

    Parameters
    ----------
    data
        Folder that `vettura run` would keep things in.
    json
        Print JSON objects, one a line.
    """
    findings = list(_look(data))
    rows = [finding._asdict() for finding in findings]
    if json:
        print_json(rows)
    else:
        headings = {"what": "what", "ok": "ok", "needed": "needed", "detail": "detail"}
        print_table("", headings, rows)
    return FAILED if any(f.needed and not f.ok for f in findings) else 0


def _look(data: Path) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("Python", sys.version_info >= (3, 11), True, f"{version}; 3.11 or newer")
    yield _try("nats-server", True, lambda: str(find_program()))
    yield _try("cars", True, lambda: f"{len([load_car(car) for car in car_ids()])} files are sound")
    yield _try("example home", True, lambda: load_home(home_path(None)).household.title)
    yield _try("data folder", True, lambda: _writable(data))
    yield _try(f"port {PAGE_PORT}", False, lambda: _free(PAGE_PORT))
    for port in FACE_PORTS:
        yield _try(f"port {port}", False, lambda port=port: _free(port))  # type: ignore[misc]
    for module, extra in (
        ("can", "obd"),
        ("matplotlib", "plots"),
        ("numba", "fleet"),
        ("numba_cuda", "cuda"),
    ):
        there = find_spec(module) is not None
        hint = "" if there else f"pip install 'vettura[{extra}]'"
        yield Finding(f"{module} ({extra})", there, False, hint)
    chromium = shutil.which("chromium") or ""
    yield Finding("chromium (browser tests)", bool(chromium), False, chromium)


def _try(what: str, needed: bool, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, True, needed, look())
    except (VetturaError, OSError) as error:
        return Finding(what, False, needed, str(error))


def _writable(data: Path) -> str:
    parent = data
    while not parent.exists():
        parent = parent.absolute().parent
    with TemporaryDirectory(dir=parent):
        return f"{data} can be written"


def _free(port: int) -> str:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
    return "free"
