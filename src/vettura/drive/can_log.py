"""A recorded CAN log and its DBC, read as a trip that `replay` drives.

The log is any that python-can reads (.asc, .blf, .csv, .trc, .log of candump), the DBC any that
cantools reads: both libraries come with the extra `obd`.
"""

import io
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

from vettura.drive.can_mapping import BY_PATH, COLUMNS, Source
from vettura.drive.measured import OPTIONAL, SPEED_MAX_KMH
from vettura.errors import EnvironmentFault, InputError

if TYPE_CHECKING:
    from cantools.database import Database, Message
    from cantools.database.can import Signal
    from cantools.database.can.formats.dbc_specifics import DbcSpecifics

READERS = {
    ".asc": "ASCReader",
    ".blf": "BLFReader",
    ".csv": "CSVReader",
    ".log": "CanutilsLogReader",
    ".trc": "TRCReader",
}
"""python-can's class for each ending of a file."""
BYTES_MAX = 2_000_000_000
SECONDS_MAX = 1_000_000
STEP_S = 1.0
"""A row of the trip for each second, as `replay` steps."""
PATH_ATTRIBUTE = "VssPath"
_NO_READING = re.compile(r"sna|not.?avail|invalid|error|fault|unknown|init", re.IGNORECASE)
"""Names that people give to numbers which stand for no reading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CanTrip:
    """A trip as it was read, and what became of the log's frames."""

    rows: list[dict[str, float]]
    """One for each second with a speed, by column, with `time_s`."""
    columns: list[str]
    frames: int
    unused: int
    """Frames that the DBC does not name, or that hold nothing wanted."""
    undecodable: int
    """Frames of a wanted identifier that are too short, or of a kind the DBC does not name."""


class _Tap(NamedTuple):
    column: str
    name: str
    source: Source
    no_reading: frozenset[float]


@dataclass(slots=True)
class _Seconds:
    """Sums and counts of every column in every second."""

    sums: dict[int, dict[str, tuple[float, int]]] = field(default_factory=dict)
    first_s: float | None = None

    def add(self, at_s: float, column: str, value: float) -> None:
        """Count a value in for the second that is nearest."""
        if self.first_s is None:
            self.first_s = at_s
        second = self.sums.setdefault(round((at_s - self.first_s) / STEP_S), {})
        total, count = second.get(column, (0.0, 0))
        second[column] = (total + value, count + 1)

    def rows(self) -> list[dict[str, float]]:
        """The mean of every column in every second that has a speed."""
        known = sorted(k for k, second in self.sums.items() if "speed_kmh" in second)
        return [
            {"time_s": (k - known[0]) * STEP_S}
            | {name: total / count for name, (total, count) in self.sums[k].items()}
            for k in known
        ]


def read_can_log(log: Path, dbc: Path, sources: Mapping[str, Source] | None = None) -> CanTrip:
    """Read a log into a trip; InputError names the file and the place.

    `sources` says where columns come from; the others are found by the VSS paths in the DBC. A row
    holds the mean of what was heard within half a second of it.
    """
    database = _read_dbc(dbc)
    taps = _taps(database, dbc, sources or {})
    seconds = _Seconds()
    frames = unused = undecodable = 0
    for at_s, can_id, data in _frames(log):
        frames += 1
        if not math.isfinite(at_s):
            raise InputError(f"{log}, frame {frames}: its time is no finite number")
        if can_id not in taps:
            unused += 1
            continue
        message = database.get_message_by_frame_id(can_id)
        undecodable += not _hear(seconds, at_s, message, data, taps[can_id])
        if len(seconds.sums) > SECONDS_MAX:
            raise InputError(f"{log}: more than {SECONDS_MAX} seconds", hint="split the log")
    rows = seconds.rows()
    if len(rows) < 2:
        raise InputError(
            f"{log}: fewer than two seconds with a speed in {frames} frames",
            hint=f"is {dbc.name} the DBC of this car?",
        )
    there = {column for row in rows for column in row}
    columns = [column for column in COLUMNS if column in there]
    return CanTrip(
        rows=rows, columns=columns, frames=frames, unused=unused, undecodable=undecodable
    )


def write_trip(trip: CanTrip, path: Path) -> None:
    """Write it as a CSV file that `vettura replay` reads."""
    header = ["time_s", *trip.columns]
    lines = [
        ",".join(f"{row[name]:.6g}" if name in row else "" for name in header) for row in trip.rows
    ]
    try:
        path.write_text("\n".join([",".join(header), *lines]) + "\n", "utf-8")
    except OSError as error:
        raise InputError(f"{path}: {(error.strerror or str(error)).lower()}") from None


