"""Who calls, what a token lets him do, and how a call is refused."""

from collections.abc import Callable, Mapping
from typing import Literal, Protocol, TypeAlias

from vettura.bus.messages import Answer
from vettura.errors import InputError
from vettura.faces.kuksa_grpc import grpc

Action: TypeAlias = Literal["read", "actuate", "provide", "create"]


class Permissions(Protocol):
    """What a token allows; `vettura.trust.tokens` has the real one."""

    @property
    def subject(self) -> str:
        """Who bears the token."""
        ...

    @property
    def expires_ns(self) -> int | None:
        """When it ends [ns since the epoch, real time]; None when it does not."""
        ...

    def may(self, action: Action, path: str) -> bool:
        """Whether the token allows it."""
        ...

    def names(self, action: Action, path: str) -> bool:
        """Whether a scope names that very signal."""
        ...


Check: TypeAlias = Callable[[str], Permissions]
"""Reads a token; InputError when it is none of ours, or over."""


class Refused(Exception):  # noqa: N818  what happens to a call, not a fault
    """A call is refused with one of gRPC's status codes and a reason for a person."""

    def __init__(self, code: grpc.StatusCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Caller:
    """Who is at the other end of a call. Without tokens everybody may do what an app may."""

    def __init__(self, permissions: Permissions | None = None) -> None:
        self._permissions = permissions
        self.who = "kuksa" if permissions is None else f"kuksa:{permissions.subject}"
        self.expires_ns = None if permissions is None else permissions.expires_ns

    def may(self, action: Action, path: str) -> bool:
        """Whether he may do it to that signal."""
        return self._permissions is None or self._permissions.may(action, path)

    def is_granted(self, action: Action, path: str) -> bool:
        """Whether his token names that very signal."""
        return self._permissions is not None and self._permissions.names(action, path)


def caller_of(headers: Mapping[str, str | bytes], check: Check | None) -> Caller:
    """Who calls, by the header `authorization: Bearer ...`; UNAUTHENTICATED without a good token.

    Where no tokens are asked for, none is looked at.
    """
    if check is None:
        return Caller()
    header = headers.get("authorization", "")
    text = header.decode("ascii", "replace") if isinstance(header, bytes) else header
    kind, _, token = text.partition(" ")
    if kind.lower() != "bearer" or not token:
        raise Refused(grpc.StatusCode.UNAUTHENTICATED, "no token was given")
    try:
        return Caller(check(token.strip()))
    except InputError as error:
        raise Refused(grpc.StatusCode.UNAUTHENTICATED, error.message) from None


_CODES = {
    "unknown": grpc.StatusCode.NOT_FOUND,
    "scope": grpc.StatusCode.PERMISSION_DENIED,
    "type": grpc.StatusCode.INVALID_ARGUMENT,
    "range": grpc.StatusCode.INVALID_ARGUMENT,
    "interlock": grpc.StatusCode.FAILED_PRECONDITION,
    "conflict": grpc.StatusCode.ABORTED,
    "unavailable": grpc.StatusCode.UNAVAILABLE,
    "busy": grpc.StatusCode.RESOURCE_EXHAUSTED,
}


def refusal(answer: Answer) -> Refused:
    """The car's refusal as a status; one without a code is a state of the car that forbids it."""
    code = _CODES.get(answer.code, grpc.StatusCode.FAILED_PRECONDITION)
    return Refused(code, answer.reason)


def invalid(reason: str) -> Refused:
    """INVALID_ARGUMENT."""
    return Refused(grpc.StatusCode.INVALID_ARGUMENT, reason)


def not_found(path: str) -> Refused:
    """NOT_FOUND for a signal or branch."""
    return Refused(grpc.StatusCode.NOT_FOUND, f"Path not found: {path[:200]}")


def denied(action: Action, path: str) -> Refused:
    """PERMISSION_DENIED for a signal."""
    return Refused(grpc.StatusCode.PERMISSION_DENIED, f"the token does not let you {action} {path}")
