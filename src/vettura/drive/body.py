"""Windows, doors, lamps, seats: actuators that need no physics but their own time. Pure.

Which they are, how far they go and how long it takes stands in the table of signals.
"""

from collections.abc import Collection, Iterable, Mapping
from functools import cache

import msgspec
from msgspec.structs import replace

from vettura.bus.messages import SignalValue
from vettura.bus.paths import CONDITIONING, SUNROOF, SUNROOF_SWITCH
from vettura.bus.signals import Signal, signal_table

_NEW: Mapping[str, SignalValue] = {
    "Vehicle.Body.Lights.LightSwitch": "AUTO",
    "Vehicle.Body.Windshield.Front.Wiping.Mode": "RAIN_SENSOR",
    "Vehicle.Cabin.HVAC.Station.Row1.Driver.AirDistribution": "MIDDLE",
    "Vehicle.Cabin.HVAC.Station.Row1.Passenger.Temperature": 21.0,
    "Vehicle.Cabin.Light.AmbientLight.Row1.DriverSide.Color": "#FFB46B",
    "Vehicle.Cabin.Light.AmbientLight.Row1.DriverSide.Intensity": 40,
    "Vehicle.Cabin.Seat.Row1.DriverSide.Position": 150,
    SUNROOF_SWITCH: "INACTIVE",
    CONDITIONING + "TargetTemperature": 25.0,
    "Vehicle.Powertrain.Transmission.PerformanceMode": "NORMAL",
}
"""What a new car's actuators are where nothing would be wrong; all others are off, shut or 0."""
_FULL_TRAVEL = {"Vehicle.Cabin.Seat.Row1.DriverSide.Position": 300.0}
"""Length of a full movement where the table gives no range; percent have 100."""
_TRAVEL_S = {SUNROOF: 8.0}
"""How long that takes where the table cannot say, because nobody commands it directly."""
_SUNROOF_GOALS = {
    "CLOSE": 0,
    "OPEN": 100,
    "ONE_SHOT_CLOSE": 0,
    "ONE_SHOT_OPEN": 100,
    "TILT_UP": -100,
    "TILT_DOWN": 0,
}
"""Where the roof goes while its switch says so; otherwise it stays where it is."""


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """Actuators at one moment, by path."""

    values: dict[str, SignalValue] = {}
    """Where they are, if elsewhere than in a new car. What is under way is a fraction: of what is
    open or shut the share that is open."""
    targets: dict[str, SignalValue] = {}
    """Where those go that are under way."""


@cache
def new_value(path: str) -> SignalValue:
    """What the actuator is in a new car."""
    if path in _NEW:
        return _NEW[path]
    match signal_table()[path]:
        case Signal(datatype="boolean"):
            return False
        case Signal(datatype="string", allowed=allowed):
            return "INACTIVE" if "INACTIVE" in allowed else allowed[0] if allowed else ""
        case Signal(datatype="float" | "double"):
            return 0.0
    return 0


def value_of(body: Body, path: str) -> SignalValue:
    """Where the actuator is, in the table's own type."""
    value = body.values.get(path, new_value(path))
    if not isinstance(value, float):
        return value
    datatype = signal_table()[path].datatype
    if datatype == "boolean":
        return value > 0.0  # A trunk that stands ajar is open.
    return value if datatype in {"float", "double"} else round(value)


def told(body: Body, path: str, otherwise: SignalValue) -> SignalValue:
    """What somebody told it to be; `otherwise` where nobody did and the car decides by itself."""
    return body.values.get(path, otherwise)


def forget(body: Body, paths: Iterable[str]) -> Body:
    """Leave these to the car again, whatever they were told."""
    paths = set(paths)
    if not paths & body.values.keys() and not paths & body.targets.keys():
        return body
    return Body(
        values={path: value for path, value in body.values.items() if path not in paths},
        targets={path: value for path, value in body.targets.items() if path not in paths},
    )


def aim(body: Body, path: str, value: SignalValue) -> Body:
    """Start moving there; at once where movement takes no time."""
    if _travel_s(path) <= 0.0:
        at_once = replace(body, values={**body.values, path: value})
        return _slide(at_once, value) if path == SUNROOF_SWITCH else at_once
    return replace(body, targets={**body.targets, path: value})


def _slide(body: Body, switch: SignalValue) -> Body:
    goal = _SUNROOF_GOALS.get(str(switch))
    if goal is None:
        targets = {path: value for path, value in body.targets.items() if path != SUNROOF}
        return replace(body, targets=targets)
    return replace(body, targets={**body.targets, SUNROOF: goal})


def is_moving(body: Body, path: str) -> bool:
    """Whether it is under way."""
    return path in body.targets


def moved(body: Body, dt_s: float, *, stuck: Collection[str] = ()) -> Body:
    """Where everything is `dt_s` later; what is `stuck` stays where it is."""
    if not body.targets:
        return body
    values, targets = dict(body.values), dict(body.targets)
    for path, target in body.targets.items():
        if path in stuck:
            continue
        values[path] = _approach(path, values.get(path, new_value(path)), target, dt_s)
        if values[path] == target:
            del targets[path]
    return Body(values=values, targets=targets)


def _approach(path: str, value: SignalValue, target: SignalValue, dt_s: float) -> SignalValue:
    travel_s = _travel_s(path)
    if not isinstance(value, int | float) or not isinstance(target, int | float):
        return target
    full = 1.0 if isinstance(target, bool) else _FULL_TRAVEL.get(path, 100.0)
    reach = full * dt_s / travel_s
    if abs(target - value) <= reach:
        return target
    return float(value) + (reach if target > value else -reach)


def _travel_s(path: str) -> float:
    return _TRAVEL_S.get(path) or signal_table()[path].travel_s
