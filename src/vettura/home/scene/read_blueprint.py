"""Filling in blueprints: a file with holes, and what somebody puts into them."""

from pathlib import Path

from vettura.home.scene.fields import Fields, Reading, near
from vettura.home.scene.tree import Where
from vettura.home.scene.yaml_file import YamlReader
from vettura.home.scene.yaml_nodes import InputRef, Node, listing, mapping

FOLDER = "blueprints"
_USE = "use_blueprint"


class Blueprints:
    """The blueprints in the folders beside the files of scenes."""

    def __init__(self, reading: Reading, reader: YamlReader, roots: tuple[Path, ...]) -> None:
        self._reading = reading
        self._reader = reader
        self._roots = roots
        self._read: dict[str, Node | None] = {}

    def filled(self, node: Node, domain: str) -> Node | None:
        """Return what a blueprint makes of its inputs, or the node itself when it uses none."""
        if not isinstance(node.value, dict) or _USE not in node.value:
            return node
        use = Fields(self._reading, node.value[_USE], _USE)
        path = self._reading.text(use.need("path"))
        given = self._mapping(use.given("input"), "input")
        use.finish()
        found = self._blueprint(path, domain, use.where)
        if found is None:
            return None
        inputs = self._inputs(found, given, use.where, path)
        body = _Filler(self._reading, inputs).fill(found)
        assert isinstance(body.value, dict)
        if not self._reader.affords(use.where, body.size):
            return None
        items = {**body.value, **node.value}
        items.pop("blueprint", None)
        items.pop(_USE)
        return mapping(node.where, items, {**body.keys, **node.keys})

    def _blueprint(self, path: str, domain: str, at: Where) -> Node | None:
        key = f"{domain}/{path}"
        if key not in self._read:
            self._read[key] = self._load(path, domain, at)
        elif self._read[key] is None:
            self._reading.problems.add(at, f"blueprint '{path}' cannot be used")
        return self._read[key]

    def _load(self, path: str, domain: str, at: Where) -> Node | None:
        relative = Path(path)
        if relative.is_absolute() or ".." in relative.parts or not path.endswith(".yaml"):
            self._reading.problems.add(
                at, f"'{path}' is no path of a blueprint", "such as a/b.yaml"
            )
            return None
        for root in self._roots:
            file = root / FOLDER / domain / relative
            if file.is_file():
                node = self._reader.read(file, shown=f"{FOLDER}/{domain}/{path}", at=at)
                return node if node is not None and self._is_one(node, domain) else None
        self._reading.problems.add(
            at,
            f"there is no blueprint '{path}'",
            f"put it into {FOLDER}/{domain}/ beside the file of scenes",
        )
        return None

    def _is_one(self, node: Node, domain: str) -> bool:
        about = node.value.get("blueprint") if isinstance(node.value, dict) else None
        if about is None or not isinstance(about.value, dict):
            self._reading.wrong(node, "no blueprint: the key 'blueprint' is missing")
            return False
        kind = about.value.get("domain")
        if kind is None or kind.value != domain:
            self._reading.wrong(about, f"no blueprint of an {domain}")
            return False
        return True

    def _inputs(
        self, blueprint: Node, given: dict[str, Node], at: Where, path: str
    ) -> dict[str, Node]:
        """Return each input's value: what was given, else its default."""
        assert isinstance(blueprint.value, dict)
        about = blueprint.value["blueprint"].value
        assert isinstance(about, dict)
        declared = self._declared(about.get("input"))
        inputs = dict(given)
        for name, input_node in declared.items():
            default = (
                input_node.value.get("default") if isinstance(input_node.value, dict) else None
            )
            if name in inputs:
                continue
            if default is None:
                self._reading.problems.add(at, f"blueprint '{path}': input '{name}' is missing")
                default = Node(at, None)
            inputs[name] = default
        for name in sorted(given.keys() - declared.keys()):
            hint = near(name, declared)
            what = f"blueprint '{path}' has no input '{name}'"
            if hint.startswith("did"):
                self._reading.problems.add(given[name].where, what, hint)
            else:
                self._reading.problems.notice(given[name].where, what)
        return inputs

    def _declared(self, node: Node | None) -> dict[str, Node]:
        """Return the inputs that a blueprint declares, also those in sections."""
        found: dict[str, Node] = {}
        for name, part in self._mapping(node, "input").items():
            section = part.value.get("input") if isinstance(part.value, dict) else None
            if section is None:
                found[name] = part
            else:
                found.update(self._mapping(section, "input"))
        return found

    def _mapping(self, node: Node | None, what: str) -> dict[str, Node]:
        if node is None or node.value is None:
            return {}
        if not isinstance(node.value, dict):
            self._reading.wrong(node, f"{what}: expected a mapping, found {node.kind}")
            return {}
        return node.value


class _Filler:
    """Puts inputs into holes. What is put in keeps the place where its user wrote it."""

    def __init__(self, reading: Reading, inputs: dict[str, Node]) -> None:
        self._reading = reading
        self._inputs = inputs

    def fill(self, node: Node) -> Node:
        """Return the node without holes."""
        if isinstance(node.value, InputRef):
            found = self._inputs.get(node.value.name)
            if found is None:
                self._reading.wrong(node, f"the blueprint declares no input '{node.value.name}'")
                return Node(node.where, None)
            return found
        if isinstance(node.value, list):
            return listing(node.where, [self.fill(item) for item in node.value])
        if isinstance(node.value, dict):
            items = {
                name: item if name == "blueprint" else self.fill(item)
                for name, item in node.value.items()
            }
            return mapping(node.where, items, node.keys)
        return node
