"""Years of a car's life at once: what is left of its battery and its range. Pure."""

from statistics import mean
from typing import NamedTuple

from vettura.car.ageing import NEW, AgeingParams, Health, Stress, age
from vettura.car.charge import pack_soc
from vettura.car.params import TABLE_SIZE, Params
from vettura.car.relations import warmed_up
from vettura.car.state import State
from vettura.drive.cycles import load_cycle
from vettura.drive.living import net_energy_wh
from vettura.drive.simulate import follow_trip
from vettura.units import SECONDS_PER_HOUR

HOURS_PER_MONTH = 365.25 * 24.0 / 12.0
DAYS_PER_MONTH = 365.25 / 12.0
MILD_DEGC = 20.0
LOWEST = 0.1
"""Displayed charge below which nobody plans to arrive; who drives further charges on the way."""
FAST_FROM, FAST_TO = 0.1, 0.8
"""Displayed charge between which people charge fast."""


class Life(NamedTuple):
    """How a car is used, year after year."""

    m_per_year: float
    months_degc: tuple[float, ...]
    """Mean air temperature from January to December."""
    charge_to: float
    """Displayed charge at which the daily charge ends, 0 to 1."""
    fast_share: float
    """Share of the energy that comes from DC stations, 0 to 1."""


class Year(NamedTuple):
    """The car at the end of a year; year 0 is the new car."""

    year: int
    health: Health
    distance_m: float
    range_m: float
    """From 100 to 0 % over WLTC class 3b at the year's mean temperature, cabin at 21 °C."""


class _Drive(NamedTuple):
    """What the road takes, from the battery's side."""

    drawn_wh_per_m: float
    """Out of the pack, before regeneration gives some back."""
    net_wh_per_m: float
    mean_w: float
    """Power, averaged over the energy that moved."""


def live_years(params: Params, ageing: AgeingParams, life: Life, years: int) -> list[Year]:
    """Every year's end of a car that is plugged in each night and driven each day.

    The battery is as warm as the air: its own heat and the sun on it are left out, and so is the
    daily swing, which its mass damps to a third.
    """
    health, drive = NEW, _driven(params, life, NEW)
    told = [_year(params, life, drive, health, 0)]
    for year in range(1, years + 1):
        for degc in life.months_degc:
            health = age(ageing, health, _month(params, life, drive, health, degc))
        drive = _driven(params, life, health)
        told.append(_year(params, life, drive, health, year))
    return told


def _month(params: Params, life: Life, drive: _Drive, health: Health, degc: float) -> Stress:
    net_wh = net_energy_wh(params, _aged(params, health))
    gross_wh = net_wh / (params.pack.soc_full - params.pack.soc_empty)
    month_m = life.m_per_year / 12.0
    shown_a_day = month_m * drive.net_wh_per_m / DAYS_PER_MONTH / net_wh
    low = max(life.charge_to - shown_a_day, min(LOWEST, life.charge_to))
    soc_low, soc_high = pack_soc(params, low), pack_soc(params, life.charge_to)
    return Stress(
        hours=HOURS_PER_MONTH,
        soc_mean=0.5 * (soc_low + soc_high),
        soc_low=soc_low,
        soc_high=soc_high,
        battery_degc=degc,
        # What was drawn comes back, from the brakes or from a station.
        throughput_ah_per_ah=2.0 * month_m * drive.drawn_wh_per_m / gross_wh,
        rate_per_h=0.5 * (drive.mean_w + _charge_w(params, life)) / gross_wh,
    )


def _charge_w(params: Params, life: Life) -> float:
    supply = params.supply
    slow_w = supply.ac_power_max_w * supply.charger_efficiency - supply.charger_loss_w
    points = range(int(FAST_FROM * TABLE_SIZE), int(FAST_TO * TABLE_SIZE) + 1)
    fast_w = mean(supply.dc_power_w[k] for k in points)
    return slow_w + life.fast_share * (fast_w - slow_w)


def _driven(params: Params, life: Life, health: Health) -> _Drive:
    trip = load_cycle("wltc3b")
    drawn_ws = back_ws = squared = 0.0
    for done in follow_trip(
        params,
        trip,
        _aged(params, health)._replace(battery_degc=mean(life.months_degc)),
        ambient_degc=mean(life.months_degc),
        climate=True,
        dt_s=1.0,
    ):
        power_w = done.flows.battery_power_w
        drawn_ws += max(power_w, 0.0)
        back_ws += max(-power_w, 0.0)
        squared += power_w * power_w
    return _Drive(
        drawn_wh_per_m=drawn_ws / SECONDS_PER_HOUR / trip.distance_m,
        net_wh_per_m=(drawn_ws - back_ws) / SECONDS_PER_HOUR / trip.distance_m,
        mean_w=squared / (drawn_ws + back_ws),
    )


def _year(params: Params, life: Life, drive: _Drive, health: Health, year: int) -> Year:
    energy_wh = net_energy_wh(params, _aged(params, health))
    return Year(
        year=year,
        health=health,
        distance_m=year * life.m_per_year,
        range_m=energy_wh / drive.net_wh_per_m,
    )


def _aged(params: Params, health: Health) -> State:
    """A rested car whose battery is that old."""
    return warmed_up(params, ambient_degc=MILD_DEGC)._replace(
        capacity_share=health.capacity_share, resistance_share=health.resistance_share
    )
