"""What the energy service makes of what it heard about cars: drives, wishes, departures. No I/O."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from msgspec.structs import replace

from vettura.bus.messages_energy import Wished
from vettura.energy.calendar_drives import calendar_drives
from vettura.energy.config import EnergyConfig
from vettura.energy.departures import REMEMBERED, Departures, Left
from vettura.energy.drives import drives_ahead
from vettura.energy.gather import CarAhead, CarFacts, CarNow, store_of
from vettura.energy.heard import Heard
from vettura.energy.need import Drive, Wish
from vettura.energy.wishes import wish_for
from vettura.life.household import Household
from vettura.life.limits import second_of_day
from vettura.life.station import StationConfig
from vettura.units import NS_PER_S

PREPARE_EARLY_NS, PREPARE_LATE_NS = 3_600 * NS_PER_S, 300 * NS_PER_S
"""A car is told so long before a drive, at most and at least; it begins when it must by itself."""
COLD_DEGC, HOT_DEGC = 14.0, 25.0
"""Outside these people heat or cool the cabin before they leave (`home.plan`)."""
LEARN_NS = 12 * 3_600 * NS_PER_S
"""A cable that is pulled longer before the next drive than this was pulled for something else."""

USUAL_LEADS_S = tuple(60.0 * minutes for minutes in (-15, -10, -5, 0, 0, 0, 5, 5, 10, 15, 30, 60))
"""How long before the time of their own household's plan people leave (our judgement: the home
file's habits scatter by 15 minutes). Strangers at a workplace are another matter."""


@final
@dataclass(frozen=True, slots=True)
class Looking:
    """Cars of one home with what they are needed for."""

    household: Household
    config: EnergyConfig
    facts: Mapping[str, CarFacts]
    stations: Mapping[str, StationConfig]
    heard: Heard

    def cars(self, wished: Wished, now_ns: int) -> list[CarAhead]:
        """Every car that has said how it is, with where it goes and what is asked of it."""
        if not self.stations:
            return []
        return [
            self._car(self.facts[vin], self._now(vin, car), wished, now_ns)
            for vin, car in self.heard.cars.items()
        ]

    def to_prepare(self, now_ns: int) -> dict[str, int]:
        """When each car at its cable leaves, of those that shall be warm or cool by then soon."""
        found: dict[str, int] = {}
        for vin, facts in self.facts.items():
            if vin not in self.heard.plugged.values():
                continue
            drives = self._drives(facts, now_ns)
            leave_ns = next((one.leave_ns for one in drives if one.leave_ns > now_ns), None)
            if leave_ns is None or not PREPARE_LATE_NS <= leave_ns - now_ns <= PREPARE_EARLY_NS:
                continue
            if not COLD_DEGC <= self.heard.degc_at(leave_ns) <= HOT_DEGC:
                found[vin] = leave_ns
        return found

    def left(self, wished: Wished, vin: str, now_ns: int) -> Wished | None:
        """Remember that a car leaves now; None when no drive is near enough to be compared."""
        facts = self.facts.get(vin)
        if facts is None:
            return None
        # A drive that was to begin a little ago may be the one that begins now.
        drives = self._drives(facts, now_ns - LEARN_NS // 6)
        near = [one.leave_ns for one in drives if abs(one.leave_ns - now_ns) <= LEARN_NS]
        if not near:
            return None
        stated_ns = min(near, key=lambda leave_ns: abs(leave_ns - now_ns))
        past = [*wished.departures.get(vin, []), (stated_ns, now_ns)][-REMEMBERED:]
        return replace(wished, departures={**wished.departures, vin: past})

    def _now(self, vin: str, car: CarNow) -> CarNow:
        """The car, plugged where the stations say: they know sooner than it was asked."""
        plugged = [s for s, there in self.heard.plugged.items() if there == vin]
        return CarNow(
            soc=car.soc,
            limit_soc=car.limit_soc,
            station=plugged[0] if plugged else "",
            range_m=car.range_m,
            degc=car.degc,
        )

    def _car(self, facts: CarFacts, now: CarNow, wished: Wished, now_ns: int) -> CarAhead:
        goal = wished.goals.get(facts.vin)
        wish = wish_for(
            goal,
            facts.goal,
            limit_soc=now.limit_soc,
            now_ns=now_ns,
            timezone=self.household.timezone,
        )
        asked = goal.soc if goal is not None and goal.soc is not None else facts.goal.soc
        station = self.stations[now.station or next(iter(self.stations))]
        if goal is None or goal.soc is None:
            wish = self._as_needed(wish, facts, now, station, now_ns)
        return CarAhead(
            facts=facts,
            now=now,
            station=station,
            drives=self._drives(facts, now_ns),
            departures=self._departures(wished, facts.vin),
            wish=wish,
            wished_soc=asked,
        )

    def _as_needed(
        self, wish: Wish, facts: CarFacts, now: CarNow, station: StationConfig, now_ns: int
    ) -> Wish:
        """The wish with what the car or its charger's app said at the cable: by when, how much.

        What the owner asks of the house goes before.
        """
        needs = self.heard.needs.get(now.station)
        if needs is None or needs.vin not in {"", facts.vin}:
            return wish
        store = store_of(facts, station)
        held_wh = store.energy_at(now.soc)
        if needs.energy_min_wh:
            floor = min(store.soc_at(held_wh + needs.energy_min_wh), now.limit_soc)
            wish = dataclasses.replace(wish, floor_soc=max(wish.floor_soc, floor))
        if needs.departure_ns is None or needs.departure_ns <= now_ns or not needs.energy_wh:
            return wish
        soc = min(store.soc_at(held_wh + needs.energy_wh), now.limit_soc)
        return dataclasses.replace(wish, soc=max(soc, wish.soc or 0.0), by_ns=needs.departure_ns)

    def _drives(self, facts: CarFacts, now_ns: int) -> list[Drive]:
        if facts.driver is None:
            return []
        entries = calendar_drives(
            self.heard.calendar,
            driver=facts.driver.name,
            takes_unnamed=facts.vin == next(iter(self.facts)),
            degc=self.heard.degc_at(now_ns),
        )
        return drives_ahead(
            self.household,
            facts.driver,
            self.heard.today,
            now_ns=now_ns,
            degc_at=self.heard.degc_at,
            entries=entries,
        )

    def _usual(self, vin: str) -> tuple[Left, ...]:
        """What is believed of people whose day is known, before they have shown it."""
        driver = self.facts[vin].driver
        if driver is None:
            return ()
        second = float(second_of_day(driver.leaves_at))
        return tuple(Left(lead_s, second - lead_s, False) for lead_s in USUAL_LEADS_S)

    def _departures(self, wished: Wished, vin: str) -> Departures:
        departures = Departures(timezone=self.household.timezone, left=self._usual(vin))
        for stated_ns, left_ns in wished.departures.get(vin, []):
            departures = departures.learned(stated_ns=stated_ns, left_ns=left_ns)
        return departures
