"""What a car's telemetry says, second by second: late, missing and absurd values are survived."""

import math
from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

from vettura.bus.messages import SignalFrame, SignalValue
from vettura.bus.paths import (
    ALTITUDE,
    BATTERY_DEGC,
    CABIN_TARGET,
    CLIMATE_POWER,
    CURRENT,
    DISPLAYED_SOC,
    IS_CHARGING,
    OUTSIDE_DEGC,
    POWER,
    SOC,
    SPEED,
    VOLTAGE,
)
from vettura.drive.calibrate_follow import UNKNOWN_W
from vettura.units import KMH_PER_MPS, NS_PER_S, PERCENT

POSSIBLE = {
    SPEED: (0.0, 400.0),
    POWER: (-1.5e6, 1.5e6),
    CURRENT: (-3_000.0, 3_000.0),
    VOLTAGE: (20.0, 1_500.0),
    SOC: (0.0, 100.0),
    DISPLAYED_SOC: (0.0, 100.0),
    BATTERY_DEGC: (-60.0, 120.0),
    OUTSIDE_DEGC: (-60.0, 60.0),
    ALTITUDE: (-500.0, 9_000.0),
    CLIMATE_POWER: (0.0, 50_000.0),
    CABIN_TARGET: (10.0, 35.0),
}
"""What is listened to, in VSS units, and between which values; what lies outside is no reading."""
STALE_S, STALE_ASLEEP_S = 200.0, 2_000.0
"""Full frames come every minute, of a car asleep every ten: what was not said for so long is gone,
unless no more than three full frames have lacked it."""
FULL_FRAMES = 3
EARLY_S = 60.0
"""A frame this far in the future is nobody's clock."""
GAP_MOVING_S, GAP_RESTING_S = 3.0, 150.0
"""Longest silence that is bridged: a moving car does too much meanwhile."""


class Second(NamedTuple):
    """One second of a car, or `seconds` of one that rests; None is not known."""

    time_ns: int
    seconds: float
    speed_mps: float
    power_w: float | None
    """Positive discharges, as is the current."""
    voltage_v: float | None
    current_a: float | None
    soc: float | None
    displayed_soc: float | None
    battery_degc: float | None
    ambient_degc: float | None
    altitude_m: float | None
    climate_w: float
    """Negative when not known."""
    target_degc: float
    charging: bool


