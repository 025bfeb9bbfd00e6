"""Prices and forecasts as they travel: numbers with as many digits as mean something."""

from vettura.bus.messages_energy import AirForecast, Forecast, Prices
from vettura.energy.problem import Array
from vettura.energy.slots import Slots
from vettura.energy.spread import Spread
from vettura.energy.tariff import SlotPrices


def told_prices(prices: SlotPrices, *, time_ns: int, currency: str, source: str) -> Prices:
    """As `energy.<home>.prices`; tenths travel only where something is expected."""
    is_sure = prices.known == prices.slots.count
    return Prices(
        time_ns=time_ns,
        start_ns=prices.slots.start_ns,
        slot_s=prices.slots.slot_s,
        currency=currency,
        import_per_wh=_listed(prices.import_per_wh, 9),
        export_per_wh=_listed(prices.export_per_wh, 9),
        carbon_g_per_wh=[]
        if prices.carbon_g_per_wh is None
        else _listed(prices.carbon_g_per_wh, 6),
        known=prices.known,
        low_per_wh=[] if is_sure else _listed(prices.import_low, 9),
        high_per_wh=[] if is_sure else _listed(prices.import_high, 9),
        source=source,
        note=prices.note,
    )


def told_forecast(
    spread: Spread, slots: Slots, *, time_ns: int, source: str, note: str = ""
) -> Forecast:
    """As `energy.<home>.forecast.<what>` [W]."""
    return Forecast(
        time_ns=time_ns,
        start_ns=slots.start_ns,
        slot_s=slots.slot_s,
        low_w=_listed(spread.low, 1),
        middle_w=_listed(spread.middle, 1),
        high_w=_listed(spread.high, 1),
        mean_w=_listed(spread.mean, 1),
        source=source,
        note=note,
    )


def told_air(spread: Spread, slots: Slots, *, time_ns: int) -> AirForecast:
    """As `energy.<home>.forecast.air` [°C]."""
    return AirForecast(
        time_ns=time_ns,
        start_ns=slots.start_ns,
        slot_s=slots.slot_s,
        low_degc=_listed(spread.low, 2),
        middle_degc=_listed(spread.middle, 2),
        high_degc=_listed(spread.high, 2),
    )


def _listed(values: Array, digits: int) -> list[float]:
    listed: list[float] = values.round(digits).tolist()
    return listed
