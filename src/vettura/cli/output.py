"""What commands print: data on standard output, messages on standard error."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeAlias

import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

Cell: TypeAlias = str | float | int | bool | None
Row: TypeAlias = Mapping[str, Cell]


def complain(message: str, *, hint: str = "") -> None:
    """One line on standard error: what, where; and a hint on what to do."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print("vettura: ", message, style="red", sep="", markup=False)
    if hint:
        console.print("  hint: ", hint, sep="", markup=False)


def note(message: str) -> None:
    """A line for the person at the terminal, on standard error."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(message, markup=False)


def print_json(rows: Row | Iterable[Row]) -> None:
    """One JSON object a line."""
    for row in [rows] if isinstance(rows, Mapping) else rows:
        sys.stdout.write(msgspec.json.encode(row).decode() + "\n")
    sys.stdout.flush()


def print_lines(lines: Iterable[str]) -> None:
    """Lines as they are, however wide the terminal."""
    for line in lines:
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def print_table(title: str, columns: Mapping[str, str], rows: Sequence[Row]) -> None:
    """A table for people. `columns` maps keys of the rows to headings; numbers stand right."""
    table = Table(title=title, title_justify="left", box=None, header_style="bold", pad_edge=False)
    table.show_header = any(columns.values())
    for index, (key, heading) in enumerate(columns.items()):
        numeric = table.show_header and any(_is_number(row.get(key)) for row in rows)
        table.add_column(
            heading, justify="right" if numeric else "left", overflow="fold", no_wrap=index == 0
        )
    for row in rows:
        # Text, because what is in brackets must not be read as markup.
        table.add_row(*(Text(_text(row.get(key))) for key in columns))
    Console(highlight=False).print(table)


def _is_number(cell: Cell) -> bool:
    return isinstance(cell, int | float) and not isinstance(cell, bool)


def _text(cell: Cell) -> str:
    if cell is None:
        return "–"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        return f"{cell:,.0f}" if abs(cell) >= 1000.0 else f"{cell:.4g}"
    return str(cell)


@contextmanager
def progress(what: str, total: int) -> Iterator["Advance"]:
    """A bar on standard error while it is a terminal; nothing otherwise."""
    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        yield Advance(bar, bar.add_task(what, total=total))


class Advance:
    """Moves a progress bar on."""

    def __init__(self, bar: Progress, task: TaskID) -> None:
        self._bar = bar
        self._task = task

    def __call__(self, what: str = "") -> None:
        """One more is done; `what` names the next."""
        if what:
            self._bar.update(self._task, description=what)
        self._bar.advance(self._task)
