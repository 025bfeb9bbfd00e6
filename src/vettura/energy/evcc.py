"""A request to evcc's optimiser (`POST /optimize/charge-schedule`): its form and its answer's.

Words and units are evcc's: Wh for each step of `dt` seconds, prices per Wh. Read from
github.com/evcc-io/optimizer, `openapi.yaml`; what they mean is in `evcc_value`.
"""

from typing import Annotated, Literal, TypeAlias, final

import msgspec
from msgspec import Meta, Struct, field

from vettura.errors import InputError

NotNegative: TypeAlias = Annotated[float, Meta(ge=0.0, le=1e9)]
Energy: TypeAlias = Annotated[float, Meta(ge=-1e9, le=1e9)]
Price: TypeAlias = Annotated[float, Meta(ge=-1e4, le=1e4)]
"""Per Wh in evcc's requests; its own examples also say 0.3, so it may be anything."""
Charging: TypeAlias = Literal[
    "none",
    "charge_before_export",
    "attenuate_demand_peaks",
    "attenuate_feedin_peaks",
    "attenuate_grid_peaks",
]
Discharging: TypeAlias = Literal["none", "discharge_before_import"]
STEPS_MAX = 1_000


class Strategy(Struct, frozen=True):
    """What breaks ties."""

    charging_strategy: Charging = "none"
    discharging_strategy: Discharging = "none"


class Grid(Struct, frozen=True):
    """Limits of the connection [W]; None: none."""

    p_max_imp: NotNegative | None = None
    p_max_exp: NotNegative | None = None
    prc_p_exc_imp: NotNegative | None = None
    """For the highest power above `p_max_imp`, per W; None: the limit holds."""


class Battery(Struct, frozen=True):
    """A battery or a car."""

    s_min: NotNegative
    s_max: NotNegative
    s_initial: NotNegative
    c_min: NotNegative
    """Either nothing or at least this [W]."""
    c_max: NotNegative
    d_max: NotNegative
    p_a: Price
    """Worth of each Wh at the end."""
    s_capacity: NotNegative | None = None
    """None: `s_max`."""
    charge_from_grid: bool = False
    discharge_to_grid: bool = False
    p_demand: list[NotNegative] | None = None
    """[Wh] that it shall take in each step, until it is full."""
    s_goal: list[NotNegative] | None = None
    """[Wh] that it shall hold at the end of a step; 0: nothing asked."""
    c_priority: Annotated[int, Meta(ge=0, le=2)] = 0

    @property
    def capacity(self) -> float:
        """At most held [Wh]."""
        return self.s_max if self.s_capacity is None else self.s_capacity


class TimeSeries(Struct, frozen=True):
    """Step by step: seconds, the house's Wh, the sun's Wh, prices."""

    dt: list[Annotated[float, Meta(ge=1.0, le=1e6)]]
    gt: list[Energy]
    ft: list[Energy]
    p_N: list[Price]  # noqa: N815  evcc's word
    p_E: list[Price]  # noqa: N815
    gt_add: list[list[Energy]] = []


class Request(Struct, frozen=True):
    """What evcc asks."""

    batteries: Annotated[list[Battery], Meta(max_length=16)]
    time_series: TimeSeries
    strategy: Strategy = field(default_factory=Strategy)
    grid: Grid = field(default_factory=Grid)
    eta_c: Annotated[float, Meta(ge=0.1, le=1.0)] = 0.95
    eta_d: Annotated[float, Meta(ge=0.1, le=1.0)] = 0.95


class BatteryAnswer(Struct, frozen=True):
    """[Wh] in each step."""

    charging_power: list[float]
    discharging_power: list[float]
    state_of_charge: list[float]
    """At the end of each step."""


class Violations(Struct, frozen=True):
    """Which limits do not hold."""

    grid_import_limit_exceeded: bool = False
    grid_export_limit_hit: bool = False


@final
class Response(Struct, frozen=True):
    """What evcc hears."""

    status: Literal["Optimal", "Infeasible"]
    objective_value: float | None
    limit_violations: Violations
    batteries: list[BatteryAnswer]
    grid_import: list[float]
    grid_export: list[float]
    flow_direction: list[int]
    """1: nothing is imported."""
    grid_import_overshoot: list[float]
    grid_export_overshoot: list[float]


def read_request(text: bytes) -> Request:
    """The request in this JSON; `InputError` says what is wrong with it."""
    try:
        request = msgspec.json.decode(text, type=Request)
    except msgspec.DecodeError as error:
        raise InputError(f"the request is not one of evcc's: {error}") from error
    series = request.time_series
    steps = len(series.dt)
    if not 1 <= steps <= STEPS_MAX:
        raise InputError(f"time_series.dt: {steps} steps; it takes 1 to {STEPS_MAX}")
    lengths = {
        "time_series.gt": series.gt,
        "time_series.ft": series.ft,
        "time_series.p_N": series.p_N,
        "time_series.p_E": series.p_E,
        **{f"time_series.gt_add[{i}]": added for i, added in enumerate(series.gt_add)},
    }
    for i, battery in enumerate(request.batteries):
        lengths[f"batteries[{i}].p_demand"] = battery.p_demand or [0.0] * steps
        lengths[f"batteries[{i}].s_goal"] = battery.s_goal or [0.0] * steps
    for name, values in lengths.items():
        if len(values) != steps:
            raise InputError(f"{name}: {len(values)} numbers; time_series.dt has {steps}")
    return request
