"""What the page knows of a household, and what of it changed since it was last handed out.

Pure: messages in, state and changes out. Everything it holds has a limit, whatever is sent.
"""

import math
from collections import deque
from collections.abc import Iterable

from vettura.bus.messages import (
    Audit,
    ClockState,
    MeterValue,
    Sample,
    Session,
    SignalFrame,
    SignalValue,
    Today,
    Weather,
)
from vettura.bus.signals import signal_table
from vettura.units import NS_PER_S
from vettura.web.config import PageConfig
from vettura.web.energy_mirror import EnergyMirror
from vettura.web.home_mirror import HomeMirror
from vettura.web.state import BusState, CarChange, CarState, Change, State, columns

SAMPLES_WINDOW_NS = 24 * 3600 * NS_PER_S
SAMPLES_GAP_NS = 30 * NS_PER_S
"""Samples closer to the last one than this are left out, unless the car changed its mode."""
SAMPLES_MAX = 3000
SESSIONS_MAX = 100
AUDITS_MAX = 30
METERS_MAX = 64


class Mirror:
    """The mirror of one household."""

    def __init__(self, page: PageConfig, *, clock: ClockState, bus: BusState) -> None:
        self._page = page
        self._clock = clock
        self.bus = bus
        self._weather: Weather | None = None
        self._today: Today | None = None
        self._meters: dict[str, MeterValue] = {}
        self._cars = {car.vin: CarMirror(car.name, car.model) for car in page.cars}
        self.home = HomeMirror()
        self.energy = EnergyMirror(is_there=page.has_energy)
        self._change = Change()
        self._changed = False

    def state(self, last_id: int, *, passed_s: float) -> State:
        """Return all of it, marked with the id of the last change handed out.

        `passed_s` real seconds have gone by since the clock's state was taken.
        """
        return State(
            id=last_id,
            home=self._page.home,
            title=self._page.title,
            timezone=self._page.timezone,
            places=self._page.places,
            stations=self._page.stations,
            clock=ClockState(time_ns=self.now_ns(passed_s=passed_s), factor=self._clock.factor),
            bus=self.bus,
            weather=self._weather,
            today=self._today,
            meters=self._meters,
            cars={vin: car.state() for vin, car in self._cars.items()},
            devices=self.home.devices,
            entities=self.home.entities,
            runs=self.home.runs,
            energy=self.energy.shown(),
        )

    def now_ns(self, *, passed_s: float) -> int:
        """The house's time, as many real seconds after its clock's state was taken."""
        factor = self._clock.factor if math.isfinite(self._clock.factor) else 0.0
        return self._clock.time_ns + int(passed_s * factor * NS_PER_S)

    def pending(self) -> Change | None:
        """Return what changed since the last call; None when nothing did."""
        for vin, car in self._cars.items():
            new = car.pending()
            if new is not None:
                self._change.cars[vin] = new
                self._changed = True
        news = self.home.pending()
        if news is not None:
            self._change.devices, self._change.entities, self._change.runs = news
            self._changed = True
        self._change.energy = self.energy.pending()
        if not self._changed and self._change.energy is None:
            return None
        change, self._change, self._changed = self._change, Change(), False
        return change

    def take_clock(self, clock: ClockState) -> None:
        """Take the house's time and speed."""
        self._clock = self._change.clock = clock
        self._changed = True

    def take_bus(self, bus: BusState) -> None:
        """Take whether the bus is up."""
        self.bus = self._change.bus = bus
        self._changed = True

    def take_weather(self, weather: Weather) -> None:
        """Take the air around the house."""
        if weather != self._weather:
            self._weather = self._change.weather = weather
            self._changed = True

    def take_today(self, today: Today) -> None:
        """Take the plan of the day."""
        if today != self._today:
            self._today = self._change.today = today
            self._changed = True

    def take_meter(self, station: str, value: MeterValue) -> None:
        """Take what a station measures."""
        if station in self._meters or len(self._meters) < METERS_MAX:
            self._meters[station] = self._change.meters[station] = value
            self._changed = True

    def take_frame(self, vin: str, frame: SignalFrame) -> bool:
        """Take a car's signals; False when that car is not on this page."""
        car = self._cars.get(vin)
        if car is None:
            return False
        car.take_frame(frame)
        return True

    def take_sample(self, vin: str, sample: Sample) -> None:
        """Take one point of a car's history."""
        if vin in self._cars:
            self._cars[vin].take_sample(sample)

    def take_session(self, vin: str, session: Session) -> None:
        """Take a trip or a charge that has ended."""
        if vin in self._cars:
            self._cars[vin].take_session(session)

    def take_audit(self, vin: str, audit: Audit) -> None:
        """Take a command that has come to its end."""
        if vin in self._cars:
            self._cars[vin].take_audit(audit)

    def take_past(
        self,
        vin: str,
        *,
        samples: Iterable[Sample],
        sessions: Iterable[Session],
        audits: Iterable[Audit] = (),
        now_ns: int,
    ) -> None:
        """Take what is stored of a car; points of the future or older than a day are left out.

        What was heard meanwhile stays, so viewers need a new snapshot afterwards.
        """
        self._cars[vin].take_past(
            [one for one in samples if now_ns - one.time_ns >= -SAMPLES_GAP_NS], sessions, audits
        )


