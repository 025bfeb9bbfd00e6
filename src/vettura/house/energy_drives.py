"""When the cars of a household are away over a year, and what that takes of their cells."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from functools import cache, lru_cache
from statistics import fmean
from typing import NamedTuple, final

import numpy as np

from vettura.car import Params, resting_state
from vettura.car.state import Inputs
from vettura.car.step import step
from vettura.clock.chance import random_stream
from vettura.drive.simulate import drive_trip
from vettura.energy.need import Consumption
from vettura.energy.slots import Slots
from vettura.energy.year.world import Absence
from vettura.home.outlook import weather_around
from vettura.home.plan import COLD_DEGC, HOT_DEGC
from vettura.life import Household, Place
from vettura.life.day import Outing, plan_day
from vettura.life.household import Person
from vettura.life.road import make_trip
from vettura.units import NS_PER_S, SECONDS_PER_HOUR

BIN_K = 5.0
COLDEST_DEGC, WARMEST_DEGC = -15.0, 40.0
"""Drives are driven at the middles of bins of temperature in between."""
TRAFFIC_SPREAD = 0.06
"""Standard deviation of a drive's energy over its way's usual: 2 to 7 % over seeds of traffic on
ways of 12 to 85 km, wind and load beside."""
DEPARTURE_SOC = 0.7
_PREPARE_STEP_S = 30.0


class Way(NamedTuple):
    """A road between two places, in that direction."""

    origin: Place
    destination: Place


class Driven(NamedTuple):
    """What a way takes at one temperature, and how long and far it is."""

    energy_wh: float
    distance_m: float
    duration_s: float


@final
class Ways:
    """One car on its household's roads: each way is driven once for each bin of temperature."""

    def __init__(self, params: Params) -> None:
        self._params = params

    def energy_wh(self, way: Way, degc: float) -> float:
        """From the cells [Wh], between the two bins around that temperature."""
        low, share = _bin(degc)
        here, there = _driven(self._params, way, low), _driven(self._params, way, low + 1)
        return here.energy_wh + share * (there.energy_wh - here.energy_wh)

    def length(self, way: Way) -> Driven:
        """The way in mild air."""
        return _driven(self._params, way, _bin(20.0)[0])


@lru_cache(maxsize=4096)
def _driven(params: Params, way: Way, index: int) -> Driven:
    """The way in traffic as usual; a drive's own traffic is drawn apart."""
    degc = COLDEST_DEGC + index * BIN_K
    name = f"{way.origin.name}-{way.destination.name}"[:48]
    trip = make_trip(way.origin, way.destination, seed=0, id=f"way.{name}")
    begin = resting_state(params, displayed_soc=DEPARTURE_SOC, ambient_degc=degc)
    done = drive_trip(params, trip, state=begin, ambient_degc=degc, climate=True)
    return Driven(done.energy_wh, done.distance_m, trip.duration_s)


def prepare_wh(params: Params, person: Person, degc: float) -> float:
    """What cabin and battery take from the cells to be ready [Wh], as people prepare them."""
    if COLD_DEGC <= degc <= HOT_DEGC:
        return 0.0
    state = resting_state(params, displayed_soc=DEPARTURE_SOC, ambient_degc=degc)
    inputs = Inputs(
        ambient_degc=degc,
        climate_on=1.0,
        cabin_target_degc=person.cabin_degc,
        people=0.0,
        accessories=0.0,
    )
    sum_wh = 0.0
    for _ in range(round(person.prepare_s / _PREPARE_STEP_S)):
        done = step(params, state, inputs, _PREPARE_STEP_S)
        state = done.state
        sum_wh += done.flows.chemical_power_w * _PREPARE_STEP_S / SECONDS_PER_HOUR
    return max(sum_wh, 0.0)


def consumption_of(params: Params, person: Person, ways: Ways, used: Sequence[Way]) -> Consumption:
    """What the car takes on its usual ways, by temperature."""
    grid = [COLDEST_DEGC + BIN_K * k for k in range(round((WARMEST_DEGC - COLDEST_DEGC) / BIN_K))]
    length_m = sum(ways.length(way).distance_m for way in used)
    return Consumption(
        degc=tuple(grid),
        wh_per_m=tuple(sum(ways.energy_wh(way, degc) for way in used) / length_m for degc in grid),
        prepare_wh=tuple(prepare_wh(params, person, degc) for degc in grid),
        spread=TRAFFIC_SPREAD,
    )


