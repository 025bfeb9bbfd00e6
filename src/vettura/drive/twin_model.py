"""The twin's thinking: a model that drives beside a car and learns from where the two differ. Pure.

Each stretch of 2 km, the pulses in it, and each 10 % of charge become a row of the same kind as
`calibrate` takes, and enter the belief one by one (Kalman).
"""

import math
from collections.abc import Sequence

from msgspec.structs import replace

from vettura.car.params import Params
from vettura.car.relations import resting_state
from vettura.car.state import Flows, Inputs, State
from vettura.car.step import step
from vettura.drive.calibrate_evidence import (
    DRIVING,
    STANDING_MPS,
    STRETCH_FLOOR_WH,
    STRETCH_M,
    STRETCH_MAX_S,
    Row,
    channel_sd_wh,
    charge_row,
    pulse_row,
    slope_of,
    variance_of,
)
from vettura.drive.calibrate_follow import DEFAULT_DEGC, Moment, follow
from vettura.drive.calibrate_knobs import (
    AUXILIARY,
    CAPACITY,
    HEATING,
    KNOBS,
    NAMES,
    RESISTANCE,
    auxiliary_w_of,
    set_shares,
)
from vettura.drive.calibrate_traction import traction_slopes
from vettura.drive.estimate import HUBER, Belief, observe, spread_of
from vettura.drive.slope import grades
from vettura.drive.twin_memory import OFFSET, Memory, aged, new_memory, new_trip
from vettura.drive.twin_senses import Second
from vettura.units import NS_PER_S, SECONDS_PER_HOUR

LOOK_AHEAD_M, LOOK_BACK_M = 150.0, 300.0
"""Road before and behind a stretch that is kept, because slopes are smoothed over it."""
TRIP_OVER_S = 180.0
STRETCH_ROWS_MIN = 20
SOC_CHANGE = 0.10
CHARGE_HOURS_MAX = 12.0
CURRENT_OFFSET_A = 0.05
"""Zero error of a good current sensor: what it adds up to limits how long coulombs are counted."""
OUTLIER = 6.0
"""A row this many standard deviations off is no news of the car but of its sensors."""
TRACE_S = 900
SLOPES_EVERY = 2
"""Every other second shows how energy moves with tyres and mass: a slope need not be exact."""
SENSITIVITY_KEPT = 0.8
COOLING_STEP_S, COOLING_STEPS_MAX = 60.0, 120


