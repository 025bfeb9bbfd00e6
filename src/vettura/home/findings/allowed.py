"""Which values something may have, and whether two such sets have one in common."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from vettura.home.findings.track import number


@dataclass(frozen=True, slots=True)
class Allowed:
    """A set of states: only these, or all but those; and, for numbers, an open range."""

    only: frozenset[str] | None = None
    but: frozenset[str] = frozenset()
    low: float = -math.inf
    high: float = math.inf

    @property
    def is_numeric(self) -> bool:
        """Whether only numbers are in it."""
        return self.low > -math.inf or self.high < math.inf

    @property
    def is_anything(self) -> bool:
        """Whether nothing is excluded."""
        return self.only is None and not self.but and not self.is_numeric

    @property
    def is_empty(self) -> bool:
        """Whether nothing can be in it."""
        if self.only is not None:
            return not any(self.has(value) for value in self.only)
        return not self.low < self.high

    def has(self, value: str) -> bool:
        """Whether a state is in it."""
        if value in self.but or (self.only is not None and value not in self.only):
            return False
        if not self.is_numeric:
            return True
        figure = number(value)
        return figure is not None and self.low < figure < self.high

    def meet(self, other: "Allowed") -> "Allowed":
        """What is in both."""
        only = self.only
        if other.only is not None:
            only = other.only if only is None else only & other.only
        return Allowed(
            only,
            self.but | other.but,
            max(self.low, other.low),
            min(self.high, other.high),
        )

    def meets(self, other: "Allowed") -> bool:
        """Whether something is in both."""
        return not self.meet(other).is_empty

    def opposite(self) -> "Allowed | None":
        """What is not in it; None when that is no such set."""
        if self.only is not None and not self.but and not self.is_numeric:
            return Allowed(but=self.only)
        if self.only is None and self.but and not self.is_numeric:
            return Allowed(only=self.but)
        return None


ANYTHING = Allowed()


def one_of(values: Iterable[object]) -> Allowed:
    """Only these states."""
    return Allowed(only=frozenset(str(value) for value in values))


def none_of(values: Iterable[object]) -> Allowed:
    """All but these states."""
    return Allowed(but=frozenset(str(value) for value in values))
