"""What KUKSA's clients may name: the whole of VSS, our own paths, and what somebody registers.

Every signal has a number that is the same after each restart: its place among the paths of VSS 6.0,
sorted, then our own, sorted. Registered ones come behind and last as long as the face.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from vettura.bus.signals import Signal, rest_of_vss, signal_table
from vettura.errors import InputError

PATH_LENGTH_MAX = 1000
"""KUKSA's own limit [characters]."""
REGISTERED_MAX = 1000
LEVELS_MAX = 32
"""Of a pattern; VSS has 9."""
REMEMBERED_PATTERNS = 256
_OWN = "Vehicle.Private."
_PATTERN = re.compile(r"(?:[A-Za-z0-9_-]+|\*\*?)(?:\.(?:[A-Za-z0-9_-]+|\*\*?))*")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*(?:\.[A-Za-z][A-Za-z0-9_-]*)*")


class Listed(NamedTuple):
    """One signal of the catalogue."""

    id: int
    """From 1."""
    signal: Signal
    is_vss: bool
    """Whether the car knows the name; what somebody registered is the face's own affair."""

    @property
    def path(self) -> str:
        """Its VSS path."""
        return self.signal.path


class Catalogue:
    """Every signal by path and by number."""

    def __init__(self) -> None:
        ours, rest = signal_table(), rest_of_vss()
        paths = sorted({*ours, *rest}, key=lambda path: (path.startswith(_OWN), path))
        self._listed = [
            Listed(number, ours.get(path) or rest[path], is_vss=True)
            for number, path in enumerate(paths, start=1)
        ]
        self.ids = {listed.path: listed.id for listed in self._listed}
        """Number by path, for who is in a hurry."""
        self._known = len(self._listed)
        self._matches: dict[str, tuple[Listed, ...]] = {}

    def __len__(self) -> int:
        return len(self._listed)

    def __iter__(self) -> Iterator[Listed]:
        return iter(self._listed)

    def by_path(self, path: str) -> Listed | None:
        """The signal of that very path."""
        number = self.ids.get(path)
        return None if number is None else self._listed[number - 1]

    def by_id(self, number: int) -> Listed | None:
        """The signal of that number."""
        return self._listed[number - 1] if 0 < number <= len(self._listed) else None

    def matching(self, pattern: str) -> tuple[Listed, ...]:
        """The signals that a path, a branch or a pattern with `*` and `**` stands for.

        KUKSA's rules: no asterisk names a signal or a branch and all below it; a last `*` is one
        level, a last `**` all below; in between `*` is one level and `**` any number. InputError
        when it is no pattern.
        """
        found = self._matches.get(pattern)
        if found is None:
            found = tuple(self._find(pattern))
            if len(self._matches) >= REMEMBERED_PATTERNS:
                self._matches.clear()
            self._matches[pattern] = found
        return found

    def register(self, signal: Signal) -> Listed:
        """Add a signal that VSS has not, or return the one that is there.

        InputError when the path is none, when it is there with another type, or when it is full.
        """
        there = self.by_path(signal.path)
        if there is not None:
            if there.signal.datatype != signal.datatype:
                raise InputError(f"{signal.path} is a {there.signal.datatype}")
            return there
        if len(signal.path) > PATH_LENGTH_MAX or not _NAME.fullmatch(signal.path):
            raise InputError(f"'{signal.path[:60]}' is no path of a signal")
        if len(self._listed) >= self._known + REGISTERED_MAX:
            raise InputError(f"{REGISTERED_MAX} signals have been registered; that is the limit")
        listed = Listed(len(self._listed) + 1, signal, is_vss=False)
        self._listed.append(listed)
        self.ids[signal.path] = listed.id
        self._matches.clear()
        return listed

    def _find(self, pattern: str) -> list[Listed]:
        if not pattern:
            return list(self._listed)
        if len(pattern) > PATH_LENGTH_MAX:
            raise InputError(f"a path may have {PATH_LENGTH_MAX} characters")
        if "*" not in pattern:
            branch = f"{pattern}."
            return [
                listed
                for listed in self._listed
                if listed.path == pattern or listed.path.startswith(branch)
            ]
        if not _PATTERN.fullmatch(pattern):
            raise InputError(f"'{pattern[:60]}' is no pattern of a path")
        levels = _without_repeats(pattern.split("."))
        if len(levels) > LEVELS_MAX:
            raise InputError(f"a pattern may have {LEVELS_MAX} levels")
        return [listed for listed in self._listed if _fits(levels, listed.path.split("."))]


def _without_repeats(levels: list[str]) -> list[str]:
    """`**.**` is the same as `**`."""
    return [
        level for level, before in zip(levels, ["", *levels], strict=False)
        if level != "**" or before != "**"
    ]  # fmt: skip


def _fits(levels: list[str], path: list[str]) -> bool:
    """Whether the levels stand for the path; `**` is any number of levels, at least one if last."""
    # reached[k] is whether the levels so far can stand for the first k parts of the path.
    reached = [True] + [False] * len(path)
    for index, level in enumerate(levels):
        following = [False] * (len(path) + 1)
        if level == "**":
            least = 1 if index == len(levels) - 1 else 0
            first = next((k for k, holds in enumerate(reached) if holds), None)
            if first is None:
                return False
            for k in range(first + least, len(path) + 1):
                following[k] = True
        else:
            for k, part in enumerate(path):
                following[k + 1] = reached[k] and level in ("*", part)
        reached = following
    return reached[-1]
