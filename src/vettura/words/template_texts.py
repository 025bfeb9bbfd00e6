"""The functions of templates that work on text, bytes and JSON."""

import base64
import json
import re
import struct
from typing import Any
from urllib.parse import urlencode as encode_url

import jinja2
import msgspec

from vettura.errors import InputError
from vettura.words.slugs import slug_of
from vettura.words.template_regex import compiled, guarded


def regex_match(value: Any, find: str = "", ignorecase: bool = False) -> bool:
    """`regex_match`: at the beginning."""
    text = str(value)
    return bool(guarded(compiled(find, ignorecase).match, text, find))


def regex_search(value: Any, find: str = "", ignorecase: bool = False) -> bool:
    """`regex_search`: anywhere."""
    text = str(value)
    return bool(guarded(compiled(find, ignorecase).search, text, find))


def regex_replace(
    value: Any = "", find: str = "", replace: str = "", ignorecase: bool = False
) -> str:
    """`regex_replace`."""
    pattern, text = compiled(find, ignorecase), str(value)
    longest = (len(text) + 1) * (len(replace) + 1) * (1 + replace.count("\\") * len(text))
    if len(text) > 1_000 and longest > 100_000_000:
        raise InputError(f"regex_replace would make far too long a text of {len(text)} characters")
    return str(guarded(lambda content: pattern.sub(replace, content), text, find))


def regex_findall(value: Any, find: str = "", ignorecase: bool = False) -> list[Any]:
    """`regex_findall`."""
    found: list[Any] = guarded(compiled(find, ignorecase).findall, str(value), find)
    return found


def regex_findall_index(
    value: Any, find: str = "", index: int = 0, ignorecase: bool = False
) -> Any:
    """`regex_findall_index`."""
    return regex_findall(value, find, ignorecase)[index]


def from_json(value: str | bytes) -> Any:
    """`from_json`."""
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(f"from_json: {error}") from None


def _refuse_kind(value: Any) -> Any:
    raise TypeError(f"a {type(value).__name__} is no JSON")


def to_json(
    value: Any, ensure_ascii: bool = False, pretty_print: bool = False, sort_keys: bool = False
) -> str:
    """`to_json`: compact, unless it is to be pretty."""
    if isinstance(value, jinja2.Undefined):
        raise TypeError("an undefined value is no JSON")
    return json.dumps(
        value,
        ensure_ascii=ensure_ascii,
        indent=2 if pretty_print else None,
        sort_keys=sort_keys,
        separators=None if pretty_print or ensure_ascii else (",", ":"),
        default=_refuse_kind,
    )


def base64_encode(value: str) -> str:
    """`base64_encode`."""
    return base64.b64encode(value.encode()).decode()


def base64_decode(value: str) -> str:
    """`base64_decode`."""
    return base64.b64decode(value).decode()


def ordinal(value: Any) -> str:
    """`ordinal`: 1st, 2nd, 3rd, 4th, 11th."""
    text = str(value)
    if int(text[-2:]) % 100 in (11, 12, 13):
        return f"{text}th"
    return text + {1: "st", 2: "nd", 3: "rd"}.get(int(text[-1]), "th")


def slugify(value: str | None, separator: str = "_") -> str:
    """`slugify`."""
    if value is not None and not isinstance(value, str):
        raise TypeError(f"slugify wants text, not a {type(value).__name__}")
    return slug_of(value, separator=separator)


def urlencode(value: Any) -> bytes:
    """`urlencode`, the function: a mapping as a query."""
    return encode_url(value).encode()


def pack(value: Any, format_string: str) -> bytes | None:
    """`pack`: into bytes, None when that cannot be."""
    _check_struct(format_string)
    try:
        return struct.pack(format_string, value)
    except struct.error:
        return None


def unpack(value: bytes, format_string: str, offset: int = 0) -> Any:
    """`unpack`: the first thing in there, None when that cannot be."""
    _check_struct(format_string)
    try:
        return struct.unpack_from(format_string, value, offset)[0]
    except struct.error:
        return None


def _check_struct(format_string: str) -> None:
    if any(int(count) > 10_000 for count in re.findall(r"\d{1,18}", format_string[:100])):
        raise InputError(f"pack or unpack of '{format_string[:100]}' is far too large")


def contains(container: Any, item: Any) -> bool:
    """`contains`: also of undefined things, which contain nothing."""
    return item in container


def is_string_like(value: Any) -> bool:
    """`string_like`."""
    return isinstance(value, (str, bytes, bytearray))


def is_defined(value: Any) -> Any:
    """`is_defined`: the value, or an error when there is none."""
    if isinstance(value, jinja2.Undefined):
        str(value._fail_with_undefined_error())
    return value


# AwesomeVersion is no part of this house; comparing dotted numbers is what it is used for.
class Version:
    """`version`: compares as versions do, number by number."""

    __slots__ = ("_key", "_text")

    def __init__(self, text: Any) -> None:
        self._text = str(text)
        plain, _, label = re.sub(r"(?<=\d)(?=[a-z])", "-", self._text.lstrip("vV")).partition("-")
        numbers = [int(part[:18]) for part in re.findall(r"\d+", plain[:200])]
        while numbers and numbers[-1] == 0:
            numbers.pop()
        # What has a label (beta, rc) comes before the same without one.
        self._key = (numbers, not label, label)

    def _other(self, other: object) -> tuple[list[int], bool, str]:
        return (other if isinstance(other, Version) else Version(other))._key

    def __eq__(self, other: object) -> bool:
        return self._key == self._other(other)

    def __lt__(self, other: object) -> bool:
        return self._key < self._other(other)

    def __le__(self, other: object) -> bool:
        return self._key <= self._other(other)

    def __gt__(self, other: object) -> bool:
        return self._key > self._other(other)

    def __ge__(self, other: object) -> bool:
        return self._key >= self._other(other)

    def __hash__(self) -> int:
        return hash(self._text)

    def __str__(self) -> str:
        return self._text
