"""A calendar as it comes in, from a file or an address."""

import asyncio
from pathlib import Path
from typing import final

from vettura.energy.calendar import BYTES_MAX, CalendarReading, read_calendar
from vettura.energy.config import CalendarConfig
from vettura.energy.prices_http import fetch
from vettura.errors import ForbiddenInRehearsalError, InputError
from vettura.life.household import Household
from vettura.units import NS_PER_S

ASK_NS = 3_600 * NS_PER_S
"""An address is asked this often."""


@final
class CalendarFeed:
    """Entries that need a car, as last heard."""

    def __init__(self, config: CalendarConfig, household: Household, *, folder: Path) -> None:
        self._config = config
        self._household = household
        self._folder = folder
        self._data = b""
        self._asked_ns: int | None = None
        self._complaint = ""

    async def read(self, now_ns: int) -> CalendarReading:
        """The drives ahead, read anew; what was heard last stands while there is no answer."""
        config = self._config
        where = Path(config.file).name if config.file else config.url.split("?")[0][:80]
        try:
            if config.file:
                self._data = self._look(self._folder / config.file)
            elif config.url and (self._asked_ns is None or now_ns - self._asked_ns >= ASK_NS):
                self._asked_ns = now_ns
                self._data = await asyncio.to_thread(fetch, config.url)
            self._complaint = ""
        except ForbiddenInRehearsalError:
            self._complaint = f"{where}: a rehearsal asks nobody; give the calendar as a file"
        except OSError as error:
            self._complaint = f"{where}: {(error.strerror or str(error)).lower()}"
        except InputError as error:
            self._complaint = error.message
        complaints = (self._complaint,) if self._complaint else ()
        if not self._data:
            return CalendarReading((), complaints)
        seen = read_calendar(self._data, household=self._household, now_ns=now_ns, where=where)
        return CalendarReading(seen.drives, (*complaints, *seen.notes))

    def _look(self, path: Path) -> bytes:
        if path.stat().st_size > BYTES_MAX:
            raise InputError(f"{path.name}: larger than {BYTES_MAX // 1_000_000} MB")
        return path.read_bytes()
