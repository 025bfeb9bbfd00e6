"""Bytes for subscribers, without building messages: constants of each signal, and a value between.

Every reply of every subscription is a repeated field of entries, so the entries of one frame are
made once and joined for whoever subscribed to them. An entry is a constant head, the value, and the
frame's time stamp; numbers and time stamps have a fixed width (a varint may be padded), so the
lengths inside the head are constant too. Texts and arrays get their lengths each time.
"""

import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

from vettura.bus.messages import SignalValue
from vettura.faces.kuksa_bytes import STAMP_BYTES, sized, stamp, varint, way_of
from vettura.faces.kuksa_catalogue import Catalogue, Listed

Style: TypeAlias = Literal["v2", "v2_id", "v1", "sdv"]
"""v2.Subscribe, v2.SubscribeById, v1.Subscribe, sdv Broker.Subscribe."""

TARGET = 1 << 30
"""Added to a signal's number it means what the actuator was last told to become, not what it is."""
FRAMES_KEPT = 64
_FIELD_VALUE, _FIELD_TARGET = 2, 3
_NOT_AVAILABLE = b"\x50\x01"
"""sdv: failure_value = NOT_AVAILABLE."""
_PARTS = 3
"""Parts of an entry: head, value, time stamp."""


class _Ready(NamedTuple):
    """What is constant of one entry."""

    head: bytes
    """All before the value."""
    letters: str
    """Of the value in a struct; empty when its width varies."""
    pack: Callable[[SignalValue], bytes] | None
    """Makes bytes of it first; None where the struct does that."""


class _Frame(NamedTuple):
    """A list of signals that has come before, with all its constants laid out."""

    channels: tuple[int, ...]
    """Those of constant width."""
    parts: list[object]
    layout: struct.Struct
    packed: list[tuple[int, Callable[[SignalValue], bytes]]]
    """Which values are made bytes first."""
    others: tuple[int, ...]
    """Channels whose width varies."""


class Encoder:
    """Entries in the style of one subscription call, remembered until a value changes."""

    def __init__(self, style: Style, catalogue: Catalogue) -> None:
        self._style: Style = style
        self._catalogue = catalogue
        self._ready: dict[int, _Ready] = {}
        self._made: dict[int, bytes] = {}
        self._frames: dict[tuple[int, ...], _Frame | None] = {}
        self.unspeakable = 0
        """Values that did not fit their signal's type, sent as unknown."""

    def forget(self, channels: Iterable[int]) -> None:
        """These have changed: their entries made before are stale."""
        made = self._made
        for channel in channels:
            made.pop(channel, None)

    def join(
        self,
        channels: Sequence[int],
        values: Mapping[int, SignalValue],
        times_ns: Mapping[int, int],
    ) -> bytes:
        """The entries of these channels (a signal's number, or `TARGET` more), as one reply."""
        made = self._made
        parts = []
        for channel in channels:
            entry = made.get(channel)
            if entry is None:
                entry = made[channel] = self._entry(
                    channel, values.get(channel), times_ns.get(channel, 0)
                )
            parts.append(entry)
        return b"".join(parts)

    def frame(
        self,
        channels: Sequence[int],
        values: Mapping[int, SignalValue],
        times_ns: Mapping[int, int],
        time_ns: int,
    ) -> bytes:
        """The same, for channels that all changed at `time_ns`: one call for all that is numeric.

        A list that comes again is laid out once; what has been seen only once is joined.
        """
        key = tuple(channels)
        frame = self._frames.get(key)
        if frame is None:
            if key in self._frames:
                frame = self._frames[key] = self._lay_out(key)
            else:
                if len(self._frames) >= FRAMES_KEPT:
                    self._frames.clear()
                self._frames[key] = None
                return self.join(channels, values, times_ns)
        try:
            column: list[object] = [values[channel] for channel in frame.channels]
            for index, pack in frame.packed:
                column[index] = pack(column[index])  # type: ignore[arg-type]
            parts = frame.parts.copy()
            parts[1::_PARTS] = column
            parts[2::_PARTS] = [stamp(time_ns)] * len(column)
            data = frame.layout.pack(*parts)
        except (KeyError, TypeError, ValueError, OverflowError, struct.error):
            return self.join(channels, values, times_ns)
        return data + self.join(frame.others, values, times_ns) if frame.others else data

    def _lay_out(self, channels: tuple[int, ...]) -> _Frame:
        letters = ["<"]
        fixed: list[int] = []
        others: list[int] = []
        parts: list[object] = []
        packed: list[tuple[int, Callable[[SignalValue], bytes]]] = []
        for channel in channels:
            ready = self._ready_for(channel)
            if not ready.letters:
                others.append(channel)
                continue
            if ready.pack is not None:
                packed.append((len(fixed), ready.pack))
            letters.append(f"{len(ready.head)}s{ready.letters}{STAMP_BYTES}s")
            parts += [ready.head, b"", b""]
            fixed.append(channel)
        layout = struct.Struct("".join(letters))
        return _Frame(tuple(fixed), parts, layout, packed, tuple(others))

    def _entry(self, channel: int, value: SignalValue | None, time_ns: int) -> bytes:
        if value is None:
            return self._wrap(channel, _NOT_AVAILABLE if self._style == "sdv" else b"", b"")
        ready = self._ready_for(channel)
        try:
            if ready.pack is None:
                return ready.head + struct.pack(f"<{ready.letters}", value) + stamp(time_ns)
            packed = ready.pack(value)
        except (TypeError, ValueError, OverflowError, AttributeError, struct.error):
            self.unspeakable += 1
            return self._entry(channel, None, time_ns)
        if ready.letters:
            return ready.head + packed + stamp(time_ns)
        return self._wrap(channel, packed, stamp(time_ns))

    def _ready_for(self, channel: int) -> _Ready:
        ready = self._ready.get(channel)
        if ready is None:
            datatype = self._listed(channel).signal.datatype
            way = way_of(datatype)
            head = b""
            if way.letters:
                filler = b"\0" * (len(way.tag) + struct.calcsize(f"<{way.letters}"))
                marked = self._wrap(channel, filler, b"\0" * STAMP_BYTES)
                head = marked[: -(len(filler) + STAMP_BYTES)] + way.tag
            ready = self._ready[channel] = _Ready(head, way.letters, way.pack)
        return ready

    def _listed(self, channel: int) -> Listed:
        listed = self._catalogue.by_id(channel & ~TARGET)
        assert listed is not None
        return listed

    def _wrap(self, channel: int, value: bytes, time: bytes) -> bytes:
        """One entry of a reply around an encoded value; the time stamp comes last in all styles."""
        if self._style in ("v2", "v2_id"):
            point = (sized(2, value) if value else b"") + time
        else:
            point = value + time
        path = self._listed(channel).path.encode()
        match self._style:
            case "v2" | "sdv":
                inner = sized(1, path) + sized(2, point)
            case "v2_id":
                inner = b"\x08" + varint(channel) + sized(2, point)
            case _:
                is_target = bool(channel & TARGET)
                fields = bytes((0x12, 1, _FIELD_TARGET if is_target else _FIELD_VALUE))
                # An unknown value is left out, so that clients see that it is not there.
                data = sized(3 if is_target else 2, point) if value else b""
                inner = fields + sized(1, sized(1, path) + data)
        return sized(1, inner)
