"""One market's prices as they come in: from a file, an address or MQTT; remembered and judged."""

import asyncio
from pathlib import Path
from typing import final

import numpy as np

from vettura.energy.config import DynamicTariff
from vettura.energy.prices_http import fetch, filled
from vettura.energy.prices_market import NO_MARKET, Market, joined, market_of
from vettura.energy.prices_outlook import PriceOutlook, published_until_ns
from vettura.energy.prices_read import BYTES_MAX, read_prices
from vettura.energy.tariff import Known
from vettura.errors import ForbiddenInRehearsalError, InputError
from vettura.life.local_time import local_date
from vettura.units import NS_PER_S

REMEMBERED_NS = 70 * 86_400 * NS_PER_S
USUAL_NS = 14 * 86_400 * NS_PER_S
USUAL_CELLS_MIN = 96
"""A day of prices is needed before others are judged beside them."""
TOKEN_BYTES_MAX = 4_096


@final
class PriceFeed:
    """What a dynamic tariff's source has said so far."""

    def __init__(
        self, tariff: DynamicTariff, *, folder: Path, timezone: str, currency: str
    ) -> None:
        self._tariff = tariff
        self._folder = folder
        self._timezone = tariff.zone or timezone
        self._house_timezone = timezone
        self._currency = currency
        self._stamp: tuple[int, int] | None = None
        self._outlook = PriceOutlook(NO_MARKET, timezone)
        self.market: Market = NO_MARKET
        self._known_until_ns = 0
        self.notes: tuple[str, ...] = ()
        """What was ignored of what came last, a line each."""

    @property
    def source(self) -> str:
        """Where prices come from, for a person."""
        tariff = self._tariff
        if tariff.file:
            return Path(tariff.file).name
        return tariff.url.split("?")[0] or tariff.topic or "nothing"

    @property
    def topic(self) -> str:
        """The MQTT topic that prices come by; empty for none."""
        return self._tariff.topic

    def known(self, now_ns: int) -> Known:
        """What is published at that instant. A file that holds a whole year does not tell early."""
        until_ns = published_until_ns(
            now_ns, published=self._tariff.published, timezone=self._timezone
        )
        return Known(self._outlook, min(until_ns, self._known_until_ns))

    def is_late(self, now_ns: int) -> bool:
        """Whether prices should be out that have not been heard."""
        until_ns = published_until_ns(
            now_ns, published=self._tariff.published, timezone=self._timezone
        )
        # A market that trades other days than the house's ends them up to some hours sooner.
        return self._known_until_ns < until_ns - 3 * 3_600 * NS_PER_S

    async def refresh(self, now_ns: int) -> bool:
        """Look at file or address if they may have news; returns whether there were any."""
        tariff = self._tariff
        if tariff.file:
            return self._look(self._folder / tariff.file, now_ns)
        if tariff.url and self.is_late(now_ns):
            return await self._ask(now_ns)
        if not tariff.topic and not tariff.url:
            self.notes = ("the tariff names no file, url or topic for its prices",)
        return False

    def take(self, data: bytes, *, where: str, now_ns: int) -> bool:
        """Read what came; returns whether it holds prices."""
        reading = read_prices(
            data,
            where=where,
            timezone=self._timezone,
            currency=self._currency,
            unit=self._tariff.unit,
            usual_per_kwh=self._usual_per_kwh(now_ns),
        )
        self.notes = reading.notes
        if not reading.periods:
            return False
        self.learn(market_of(reading.periods), now_ns)
        return True

    def learn(self, market: Market, now_ns: int) -> None:
        """Join what is known; the newer price holds."""
        self.market = joined(self.market, market).since(now_ns - REMEMBERED_NS)
        self._known_until_ns = self.market.known_until_ns
        self._outlook = PriceOutlook(self.market, self._house_timezone)

    def _usual_per_kwh(self, now_ns: int) -> float | None:
        last = self.market.since(now_ns - USUAL_NS).until(now_ns).per_wh
        known = last[np.isfinite(last)]
        return float(np.median(known)) * 1000.0 if len(known) >= USUAL_CELLS_MIN else None

    def _look(self, path: Path, now_ns: int) -> bool:
        try:
            stat = path.stat()
            stamp = (stat.st_mtime_ns, stat.st_size)
            if stamp == self._stamp:
                return False
            if stat.st_size > BYTES_MAX:
                raise InputError(f"{path.name}: larger than {BYTES_MAX} bytes")
            data = path.read_bytes()
        except OSError as error:
            self.notes = (f"{path.name}: {(error.strerror or str(error)).lower()}",)
            return False
        except InputError as error:
            self.notes = (error.message,)
            return False
        self._stamp = stamp
        return self.take(data, where=path.name, now_ns=now_ns)

    async def _ask(self, now_ns: int) -> bool:
        today = local_date(now_ns, self._timezone)
        try:
            token = self._token()
            url = filled(self._tariff.url, today)
            data = await asyncio.to_thread(fetch, url, token=token)
        except ForbiddenInRehearsalError:
            self.notes = (f"{self.source}: a rehearsal asks nobody; give the prices as a file",)
            return False
        except InputError as error:
            self.notes = (error.message,)
            return False
        return self.take(data, where=self.source, now_ns=now_ns)

    def _token(self) -> str:
        if not self._tariff.token_file:
            return ""
        path = self._folder / self._tariff.token_file
        try:
            data = path.read_bytes()[:TOKEN_BYTES_MAX]
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise InputError(f"{path.name}: {reason}") from None
        return data.decode("ascii", "ignore").strip()
