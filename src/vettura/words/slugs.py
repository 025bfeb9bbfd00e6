"""Names for machines, made of names for people, as Home Assistant makes its entity ids."""

import html
import re
import unicodedata


def _spelled(letters: str, spellings: str) -> dict[str, str]:
    return dict(zip(letters, spellings.split(), strict=True))


# What Unicode does not take apart by itself, as people spell it in plain letters.
_LETTERS = {
    **_spelled("ßæœøđðþłıħŋſ", "ss ae oe o d d th l i h ng s"),
    **_spelled("ÆŒØĐÐÞŁĦŊẞ", "AE OE O D D Th L H NG Ss"),
    **_spelled("°×€⁄’‘", "deg x EUR / ' '"),
    **_spelled(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        "a b v g d e io zh z i i k l m n o p r s t u f kh ts ch sh shch ' y ' e iu ia",
    ),
    **_spelled(
        "αβγδεζηθικλμνξοπρσςτυφχψω",
        "a b g d e z e th i k l m n x o p r s s t u ph kh ps o",
    ),
}
_QUOTES = re.compile(r"'+")
_COMMAS = re.compile(r"(?<=\d),(?=\d)")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[\da-fA-F]{1,6}|\w{2,31});")
_OTHERS = re.compile(r"[^-a-z0-9]+")


def slug_of(text: str | None, *, separator: str = "_") -> str:
    """Return `text` in lower case letters, digits and separators; "unknown" when none is left.

    Accents fall away. Letters of scripts that are not spelled here are written as their code, so
    that two names stay two names.
    """
    if not text:
        return ""
    quoted = _QUOTES.sub("-", _ENTITY.sub(_unescaped, text))
    plain = "".join(_plain(letter) for letter in unicodedata.normalize("NFC", quoted))
    plain = _COMMAS.sub("", plain.lower().replace("'", ""))
    plain = re.sub(r"-{2,}", "-", _OTHERS.sub("-", plain)).strip("-")
    return plain.replace("-", separator) or "unknown"


def _unescaped(found: re.Match[str]) -> str:
    return html.unescape(found[0])


def _plain(letter: str) -> str:
    if letter.isascii():
        return letter
    if (known := _LETTERS.get(letter) or _LETTERS.get(letter.lower())) is not None:
        return known
    parts = unicodedata.normalize("NFKD", letter)
    ascii_parts = "".join(_LETTERS.get(part, part) for part in parts)
    ascii_parts = "".join(part for part in ascii_parts if part.isascii())
    if ascii_parts or not letter.isalpha():
        return ascii_parts or "-"
    return f" {ord(letter):x} "
