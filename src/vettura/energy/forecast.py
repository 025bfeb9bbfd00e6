"""What a house may expect at any instant: prices, sun, load and temperature as quantiles.

A `Forecaster` is made once for a stretch of truth (`forecast_truth.Truth`: a year, with any start)
and asked as often as wanted: `at(time_ns, count)` costs a few tenths of a millisecond. Nothing in
an answer comes from after `time_ns`, with one exception that every weather service has too: of the
sky and the air of days to come it sees a signal, the truth plus a seeded error that grows with lead
time (`forecast_weather`). The error of a day is one random walk: forecasts of the same day improve
hour by hour instead of jumping, and their tenths are tenths.

    forecaster = Forecaster(truth, config, timezone="Europe/Rome", seed=1)
    seen = forecaster.at(now_ns, count=192)
    seen.prices.import_per_wh, seen.prices.known, seen.sun_w.mean, seen.load_w.mean

Plans that minimise expected cost take `mean`; `middle` is the median.
"""

from dataclasses import dataclass
from typing import final

from vettura.energy.config import DynamicTariff, EnergyConfig
from vettura.energy.forecast_truth import Truth
from vettura.energy.forecast_weather import AirOutlook, SkyOutlook
from vettura.energy.load_profile import LoadOutlook
from vettura.energy.local_grid import LocalGrid, by_day
from vettura.energy.prices_outlook import PriceOutlook, published_until_ns
from vettura.energy.problem import Array
from vettura.energy.slots import Slots
from vettura.energy.spread import Spread
from vettura.energy.tariff import Known, SlotPrices, price_slots


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Forecasts:
    """What is expected of each of `slots`; the first holds the instant of asking."""

    slots: Slots
    grid: LocalGrid
    prices: SlotPrices
    sun_w: Spread
    load_w: Spread
    ambient_degc: Spread


@final
class Forecaster:
    """Forecasts of one house at any instant of a stretch of truth."""

    def __init__(self, truth: Truth, config: EnergyConfig, *, timezone: str, seed: int) -> None:
        self._truth = truth
        self._config = config
        self._timezone = timezone
        grid = truth.grid
        first = int(grid.day[0])
        days = int(grid.day[-1]) - first + 1
        self._first_day = first

        def daily(values: Array) -> Array:
            return by_day(values, grid, first_day=first, days=days)

        self._sky = SkyOutlook(daily(truth.sun_w), daily(truth.clear_w), seed=seed, first_day=first)
        self._air = AirOutlook(daily(truth.ambient_degc), seed=seed, first_day=first)
        self._load = LoadOutlook(
            daily(truth.load_w),
            first_day=first,
            year_wh=1000.0 * config.load.kwh_per_year,
        )
        self._prices = PriceOutlook(truth.market, timezone)
        feed = truth.feed_market
        self._feed_prices = None if feed is None else PriceOutlook(feed, timezone)

    def at(self, time_ns: int, count: int) -> Forecasts:
        """Forecasts of `count` slots from the one that holds `time_ns` [ns since the epoch].

        Fewer where the truth ends earlier.
        """
        truth = self._truth
        first = truth.grid.slots.index(time_ns)
        grid = truth.grid.part(first, min(count, truth.grid.slots.count - first))
        today = int(grid.day[0])
        now_hour = float(truth.grid.minute[first]) / 60.0
        here = slice(first, first + grid.slots.count)
        past = slice(max(0, first - max(1, 3600 // grid.slots.slot_s)), first)
        sky = self._sky.over(grid, truth.clear_w[here], today=today, hour=now_hour)
        sun = self._sky.nowcast(
            sky, measured_w=truth.sun_w[past], grid=truth.grid, past=past, clear_w=truth.clear_w
        )
        return Forecasts(
            slots=grid.slots,
            grid=grid,
            prices=self._priced(grid, time_ns),
            sun_w=sun,
            load_w=self._load.over(grid, today=today),
            ambient_degc=self._air.over(grid, today=today, hour=now_hour),
        )

    def _priced(self, grid: LocalGrid, time_ns: int) -> SlotPrices:
        config = self._config
        market = self._known(self._prices, config.tariff, time_ns)
        feed = None
        if self._feed_prices is not None:
            feed = self._known(self._feed_prices, config.feed_in, time_ns)
        return price_slots(config, grid, market=market, feed_market=feed)

    def _known(self, outlook: PriceOutlook, tariff: object, time_ns: int) -> Known | None:
        if not isinstance(tariff, DynamicTariff):
            tariff = self._config.feed_in
        if not isinstance(tariff, DynamicTariff):
            return None
        until_ns = published_until_ns(
            time_ns, published=tariff.published, timezone=tariff.zone or self._timezone
        )
        return Known(outlook, until_ns)
