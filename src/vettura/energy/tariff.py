"""What energy costs and earns in each slot: config and known market prices in, prices out. Pure."""

from dataclasses import dataclass, replace
from math import gcd
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from vettura.energy.config import (
    Band,
    DynamicTariff,
    EnergyConfig,
    FixedTariff,
    GridConfig,
    Tariff,
    TimeOfUseTariff,
)
from vettura.energy.local_grid import EPOCH_ORDINAL, Counts, LocalGrid, local_grid
from vettura.energy.prices_market import NO_MARKET, Market, over_slots
from vettura.energy.prices_outlook import MarketSlots, PriceOutlook
from vettura.energy.problem import Array, Connection
from vettura.energy.slots import Slots
from vettura.life.household import WEEK
from vettura.life.limits import second_of_day
from vettura.units import W_PER_KW, WH_PER_KWH

VOLTS = 230.0
"""Nominal voltage of a phase in Europe (EN 50160)."""
_MINUTE_S = 60
Flags: TypeAlias = NDArray[np.bool_]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SlotPrices:
    """Prices of each slot [currency per Wh]; `import_low` and `import_high` are tenths."""

    slots: Slots
    import_per_wh: Array
    import_low: Array
    import_high: Array
    export_per_wh: Array
    known: int
    """So many of the first slots are certain; those after may be expected."""
    carbon_g_per_wh: Array | None = None
    note: str = ""

    def with_carbon(self, carbon_g_per_wh: Array | None) -> "SlotPrices":
        """The same with that carbon intensity."""
        return replace(self, carbon_g_per_wh=carbon_g_per_wh)


@final
@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one market: its outlook, and until when prices are published."""

    outlook: PriceOutlook
    known_until_ns: int


def price_slots(
    config: EnergyConfig,
    grid: LocalGrid,
    *,
    market: Known | None = None,
    feed_market: Known | None = None,
) -> SlotPrices:
    """Prices over the grid's slots; the grid is of the household's zone.

    `feed_market` is for a dynamic feed-in with a source of its own; without one it follows
    `market`. A market that is missing where a dynamic tariff needs it is guessed, and `note` says
    so.
    """
    bought = _tariff_slots(config.tariff, grid, market)
    sold = _tariff_slots(config.feed_in, grid, feed_market or market)
    notes = [_missing("prices", bought), _missing("feed-in prices", sold)]
    certain = bought.is_known * sold.is_known
    gaps = np.flatnonzero(certain < 1.0)
    return SlotPrices(
        slots=grid.slots,
        import_per_wh=bought.middle,
        import_low=bought.low,
        import_high=bought.high,
        export_per_wh=sold.middle,
        known=int(gaps[0]) if len(gaps) else grid.slots.count,
        carbon_g_per_wh=_carbon(config.grid, grid.slots),
        note="; ".join(note for note in notes if note),
    )


def true_prices(config: EnergyConfig, slots: Slots, *, timezone: str, market: Market) -> SlotPrices:
    """Prices when the whole market is known; `InputError` has no place here: gaps are expected."""
    grid = local_grid(slots, timezone)
    known = Known(PriceOutlook(market, timezone), market.end_ns)
    return price_slots(config, grid, market=known)


def market_carbon(market: Market, slots: Slots, config: GridConfig) -> Array | None:
    """Carbon intensity as the prices' source says, else as config does; None: nobody knows."""
    if config.carbon_g_per_kwh is not None:
        return _carbon(config, slots)
    heard = over_slots(market, market.carbon_g_per_wh, slots)
    is_heard = np.isfinite(heard)
    # What is not said of later hours is as what is said of earlier ones.
    return np.where(is_heard, heard, heard[is_heard].mean()) if is_heard.any() else None


def connection_of(
    grid: GridConfig, *, peak_so_far_w: float = 0.0, curtails: bool = True
) -> Connection:
    """The connection as a planner takes it: fuse, export limit and the price of the peak."""
    phase_w = grid.fuse_a * VOLTS
    total_w = phase_w * grid.phases
    return Connection(
        import_w_max=total_w,
        export_w_max=total_w if grid.export_w_max is None else min(grid.export_w_max, total_w),
        phase_w_max=phase_w,
        peak_per_w=grid.peak_per_kw / W_PER_KW,
        peak_so_far_w=peak_so_far_w,
        curtails=curtails,
    )


