"""What a token allows, in the words of KUKSA: `read:Vehicle.Speed actuate:Vehicle.Cabin`.

A scope is `read`, `actuate`, `provide` (or only its half, `provide:data` or `provide:actuation`)
or `create`, and after another colon the path it is for. Without a path it is for everything. A path
stands for itself and all below it; with wildcards it stands for what they match and no more: `*`
is one level, `**` any number of levels. Whoever may do anything with a signal may read it.

Meaning as KUKSA documents it (kuksa-databroker, `doc/authorization.md`). `**` is what its matcher
takes beyond that page; its parser of tokens refuses it and both halves of `provide`.
"""

import re
from collections.abc import Iterable
from typing import Literal, NamedTuple, TypeAlias, get_args

from vettura.errors import InputError

Action: TypeAlias = Literal[
    "read", "actuate", "provide", "create", "provide:data", "provide:actuation"
]
"""What may be done to a signal. Asked for `provide`, either half is enough: a face that tells them
apart asks for the half."""

_GRANTS: dict[str, tuple[Action, ...]] = {
    "read": ("read",),
    "actuate": ("actuate", "read"),
    "provide": ("provide", "provide:data", "provide:actuation", "read"),
    "provide:data": ("provide:data", "provide", "read"),
    "provide:actuation": ("provide:actuation", "provide", "read"),
    "create": ("create", "read"),
}
"""What each word of a scope lets its bearer do."""

_SCOPE = re.compile(
    r"(?P<action>provide:data|provide:actuation|provide|read|actuate|create)"
    r"(?::(?P<path>(?:[A-Z][A-Za-z0-9]*|\*\*?)(?:\.(?:[A-Z][A-Za-z0-9]*|\*\*?))*))?"
)
SHOWN_MAX = 60
"""Characters of a faulty scope that an error repeats."""


class Scope(NamedTuple):
    """One scope of a token."""

    action: str
    """A word of `Action`."""
    path: str
    """A signal, a branch or a pattern; empty for everything."""

    def covers(self, path: str) -> bool:
        """Whether `path` is one of those that this scope is for."""
        if not self.path:
            return True
        if "*" in self.path:
            return _matches(self.path.split("."), path.split("."))
        return path == self.path or path.startswith(f"{self.path}.")

    def __str__(self) -> str:
        return f"{self.action}:{self.path}" if self.path else self.action


def read_scopes(text: str) -> tuple[Scope, ...]:
    """The scopes of a token's claim `scope`, separated by spaces; InputError names the faulty."""
    return tuple(_scope(word) for word in text.split())


def _scope(word: str) -> Scope:
    found = _SCOPE.fullmatch(word)
    if not found:
        shown = word if len(word) <= SHOWN_MAX else f"{word[:SHOWN_MAX]}…"
        raise InputError(
            f"scope {shown!r}: not an action and a path",
            hint="read, actuate, provide, provide:data, provide:actuation or create, "
            "then perhaps :Vehicle.Some.Path",
        )
    return Scope(found["action"], found["path"] or "")


class Permissions:
    """What the bearer of a token may do.

    `subject` is who bears it; `expires_ns` [ns since the epoch, UTC] is when it ends, None for
    never. Whoever keeps a stream open ends it then: `may` does not look at the time.
    """

    def __init__(
        self, scopes: Iterable[Scope], *, subject: str, expires_ns: int | None = None
    ) -> None:
        self.subject = subject
        self.expires_ns = expires_ns
        self._granted: dict[str, _Paths] = {}
        for action in get_args(Action):
            granting = [scope for scope in scopes if action in _GRANTS[scope.action]]
            self._granted[action] = _Paths(granting)

    def may(self, action: Action, path: str) -> bool:
        """Whether the bearer may do this to the signal `path`."""
        return self._granted[action].cover(path)

    def names(self, action: Action, path: str) -> bool:
        """Whether a scope names this very path for the action: by no branch and no wildcard."""
        return path in self._granted[action].plain


class _Paths:
    """Paths, branches and patterns, ready to be asked often."""

    def __init__(self, scopes: Iterable[Scope]) -> None:
        scopes = list(scopes)
        self.everything = any(not scope.path for scope in scopes)
        self.plain = frozenset(s.path for s in scopes if s.path and "*" not in s.path)
        self.patterns = [scope for scope in scopes if "*" in scope.path]

    def cover(self, path: str) -> bool:
        if self.everything:
            return True
        branch = path
        while branch:
            if branch in self.plain:
                return True
            branch = branch.rpartition(".")[0]
        return any(pattern.covers(path) for pattern in self.patterns)


def _matches(pattern: list[str], levels: list[str]) -> bool:
    """Whether the levels fit; each `**` takes as few as it can and more when the rest fails.

    Going back to the last `**` is enough, so hostile patterns cost a product, never a power.
    """
    at = level = 0
    any_at, any_level = -1, 0
    while level < len(levels):
        if at < len(pattern) and pattern[at] == "**":
            any_at, any_level = at, level
            at += 1
        elif at < len(pattern) and pattern[at] in {"*", levels[level]}:
            at += 1
            level += 1
        elif any_at >= 0:
            any_level += 1
            at, level = any_at + 1, any_level
        else:
            return False
    return all(word == "**" for word in pattern[at:])
