"""Reading files of scenes: Home Assistant's YAML becomes the typed tree.

A file is a list of automations, as Home Assistant's editor writes it, or a mapping with the keys of
a package: automation, script, scene, input_boolean and the other helpers, group, template, promise.
Everything that is wrong or not supported is found and named with its file and line at once.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from vettura.home.scene.check import check_scenes
from vettura.home.scene.fields import Reading, near
from vettura.home.scene.parts import (
    Automation,
    HelperEntity,
    Promise,
    Scene,
    Scenes,
    Script,
    TemplateEntity,
)
from vettura.home.scene.problems import Problems
from vettura.home.scene.read_automations import read_automation, read_promise, read_script
from vettura.home.scene.read_blueprint import Blueprints
from vettura.home.scene.read_entities import HELPERS, read_helper, read_scene
from vettura.home.scene.read_templates import read_template_block
from vettura.home.scene.yaml_file import YamlReader
from vettura.home.scene.yaml_nodes import InputRef, Node
from vettura.words.slugs import slug_of

T = TypeVar("T")
_KEYS = ("automation", "script", "scene", "template", "promise", "promises", *HELPERS)
# Keys of a whole configuration that say nothing about scenes, or that the home file says.
_ELSEWHERE = (
    "api application_credentials backup bluetooth cloud config conversation default_config "
    "device_tracker energy frontend history homeassistant http logbook logger lovelace map "
    "media_source mobile_app my panel_custom person prometheus python_script recorder "
    "shopping_list ssdp stream sun system_health tag tts usb webhook zeroconf zone"
)
# Keys that hold entities which scenes may name, so that leaving them alone would mislead.
_ENTITIES = (
    "alert",
    "binary_sensor",
    "camera",
    "cover",
    "light",
    "mqtt",
    "notify",
    "sensor",
    "switch",
)


def read_scenes(paths: Sequence[str | Path], *, root: str | Path | None = None) -> Scenes:
    """Read files of scenes; InputError names everything that is wrong, with file and line.

    Secrets and blueprints are looked for beside each file, and in `root`.
    """
    problems = Problems()
    files = [Path(path) for path in paths]
    top = Path(root) if root is not None else (files[0].parent if files else Path())
    roots = tuple(dict.fromkeys([*(file.parent for file in files), top]))
    book = _Book(problems, YamlReader(problems, top), roots)
    for file, shown in zip(files, paths, strict=True):
        book.add(book.reader.read(file, shown=str(shown)))
    return book.done()


def read_scenes_text(text: str, *, shown: str = "scenes.yaml", root: str | Path = ".") -> Scenes:
    """Read scenes that are no file, such as a page sends them."""
    problems = Problems()
    book = _Book(problems, YamlReader(problems, Path(root)), (Path(root),))
    book.add(book.reader.read_text(text, shown))
    return book.done()


class _Book:
    """Collects what the files hold."""

    def __init__(self, problems: Problems, reader: YamlReader, roots: tuple[Path, ...]) -> None:
        self.reader = reader
        self._problems = problems
        self._reading = Reading(problems)
        self._blueprints = Blueprints(self._reading, reader, roots)
        self._automations: list[Automation] = []
        self._scripts: list[Script] = []
        self._scenes: list[Scene] = []
        self._helpers: list[HelperEntity] = []
        self._templates: list[TemplateEntity] = []
        self._promises: list[Promise] = []

    def add(self, node: Node | None) -> None:
        """Read a whole file."""
        if node is None or node.value is None:
            return
        if isinstance(node.value, list):
            self._list(node)
        elif isinstance(node.value, dict):
            self._package(node)
        else:
            self._reading.wrong(node, f"expected automations, found {node.kind}")

    def done(self) -> Scenes:
        """Return everything, or raise an InputError that names all problems."""
        scenes = Scenes(
            automations=tuple(_unique(self._automations, "automation", _alias)),
            scripts=tuple(self._scripts),
            scenes=tuple(_unique(self._scenes, "scene", _name)),
            helpers=tuple(self._helpers),
            templates=tuple(self._templates),
            promises=tuple(self._promises),
            notices=tuple(self._problems.notices),
        )
        check_scenes(scenes, self._problems)
        self._problems.raise_any()
        return scenes

    # Parts of a file

    def _list(self, node: Node) -> None:
        """Read a list of automations, among which promises may stand."""
        for item in self._reading.many(node):
            keys = item.value if isinstance(item.value, dict) else {}
            if "never" in keys or "always" in keys:
                self._promise(item)
            else:
                self._automation(item)

    def _automation(self, node: Node) -> None:
        filled = self._blueprints.filled(node, "automation")
        if filled is not None:
            self._keep(self._automations, read_automation(self._reading, filled, self._number()))

    def _number(self) -> int:
        return len(self._automations)

    def _promise(self, node: Node) -> None:
        number = len(self._promises) + 1
        self._keep(self._promises, read_promise(self._reading, node, number))

    def _keep(self, into: list[T], found: T | None) -> None:
        if found is not None:
            into.append(found)

    def _package(self, node: Node) -> None:
        assert isinstance(node.value, dict)
        if {"trigger", "triggers"} & node.value.keys():
            self._automation(node)
            return
        for name, part in node.value.items():
            where = node.keys.get(name, part.where)
            # `automation kitchen:` is one of several keys for the same thing.
            key = name.partition(" ")[0]
            if key == "homeassistant":
                self._homeassistant(part)
            elif key in _KEYS:
                self._key(key, part)
            elif key in _ENTITIES:
                hint = "devices stand in the home file; template: makes sensors of templates"
                self._problems.add(where, f"'{name}' is not supported here", hint)
            elif key in _ELSEWHERE.split():
                self._problems.notice(where, f"'{name}' says nothing about scenes; left alone")
            else:
                self._problems.add(where, f"unknown key '{name}'", near(key, _KEYS))

    def _homeassistant(self, node: Node) -> None:
        """`homeassistant: packages:` holds packages; the rest says the home file."""
        packages = node.value.get("packages") if isinstance(node.value, dict) else None
        if packages is not None and isinstance(packages.value, dict):
            for package in packages.value.values():
                self.add(package)

    def _key(self, key: str, node: Node) -> None:
        if key == "automation":
            for item in self._reading.many(node):
                self._automation(item)
        elif key == "scene":
            for item in self._reading.many(node):
                self._keep(self._scenes, read_scene(self._reading, item))
        elif key == "template":
            for item in self._reading.many(node):
                self._templates += read_template_block(self._reading, item)
        elif key in ("promise", "promises"):
            for item in self._reading.many(node):
                self._promise(item)
        elif key == "script":
            self._each_named(node, key, self._script)
        else:
            self._each_named(node, key, self._helper)

    def _each_named(self, node: Node, key: str, read: Callable[[str, str, Node], None]) -> None:
        for item in self._reading.many(node):
            if not isinstance(item.value, dict):
                self._reading.wrong(item, f"{key}: expected a mapping by name, found {item.kind}")
                continue
            for name, part in item.value.items():
                if slug_of(name) != name:
                    where = item.keys.get(name, part.where)
                    self._problems.add(where, f"'{name}' is no name", f"such as {slug_of(name)}")
                read(key, name, part)

    def _script(self, _key: str, name: str, node: Node) -> None:
        filled = self._blueprints.filled(node, "script")
        if filled is not None:
            self._keep(self._scripts, read_script(self._reading, filled, name))

    def _helper(self, key: str, name: str, node: Node) -> None:
        if isinstance(node.value, InputRef):
            self._reading.wrong(node, "'!input' stands in no blueprint")
            return
        self._keep(self._helpers, read_helper(self._reading, key, name, node))


P = TypeVar("P", Automation, Scene)


def _alias(automation: Automation) -> str:
    return automation.alias


def _name(scene: Scene) -> str:
    return scene.name


def _unique(items: list[P], domain: str, name_of: Callable[[P], str]) -> list[P]:
    """Give each its entity id: the slug of its name, with a number when that is taken."""
    taken: set[str] = set()
    named: list[P] = []
    for item in items:
        plain = f"{domain}.{slug_of(name_of(item))}"
        entity_id, number = plain, 2
        while entity_id in taken:
            entity_id, number = f"{plain}_{number}", number + 1
        taken.add(entity_id)
        named.append(replace(item, entity_id=entity_id))
    return named
