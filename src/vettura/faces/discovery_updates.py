"""Software that can be brought up to date: update. Pure.

Facts of Home Assistant 2024.3.3, components mqtt and update.
"""

import re

from vettura.faces.discovery_component import Act, Component, Data, Deed, Entity, Read, Said, Values
from vettura.faces.discovery_config import Config
from vettura.faces.discovery_json import object_in

FIXED = ("title", "release_summary", "release_url", "entity_picture")
VERSIONS = ("installed_version", "latest_version")
SUMMARY_CHARACTERS_MAX = 255


def _versions(_: Entity, said: Said) -> Values:
    """JSON with what it names; anything else is the installed version."""
    if said.text in {"", "{}"}:
        return {}
    told = object_in(said.text)
    if told is None:
        return {"installed_version": said.text}
    return {key: told[key] for key in (*VERSIONS, *FIXED) if key in told}


def _latest(_: Entity, said: Said) -> Values:
    return {"latest_version": said.text} if said.text else {}


def _state(entity: Entity) -> str | None:
    installed, latest = (entity.values.get(key) for key in VERSIONS)
    if installed is None or latest is None:
        return None
    return "on" if _is_newer(str(latest), str(installed)) else "off"


def _is_newer(latest: str, installed: str) -> bool:
    """Whether one version comes after the other; versions that are no numbers merely differ."""
    new, old = ([*map(_part, re.split(r"[.\-+_]", text))] for text in (latest, installed))
    if latest == installed or None in new or None in old:
        return latest != installed
    length = max(len(new), len(old))
    return [*new, *[0] * (length - len(new))] > [*old, *[0] * (length - len(old))]


def _part(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 20 else None


def _install(entity: Entity, _: Data) -> Deed:
    return Deed([entity.post("command_topic", entity.config.text("payload_install"))], {})


def _actions(config: Config) -> dict[str, Act]:
    can = config.has("command_topic") and config.has("payload_install")
    return {"install": _install} if can else {}


def _attributes(entity: Entity) -> Values:
    config, values = entity.config, entity.values
    shown: Values = {key: values.get(key) for key in VERSIONS}
    for key in FIXED:
        shown[key] = values.get(key, config.text(key) or None)
    if isinstance(shown["release_summary"], str):
        shown["release_summary"] = shown["release_summary"][:SUMMARY_CHARACTERS_MAX]
    picture = shown.pop("entity_picture")
    return shown | ({"entity_picture": picture} if picture else {})


UPDATE = Component(
    domain="update",
    default_name="MQTT Update",
    needs=("state_topic",),
    reads=(
        Read("state_topic", "value_template", _versions),
        Read("latest_version_topic", "latest_version_template", _latest),
    ),
    actions=_actions,
    state=_state,
    attributes=_attributes,
)
