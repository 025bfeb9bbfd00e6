"""What really happens to a house over a long stretch: the ground on which forecasts are judged."""

import csv
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import final

import numpy as np

from vettura.energy.config import PanelConfig
from vettura.energy.local_grid import LocalGrid
from vettura.energy.panels import Air, Where, angles_over, clear_sky_over, panels_over
from vettura.energy.prices_market import Market, PricePeriod, market_of
from vettura.energy.problem import Array
from vettura.energy.slots import Slots
from vettura.errors import InputError
from vettura.units import NS_PER_S

HOUR_NS = 3600 * NS_PER_S
CLEAR_DEGC, CLEAR_WIND_MPS = 20.0, 1.0
"""Air beside panels in the clear sky that others are measured by."""
CLEARNESS_OF_YEAR = 0.57
"""A year's sun over a clear sky's: makes some 970 kWh/kWp of a south roof at 51 N, the order that
Fraunhofer ISE states for Germany (Recent Facts about Photovoltaics in Germany)."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """A house over `grid.slots`: mean powers [W], temperature [°C], and its markets."""

    grid: LocalGrid
    sun_w: Array
    """What the panels give."""
    clear_w: Array
    """What they would give under a clear sky: the only thing of it that is known beforehand."""
    load_w: Array
    """The house without cars and batteries."""
    ambient_degc: Array
    market: Market
    feed_market: Market | None = None
    """None: a dynamic feed-in follows `market`."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class NationalYear:
    """A year of a national market, hour by hour: `../shared/data/day_ahead_de`."""

    slots: Slots
    market: Market
    solar_w: Array
    """Mean of all the country's panels [W]."""
    load_w: Array
    """Mean of all the country's loads [W]."""


def read_national(path: str | Path) -> NationalYear:
    """Read time_utc, price_eur_per_mwh, solar_mw, load_mw; InputError names file and line."""
    with Path(path).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows:
        raise InputError(f"{path}: no rows")
    times, values = [], []
    for line, row in enumerate(rows, start=2):
        try:
            when = datetime.fromisoformat(row["time_utc"])
            times.append(int(when.timestamp()) * NS_PER_S)
            names = ("price_eur_per_mwh", "solar_mw", "load_mw")
            values.append([float(row[name]) for name in names])
        except (KeyError, ValueError, TypeError) as error:
            raise InputError(f"{path}: line {line}: {error}") from None
    gaps = [k for k in range(1, len(times)) if times[k] - times[k - 1] != HOUR_NS]
    if gaps:
        raise InputError(f"{path}: line {gaps[0] + 2}: not one hour after the line before")
    table = np.array(values)
    return NationalYear(
        slots=Slots(start_ns=times[0], slot_s=3600, count=len(times)),
        market=market_of(
            PricePeriod(time_ns, time_ns + HOUR_NS, price / 1000.0)
            for time_ns, price in zip(times, table[:, 0].tolist(), strict=True)
        ),
        solar_w=1e6 * table[:, 1],
        load_w=1e6 * table[:, 2],
    )


def spread_over(hourly: Array, hours: Slots, slots: Slots) -> Array:
    """Hourly means as means of shorter slots: straight lines between the middles of hours.

    The mean of each hour is not kept to the last digit; no slot is below zero where no hour is.
    """
    middles = hours.start_ns + HOUR_NS * (np.arange(hours.count) + 0.5)
    wanted = slots.start_ns + slots.slot_ns * (np.arange(slots.count) + 0.5)
    if slots.slot_ns >= HOUR_NS:
        index = np.clip((wanted - hours.start_ns) // HOUR_NS, 0, hours.count - 1)
        return np.asarray(hourly[index.astype(np.int64)])
    return np.asarray(np.interp(wanted, middles, hourly))


def panels_clear_w(panels: tuple[PanelConfig, ...], where: Where, slots: Slots) -> Array:
    """What the panels would give under a clear sky at 20 °C in a light wind [W]."""
    angles = angles_over(slots, where.longitude_deg)
    ground = clear_sky_over(angles, where.latitude_deg)
    air = Air(ground, np.full(slots.count, CLEAR_DEGC), np.full(slots.count, CLEAR_WIND_MPS))
    powers = [panels_over(panel, angles, air, where.latitude_deg) for panel in panels]
    return np.asarray(np.sum(powers, axis=0)) if powers else np.zeros(slots.count)


def national_sun_w(
    national: NationalYear, panels: tuple[PanelConfig, ...], where: Where, slots: Slots
) -> Array:
    """The panels' power [W] if they had the country's sky: true link of price and sun.

    The country's panels, scaled so that the year yields what these would under a clear sky times
    the usual share of it, and no more than their inverters let through. One roof has deeper dips.
    """
    clear_w = panels_clear_w(panels, where, slots)
    country_w = spread_over(national.solar_w, national.slots, slots)
    if not country_w.any():
        return country_w
    scaled_w = country_w * (CLEARNESS_OF_YEAR * clear_w.sum() / country_w.sum())
    limit_w = sum(panel.inverter_w_max or panel.peak_w for panel in panels)
    return np.asarray(np.minimum(scaled_w, limit_w))
