"""`vettura record`: a running house's signals, with their exact times, into a file."""

import asyncio
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from vettura.bus.recording import RecordingWriter
from vettura.cli.house_bus import house_bus, which_car
from vettura.cli.output import Row, note, print_json
from vettura.cli.until_stopped import status_line, until_stopped
from vettura.clock import WallClock
from vettura.errors import UsageError
from vettura.house.recorder import Recorder, Tape, heard_subjects

SECONDS_PER_MINUTE = 60.0
BYTES_PER_MB = 1_000_000
TOLD_EVERY_S = 0.5


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What of which house is recorded, and for how long."""

    nats: str
    data: Path
    car: str
    minutes: float
    is_all: bool


def record(
    out: Path,
    /,
    *,
    nats: str = "",
    data: Path = Path(".vettura"),
    car: str = "",
    minutes: float = 0.0,
    all: Annotated[bool, Parameter(negative="")] = False,  # noqa: A002  an option's name
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Record what the bus of a running house carries, until Ctrl-C; `vettura replay` plays it.

    Signals, targets, the twin, the audit, the home and its meters: every message with its own time
    and the time it was heard, to the nanosecond. A recording that is killed can be read up to its
    last two seconds.

    Parameters
    ----------
    out
        File to write; it must not be there yet.
    nats
        URL of the house's bus; the one that runs in `data` when left out.
    data
        Folder that the house keeps its things in.
    car
        VIN of the only car to record; every car when left out.
    minutes
        Real minutes after which it ends by itself.
    all
        Also commands, what providers give, points of history, and the house's clock.
    json
        Print one JSON object at the end.
    """
    if minutes < 0.0:
        raise UsageError(f"--minutes {minutes:g}: must not be below 0")
    wanted = Wanted(nats=nats, data=data, car=car, minutes=minutes, is_all=all)
    row = asyncio.run(_record(out, wanted))
    if json:
        print_json(row)
        return
    note(
        f"vettura: {row['messages']:,} messages of {row['seconds']:,} s in {row['file']}, "
        f"{row['bytes']:,} bytes, {row['dropped']} dropped"
    )


async def _record(out: Path, wanted: Wanted) -> Row:
    clock = WallClock()
    async with house_bus(wanted.nats, wanted.data) as bus:
        vin = await which_car(bus, wanted.car) if wanted.car else "*"
        writer = RecordingWriter(out)
        tape = Tape(writer, heard_subjects(vin=vin, is_all=wanted.is_all))
        recorder = Recorder(bus, clock, tape)
        try:
            async with until_stopped(wanted.minutes * SECONDS_PER_MINUTE or None) as group:
                group.create_task(recorder.run())
                group.create_task(_tell(recorder, writer, clock))
        finally:
            writer.close(dropped=recorder.dropped)
    return {
        "file": str(out),
        "messages": writer.count,
        "seconds": round(clock.monotonic(), 1),
        "bytes": writer.size,
        "dropped": recorder.dropped,
    }


async def _tell(recorder: Recorder, writer: RecordingWriter, clock: WallClock) -> None:
    """How far it has come, on one line of a terminal; nothing when there is none."""
    with status_line() as show:
        async for _ in clock.every(TOLD_EVERY_S):
            show(
                f"recording: {clock.monotonic():,.0f} s, {writer.count:,} messages, "
                f"{writer.size / BYTES_PER_MB:,.1f} MB, {recorder.dropped} dropped; "
                "stop with Ctrl-C"
            )
