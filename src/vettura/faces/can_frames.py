"""The car as CAN frames: what `vettura.dbc` names, filled with what the car has told."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.resources import as_file, files
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

from vettura.bus.messages import SignalValue
from vettura.bus.signals import signal_table
from vettura.errors import EnvironmentFault
from vettura.faces.obd_heard import Values

if TYPE_CHECKING:
    from cantools.database import Database, Message

DBC = "vettura.dbc"
PATH_ATTRIBUTE = "VssPath"
NOT_AVAILABLE = "SNA"
DEFAULT_CYCLE_MS = 1000


class Frame(NamedTuple):
    """One frame on the wire."""

    can_id: int
    data: bytes


class _Field(NamedTuple):
    name: str
    path: str
    lowest: float
    highest: float
    words: frozenset[str]
    """The words that stand for a number; empty for a quantity."""


def extra(module: str) -> ModuleType:
    """Import a library of the extra `obd`; EnvironmentFault says in a line what is missing."""
    try:
        return import_module(module)
    except ImportError:
        raise EnvironmentFault(
            f"faces.can: the library '{module}' is not installed",
            hint="pip install 'vettura[obd]'",
        ) from None


def dbc_text() -> str:
    """Our DBC file, for any tool that reads one."""
    return files("vettura.faces").joinpath(DBC).read_text("utf-8")


@contextmanager
def dbc_path(path: Path | None = None) -> Iterator[Path]:
    """The given DBC file, or ours as long as this is entered."""
    if path is not None:
        yield path
        return
    with as_file(files("vettura.faces").joinpath(DBC)) as ours:
        yield Path(ours)


def load_dbc() -> "Database":
    """Our DBC as a database of cantools, read strictly: overlapping signals are refused."""
    cantools = extra("cantools")
    with dbc_path() as path:
        database: Database = cantools.database.load_file(path, strict=True)
    return database


class CarMessage:
    """One message of the DBC and the signals in it; encodes again only what has changed."""

    def __init__(self, message: "Message") -> None:
        self.name = str(message.name)
        self.can_id = int(message.frame_id)
        self.cycle_s = (message.cycle_time or DEFAULT_CYCLE_MS) / 1000.0
        self._message = message
        self._fields = tuple(_fields(message))
        self._told: tuple[SignalValue | None, ...] | None = None
        self._frame = Frame(self.can_id, b"")

    @property
    def paths(self) -> tuple[str, ...]:
        """The car's signals in it."""
        return tuple(field.path for field in self._fields)

    def frame(self, values: Values) -> Frame:
        """The frame now; a signal that is unknown or out of range says it is not available."""
        told = tuple(values.get(field.path) for field in self._fields)
        if told != self._told:
            pairs = zip(self._fields, told, strict=True)
            data = self._message.encode({field.name: _wire(field, value) for field, value in pairs})
            self._told, self._frame = told, Frame(self.can_id, bytes(data))
        return self._frame


def car_messages() -> list[CarMessage]:
    """Every message of our DBC, by rising identifier."""
    messages = sorted(load_dbc().messages, key=lambda message: int(message.frame_id))
    return [CarMessage(message) for message in messages]


def _fields(message: "Message") -> Iterator[_Field]:
    for signal in message.signals:
        path = str(signal.dbc.attributes[PATH_ATTRIBUTE].value)
        assert path in signal_table(), path
        words = {str(word) for word in (signal.choices or {}).values()} - {NOT_AVAILABLE}
        words -= {"false", "true"}
        lowest, highest = signal.minimum, signal.maximum
        assert lowest is not None, signal.name
        assert highest is not None, signal.name
        yield _Field(signal.name, path, lowest, highest, frozenset(words))


def _wire(field: _Field, value: SignalValue | None) -> float | str:
    if field.words:
        return value if isinstance(value, str) and value in field.words else NOT_AVAILABLE
    if not isinstance(value, int | float) or not field.lowest <= value <= field.highest:
        return NOT_AVAILABLE
    return float(value)
