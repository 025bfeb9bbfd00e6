"""Prices and forecasts laid on the slots of a plan, and what stands in where they are missing."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from vettura.bus.messages_energy import Forecast, Prices
from vettura.energy.config import EnergyConfig, FixedTariff
from vettura.energy.problem import Array
from vettura.energy.slots import Slots
from vettura.units import NS_PER_S, WH_PER_KWH

DAY_S = 86_400
HOURS_OF_YEAR = 8_760.0
STALE_NS = 6 * 3_600 * NS_PER_S
"""A forecast that is older than this is taken for dead: weather is forecast every hour."""
NEAR_BY_PER_KWH = 0.30
"""Stands in for a price that nobody knows: about what a household in Italy paid in 2025
(ARERA, economic conditions for protected customers)."""


class Outlook(NamedTuple):
    """What is to come on each slot, and what of it is missing, in words for a person."""

    import_per_wh: Array
    export_per_wh: Array
    carbon_g_per_wh: Array | None
    load_w: Array
    sun_w: Array
    has_prices: bool
    has_forecasts: bool
    missing: tuple[str, ...]


def outlook(
    slots: Slots,
    config: EnergyConfig,
    *,
    prices: Prices | None,
    sun: Forecast | None,
    load: Forecast | None,
    now_ns: int,
) -> Outlook:
    """Lay what was told on the slots; the day before stands in for what reaches too short."""
    missing: list[str] = []
    has_prices = prices is not None and _reaches(prices.start_ns, prices.slot_s, prices, now_ns)
    if not has_prices:
        missing.append("no prices are known")
    sun_w = _power(slots, sun, now_ns)
    load_w = _power(slots, load, now_ns)
    if sun_w is None and config.panels:
        missing.append("the forecast of the sun is missing or old")
    if load_w is None:
        missing.append("the forecast of the load is missing or old")
    mean_w = config.load.kwh_per_year * WH_PER_KWH / HOURS_OF_YEAR
    price = _stand_in(config) if prices is None or not has_prices else None
    return Outlook(
        import_per_wh=np.full(slots.count, price[0]) if price else _prices(slots, prices, 0),
        export_per_wh=np.full(slots.count, price[1]) if price else _prices(slots, prices, 1),
        carbon_g_per_wh=_carbon(slots, prices if has_prices else None),
        load_w=np.full(slots.count, mean_w) if load_w is None else np.maximum(load_w, 0.0),
        sun_w=np.zeros(slots.count) if sun_w is None else np.maximum(sun_w, 0.0),
        has_prices=has_prices,
        has_forecasts=load_w is not None and (sun_w is not None or not config.panels),
        missing=tuple(missing),
    )


def along(slots: Slots, values: Sequence[float], *, start_ns: int, slot_s: int) -> Array:
    """Values of slots from `start_ns` on, as means over other slots.

    Before the first the first stands, after the last the same time of the last day that is known.
    """
    step_s = min(slots.slot_s, slot_s)
    pieces = slots.slot_s // step_s
    begin = (slots.start_ns - start_ns) // NS_PER_S
    seconds = begin + step_s * np.arange(slots.count * pieces)
    index = seconds // slot_s
    count, of_day = len(values), DAY_S // slot_s
    after = index - count
    again = count - of_day + after % of_day if count >= of_day else np.full_like(index, count - 1)
    index = np.where(after >= 0, again, np.maximum(index, 0))
    found: Array = np.asarray(values, dtype=np.float64)[index].reshape(slots.count, pieces)
    means: Array = found.mean(axis=1)
    return means


def _reaches(start_ns: int, slot_s: int, prices: Prices, now_ns: int) -> bool:
    """Whether anything is known of the time to come, and all of it are numbers."""
    length = min(len(prices.import_per_wh), len(prices.export_per_wh))
    numbers = [*prices.import_per_wh, *prices.export_per_wh]
    is_good = length > 0 and bool(np.isfinite(np.asarray(numbers)).all())
    return is_good and start_ns + length * slot_s * NS_PER_S > now_ns


def _prices(slots: Slots, prices: Prices | None, side: int) -> Array:
    assert prices is not None
    values = (prices.import_per_wh, prices.export_per_wh)[side]
    return along(slots, values, start_ns=prices.start_ns, slot_s=prices.slot_s)


def _carbon(slots: Slots, prices: Prices | None) -> Array | None:
    if prices is None or len(prices.carbon_g_per_wh) < len(prices.import_per_wh):
        return None
    carbon = along(slots, prices.carbon_g_per_wh, start_ns=prices.start_ns, slot_s=prices.slot_s)
    return np.maximum(carbon, 0.0) if bool(np.isfinite(carbon).all()) else None


def _power(slots: Slots, told: Forecast | None, now_ns: int) -> Array | None:
    if told is None or not told.middle_w or now_ns - told.time_ns > STALE_NS:
        return None
    # Costs in the mean follow the mean; the median leaves out the rare bright day.
    values = told.mean_w or told.middle_w
    power = along(slots, values, start_ns=told.start_ns, slot_s=told.slot_s)
    return power if bool(np.isfinite(power).all()) else None


def _stand_in(config: EnergyConfig) -> tuple[float, float]:
    """A price for when none is known [per Wh]: the tariff's own, where it is one number."""
    tariff, feed_in = config.tariff, config.feed_in
    paid = tariff.per_kwh if isinstance(tariff, FixedTariff) else NEAR_BY_PER_KWH
    given = feed_in.per_kwh if isinstance(feed_in, FixedTariff) else 0.0
    return paid / WH_PER_KWH, given / WH_PER_KWH
