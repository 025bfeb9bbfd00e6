"""Charging: the minutes from 10 to 80 % by the model's own step, against published curves."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from msgspec.structs import replace as changed

from vettura.car.catalogue import load_car
from vettura.car.charge import displayed_soc, pack_soc
from vettura.car.params import Params
from vettura.car.relations import params_of, resting_state
from vettura.car.spec import Figure, Table
from vettura.car.state import Inputs, State
from vettura.car.step import step
from vettura.units import SECONDS_PER_HOUR
from vettura.validation.curves import FROM_SOC, TO_SOC, Curve, Curves
from vettura.validation.summary import Summary, summarise_errors

GENERIC = "vw-id4-pro"
STEP_S = 10.0
WARM_DEGC = 28.0
COLD_DEGC = (0.0, 10.0)
"""Battery temperatures at which the same session must not be faster than warm."""
OFFER = 1.3
"""What the station can give over the curve's peak: never the bottleneck."""
CABLE_A, CABLE_V = 1_500.0, 1_500.0
"""Nor is its cable."""
HOURS_MAX, SECONDS_PER_MINUTE = 12.0, 60.0
GROSS_OVER_NET = 1.05
NOMINAL_CELL_V = 400.0 / 96.0
CELLS_MIN, CELLS_MAX = 24, 300


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargingRow:
    """One curve: minutes from 10 to 80 % by the model and by the curve."""

    curve: Curve
    predicted_minutes: float
    curve_minutes: float
    """The capacity over the published power, integrated: no loss in it."""
    cold_minutes: tuple[float, ...]
    """The same session at each of COLD_DEGC."""

    @property
    def error(self) -> float:
        """Against the curve's integral."""
        return self.predicted_minutes / self.curve_minutes - 1.0

    @property
    def printed_error(self) -> float | None:
        """Against the minutes that the source prints; None when it prints none."""
        printed = self.curve.printed_minutes
        return None if printed is None else self.predicted_minutes / printed - 1.0

    @property
    def colder_is_never_faster(self) -> bool:
        """Whether the minutes rise, or stay, as the battery is colder."""
        minutes = (*self.cold_minutes, self.predicted_minutes)
        return all(cold >= warm for cold, warm in pairwise(minutes))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargingReport:
    """All real curves, and why others were left out."""

    rows: list[ChargingRow]
    left_out: dict[str, int]

    @property
    def summary(self) -> Summary | None:
        """Errors against the curves' integrals; None without a curve."""
        errors = [(row.curve.car, row.error) for row in self.rows]
        return summarise_errors(errors, stream="charging")


def validate_charging(curves: Curves, advance: Callable[[], None] = lambda: None) -> ChargingReport:
    """Charge a generic car with each curve's capacity and power; `advance` after each."""
    rows = []
    for curve in curves.real:
        params = charging_params(curve)
        rows.append(
            ChargingRow(
                curve=curve,
                predicted_minutes=session_minutes(params, curve, WARM_DEGC),
                curve_minutes=curve.minutes,
                cold_minutes=tuple(session_minutes(params, curve, degc) for degc in COLD_DEGC),
            )
        )
        advance()
    return ChargingReport(rows=rows, left_out=curves.left_out)


def charging_params(curve: Curve) -> Params:
    """A usual car with the capacity, voltage class and power of that curve."""
    usual = load_car(GENERIC)
    cells = min(max(round(curve.pack_v / NOMINAL_CELL_V), CELLS_MIN), CELLS_MAX)
    battery = changed(
        usual.battery,
        capacity_gross_wh=_given(GROSS_OVER_NET * curve.net_wh),
        capacity_net_wh=_given(curve.net_wh),
        cells_in_series=Figure(value=cells, source="curve"),
    )
    table = Table(
        at=[soc for soc, _ in curve.points],
        value=[watts for _, watts in curve.points],
        source="curve",
    )
    charging = changed(usual.charging, dc_curve=table)
    return params_of(changed(usual, battery=battery, charging=charging))


def _given(value: float) -> Figure[float]:
    return Figure(value=value, source="curve")


def session_minutes(params: Params, curve: Curve, battery_degc: float) -> float:
    """Minutes from 10 to 80 % displayed at a station that offers more than the curve.

    The battery starts at `battery_degc` in air of the same temperature. HOURS_MAX at most.
    """
    inputs = _at_station(curve, battery_degc)
    state = resting_state(params, displayed_soc=FROM_SOC, ambient_degc=battery_degc)
    target = pack_soc(params, TO_SOC)
    elapsed_s = 0.0
    while state.soc < target and elapsed_s < HOURS_MAX * SECONDS_PER_HOUR:
        before = state
        state = step(params, before, inputs, STEP_S).state
        elapsed_s += _time_to(before, state, target)
    return elapsed_s / SECONDS_PER_MINUTE


def _at_station(curve: Curve, ambient_degc: float) -> Inputs:
    """A station that is never the bottleneck, and nobody in the car."""
    return Inputs(
        ambient_degc=ambient_degc,
        awake=0.0,
        dc_power_w=OFFER * max(watts for _, watts in curve.points),
        dc_current_max_a=CABLE_A,
        dc_voltage_max_v=CABLE_V,
    )


def session_power(params: Params, curve: Curve) -> list[tuple[float, float]]:
    """Displayed charge (0 to 1) and power [W] into the pack, warm, from 1 to 99 %."""
    inputs = _at_station(curve, WARM_DEGC)
    state = resting_state(params, displayed_soc=0.01, ambient_degc=WARM_DEGC)
    limit, found = pack_soc(params, 0.99), []
    for _ in range(round(HOURS_MAX * SECONDS_PER_HOUR / STEP_S)):
        if state.soc >= limit:
            break
        shown = displayed_soc(params, state.soc)
        state, flows = step(params, state, inputs, STEP_S)
        found.append((shown, -flows.battery_power_w))
    return found


def _time_to(before: State, after: State, target: float) -> float:
    """Seconds of the step until the target is reached; all of it when it is not."""
    gained = after.soc - before.soc
    if after.soc < target or gained <= 0.0:
        return STEP_S
    return STEP_S * (target - before.soc) / gained
