"""Reading a TOML file into a struct, with errors that name the file, the key and the remedy."""

import difflib
import re
import tomllib
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from vettura.errors import InputError

T = TypeVar("T")
_AT = re.compile(r" - at `\$\.?(?P<path>[^`]*)`$")
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<key>[^`]*)`")
_MISSING = re.compile(r"Object missing required field `(?P<key>[^`]*)`")
MAX_BYTES = 1_000_000


def read_bytes(path: str | Path) -> bytes:
    """The file's content; InputError when it cannot be read or is far too large."""
    file = Path(path)
    try:
        if file.stat().st_size > MAX_BYTES:
            raise InputError(f"{path}: larger than {MAX_BYTES} bytes, not a settings file")
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: {(error.strerror or str(error)).lower()}") from None


def read_toml(text: bytes, *, where: str) -> dict[str, Any]:
    """Parse TOML; InputError names `where` and the line."""
    try:
        return tomllib.loads(text.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise InputError(f"{where}: not UTF-8 at byte {error.start}") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError(f"{where}: {error}") from None


def parse_toml(text: bytes, kind: type[T], *, where: str) -> T:
    """Decode TOML as `kind`; InputError names `where`, the line or the key, and what is allowed."""
    return convert_tree(read_toml(text, where=where), kind, where=where)


def convert_tree(tree: object, kind: type[T], *, where: str) -> T:
    """Take what was read as `kind`; InputError names `where`, the key, and what is allowed."""
    try:
        return msgspec.convert(tree, kind)
    except msgspec.ValidationError as error:
        message, hint = _explain(str(error), kind)
        raise InputError(f"{where}: {message}", hint=hint) from None
    except InputError as error:
        # Structs check by themselves what a type cannot say.
        raise InputError(f"{where}: {error.message}", hint=error.hint) from None


def _explain(text: str, kind: type[Any]) -> tuple[str, str]:
    """Put a validation error the way a person says it: the key first, then what is wrong."""
    at = _AT.search(text)
    path = at["path"] if at else ""
    what = text[: at.start()] if at else text
    prefix = f"{path}: " if path else ""
    if unknown := _UNKNOWN.search(what):
        known = _known_keys(kind, path)
        close = difflib.get_close_matches(unknown["key"], known, n=1, cutoff=0.6)
        hint = f"did you mean '{close[0]}'?" if close else ""
        return f"{prefix}unknown key '{unknown['key']}'", hint or f"known are {', '.join(known)}"
    if missing := _MISSING.search(what):
        return f"{prefix}missing key '{missing['key']}'", ""
    return f"{prefix}{what[:1].lower()}{what[1:]}", ""


def _known_keys(kind: type[Any], path: str) -> list[str]:
    """The keys that the struct at `path` (as in `cars[0].motor`) may have."""
    node: msgspec.inspect.Type | None = msgspec.inspect.type_info(kind)
    for name in re.findall(r"[^.\[\]]+|\[[^\]]*\]", path):
        node = _member(node, name)
    node = _member(node, "")
    return [field.name for field in getattr(node, "fields", ())]


def _member(node: msgspec.inspect.Type | None, name: str) -> msgspec.inspect.Type | None:
    if isinstance(node, msgspec.inspect.UnionType):
        node = next((t for t in node.types if not isinstance(t, msgspec.inspect.NoneType)), node)
    if not name:
        return node
    if isinstance(node, msgspec.inspect.DictType):
        return node.value_type
    if isinstance(node, msgspec.inspect.ListType):
        return node.item_type
    fields = {field.name: field.type for field in getattr(node, "fields", ())}
    return fields.get(name)
