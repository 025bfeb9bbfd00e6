"""What a subject, a pattern, a name and a message may look like, and which match.

Both buses check with these functions, so that what a rehearsal lets pass the server takes too.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import zip_longest
from types import MappingProxyType

from vettura.bus.interface import MAX_PAYLOAD_BYTES
from vettura.errors import InputError

NO_HEADERS: Mapping[str, str] = MappingProxyType({})

# Far below nats-server's `max_control_line` of 4,096 bytes, which must also hold a reply subject.
_SUBJECT_CHARACTERS_MAX = 512
# One token of a subject: no white space, no control character, no wildcard.
_WORD = r"[^\s.*>\x00-\x1f\x7f]+"
_SUBJECT = re.compile(rf"{_WORD}(?:\.{_WORD})*")
_PATTERN = re.compile(rf"(?:(?:{_WORD}|\*)\.)*(?:{_WORD}|\*|>)")
_NAME = re.compile(r"[-_a-zA-Z0-9]{1,64}")
_KEY = re.compile(r"[-/_=a-zA-Z0-9]+(?:\.[-/_=a-zA-Z0-9]+)*")
# RFC 9110, section 5.6.2: the characters of a header's name.
_HEADER_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_HEADER_BREAK = re.compile(r"[\r\n\x00]")
# The line "NATS/1.0" and the empty one; then ": " and the line's end of each header.
_HEADERS_BYTES = 12
_HEADER_BYTES = 4


@lru_cache(maxsize=65_536)
def check_subject(subject: str) -> str:
    """Return `subject` when a message can be sent to it; else raise `InputError`."""
    if len(subject) > _SUBJECT_CHARACTERS_MAX or not _SUBJECT.fullmatch(subject):
        raise InputError(
            f"cannot send to subject {_shown(subject)}",
            hint="tokens joined by dots, without spaces and wildcards, 512 characters at most",
        )
    return subject


@lru_cache(maxsize=4_096)
def check_pattern(pattern: str) -> str:
    """Return `pattern` when one can listen to it; else raise `InputError`."""
    if len(pattern) > _SUBJECT_CHARACTERS_MAX or not _PATTERN.fullmatch(pattern):
        raise InputError(
            f"cannot listen to pattern {_shown(pattern)}",
            hint="tokens joined by dots; * stands for one whole token, a last > for one or more",
        )
    return pattern


def check_name(kind: str, name: str) -> str:
    """Return the name of a bucket, stream, consumer or queue; else raise `InputError`."""
    if not _NAME.fullmatch(name):
        raise InputError(
            f"a {kind} cannot be called {_shown(name)}",
            hint="1 to 64 letters, digits, - and _",
        )
    return name


@lru_cache(maxsize=65_536)
def check_key(key: str) -> str:
    """Return `key` when a bucket can hold it; else raise `InputError`."""
    if len(key) > _SUBJECT_CHARACTERS_MAX or not _KEY.fullmatch(key):
        raise InputError(
            f"a bucket cannot have the key {_shown(key)}",
            hint="letters, digits and - / _ = with single dots between them",
        )
    return key


def check_message(subject: str, data: bytes, headers: Mapping[str, str] | None) -> dict[str, str]:
    """Return the headers as they travel, stripped; raise `InputError` when it cannot be sent."""
    check_subject(subject)
    size = len(data)
    clean: dict[str, str] = {}
    if headers:
        size += _HEADERS_BYTES
        for name, value in headers.items():
            if not _HEADER_NAME.fullmatch(name) or _HEADER_BREAK.search(value):
                raise InputError(f"cannot send header {_shown(name)} on {subject}")
            clean[name] = value.strip()
            size += _HEADER_BYTES + len(name) + len(clean[name].encode())
    if size > MAX_PAYLOAD_BYTES:
        raise InputError(
            f"a message of {size:,} bytes on {subject} is too large",
            hint=f"{MAX_PAYLOAD_BYTES:,} bytes at most, headers included",
        )
    return clean


@lru_cache(maxsize=65_536)
def matches(pattern: str, subject: str) -> bool:
    """Whether a message on `subject` reaches who listens to `pattern`.

    A pattern given as `subject` matches when every subject it stands for would.
    """
    wanted = pattern.split(".")
    tokens = subject.split(".")
    if wanted[-1] == ">":
        wanted.pop()
        if len(tokens) <= len(wanted):
            return False
    elif len(tokens) != len(wanted) or tokens[-1] == ">":
        return False
    return all(want in ("*", token) for want, token in zip(wanted, tokens, strict=False))


def overlap(pattern: str, other: str) -> bool:
    """Whether some subject matches both patterns."""
    for mine, theirs in _pairs(pattern, other):
        if mine is None or theirs is None:
            return False
        if ">" in (mine, theirs):
            return True
        if "*" not in (mine, theirs) and mine != theirs:
            return False
    return True


def check_queue(queue: str) -> None:
    """Raise `InputError` when a queue group cannot be called so; empty means no group."""
    if queue:
        check_name("queue group", queue)


def check_not_stored(subject: str, streams: Mapping[str, Sequence[str]]) -> None:
    """Raise `InputError` when a stream, by name and subjects, would answer in place of a person."""
    for name, patterns in streams.items():
        if any(matches(pattern, subject) for pattern in patterns):
            raise InputError(
                f"cannot ask on {subject}: stream {name} stores it and would answer first"
            )


def check_stored(stream: str, patterns: Sequence[str], subject: str) -> None:
    """Raise `InputError` when the stream of `patterns` does not store `subject`."""
    if not any(matches(pattern, subject) for pattern in patterns):
        raise InputError(f"stream {stream} does not store {subject}, only {', '.join(patterns)}")


def _pairs(pattern: str, other: str) -> Iterator[tuple[str | None, str | None]]:
    return zip_longest(pattern.split("."), other.split("."))


def _shown(text: str) -> str:
    return repr(text if len(text) <= 80 else f"{text[:79]}…")
