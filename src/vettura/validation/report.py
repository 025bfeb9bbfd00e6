"""The page of validation figures: each command rewrites its own section, and only that."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from vettura.errors import EnvironmentFault, InputError

PAGE = Path("docs/validation.md")
SECTIONS = ("certification", "cars", "trips", "charging", "cell")


def rewrite_section(page: Path, section: str, body: str) -> None:
    """Put `body` between the markers of `section` in `page`; the rest stays to the byte.

    The markers are `<!-- section -->` and `<!-- /section -->`, each on a line of its own.
    InputError when the page or its markers are missing, EnvironmentFault when it cannot be written.
    """
    try:
        text = page.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{page}: {_reason(error)}") from None
    begin, end = f"<!-- {section} -->", f"<!-- /{section} -->"
    found = re.search(f"^{begin}$(.*?)^{end}$", text, re.MULTILINE | re.DOTALL)
    if found is None:
        raise InputError(f"{page}: no section '{section}'", hint=f"add {begin} and {end}")
    fresh = f"{text[: found.start()]}{begin}\n{body.strip()}\n{end}{text[found.end() :]}"
    if fresh == text:
        return
    try:
        page.write_text(fresh, "utf-8")
    except OSError as error:
        raise EnvironmentFault(f"cannot write {page}: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error)).lower()


def markdown_table(columns: Mapping[str, str], rows: Sequence[Mapping[str, str]]) -> str:
    """A table in Markdown; `columns` maps keys of the rows to headings, all but the first right."""
    head = " | ".join(columns.values())
    rule = "|".join(["---", *["---:"] * (len(columns) - 1)])
    lines = [" | ".join(row.get(key, "") or " " for key in columns) for row in rows]
    return "\n".join([f"| {head} |", f"|{rule}|", *(f"| {line} |" for line in lines)])


def percent(share: float | None, *, digits: int = 1, sign: bool = False) -> str:
    """A share as percent, for a person; a dash for None."""
    if share is None:
        return "–"
    text = f"{100.0 * share:{'+' if sign else ''}.{digits}f}"
    return f"{text.replace('-', '−')} %"


def span(interval: tuple[float, float], *, sign: bool = False) -> str:
    """An interval of shares as percent."""
    low, high = (percent(share, sign=sign).removesuffix(" %") for share in interval)
    return f"{low} to {high} %"
