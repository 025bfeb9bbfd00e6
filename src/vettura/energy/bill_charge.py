"""One charge as its station told it: from events in any order to a beginning, an end, a course."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, final

from vettura.bus.messages import encode
from vettura.bus.messages_energy import Transaction
from vettura.energy.bill_curve import (
    SLACK,
    SLACK_WH,
    Energies,
    Reading,
    curve,
    grown,
    scaled,
)
from vettura.units import NS_PER_S, SECONDS_PER_HOUR

SEQUENCES_MAX = 100_000


class Course(NamedTuple):
    """How a charge went [Wh by bucket]."""

    charged: Energies
    given: Energies
    energy_wh: float
    given_wh: float
    notes: list[str]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """A charge that is over. Times are nanoseconds since the epoch, counters Wh."""

    station: str
    vin: str
    start_ns: int
    end_ns: int
    begin: Reading
    end: Reading
    notes: tuple[str, ...] = ()

    def measured(self, told: Sequence[Reading], *, power_w_max: float) -> Course:
        """Its energies, by what the meter showed meanwhile."""
        points = [self.begin, *told, self.end]
        notes = list(self.notes)
        courses: list[Energies] = []
        for counter, name in enumerate(("delivered", "given")):
            course, doubt = self._course(points, counter, power_w_max)
            courses.append(course)
            if doubt:
                notes.append(f"what the meter says it has {name} {doubt}")
        charged, given = courses
        return Course(charged, given, sum(charged.values()), sum(given.values()), notes)

    def _course(
        self, points: Sequence[Reading], counter: int, power_w_max: float
    ) -> tuple[Energies, str]:
        """One counter's course, and what is to be doubted in it; empty when nothing is."""
        first, last = self.begin.counters[counter], self.end.counters[counter]
        seconds = (self.end_ns - self.start_ns) / NS_PER_S
        most_wh = SLACK * power_w_max * seconds / SECONDS_PER_HOUR + SLACK_WH
        if not 0.0 <= last - first <= most_wh:
            course, _ = grown(_by_time(points, counter), power_w_max=power_w_max)
            return course, "jumps: the steps that can be are counted"
        inside = [p for p in _by_time(points, counter) if first <= p[1] <= last]
        course, _ = grown(_rising(inside), power_w_max=power_w_max)
        total = scaled(course, last - first, begin_ns=self.start_ns, end_ns=self.end_ns)
        strays = len(points) - len(inside)
        return total, f"jumps: {strays} readings are left out" if strays else ""


@final
@dataclass(slots=True, kw_only=True)
class Record:
    """The events of one charge, each once."""

    heard_ns: int
    """When something new was heard last, by the house's clock."""
    events: dict[int, Transaction] = field(default_factory=dict)
    """The first, the last, beginnings and ends, by sequence."""
    sequences: set[int] = field(default_factory=set)
    vin: tuple[int, str] = (-1, "")
    """Which car, by the latest event that names one: sequence and vin."""

    def take(self, event: Transaction, *, now_ns: int) -> None:
        """Hear an event; of two that claim one sequence the lesser stays, whichever came first."""
        if event.vin:
            self.vin = max(self.vin, (event.sequence, event.vin))
        known = self.events.get(event.sequence)
        if event.sequence in self.sequences and known is None:
            return
        if known is not None and encode(known) <= encode(event):
            return
        if len(self.sequences) < SEQUENCES_MAX:
            self.sequences.add(event.sequence)
        self.events[event.sequence] = event
        self.heard_ns = now_ns
        self._thin()

    def _thin(self) -> None:
        """What lies between and neither begins nor ends is in the meter's readings."""
        first, last = min(self.events), max(self.events)
        self.events = {
            number: event
            for number, event in self.events.items()
            if number in (first, last) or event.kind != "updated"
        }

    @property
    def first(self) -> Transaction:
        """The event with the least sequence."""
        return self.events[min(self.events)]

    @property
    def latest(self) -> Transaction:
        """The event with the greatest sequence."""
        return self.events[max(self.events)]

    @property
    def has_begun(self) -> bool:
        """Whether its beginning was told."""
        return any(event.kind == "started" for event in self.events.values())

    @property
    def has_ended(self) -> bool:
        """Whether its end was told."""
        return any(event.kind == "ended" for event in self.events.values())

    @property
    def is_whole(self) -> bool:
        """Whether beginning, end and all between were told."""
        if not (self.has_begun and self.has_ended):
            return False
        low, high = min(self.events), max(self.events)
        return len(self.sequences) == high - low + 1


def charge_of(record: Record, *, next_begun: Transaction | None = None) -> Charge:
    """The charge that those events tell; the next one's beginning stands in for a lost end."""
    begins = [event for event in record.events.values() if event.kind == "started"]
    ends = [event for event in record.events.values() if event.kind == "ended"]
    begin = min(begins, key=lambda event: event.sequence) if begins else record.first
    end = max(ends, key=lambda event: event.sequence) if ends else (next_begun or record.latest)
    end_ns = end.time_ns
    return Charge(
        station=begin.station,
        vin=record.vin[1],
        start_ns=min(begin.time_ns, end_ns),
        end_ns=end_ns,
        begin=_reading(begin, begin.time_ns),
        end=_reading(end, end_ns),
        notes=tuple(_doubts(record, begin, end, has_end=bool(ends))),
    )


def _doubts(record: Record, begin: Transaction, end: Transaction, *, has_end: bool) -> list[str]:
    notes = []
    if begin.kind != "started":
        notes.append("its beginning was never told: it is counted from the first word of it")
    if not has_end:
        notes.append("its end was never told: it is counted up to the next charge")
    elif not record.is_whole and begin.kind == "started":
        notes.append("parts of it were never told")
    if end.time_ns < begin.time_ns:
        notes.append("it ends before it begins: its times are not to be trusted")
    return notes


def _reading(event: Transaction, time_ns: int) -> Reading:
    return Reading(time_ns, (event.meter_wh, event.given_wh))


def _by_time(points: Sequence[Reading], counter: int) -> list[tuple[int, float]]:
    return sorted(curve(points, counter))


def _rising(points: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """Without the points that lie below one before them."""
    kept: list[tuple[int, float]] = []
    for point in points:
        if not kept or point[1] >= kept[-1][1]:
            kept.append(point)
    return kept
