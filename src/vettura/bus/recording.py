"""Recording files: every message of a bus with its exact times, readable however the writing ended.

Written by appending only, in blocks of at most a second or so; who is killed loses the block that
was not yet written, no more. Every byte is under a checksum. `recording_blocks` draws the format.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, final

import msgspec

from vettura.bus.recording_blocks import (
    BLOCK_BYTES,
    BLOCKS_MAX,
    DATA,
    END,
    HEADER,
    INDEX,
    INDX,
    MAGIC,
    TAIL,
    TAIL_BYTES,
    Block,
    CutError,
    damaged,
    pack_message,
    pack_segment,
    read_header,
    read_payload,
    unpack_messages,
)
from vettura.bus.recording_blocks import Recorded as Recorded
from vettura.errors import EnvironmentFault, InputError


class _Stamped(msgspec.Struct, frozen=True):
    time_ns: int


_stamps = msgspec.msgpack.Decoder(_Stamped)


def recorded(arrival_ns: int, subject: str, data: bytes) -> Recorded:
    """A message as it is kept: with its own time, where its payload bears one of 64 bits."""
    time_ns = arrival_ns
    with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        stamp = _stamps.decode(data).time_ns
        time_ns = stamp if -(2**63) <= stamp < 2**63 else arrival_ns
    return Recorded(time_ns, arrival_ns, subject, data)


def is_session(path: Path) -> bool:
    """Whether the file begins as a session does."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


