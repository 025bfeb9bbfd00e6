"""ISO 15118's content as this house has it: what a car needs, what a station may give. Pure.

Car and station speak through a process of its own (`tools/iso15118`), with a library that cannot
live beside ours; both its sides and the tests share what is here.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import final

from vettura.bus import paths as at
from vettura.bus.messages import SignalValue
from vettura.bus.messages_energy import ChargingNeeds, GoalState, Prices, Schedule
from vettura.faces.iso15118_heard import PHASE_V, CarSaid, StationSaid
from vettura.units import NS_PER_S, PERCENT, WH_PER_KWH

VIN_LENGTH = 17
NET_CAPACITY = at.BATTERY + "NetCapacity"
CURRENT_MAX = at.CHARGING + "MaximumChargingCurrent"
AMPS_MIN = 6.0
"""What a car must be offered at least on each phase (IEC 61851-1)."""
ENOUGH_WH = 25.0
"""A display shows hundredths of a per cent: less than a few of them are not worth a session."""
DAY_S = 86_400
"""How long a schedule reaches for a car that names no departure ([V2G2-304])."""
ENTRIES_MAX = {"2": 12, "20": 1024}
"""Entries of a schedule: MaxEntriesSAScheduleTuple of -2 allows 12 to a car that does not say, -20
its MaximumSupportingPoints."""
PRICE_LEVELS = 10
INT16_MAX = 32_767
EXPONENTS = {"2": (-3, 3), "20": (-9, 9)}
"""-2 has three digits either way (table 68); -20 has a byte and needs no more than this."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A stretch of a schedule as it is sent: seconds from now, signed power into the car."""

    start_s: int
    duration_s: int
    power_w: float


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """What a station allows now: into the car, and out of it [W]."""

    charge_w: float = 0.0
    discharge_w: float = 0.0


def needs_said(said: CarSaid, *, station: str, now_ns: int) -> ChargingNeeds:
    """What a car has said over the cable, as it travels on the bus."""
    room_wh = said.energy_max_wh
    if room_wh is None and None not in (said.full_soc, said.soc, said.capacity_wh):
        assert said.full_soc is not None
        assert said.soc is not None
        assert said.capacity_wh is not None
        room_wh = max(said.full_soc - said.soc, 0.0) * said.capacity_wh
    least_wh = said.energy_min_wh
    return ChargingNeeds(
        time_ns=now_ns,
        station=station,
        vin=said.id if len(said.id) == VIN_LENGTH else "",
        soc=said.soc,
        capacity_wh=said.capacity_wh,
        departure_ns=said.departure_ns,
        energy_wh=said.energy_wh,
        energy_min_wh=None if least_wh is None else max(least_wh, 0.0),
        energy_max_wh=room_wh,
        charge_w_max=said.charge_w_max,
        charge_w_min=said.charge_w_min,
        discharge_w_max=said.discharge_w_max if said.is_two_way else None,
        phases=said.phases,
        is_dc=said.is_dc,
        source=f"iso15118-{said.edition}",
    )


def needs_of_car(
    values: Mapping[str, SignalValue],
    *,
    vin: str,
    station: str,
    now_ns: int,
    goal: GoalState | None = None,
    is_dc: bool = False,
    gives_w: float = 0.0,
) -> ChargingNeeds:
    """What a plugged car needs by its own signals, and by what its house aims at, if that is known.

    Without a goal it wants to be at its limit, whenever it leaves. Energies are into the battery.
    `gives_w`: what its people let it give back [W].
    """
    soc = _of(values, at.DISPLAYED_SOC) / PERCENT
    limit = _of(values, at.CHARGE_LIMIT) / PERCENT
    held_wh = _of(values, at.BATTERY + "StateOfCharge.CurrentEnergy") * WH_PER_KWH
    capacity_wh = held_wh / soc if soc > 0.0 else _of(values, NET_CAPACITY) * WH_PER_KWH
    amps = [_of(values, f"{CURRENT_MAX}.Phase{phase}") for phase in (1, 2, 3)]
    phases = max(sum(amp > 0.0 for amp in amps), 1)
    dc_w = _of(values, f"{CURRENT_MAX}.DC") * _of(values, at.VOLTAGE)
    spare = soc > _of(values, at.RESERVE) / PERCENT
    target = limit if goal is None else min(goal.soc, limit)
    floor = 0.0 if goal is None else goal.floor_soc
    return ChargingNeeds(
        time_ns=now_ns,
        station=station,
        vin=vin,
        soc=soc,
        capacity_wh=capacity_wh,
        departure_ns=goal.by_ns if goal is not None and goal.by_ns > now_ns else None,
        energy_wh=max(target - soc, 0.0) * capacity_wh,
        energy_min_wh=max(floor - soc, 0.0) * capacity_wh,
        energy_max_wh=max(limit - soc, 0.0) * capacity_wh,
        charge_w_max=dc_w if is_dc else sum(amps) * PHASE_V,
        charge_w_min=0.0 if is_dc else AMPS_MIN * PHASE_V * phases,
        discharge_w_max=gives_w if spare else 0.0,
        phases=None if is_dc else phases,
        is_dc=is_dc,
        source="car",
    )


def power_at(schedule: Schedule | None, now_ns: int, *, fallback_w: float) -> float:
    """Power into the car [W] by the house's schedule now; `fallback_w` where it says none."""
    if schedule is None or now_ns >= schedule.until_ns:
        return fallback_w
    begun = [period.power_w for period in schedule.periods if period.start_ns <= now_ns]
    return begun[-1] if begun else fallback_w


