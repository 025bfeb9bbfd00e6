"""The year as it really is: sun, load, prices, where the cars are. Strategies see none of it."""

from dataclasses import dataclass
from typing import final

from vettura.energy.car_store import CarStore
from vettura.energy.config import BatteryConfig
from vettura.energy.need import Consumption, Wish
from vettura.energy.problem import Array, Connection
from vettura.energy.slots import Slots

PUBLIC_PER_WH = 0.59e-3
"""What a watt-hour costs on the way, for who left with too little: our assumption of what a
traveller without contract pays at a DC station in Germany in 2024 [EUR/Wh]."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """One time away from the cable, as it really was."""

    name: str
    leave_ns: int
    back_ns: int
    stated_ns: int
    """When its driver had said the car would leave."""
    first: int
    end: int
    """The slots from `first` to `end` - 1 are not whole at home."""
    distance_m: float
    degc: float
    way_factor: float
    """What its way usually takes beside the car's other ways."""
    used_wh: float
    """From the cells: the drive, and cabin and battery prepared before it."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CarYear:
    """One car over the year."""

    vin: str
    store: CarStore
    start_wh: float
    absences: tuple[Absence, ...]
    consumption: Consumption
    """What the plan knows of how much it takes."""
    wish: Wish
    wear_per_wh: float
    gives: bool = True
    """Whether strategies that give may take from it."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """One house over one stretch of time; arrays have one entry for each slot."""

    slots: Slots
    timezone: str
    load_w: Array
    sun_w: Array
    import_per_wh: Array
    export_per_wh: Array
    carbon_g_per_wh: Array | None
    """Of what the grid delivers; None when nobody knows."""
    connection: Connection
    cars: tuple[CarYear, ...]
    battery: BatteryConfig | None = None
    carbon_per_g: float = 0.0
    is_stated_exact: bool = True
    """Whether plans may take stated departures at their word."""
    end_per_wh: float
    """What a watt-hour in the cells is worth at the end, for all strategies alike."""
    public_per_wh: float = PUBLIC_PER_WH