def _carbon(config: GridConfig, slots: Slots) -> Array | None:
    if config.carbon_g_per_kwh is None:
        return None
    return np.full(slots.count, config.carbon_g_per_kwh / WH_PER_KWH)


def _tariff_slots(tariff: Tariff, grid: LocalGrid, market: Known | None) -> MarketSlots:
    match tariff:
        case FixedTariff():
            return _certain(np.full(grid.slots.count, tariff.per_kwh / WH_PER_KWH))
        case TimeOfUseTariff():
            return _certain(_time_of_use(tariff, grid))
        case DynamicTariff():
            return _dynamic(tariff, grid, market)


def _certain(prices: Array) -> MarketSlots:
    ones = np.ones(len(prices))
    return MarketSlots(middle=prices, low=prices, high=prices, is_known=ones, is_guess=False)


def _dynamic(tariff: DynamicTariff, grid: LocalGrid, market: Known | None) -> MarketSlots:
    if market is None:
        market = Known(PriceOutlook(NO_MARKET, "UTC"), 0)
    seen = market.outlook.over(grid, known_until_ns=market.known_until_ns)
    plus = tariff.plus_per_kwh / WH_PER_KWH
    middle, low, high = (tariff.factor * each + plus for each in (seen.middle, seen.low, seen.high))
    return MarketSlots(
        middle=middle, low=low, high=high, is_known=seen.is_known, is_guess=seen.is_guess
    )


def _missing(what: str, prices: MarketSlots) -> str:
    """What a person should know of slots that nobody has published inside what is published."""
    if prices.is_guess:
        return f"no {what} were ever heard: a usual price stands in"
    known = np.flatnonzero(prices.is_known > 0.0)
    if not len(known):
        return f"no {what} are published for these hours: expected ones stand in"
    missing = int((prices.is_known[: known[-1]] == 0.0).sum())
    return f"{missing} slots without {what} among published ones are expected" if missing else ""


def _time_of_use(tariff: TimeOfUseTariff, grid: LocalGrid) -> Array:
    """Prices by bands; a slot over a band's border gets the mean of its parts."""
    borders = [second_of_day(t) for band in tariff.bands for t in (band.since, band.until)]
    step_s = gcd(grid.slots.slot_s, *borders)
    parts = grid.slots.slot_s // step_s
    prices = np.full((grid.slots.count, parts), tariff.otherwise_per_kwh)
    open_yet = np.ones(prices.shape, dtype=bool)
    # No clock changes within a slot, since changes happen at full quarters of an hour.
    second = grid.minute[:, None] * _MINUTE_S + step_s * np.arange(parts)
    for band in tariff.bands:
        holds = _holds(band, grid, second) & open_yet
        prices[holds] = band.per_kwh
        open_yet &= ~holds
    return np.asarray(prices.mean(axis=1) / WH_PER_KWH)


def _holds(band: Band, grid: LocalGrid, second: Counts) -> Flags:
    """Whether the band holds; its days and months are those of the day on which it begins."""
    since, until = second_of_day(band.since), second_of_day(band.until)
    day: Counts = np.broadcast_to(grid.day[:, None], second.shape)
    if since < until:
        return (second >= since) & (second < until) & _named(band, day)
    evening = (second >= since) & _named(band, day)
    return evening | ((second < until) & _named(band, day - 1))


def _named(band: Band, day: Counts) -> Flags:
    days = [WEEK.index(name) for name in band.days]
    is_named: Flags = np.isin((day + 6) % 7, days)
    if not band.months:
        return is_named
    months = (day - EPOCH_ORDINAL).astype("datetime64[D]").astype("datetime64[M]")
    return is_named & np.isin(months.astype(np.int64) % 12 + 1, band.months)
