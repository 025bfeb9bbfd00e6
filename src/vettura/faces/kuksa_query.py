"""The language of sdv.databroker.v1: `SELECT Vehicle.Speed AS v, a WHERE b > 50 AND NOT c`.

A small piece of SQL, as KUKSA documents it: columns with aliases, conditions as columns, AND, OR,
NOT, BETWEEN, comparisons, parentheses, numbers, texts, TRUE and FALSE, and `LAG(path)` for what a
signal was before its last change. What is unknown, or cannot be compared, makes a condition
neither true nor false, as NULL does in SQL.
"""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

from vettura.bus.messages import SignalValue
from vettura.errors import InputError

QUERY_LENGTH_MAX = 16_384
COLUMNS_MAX = 2000
DEPTH_MAX = 40
"""Of parentheses and NOT."""

Known: TypeAlias = SignalValue | None
"""None is what SQL calls NULL."""
Row: TypeAlias = Mapping[str, SignalValue]
Expression: TypeAlias = Callable[[Row, Row], Known]
"""Takes what is and what was before."""

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?![\w.])
    |(?P<text>'(?:[^']|'')*'|"(?:[^"])*")
    |(?P<word>[A-Za-z_][\w.]*)
    |(?P<sign><>|!=|>=|<=|==|[=<>(),;])
    |(?P<end>$))""",
    re.VERBOSE,
)
_SPACE = re.compile(r"\s*(?:--[^\n]*\n?\s*)*")
_COMPARE: dict[str, Callable[[int], bool]] = {
    "=": lambda order: order == 0,
    "==": lambda order: order == 0,
    "<>": lambda order: order != 0,
    "!=": lambda order: order != 0,
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
    ">": lambda order: order > 0,
    ">=": lambda order: order >= 0,
}


class Column(NamedTuple):
    """One column of the answer."""

    name: str
    path: str
    """The signal it is; empty when it is computed."""
    value: Expression


class Query(NamedTuple):
    """A question to be asked again whenever one of its signals changes."""

    columns: tuple[Column, ...]
    where: Expression | None
    paths: frozenset[str]
    """Every signal that it names."""

    @property
    def is_plain(self) -> bool:
        """Whether it only names signals: no condition, no alias, nothing computed."""
        return self.where is None and all(column.name == column.path for column in self.columns)

    def holds(self, now: Row, before: Row) -> bool:
        """Whether there is an answer: the condition is true, or there is none."""
        return self.where is None or self.where(now, before) is True


def read_query(text: str) -> Query:
    """Read a query; InputError says what is wrong and where."""
    if len(text) > QUERY_LENGTH_MAX:
        raise InputError(f"a query may have {QUERY_LENGTH_MAX} characters")
    return _Reader(text).query()


class _Reader:
    """Reads by descent: a method for each level of binding."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0
        self._paths: set[str] = set()
        self._kind = self._word_now = ""
        self._next()

    def query(self) -> Query:
        self._take("SELECT")
        columns = [self._column(0)]
        while self._word_now == ",":
            self._next()
            if len(columns) >= COLUMNS_MAX:
                raise InputError(f"a query may have {COLUMNS_MAX} columns")
            columns.append(self._column(len(columns)))
        where = None
        if self._is("WHERE"):
            self._next()
            where = self._either()
        if self._word_now == ";":
            self._next()
        if self._kind != "end":
            raise self._fault("expected the end")
        return Query(tuple(columns), where, frozenset(self._paths))

    def _column(self, index: int) -> Column:
        starts = self._word_now if self._kind == "word" else ""
        value = self._either()
        path = starts if starts in self._paths and getattr(value, "path", "") == starts else ""
        name = path or f"field_{index}"
        if self._is("AS"):
            self._next()
            if self._kind not in ("word", "text"):
                raise self._fault("expected a name after AS")
            name = self._word_now if self._kind == "word" else _unquoted(self._word_now)
            self._next()
        return Column(name, path, value)

    def _either(self) -> Expression:
        left = self._both()
        while self._is("OR"):
            self._next()
            left = _either(left, self._both())
        return left

    def _both(self) -> Expression:
        left = self._denied()
        while self._is("AND"):
            self._next()
            left = _both(left, self._denied())
        return left

    def _denied(self) -> Expression:
        denials = 0
        while self._is("NOT"):
            denials += 1
            self._next()
        inner = self._compared()
        return _denied(inner) if denials % 2 else inner

    def _compared(self) -> Expression:
        left = self._single()
        if self._kind == "sign" and self._word_now in _COMPARE:
            test = _COMPARE[self._word_now]
            self._next()
            return _compared(left, test, self._single())
        negated = self._is("NOT")
        if negated:
            self._next()
        if self._is("BETWEEN"):
            self._next()
            low = self._single()
            self._take("AND")
            between = _both(
                _compared(left, _COMPARE[">="], low),
                _compared(left, _COMPARE["<="], self._single()),
            )
            return _denied(between) if negated else between
        if negated:
            raise self._fault("expected BETWEEN")
        return left

    def _single(self) -> Expression:
        kind, piece = self._kind, self._word_now
        if piece == "(":
            return self._parenthesis()
        self._next()
        if kind == "number":
            return _constant(float(piece) if re.search(r"[.eE]", piece) else int(piece))
        if kind == "text":
            return _constant(_unquoted(piece))
        if kind == "word":
            return self._word(piece)
        self._at -= len(piece)
        raise self._fault("expected a signal or a value")

    def _parenthesis(self) -> Expression:
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise InputError(f"a query may be {DEPTH_MAX} parentheses deep")
        self._next()
        inner = self._either()
        self._take(")")
        self._depth -= 1
        return inner

    def _word(self, word: str) -> Expression:
        upper = word.upper()
        if upper in ("TRUE", "FALSE"):
            return _constant(upper == "TRUE")
        if upper == "LAG" and self._word_now == "(":
            self._next()
            path = self._word_now
            if self._kind != "word":
                raise self._fault("expected a signal in LAG()")
            self._next()
            self._take(")")
            self._paths.add(path)
            return lambda _, before: before.get(path)
        if upper in ("SELECT", "WHERE", "AND", "OR", "AS", "BETWEEN", "FROM"):
            raise self._fault("expected a signal or a value before it")
        self._paths.add(word)
        return _Signal(word)

    def _is(self, keyword: str) -> bool:
        return self._kind == "word" and self._word_now.upper() == keyword

    def _take(self, expected: str) -> None:
        if self._word_now.upper() != expected:
            raise self._fault(f"expected {expected}")
        self._next()

    def _next(self) -> None:
        space = _SPACE.match(self._text, self._at)
        self._at = space.end() if space else self._at
        found = _TOKEN.match(self._text, self._at)
        if found is None:
            raise self._fault("cannot read what stands")
        self._at = found.end()
        self._kind = found.lastgroup or "end"
        self._word_now = found[self._kind]

    def _fault(self, what: str) -> InputError:
        return InputError(f"query: {what} at character {self._at}")


