"""Answers to a query that has conditions, aliases or computed columns."""

from collections.abc import Sequence

from vettura.bus.messages import SignalValue
from vettura.faces.kuksa_broker import put_checked, put_time
from vettura.faces.kuksa_hub import Hub
from vettura.faces.kuksa_query import Column, Query
from vettura.faces.kuksa_wire import SDV, Proto, enum_number, make

_NOT_AVAILABLE = enum_number(SDV, "Datapoint.Failure", "NOT_AVAILABLE")


class Answers:
    """The answer whenever a signal of the query changes and its condition holds."""

    is_whole = True

    def __init__(self, hub: Hub, query: Query) -> None:
        self._hub = hub
        self._query = query
        ids = hub.catalogue.ids
        self._ids = {path: ids[path] for path in query.paths}
        self.channels = frozenset(self._ids.values())
        self._now = self._row()
        # Before the first change, a signal was what it is.
        self._before = dict(self._now)

    def first(self) -> bytes | None:
        """The answer as things are, when there is one."""
        return self._answer() if self._query.holds(self._row(), self._before) else None

    def changed(self, _hit: Sequence[int], _time_ns: int, /) -> bytes | None:
        """The answer after a change, when there is one."""
        row = self._row()
        self._before = {path: self._now.get(path, value) for path, value in row.items()}
        self._now = row
        return self._answer() if self._query.holds(row, self._before) else None

    def _row(self) -> dict[str, SignalValue]:
        latest = self._hub.latest
        return {path: latest[number] for path, number in self._ids.items() if number in latest}

    def _answer(self) -> bytes:
        reply = make(SDV, "SubscribeReply")
        for column in self._query.columns:
            self._put(reply.fields[column.name], column)
        data: bytes = reply.SerializeToString()
        return data

    def _put(self, point: Proto, column: Column) -> None:
        hub = self._hub
        if column.path:
            number = self._ids[column.path]
            listed = hub.catalogue.by_id(number)
            if number in hub.latest and listed is not None:
                put_time(point, hub.times_ns[number])
                put_checked(point, listed, hub.latest[number], sdv=True)
        else:
            self._put_computed(point, column.value(self._row(), self._before))
        if point.WhichOneof("value") is None:
            point.failure_value = _NOT_AVAILABLE

    def _put_computed(self, point: Proto, value: SignalValue | None) -> None:
        times_ns = [self._hub.times_ns[n] for n in self.channels if n in self._hub.times_ns]
        put_time(point, max(times_ns, default=0))
        if isinstance(value, bool):
            point.bool_value = value
        elif isinstance(value, str):
            point.string_value = value
        elif isinstance(value, int | float):
            point.double_value = value
