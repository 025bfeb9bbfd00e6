"""What the page hears about a home's energy, and what is kept of it."""

from collections.abc import Callable
from typing import final

from vettura.bus import subjects
from vettura.bus.interface import Bus, Message
from vettura.bus.messages import decode
from vettura.bus.messages_energy import (
    ChargingNeeds,
    EnergyNote,
    EnergyPlan,
    Forecast,
    GoalState,
    ModeState,
    Prices,
    Saved,
    SiteMeter,
)
from vettura.errors import InputError
from vettura.web.energy_mirror import FORECASTS, EnergyMirror

Take = Callable[[Message], None]


@final
class EnergyEar:
    """Brings what meters, plans and tariffs say into the mirror."""

    def __init__(self, bus: Bus, home: str, mirror: EnergyMirror) -> None:
        self._bus, self._home, self._mirror = bus, home, mirror
        self.rejected = 0
        """Messages that were kept and could not be read."""

    def ears(self) -> list[tuple[str, Take]]:
        """Where to listen, and who takes what is heard."""
        return [
            *self._kept(),
            (subjects.site_meter(self._home), self._on_site),
            (subjects.energy_note(self._home), self._on_note),
            (subjects.bill(self._home), self._on_bill),
        ]

    async def read(self) -> None:
        """Read what is kept: plan, goals, modes, needs, prices, forecasts and what was saved.

        A home that plans no energy any more is not shown the plans of earlier days.
        """
        if not self._mirror.is_there:
            return
        bucket = await self._bus.bucket(subjects.HOME_BUCKET)
        kept = self._kept()
        for key in await bucket.keys():
            takes = [take for pattern, take in kept if _matches(pattern, key)]
            entry = await bucket.get(key) if takes else None
            if entry is not None and entry.value is not None:
                self._take(takes[0], Message(key, entry.value, {}))

    def _kept(self) -> list[tuple[str, Take]]:
        """What the bucket has: subjects, of which the last level may be `*`."""
        home = self._home
        return [
            (subjects.plan(home), self._on_plan),
            (subjects.goal(home, "*"), self._on_goal),
            (subjects.mode(home, "*"), self._on_mode),
            (subjects.charging_needs(home, "*"), self._on_needs),
            (subjects.saved(home), self._on_saved),
            (subjects.prices(home), self._on_prices),
            *((subjects.forecast(home, what), self._on_forecast) for what in FORECASTS),
        ]

    def _take(self, take: Take, message: Message) -> None:
        try:
            take(message)
        except InputError:
            self.rejected += 1

    def _on_site(self, message: Message) -> None:
        self._mirror.take_site(decode(message.data, SiteMeter, where=message.subject))

    def _on_plan(self, message: Message) -> None:
        self._mirror.take_plan(decode(message.data, EnergyPlan, where=message.subject))

    def _on_goal(self, message: Message) -> None:
        self._mirror.take_goal(decode(message.data, GoalState, where=message.subject))

    def _on_mode(self, message: Message) -> None:
        self._mirror.take_mode(decode(message.data, ModeState, where=message.subject))

    def _on_needs(self, message: Message) -> None:
        self._mirror.take_needs(decode(message.data, ChargingNeeds, where=message.subject))

    def _on_saved(self, message: Message) -> None:
        self._mirror.take_saved(decode(message.data, Saved, where=message.subject))

    def _on_note(self, message: Message) -> None:
        self._mirror.take_note(decode(message.data, EnergyNote, where=message.subject))

    def _on_bill(self, _message: Message) -> None:
        self._mirror.take_bill()

    def _on_prices(self, message: Message) -> None:
        self._mirror.take_prices(decode(message.data, Prices, where=message.subject))

    def _on_forecast(self, message: Message) -> None:
        what = message.subject.rsplit(".", 1)[-1]
        self._mirror.take_forecast(what, decode(message.data, Forecast, where=message.subject))


def _matches(pattern: str, key: str) -> bool:
    if not pattern.endswith("*"):
        return key == pattern
    prefix = pattern[:-1]
    return key.startswith(prefix) and "." not in key[len(prefix) :]
