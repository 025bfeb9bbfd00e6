"""What one car was last heard to say, and what of it the broker has not been told yet. Pure."""

from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from vettura.bus.messages import SignalFrame, SignalValue, Targets
from vettura.bus.signals import signal_of, signal_table
from vettura.clock.interface import Clock
from vettura.faces.mqtt_topics import (
    AVAILABILITY,
    FINISH_TIME,
    LOCATION,
    OFFLINE,
    ONLINE,
    READY_AT,
    STATE,
)
from vettura.units import NS_PER_S
from vettura.words.car_state import Word, location, owner_state

STATE_PERIOD_S = 1.0
"""Real seconds between two states: a broker may sync each retained message to its disk."""
SILENCE_S = 180.0
"""A car whose frames stop for so long, by its own clock, is offline; it speaks every 60 s."""
SILENCE_REAL_S = 10.0
"""And also by the real clock: at high speed 180 s pass while a busy machine takes a breath."""
AIM_MARGIN_S = 2.0
"""An actuator that has not arrived so long after its travel time is stuck, not moving."""

Values = dict[str, SignalValue]


class Notice(NamedTuple):
    """One message for the broker, as the leaf of the car's topics."""

    leaf: str
    payload: bytes
    qos: int


class _Aim(NamedTuple):
    value: SignalValue
    since_ns: int


class CarView:
    """One car as its frames tell it. `clock` is the car's time, `pace` real seconds."""

    def __init__(self, clock: Clock, pace: Clock) -> None:
        self.is_known = False
        """Whether a full frame has come."""
        self._clock = clock
        self._pace = pace
        self._values: Values = {}
        self._changed: Values = {}
        self._aims: dict[str, _Aim] = {}
        self._told: dict[str, bytes] = {}
        self._time_ns = self._heard_ns = 0
        self._heard_s = 0.0
        self._state_due_s = 0.0
        self._is_stale = False

    def absorb(self, frame: SignalFrame) -> None:
        """Take a frame, changed values or all of them; what is no signal is left out."""
        self._heard_ns, self._heard_s = self._clock.now_ns(), self._pace.monotonic()
        self.is_known = self.is_known or frame.full
        self._time_ns = frame.time_ns
        known = self._values
        fresh = {
            path: value
            for path, value in frame.values.items()
            if known.get(path) != value and (path in known or signal_of(path) is not None)
        }
        known.update(fresh)
        self._changed.update(known if frame.full else fresh)
        self._is_stale = True

    def aim(self, targets: Targets) -> None:
        """Take what actuators were told to become."""
        for path, value in targets.values.items():
            before = self._aims.get(path)
            if path in signal_table() and (before is None or before.value != value):
                self._aims[path] = _Aim(value, self._clock.now_ns())
                self._is_stale = True

    def forget_what_was_told(self) -> None:
        """Tell everything again: the broker is another one, or has lost its memory."""
        self._told.clear()
        self._changed.update(self._values)
        self._state_due_s = 0.0
        self._is_stale = True

    @property
    def has_news(self) -> bool:
        """Whether something waits for its time to be told."""
        return self._is_stale

    def changes(self) -> bytes | None:
        """JSON of the VSS values that changed since last asked, with their time; None for none."""
        if not self._changed or not self.is_known:
            return None
        when = self._clock_text()
        told = {"time": when, "time_ns": self._time_ns, "values": self._changed}
        payload = msgspec.json.encode(told)
        self._changed = {}
        return payload

    def notices(self) -> list[Notice]:
        """What the broker shall keep from now on and does not hold yet."""
        availability = ONLINE if self.is_known and not self._is_silent() else OFFLINE
        fresh = [Notice(AVAILABILITY, availability.encode(), 1)]
        if self.is_known and self._is_stale and self._pace.monotonic() >= self._state_due_s:
            fresh += self._state_notices()
            self._state_due_s = self._pace.monotonic() + STATE_PERIOD_S
            # A moving actuator ends its movement in the owner's eyes without any frame.
            self._is_stale = bool(self._moving())
        return [notice for notice in fresh if self._told.get(notice.leaf) != notice.payload]

    def was_told(self, notice: Notice) -> None:
        """The broker has it."""
        self._told[notice.leaf] = notice.payload

    def _state_notices(self) -> list[Notice]:
        state = owner_state(self._values, self._moving())
        notices = [
            Notice(STATE, msgspec.json.encode(state), 0),
            Notice(FINISH_TIME, _time_text(state["finish_time"]), 0),
            Notice(READY_AT, _time_text(state["ready_at"]), 0),
        ]
        place = location(self._values)
        return notices if place is None else [*notices, _place_notice(place)]

    def _moving(self) -> Values:
        """Where actuators that are still on their way are going."""
        return {
            path: aim.value
            for path, aim in self._aims.items()
            if self._values.get(path) != aim.value and self._is_fresh(path, aim)
        }

    def _is_fresh(self, path: str, aim: _Aim) -> bool:
        travel_s = signal_table()[path].travel_s
        passed_s = (self._clock.now_ns() - aim.since_ns) / NS_PER_S
        return travel_s > 0.0 and passed_s < travel_s + AIM_MARGIN_S

    def _is_silent(self) -> bool:
        silent_s = (self._clock.now_ns() - self._heard_ns) / NS_PER_S
        real_s = self._pace.monotonic() - self._heard_s
        return silent_s > SILENCE_S and real_s > SILENCE_REAL_S

    def _clock_text(self) -> str:
        """The frame's time as ISO 8601 in UTC, to the millisecond."""
        seconds, rest = divmod(self._time_ns, NS_PER_S)
        return f"{_utc(seconds)}.{rest // 1_000_000:03d}Z"


def _place_notice(place: dict[str, Word]) -> Notice:
    return Notice(LOCATION, msgspec.json.encode(place), 0)


def _time_text(word: Word) -> bytes:
    return (word if isinstance(word, str) else "None").encode()


def _utc(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
