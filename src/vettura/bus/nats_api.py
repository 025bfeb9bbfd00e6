"""What JetStream's API answers, typed.

Source: https://docs.nats.io/reference/reference-protocols/nats_api_reference
"""

from typing import NamedTuple, NoReturn, TypeVar

import msgspec

from vettura.bus.interface import Message
from vettura.errors import BusDownError, BusError, ConflictError, InputError

NOT_FOUND = 404
_UNAVAILABLE = 503
# Error codes: https://github.com/nats-io/nats-server/blob/main/server/errors.json
NAME_IN_USE = 10058
_SUBJECTS_OVERLAP = 10065
_WRONG_LAST_SEQUENCE = (10071, 10164)


class ApiFault(msgspec.Struct, frozen=True):
    """Why a request failed."""

    code: int = 0
    err_code: int = 0
    description: str = ""


class Reply(msgspec.Struct, frozen=True):
    """What every answer may bear."""

    error: ApiFault | None = None


class Acknowledgement(Reply, frozen=True):
    """A stream has stored a message."""

    stream: str = ""
    seq: int = 0


class StreamState(msgspec.Struct, frozen=True):
    """Which sequences a stream holds."""

    first_seq: int = 0
    last_seq: int = 0


class StreamInfo(Reply, frozen=True):
    """A stream as it is."""

    state: StreamState = StreamState()


class StoredMessage(msgspec.Struct, frozen=True):
    """A message as a stream keeps it."""

    subject: str
    seq: int
    data: bytes = b""
    hdrs: bytes = b""


class FoundMessage(Reply, frozen=True):
    """The message that was looked up."""

    message: StoredMessage | None = None


class Position(msgspec.Struct, frozen=True):
    """How far a consumer is: by its own count and by the stream's."""

    consumer_seq: int = 0
    stream_seq: int = 0


class ConsumerInfo(Reply, frozen=True):
    """A consumer as it is."""

    name: str = ""
    num_pending: int = 0
    delivered: Position = Position()
    ack_floor: Position = Position()


class Place(NamedTuple):
    """Where a delivered message stands, read from the subject that acknowledges it."""

    stream_sequence: int
    consumer_sequence: int


R = TypeVar("R", bound=Reply)


def place(message: Message) -> Place:
    """Return where a message from a consumer stands; the subject has 9 tokens, or 11 and more."""
    tokens = message.reply.split(".")
    first = 5 if len(tokens) == 9 else 7
    return Place(int(tokens[first]), int(tokens[first + 1]))


def decode(what: str, answer: Message, kind: type[R]) -> R:
    """Return what the answer about `what` says."""
    try:
        return msgspec.json.decode(answer.data, type=kind)
    except msgspec.MsgspecError as error:
        raise BusError(f"{what}: the answer is none of JetStream's") from error


def raise_fault(what: str, fault: ApiFault) -> NoReturn:
    """Raise what a refusal of `what` means."""
    text = f"{what}: {fault.description or fault.code}"
    if fault.err_code in _WRONG_LAST_SEQUENCE:
        raise ConflictError(text)
    if fault.err_code == _SUBJECTS_OVERLAP:
        raise InputError(text)
    if fault.code == _UNAVAILABLE:
        raise BusDownError(text)
    raise BusError(text)
