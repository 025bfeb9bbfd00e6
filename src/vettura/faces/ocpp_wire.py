"""OCPP-J on the wire: frames in and out, and the errors in each version's own words.

Facts of OCPP-J 1.6 and of part 4 of OCPP 2.0.1 and 2.1: a message is a JSON array, `[2, id, action,
payload]` a call, `[3, id, payload]` its result, `[4, id, code, description, details]` its error;
2.1 adds `[5, ...]`, an error about a result, and `[6, id, action, payload]`, which is not answered.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple, TypeAlias

import msgspec

from vettura.errors import InputError, RefusedError

Version: TypeAlias = Literal["1.6", "2.0.1", "2.1"]
VERSIONS: Final[tuple[Version, ...]] = ("2.1", "2.0.1", "1.6")
"""The newest first."""
SUBPROTOCOLS: Final[dict[str, Version]] = {f"ocpp{version}": version for version in VERSIONS}

FRAME_BYTES_MAX = 262_144
"""The longest frame: a charging profile or a report of a large station is a tenth of it."""
ID_MAX = 36
NO_ID = "-1"
"""Of an error about a message whose id cannot be read (part 4, 4.2.3)."""
TEXT_MAX = 255
"""Of a description (part 4, table 7)."""

Fault: TypeAlias = Literal[
    "unreadable",
    "not a call",
    "unknown",
    "not served",
    "missing",
    "type",
    "surplus",
    "value",
    "count",
    "internal",
    "security",
]
"""What is wrong with a message; each version has a word for it."""
_WORDS: Final[dict[Fault, tuple[str, str]]] = {
    "unreadable": ("FormationViolation", "RpcFrameworkError"),
    "not a call": ("ProtocolError", "MessageTypeNotSupported"),
    "unknown": ("NotImplemented", "NotImplemented"),
    "not served": ("NotSupported", "NotSupported"),
    "missing": ("ProtocolError", "OccurrenceConstraintViolation"),
    "type": ("TypeConstraintViolation", "TypeConstraintViolation"),
    "surplus": ("FormationViolation", "FormatViolation"),
    "value": ("PropertyConstraintViolation", "PropertyConstraintViolation"),
    # Written with one r in 1.6.
    "count": ("OccurenceConstraintViolation", "OccurrenceConstraintViolation"),
    "internal": ("InternalError", "InternalError"),
    "security": ("SecurityError", "SecurityError"),
}
Payload: TypeAlias = dict[str, Any]


class Call(NamedTuple):
    """A question."""

    id: str
    action: str
    payload: Payload
    is_answered: bool = True
    """False for what 2.1 sends without waiting for an answer."""


class Result(NamedTuple):
    """An answer."""

    id: str
    payload: Payload


class Failure(NamedTuple):
    """The answer that there is none."""

    id: str
    code: str
    description: str


Frame: TypeAlias = Call | Result | Failure


class FrameError(InputError):
    """A message that breaks the protocol; `id` is whom to tell, empty for nobody."""

    def __init__(self, message: str, fault: Fault, frame_id: str = NO_ID) -> None:
        super().__init__(message)
        self.fault: Fault = fault
        self.id = frame_id


class CallRefusedError(RefusedError):
    """The other side answers a call with an error, by its code."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(f"{code}: {description}" if description else code)
        self.code = code


class AnswerError(RefusedError):
    """We cannot answer a call: the fault and where."""

    def __init__(self, fault: Fault, message: str) -> None:
        super().__init__(message)
        self.fault: Fault = fault


def word_for(fault: Fault, version: Version) -> str:
    """The error code of that version."""
    return _WORDS[fault][0 if version == "1.6" else 1]


def read_frame(text: str | bytes) -> Frame:
    """Read a frame; FrameError says what is wrong and whom to tell."""
    if isinstance(text, bytes):
        raise FrameError("a binary frame, where the protocol has text", "unreadable")
    if len(text) > FRAME_BYTES_MAX:
        raise FrameError(f"a frame of more than {FRAME_BYTES_MAX} bytes", "unreadable")
    try:
        parts = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise FrameError(f"not JSON: {error}", "unreadable") from None
    if not isinstance(parts, list) or len(parts) < 3:
        raise FrameError("not an array of at least three elements", "unreadable")
    return _frame(parts)


def _frame(parts: list[Any]) -> Frame:
    kind, own_id = parts[0], parts[1]
    if not isinstance(own_id, str) or not 0 < len(own_id) <= ID_MAX:
        raise FrameError(f"an id that is not 1 to {ID_MAX} characters", "unreadable")
    match [kind, *parts[2:]]:
        case [2 | 6, str(action), dict(payload)]:
            return Call(own_id, action, payload, is_answered=kind == 2)
        case [2, *_]:
            raise FrameError("a call is [2, id, action, {payload}]", "unreadable", own_id)
        case [3, dict(payload)]:
            return Result(own_id, payload)
        case [4 | 5, *rest]:
            texts = [one for one in rest[:2] if isinstance(one, str)]
            code, description, *_ = [*texts, "", ""]
            return Failure(own_id, code[:TEXT_MAX] or "GenericError", description[:TEXT_MAX])
        case [3 | 6, *_]:
            # An answer is not answered, and neither is what awaits no answer.
            raise FrameError("not a message of the protocol", "unreadable", "")
    raise FrameError(f"message type {str(kind)[:20]} is none", "not a call", own_id)


def call_frame(call: Call) -> str:
    """The text of a call."""
    kind = 2 if call.is_answered else 6
    return msgspec.json.encode([kind, call.id, call.action, call.payload]).decode()


def result_frame(own_id: str, payload: Mapping[str, Any]) -> str:
    """The text of an answer."""
    return msgspec.json.encode([3, own_id, payload]).decode()


def failure_frame(own_id: str, code: str, description: str) -> str:
    """The text of an error."""
    return msgspec.json.encode([4, own_id, code, description[:TEXT_MAX], {}]).decode()
