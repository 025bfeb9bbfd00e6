"""What a reader of prices has found before it is judged: rows, and what was not a row."""

from dataclasses import dataclass, field
from typing import NamedTuple, final

ROWS_MAX = 40_000
"""More than four years of hours, or one of quarters."""


class Row(NamedTuple):
    """One entry as it was written: not yet read."""

    where: str
    """Line or path, for a person."""
    start: object
    end: object | None
    """None: until the next one."""
    price: object
    unit: str
    """As the source states it; empty when it does not."""
    carbon: object | None = None
    is_utc: bool = False
    """Whether times without a zone are UTC."""


@final
@dataclass(slots=True)
class Found:
    """Lists of rows, each in its own order, and lines about what was left out."""

    lists: list[list[Row]] = field(default_factory=list)
    currency: str = ""
    notes: list[str] = field(default_factory=list)
