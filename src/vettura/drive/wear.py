"""How living wears the battery: strain is gathered at every step and ages it now and then. Pure."""

from typing import NamedTuple

from vettura.car.ageing import AgeingParams, Health, Stress, age
from vettura.car.params import Params
from vettura.car.state import Flows, State
from vettura.units import SECONDS_PER_HOUR

SECONDS_PER_DAY = 24.0 * SECONDS_PER_HOUR


class Strain(NamedTuple):
    """What the battery went through since it last aged: by time within the hour, by use within the
    day, because a cycle takes a day rather than an hour."""

    hour_s: float = 0.0
    soc_s: float = 0.0
    degc_s: float = 0.0
    """Charge and temperature, integrated over this hour."""
    day_s: float = 0.0
    moved_c: float = 0.0
    """Charge moved in and out over this day [coulomb]."""
    moved_c_a: float = 0.0
    """Current over the charge that it moved, integrated [coulomb·ampere]."""
    soc_low: float = 1.0
    soc_high: float = 0.0
    """The pack's own charge over this day."""


class Worn(NamedTuple):
    """The battery afterwards, and what is still gathering."""

    health: Health
    strain: Strain


def endure(strain: Strain, state: State, flows: Flows, dt_s: float) -> Strain:
    """Gather one step of `dt_s` seconds that ended in `state`."""
    moved_c = abs(flows.battery_current_a) * dt_s
    return Strain(
        hour_s=strain.hour_s + dt_s,
        soc_s=strain.soc_s + state.soc * dt_s,
        degc_s=strain.degc_s + state.battery_degc * dt_s,
        day_s=strain.day_s + dt_s,
        moved_c=strain.moved_c + moved_c,
        moved_c_a=strain.moved_c_a + moved_c * abs(flows.battery_current_a),
        soc_low=min(strain.soc_low, state.soc),
        soc_high=max(strain.soc_high, state.soc),
    )


def wear(params: Params, ageing: AgeingParams, health: Health, strain: Strain) -> Worn:
    """Age by time when an hour is full, by use when a day is; else nothing changes."""
    if strain.hour_s >= SECONDS_PER_HOUR:
        health = age(ageing, health, _hour(strain))
        strain = strain._replace(hour_s=0.0, soc_s=0.0, degc_s=0.0)
    if strain.day_s >= SECONDS_PER_DAY:
        health = age(ageing, health, _day(params, strain))
        strain = Strain(hour_s=strain.hour_s, soc_s=strain.soc_s, degc_s=strain.degc_s)
    return Worn(health, strain)


def _hour(strain: Strain) -> Stress:
    mean = strain.soc_s / strain.hour_s
    return Stress(
        hours=strain.hour_s / SECONDS_PER_HOUR,
        soc_mean=mean,
        soc_low=mean,
        soc_high=mean,
        battery_degc=strain.degc_s / strain.hour_s,
        throughput_ah_per_ah=0.0,
        rate_per_h=0.0,
    )


def _day(params: Params, strain: Strain) -> Stress:
    capacity_c = params.pack.capacity_c
    mean_a = strain.moved_c_a / strain.moved_c if strain.moved_c > 0.0 else 0.0
    return Stress(
        hours=0.0,
        soc_mean=0.5 * (strain.soc_low + strain.soc_high),
        soc_low=strain.soc_low,
        soc_high=strain.soc_high,
        # Use ages at any temperature alike; see the laws.
        battery_degc=25.0,
        throughput_ah_per_ah=strain.moved_c / capacity_c,
        rate_per_h=mean_a * SECONDS_PER_HOUR / capacity_c,
    )