class _Signal:
    """The value of a signal; a class, so that a column can tell that it is one."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __call__(self, now: Row, _before: Row) -> Known:
        return now.get(self.path)


def _unquoted(piece: str) -> str:
    quote = piece[0]
    return piece[1:-1].replace(quote * 2, quote)


def _constant(value: SignalValue) -> Expression:
    return lambda _now, _before: value


def _either(left: Expression, right: Expression) -> Expression:
    def value(now: Row, before: Row) -> Known:
        sides = _truth(left(now, before)), _truth(right(now, before))
        return True if True in sides else None if None in sides else False

    return value


def _both(left: Expression, right: Expression) -> Expression:
    def value(now: Row, before: Row) -> Known:
        sides = _truth(left(now, before)), _truth(right(now, before))
        return False if False in sides else None if None in sides else True

    return value


def _denied(inner: Expression) -> Expression:
    def value(now: Row, before: Row) -> Known:
        truth = _truth(inner(now, before))
        return None if truth is None else not truth

    return value


def _truth(known: Known) -> bool | None:
    return known if isinstance(known, bool) else None


def _compared(left: Expression, test: Callable[[int], bool], right: Expression) -> Expression:
    def value(now: Row, before: Row) -> Known:
        one, other = left(now, before), right(now, before)
        if isinstance(one, str) and isinstance(other, str):
            return test((one > other) - (one < other))
        if isinstance(one, int | float) and isinstance(other, int | float):
            return test((one > other) - (one < other))
        return None

    return value
