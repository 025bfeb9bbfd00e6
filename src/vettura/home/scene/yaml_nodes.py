"""What stands in a YAML file, with the file and line of everything."""

from dataclasses import dataclass, field
from typing import TypeAlias

from vettura.home.scene.tree import Where


@dataclass(frozen=True, slots=True)
class InputRef:
    """`!input`: a hole that a blueprint's user fills."""

    name: str


Scalar: TypeAlias = bool | int | float | str | InputRef | None


@dataclass(frozen=True, slots=True)
class Node:
    """One value and where it stands; a list or a mapping holds nodes again."""

    where: Where
    value: "Scalar | list[Node] | dict[str, Node]"
    keys: dict[str, Where] = field(default_factory=dict)
    """Of a mapping: where each of its keys stands."""
    size: int = 1
    """How many nodes it is when all aliases are written out."""

    @property
    def kind(self) -> str:
        """What it is, for people."""
        if isinstance(self.value, dict):
            return "a mapping"
        if isinstance(self.value, list):
            return "a list"
        if self.value is None:
            return "nothing"
        if isinstance(self.value, bool):
            return "a truth value"
        return "a number" if isinstance(self.value, (int, float)) else "text"


def listing(where: Where, items: list[Node]) -> Node:
    """Make a list of nodes a node."""
    return Node(where, items, size=1 + sum(item.size for item in items))


def mapping(where: Where, items: dict[str, Node], keys: dict[str, Where]) -> Node:
    """Make a mapping of nodes a node."""
    return Node(where, items, keys, size=1 + sum(item.size for item in items.values()))
