"""Worlds to rehearse in: a virtual house over any stretch, or one under a country's real sky."""

import numpy as np

from vettura.energy.config import EnergyConfig
from vettura.energy.forecast_truth import NationalYear, Truth, national_sun_w, panels_clear_w
from vettura.energy.local_grid import local_grid
from vettura.energy.panels_truth import panels_truth_over, weather_of_slots, where
from vettura.energy.prices_market import Market
from vettura.energy.problem import Array
from vettura.energy.slots import Slots
from vettura.life.house_load_series import house_load_over
from vettura.life.places import Place
from vettura.units import NS_PER_S


def virtual_world(
    config: EnergyConfig,
    place: Place,
    slots: Slots,
    *,
    timezone: str,
    market: Market,
    seed: int,
    load_w: Array | None = None,
) -> Truth:
    """The house's own world: the sky and air of `life.weather`, the load of `life.house_load`.

    A living house of that `seed` sees the same. `load_w` stands in for the load when given.
    """
    weather = weather_of_slots(slots, place, seed=seed)
    return Truth(
        grid=local_grid(slots, timezone),
        sun_w=panels_truth_over(config.panels, place, slots, weather),
        clear_w=panels_clear_w(config.panels, where(place), slots),
        load_w=_load_w(config, slots, timezone, seed) if load_w is None else load_w,
        ambient_degc=weather.ambient_degc,
        market=market,
    )


def national_world(
    config: EnergyConfig,
    place: Place,
    slots: Slots,
    *,
    timezone: str,
    national: NationalYear,
    seed: int,
    load_w: Array | None = None,
) -> Truth:
    """The panels under a country's sky of the same hours as its prices; air and load as at home."""
    weather = weather_of_slots(slots, place, seed=seed)
    return Truth(
        grid=local_grid(slots, timezone),
        sun_w=national_sun_w(national, config.panels, where(place), slots),
        clear_w=panels_clear_w(config.panels, where(place), slots),
        load_w=_load_w(config, slots, timezone, seed) if load_w is None else load_w,
        ambient_degc=weather.ambient_degc,
        market=national.market,
    )


def hourly(market: Market) -> Market:
    """The same market as it was before it traded quarters: means of full hours."""
    first = -market.start_ns // (900 * NS_PER_S) % 4
    whole = (len(market.per_wh) - first) // 4 * 4
    arrays = [
        np.repeat(values[first : first + whole].reshape(-1, 4).mean(axis=1), 4)
        for values in (market.per_wh, market.carbon_g_per_wh)
    ]
    return Market(market.start_ns + first * 900 * NS_PER_S, *arrays)


def quarterly(market: Market, *, swing: float = 0.12) -> Market:
    """An hourly market as if it traded quarters, whose mean in each hour stays the same.

    Within an hour prices follow the neighbours' slope, as they do where a ramp is traded; `swing`
    adds the saw tooth of a merit order that steps at full hours, as a share of that slope.
    """
    price = market.per_wh
    before, after = np.roll(price, 4), np.roll(price, -4)
    before[:4], after[-4:] = price[:4], price[-4:]
    slope = np.nan_to_num((after - before) / 8.0)
    place = (market.start_ns // (900 * NS_PER_S) + np.arange(len(price))) % 4 - 1.5
    tooth = swing * np.abs(slope) * np.where(np.abs(place) > 1.0, 1.0, -1.0)
    return Market(market.start_ns, price + slope * place + tooth, market.carbon_g_per_wh)


def _load_w(config: EnergyConfig, slots: Slots, timezone: str, seed: int) -> Array:
    return house_load_over(
        slots.start_ns,
        slot_s=slots.slot_s,
        count=slots.count,
        timezone=timezone,
        kwh_per_year=config.load.kwh_per_year,
        seed=seed,
    )
