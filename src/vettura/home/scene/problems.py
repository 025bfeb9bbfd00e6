"""What is wrong with a file of scenes: everything is found before anything starts."""

from collections.abc import Iterable

from vettura.errors import InputError
from vettura.home.scene.tree import Where

SHOWN_MAX = 50
_TEXT_MAX = 300


class Problems:
    """Collects what is wrong and what is left alone, each with its place."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, int, str], str] = {}
        self.notices: list[str] = []
        """What is not an error, but should be known: a thing that is not used here."""

    def add(self, where: Where, what: str, hint: str = "") -> None:
        """Note something wrong; the same thing at the same place counts once."""
        line = f"{where}: {_one_line(what)}" + (f" ({_one_line(hint)})" if hint else "")
        self._found.setdefault((where.file, where.line, what), line)

    def notice(self, where: Where, what: str) -> None:
        """Note something that is left alone."""
        self.notices.append(f"{where}: {_one_line(what)}")

    def __len__(self) -> int:
        return len(self._found)

    @property
    def lines(self) -> list[str]:
        """What is wrong, in the order of files and lines."""
        return [line for _, line in sorted(self._found.items(), key=_place)]

    def raise_any(self) -> None:
        """Raise an InputError that names them all, if there are any."""
        lines = self.lines
        if not lines:
            return
        if len(lines) == 1:
            raise InputError(lines[0])
        rest = len(lines) - SHOWN_MAX
        text = "\n".join(f"  {line}" for line in lines[:SHOWN_MAX])
        more = f"\n  and {rest} more" if rest > 0 else ""
        raise InputError(f"scenes: {len(lines)} things are wrong or not supported\n{text}{more}")


def _place(item: tuple[tuple[str, int, str], str]) -> tuple[str, int]:
    return item[0][:2]


def _one_line(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _TEXT_MAX else f"{flat[: _TEXT_MAX - 3]}..."


def listed(names: Iterable[str]) -> str:
    """Say what there is to choose from."""
    return "known are " + ", ".join(names)
