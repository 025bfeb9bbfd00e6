"""`vettura export`: a recorded session in forms that other programs read."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal, TextIO

from cyclopts import Parameter

from vettura.bus.recording import Recording
from vettura.bus.signals import signal_table
from vettura.cli.export_rows import Seen, long_lines, mqtt_lines, wide_lines
from vettura.cli.output import Row, note, print_json
from vettura.cli.play import place_in
from vettura.errors import EnvironmentFault, UsageError

STANDARD_OUTPUT = Path("-")


def export(
    session: Path,
    out: Path = STANDARD_OUTPUT,
    /,
    *,
    as_: Annotated[Literal["mqtt-json", "csv"], Parameter(name="--as")] = "mqtt-json",
    layout: Literal["long", "wide"] = "long",
    signals: Annotated[list[str] | None, Parameter(consume_multiple=True)] = None,
    root: str = "vettura",
    begin: Annotated[str, Parameter(name="--from")] = "",
    end: Annotated[str, Parameter(name="--to")] = "",
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Write a session as the MQTT messages its cars would send, or as a table of signals.

    `mqtt-json` is one JSON object a line: time, topic and payload of every signal frame, target and
    audit. `csv` has a line for each value that was told (long), or a line for each frame with all
    signals as of then (wide). Sessions of any length: nothing is held but the line being written.

    Parameters
    ----------
    session
        A file of `vettura record` or `vettura rehearse --record`.
    out
        File to write; standard output when left out.
    as_
        mqtt-json or csv.
    layout
        Of csv: long or wide.
    signals
        Only these signals or branches; all when left out.
    root
        First level of the MQTT topics.
    begin
        Where to begin, as seconds from the start of the session or as an ISO time.
    end
        Where to end, likewise.
    json
        Print one JSON object at the end, unless standard output carries the data.
    """
    chosen = chosen_paths(signals)
    seen = Seen()
    with Recording(session) as recording, _opened(out) as file:
        messages = recording.messages(
            from_ns=place_in(recording, begin, option="--from"),
            to_ns=place_in(recording, end, option="--to"),
        )
        if as_ == "mqtt-json":
            lines = mqtt_lines(messages, chosen, seen, root=root)
        elif layout == "long":
            lines = long_lines(messages, chosen, seen)
        else:
            lines = wide_lines(messages, chosen, seen)
        _write(file, lines, where=out)
    row: Row = {"file": str(out), "lines": seen.lines, "unreadable": seen.unreadable}
    if json and out != STANDARD_OUTPUT:
        print_json(row)
    else:
        note(f"vettura: {seen.lines:,} lines, {seen.unreadable} messages not understood")


def chosen_paths(signals: Iterable[str] | None) -> frozenset[str] | None:
    """Every path named, or below a branch that is; None for all there are."""
    if not signals:
        return None
    chosen: set[str] = set()
    for word in (part for group in signals for part in group.split(",")):
        below = {path for path in signal_table() if path == word or path.startswith(f"{word}.")}
        if not below:
            raise UsageError(
                f"--signals {word}: no such signal or branch", hint="docs/signals.md lists them"
            )
        chosen |= below
    return frozenset(chosen)


@contextmanager
def _opened(out: Path) -> Iterator[TextIO]:
    if out == STANDARD_OUTPUT:
        yield sys.stdout
        return
    try:
        file = out.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise EnvironmentFault(f"{out}: {(error.strerror or str(error)).lower()}") from None
    with file:
        yield file


def _write(file: TextIO, lines: Iterable[str], *, where: Path) -> None:
    try:
        file.writelines(lines)
        file.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise EnvironmentFault(f"{where}: {(error.strerror or str(error)).lower()}") from None
