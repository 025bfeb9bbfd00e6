"""`[energy]` of the home file: tariff, connection, panels, battery, loads, goals."""

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from vettura.life.limits import check_token

TimeOfDay: TypeAlias = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Price: TypeAlias = Annotated[float, Meta(ge=-5.0, le=5.0)]
"""Currency per kWh."""
Day: TypeAlias = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class FixedTariff(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="fixed"
):
    """One price at all times."""

    per_kwh: Price = 0.30


class Band(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A price at these hours, local time; `since` later than `until` runs over midnight."""

    per_kwh: Price
    since: TimeOfDay = "00:00"
    until: TimeOfDay = "00:00"
    """Equal to `since`: the whole day."""
    days: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    months: tuple[Annotated[int, Meta(ge=1, le=12)], ...] = ()
    """None named: all."""


class TimeOfUseTariff(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="time_of_use"
):
    """The first band that holds gives the price."""

    bands: Annotated[tuple[Band, ...], Meta(min_length=1, max_length=48)]
    otherwise_per_kwh: Price


class DynamicTariff(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="dynamic"
):
    """Day-ahead market prices; what a house pays is `factor` times the market plus `plus`."""

    file: str = ""
    """CSV or JSON, read again when it changes; relative to the home file."""
    url: str = ""
    """Asked over HTTP; {today}, {tomorrow} and {after} stand for local dates."""
    topic: str = ""
    """MQTT."""
    unit: Literal["", "per_kwh", "cents_per_kwh", "per_mwh"] = ""
    """Of the source's prices, where it does not say."""
    token_file: str = ""
    """Holds the token that `url` wants as `Authorization: Bearer`; relative to the home file."""
    factor: Annotated[float, Meta(ge=0.0, le=5.0)] = 1.0
    plus_per_kwh: Price = 0.0
    published: TimeOfDay = "13:00"
    """Local time at which tomorrow's prices are out."""
    zone: str = ""
    """Time zone of the market's days; empty: the household's."""


Tariff: TypeAlias = FixedTariff | TimeOfUseTariff | DynamicTariff


class GridConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[energy.grid]`: the house's connection."""

    fuse_a: Annotated[float, Meta(gt=0.0, le=400.0)] = 35.0
    """Of each phase."""
    phases: Literal[1, 3] = 3
    export_w_max: Annotated[float, Meta(ge=0.0)] | None = None
    """None: as much as the fuse."""
    peak_per_kw: Annotated[float, Meta(ge=0.0, le=100.0)] = 0.0
    """For each month's highest quarter of an hour."""
    carbon_g_per_kwh: Annotated[float, Meta(ge=0.0, le=2_000.0)] | None = None
    """None: as the prices' source says, or unknown."""
    carbon_per_t: Annotated[float, Meta(ge=0.0, le=1_000.0)] = 0.0
    """What a tonne is worth to these people."""


class PanelConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[energy.panels]]`: one roof."""

    id: str = "roof"
    peak_w: Annotated[float, Meta(gt=0.0, le=100_000.0)]
    tilt_deg: Annotated[float, Meta(ge=0.0, le=90.0)] = 30.0
    azimuth_deg: Annotated[float, Meta(ge=0.0, lt=360.0)] = 180.0
    """Where it looks: 90 east, 180 south."""
    losses: Annotated[float, Meta(ge=0.0, lt=1.0)] = 0.14
    """Share lost to dirt, cables, mismatch: PVWatts' default (Dobos, NREL/TP-6A20-62641, 2014)."""
    inverter_w_max: Annotated[float, Meta(gt=0.0)] | None = None
    """None: as much as its peak."""

    def __post_init__(self) -> None:
        check_token("energy.panels.id", self.id)


class BatteryConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[energy.battery]`: a battery in the house."""

    id: str = "battery"
    capacity_wh: Annotated[float, Meta(gt=0.0, le=200_000.0)]
    charge_w_max: Annotated[float, Meta(gt=0.0, le=100_000.0)] = 5_000.0
    discharge_w_max: Annotated[float, Meta(gt=0.0, le=100_000.0)] = 5_000.0
    charge_efficiency: Annotated[float, Meta(gt=0.5, le=1.0)] = 0.95
    discharge_efficiency: Annotated[float, Meta(gt=0.5, le=1.0)] = 0.95
    soc: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.5
    """When it is new."""
    soc_min: Annotated[float, Meta(ge=0.0, lt=1.0)] = 0.1
    wear_per_kwh: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.03
    exports: bool = False
    feeds_cars: bool = False
    """Whether it may be drained into cars; else it serves the house alone."""

    def __post_init__(self) -> None:
        check_token("energy.battery.id", self.id)


class LoadConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[energy.load]`: what the virtual house uses without its cars."""

    kwh_per_year: Annotated[float, Meta(ge=0.0, le=100_000.0)] = 3_500.0


class FlexibleConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[energy.flexible]]`: a load that needs its energy within some hours: a boiler, a pump."""

    id: str
    kwh: Annotated[float, Meta(gt=0.0, le=100.0)]
    power_w: Annotated[float, Meta(gt=0.0, le=22_000.0)]
    since: TimeOfDay = "00:00"
    until: TimeOfDay = "00:00"
    days: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

    def __post_init__(self) -> None:
        check_token("energy.flexible.id", self.id)


class CalendarConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[energy.calendar]`: where entries that need a car come from."""

    file: str = ""
    """An iCalendar file, relative to the home file."""
    url: str = ""


class SunForecastConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[energy.sun_forecast]`: a forecast that somebody gives, instead of the house's own."""

    file: str = ""
    """JSON, relative to the home file."""
    url: str = ""
    """Asked over HTTP each hour."""
    topic: str = ""
    """MQTT."""


class CarGoalConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[energy.goals]]`: what a car shall hold; without one, its people's days decide."""

    vin: str
    soc: Annotated[float, Meta(ge=0.0, le=1.0)] | None = None
    by: TimeOfDay | None = None
    days: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    floor_soc: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.2
    """Filled at once whatever it costs."""
    gives: bool = False
    """Whether the car may feed the house (V2H)."""
    exports: bool = False
    """Whether what it gives may leave the house (V2G)."""
    wear_per_kwh: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.05
    """For each kWh given: ageing, as money."""


EntityId: TypeAlias = Annotated[str, Meta(pattern=r"^sensor\.[a-z0-9_]{1,64}$")]


class SensorsConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[energy.sensors]`: a real home's meters, as entities of its devices.

    Units are the entities' own: W or kW, Wh, kWh or MWh, %.
    """

    grid: EntityId | None = None
    """Power from the grid; negative is delivered. None: the sum of `grid_phases`."""
    grid_phases: Annotated[tuple[EntityId, ...], Meta(max_length=3)] = ()
    grid_is_export: bool = False
    """The meter counts what is delivered as positive."""
    sun: EntityId | None = None
    battery: EntityId | None = None
    """Power into the home battery; negative comes out of it."""
    battery_is_discharge: bool = False
    """The battery's sensor counts what comes out as positive."""
    battery_soc: EntityId | None = None
    import_energy: EntityId | None = None
    export_energy: EntityId | None = None
    sun_energy: EntityId | None = None
    """Counters. None: counted from the power."""


class SharingConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[energy.sharing]`: how stations are kept below the fuse."""

    reserve_a: Annotated[float, Meta(ge=0.0, le=100.0)] = 6.0
    """Left free on each phase for what the house may switch on before stations have given way."""
    turn_s: Annotated[float, Meta(ge=60.0, le=86_400.0)] = 900.0
    """How long a car charges before it makes room for another, when 6 A for each do not fit."""


class EnergyConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[energy]`: a house whose charging is planned."""

    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$")] = "EUR"
    tariff: Tariff = FixedTariff()
    feed_in: Tariff = FixedTariff(per_kwh=0.08)
    """What the grid pays for what the house delivers."""
    grid: GridConfig = GridConfig()
    panels: Annotated[tuple[PanelConfig, ...], Meta(max_length=16)] = ()
    battery: BatteryConfig | None = None
    load: LoadConfig = LoadConfig()
    flexible: Annotated[tuple[FlexibleConfig, ...], Meta(max_length=32)] = ()
    calendar: CalendarConfig | None = None
    sun_forecast: SunForecastConfig | None = None
    goals: Annotated[tuple[CarGoalConfig, ...], Meta(max_length=16)] = ()
    slot_s: Literal[900, 1800, 3600] = 900
    horizon_h: Annotated[int, Meta(ge=12, le=96)] = 48
    virtual: bool = True
    """Sun, load, battery and meter are simulated; False: meters are heard from the bus."""
    sensors: SensorsConfig = SensorsConfig()
    """Where they are heard, when `virtual` is false."""
    sharing: SharingConfig = SharingConfig()
