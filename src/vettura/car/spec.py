"""What is written in a car file: public figures only, each with its source.

One TOML file per car under `car/models/`. Quantities are SI and watt-hours, as everywhere inside.
"""

from typing import Annotated, Generic, Literal, TypeVar

import msgspec
from msgspec import Meta

T = TypeVar("T")


class Figure(msgspec.Struct, Generic[T], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A figure from the world and where it was read."""

    value: T
    source: Annotated[str, Meta(min_length=1)]
    """A key of the file's `[sources]` table."""
    estimate: bool = False
    """True when nobody published it and we had to judge; `source` says from what."""


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Break points of a curve, joined by straight lines."""

    at: Annotated[list[float], Meta(min_length=2)]
    value: Annotated[list[float], Meta(min_length=2)]
    source: Annotated[str, Meta(min_length=1)]
    estimate: bool = False


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the car file that refuses keys it does not know."""


class Body(Part, frozen=True, kw_only=True):
    """Mass, size, and what the road and the air take.

    Either `coast_down` (a dynamometer's target road load) is given, or drag and rolling resistance.
    """

    kerb_mass_kg: Figure[Annotated[float, Meta(ge=300, le=5000)]]
    """Ready to drive, without driver."""
    length_m: Figure[Annotated[float, Meta(ge=2, le=7)]]
    width_m: Figure[Annotated[float, Meta(ge=1, le=2.6)]]
    height_m: Figure[Annotated[float, Meta(ge=1, le=3)]]
    drag_coefficient: Figure[Annotated[float, Meta(ge=0.1, le=0.8)]]
    frontal_area_m2: Figure[Annotated[float, Meta(ge=1, le=5)]]
    rolling_resistance: Figure[Annotated[float, Meta(ge=0.003, le=0.03)]]
    """Rolling force over weight, tyres warm at 20 °C."""
    wheel_radius_m: Figure[Annotated[float, Meta(ge=0.2, le=0.6)]]
    """Rolling radius under load."""
    coast_down: "CoastDown | None" = None
    """None when no authority published one; drag and tyres are used then."""


class CoastDown(Part, frozen=True, kw_only=True):
    """Target road load F = A + B·v + C·v² with the mass it was set for (40 CFR 1066)."""

    a_n: Annotated[float, Meta(ge=0, le=1000)]
    b_n_per_mps: Annotated[float, Meta(ge=-20, le=30)]
    c_n_per_mps2: Annotated[float, Meta(ge=0, le=2)]
    test_mass_kg: Annotated[float, Meta(ge=300, le=6000)]
    source: Annotated[str, Meta(min_length=1)]


class Drive(Part, frozen=True, kw_only=True):
    """What the motors do together, and how the car brakes by them."""

    wheels: Figure[Literal["front", "rear", "all"]]
    power_max_w: Figure[Annotated[float, Meta(ge=5_000, le=2_000_000)]]
    """Of the whole car; less than the sum of its motors where the battery or the maker limits."""
    lift_off_regen: Figure[Literal["strong", "selectable", "light", "none"]]
    """What lifting the accelerator does: brakes hard, as the driver chose, gently, or coasts."""
    regen_power_max_w: Figure[Annotated[float, Meta(ge=1_000, le=1_000_000)]]
    regen_deceleration_max_mps2: Figure[Annotated[float, Meta(ge=0.3, le=5)]]
    """Braking that the motors alone may do; the rest is friction."""


class Motor(Part, frozen=True, kw_only=True):
    """What drives one axle: motor, inverter and gear. Two motors on an axle count as one."""

    axle: Figure[Literal["front", "rear"]]
    kind: Figure[Literal["psm", "asm", "eesm"]]
    """Permanent magnet, induction, or separately excited synchronous."""
    inverter: Figure[Literal["igbt", "sic"]]
    """Silicon or silicon-carbide switches."""
    power_max_w: Figure[Annotated[float, Meta(ge=5_000, le=2_000_000)]]
    torque_max_nm: Figure[Annotated[float, Meta(ge=30, le=3000)]]
    gear_ratio: Figure[Annotated[float, Meta(ge=3, le=20)]]
    """Motor turns for each turn of the wheel; of several gears, the one driven in everyday."""


class Battery(Part, frozen=True, kw_only=True):
    """The traction battery."""

    chemistry: Figure[Literal["nmc", "nmc_lmo", "lfp", "nca", "lmo"]]
    """`nmc_lmo`: layered oxide blended with manganese spinel, as in the first electric cars."""
    capacity_gross_wh: Figure[Annotated[float, Meta(ge=3_000, le=300_000)]]
    capacity_net_wh: Figure[Annotated[float, Meta(ge=3_000, le=300_000)]]
    """What the driver can use."""
    cells_in_series: Figure[Annotated[int, Meta(ge=24, le=300)]]


class Climate(Part, frozen=True, kw_only=True):
    """What heats and cools the cabin."""

    heat_pump: Figure[bool]
    heater_power_max_w: Figure[Annotated[float, Meta(ge=500, le=20_000)]]
    """Heat into the cabin at most."""


class Charging(Part, frozen=True, kw_only=True):
    """What the car takes at a station."""

    ac_power_max_w: Figure[Annotated[float, Meta(ge=1_000, le=50_000)]]
    ac_phases: Figure[Annotated[int, Meta(ge=1, le=3)]]
    dc_curve: Table
    """Power [W] at the inlet over displayed charge (0 to 1), battery warm."""
    ac_power_one_phase_max_w: Figure[Annotated[float, Meta(ge=1_000, le=22_000)]] | None = None
    """None: what its phases share in `ac_power_max_w`."""
    boost_power_max_w: Figure[Annotated[float, Meta(ge=1_000, le=400_000)]] | None = None
    """At a DC station below the pack's voltage; None: the usual booster of an 800 V car."""
    outlet_power_max_w: Figure[Annotated[float, Meta(ge=100, le=22_000)]] | None = None
    """What it gives to a plug at its on-board charger; None when it gives nothing there."""
    dc_discharge_power_max_w: Figure[Annotated[float, Meta(ge=1_000, le=50_000)]] | None = None
    """What a two-way DC station (CHAdeMO, CCS) takes out of it; None: nothing."""


class CarSpec(Part, frozen=True, kw_only=True):
    """A whole car file."""

    id: Annotated[str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    make: str
    model: str
    year: Annotated[int, Meta(ge=1990, le=2100)]
    sources: dict[str, str]
    """Short key to a full reference: author, title, year, page or address."""
    body: Body
    drive: Drive
    motors: Annotated[list[Motor], Meta(min_length=1, max_length=2)]
    """One for each driven axle, the one that drives most of the time first."""
    battery: Battery
    climate: Climate
    charging: Charging
    published: dict[str, Figure[float]] = {}
    """Results that others published (range, consumption), to compare; no input of the model."""

    @property
    def name(self) -> str:
        """Make and model as people say them."""
        return f"{self.make} {self.model}"
