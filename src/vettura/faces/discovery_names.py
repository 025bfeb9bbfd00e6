"""How discovery is abbreviated, and what Home Assistant calls what was announced. Pure.

Facts of Home Assistant 2024.3.3: `discovery_words.csv` has its 271 abbreviations (and, as later,
those that came after), `discovery_names.csv` the English names of device classes.
"""

import csv
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from vettura.words.slugs import slug_of

Payload = dict[str, Any]
BASE = "~"
ENTITY_ID_CHARACTERS_MAX = 255


@cache
def abbreviations(kind: str) -> Mapping[str, str]:
    """Long words by short ones; `kind` is config, device or origin."""
    kinds = {kind, f"{kind}-later"}
    return {
        row["short"]: row["long"] for row in _rows("discovery_words.csv") if row["kind"] in kinds
    }


@cache
def class_names() -> Mapping[tuple[str, str], str]:
    """What an entity without a name is called, by domain and device class."""
    rows = _rows("discovery_names.csv")
    return {(row["domain"], row["device_class"]): row["name"] for row in rows}


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = files("vettura.faces").joinpath(name).read_text("utf-8")
    return csv.DictReader(text.splitlines())


def in_long_words(payload: Mapping[str, Any], kind: str) -> Payload:
    """The same with every abbreviation written out."""
    words = abbreviations(kind)
    return {words.get(key, key): value for key, value in payload.items()}


def expanded(payload: Mapping[str, Any]) -> Payload:
    """A config, or the top of one by device, in long words and with its `~` put in."""
    config = in_long_words(payload, "config")
    for part in ("device", "origin"):
        if isinstance(config.get(part), Mapping):
            config[part] = in_long_words(config[part], part)
    if "availability" in config:
        config["availability"] = _each(
            config["availability"], lambda one: in_long_words(one, "config")
        )
    base = config.pop(BASE, None)
    return config if base is None else _with_base(config, str(base))


def _each(value: object, change: Callable[[Payload], Payload]) -> list[Any]:
    listed = value if isinstance(value, list) else [] if value is None else [value]
    return [change(one) if isinstance(one, dict) else one for one in listed]


def _with_base(config: Payload, base: str) -> Payload:
    filled = {key: _based(key, value, base) for key, value in config.items()}
    if "availability" in filled:
        filled["availability"] = _each(filled["availability"], lambda one: _with_base(one, base))
    return filled


def _based(key: str, value: object, base: str) -> object:
    if not isinstance(value, str) or not key.endswith("topic"):
        return value
    if value.startswith(BASE):
        value = f"{base}{value[1:]}"
    return f"{value[:-1]}{base}" if value.endswith(BASE) else value


def free_entity_id(domain: str, wish: str, taken: Callable[[str], bool]) -> str:
    """`domain.slug` of the wish, with the first number from 2 that makes it free."""
    wished = f"{domain}.{slug_of(wish)}"
    entity_id, tries = wished[:ENTITY_ID_CHARACTERS_MAX], 1
    while taken(entity_id):
        tries += 1
        end = f"_{tries}"
        entity_id = wished[: ENTITY_ID_CHARACTERS_MAX - len(end)] + end
    return entity_id