def entries_of(
    schedule: Schedule | None,
    now_ns: int,
    *,
    horizon_s: int,
    fallback_w: float,
    most: int,
) -> list[Entry]:
    """The house's schedule over `horizon_s`, without gaps, as so many entries at most.

    They count from the full second of now; one in which the power changes has what both have in
    common: the least into the car or out of it, or nothing. So has the last entry when there are
    too many. Where the schedule does not reach, `fallback_w` holds.
    """
    anchor_ns = now_ns // NS_PER_S * NS_PER_S
    borders = [] if schedule is None else [p.start_ns for p in schedule.periods]
    borders += [] if schedule is None else [schedule.until_ns]
    seconds = {(at_ns - anchor_ns) // NS_PER_S for at_ns in borders}
    starts = {0, *seconds, *(second + 1 for second in seconds)}
    steps: list[tuple[int, float]] = []
    for start in sorted(start for start in starts if 0 <= start < horizon_s):
        begin_ns = anchor_ns + start * NS_PER_S
        power_w = _in_common(
            power_at(schedule, at_ns, fallback_w=fallback_w)
            for at_ns in (begin_ns, begin_ns + NS_PER_S - 1)
        )
        if not steps or steps[-1][1] != power_w:
            steps.append((start, power_w))
    if len(steps) > most:
        rest_w = _in_common(power_w for _, power_w in steps[most - 1 :])
        steps[most - 1 :] = [(steps[most - 1][0], rest_w)]
    until = [start for start, _ in steps[1:]] + [horizon_s]
    return [
        Entry(start_s=start, duration_s=end - start, power_w=power_w)
        for (start, power_w), end in zip(steps, until, strict=True)
    ]


def _in_common(powers_w: Iterable[float]) -> float:
    """What none of them goes beyond, in either direction."""
    powers = list(powers_w)
    return min(powers) if min(powers) >= 0.0 else min(max(powers), 0.0)


def price_levels(entries: list[Entry], prices: Prices | None, now_ns: int) -> list[int]:
    """How dear each entry is, 1 for the cheapest tenth of the prices' span to 10 for the dearest.

    All 1 where prices are not known or never change.
    """
    if prices is None or not prices.import_per_wh:
        return [1] * len(entries)
    low, span = min(prices.import_per_wh), max(prices.import_per_wh) - min(prices.import_per_wh)
    levels = []
    for entry in entries:
        first, last = (
            min(max((now_ns + second * NS_PER_S - prices.start_ns) // slot_ns, 0), newest)
            for slot_ns, newest in [(prices.slot_s * NS_PER_S, len(prices.import_per_wh) - 1)]
            for second in (entry.start_s, entry.start_s + entry.duration_s - 1)
        )
        mean = fmean(prices.import_per_wh[first : last + 1])
        share = (mean - low) / span if span > 0.0 else 0.0
        levels.append(min(int(share * PRICE_LEVELS) + 1, PRICE_LEVELS))
    return levels


def horizon_s(needs: ChargingNeeds) -> int:
    """How far a schedule must reach for that car [s]: to its departure, else for a day."""
    if needs.departure_ns is None or needs.departure_ns <= needs.time_ns:
        return DAY_S
    return max((needs.departure_ns - needs.time_ns) // NS_PER_S, 1)


def allowed_now(said: StationSaid, now_ns: int) -> Allowed:
    """What the station allows by all it has said: the least of schedule, limits and set-point.

    A station that has said nothing about power allows none.
    """
    charge_w = math.inf if said.stretches or said.charge_w_max is not None else 0.0
    discharge_w = 0.0
    if said.is_two_way:
        discharge_w = math.inf if said.stretches or said.discharge_w_max is not None else 0.0
    for stretch in said.stretches[:1]:
        begun = [each for each in said.stretches if each.start_ns <= now_ns]
        holds = begun[-1] if begun else stretch
        charge_w = min(charge_w, holds.charge_w)
        discharge_w = min(discharge_w, holds.discharge_w)
    if said.charge_w_max is not None:
        charge_w = min(charge_w, said.charge_w_max)
    if said.discharge_w_max is not None:
        discharge_w = min(discharge_w, said.discharge_w_max)
    if said.set_point_w is not None:
        unbound = not said.stretches and said.charge_w_max is None
        charge_w = max(said.set_point_w, 0.0) if unbound else min(charge_w, said.set_point_w)
        discharge_w = -said.set_point_w if said.is_two_way and said.set_point_w < 0.0 else 0.0
    return Allowed(charge_w=max(charge_w, 0.0), discharge_w=max(discharge_w, 0.0))


def flow_of(allowed: Allowed, needs: ChargingNeeds) -> float:
    """What a car that obeys does [W]: into it while it wants more, else out of it if it may."""
    wants = needs.energy_wh is None or needs.energy_wh > ENOUGH_WH
    charge_w = min(allowed.charge_w, needs.charge_w_max or math.inf)
    if wants and charge_w > 0.0 and charge_w >= (needs.charge_w_min or 0.0):
        return charge_w
    return -min(allowed.discharge_w, needs.discharge_w_max or 0.0)


def exponent_and_value(quantity: float, edition: str) -> tuple[int, int]:
    """A quantity as value x 10^exponent with the most digits that 16 bits hold.

    Rounded towards zero, so that no limit is ever said too high; beyond the range of -2 the most
    that it can say.
    """
    low, high = EXPONENTS[edition]
    for exponent in range(low, high + 1):
        value = math.trunc(round(quantity * 10.0**-exponent, 6))
        if abs(value) <= INT16_MAX:
            return exponent, value
    return high, int(math.copysign(INT16_MAX, quantity))


def _of(values: Mapping[str, SignalValue], path: str) -> float:
    value = values.get(path)
    return float(value) if isinstance(value, int | float) else 0.0
