"""Reading YAML as Home Assistant does: `!include`, `!secret`, `!input`, and YAML 1.1's words.

The nodes are put together from the parser's events, without recursion, so that a file nested
100,000 deep or one whose aliases unfold to a billion nodes costs no more than its size.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from vettura.home.scene.problems import Problems
from vettura.home.scene.tree import Where
from vettura.home.scene.yaml_nodes import InputRef, Node, listing, mapping

BYTES_MAX = 2_000_000
"""Of one file."""
NODES_MAX = 200_000
"""Of a file with everything it includes, aliases written out."""
DEPTH_MAX = 60
"""Lists and mappings in each other."""
INCLUDES_MAX = 12
"""Files that include each other."""
SECRETS = "secrets.yaml"

_Event: TypeAlias = Any
"""One of the parser's events, which have no types of their own worth the name."""
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_RESOLVER: Any = yaml.resolver.Resolver()
_CONSTRUCTOR: Any = yaml.constructor.SafeConstructor()
_YAML = "tag:yaml.org,2002:"
_MERGE = f"{_YAML}merge"


class _StopError(Exception):
    """The file cannot be read any further; the problem has been noted."""


@dataclass(slots=True)
class _Open:
    """A list or mapping that is still being read."""

    where: Where
    is_map: bool
    tag: str | None
    anchor: str | None
    items: list[Node] = field(default_factory=list)
    """Of a mapping: key, value, key, value."""
    merges: list[int] = field(default_factory=list)
    """Which of the items are `<<` keys."""