class TwinModel:
    """Takes seconds, keeps a memory. `params` are the car file's."""

    def __init__(self, params: Params, memory: Memory | None = None) -> None:
        self.params = params
        self.memory = memory or new_memory()
        self.soc: float | None = None
        self.ambient_degc = DEFAULT_DEGC
        self.on_trip = False
        self._road: list[Second] = []
        self._done = 0
        self._stood_s = 0.0
        self._coulombs = 0.0
        self._anchor: float | None = None
        self._counted_s = 0.0

    @property
    def shares(self) -> dict[str, float]:
        """Of the car file's figures, what the parameters are held to be."""
        return dict(zip(NAMES, self.memory.mean, strict=False))

    def fitted(self) -> Params:
        """The car as the twin holds it to be."""
        return set_shares(self.params, self.shares)

    def void(self) -> None:
        """A gap: the road and the coulombs under way cannot be told any more."""
        self._road, self._done, self._stood_s = [], 0, 0.0
        self._anchor = None

    def live(self, second: Second) -> bool:
        """Take one second (or a longer rest); True when the belief has changed."""
        self.ambient_degc = (
            self.ambient_degc if second.ambient_degc is None else second.ambient_degc
        )
        self.soc = self._soc(second)
        changed = self._count(second)
        if second.seconds > 1.0 or second.charging:
            return self._end_trip() or changed
        moving = second.speed_mps > STANDING_MPS
        if not self.on_trip:
            if not moving:
                return changed
            self._begin_trip(second)
        self._stood_s = 0.0 if moving else self._stood_s + second.seconds
        self._road.append(second)
        if self._stood_s > TRIP_OVER_S:
            return self._end_trip() or changed
        return self._learn(last=False) or changed

    def _soc(self, second: Second) -> float | None:
        if second.soc is not None or second.displayed_soc is None:
            return second.soc
        pack = self.params.pack
        return pack.soc_empty + second.displayed_soc * (pack.soc_full - pack.soc_empty)

    def _begin_trip(self, second: Second) -> None:
        self.on_trip = True
        self._road, self._done, self._stood_s = [], 0, 0.0
        state = self._rested(second)
        self.memory = replace(new_trip(self.memory, second.time_ns), state=state)

    def _rested(self, second: Second) -> State:
        """The model at the start of a trip: cooled down since the last one, if that was today."""
        ambient, memory = self.ambient_degc, self.memory
        new = resting_state(self.params, displayed_soc=0.8, ambient_degc=ambient)
        steps = math.ceil((second.time_ns - memory.state_ns) / NS_PER_S / COOLING_STEP_S)
        if memory.state is None or not 0 <= steps <= COOLING_STEPS_MAX:
            return new
        state = memory.state._replace(speed_mps=0.0)
        for _ in range(steps):
            inputs = Inputs(ambient_degc=ambient, awake=0.0)
            state = step(self.params, state, inputs, COOLING_STEP_S).state
        return state

    def _end_trip(self) -> bool:
        changed = self.on_trip and self._learn(last=True)
        self.on_trip = False
        self._road, self._done, self._stood_s = [], 0, 0.0
        return changed

    def _learn(self, *, last: bool) -> bool:
        """Take the stretch that is complete, with road enough behind it to know its slopes."""
        end = self._stretch_end(last=last)
        if end is None:
            return False
        begin = self._done
        moments = self._moments(begin, end)
        known = [s.power_w for s in self._road[begin:end]]
        self._done = end
        self._forget_road()
        power_w = [w for w in known if w is not None]
        if len(power_w) < len(known) or len(known) < STRETCH_ROWS_MIN:
            return False
        time_ns = self._road[self._done - 1].time_ns
        self._take_stretch(moments, power_w, time_ns)
        return True

    def _stretch_end(self, *, last: bool) -> int | None:
        """Where the stretch under way ends, or None while it cannot be closed yet."""
        # Looking at every tenth second is enough, and cheap.
        if not last and len(self._road) % 10:
            return None
        along_m, moving_s, end = 0.0, 0.0, None
        for k in range(self._done, len(self._road)):
            speed = self._road[k].speed_mps
            along_m += speed
            if end is None:
                moving_s += 1.0 if speed > STANDING_MPS else 0.0
                if along_m >= STRETCH_M or moving_s >= STRETCH_MAX_S:
                    end, along_m = k + 1, 0.0
        if end is not None and (last or along_m >= LOOK_AHEAD_M):
            return end
        if not last or end is not None:
            return None
        # What stood at the end may have been asleep.
        ends = [k + 1 for k in range(self._done, len(self._road)) if self._is_moving(k)]
        return ends[-1] if ends and along_m >= 0.5 * STRETCH_M else None

    def _is_moving(self, index: int) -> bool:
        return self._road[index].speed_mps > STANDING_MPS

    def _forget_road(self) -> None:
        """Drop the road that no slope needs any more."""
        back_m, k = 0.0, self._done
        while k > 0 and back_m < LOOK_BACK_M:
            k -= 1
            back_m += self._road[k].speed_mps
        del self._road[:k]
        self._done -= k

    def _moments(self, begin: int, end: int) -> list[Moment]:
        road = self._road
        heights = [s.altitude_m for s in road if s.altitude_m is not None]
        whole = len(heights) == len(road)
        slopes = grades([s.speed_mps for s in road], heights) if whole else [0.0] * len(road)
        return [
            Moment(
                speed_mps=s.speed_mps,
                grade=slope,
                altitude_m=s.altitude_m or 0.0,
                ambient_degc=self.ambient_degc if s.ambient_degc is None else s.ambient_degc,
                climate_w=s.climate_w,
                power_w=s.power_w or 0.0,
                voltage_v=s.voltage_v,
                current_a=s.current_a,
                soc=s.soc,
                battery_degc=s.battery_degc,
                target_degc=s.target_degc,
            )
            for s, slope in zip(road[begin:end], slopes[begin:end], strict=True)
        ]

    def _take_stretch(
        self, moments: Sequence[Moment], power_w: Sequence[float], time_ns: int
    ) -> None:
        """Drive the stretch, compare, learn."""
        memory = self.memory
        begin = memory.state or resting_state(
            self.params, displayed_soc=0.8, ambient_degc=self.ambient_degc
        )
        begin = begin._replace(speed_mps=moments[0].speed_mps)
        shares = self.shares
        heard = _rescaled(moments, shares[HEATING])
        base = follow(set_shares(self.params, shares), begin, heard)
        energy_wh = _wh([f.battery_power_w for f in base.flows])
        drawn_wh = _wh([max(f.battery_power_w, 0.0) for f in base.flows])
        moves = traction_slopes(self.params, shares, base.seconds[::SLOPES_EVERY])
        slopes = {name: SLOPES_EVERY * _wh(by_second) for name, by_second in moves.items()}
        slopes[AUXILIARY] = _wh([auxiliary_w_of(self.params)] * len(moments))
        slopes[HEATING] = _wh([max(m.climate_w, 0.0) for m in moments])
        sensitivity = tuple(slopes.get(name, 0.0) for name in NAMES)
        row = Row(
            DRIVING,
            _wh(power_w),
            energy_wh,
            drawn_wh,
            math.hypot(STRETCH_FLOOR_WH, _channel_sd_wh(moments)),
            sensitivity,
        )
        self._take(row)
        self._take_pulses(moments, base.flows)
        self.memory = aged(
            replace(
                self.memory,
                time_ns=time_ns,
                state=base.state,
                state_ns=time_ns,
                stretches=self.memory.stretches + 1,
                sensitivity=_blend(memory.sensitivity, [s / drawn_wh for s in sensitivity]),
                trace_mps=[*memory.trace_mps, *(m.speed_mps for m in moments)][-TRACE_S:],
            ),
            time_ns,
        )

    def _take_pulses(self, moments: Sequence[Moment], flows: Sequence[Flows]) -> None:
        volts = [m.voltage_v for m in moments if m.voltage_v is not None]
        amps = [m.current_a for m in moments if m.current_a is not None]
        warm = all(m.battery_degc is not None for m in moments)
        if len(volts) < len(moments) or len(amps) < len(moments) or not warm:
            return
        measured = slope_of(volts, amps)
        model = slope_of([f.battery_voltage_v for f in flows], [f.battery_current_a for f in flows])
        if measured is not None and model is not None and model.ohm > 0.0:
            self._take(pulse_row(measured, model, share=self.shares[RESISTANCE]))

    def _count(self, second: Second) -> bool:
        """Count coulombs between two readings of the charge that lie 10 % apart."""
        if self.soc is None or second.current_a is None:
            self._anchor = None
            return False
        if self._anchor is None or self._counted_s > CHARGE_HOURS_MAX * SECONDS_PER_HOUR:
            self._anchor, self._coulombs, self._counted_s = self.soc, 0.0, 0.0
            return False
        self._coulombs += second.current_a * second.seconds
        self._counted_s += second.seconds
        change = self._anchor - self.soc
        if abs(change) < SOC_CHANGE:
            return False
        row = charge_row(
            coulombs=self._coulombs,
            soc_change=change,
            capacity_c=self.params.pack.capacity_c,
            share=self.shares[CAPACITY],
        )
        floor = math.hypot(row.floor, CURRENT_OFFSET_A * self._counted_s)
        self._take(row._replace(floor=floor))
        self.memory = aged(replace(self.memory, time_ns=second.time_ns), second.time_ns)
        self._anchor, self._coulombs, self._counted_s = self.soc, 0.0, 0.0
        return True

    def _take(self, row: Row) -> None:
        """Let a row into the belief: a doubtful one counts less, an impossible one not at all."""
        belief, offset = self.memory.belief, row.size if row.kind == DRIVING else 0.0
        line = [*row.sensitivity, offset]
        innovation = row.measured - row.predicted - offset * belief.mean[OFFSET]
        variance = variance_of(row)
        off = abs(innovation) / math.sqrt(spread_of(belief.covariance, line) + variance)
        if not off < OUTLIER:
            self.memory = replace(self.memory, outliers=self.memory.outliers + 1)
            return
        variance *= max(off / HUBER, 1.0)
        learnt = _bounded(observe(belief, line, innovation, variance))
        self.memory = replace(self.memory, mean=learnt.mean, covariance=learnt.covariance)


def _bounded(belief: Belief) -> Belief:
    mean = [min(max(x, k.low), k.high) for x, k in zip(belief.mean, KNOBS, strict=False)]
    return belief._replace(mean=[*mean, belief.mean[OFFSET]])


def _rescaled(moments: Sequence[Moment], share: float) -> list[Moment]:
    return [m._replace(climate_w=share * m.climate_w) if m.climate_w > 0.0 else m for m in moments]


def _channel_sd_wh(moments: Sequence[Moment]) -> float:
    claimed_w = [m.climate_w for m in moments if m.climate_w > 0.0]
    return channel_sd_wh(energy_wh=_wh(claimed_w), claimed_s=float(len(claimed_w)))


def _wh(power_w: Sequence[float]) -> float:
    return sum(power_w) / SECONDS_PER_HOUR


def _blend(before: Sequence[float], now: Sequence[float]) -> list[float]:
    if len(before) != len(now):
        return list(now)
    kept = SENSITIVITY_KEPT
    return [kept * a + (1.0 - kept) * b for a, b in zip(before, now, strict=True)]
