"""What every file about signals needs to look at. Pure."""

from typing import NamedTuple

from vettura.bus.messages import SignalValue
from vettura.bus.paths import DOOR
from vettura.car.params import Params
from vettura.drive.living import Air, Living
from vettura.drive.signals_make import Make

DOORS = tuple(
    f"{DOOR}{row}.{side}." for row in ("Row1", "Row2") for side in ("DriverSide", "PassengerSide")
)

Values = dict[str, SignalValue]


class Look(NamedTuple):
    """All that a signal may tell of."""

    params: Params
    make: Make
    car: Living
    air: Air