class YamlReader:
    """Reads files; what is wrong goes to `problems`. In `root` secrets are looked for last."""

    def __init__(self, problems: Problems, root: Path) -> None:
        self._problems = problems
        self._root = root
        self._secrets: dict[Path, dict[str, Node]] = {}
        self._left = NODES_MAX

    def read(self, path: Path, *, shown: str = "", at: Where | None = None) -> Node | None:
        """Read a file; None when it cannot be read. `at` is where somebody asked for it."""
        return self._file(path, shown or str(path), at or Where(shown or str(path), 1), ())

    def read_text(self, text: str, shown: str) -> Node | None:
        """Read what is no file; it includes from the root."""
        return self._text(text, self._root / "scenes.yaml", shown, ())

    def _file(self, path: Path, shown: str, at: Where, including: tuple[Path, ...]) -> Node | None:
        if path in including or len(including) >= INCLUDES_MAX:
            self._problems.add(at, f"{shown} includes itself")
            return None
        text = self._content(path, shown, at)
        return None if text is None else self._text(text, path, shown, (*including, path))

    def _content(self, path: Path, shown: str, at: Where) -> str | None:
        try:
            if not path.is_file():
                self._problems.add(at, f"{shown}: there is no such file")
                return None
            if path.stat().st_size > BYTES_MAX:
                self._problems.add(at, f"{shown}: larger than {BYTES_MAX:,} bytes")
                return None
            return path.read_bytes().decode("utf-8-sig")
        except OSError as error:
            self._problems.add(at, f"{shown}: {(error.strerror or str(error)).lower()}")
        except UnicodeDecodeError as error:
            self._problems.add(at, f"{shown}: not UTF-8 at byte {error.start}")
        except ValueError:
            self._problems.add(at, "no file can have that name")
        return None

    def _text(self, text: str, path: Path, shown: str, including: tuple[Path, ...]) -> Node | None:
        if len(text) > BYTES_MAX:
            self._problems.add(Where(shown, 1), f"larger than {BYTES_MAX:,} bytes")
            return None
        composer = _Composer(self, path, shown, including)
        try:
            return composer.compose(text)
        except _StopError:
            return None
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = mark.line + 1 if mark else 1
            self._problems.add(Where(shown, line), f"not YAML: {error.problem or error.context}")
        except yaml.YAMLError as error:
            self._problems.add(Where(shown, 1), f"not YAML: {str(error).splitlines()[0]}")
        return None

    # What the composer asks for

    def problem(self, where: Where, what: str, hint: str = "") -> None:
        """Note something wrong."""
        self._problems.add(where, what, hint)

    def spend(self, where: Where, nodes: int) -> None:
        """Count nodes; stop when they are too many."""
        if not self.affords(where, nodes):
            raise _StopError

    def affords(self, where: Where, nodes: int) -> bool:
        """Count nodes; whether there may be so many."""
        self._left -= nodes
        if self._left < 0:
            self._problems.add(where, f"more than {NODES_MAX:,} values, aliases written out")
        return self._left >= 0

    def include(
        self, tag: str, name: str, where: Where, path: Path, including: tuple[Path, ...]
    ) -> Node:
        """Do what `!include` and its kin say."""
        target = path.parent / name
        shown = str(Path(where.file).parent / name)
        if tag == "!include":
            return self._file(target, shown, where, including) or Node(where, None)
        if not target.is_dir():
            self._problems.add(where, f"{shown}: there is no such folder")
            return Node(where, None)
        files = [
            (file, str(Path(shown) / file.relative_to(target)))
            for file in sorted(target.rglob("*.yaml"))
            if file.name != SECRETS and not _hidden(file.relative_to(target))
        ]
        read = [(file, self._file(file, text, where, including)) for file, text in files]
        return self._joined(tag, where, [(file, node) for file, node in read if node is not None])

    def _joined(self, tag: str, where: Where, files: list[tuple[Path, Node]]) -> Node:
        if tag == "!include_dir_list":
            return listing(where, [node for _, node in files if node.value is not None])
        if tag == "!include_dir_merge_list":
            lists = [node.value for _, node in files if isinstance(node.value, list)]
            return listing(where, [item for items in lists for item in items])
        if tag == "!include_dir_named":
            named = {file.stem: node for file, node in files}
            return mapping(where, named, {name: node.where for name, node in named.items()})
        merged: dict[str, Node] = {}
        keys: dict[str, Where] = {}
        for _, node in files:
            if isinstance(node.value, dict):
                merged.update(node.value)
                keys.update(node.keys)
        return mapping(where, merged, keys)

    def secret(self, name: str, where: Where, path: Path) -> Node:
        """Look a secret up, beside the file and in the folders above it, up to the root."""
        folder = path.parent
        while True:
            found = self._secrets_of(folder, where).get(name)
            if found is not None:
                return Node(where, found.value, found.keys, found.size)
            if folder == self._root or folder.parent == folder:
                break
            folder = folder.parent
        self._problems.add(where, f"no {SECRETS} holds a secret called '{name}'")
        return Node(where, None)

    def _secrets_of(self, folder: Path, where: Where) -> dict[str, Node]:
        if folder not in self._secrets:
            self._secrets[folder] = {}
            file = folder / SECRETS
            if file.is_file():
                node = self._file(file, str(Path(where.file).parent / SECRETS), where, ())
                if node is not None and isinstance(node.value, dict):
                    self._secrets[folder] = node.value
        return self._secrets[folder]


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _events(text: str) -> Iterator[_Event]:
    return iter(yaml.parse(text, Loader=_LOADER))