class CarMirror:
    """The mirror of one car."""

    def __init__(self, name: str, model: str) -> None:
        self._name = name
        self._model = model
        self._seen_ns = 0
        self._signals: dict[str, SignalValue] = {}
        self._samples: deque[Sample] = deque(maxlen=SAMPLES_MAX)
        self._sessions: dict[str, Session] = {}
        self._audits: dict[str, Audit] = {}
        self._new_signals: dict[str, SignalValue] = {}
        self._new_samples: list[Sample] = []
        self._new_sessions: list[Session] = []
        self._new_audits: list[Audit] = []

    def state(self) -> CarState:
        """Return all of it."""
        return CarState(
            name=self._name,
            model=self._model,
            seen_ns=self._seen_ns,
            signals=self._signals,
            samples=columns(self._samples),
            sessions=list(self._sessions.values()),
            audits=list(self._audits.values()),
        )

    def pending(self) -> CarChange | None:
        """Return what changed since the last call; None when nothing did."""
        if not any((self._new_signals, self._new_samples, self._new_sessions, self._new_audits)):
            return None
        change = CarChange(
            seen_ns=self._seen_ns,
            signals=self._new_signals,
            samples=columns(self._new_samples) if self._new_samples else None,
            sessions=self._new_sessions,
            audits=self._new_audits,
        )
        self._new_signals, self._new_samples = {}, []
        self._new_sessions, self._new_audits = [], []
        return change

    def take_frame(self, frame: SignalFrame) -> None:
        """Keep the values of the table's signals that differ from what is known."""
        self._seen_ns = frame.time_ns
        table = signal_table()
        for path, value in frame.values.items():
            if path in table and self._signals.get(path) != value:
                self._signals[path] = self._new_signals[path] = value

    def take_sample(self, sample: Sample) -> None:
        """Append it when it is later than the last one by enough to show."""
        last = self._samples[-1] if self._samples else None
        if not _is_finite(sample) or (last is not None and not _tells_more(sample, last)):
            return
        self._samples.append(sample)
        self._new_samples.append(sample)
        while self._samples[0].time_ns < sample.time_ns - SAMPLES_WINDOW_NS:
            self._samples.popleft()

    def take_past(
        self, samples: list[Sample], sessions: Iterable[Session], audits: Iterable[Audit]
    ) -> None:
        """Put stored samples, sessions and audits before and between what is known."""
        by_time = {one.time_ns: one for one in [*samples, *self._samples]}
        self._samples.clear()
        for time_ns in sorted(by_time):
            self.take_sample(by_time[time_ns])
        for session in sessions:
            self.take_session(session)
        for audit in audits:
            self.take_audit(audit)

    def take_session(self, session: Session) -> None:
        """Keep the newest sessions, in the order of their end."""
        if self._sessions.get(session.id) == session:
            return
        kept = {**self._sessions, session.id: session}.values()
        newest = sorted(kept, key=lambda one: one.end_ns)[-SESSIONS_MAX:]
        self._sessions = {one.id: one for one in newest}
        self._new_sessions.append(session)

    def take_audit(self, audit: Audit) -> None:
        """Keep the newest, in the order in which they were asked."""
        if self._audits.get(audit.id) == audit:
            return
        kept = {**self._audits, audit.id: audit}.values()
        newest = sorted(kept, key=lambda one: one.time_ns)[-AUDITS_MAX:]
        self._audits = {one.id: one for one in newest}
        self._new_audits.append(audit)
        del self._new_audits[:-AUDITS_MAX]


def _tells_more(sample: Sample, last: Sample) -> bool:
    gap_ns = sample.time_ns - last.time_ns
    return gap_ns >= SAMPLES_GAP_NS or (gap_ns > 0 and sample.mode != last.mode)


def _is_finite(sample: Sample) -> bool:
    return all(
        math.isfinite(value)
        for value in (
            sample.soc,
            sample.speed_mps,
            sample.battery_power_w,
            sample.wall_power_w,
            sample.cabin_degc,
            sample.ambient_degc,
            sample.odometer_m,
        )
    )
