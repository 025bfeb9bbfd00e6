"""Reading single values: what Home Assistant takes, with a problem for what it does not.

A reader always returns something of its kind, so that reading goes on and finds the next problem;
what was read is only used when there were none.
"""

import difflib
import re
from collections.abc import Callable, Iterable
from typing import TypeVar

from vettura.errors import InputError
from vettura.home.scene.problems import Problems, listed
from vettura.home.scene.tree import Data, Duration, Switch, Template, Text, Value, Where
from vettura.home.scene.yaml_nodes import InputRef, Node
from vettura.words.moments import PARTS, read_offset
from vettura.words.template_check import check_template
from vettura.words.templates import is_template

T = TypeVar("T")
ENTITY = re.compile(r"^(?!.+__)(?!_)[\da-z_]+(?<!_)\.(?!_)[\da-z_]+(?<!_)$")
REGISTRY_ID = re.compile(r"^[0-9a-f]{32}$")
_TRUE = ("1", "true", "yes", "on", "enable")
_FALSE = ("0", "false", "no", "off", "disable")
TEMPLATES_MAX = 10_000
_DURATION_S_MAX = 10.0 * 366 * 86_400


class Reading:
    """What readers share: where problems go."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self._templates = 0

    def wrong(self, node: Node, what: str, hint: str = "") -> None:
        """Note that a value is wrong."""
        self.problems.add(node.where, what, hint)

    # Lists

    def many(self, node: Node | None) -> list[Node]:
        """Return the items of a list; a single thing is a list of one, nothing is none."""
        if node is None or node.value is None:
            return []
        return node.value if isinstance(node.value, list) else [node]

    def each(self, node: Node | None, read: Callable[[Node], T]) -> tuple[T, ...]:
        """Read each item."""
        return tuple(read(item) for item in self.many(node))

    # Text

    def text(self, node: Node) -> str:
        """Read text; a number is text too."""
        if isinstance(node.value, bool):
            return "true" if node.value else "false"
        if isinstance(node.value, (str, int, float)):
            return str(node.value)
        self.wrong(node, f"expected text, found {_kind(node)}")
        return ""

    def state(self, node: Node) -> str:
        """Read a state: text, which YAML may have taken for something else."""
        if isinstance(node.value, str):
            return node.value
        if isinstance(node.value, bool):
            self.wrong(
                node,
                "a state is text, and YAML takes this for true or false",
                "put it in quotes, such as 'on' or 'off'",
            )
        else:
            self.wrong(node, f"a state is text, found {_kind(node)}", "put it in quotes")
        return ""

    def word(self, node: Node, allowed: Iterable[str], what: str) -> str:
        """Read one of a few words."""
        text = self.text(node)
        words = list(allowed)
        if text not in words:
            self.wrong(node, f"'{text}' is no {what}", near(text, words))
            return words[0]
        return text

    def template(self, node: Node) -> Template:
        """Read a template; plain text is one too."""
        if isinstance(node.value, (bool, int, float)):
            return Template(str(node.value), node.where)
        if not isinstance(node.value, str):
            self.wrong(node, f"expected a template, found {_kind(node)}")
            return Template("", node.where)
        return self._checked(node.value, node)

    def text_or_template(self, node: Node) -> Text:
        """Read text, in which a template may stand."""
        text = self.text(node)
        return self._checked(text, node) if is_template(text) else text

    def _checked(self, text: str, node: Node) -> Template:
        self._templates += 1
        if self._templates > TEMPLATES_MAX:
            self.problems.add(Where(node.where.file, 1), f"more than {TEMPLATES_MAX:,} templates")
            return Template("", node.where)
        try:
            check_template(text)
        except InputError as error:
            self.wrong(node, error.message, error.hint)
        return Template(text, node.where)

    # Truths and numbers

    def truth(self, node: Node) -> bool:
        """Read true or false."""
        if isinstance(node.value, bool):
            return node.value
        if isinstance(node.value, (int, float)):
            return node.value != 0
        text = str(node.value).lower().strip() if isinstance(node.value, str) else ""
        if text not in (*_TRUE, *_FALSE):
            self.wrong(node, f"expected true or false, found {_kind(node)}")
        return text in _TRUE

    def switch(self, node: Node) -> Switch:
        """Read `enabled`."""
        if isinstance(node.value, str) and is_template(node.value):
            return self.template(node)
        return self.truth(node)

    def number(self, node: Node) -> float:
        """Read a number."""
        try:
            if isinstance(node.value, (int, float, str)) and not isinstance(node.value, bool):
                return float(node.value)
        except (ValueError, OverflowError):
            pass
        self.wrong(node, f"expected a number, found {_kind(node)}")
        return 0.0

    def whole(self, node: Node, low: int | None = None, high: int | None = None) -> int:
        """Read a whole number in a range."""
        number = self.number(node)
        if number != number or abs(number) > 1e15 or int(number) != number:
            self.wrong(node, "expected a whole number")
            return low or 0
        if (low is not None and number < low) or (high is not None and number > high):
            self.wrong(node, f"{int(number)} is out of range", f"from {low} to {high or 'any'}")
        return int(number)

    # Durations

    def offset_s(self, node: Node) -> float:
        """Read seconds that may be negative."""
        value: object = node.value
        if isinstance(node.value, dict):
            value = {name: part.value for name, part in node.value.items()}
        try:
            return read_offset(value).total_seconds()
        except ValueError as error:
            self.wrong(node, str(error))
            return 0.0

    def period_s(self, node: Node) -> float:
        """Read seconds that are not negative."""
        seconds = self.offset_s(node)
        if not 0.0 <= seconds <= _DURATION_S_MAX:
            self.wrong(node, "a duration is from 0 to 10 years")
        return seconds

    def duration(self, node: Node) -> Duration:
        """Read a duration, in which templates may stand."""
        if isinstance(node.value, str) and is_template(node.value):
            return self.template(node)
        if not isinstance(node.value, dict) or not any(map(_has_template, node.value.values())):
            return self.period_s(node)
        parts: dict[str, float | Template] = {}
        for name, part in node.value.items():
            if name not in PARTS:
                self.wrong(part, f"'{name}' is no part of a duration", near(name, PARTS))
            parts[name] = self.template(part) if _has_template(part) else self.number(part)
        return parts

    # Entities

    def entity(self, node: Node, domains: tuple[str, ...] = ()) -> str:
        """Read one entity id, of one of the domains."""
        text = self.text(node).strip().lower()
        self._check_entity(text, node, domains)
        return text

    def _check_entity(self, text: str, node: Node, domains: tuple[str, ...]) -> None:
        if REGISTRY_ID.match(text):
            self.wrong(
                node,
                f"'{text}' is an id that only the Home Assistant it comes from knows",
                "write the entity id, such as light.kitchen",
            )
        elif not ENTITY.match(text):
            self.wrong(node, f"'{text[:60]}' is no entity id", "such as light.kitchen")
        elif domains and text.partition(".")[0] not in domains:
            self.wrong(node, f"'{text}' is none of {', '.join(domains)}")

    def entities(self, node: Node) -> tuple[str, ...]:
        """Read entity ids: a list, or text with commas."""
        found: list[str] = []
        if node.value is None:
            self.wrong(node, "an entity id is missing", "such as light.kitchen")
        for item in self.many(node):
            for part in self.text(item).split(","):
                text = part.strip().lower()
                self._check_entity(text, item, ())
                found.append(text)
        return tuple(found)

    def limit(self, node: Node) -> float | str:
        """Read `above` or `below`: a number, or an entity that tells one."""
        text = node.value.strip().lower() if isinstance(node.value, str) else ""
        if ENTITY.match(text) and not text[0].isdigit():
            return self.entity(node, ("input_number", "number", "sensor"))
        return self.number(node)

    # Anything

    def value(self, node: Node) -> Value:
        """Read anything, with templates at any depth."""
        if isinstance(node.value, dict):
            return {name: self.value(part) for name, part in node.value.items()}
        if isinstance(node.value, list):
            return [self.value(part) for part in node.value]
        if isinstance(node.value, str) and is_template(node.value):
            return self.template(node)
        if isinstance(node.value, InputRef):
            self.wrong(node, f"'!input {node.value.name}' stands in no blueprint")
            return None
        return node.value

    def values(self, node: Node | None) -> dict[str, Value]:
        """Read a mapping of anything."""
        if node is None or node.value is None:
            return {}
        if not isinstance(node.value, dict):
            self.wrong(node, f"expected a mapping, found {_kind(node)}")
            return {}
        return {name: self.value(part) for name, part in node.value.items()}

    def data(self, node: Node | None) -> Data:
        """Read a mapping, or a template that makes one."""
        if node is not None and isinstance(node.value, str) and is_template(node.value):
            return self.template(node)
        return self.values(node)


class Fields:
    """The keys of one mapping, each asked for once; what nobody asked for is a problem."""

    def __init__(self, reading: Reading, node: Node, what: str) -> None:
        self.node = node
        self.where: Where = node.where
        self._reading = reading
        self._what = what
        self._asked: set[str] = set()
        self._items: dict[str, Node] = {}
        if isinstance(node.value, dict):
            self._items = node.value
        else:
            reading.wrong(node, f"{what}: expected a mapping, found {_kind(node)}")

    def get(self, *names: str) -> Node | None:
        """Return the value of a key, which may have several names; None without it."""
        found: tuple[str, Node] | None = None
        for name in names:
            self._asked.add(name)
            node = self._items.get(name)
            if node is None:
                continue
            if found is not None:
                self._reading.wrong(node, f"'{name}' and '{found[0]}' mean the same", "keep one")
            found = (name, node)
        return found[1] if found else None

    def given(self, *names: str) -> Node | None:
        """Return the value of a key; None without it, or when nothing stands there."""
        node = self.get(*names)
        return None if node is None or node.value is None else node

    def need(self, *names: str) -> Node:
        """Return the value of a key that must be there."""
        node = self.get(*names)
        if node is None:
            self._reading.problems.add(self.where, f"{self._what}: '{names[0]}' is missing")
            return Node(self.where, None)
        return node

    def enabled(self) -> Switch:
        """Read whether it is enabled, which it is when nothing is said."""
        node = self.given("enabled")
        return True if node is None else self._reading.switch(node)

    def has(self, name: str) -> bool:
        """Whether a key is there."""
        return name in self._items

    def read(self, name: str, read: Callable[[Node], T], default: T) -> T:
        """Read the value of a key, or return the default."""
        node = self.given(name)
        return default if node is None else read(node)

    def maybe(self, name: str, read: Callable[[Node], T]) -> T | None:
        """Read the value of a key, or return None."""
        node = self.given(name)
        return None if node is None else read(node)

    def ignore(self, *names: str) -> None:
        """Take keys for known that say nothing here, such as an icon."""
        self._asked.update(names)

    def finish(self) -> None:
        """Name the keys that nobody asked for."""
        for name, node in self._items.items():
            if name not in self._asked:
                where = self.node.keys.get(name, node.where)
                hint = near(name, sorted(self._asked))
                self._reading.problems.add(where, f"{self._what}: unknown key '{name}'", hint)


def near(name: str, known: Iterable[str]) -> str:
    """Say what was probably meant, or what there is."""
    names = list(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    return f"did you mean '{close[0]}'?" if close else listed(names)


def _has_template(node: Node) -> bool:
    return isinstance(node.value, str) and is_template(node.value)


def _kind(node: Node) -> str:
    if isinstance(node.value, InputRef):
        return f"'!input {node.value.name}' outside of a blueprint"
    if isinstance(node.value, (str, int, float)) and not isinstance(node.value, bool):
        return f"'{str(node.value)[:40]}'"
    return node.kind
