"""Forecasts of a living house: what its meters have taught, and its sky and air.

A virtual house has a weather service: the truth of its own world plus an honest, seeded error, and
it remembers the weeks before it was made. A real one knows the clear sky and what it has measured.
"""

from dataclasses import dataclass
from datetime import date
from typing import final

import numpy as np

from vettura.energy.config import EnergyConfig
from vettura.energy.forecast_history import DAYS, SlotHistory
from vettura.energy.forecast_truth import CLEAR_DEGC, CLEAR_WIND_MPS
from vettura.energy.forecast_weather import TENTH_SIGMAS, AirOutlook, SkyOutlook
from vettura.energy.load_profile import LoadOutlook
from vettura.energy.local_grid import LocalGrid, by_day, local_grid
from vettura.energy.panels import angles_over, clear_sky_over
from vettura.energy.panels_truth import panels_truth_over, weather_of_slots
from vettura.energy.problem import Array
from vettura.energy.slots import Slots, slots_from
from vettura.energy.spread import Spread, nothing
from vettura.energy.sun import Ground, SunModel
from vettura.energy.sun_feed import SunFeed
from vettura.energy.tariff import VOLTS
from vettura.life.house_load_series import house_load_over
from vettura.life.local_time import day_start_ns
from vettura.life.places import Place
from vettura.units import SECONDS_PER_HOUR, WH_PER_KWH

