"""What a look at a car file finds, and reading a file of which parts may be missing."""

import re
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

Severity = Literal["error", "warning"]


class Finding(NamedTuple):
    """One thing that is missing, implausible or inconsistent in a car file."""

    severity: Severity
    """An error must be mended before the file can be driven; a warning should be looked at."""
    figure: str
    """Where it stands, as `body.kerb_mass_kg` or `motors[1].gear_ratio`."""
    what: str
    why: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.severity}: {self.figure}: {self.what}; {self.why}; {self.remedy}"


class Facts:
    """The figures of a car file, those that are there and can be read.

    `faulty` holds the paths that are wrong in themselves: nobody concludes anything from those.
    """

    def __init__(self, tree: Mapping[str, Any], faulty: frozenset[str] = frozenset()) -> None:
        self._tree = tree
        self._faulty = faulty

    def number(self, path: str) -> float | None:
        """The number at `path`, either a figure's value or bare; None when it is not there."""
        value = self._value(path)
        return float(value) if isinstance(value, int | float) and value is not True else None

    def text(self, path: str) -> str | None:
        """The word at `path`; None when it is not there."""
        value = self._value(path)
        return value if isinstance(value, str) else None

    def numbers(self, path: str) -> list[float]:
        """The list at `path`, empty when it is not there."""
        value = self._value(path)
        return [float(one) for one in value] if isinstance(value, list) else []

    def motors(self) -> list[str]:
        """Paths of the motors."""
        value = self._value("motors")
        return [
            f"motors[{index}]" for index in range(len(value if isinstance(value, list) else ()))
        ]

    def names(self, path: str) -> list[str]:
        """The keys of the table at `path`."""
        value = self._value(path)
        return [str(key) for key in value] if isinstance(value, Mapping) else []

    def _value(self, path: str) -> object:
        node: Any = self._tree
        for name, index in re.findall(r"([^.\[\]]+)|\[(\d+)\]", path):
            if index and isinstance(node, list):
                node = node[int(index)] if int(index) < len(node) else None
            else:
                node = node.get(name) if isinstance(node, Mapping) else None
        if any(
            path == bad or bad == f"{path}.value" or path.startswith(f"{bad}.")
            for bad in self._faulty
        ):
            return None
        is_figure = isinstance(node, Mapping) and "value" in node and "at" not in node
        return node["value"] if is_figure else node


def warning(figure: str, what: str, why: str, remedy: str) -> Finding:
    """Something that should be looked at."""
    return Finding("warning", figure, what, why, remedy)


def outside(value: float, bounds: tuple[float, float]) -> bool:
    """Whether `value` lies below the first or above the second."""
    return not bounds[0] <= value <= bounds[1]
