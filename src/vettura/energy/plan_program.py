"""A linear program under construction: columns, rows and entries in whole blocks of arrays."""

from dataclasses import dataclass, field
from typing import TypeAlias, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int32]
Flags: TypeAlias = NDArray[np.bool_]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """Minimise cost · x with lower <= x <= upper and row_lower <= A x <= row_upper.

    A is a list of entries (row, col, value); money, kW and kWh, so that numbers stay near one.
    """

    cost: Floats
    lower: Floats
    upper: Floats
    row_lower: Floats
    row_upper: Floats
    row: Ints
    col: Ints
    value: Floats
    start_columns: Ints
    """Columns to begin with: with the rows below they make a triangle, so a basis."""
    start_rows: Ints
    """Rows that these columns keep."""


@final
@dataclass(slots=True)
class Builder:
    """Takes blocks one after the other; each gives the index of its first column or row."""

    columns_count: int = 0
    rows_count: int = 0
    _columns: list[tuple[Floats, Floats, Floats]] = field(default_factory=list)
    _rows: list[tuple[Floats, Floats]] = field(default_factory=list)
    _entries: list[tuple[Ints, Ints, Floats]] = field(default_factory=list)
    _start: list[tuple[Ints, Ints]] = field(default_factory=list)

    @classmethod
    def after(cls, program: Program) -> "Builder":
        """One that goes on from a program."""
        return cls(
            columns_count=len(program.cost),
            rows_count=len(program.row_lower),
            _columns=[(program.cost, program.lower, program.upper)],
            _rows=[(program.row_lower, program.row_upper)],
            _entries=[(program.row, program.col, program.value)],
            _start=[(program.start_columns, program.start_rows)],
        )

    def columns(self, count: int, *, cost: ArrayLike, lower: ArrayLike, upper: ArrayLike) -> Ints:
        """`count` columns: their indices."""
        first = self.columns_count
        self.columns_count += count
        self._columns.append((_filled(cost, count), _filled(lower, count), _filled(upper, count)))
        return np.arange(first, self.columns_count, dtype=np.int32)

    def rows(self, count: int, *, lower: ArrayLike, upper: ArrayLike) -> Ints:
        """`count` rows: their indices."""
        first = self.rows_count
        self.rows_count += count
        self._rows.append((_filled(lower, count), _filled(upper, count)))
        return np.arange(first, self.rows_count, dtype=np.int32)

    def entries(self, row: Ints, col: Ints, value: ArrayLike) -> None:
        """An entry in each of these rows, at the column of the same place."""
        self._entries.append((row, col, _filled(value, len(row))))

    def start_with(self, columns: Ints, rows: Ints) -> None:
        """These columns are a good guess for what keeps these rows."""
        self._start.append((columns, rows))

    def program(self) -> Program:
        """All blocks as one."""
        cost, lower, upper = (np.concatenate(part) for part in zip(*self._columns, strict=True))
        rows = zip(*self._rows, strict=True)
        row_lower, row_upper = (np.concatenate(part) for part in rows)
        entries = zip(*self._entries, strict=True)
        row, col, value = (np.concatenate(part) for part in entries)
        start = zip(*self._start, strict=True)
        start_columns, start_rows = (np.concatenate(part) for part in start)
        return Program(
            cost=cost,
            lower=lower,
            upper=upper,
            row_lower=row_lower,
            row_upper=row_upper,
            row=row,
            col=col,
            value=value,
            start_columns=start_columns,
            start_rows=start_rows,
        )


def _filled(value: ArrayLike, count: int) -> Floats:
    array = np.asarray(value, dtype=np.float64)
    return np.full(count, array) if array.ndim == 0 else array
