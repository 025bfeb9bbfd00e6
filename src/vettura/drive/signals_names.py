"""Branches of the tree of signals, and what every file about signals needs to look at. Pure."""

from typing import NamedTuple

from vettura.bus.messages import SignalValue
from vettura.car.params import Params
from vettura.drive.living import Air, Living
from vettura.drive.signals_make import Make

ADAS = "Vehicle.ADAS."
BATTERY = "Vehicle.Powertrain.TractionBattery."
BODY = "Vehicle.Body."
CABIN = "Vehicle.Cabin."
CHARGING = BATTERY + "Charging."
CHASSIS = "Vehicle.Chassis."
HVAC = CABIN + "HVAC."
LIGHTS = BODY + "Lights."
LOCATION = "Vehicle.CurrentLocation."
MOTOR = "Vehicle.Powertrain.ElectricMotor."
OURS = "Vehicle.Private.Vettura."
PORT = CHARGING + "ChargingPort.AnyPosition."
TRANSMISSION = "Vehicle.Powertrain.Transmission."
DOORS = tuple(
    f"{CABIN}Door.{row}.{side}."
    for row in ("Row1", "Row2")
    for side in ("DriverSide", "PassengerSide")
)

Values = dict[str, SignalValue]


class Look(NamedTuple):
    """All that a signal may tell of."""

    params: Params
    make: Make
    car: Living
    air: Air
