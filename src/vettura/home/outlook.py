"""What a person knows without looking at the car: the day's plan, the way ahead, the weather."""

from datetime import date, timedelta
from typing import NamedTuple, final

from vettura.bus.messages import Weather
from vettura.home.plan import (
    COLD_DEGC,
    HOT_DEGC,
    Around,
    Stay,
    need_m,
    stay_at,
    stays_of,
    wants_charge,
)
from vettura.home.sight import CarSeen
from vettura.life.day import plan_day
from vettura.life.household import Household, Person
from vettura.life.local_time import day_start_ns, local_date
from vettura.life.places import Place, distance_m
from vettura.life.weather import weather_at
from vettura.units import NS_PER_S

PLUG_BELOW_SOC = 0.7
"""Below this displayed charge people plug in, where nobody says otherwise."""
WEATHER_NS = 900 * NS_PER_S
"""The weather is told, and thought about, at every full quarter of an hour."""


class Day(NamedTuple):
    """A person's date, and how far they have to drive on it or the next [m]."""

    date: date
    begin_ns: int
    end_ns: int
    """Its first instant, and the next date's."""
    stays: list[Stay]
    ahead_m: float


@final
class Outlook:
    """One person's plans; everything follows from the household, `seed` and the time asked for."""

    def __init__(
        self, household: Household, person: Person, *, seed: int, can_charge: bool
    ) -> None:
        self._household = household
        self._person = person
        self._seed = seed
        self._can_charge = can_charge
        self._day: Day | None = None
        self._quarter_ns = -1
        self._is_harsh = False
        self._about: tuple[object, ...] = ()
        self._around: Around | None = None
        """What was thought last, and of what."""

    def day(self, now_ns: int) -> Day:
        """The plan of the date at home at that time [ns since the epoch]."""
        day = self._day
        if day is None or not day.begin_ns <= now_ns < day.end_ns:
            day = self._day = self._plan(local_date(now_ns, self._household.timezone))
        return day

    def is_harsh(self, now_ns: int) -> bool:
        """Whether it is so cold or hot that people prepare the cabin."""
        quarter_ns = now_ns // WEATHER_NS * WEATHER_NS
        if quarter_ns != self._quarter_ns:
            weather = weather_around(self._household.home, quarter_ns, self._seed)
            self._quarter_ns = quarter_ns
            self._is_harsh = not COLD_DEGC <= weather.ambient_degc <= HOT_DEGC
        return self._is_harsh

    def around(self, car: CarSeen, now_ns: int) -> Around:
        """What matters around the car now."""
        day = self.day(now_ns)
        stay, _ = stay_at(day.stays, now_ns)
        about = (car, stay, day.ahead_m, self.is_harsh(now_ns))
        if self._around is None or self._about != about:
            self._about, self._around = about, self._think(*about)
        return self._around

    def _think(self, car: CarSeen, stay: Stay, ahead_m: float, is_harsh: bool) -> Around:
        household = self._household
        there = household.place(stay.place) or household.home
        can_charge = self._can_charge and car.place == household.home.name
        below_soc = PLUG_BELOW_SOC if household.plug_below_soc is None else household.plug_below_soc
        needs = wants_charge(car, below_soc=below_soc, ahead_m=ahead_m)
        return Around(
            is_plug_wanted=can_charge and not car.is_plugged and needs,
            is_too_empty=can_charge and car.range_m < 1.5 * distance_m(household.home, there),
            is_harsh=is_harsh,
        )

    def _plan(self, today: date) -> Day:
        household, person = self._household, self._person
        tomorrow = today + timedelta(days=1)
        outings = plan_day(household, today, self._seed)
        begin_ns = day_start_ns(today, household.timezone)
        end_ns = day_start_ns(tomorrow, household.timezone)
        stays = stays_of(
            outings, person, home=household.home.name, begin_ns=begin_ns, end_ns=end_ns
        )
        later = plan_day(household, tomorrow, self._seed)
        ahead_m = max(need_m(household, each, person) for each in (outings, later))
        return Day(today, begin_ns, end_ns, stays, ahead_m)


def weather_around(place: Place, time_ns: int, seed: int) -> Weather:
    """The weather at a place at that time [ns since the epoch]."""
    return weather_at(
        latitude_deg=place.latitude_deg,
        longitude_deg=place.longitude_deg,
        elevation_m=place.elevation_m,
        time_ns=time_ns,
        seed=seed,
    )
