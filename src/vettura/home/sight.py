"""What a person sees of their car: its signals, put together from frames that may come late."""

from dataclasses import dataclass
from typing import final

from vettura.bus.messages import SignalFrame, SignalValue
from vettura.bus.paths import (
    ALTITUDE,
    CABLE,
    DISPLAYED_SOC,
    LATITUDE,
    LONGITUDE,
    MODE,
    PLACE,
    RANGE,
    STATION,
)
from vettura.units import PERCENT

_WATCHED = (PLACE, MODE, CABLE, STATION, DISPLAYED_SOC, RANGE, LATITUDE, LONGITUDE, ALTITUDE)


@dataclass(frozen=True, slots=True, kw_only=True)
class CarSeen:
    """A car as its driver sees it."""

    place: str
    is_driving: bool
    is_plugged: bool
    station: str
    """Whose cable is plugged; empty when none is."""
    soc: float
    """Displayed charge, 0 to 1."""
    range_m: float
    latitude_deg: float
    longitude_deg: float
    altitude_m: float


@final
class Sight:
    """Collects the newest value of each signal that matters to a driver."""

    def __init__(self) -> None:
        self._values: dict[str, SignalValue] = {}
        self._times_ns: dict[str, int] = {}
        self._seen: CarSeen | None = None
        """The car as it was put together last; None when that is no longer true."""

    def take(self, frame: SignalFrame) -> None:
        """Remember what the frame says, unless something newer is known."""
        for path in _WATCHED:
            if path in frame.values and frame.time_ns >= self._times_ns.get(path, frame.time_ns):
                self._values[path] = frame.values[path]
                self._times_ns[path] = frame.time_ns
                self._seen = None

    def look(self) -> CarSeen | None:
        """Return the car as known now; None before all of it has been seen."""
        if self._seen is None and len(self._values) == len(_WATCHED):
            self._seen = self._put_together()
        return self._seen

    def _put_together(self) -> CarSeen:
        return CarSeen(
            place=str(self._values[PLACE]),
            is_driving=self._values[MODE] == "DRIVING",
            is_plugged=bool(self._values[CABLE]),
            station=str(self._values[STATION]),
            soc=self._number(DISPLAYED_SOC) / PERCENT,
            range_m=self._number(RANGE),
            latitude_deg=self._number(LATITUDE),
            longitude_deg=self._number(LONGITUDE),
            altitude_m=self._number(ALTITUDE),
        )

    def _number(self, path: str) -> float:
        value = self._values[path]
        return float(value) if isinstance(value, int | float) else 0.0
