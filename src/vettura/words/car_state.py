"""The car in its owner's words and units, from its VSS signals. Pure.

What is not known is None, never 0. Units: kilometres, km/h, kilowatts and kilowatt-hours, bar.
"""

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple, TypeAlias

from vettura.bus.messages import SignalValue
from vettura.bus.paths import (
    AXLE,
    CABIN_DEGC,
    CABIN_TARGET,
    CHARGING,
    CLIMATE,
    CLIMATE_POWER,
    CURRENT_LIMIT,
    DISPLAYED_SOC,
    DOOR,
    FLAP,
    GPS_ACCURACY,
    LATITUDE,
    LONGITUDE,
    LOW_VOLTAGE,
    ODOMETER,
    OURS,
    OUTSIDE_DEGC,
    PORT,
    PRECONDITION,
    RANGE,
    SPEED,
    TRUNK,
)
from vettura.units import M_PER_KM, W_PER_KW

SEATS = {
    "driver": DOOR + "Row1.DriverSide.",
    "passenger": DOOR + "Row1.PassengerSide.",
    "rear_driver_side": DOOR + "Row2.DriverSide.",
    "rear_passenger_side": DOOR + "Row2.PassengerSide.",
}
"""The doors by the words for them; left and right depend on where the driver sits."""
WINDOWS = {name: door + "Window.Position" for name, door in SEATS.items()}
TYRES = {
    "front_left": AXLE + "Row1.Wheel.Left.Tire.Pressure",
    "front_right": AXLE + "Row1.Wheel.Right.Tire.Pressure",
    "rear_left": AXLE + "Row2.Wheel.Left.Tire.Pressure",
    "rear_right": AXLE + "Row2.Wheel.Right.Tire.Pressure",
}
KPA_PER_BAR = 100.0
SECONDS_PER_MINUTE = 60.0
AT_WORK_W = 50.0
"""Below this the cabin's climate idles."""

Values: TypeAlias = Mapping[str, SignalValue]
Word: TypeAlias = bool | int | float | str | None


class Reading(NamedTuple):
    """Where one of the owner's words comes from."""

    path: str
    read: Callable[[SignalValue], Word]


class OwnerWords(dict[str, "Word"]):
    """What an owner is told of a car, by entity; each word is made when it is asked for.

    `aims` is where actuators are moving.
    """

    def __init__(self, values: "Values", aims: "Values") -> None:
        super().__init__()
        self._values = values
        self._aims = aims

    def __missing__(self, name: str) -> "Word":
        reading = READINGS.get(name)
        made = MADE.get(name)
        if reading is not None:
            word = _read(self._values, reading)
        elif made is not None:
            word = made(self._values, self._aims)
        else:
            raise KeyError(name)
        self[name] = word
        return word


def owner_state(values: Values, aims: Values) -> dict[str, Word]:
    """Everything an owner is told of a car, by entity; `aims` is where actuators are moving."""
    words = OwnerWords(values, aims)
    return {name: words[name] for name in (*READINGS, *MADE)}


def location(values: Values) -> dict[str, Word] | None:
    """Where the car is, as Home Assistant's trackers call it; None while it does not know."""
    latitude, longitude = _number(values.get(LATITUDE)), _number(values.get(LONGITUDE))
    if latitude is None or longitude is None:
        return None
    accuracy, charge = _number(values.get(GPS_ACCURACY)), _number(values.get(DISPLAYED_SOC))
    return {
        "latitude": round(latitude, 6),
        "longitude": round(longitude, 6),
        "gps_accuracy": 0 if accuracy is None else round(accuracy),
        "battery_level": None if charge is None else round(charge),
    }


def motion(values: Values, aims: Values, path: str) -> str | None:
    """open, closed, opening or closing; None when the car does not say."""
    now, aim = _number(values.get(path)), _number(aims.get(path))
    if now is None:
        return None
    if aim is not None and aim != now:
        return "opening" if aim > now else "closing"
    return "open" if now > 0.0 else "closed"


def _is_locked(values: Values) -> bool | None:
    """Whether every door is; a car with one door unlocked is not locked."""
    locks = [values.get(door + "IsLocked") for door in SEATS.values()]
    if any(lock is False for lock in locks):
        return False
    return True if all(lock is True for lock in locks) else None


def _climate_action(values: Values) -> str | None:
    """off, idle, heating or cooling: what the climate does to the cabin's air just now."""
    is_on = values.get(CLIMATE)
    if not isinstance(is_on, bool):
        return None
    if not is_on:
        return "off"
    power_w = _number(values.get(CLIMATE_POWER))
    cabin, target = _number(values.get(CABIN_DEGC)), _number(values.get(CABIN_TARGET))
    if power_w is None or power_w < AT_WORK_W or cabin is None or target is None:
        return "idle"
    return "heating" if cabin < target else "cooling"


def _read(values: Values, reading: Reading) -> Word:
    value = values.get(reading.path)
    return None if value is None else reading.read(value)


