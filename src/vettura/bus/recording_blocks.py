"""The pieces a session file is made of: each with its size, its times and two checksums.

A file is `MAGIC` and then segments. A segment is a header of `HEADER` and `stored` bytes after it:

- `DATA`: messages, one after the other, deflated;
- `INDX`: `INDEX` of every DATA segment, deflated; written when the recording ends;
- `TAIL`: `END`, as it is: where the index begins, so that a whole file opens without a search.

All integers are big-endian. A file that was cut has whole segments and then part of one.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from vettura.bus.interface import MAX_PAYLOAD_BYTES
from vettura.errors import InputError

MAGIC = b"\x93vettura session 1\n"
DATA, INDX, TAIL = b"DATA", b"INDX", b"TAIL"
BLOCK_BYTES = 512 * 1024
"""A block is written when its messages reach this many bytes."""
RAW_BYTES_MAX = 2 * BLOCK_BYTES + 2 * MAX_PAYLOAD_BYTES
"""No block unpacks to more; the reader never holds more."""
BLOCKS_MAX = 1_000_000
"""In one file: 58 days of a block every five seconds."""
LEVEL = 3
"""Of deflate: a rehearsed day took 0.1 s less than at 6 and the file a tenth more."""

# kind, bytes stored, bytes unpacked, messages, first and last arrival [ns], both checksums
HEADER = struct.Struct(">4sIIIqqII")
_CHECKED = struct.Struct(">4sIIIqqI")
# bytes stored, bytes unpacked, messages, first and last arrival [ns]
INDEX = struct.Struct(">IIIqq")
# offset of the index, messages, messages dropped
END = struct.Struct(">QQQ")
TAIL_BYTES = HEADER.size + END.size
# own time [ns], arrival [ns], bytes of subject, bytes of data
_MESSAGE = struct.Struct(">qqHI")


class Recorded(NamedTuple):
    """One message of a session."""

    time_ns: int
    """The message's own time; its arrival where it bears none."""
    arrival_ns: int
    """When it was heard, by the clock of who recorded."""
    subject: str
    data: bytes


class Block(NamedTuple):
    """A segment as its header tells it."""

    kind: bytes
    offset: int
    stored: int
    raw: int
    messages: int
    first_ns: int
    last_ns: int
    crc: int = 0

    @property
    def end(self) -> int:
        """Where the next segment begins."""
        return self.offset + HEADER.size + self.stored


class CutError(Exception):
    """The file ends in the middle of a segment: it was killed while writing, or cut."""


def pack_message(message: Recorded) -> bytes:
    """The bytes of one message within a block."""
    subject = message.subject.encode()
    head = _MESSAGE.pack(message.time_ns, message.arrival_ns, len(subject), len(message.data))
    return head + subject + message.data


def unpack_messages(raw: bytes, block: Block) -> Iterator[Recorded]:
    """Every message of a block's bytes; ValueError when they are not what the header says."""
    at, count = 0, 0
    while at < len(raw):
        if len(raw) - at < _MESSAGE.size:
            raise ValueError("a message is cut")
        time_ns, arrival_ns, subject_bytes, data_bytes = _MESSAGE.unpack_from(raw, at)
        at += _MESSAGE.size
        end = at + subject_bytes + data_bytes
        if end > len(raw):
            raise ValueError("a message is longer than its block")
        subject = raw[at : at + subject_bytes].decode()
        yield Recorded(time_ns, arrival_ns, subject, raw[at + subject_bytes : end])
        at = end
        count += 1
    if count != block.messages:
        raise ValueError(f"{count} messages where {block.messages} were written")


def pack_segment(
    kind: bytes, raw: bytes, *, messages: int = 0, first_ns: int = 0, last_ns: int = 0
) -> bytes:
    """A whole segment of these bytes."""
    stored = raw if kind == TAIL else zlib.compress(raw, LEVEL)
    checked = _CHECKED.pack(
        kind, len(stored), len(raw), messages, first_ns, last_ns, zlib.crc32(stored)
    )
    return checked + struct.pack(">I", zlib.crc32(checked)) + stored


def read_header(file: BinaryIO, offset: int, *, size: int, where: str) -> Block:
    """The header at `offset` of a file of `size` bytes; CutError where the file ends too soon.

    InputError names the place when the header is damaged. A header of zeros only is what a machine
    leaves that lost power before its disk had the bytes: it counts as cut.
    """
    file.seek(offset)
    head = file.read(HEADER.size)
    if len(head) < HEADER.size or not any(head):
        raise CutError
    kind, stored, raw, messages, first_ns, last_ns, crc, head_crc = HEADER.unpack(head)
    limit = RAW_BYTES_MAX if kind == DATA else BLOCKS_MAX * INDEX.size
    # Deflate adds at most five bytes to each 16 kB that it cannot make smaller.
    is_possible = kind in (DATA, INDX, TAIL) and raw <= limit and stored <= raw + raw // 1000 + 64
    if zlib.crc32(head[:-4]) != head_crc or not is_possible:
        raise damaged(where, offset, "a header that is not whole")
    block = Block(kind, offset, stored, raw, messages, first_ns, last_ns, crc)
    if block.end > size:
        raise CutError
    return block


def read_payload(file: BinaryIO, block: Block, *, where: str) -> bytes:
    """What a segment holds, unpacked; InputError names the place when it is damaged."""
    file.seek(block.offset + HEADER.size)
    stored = file.read(block.stored)
    if zlib.crc32(stored) != block.crc or len(stored) != block.stored:
        raise damaged(where, block.offset, "a block whose checksum is wrong")
    if block.kind == TAIL:
        return stored
    unpacking = zlib.decompressobj()
    try:
        raw = unpacking.decompress(stored, block.raw + 1)
    except zlib.error:
        raise damaged(where, block.offset, "a block that does not unpack") from None
    if len(raw) != block.raw or not unpacking.eof:
        raise damaged(where, block.offset, "a block of another size than its header says")
    return raw


def damaged(where: str, offset: int, what: str) -> InputError:
    """The one clear line for a session file that is not as it was written."""
    return InputError(
        f"{where}: damaged at byte {offset:,}: {what}",
        hint="what lies before that byte is whole",
    )
