"""Mode 01 of SAE J1979 (ISO 15031-5): the parameters that an electric car has.

Scalings are those of SAE J1979-DA, the digital annex that lists every parameter; the name stands
with each. A parameter whose signal is unknown is not answered.
"""

import struct
from collections.abc import Callable, Mapping
from typing import NamedTuple

from vettura.bus.paths import BATTERY, MOTOR, TROUBLE_CODES
from vettura.car.road import pressure_at
from vettura.faces.obd_codes import present
from vettura.faces.obd_heard import Values, number

BLOCK = 0x20
"""A bitmap tells of the 32 parameters after it."""
NO_OBD = 0x05
"""PID 1C: not made to any OBD requirement; what we model is no certified system."""
FUEL_ELECTRIC = 0x08
"""PID 51: battery/electric."""


class Pid(NamedTuple):
    """One parameter."""

    size: int
    name: str
    """In the words of the annex."""
    paths: tuple[str, ...]
    """Signals it is made of; all must be known."""
    encode: Callable[..., bytes]
    """Takes the signals as numbers, in the order of `paths`."""


def _scaled(size: int, *, per_unit: float = 1.0, offset: float = 0.0) -> Callable[[float], bytes]:
    """Unsigned big-endian of (value + offset) · per_unit, held at its ends as a sensor is."""
    top = (1 << 8 * size) - 1

    def encode(value: float) -> bytes:
        return _held((value + offset) * per_unit, 0, top).to_bytes(size, "big")

    return encode


def _held(value: float, low: int, high: int) -> int:
    """The nearest whole number between the ends; a product too large for a float is at one."""
    return round(min(max(value, float(low)), float(high)))


def _share(part: float, whole: float) -> bytes:
    return _scaled(1, offset=125.0)(100.0 * part / whole if whole else 0.0)


def _pressure(altitude_m: float) -> bytes:
    return _scaled(1)(pressure_at(altitude_m) / 1000.0)


def _battery(voltage_v: float, current_a: float, charging: float) -> bytes:
    """PID 9A: what is supported, charging state, 1/64 V, 0.1 A signed.

    VSS counts what flows in as positive; here, as in the tools we know, what flows out.
    """
    state = 0b101 if charging else 0b011
    volts = _held(voltage_v * 64.0, 0, 0xFFFF)
    amps = _held(-current_a * 10.0, -0x8000, 0x7FFF)
    return struct.pack(">BBHh", 0x0F, state, volts, amps)


_percent = _scaled(1, per_unit=255.0 / 100.0)

PIDS: Mapping[int, Pid] = {
    0x0D: Pid(1, "Vehicle speed [km/h]", ("Vehicle.Speed",), _scaled(1)),
    0x1C: Pid(1, "OBD requirements", (), lambda: bytes([NO_OBD])),
    0x1F: Pid(2, "Time since start [s]", ("Vehicle.TripDuration",), _scaled(2)),
    0x33: Pid(1, "Barometric pressure [kPa]", ("Vehicle.CurrentLocation.Altitude",), _pressure),
    0x42: Pid(
        2,
        "Control module voltage [1/1000 V]",
        ("Vehicle.LowVoltageBattery.CurrentVoltage",),
        _scaled(2, per_unit=1000.0),
    ),
    0x46: Pid(
        1,
        "Ambient air temperature [°C + 40]",
        ("Vehicle.Exterior.AirTemperature",),
        _scaled(1, offset=40.0),
    ),
    0x49: Pid(
        1,
        "Accelerator pedal position D [100/255 %]",
        ("Vehicle.Chassis.Accelerator.PedalPosition",),
        _percent,
    ),
    0x51: Pid(1, "Type of fuel", (), lambda: bytes([FUEL_ELECTRIC])),
    0x5A: Pid(
        1,
        "Relative accelerator pedal position [100/255 %]",
        ("Vehicle.Chassis.Accelerator.PedalPosition",),
        _percent,
    ),
    0x5B: Pid(
        1,
        "Hybrid/EV battery pack remaining charge [100/255 %]",
        (BATTERY + "StateOfCharge.Current",),
        _percent,
    ),
    0x61: Pid(
        1,
        "Driver's demand, percent torque [% + 125]",
        ("Vehicle.Chassis.Accelerator.PedalPosition",),
        _scaled(1, offset=125.0),
    ),
    0x62: Pid(
        1, "Actual, percent torque [% + 125]", (MOTOR + "Torque", MOTOR + "MaxTorque"), _share
    ),
    0x63: Pid(2, "Reference torque [Nm]", (MOTOR + "MaxTorque",), _scaled(2)),
    0x9A: Pid(
        6,
        "Hybrid/EV battery: state, voltage [1/64 V], current [0.1 A]",
        (BATTERY + "CurrentVoltage", BATTERY + "CurrentCurrent", BATTERY + "Charging.IsCharging"),
        _battery,
    ),
    0xA6: Pid(4, "Odometer [0.1 km]", ("Vehicle.TraveledDistance",), _scaled(4, per_unit=0.01)),
    0xB2: Pid(
        1, "Traction battery state of health [100/255 %]", (BATTERY + "StateOfHealth",), _percent
    ),
}
"""By number; 01 and the bitmaps, which are made of the others, come on top."""


def _bitmaps() -> Mapping[int, bytes]:
    """Bit 31 of bitmap 00 is PID 01, bit 0 PID 20, which says whether there is a next bitmap."""
    known = {0x01, *PIDS}
    last = max(known) // BLOCK * BLOCK
    known.update(range(BLOCK, last + 1, BLOCK))
    return {
        first: sum(
            1 << (first + BLOCK - pid) for pid in known if 0 < pid - first <= BLOCK
        ).to_bytes(4, "big")
        for first in range(0, last + 1, BLOCK)
    }


BITMAPS = _bitmaps()


def pid_data(pid: int, values: Values) -> bytes | None:
    """The bytes of one parameter; None when the car has none or its signal is unknown."""
    if pid in BITMAPS:
        return BITMAPS[pid]
    if pid == 0x01:
        return _monitor_status(values)
    row = PIDS.get(pid)
    if row is None:
        return None
    known = [value for path in row.paths if (value := number(values, path)) is not None]
    return row.encode(*known) if len(known) == len(row.paths) else None


def _monitor_status(values: Values) -> bytes | None:
    """PID 01: lamp and count; of the monitors only comprehensive components, and it is complete."""
    if TROUBLE_CODES not in values:
        return None
    count = min(len(present(values)), 0x7F)
    return bytes([count | (0x80 if count else 0x00), 0x04, 0x00, 0x00])