@final
class RecordingWriter:
    """Appends messages to a new file; holds one block in memory and 28 bytes for each written.

    `is_synced` also waits for the disk at each block, so that a power cut loses no more than a
    kill does.
    """

    def __init__(self, path: Path, *, is_synced: bool = True) -> None:
        self.count = 0
        self.size = len(MAGIC)
        """Bytes written so far."""
        self._where = str(path)
        self._is_synced = is_synced
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._first_ns = self._last_ns = 0
        self._index = bytearray()
        try:
            self._file = path.open("xb", buffering=0)
        except FileExistsError:
            raise InputError(f"{path}: is there already", hint="name a new file") from None
        except OSError as error:
            raise self._fault(error) from None
        self._write(MAGIC)

    def add(self, message: Recorded) -> None:
        """Take one more; arrivals never go back."""
        if self.count and message.arrival_ns < self._last_ns:
            raise InputError(f"{self._where}: a message arrived before the one in front of it")
        if not self._waiting:
            self._first_ns = message.arrival_ns
        self._last_ns = message.arrival_ns
        packed = pack_message(message)
        self._waiting.append(packed)
        self._waiting_bytes += len(packed)
        self.count += 1
        if self._waiting_bytes >= BLOCK_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write what waits as a block; nothing when nothing does."""
        if not self._waiting:
            return
        if len(self._index) >= BLOCKS_MAX * INDEX.size:
            raise EnvironmentFault(f"{self._where}: is full", hint="begin another file")
        raw, count = b"".join(self._waiting), len(self._waiting)
        first_ns, last_ns = self._first_ns, self._last_ns
        segment = pack_segment(DATA, raw, messages=count, first_ns=first_ns, last_ns=last_ns)
        self._waiting, self._waiting_bytes = [], 0
        self._append(segment)
        stored = len(segment) - HEADER.size
        self._index += INDEX.pack(stored, len(raw), count, first_ns, last_ns)

    def close(self, *, dropped: int = 0) -> None:
        """Write what waits, the index and the end; `dropped` counts what was heard too late."""
        if self._file.closed:
            return
        try:
            self.flush()
            offset = self.size
            self._append(pack_segment(INDX, bytes(self._index)))
            self._append(pack_segment(TAIL, END.pack(offset, self.count, dropped)))
        finally:
            self._file.close()

    def _append(self, segment: bytes) -> None:
        self._write(segment)
        self.size += len(segment)

    def _write(self, data: bytes) -> None:
        try:
            view = memoryview(data)
            while view:
                view = view[self._file.write(view) :]
            if self._is_synced:
                os.fsync(self._file.fileno())
        except OSError as error:
            self._file.close()
            raise self._fault(error) from None

    def _fault(self, error: OSError) -> EnvironmentFault:
        why = (error.strerror or str(error)).lower()
        return EnvironmentFault(f"{self._where}: cannot be written: {why}")


@final
class Recording:
    """A session file to read from; holds its index and one block in memory.

    A file whose writing was cut short is read up to its last whole block.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.dropped = 0
        """Messages that its recorder heard of but could not keep."""
        self.is_whole = False
        """Whether the recording was ended, not cut."""
        self.lost_bytes = 0
        """What lies behind the last whole block of one that was cut."""
        try:
            self._file: BinaryIO = path.open("rb")
        except OSError as error:
            raise InputError(f"{path}: {(error.strerror or str(error)).lower()}") from None
        try:
            self._size = os.fstat(self._file.fileno()).st_size
            if self._file.read(len(MAGIC)) != MAGIC:
                raise InputError(f"{path}: not a session that vettura recorded")
            indexed = self._indexed()
            self._blocks = self._searched() if indexed is None else indexed
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    @property
    def count(self) -> int:
        """How many messages there are."""
        return sum(block.messages for block in self._blocks)

    @property
    def first_ns(self) -> int:
        """Arrival of the first message [ns since the epoch]; 0 when there is none."""
        return self._blocks[0].first_ns if self._blocks else 0

    @property
    def last_ns(self) -> int:
        """Arrival of the last message [ns since the epoch]; 0 when there is none."""
        return self._blocks[-1].last_ns if self._blocks else 0

    def messages(
        self, *, from_ns: int | None = None, to_ns: int | None = None
    ) -> Iterator[Recorded]:
        """Those that arrived from `from_ns` to before `to_ns`; None leaves that end open."""
        for block in self._blocks:
            if to_ns is not None and block.first_ns >= to_ns:
                return
            if from_ns is not None and block.last_ns < from_ns:
                continue
            for message in self._unpacked(block):
                if from_ns is not None and message.arrival_ns < from_ns:
                    continue
                if to_ns is not None and message.arrival_ns >= to_ns:
                    return
                yield message

    def _unpacked(self, block: Block) -> Iterator[Recorded]:
        where = str(self.path)
        try:
            there = read_header(self._file, block.offset, size=self._size, where=where)
        except CutError:
            raise damaged(where, block.offset, "a block that has gone") from None
        if there._replace(crc=0) != block._replace(crc=0):
            raise damaged(where, block.offset, "a block that the index tells otherwise")
        raw = read_payload(self._file, there, where=where)
        try:
            yield from unpack_messages(raw, there)
        except ValueError as error:  # UnicodeDecodeError is one
            raise damaged(where, block.offset, f"a message that is none ({error})") from None

    def _indexed(self) -> list[Block] | None:
        """The blocks by the index; None when the file has no end as a whole one does."""
        where, offset = str(self.path), self._size - TAIL_BYTES
        try:
            tail = read_header(self._file, max(offset, 0), size=self._size, where=where)
        except (CutError, InputError):
            return None
        if tail.kind != TAIL or tail.stored != END.size:
            return None
        start, count, self.dropped = END.unpack(read_payload(self._file, tail, where=where))
        try:
            index = read_header(self._file, min(start, offset), size=self._size, where=where)
        except CutError:
            raise damaged(where, offset, "an end without an index") from None
        if index.kind != INDX or index.end != offset:
            raise damaged(where, offset, "an end that points nowhere")
        raw = read_payload(self._file, index, where=where)
        if len(raw) % INDEX.size:
            raise damaged(where, index.offset, "an index that is not whole")
        blocks, at = [], len(MAGIC)
        for stored, size, messages, first_ns, last_ns in INDEX.iter_unpack(raw):
            blocks.append(Block(DATA, at, stored, size, messages, first_ns, last_ns))
            at = blocks[-1].end
        if at != start or sum(block.messages for block in blocks) != count:
            raise damaged(where, index.offset, "an index that does not add up")
        self.is_whole = True
        return blocks

    def _searched(self) -> list[Block]:
        """The blocks one after the other, up to where the file was cut."""
        where, blocks, at = str(self.path), [], len(MAGIC)
        while at < self._size:
            try:
                block = read_header(self._file, at, size=self._size, where=where)
            except CutError:
                self.lost_bytes = self._size - at
                break
            if block.kind == DATA:
                blocks.append(block)
            elif block.kind == INDX:
                read_payload(self._file, block, where=where)
            else:
                raise damaged(where, block.offset, "an end that is not at the end")
            at = block.end
        return blocks
