"""`vettura rehearse`: a household's life, thousands of times faster than it passes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

import structlog
from cyclopts import Parameter
from msgspec import to_builtins
from msgspec.structs import replace as struct_replace

from vettura.bus.memory import Tap
from vettura.bus.recording import RecordingWriter
from vettura.cli.homes import home_path
from vettura.cli.output import Row, print_json, print_lines, print_table, progress
from vettura.cli.rehearsal_text import print_against, print_report
from vettura.errors import EnvironmentFault, UsageError
from vettura.home.findings.against import against
from vettura.home.findings.clock_words import local_words
from vettura.home.findings.retold import retold
from vettura.home.findings.timeline import timeline_of
from vettura.home.scene.read import read_scenes
from vettura.house import load_home
from vettura.house.recorder import Tape, heard_subjects
from vettura.house.rehearsal import start_ns_of
from vettura.house.rehearsed import Lived, Wanted, live
from vettura.units import SECONDS_PER_HOUR
from vettura.web.rehearsed_page import rehearsed_page

LONGEST_DAYS = 400.0
Flag = Annotated[bool, Parameter(negative="")]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Life:
    """Which life to rehearse."""

    days: float = 1.0
    """How long [days of the home]."""
    hours: float = 0.0
    """How long [hours]; instead of `days` when given."""
    seed: int | None = None
    """Where all chance comes from; the home file's when left out."""
    start: datetime | None = None
    """Local time at which it begins; a Monday in March when left out."""
    shuffle: int | None = None
    """Also shuffle tasks that are ready at the same instant, by this seed."""
    faults: int | None = None
    """Let devices, messages, phones, power and clocks go wrong, and the house restart, by this."""
    faces: Flag = False
    """Also run every face, without sockets: what the cars say stays the same."""
    exact: Flag = False
    """Let the cars speak ten times a second on the road, as they do live; many times slower."""


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What to make of it."""

    record: Path | None = None
    """Write a session file, as `vettura record` does; it must not be there yet."""
    page: Path | None = None
    """Write one HTML page with a timeline to look into."""
    against: Path | None = None
    """Live the same life with these scenes instead of the home's, and show what changes."""
    trace_from: datetime | None = None
    """Also print what happened from this local time on, line by line."""
    json: Flag = False
    """Print one JSON object."""


ANY_LIFE, PLAIN = Life(), Outcome()


def rehearse(home: Path | None = None, /, *, life: Life = ANY_LIFE, out: Outcome = PLAIN) -> None:
    """Rehearse a home: the same services, a clock that jumps, and what came of its scenes.

    Parameters
    ----------
    home
        Home file; the example household when left out.
    """
    wanted = _wanted(home, life)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    hours = max(round(wanted.duration_s / SECONDS_PER_HOUR), 1)
    other = _with_scenes(wanted, out.against) if out.against else None
    with _tape(out.record) as taps, progress("hours rehearsed", hours) as advance:
        lived = live(wanted, on_hour=lambda _: advance(), taps=taps)
    if other is not None:
        with progress(f"hours rehearsed with {out.against}", hours) as advance:
            _compare(lived, live(other, on_hour=lambda _: advance()), is_json=out.json)
        return
    _show(lived, is_json=out.json)
    if out.trace_from is not None and not out.json:
        _trace(lived, out.trace_from)
    if out.page is not None:
        _write_page(lived, out.page)


def _wanted(home: Path | None, life: Life) -> Wanted:
    file = load_home(home_path(home))
    return Wanted(
        home=file,
        seed=file.seed if life.seed is None else life.seed,
        duration_s=_duration_s(life.days, life.hours),
        start=life.start,
        shuffle=life.shuffle,
        faces=life.faces,
        exact=life.exact,
        faults=life.faults,
        name=str(home) if home is not None else "",
    )


def _with_scenes(wanted: Wanted, path: Path) -> Wanted:
    """The same home with another file instead of the one of its name, or of its only one."""
    files = wanted.home.scenes
    same = [name for name in files if Path(name).name == path.name] or files
    if len(same) != 1:
        raise UsageError(
            f"--against {path}: the home has {len(files)} files of scenes, none of that name",
            hint="name your copy as the file that it stands for",
        )
    scenes = [str(path) if name == same[0] else name for name in files]
    read_scenes(scenes)
    return replace(wanted, home=struct_replace(wanted.home, scenes=scenes))


def _compare(own: Lived, other: Lived, *, is_json: bool) -> None:
    (mine, theirs) = (
        (", ".join(Path(name).name for name in one.wanted.home.scenes), one.story, one.report())
        for one in (own, other)
    )
    compared = against(mine, theirs)
    if is_json:
        print_json(to_builtins(compared))
    else:
        print_against(compared, own.wanted.home.household.timezone)


def _show(lived: Lived, *, is_json: bool) -> None:
    report = lived.report()
    row: Row = {name: getattr(lived.rehearsed, name) for name in lived.rehearsed.__slots__}
    if is_json:
        print_json({**row, **to_builtins(report)})
    elif report.scenes or report.mishaps:
        print_report(report)
    else:
        print_table("", {"k": "", "v": ""}, [{"k": k, "v": str(v)} for k, v in row.items()])


def _trace(lived: Lived, trace_from: datetime) -> None:
    home = lived.wanted.home
    lines = retold(lived.story, start_ns_of(home, trace_from))
    timezone = home.household.timezone
    print_lines(f"{local_words(time_ns, timezone)}  {line}" for time_ns, line in lines)


def _write_page(lived: Lived, path: Path) -> None:
    timeline = timeline_of(lived.story, lived.wanted.home.household.timezone, lived.mishaps)
    try:
        path.write_text(rehearsed_page(lived.report(), timeline), "utf-8")
    except OSError as error:
        raise EnvironmentFault(
            f"{path} cannot be written: {error.strerror}", hint="name another file with --page"
        ) from None


def _duration_s(days: float, hours: float) -> float:
    duration_s = SECONDS_PER_HOUR * hours if hours else 86_400.0 * days
    if not 0.0 < duration_s <= LONGEST_DAYS * 86_400.0:
        raise UsageError(f"a rehearsal lasts more than 0 and at most {LONGEST_DAYS:g} days")
    return duration_s


@contextmanager
def _tape(record: Path | None) -> Iterator[list[Tap]]:
    """What records a rehearsal, however that ends; nothing when nothing shall."""
    if record is None:
        yield []
        return
    writer = RecordingWriter(record, is_synced=False)
    try:
        yield [Tape(writer, heard_subjects()).hear]
    finally:
        writer.close()