class Senses:
    """Puts frames in order and makes seconds of them."""

    def __init__(self) -> None:
        self._values: dict[str, float] = {}
        self._heard_ns: dict[str, int] = {}
        self._fulls_ns: deque[int] = deque(maxlen=FULL_FRAMES)
        self._charging = False
        self._time_ns = 0
        self._second_ns = 0
        self._sums: dict[str, float] = {}
        self.late = 0
        """Frames that came after a younger one, or from the future."""
        self.absurd = 0
        """Values that cannot be."""
        self.gaps = 0
        """Silences too long to be bridged."""

    @property
    def time_ns(self) -> int:
        """Of the latest frame; 0 before any."""
        return self._time_ns

    def hear(self, frame: SignalFrame, now_ns: int) -> list[Second] | None:
        """The seconds that this frame completes; None after a gap: what was begun is void."""
        if frame.time_ns <= self._time_ns or frame.time_ns > now_ns + EARLY_S * NS_PER_S:
            self.late += 1
            return []
        before = self._values.get(SPEED, 0.0)
        silence_s = (frame.time_ns - self._time_ns) / NS_PER_S
        moving = before > 0.0 or _speed_in(frame.values) > 0.0
        void = silence_s > (GAP_MOVING_S if moving else GAP_RESTING_S)
        if void:
            self.gaps += 1 if self._time_ns else 0
            seconds = None
            self._second_ns, self._sums = frame.time_ns, {}
        else:
            seconds = self._pass(frame, resting=not moving and silence_s > GAP_MOVING_S)
        self._time_ns = frame.time_ns
        self._take(frame)
        return seconds

    def _take(self, frame: SignalFrame) -> None:
        if frame.full:
            self._fulls_ns.append(frame.time_ns)
        for path, value in frame.values.items():
            if path == IS_CHARGING and isinstance(value, bool):
                self._charging = value
            limits = POSSIBLE.get(path)
            if limits is None:
                continue
            number = _number(value)
            if number is None or not limits[0] <= number <= limits[1]:
                self.absurd += 1
                continue
            self._values[path] = number
            self._heard_ns[path] = frame.time_ns

    def _pass(self, frame: SignalFrame, *, resting: bool) -> list[Second]:
        """Hold what was known until this frame; close every second that has passed meanwhile."""
        if resting:
            self._add((frame.time_ns - self._time_ns) / NS_PER_S)
            seconds = (frame.time_ns - self._second_ns) / NS_PER_S
            done = [self._second(frame.time_ns, seconds, 0.0)] if seconds > 0.0 else []
            self._second_ns, self._sums = frame.time_ns, {}
            return done
        done = []
        from_mps = self._values.get(SPEED, 0.0) / KMH_PER_MPS
        to_mps = _speed_in(frame.values, self._values.get(SPEED, 0.0)) / KMH_PER_MPS
        begin_ns, whole_ns = self._time_ns, frame.time_ns - self._time_ns
        at_ns = begin_ns
        while frame.time_ns >= self._second_ns + NS_PER_S:
            until_ns = max(self._second_ns + NS_PER_S, at_ns)
            self._add((until_ns - at_ns) / NS_PER_S)
            at_ns = until_ns
            share = (at_ns - begin_ns) / whole_ns
            done.append(self._second(at_ns, 1.0, from_mps + share * (to_mps - from_mps)))
            self._second_ns, self._sums = at_ns, {}
        self._add((frame.time_ns - at_ns) / NS_PER_S)
        return done

    def _add(self, seconds: float) -> None:
        for path in (POWER, CURRENT, VOLTAGE):
            value = self._known(path)
            if value is not None:
                self._sums[path] = self._sums.get(path, 0.0) + seconds * value
        self._sums[""] = self._sums.get("", 0.0) + seconds

    def _mean(self, path: str) -> float | None:
        held = self._known(path)
        passed = self._sums.get("", 0.0)
        return self._sums[path] / passed if passed > 0.0 and path in self._sums else held

    def _known(self, path: str) -> float | None:
        heard_ns = self._heard_ns.get(path, 0)
        age_s = (self._time_ns - heard_ns) / NS_PER_S
        if age_s > STALE_S:
            repeated = bool(self._fulls_ns) and heard_ns >= self._fulls_ns[0]
            if not repeated or age_s > STALE_ASLEEP_S:
                return None
        return self._values.get(path)

    def _second(self, time_ns: int, seconds: float, speed_mps: float) -> Second:
        voltage, current = self._mean(VOLTAGE), self._mean(CURRENT)
        power = self._mean(POWER)
        if power is None and voltage is not None and current is not None:
            power = voltage * current
        climate = self._known(CLIMATE_POWER)
        return Second(
            time_ns=time_ns,
            seconds=seconds,
            speed_mps=speed_mps,
            power_w=_negative(power),
            voltage_v=voltage,
            current_a=_negative(current),
            soc=_share(self._known(SOC)),
            displayed_soc=_share(self._known(DISPLAYED_SOC)),
            battery_degc=self._known(BATTERY_DEGC),
            ambient_degc=self._known(OUTSIDE_DEGC),
            altitude_m=self._known(ALTITUDE),
            climate_w=UNKNOWN_W if climate is None else climate,
            target_degc=self._values.get(CABIN_TARGET, 21.0),
            charging=self._charging,
        )


def _number(value: SignalValue) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def _speed_in(values: Mapping[str, SignalValue], otherwise: float = 0.0) -> float:
    low, high = POSSIBLE[SPEED]
    number = _number(values.get(SPEED, otherwise))
    return number if number is not None and low <= number <= high else otherwise


def _negative(value: float | None) -> float | None:
    return None if value is None else -value


def _share(value: float | None) -> float | None:
    return None if value is None else value / PERCENT