def absences_of(
    household: Household,
    person: Person,
    params: Params,
    ways: Ways,
    *,
    days: Iterable[date],
    slots: Slots,
    seed: int,
) -> tuple[list[Absence], list[Way]]:
    """The times that a person's car is away from home within the slots, and the ways it takes."""
    found: list[Absence] = []
    used: list[Way] = []

    @cache
    def prepared(degc: int) -> float:
        return prepare_wh(params, person, degc)

    for day in days:
        mine = [o for o in plan_day(household, day, seed) if o.person == person.name]
        for loop in _loops(mine, household.home.name):
            ways_of = _ways(household, loop)
            absence = _absence(household, loop, ways_of, ways, slots, seed, prepared)
            if not 0 < absence.first < absence.end <= slots.count:
                continue
            if found and absence.first <= found[-1].end:
                # No whole slot at the cable in between: for a plan it is one absence.
                absence = _joined(found.pop(), absence)
            found.append(absence)
            used += ways_of
    return found, used


def with_factors(absences: Sequence[Absence], consumption: Consumption) -> tuple[Absence, ...]:
    """The absences with what their ways take beside the car's table, instead of [Wh/m]."""
    return tuple(
        replace(
            one,
            way_factor=one.way_factor
            / float(np.interp(one.degc, consumption.degc, consumption.wh_per_m)),
        )
        for one in absences
    )


def _loops(outings: Sequence[Outing], home: str) -> list[list[Outing]]:
    """From home to home."""
    loops: list[list[Outing]] = [[]]
    for outing in outings:
        loops[-1].append(outing)
        if outing.destination == home:
            loops.append([])
    return [loop for loop in loops if loop and loop[-1].destination == home]


def _ways(household: Household, loop: Sequence[Outing]) -> list[Way]:
    here, ways = household.home, []
    for outing in loop:
        there = household.place(outing.destination)
        assert there is not None
        ways.append(Way(here, there))
        here = there
    return ways


def _absence(
    household: Household,
    loop: Sequence[Outing],
    way_list: Sequence[Way],
    ways: Ways,
    slots: Slots,
    seed: int,
    prepared: Callable[[int], float],
) -> Absence:
    leave_ns = loop[0].leave_ns
    back_ns = loop[-1].leave_ns + round(ways.length(way_list[-1]).duration_s) * NS_PER_S
    airs = [weather_around(household.home, o.leave_ns, seed).ambient_degc for o in loop]
    degc = fmean(airs)
    chance = random_stream(seed, f"traffic.{loop[0].id}")
    usual_wh = sum(ways.energy_wh(w, air) for w, air in zip(way_list, airs, strict=True))
    length_m = sum(ways.length(way).distance_m for way in way_list)
    used_wh = usual_wh * max(1.0 + TRAFFIC_SPREAD * chance.gauss(0.0, 1.0), 0.5)
    return Absence(
        name=", ".join(o.destination for o in loop[:-1]) or household.home.name,
        leave_ns=leave_ns,
        back_ns=back_ns,
        stated_ns=leave_ns,
        first=slots.index(leave_ns),
        end=-(-(back_ns - slots.start_ns) // slots.slot_ns),
        distance_m=length_m,
        degc=degc,
        way_factor=usual_wh / length_m,
        used_wh=used_wh + prepared(round(airs[0])),
    )


def _joined(before: Absence, after: Absence) -> Absence:
    length_m = before.distance_m + after.distance_m
    return replace(
        before,
        name=f"{before.name}, {after.name}",
        back_ns=after.back_ns,
        end=after.end,
        distance_m=length_m,
        degc=(before.degc * before.distance_m + after.degc * after.distance_m) / length_m,
        way_factor=(before.way_factor * before.distance_m + after.way_factor * after.distance_m)
        / length_m,
        used_wh=before.used_wh + after.used_wh,
    )


def _bin(degc: float) -> tuple[int, float]:
    place = (min(max(degc, COLDEST_DEGC), WARMEST_DEGC - BIN_K) - COLDEST_DEGC) / BIN_K
    index = int(place)
    return index, place - index
