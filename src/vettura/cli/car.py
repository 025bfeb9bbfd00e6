"""`vettura get`, `set`, `do`, `audit`: a car of a running house, asked from the command line."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec
from cyclopts import Parameter

from vettura.bus.ask import ask
from vettura.bus.messages import (
    Actuate,
    Answer,
    Audit,
    Command,
    SignalFrame,
    SignalValue,
    Verb,
    decode,
)
from vettura.bus.nats import NatsBus
from vettura.bus.orders import VERBS, read_fields
from vettura.bus.signals import read_value, rest_of_vss, signal_table
from vettura.bus.subjects import (
    AUDIT_STREAM,
    AUDIT_STREAM_MAX_AGE_S,
    AUDIT_STREAM_SUBJECTS,
    car_audit,
    car_do,
    car_get,
)
from vettura.cli.house_bus import house_bus, which_car
from vettura.cli.output import Row, note, print_json, print_lines, print_table
from vettura.clock import WallClock
from vettura.errors import InputError, NoResponderError, RefusedError, UsageError
from vettura.units import NS_PER_S

WHO = "cli"
LAST_MAX = 10_000


@Parameter(name="*")
class House(NamedTuple):
    """Which house, which car, and how to print."""

    car: str = ""
    """VIN; the only car of the house when left out."""
    nats: str = ""
    """URL of the house's bus; the one that runs in `data` when left out."""
    data: Path = Path(".vettura")
    """Folder that the house keeps its things in."""
    json: Annotated[bool, Parameter(negative="")] = False
    """Print JSON objects, one a line."""


def get(*paths: str, house: House | None = None) -> None:
    """Print a car's signals as they are now.

    Parameters
    ----------
    paths
        Signals or branches, such as Vehicle.Speed or Vehicle.Cabin; all when left out.
    """
    house = house or House()
    values = asyncio.run(_get(house))
    for path in paths:
        if not any(_is_below((path,), known) for known in values):
            raise UsageError(f"the car has no signal {path}", hint="docs/signals.md lists them")
    table = {**rest_of_vss(), **signal_table()}
    rows: list[Row] = [
        {"path": path, "value": _cell(value), "unit": table[path].unit}
        for path, value in values.items()
        if _is_below(paths, path)
    ]
    if house.json:
        print_json(rows)
    else:
        print_table("", {"path": "path", "value": "value", "unit": "unit"}, rows)


def _is_below(paths: tuple[str, ...], path: str) -> bool:
    return not paths or any(path == top or path.startswith(f"{top}.") for top in paths)


def _cell(value: SignalValue) -> str | float | int | bool:
    return ", ".join(map(str, value)) if isinstance(value, list) else value


async def _get(house: House) -> dict[str, SignalValue]:
    async with house_bus(house.nats, house.data) as bus:
        vin = await which_car(bus, house.car)
        try:
            reply = await bus.request(car_get(vin), b"")
        except NoResponderError:
            raise UsageError(f"car {vin} does not answer", hint="is its house running?") from None
        return dict(sorted(decode(reply.data, SignalFrame, where=car_get(vin)).values.items()))


def set_value(path: str, value: str, /, *, house: House | None = None) -> None:
    """Bring one actuator of a car to a value, in the unit of the table of signals.

    Parameters
    ----------
    path
        VSS path of the actuator.
    value
        true or false, a number, a word, as its type asks.
    """
    signal = signal_table().get(path) or rest_of_vss().get(path)
    if signal is None:
        raise UsageError(f"{path} is no signal", hint="docs/signals.md lists them")
    _tell(Actuate(path=path, value=read_value(signal, value)), house or House())


def do(verb: str, /, *arguments: str, house: House | None = None) -> None:
    """Give a car one command, such as `unlock`, `flap open=true` or `charge_limit soc=0.8`.

    Parameters
    ----------
    verb
        What to do.
    arguments
        name=value, as the verb asks for them.
    """
    if verb not in VERBS:
        raise UsageError(f"a car does not know '{verb[:40]}'", hint=f"it knows {', '.join(VERBS)}")
    _tell(read_fields(verb, arguments), house or House())


def _tell(verb: Verb, house: House) -> None:
    answer = asyncio.run(_ask(verb, house))
    if house.json:
        print_json(msgspec.to_builtins(answer) | {"state": answer.state, "reason": answer.reason})
    if not answer.ok:
        raise RefusedError(answer.reason)
    if not house.json:
        note(answer.state or "done")


async def _ask(verb: Verb, house: House) -> Answer:
    pace = WallClock()
    async with house_bus(house.nats, house.data) as bus:
        vin = await which_car(bus, house.car)
        subject = car_do(vin, str(verb.__struct_config__.tag))
        command = Command(id=pace.new_id(WHO), verb=verb, who=WHO, role="owner")
        return await ask(bus, pace, subject, command)


def audit(*, last: int = 20, house: House | None = None) -> None:
    """Print who told a car what, when, and what became of it, oldest first.

    Parameters
    ----------
    last
        How many.
    """
    if not 1 <= last <= LAST_MAX:
        raise UsageError(f"--last {last}: must lie between 1 and {LAST_MAX}")
    house = house or House()
    entries = asyncio.run(_audit(house, last))
    if house.json:
        print_json(msgspec.to_builtins(entry) for entry in entries)
        return
    print_lines(_line(entry) for entry in entries)


def _line(entry: Audit) -> str:
    when = datetime.fromtimestamp(entry.time_ns / NS_PER_S, UTC)
    what = f"{entry.what} {entry.value}".strip()
    end = f"{entry.result}: {entry.reason}" if entry.reason else entry.result
    return f"{when:%Y-%m-%d %H:%M:%S}Z  {entry.who or '?'} ({entry.role})  {what}  {end}"


async def _audit(house: House, last: int) -> list[Audit]:
    async with house_bus(house.nats, house.data) as bus:
        vin = await which_car(bus, house.car)
        return await _last_audits(bus, vin, last)


async def _last_audits(bus: NatsBus, vin: str, last: int) -> list[Audit]:
    stream = await bus.stream(AUDIT_STREAM, AUDIT_STREAM_SUBJECTS, max_age_s=AUDIT_STREAM_MAX_AGE_S)
    entries = []
    for message in await stream.last(car_audit(vin), last):
        try:
            entries.append(decode(message.data, Audit, where=message.subject))
        except InputError as error:
            note(f"left out: {error.message}")
    return entries
