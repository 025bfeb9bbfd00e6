"""`vettura rehearse`: a household's life, thousands of times faster than it passes."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import structlog
from cyclopts import Parameter

from vettura.bus.memory import Tap
from vettura.bus.recording import RecordingWriter
from vettura.cli.homes import home_path
from vettura.cli.output import Row, print_json, print_table, progress
from vettura.errors import UsageError
from vettura.house import Rehearsed, load_home, rehearse_home
from vettura.house.recorder import Tape, heard_subjects
from vettura.units import SECONDS_PER_HOUR

START = datetime(2026, 3, 2, 6, 45)  # noqa: DTZ001  local to the home
"""A Monday in March, when nothing else is asked for."""
LONGEST_DAYS = 400.0


def rehearse(
    home: Path | None = None,
    /,
    *,
    days: float = 1.0,
    hours: float = 0.0,
    seed: int | None = None,
    start: datetime = START,
    shuffle: int | None = None,
    record: Path | None = None,
    faces: Annotated[bool, Parameter(negative="")] = False,
    exact: Annotated[bool, Parameter(negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Rehearse a home: the same services, a clock that jumps, and a hash of all that was said.

    Parameters
    ----------
    home
        Home file; the example household when left out.
    days
        How long [days of the home].
    hours
        How long [hours]; instead of `days` when given.
    seed
        Where all chance comes from; the home file's when left out.
    start
        Local time at which it begins.
    shuffle
        Also shuffle tasks that are ready at the same instant, by this seed.
    record
        Write a session file, as `vettura record` does; it must not be there yet.
    faces
        Also run every face (KUKSA, MQTT, Home Assistant, OBD, CAN), without sockets: what the cars
        say stays the same.
    exact
        Let the cars speak ten times a second on the road, as they do live; else once, and more
        rarely at rest, which is many times faster.
    json
        Print one JSON object.
    """
    duration_s = _duration_s(days, hours)
    file = load_home(home_path(home))
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with (
        _tape(record) as tap,
        progress("hours rehearsed", max(round(duration_s / SECONDS_PER_HOUR), 1)) as advance,
    ):
        result = rehearse_home(
            file,
            seed=file.seed if seed is None else seed,
            start=start,
            duration_s=duration_s,
            shuffle=shuffle,
            faces=faces,
            on_hour=lambda _: advance(),
            tap=tap,
            exact=exact,
        )
    _show(result, json=json)


def _show(result: Rehearsed, *, json: bool) -> None:
    row: Row = {name: getattr(result, name) for name in result.__slots__}
    if json:
        print_json(row)
    else:
        print_table("", {"k": "", "v": ""}, [{"k": k, "v": str(v)} for k, v in row.items()])


def _duration_s(days: float, hours: float) -> float:
    duration_s = SECONDS_PER_HOUR * hours if hours else 86_400.0 * days
    if not 0.0 < duration_s <= LONGEST_DAYS * 86_400.0:
        raise UsageError(f"a rehearsal lasts more than 0 and at most {LONGEST_DAYS:g} days")
    return duration_s


@contextmanager
def _tape(record: Path | None) -> Iterator[Tap | None]:
    """What records a rehearsal, however that ends; None when nothing shall."""
    if record is None:
        yield None
        return
    writer = RecordingWriter(record, is_synced=False)
    try:
        yield Tape(writer, heard_subjects()).hear
    finally:
        writer.close()