def _hear(
    seconds: _Seconds, at_s: float, message: "Message", data: bytes, taps: list[_Tap]
) -> bool:
    """Take in what one frame says; whether it could be decoded."""
    try:
        decoded = message.decode(data, decode_choices=False, allow_truncated=True)
    except (_extra("cantools").Error, ValueError, KeyError):
        return False
    assert isinstance(decoded, dict)
    heard = [tap for tap in taps if tap.name in decoded]
    for tap in heard:
        raw = float(str(decoded[tap.name]))
        value = tap.source.factor * raw + tap.source.offset
        low, high = OPTIONAL.get(tap.column, (-SPEED_MAX_KMH, SPEED_MAX_KMH))
        if raw not in tap.no_reading and low <= value <= high:
            # A car that reverses has a speed too.
            seconds.add(at_s, tap.column, abs(value) if tap.column == "speed_kmh" else value)
    return bool(heard)


def _taps(database: "Database", dbc: Path, sources: Mapping[str, Source]) -> dict[int, list[_Tap]]:
    """What to take from which identifier."""
    known: dict[str, tuple[int, Signal]] = {}
    for message in database.messages:
        for signal in message.signals:
            names = [signal.name, f"{message.name}.{signal.name}", _path(signal)]
            known.update({name: (message.frame_id, signal) for name in names if name})
    taps: dict[int, list[_Tap]] = {}
    for column in COLUMNS:
        source = sources.get(column) or BY_PATH.get(column)
        if source is None or source.signal not in known:
            if column in sources or column == "speed_kmh":
                raise _missing(dbc, column, sources)
            continue
        can_id, signal = known[source.signal]
        taps.setdefault(can_id, []).append(_Tap(column, signal.name, source, _no_reading(signal)))
    return taps


def _missing(dbc: Path, column: str, sources: Mapping[str, Source]) -> InputError:
    if column in sources:
        return InputError(f"{dbc}: no signal '{sources[column].signal}' for {column}")
    return InputError(
        f"{dbc}: no signal is known to be {column}", hint=f"say --signal {column}=Signal"
    )


def _path(signal: "Signal") -> str:
    # A DBC without attributes leaves this empty, whatever the types say.
    specifics: DbcSpecifics | None = signal.dbc
    attributes = specifics.attributes if specifics is not None else {}
    return str(attributes[PATH_ATTRIBUTE].value) if PATH_ATTRIBUTE in attributes else ""


def _no_reading(signal: "Signal") -> frozenset[float]:
    choices = signal.choices
    raws = [
        raw for raw, name in (choices.items() if choices else ()) if _NO_READING.search(str(name))
    ]
    scaled = [signal.conversion.raw_to_scaled(raw, decode_choices=False) for raw in raws]
    return frozenset(float(value) for value in scaled if isinstance(value, int | float))


class _Lines(io.TextIOWrapper):
    """A text file that knows how many of its lines were read."""

    lines = 0

    def readline(self, size: int = -1, /) -> str:  # type: ignore[override]  # as its base does
        """Next line, counted."""
        self.lines += 1
        return super().readline(size)


def _frames(log: Path) -> Iterator[tuple[float, int, bytes]]:
    """Time, identifier and data of every data frame; InputError says where it broke."""
    reader_of = getattr(_extra("can"), READERS[_checked_ending(log)])
    count = 0
    with log.open("rb") as raw:
        file = raw if log.suffix.lower() == ".blf" else _Lines(raw, "utf-8")
        try:
            for message in reader_of(file):
                count += 1
                if not message.is_remote_frame and not message.is_error_frame:
                    yield float(message.timestamp), message.arbitration_id, bytes(message.data)
        except Exception as error:  # noqa: BLE001  python-can's readers raise whatever they meet
            place = f"line {file.lines}" if isinstance(file, _Lines) else f"after frame {count}"
            what = str(error) or type(error).__name__
            raise InputError(f"{log}, {place}: not readable: {what}") from None


def _checked_ending(log: Path) -> str:
    ending = log.suffix.lower()
    if ending not in READERS:
        raise InputError(f"{log}: not a CAN log", hint=f"known are {', '.join(READERS)}")
    try:
        size = log.stat().st_size
        if not log.is_file():
            raise InputError(f"{log}: not a file")
    except OSError as error:
        raise InputError(f"{log}: {(error.strerror or str(error)).lower()}") from None
    if size > BYTES_MAX:
        raise InputError(f"{log}: larger than {BYTES_MAX} bytes", hint="split the log")
    return ending


def _read_dbc(path: Path) -> "Database":
    cantools = _extra("cantools")
    try:
        database: Database = cantools.database.load_file(path, database_format="dbc", strict=True)
    except (cantools.Error, OSError, ValueError, KeyError) as error:
        raise InputError(f"{path}: not a DBC file: {error}") from None
    return database


def _extra(module: str) -> ModuleType:
    try:
        return import_module(module)
    except ImportError:
        raise EnvironmentFault(
            f"reading a CAN log needs the library '{module}'", hint="pip install 'vettura[obd]'"
        ) from None