class _Composer:
    """Puts the nodes of one file together."""

    def __init__(
        self, reader: YamlReader, path: Path, shown: str, including: tuple[Path, ...]
    ) -> None:
        self._reader = reader
        self._path = path
        self._shown = shown
        self._including = including
        self._anchors: dict[str, Node] = {}
        self._open: list[_Open] = []
        self._result: Node | None = None

    def compose(self, text: str) -> Node:
        """Return the only document of the file."""
        documents = 0
        for event in _events(text):
            where = Where(self._shown, event.start_mark.line + 1)
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._reader.problem(where, "a second document", "one file holds one")
                    raise _StopError
            elif isinstance(event, yaml.NodeEvent):
                self._begin(event, where)
            elif isinstance(event, yaml.CollectionEndEvent):
                self._end()
        return self._result or Node(Where(self._shown, 1), None)

    def _begin(self, event: _Event, where: Where) -> None:
        if isinstance(event, yaml.AliasEvent):
            found = self._anchors.get(str(event.anchor))
            if found is None:
                self._reader.problem(where, f"no '&{event.anchor}' stands before this alias")
                raise _StopError
            self._reader.spend(where, found.size)
            self._place(found)
        elif isinstance(event, yaml.ScalarEvent):
            self._reader.spend(where, 1)
            self._scalar(event, where)
        else:
            self._reader.spend(where, 1)
            if len(self._open) >= DEPTH_MAX:
                self._reader.problem(where, f"nested more than {DEPTH_MAX} deep")
                raise _StopError
            is_map = isinstance(event, yaml.MappingStartEvent)
            self._open.append(_Open(where, is_map, event.tag, event.anchor))

    def _place(self, node: Node) -> None:
        if self._open:
            self._open[-1].items.append(node)
        else:
            self._result = node

    def _anchored(self, anchor: str | None, node: Node) -> None:
        if anchor is not None:
            self._anchors[anchor] = node
        self._place(node)

    def _scalar(self, event: _Event, where: Where) -> None:
        tag, text = event.tag, event.value
        if tag is not None and tag.startswith("!") and tag != "!":
            self._anchored(event.anchor, self._tagged(tag, text, where))
            return
        if tag is None or tag == "!":
            tag = _RESOLVER.resolve(yaml.ScalarNode, text, event.implicit)
        parent = self._open[-1] if self._open else None
        if tag == _MERGE and parent is not None and parent.is_map and not len(parent.items) % 2:
            parent.merges.append(len(parent.items))
        self._anchored(event.anchor, Node(where, self._plain(tag, text, where)))

    def _plain(self, tag: str, text: str, where: Where) -> bool | int | float | str | None:
        kind = tag.removeprefix(_YAML)
        node = yaml.ScalarNode(tag, text)
        try:
            if kind == "null":
                return None
            if kind == "bool":
                return bool(_CONSTRUCTOR.construct_yaml_bool(node))
            if kind == "int":
                return int(_CONSTRUCTOR.construct_yaml_int(node))
            if kind == "float":
                return float(_CONSTRUCTOR.construct_yaml_float(node))
        except (ValueError, KeyError, IndexError, OverflowError):
            self._reader.problem(where, f"'{text[:40]}' is no {kind}")
            return None
        if kind not in ("str", "timestamp", "merge", "value"):
            self._reader.problem(where, f"'{tag}' cannot be read here")
        return str(text)

    def _tagged(self, tag: str, text: str, where: Where) -> Node:
        if tag == "!input":
            return Node(where, InputRef(text))
        if tag == "!secret":
            return self._reader.secret(text, where, self._path)
        if tag in (
            "!include",
            "!include_dir_list",
            "!include_dir_named",
            "!include_dir_merge_list",
            "!include_dir_merge_named",
        ):
            node = self._reader.include(tag, text, where, self._path, self._including)
            self._reader.spend(where, 0)
            return node
        hint = "write the value, or use !secret" if tag == "!env_var" else ""
        self._reader.problem(where, f"'{tag}' is not supported", hint)
        return Node(where, None)

    def _end(self) -> None:
        done = self._open.pop()
        if done.tag is not None and not done.tag.startswith(_YAML):
            self._reader.problem(done.where, f"'{done.tag}' is not supported for a collection")
        if done.is_map:
            self._anchored(done.anchor, self._mapping(done))
        else:
            self._anchored(done.anchor, listing(done.where, done.items))

    def _mapping(self, done: _Open) -> Node:
        items: dict[str, Node] = {}
        keys: dict[str, Where] = {}
        for index in range(0, len(done.items) - 1, 2):
            key, value = done.items[index], done.items[index + 1]
            if index in done.merges:
                continue
            if isinstance(key.value, (list, dict, InputRef)):
                self._reader.problem(key.where, "a key must be a word")
                continue
            name = _name_of(key.value)
            if name in items:
                self._reader.problem(
                    key.where, f"'{name}' stands twice", f"first in line {keys[name].line}"
                )
            items[name], keys[name] = value, key.where
        for index in done.merges:
            self._merge(done.items[index + 1], items, keys)
        return mapping(done.where, items, keys)

    def _merge(self, node: Node, items: dict[str, Node], keys: dict[str, Where]) -> None:
        """`<<`: take over what is not there yet; of several mappings the first counts."""
        sources = node.value if isinstance(node.value, list) else [node]
        for source in sources:
            if not isinstance(source.value, dict):
                self._reader.problem(source.where, "'<<' takes over mappings only")
                continue
            for name, value in source.value.items():
                items.setdefault(name, value)
                keys.setdefault(name, source.keys.get(name, source.where))


def _name_of(value: object) -> str:
    """Write a key as text; YAML reads on and off, which may be keys, as truth values."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return "null" if value is None else str(value)
