"""What can break in a car, the trouble code it sets, and what no longer works. Pure.

A code is a letter for the system (P drive, C chassis, B body, U network) and four digits as SAE
J2012 and ISO 15031-6 build them. Where the second digit is 0 the meaning is the standards' own;
where it is 1 they leave the number to the maker of the car, and the meaning is ours.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from vettura.bus.paths import PORT

_STANDARD = "SAE J2012"
_OURS = "ours, in the range J2012 leaves to makers"


class Fault(NamedTuple):
    """One thing that can break."""

    name: str
    code: str
    words: str
    """What is broken, for a person; the reason of what is refused because of it."""
    effect: str
    """What the car then does or shows, for the document."""
    source: str
    """Who gave the code its meaning."""
    blocks: frozenset[str] = frozenset()
    """What is refused: drive, charge, charge_ac, climate, lock."""
    stuck: frozenset[str] = frozenset()
    """Actuators that stay where they are."""


WINDOW_JAM = "window_jam"
DOOR_LOCK = "door_lock"
CHARGE_PORT_LOCK = "charge_port_lock"
ISOLATION = "isolation"
CELL_IMBALANCE = "cell_imbalance"
BATTERY_SENSOR = "battery_temperature_sensor"
COOLANT_PUMP = "coolant_pump"
WEAK_12V = "weak_12v"
TYRE_LEAK = "tyre_leak"
BRAKE_LIGHT = "brake_light"
CLIMATE_UNIT = "climate_unit"
CHARGER_HOT = "charger_hot"

_TABLE = (
    Fault(
        WINDOW_JAM,
        "B1001",
        "the motor of the driver's window is jammed",
        "the driver's window stays where it is; a command for it times out",
        _OURS,
        stuck=frozenset({"Vehicle.Cabin.Door.Row1.DriverSide.Window.Position"}),
    ),
    Fault(
        DOOR_LOCK,
        "B1002",
        "the door locks do not move",
        "locking and unlocking are refused; the doors stay as they are",
        _OURS,
        blocks=frozenset({"lock"}),
    ),
    Fault(
        CHARGE_PORT_LOCK,
        "B1003",
        "the lock of the charging port is stuck",
        "no charge starts; the cable's latch stays as it is",
        _OURS,
        blocks=frozenset({"charge"}),
        stuck=frozenset({PORT + "IsChargingCableLocked"}),
    ),
    Fault(
        ISOLATION,
        "P0AA6",
        "the high voltage is not isolated from the body",
        "driving and charging are refused; a trip or charge under way goes on",
        _STANDARD,
        blocks=frozenset({"drive", "charge"}),
    ),
    Fault(
        CELL_IMBALANCE,
        "P0A80",
        "the cells of the battery have drifted apart",
        "the cell voltages lie further apart",
        _STANDARD,
    ),
    Fault(
        BATTERY_SENSOR,
        "P0A9B",
        "a temperature sensor of the battery has failed",
        "the coldest cell temperature reads -40 °C",
        _STANDARD,
    ),
    Fault(
        COOLANT_PUMP,
        "P0A05",
        "the coolant pump of the motor's electronics has failed",
        "the coolant gets warmer under load",
        _STANDARD,
    ),
    Fault(
        WEAK_12V,
        "P0562",
        "the 12 V battery is weak",
        "the 12 V voltage is low when the car sleeps",
        _STANDARD,
    ),
    Fault(
        TYRE_LEAK,
        "C1001",
        "the front left tyre loses air",
        "the front left pressure is low",
        _OURS,
    ),
    Fault(
        BRAKE_LIGHT,
        "B1004",
        "the brake light does not light",
        "the brake light stays dark; a command for it is refused",
        _OURS,
        stuck=frozenset({"Vehicle.Body.Lights.Brake.IsActive"}),
    ),
    Fault(
        CLIMATE_UNIT,
        "U0164",
        "the climate control unit does not answer",
        "the climate goes off and cannot be switched on",
        _STANDARD,
        blocks=frozenset({"climate"}),
    ),
    Fault(
        CHARGER_HOT,
        "P1001",
        "the on-board charger is too hot",
        "an AC charge stops and none starts; DC is untouched",
        _OURS,
        blocks=frozenset({"charge_ac"}),
    ),
)
FAULTS: Mapping[str, Fault] = {fault.name: fault for fault in _TABLE}
"""Every fault by name."""


def fault_named(word: str) -> Fault | None:
    """The fault of that name, or of that trouble code, which is all that a tester knows."""
    return FAULTS.get(word) or next((f for f in _TABLE if f.code == word), None)


def codes(faults: Iterable[str]) -> list[str]:
    """The trouble codes of what is broken, each once, sorted."""
    return sorted({FAULTS[name].code for name in faults if name in FAULTS})


def stuck_paths(faults: Iterable[str]) -> frozenset[str]:
    """Actuators that cannot move."""
    return frozenset(path for name in faults if name in FAULTS for path in FAULTS[name].stuck)


def stuck_because(faults: Iterable[str], path: str) -> str:
    """Why that actuator cannot move, in words; empty when it can."""
    return next((FAULTS[n].words for n in faults if n in FAULTS and path in FAULTS[n].stuck), "")


def blocked_because(faults: Iterable[str], deed: str) -> str:
    """Why the car does not do that (a word of `Fault.blocks`), in words; empty when it does."""
    return next((FAULTS[n].words for n in faults if n in FAULTS and deed in FAULTS[n].blocks), "")
