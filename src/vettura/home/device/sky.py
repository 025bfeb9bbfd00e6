"""The sun and the weather over a home, as Home Assistant tells them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import final

from vettura.bus.messages import Weather
from vettura.bus.messages_home import EntityState
from vettura.home.device.entity import DeviceEntry, device, entity, iso
from vettura.home.device.world import World
from vettura.life.household import Household
from vettura.life.local_time import local_date
from vettura.life.sky import (
    DISC_DEG,
    SkyPlace,
    midnight_ns,
    next_pass_ns,
    noon_ns,
    position_deg,
)
from vettura.units import KMH_PER_MPS, NS_PER_S, PERCENT

ABOVE, BELOW = "above_horizon", "below_horizon"
CIVIL_DEG = 6.0
HORIZON_DEG = -0.833
"""Home Assistant calls the sun up when it is higher than this."""
MINUTE_NS = 60 * NS_PER_S
_POSITION_NS = ((10.0, 10 * MINUTE_NS), (-8.0, 4 * MINUTE_NS), (-90.0, 30 * MINUTE_NS))
"""Down to each height the position is told this often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sun:
    """Where it stands and what comes next [ns since the epoch; 0 for not within a year]."""

    height_deg: float = 0.0
    azimuth_deg: float = 0.0
    rising_ns: int = 0
    setting_ns: int = 0
    dawn_ns: int = 0
    dusk_ns: int = 0
    noon_ns: int = 0
    midnight_ns: int = 0


@final
class SunModel:
    """The sun over a home."""

    id = "sun"
    reads: Sequence[str] = ()

    def __init__(self, household: Household) -> None:
        home = household.home
        self._place = SkyPlace(home.latitude_deg, home.longitude_deg, home.elevation_m)
        self._timezone = household.timezone
        entry = DeviceEntry(id="sun", name="Sun")
        self._sun = entity(entry, "sun")
        self.about = device(entry, self._sun, model="sky")

    def begun(self, kept: Mapping[str, EntityState], world: World) -> Sun:
        """The sky remembers for itself."""
        return Sun()

    def told(self, state: Sun) -> dict[str, EntityState]:
        """One entity with Home Assistant's attributes."""
        told = self._sun.state(
            ABOVE if state.height_deg > HORIZON_DEG else BELOW,
            next_dawn=iso(state.dawn_ns),
            next_dusk=iso(state.dusk_ns),
            next_midnight=iso(state.midnight_ns),
            next_noon=iso(state.noon_ns),
            next_rising=iso(state.rising_ns),
            next_setting=iso(state.setting_ns),
            elevation=round(state.height_deg, 2),
            azimuth=round(state.azimuth_deg, 2),
            rising=state.noon_ns < state.midnight_ns,
        )
        return {self._sun.id: told}

    def passed(self, state: Sun, world: World) -> Sun:
        """See where it is; what comes next is worked out when something has come."""
        now_ns = world.now_ns
        height_deg, azimuth_deg = position_deg(now_ns, self._place)
        coming = (state.rising_ns, state.setting_ns, state.dawn_ns, state.dusk_ns)
        if min(*coming, state.noon_ns, state.midnight_ns) <= now_ns:
            state = self._ahead(now_ns)
        return Sun(
            height_deg=height_deg,
            azimuth_deg=azimuth_deg,
            rising_ns=state.rising_ns,
            setting_ns=state.setting_ns,
            dawn_ns=state.dawn_ns,
            dusk_ns=state.dusk_ns,
            noon_ns=state.noon_ns,
            midnight_ns=state.midnight_ns,
        )

    def next_ns(self, state: Sun, world: World) -> int:
        """With the next event, or when it has moved on a little."""
        period_ns = next(ns for height, ns in _POSITION_NS if state.height_deg >= height)
        coming = (state.rising_ns, state.setting_ns, state.dawn_ns, state.dusk_ns)
        times = [t for t in (*coming, state.noon_ns, state.midnight_ns) if t > world.now_ns]
        return min([*times, (world.now_ns // period_ns + 1) * period_ns])

    def _ahead(self, now_ns: int) -> Sun:
        ahead = partial(next_pass_ns, now_ns, self._place, timezone=self._timezone)
        today = local_date(now_ns, self._timezone)
        days = [today + timedelta(days=k) for k in (-1, 0, 1, 2)]
        noons, nights = ([at(day, self._place) for day in days] for at in (noon_ns, midnight_ns))
        return Sun(
            rising_ns=ahead(depth_deg=DISC_DEG, rising=True) or 0,
            setting_ns=ahead(depth_deg=DISC_DEG, rising=False) or 0,
            dawn_ns=ahead(depth_deg=CIVIL_DEG, rising=True) or 0,
            dusk_ns=ahead(depth_deg=CIVIL_DEG, rising=False) or 0,
            noon_ns=min(noon for noon in noons if noon > now_ns),
            midnight_ns=min(night for night in nights if night > now_ns),
        )


@final
class WeatherModel:
    """The weather at a home."""

    id = "weather"
    reads: Sequence[str] = ()

    def __init__(self) -> None:
        entry = DeviceEntry(id="home", name="Home")
        fixed = {
            "temperature_unit": "°C",
            "wind_speed_unit": "km/h",
            "precipitation_unit": "mm",
            "supported_features": 0,
        }
        self._weather = entity(entry, "weather", fixed=fixed)
        self.about = device(DeviceEntry(id="weather"), self._weather, model="sky")

    def begun(self, kept: Mapping[str, EntityState], world: World) -> Weather:
        """As it is now."""
        return world.weather()

    def told(self, state: Weather) -> dict[str, EntityState]:
        """One entity."""
        told = self._weather.state(
            state.condition,
            temperature=round(state.ambient_degc, 1),
            humidity=round(PERCENT * state.humidity),
            wind_speed=round(KMH_PER_MPS * state.wind_mps, 1),
            wind_bearing=round(state.wind_bearing_deg),
        )
        return {self._weather.id: told}

    def passed(self, state: Weather, world: World) -> Weather:
        """As it is now."""
        return world.weather()

    def next_ns(self, state: Weather, world: World) -> int:
        """With the quarter of an hour."""
        return world.next_quarter_ns()