GIVEN_SIGMA = 0.25
"""Relative error of a given forecast that names no tenths, as of one's own a day ahead."""
AHEAD_DAYS = 5
"""The longest horizon, and the day that it ends in."""
PAST_DAYS = DAYS - 1
_ROWS_MAX = 128


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What is expected of the next slots; the first holds the instant of asking."""

    grid: LocalGrid
    sun_w: Spread
    load_w: Spread
    ambient_degc: Spread | None
    """None: nobody has told a temperature yet."""


@final
@dataclass(frozen=True, slots=True)
class _Day:
    """What was thought when a local day began."""

    today: int
    first_day: int
    clear_w: Array
    """(dates, slots of a day) from `first_day`."""
    given_bias: float
    sky: SkyOutlook
    air: AirOutlook | None
    load: LoadOutlook


@final
class LiveForecasts:
    """Learns from meters and answers what comes."""

    def __init__(
        self, config: EnergyConfig, place: Place, *, timezone: str, seed: int, sun: SunModel
    ) -> None:
        self._config = config
        self._place = place
        self._timezone = timezone
        self._seed = seed
        self._sun_model = sun
        peak_w = sum(panel.peak_w for panel in config.panels)
        fuse_w = config.grid.fuse_a * VOLTS * config.grid.phases
        self.sun_w = SlotHistory(slot_s=config.slot_s, low=-100.0, high=1.5 * peak_w + 100.0)
        self.load_w = SlotHistory(slot_s=config.slot_s, low=0.0, high=1.5 * fuse_w)
        self.ambient_degc = SlotHistory(slot_s=config.slot_s, low=-60.0, high=60.0)
        self.given_w = SlotHistory(slot_s=config.slot_s, low=0.0, high=1.5 * peak_w + 100.0)
        """What a given forecast said of slots that have begun, to learn how far it is off."""
        self.feed: SunFeed | None = None
        """Who gives a forecast of the sun; None: nobody."""
        self._clear_rows: dict[int, Array] = {}
        self._world_rows: dict[int, tuple[Array, Array]] = {}
        self._day: _Day | None = None

    def remember_past(self, now_ns: int) -> None:
        """Fill in what a virtual house would have measured before it was made."""
        slot_s = self._config.slot_s
        count = PAST_DAYS * 86_400 // slot_s
        end = slots_from(now_ns, slot_s=slot_s, count=1)
        slots = Slots(start_ns=end.start_ns - count * end.slot_ns, slot_s=slot_s, count=count)
        weather = weather_of_slots(slots, self._place, seed=self._seed)
        sun_w = panels_truth_over(self._config.panels, self._place, slots, weather)
        self.sun_w.fill(slots, sun_w)
        self.ambient_degc.fill(slots, weather.ambient_degc)
        load_w = house_load_over(
            slots.start_ns,
            slot_s=slot_s,
            count=count,
            timezone=self._timezone,
            kwh_per_year=self._config.load.kwh_per_year,
            seed=self._seed,
        )
        self.load_w.fill(slots, load_w)

    def at(self, now_ns: int) -> Expected:
        """What is expected of the horizon's slots, as known now."""
        config = self._config
        count = int(config.horizon_h * SECONDS_PER_HOUR) // config.slot_s
        grid = local_grid(slots_from(now_ns, slot_s=config.slot_s, count=count), self._timezone)
        today, hour = int(grid.day[0]), float(grid.minute[0]) / 60.0
        day = self._day
        if day is None or day.today != today:
            day = self._day = self._begin(today)
        air = day.air
        return Expected(
            grid=grid,
            sun_w=self._sun(day, grid, now_ns, hour),
            load_w=day.load.over(grid, today=today),
            ambient_degc=None if air is None else air.over(grid, today=today, hour=hour),
        )

    def _sun(self, day: _Day, grid: LocalGrid, now_ns: int, hour: float) -> Spread:
        if not self._config.panels:
            return nothing(grid.slots.count)
        measured = self.sun_w.recent(now_ns, hours=1.0)
        past = len(measured)
        slots = grid.slots
        around = local_grid(
            Slots(
                start_ns=slots.start_ns - past * slots.slot_ns,
                slot_s=slots.slot_s,
                count=past + slots.count,
            ),
            self._timezone,
        )
        clear_w = day.clear_w[around.day - day.first_day, around.column]
        sky = day.sky.over(grid, clear_w[past:], today=day.today, hour=hour)
        if self.feed is not None:
            sky = self._given(self.feed, sky, day, grid, now_ns)
        if not np.isfinite(measured).all():
            return sky
        return day.sky.nowcast(
            sky, measured_w=measured, grid=around, past=slice(0, past), clear_w=clear_w
        )

    def _given(self, feed: SunFeed, own: Spread, day: _Day, grid: LocalGrid, now_ns: int) -> Spread:
        """The forecast that was given where it says something, times what it has taught."""
        slots = grid.slots
        angles = angles_over(slots, self._place.longitude_deg)
        light = clear_sky_over(angles, self._place.latitude_deg)
        clear_w = day.clear_w[grid.day - day.first_day, grid.column]
        told = feed.over(slots, light if feed.is_light else clear_w, now_ns)
        if told is None:
            return own
        mean = told.mean
        if told.is_light:
            air = np.full(slots.count, CLEAR_DEGC), np.full(slots.count, CLEAR_WIND_MPS)
            mean = self._sun_model.power_w(slots, Ground(np.nan_to_num(mean), *air))
            mean = np.where(np.isfinite(told.mean), mean, np.nan)
        hour = int(SECONDS_PER_HOUR) // slots.slot_s
        soon = Slots(start_ns=slots.start_ns, slot_s=slots.slot_s, count=hour)
        self.given_w.fill(soon, mean[:hour])
        mean = mean * day.given_bias
        wide = np.exp(TENTH_SIGMAS * GIVEN_SIGMA)
        scale = np.where(told.mean > 0.0, mean / np.maximum(told.mean, 1e-9), 0.0)
        low = np.where(np.isfinite(told.low), told.low * scale, mean / wide)
        high = np.where(np.isfinite(told.high), told.high * scale, mean * wide)
        says = np.isfinite(mean)
        return Spread(
            low=np.where(says, np.minimum(low, mean), own.low),
            middle=np.where(says, mean, own.middle),
            high=np.where(says, np.maximum(high, mean), own.high),
            mean=np.where(says, mean, own.mean),
        )

    def _given_bias(self, first_day: int, days: int, sun: Array) -> float:
        """What the panels gave beside what was said, over the last weeks; 1 before a few days."""
        said = self.given_w.days(first_day, days, self._timezone)
        both = np.isfinite(said) & np.isfinite(sun)
        both[PAST_DAYS:] = False
        total = float(said[both].sum())
        peak_w = sum(panel.peak_w for panel in self._config.panels)
        # A sunny day's worth of what was said is needed to be surer than the source.
        if total < 4.0 * peak_w * SECONDS_PER_HOUR / self._config.slot_s:
            return 1.0
        return float(np.clip(np.maximum(sun[both], 0.0).sum() / total, 0.3, 2.0))

    def _begin(self, today: int) -> _Day:
        """Think of the weeks that were and the days to come."""
        first = today - PAST_DAYS
        days = PAST_DAYS + AHEAD_DAYS + 1
        is_virtual = self._config.virtual
        sun, air, load = (
            history.days(first, days, self._timezone)
            for history in (self.sun_w, self.ambient_degc, self.load_w)
        )
        clear = np.zeros(sun.shape)
        if self._config.panels:
            self._make_clear_rows(first, days)
            clear = np.array([self._clear_rows[first + row] for row in range(days)])
        if is_virtual:
            for row in range(PAST_DAYS, days):
                sun[row], air[row] = self._world_row(first + row)
        has_air = bool(np.isfinite(air).any())
        return _Day(
            today=today,
            first_day=first,
            clear_w=clear,
            given_bias=1.0 if self.feed is None else self._given_bias(first, days, sun),
            sky=SkyOutlook(
                np.maximum(sun, 0.0),
                clear,
                seed=self._seed,
                first_day=first,
                has_service=is_virtual,
            ),
            air=AirOutlook(air, seed=self._seed, first_day=first, has_service=is_virtual)
            if has_air
            else None,
            load=LoadOutlook(
                load,
                first_day=first,
                year_wh=WH_PER_KWH * self._config.load.kwh_per_year,
            ),
        )

    def _slots_of(self, first_day: int, days: int) -> Slots:
        begin_ns, end_ns = (
            day_start_ns(date.fromordinal(first_day + k), self._timezone) for k in (0, days)
        )
        # Where a zone is off by a part of a slot the day begins within one.
        slots = slots_from(begin_ns, slot_s=self._config.slot_s, count=1)
        count = -((slots.start_ns - end_ns) // slots.slot_ns)
        return Slots(start_ns=slots.start_ns, slot_s=slots.slot_s, count=count)

    def _make_clear_rows(self, first_day: int, days: int) -> None:
        """Clear sky [W] of dates by slots of the clock; each date is made once."""
        kept = self._clear_rows
        missing = [day for day in range(first_day, first_day + days) if day not in kept]
        if not missing:
            return
        first, count = missing[0], missing[-1] - missing[0] + 1
        slots = self._slots_of(first, count)
        rows = self._rows(self._sun_model.clear_w(slots), slots, first, count)
        self._clear_rows = {day: kept[day] for day in kept if day >= first_day}
        self._clear_rows |= {first + k: row for k, row in enumerate(rows)}

    def _world_row(self, day: int) -> tuple[Array, Array]:
        """Sun [W] and air [°C] of a date in the virtual world: what its weather service sees."""
        if day not in self._world_rows:
            if len(self._world_rows) >= _ROWS_MAX:
                del self._world_rows[min(self._world_rows)]
            slots = self._slots_of(day, 1)
            weather = weather_of_slots(slots, self._place, seed=self._seed)
            sun_w = panels_truth_over(self._config.panels, self._place, slots, weather)
            air = self._rows(weather.ambient_degc, slots, day, 1)[0]
            self._world_rows[day] = self._rows(sun_w, slots, day, 1)[0], air
        return self._world_rows[day]

    def _rows(self, values: Array, slots: Slots, first_day: int, days: int) -> list[Array]:
        """By date and clock; the hour that clocks skip is told by its neighbours."""
        grid = local_grid(slots, self._timezone)
        rows = list(by_day(values, grid, first_day=first_day, days=days))
        for row in rows:
            there = np.flatnonzero(np.isfinite(row))
            if len(there) < len(row):
                row[:] = np.interp(np.arange(len(row)), there, row[there])
        return rows