def _number(value: SignalValue | None) -> float | None:
    if not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _scaled(per: float = 1.0, *, digits: int) -> Callable[[SignalValue], Word]:
    """A number divided by `per` and rounded; whole when `digits` is 0."""

    def read(value: SignalValue) -> Word:
        number = _number(value)
        return None if number is None else round(number / per, digits or None)

    return read


def _flag(value: SignalValue) -> Word:
    return value if isinstance(value, bool) else None


def _text(value: SignalValue) -> Word:
    return value if isinstance(value, str) and value else None


def _lower(value: SignalValue) -> Word:
    return value.lower() if isinstance(value, str) and value else None


def _time(value: SignalValue) -> Word:
    """ISO 8601, to the second; None for what is no time, and for the years around 1970."""
    if not isinstance(value, str):
        return None
    try:
        when = datetime.fromisoformat(value)
        is_real = when.tzinfo is not None and when.timestamp() > 0.0
    except (ValueError, OverflowError):
        return None
    return when.isoformat(timespec="seconds") if is_real else None


READINGS: Mapping[str, Reading] = {
    "battery": Reading(DISPLAYED_SOC, _scaled(digits=1)),
    "range": Reading(RANGE, _scaled(M_PER_KM, digits=0)),
    "odometer": Reading(ODOMETER, _scaled(M_PER_KM, digits=1)),
    "speed": Reading(SPEED, _scaled(digits=1)),
    "status": Reading(OURS + "Mode", _lower),
    "charge_power": Reading(OURS + "WallPower", _scaled(W_PER_KW, digits=2)),
    "plugged": Reading(PORT + "IsChargingCableConnected", _flag),
    "charging": Reading(CHARGING + "IsCharging", _flag),
    "charge": Reading(CHARGING + "StartStopCharging", lambda value: value == "START"),
    "charge_limit": Reading(CHARGING + "ChargeLimit", _scaled(digits=0)),
    "charge_current_limit": Reading(CURRENT_LIMIT, _scaled(digits=1)),
    "energy_added": Reading(OURS + "Charging.SessionEnergy", _scaled(digits=2)),
    "finish_time": Reading(OURS + "Charging.FinishTime", _time),
    "preconditioning": Reading(PRECONDITION, _flag),
    "ready_at": Reading(OURS + "Preconditioning.ReadyAt", _time),
    "climate": Reading(CLIMATE, lambda value: "heat_cool" if value is True else "off"),
    "cabin_temperature": Reading(CABIN_DEGC, _scaled(digits=1)),
    "climate_temperature": Reading(CABIN_TARGET, _scaled(digits=1)),
    "outside_temperature": Reading(OUTSIDE_DEGC, _scaled(digits=1)),
    **{f"door_{name}": Reading(door + "IsOpen", _flag) for name, door in SEATS.items()},
    **{f"window_{name}": Reading(path, _scaled(digits=0)) for name, path in WINDOWS.items()},
    **{
        f"tyre_{name}": Reading(path, _scaled(KPA_PER_BAR, digits=2))
        for name, path in TYRES.items()
    },
    "trip_distance": Reading("Vehicle.TraveledDistanceSinceStart", _scaled(M_PER_KM, digits=1)),
    "trip_duration": Reading("Vehicle.TripDuration", _scaled(SECONDS_PER_MINUTE, digits=0)),
    "trip_energy": Reading(OURS + "Trip.Energy", _scaled(digits=2)),
    "trip_consumption": Reading(OURS + "Trip.Consumption", _scaled(digits=1)),
    "last_trip_distance": Reading(OURS + "LastTrip.Distance", _scaled(M_PER_KM, digits=1)),
    "last_trip_duration": Reading(
        OURS + "LastTrip.Duration", _scaled(SECONDS_PER_MINUTE, digits=0)
    ),
    "last_trip_energy": Reading(OURS + "LastTrip.Energy", _scaled(digits=2)),
    "last_trip_consumption": Reading(OURS + "LastTrip.Consumption", _scaled(digits=1)),
    "battery_12v": Reading(LOW_VOLTAGE + "CurrentVoltage", _scaled(digits=1)),
    "awake": Reading(OURS + "IsAwake", _flag),
    "software_installed": Reading(OURS + "Update.InstalledVersion", _text),
    "software_latest": Reading(OURS + "Update.LatestVersion", _text),
}
"""Each of the owner's words that is one signal, put differently."""


def _motion_of(path: str) -> Callable[[Values, Values], Word]:
    return lambda values, aims: motion(values, aims, path)


MADE: Mapping[str, Callable[[Values, Values], Word]] = {
    **{f"window_{name}_motion": _motion_of(path) for name, path in WINDOWS.items()},
    "trunk": _motion_of(TRUNK),
    "charge_flap": _motion_of(FLAP),
    "locked": lambda values, _aims: _is_locked(values),
    "climate_action": lambda values, _aims: _climate_action(values),
}
"""The words that are made of several signals, or of where an actuator is moving."""
