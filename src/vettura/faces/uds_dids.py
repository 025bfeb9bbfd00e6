"""What UDS can read of the car: the data identifiers of `uds_dids.csv`, and what stands beside."""

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from vettura import __version__
from vettura.bus.messages import SignalValue
from vettura.faces.config import CarFacts
from vettura.faces.obd_heard import Values, number
from vettura.faces.obd_pids import pid_data
from vettura.faces.obd_services import IDENTITY, respond_obd

TEXT_BYTES_MAX = 64
LIST_MAX = 1024
OBD_PIDS, OBD_IDENTITY = 0xF4, 0xF8
"""SAE J1979-2: F4xx is parameter xx of service 01, F8xx item xx of service 09."""


class Did(NamedTuple):
    """One row of the table."""

    did: int
    name: str
    path: str
    form: str
    """u8 to u32, s8 to s32, `list` after it for as many as there are, or text."""
    resolution: float
    offset: float


@cache
def did_table() -> Mapping[int, Did]:
    """Every data identifier that is a signal of the car, by number."""
    text = files("vettura.faces").joinpath("uds_dids.csv").read_text("utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return {int(row["did"], 16): _did(row) for row in csv.DictReader(lines)}


def _did(row: dict[str, str]) -> Did:
    return Did(
        did=int(row["did"], 16),
        name=row["name"],
        path=row["path"],
        form=row["form"],
        resolution=float(row["resolution"]),
        offset=float(row["offset"]),
    )


def identity_dids(facts: CarFacts) -> Mapping[int, bytes]:
    """What never changes, by number, as ISO 14229-1 annex C names it."""
    version = __version__.encode()
    return {
        0xF187: f"{facts.make} {facts.model}".encode("ascii", "replace")[:TEXT_BYTES_MAX],
        0xF188: b"vettura",
        0xF189: version,
        0xF18A: b"vettura",
        0xF190: facts.vin.encode("ascii", "replace"),
        0xF191: b"model",
        0xF197: b"PowertrainCtrl",
    }


def read_did(did: int, values: Values, facts: CarFacts) -> bytes | None:
    """The bytes of one data identifier; None when there is none or its signal is unknown."""
    row = did_table().get(did)
    if row is not None and (data := _encode(row, values)) is not None:
        return data
    fixed = identity_dids(facts).get(did)
    if fixed is not None:
        return fixed
    if did >> 8 == OBD_PIDS:
        return pid_data(did & 0xFF, values)
    if did >> 8 == OBD_IDENTITY:
        return respond_obd(bytes([IDENTITY, did & 0xFF]), values, facts)[2:] or None
    return None


def _encode(row: Did, values: Values) -> bytes | None:
    value = values.get(row.path)
    if row.form == "text":
        return _text(value)
    if row.form.endswith(" list"):
        return _list(row, value)
    known = number(values, row.path)
    return None if known is None else _integer(row, row.form, known)


def _text(value: SignalValue | None) -> bytes | None:
    if not isinstance(value, str) or not value:
        return None
    return value.encode("ascii", "replace")[:TEXT_BYTES_MAX]


def _list(row: Did, value: SignalValue | None) -> bytes | None:
    if not isinstance(value, list) or not 0 < len(value) <= LIST_MAX:
        return None
    form = row.form.removesuffix(" list")
    parts = [
        _integer(row, form, float(item)) if isinstance(item, int | float) else None
        for item in value
    ]
    known = [part for part in parts if part is not None]
    return b"".join(known) if len(known) == len(parts) else None


def _integer(row: Did, form: str, value: float) -> bytes | None:
    """Big-endian; None when the value does not fit."""
    size = int(form[1:]) // 8
    try:
        raw = round((value - row.offset) / row.resolution)
        return raw.to_bytes(size, "big", signed=form[0] == "s")
    except (OverflowError, ValueError):
        return None
