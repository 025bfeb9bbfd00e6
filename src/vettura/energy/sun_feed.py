"""A forecast of the sun as it comes in, over the slots of a plan."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np

from vettura.energy.config import SunForecastConfig
from vettura.energy.forecast_given import GivenPeriod, GivenReading, read_given
from vettura.energy.prices_http import fetch, filled
from vettura.energy.problem import Array
from vettura.energy.slots import Slots
from vettura.errors import ForbiddenInRehearsalError, InputError
from vettura.life.local_time import local_date
from vettura.units import NS_PER_S

ASK_NS = 3_600 * NS_PER_S
STALE_NS = 36 * ASK_NS
"""A forecast that was heard longer ago says nothing any more."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class GivenSun:
    """A forecast over slots; NaN where it says nothing."""

    mean: Array
    low: Array
    """NaN too where the source gives no tenths."""
    high: Array
    is_light: bool
    """Light on the ground [W/m²], not power [W]."""


@final
class SunFeed:
    """What a source of forecasts has said last."""

    def __init__(self, config: SunForecastConfig, *, folder: Path, timezone: str) -> None:
        self._config = config
        self._folder = folder
        self._timezone = timezone
        self._stamp: tuple[int, int] | None = None
        self._heard_ns: int | None = None
        self._asked_ns: int | None = None
        self._reading = GivenReading((), is_light=False, notes=())
        self._complaint = ""

    @property
    def topic(self) -> str:
        """The MQTT topic that forecasts come by; empty for none."""
        return self._config.topic

    @property
    def notes(self) -> tuple[str, ...]:
        """What was ignored of what came last, and why nothing comes."""
        return (*((self._complaint,) if self._complaint else ()), *self._reading.notes)

    async def refresh(self, now_ns: int) -> bool:
        """Look at file or address if they may have news; returns whether there were any."""
        config = self._config
        where = Path(config.file).name if config.file else config.url.split("?")[0][:80]
        try:
            if config.file:
                data = self._look(self._folder / config.file)
            elif config.url and (self._asked_ns is None or now_ns - self._asked_ns >= ASK_NS):
                self._asked_ns = now_ns
                url = filled(config.url, local_date(now_ns, self._timezone))
                data = await asyncio.to_thread(fetch, url)
            else:
                return False
            self._complaint = ""
            return bool(data) and self.take(data, where=where, now_ns=now_ns)
        except ForbiddenInRehearsalError:
            self._complaint = f"{where}: a rehearsal asks nobody; give the forecast as a file"
        except OSError as error:
            self._complaint = f"{where}: {(error.strerror or str(error)).lower()}"
        except InputError as error:
            self._complaint = error.message
        return False

    def take(self, data: bytes, *, where: str, now_ns: int) -> bool:
        """Read what came; returns whether it holds a forecast. What cannot be used is left."""
        reading = read_given(data, where=where, timezone=self._timezone)
        if not reading.periods:
            self._complaint = reading.notes[0]
            return False
        self._complaint = ""
        self._reading = reading
        self._heard_ns = now_ns
        return True

    def over(self, slots: Slots, clear: Array, now_ns: int) -> GivenSun | None:
        """Over slots, shaped within each period by `clear`; None when nothing fresh was heard.

        `clear` is a clear sky's light or power, as the forecast tells; it must cover the slots.
        """
        if self._heard_ns is None or now_ns - self._heard_ns > STALE_NS:
            return None
        mean, low, high = (
            _shaped(self._reading.periods, slots, clear, name) for name in ("mean", "low", "high")
        )
        if not np.isfinite(mean).any():
            return None
        return GivenSun(mean=mean, low=low, high=high, is_light=self._reading.is_light)

    @property
    def is_light(self) -> bool:
        """Whether the source tells light on the ground."""
        return self._reading.is_light

    def _look(self, path: Path) -> bytes:
        stat = path.stat()
        stamp = (stat.st_mtime_ns, stat.st_size)
        if stamp == self._stamp:
            return b""
        self._stamp = stamp
        return path.read_bytes()


def _shaped(periods: tuple[GivenPeriod, ...], slots: Slots, clear: Array, name: str) -> Array:
    """Means of slots: each period's figure, spread over its slots as a clear sky's is."""
    values = np.full(slots.count, np.nan)
    for period in periods:
        figure = getattr(period, name)
        first = max(0, -((slots.start_ns - period.start_ns) // slots.slot_ns))
        end = min(slots.count, (period.end_ns - slots.start_ns) // slots.slot_ns)
        if period.end_ns - period.start_ns < slots.slot_ns:
            # Shorter than a slot: the one that holds it takes the last of them.
            first = slots.index(period.start_ns)
            end = first + 1
        if figure is None or not 0 <= first < end <= slots.count:
            continue
        sky = clear[first:end]
        usual = float(sky.mean())
        values[first:end] = figure * sky / usual if usual > 1.0 else figure
    return values
