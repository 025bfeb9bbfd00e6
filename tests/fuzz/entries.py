"""The doors that inputs from outside come in by, each as a function of bytes.

A door says what became of an input, `accepted` or `refused`; anything it raises is a bug. A door of
several arguments takes them with a zero byte in between.
"""

import atexit
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import NamedTuple

SEPARATOR = b"\x00"


class Door(NamedTuple):
    """One way in."""

    name: str
    samples: tuple[bytes, ...]
    """Valid inputs, to be broken."""
    feed: Callable[[bytes], bool]
    """Takes one input; whether it was accepted."""


ROOMS = {
    "bus_doors": ("bus", "page", "recording"),
    "car_doors": ("car", "house-bus", "page-bus"),
    "kuksa_doors": ("kuksa", "kuksa-bus"),
    "mqtt_doors": ("homeassistant", "mqtt", "mqtt-bus"),
    "discovery_doors": ("discovery", "discovery-do", "hass"),
    "diagnosis_doors": ("can-log", "diagnosis-bus", "elm327", "iso-tp", "uds"),
    "miio_doors": ("miio", "miio-bus", "ble"),
    "ocpp_doors": ("ocpp", "ocpp-point"),
    "energy_doors": ("prices", "calendar", "sun-forecast"),
    "trust_doors": ("token",),
}
"""The doors by the module that builds them."""
DOORS = {name: module for module, names in ROOMS.items() for name in names}


def build(name: str) -> Door:
    """Build one door; its sources are loaded only now, so that they can be instrumented."""
    return import_module(f"fuzz.{DOORS[name]}").DOORS[name]()


def parts(data: bytes, count: int) -> list[bytes]:
    """The arguments in `data`, empty ones added at the end."""
    found = data.split(SEPARATOR, count - 1)
    return found + [b""] * (count - len(found))


def text(data: bytes) -> str:
    """Any bytes as text, as a decoder of a wire would give it."""
    return data.decode("utf-8", "replace")


def scratch() -> Path:
    """A folder for files that live as long as the process; in memory where the machine has that."""
    shared = Path("/dev/shm")
    folder = Path(mkdtemp(prefix="vettura-fuzz-", dir=shared if shared.is_dir() else None))
    atexit.register(rmtree, folder, ignore_errors=True)
    return folder
