"""What Home Assistant should say of a car, worked out anew from the car's own signals."""

from datetime import datetime

BATTERY = "Vehicle.Powertrain.TractionBattery."
CHARGING = BATTERY + "Charging."
PORT = CHARGING + "ChargingPort.AnyPosition."
OURS = "Vehicle.Private.Vettura."
HVAC = "Vehicle.Cabin.HVAC."
DOORS = {
    "driver": "Vehicle.Cabin.Door.Row1.DriverSide.",
    "passenger": "Vehicle.Cabin.Door.Row1.PassengerSide.",
    "rear_driver_side": "Vehicle.Cabin.Door.Row2.DriverSide.",
    "rear_passenger_side": "Vehicle.Cabin.Door.Row2.PassengerSide.",
}
WHEELS = {
    "front_left": "Row1.Wheel.Left",
    "front_right": "Row1.Wheel.Right",
    "rear_left": "Row2.Wheel.Left",
    "rear_right": "Row2.Wheel.Right",
}


def number(path, per=1.0, tolerance=0.051):
    def compare(state, signals):
        value = signals.get(path)
        if value is None:
            return state["state"] == "unknown"
        return abs(float(state["state"]) - value / per) <= tolerance

    return compare


def flag(path, words=("off", "on")):
    return lambda state, signals: state["state"] == _word(signals.get(path), words)


def _word(value, words):
    return "unknown" if value is None else words[bool(value)]


def time(path):
    def compare(state, signals):
        value = signals.get(path) or ""
        if not value or value.startswith("1970"):
            return state["state"] == "unknown"
        told = datetime.fromisoformat(state["state"])
        return abs((told - datetime.fromisoformat(value)).total_seconds()) < 2.0

    return compare


def pressed(state, signals):
    return state["state"] != "unavailable"


def window(path):
    def compare(state, signals):
        position = signals.get(path)
        if position is None:
            return state["state"] == "unknown"
        at = state["attributes"].get("current_position")
        return at == position and state["state"] == ("open" if position else "closed")

    return compare


def climate(state, signals):
    is_on = signals[HVAC + "IsAirConditioningActive"]
    told = state["attributes"]
    return (
        state["state"] == ("heat_cool" if is_on else "off")
        and abs(told["temperature"] - signals[HVAC + "Station.Row1.Driver.Temperature"]) < 0.1
        and abs(told["current_temperature"] - signals[HVAC + "AmbientAirTemperature"]) < 0.11
        and told["hvac_action"] in ({"idle", "heating", "cooling"} if is_on else {"off"})
    )


def tracker(state, signals):
    told, here = state["attributes"], "Vehicle.CurrentLocation."
    return (
        abs(told["latitude"] - signals[here + "Latitude"]) < 2e-6
        and abs(told["longitude"] - signals[here + "Longitude"]) < 2e-6
        and told["gps_accuracy"] == round(signals.get(here + "HorizontalAccuracy", 0.0))
    )


def software(state, signals):
    installed = signals.get(OURS + "Update.InstalledVersion") or None
    latest = signals.get(OURS + "Update.LatestVersion") or None
    told = state["attributes"]
    return told["installed_version"] == installed and told["latest_version"] == latest


def lock(state, signals):
    locks = [signals.get(door + "IsLocked") for door in DOORS.values()]
    return state["state"] == ("locked" if all(locks) else "unlocked")


def departure(state, signals):
    return (state["state"] == "") == (not signals.get(OURS + "Preconditioning.ReadyAt"))


def lid(path):
    return flag(path, ("closed", "open"))


def status(state, signals):
    return state["state"] == signals[OURS + "Mode"].lower()


def charge(state, signals):
    is_on = signals[CHARGING + "StartStopCharging"] == "START"
    return state["state"] == ("on" if is_on else "off")


_WORDS = {
    "sensor": {
        "battery": number(BATTERY + "StateOfCharge.Displayed"),
        "range": number("Vehicle.Powertrain.Range", 1000, 0.51),
        "odometer": number("Vehicle.TraveledDistance", 1000),
        "speed": number("Vehicle.Speed"),
        "status": status,
        "charge_power": number(OURS + "WallPower", 1000, 0.006),
        "energy_added": number(OURS + "Charging.SessionEnergy", tolerance=0.006),
        "finish_time": time(OURS + "Charging.FinishTime"),
        "ready_at": time(OURS + "Preconditioning.ReadyAt"),
        "outside_temperature": number("Vehicle.Exterior.AirTemperature"),
        "cabin_temperature": number(HVAC + "AmbientAirTemperature", tolerance=0.11),
        **{
            f"tyre_{name}": number(f"Vehicle.Chassis.Axle.{wheel}.Tire.Pressure", 100, 0.006)
            for name, wheel in WHEELS.items()
        },
        "trip_distance": number("Vehicle.TraveledDistanceSinceStart", 1000),
        "trip_duration": number("Vehicle.TripDuration", 60, 0.51),
        "trip_energy": number(OURS + "Trip.Energy", tolerance=0.006),
        "trip_consumption": number(OURS + "Trip.Consumption"),
        "last_trip_distance": number(OURS + "LastTrip.Distance", 1000),
        "last_trip_duration": number(OURS + "LastTrip.Duration", 60, 0.51),
        "last_trip_energy": number(OURS + "LastTrip.Energy", tolerance=0.006),
        "last_trip_consumption": number(OURS + "LastTrip.Consumption"),
        "battery_12v": number("Vehicle.LowVoltageBattery.CurrentVoltage"),
    },
    "binary_sensor": {
        "plugged": flag(PORT + "IsChargingCableConnected"),
        "charging": flag(CHARGING + "IsCharging"),
        "awake": flag(OURS + "IsAwake"),
        **{f"door_{name}": flag(door + "IsOpen") for name, door in DOORS.items()},
    },
    "lock": {"lock": lock},
    "cover": {
        **{f"window_{name}": window(door + "Window.Position") for name, door in DOORS.items()},
        "trunk": lid("Vehicle.Body.Trunk.Rear.IsOpen"),
        "charge_flap": lid(PORT + "IsFlapOpen"),
    },
    "climate": {"climate": climate},
    "switch": {
        "preconditioning": flag(OURS + "Preconditioning.IsActive"),
        "charge": charge,
    },
    "text": {"departure": departure},
    "number": {
        "charge_limit": number(CHARGING + "ChargeLimit"),
        "charge_current_limit": number(OURS + "Charging.CurrentLimit"),
    },
    "device_tracker": {"location": tracker},
    "update": {"software": software},
    "button": {"honk": pressed, "flash": pressed, "wake": pressed},
}
EXPECTED = {
    f"{domain}.xiaomi_su7_{key}": compare
    for domain, entities in _WORDS.items()
    for key, compare in entities.items()
}
"""Every entity, and whether its state fits the signals."""


def mismatches(states, signals):
    """The entities that are missing, unavailable or say something else than the car."""
    return {
        name: states.get(name, {}).get("state", "missing")
        for name, compare in EXPECTED.items()
        if not _fits(states.get(name), signals, compare)
    }


def _fits(state, signals, compare):
    if state is None or state["state"] == "unavailable":
        return False
    try:
        return compare(state, signals)
    except (KeyError, TypeError, ValueError):
        return False
