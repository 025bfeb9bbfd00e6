"""What the page knows of a home's energy, and what of it changed since it was handed out.

Pure: messages in, state and changes out. Everything it holds has a limit, whatever is sent.
"""

from typing import TypeVar

from msgspec.structs import replace

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
from vettura.web.energy_columns import brief_of, forecast_columns, plan_columns, price_columns
from vettura.web.energy_state import (
    EnergyChange,
    EnergyShown,
    ForecastColumns,
    NoteShown,
    Outlook,
    PlanBrief,
    PlanColumns,
    PriceColumns,
)

T = TypeVar("T")
CARS_MAX = 64
STATIONS_MAX = 64
NOTES_MAX = 30
TEXT_MAX = 300
PHASES_MAX = 3
FORECASTS = ("sun", "load")


class EnergyMirror:
    """The mirror of one home's energy."""

    def __init__(self, *, is_there: bool) -> None:
        self._is_there = is_there
        self._site: SiteMeter | None = None
        self._brief: PlanBrief | None = None
        self.plan: PlanColumns | None = None
        """None until one was told."""
        self._goals: dict[str, GoalState] = {}
        self._modes: dict[str, ModeState] = {}
        self._needs: dict[str, ChargingNeeds] = {}
        self._saved: Saved | None = None
        self._notes: dict[tuple[str, str], NoteShown] = {}
        self._prices: PriceColumns | None = None
        self._forecasts: dict[str, ForecastColumns] = {}
        self._outlook = 0
        self._bills = 0
        self._change: EnergyChange | None = None

    @property
    def is_there(self) -> bool:
        """Whether this home plans its energy, by its file or because it was heard to."""
        return self._is_there

    @property
    def outlook(self) -> Outlook:
        """Prices and forecasts as last told."""
        return Outlook(prices=self._prices, forecasts=dict(self._forecasts))

    def shown(self) -> EnergyShown:
        """Return all of it but plan and outlook."""
        return EnergyShown(
            is_there=self._is_there,
            site=self._site,
            plan=self._brief,
            goals=self._goals,
            modes=self._modes,
            needs=self._needs,
            saved=self._saved,
            notes=list(self._notes.values()),
            outlook=self._outlook,
            bills=self._bills,
        )

    def pending(self) -> EnergyChange | None:
        """Return what changed since the last call; None when nothing did."""
        change, self._change = self._change, None
        return change

    def take_site(self, site: SiteMeter) -> None:
        """Take what flows at the house's connection."""
        kept = replace(site, phase_w=site.phase_w[:PHASES_MAX], source=site.source[:TEXT_MAX])
        self._site = self._news().site = kept

    def take_plan(self, plan: EnergyPlan) -> None:
        """Take what the house means to do; raises InputError for one that is not whole."""
        self.plan = plan_columns(plan)
        self._brief = self._news().plan = brief_of(self.plan)

    def take_goal(self, goal: GoalState) -> None:
        """Take what is aimed at for a car."""
        kept = replace(goal, text=goal.text[:TEXT_MAX], source=goal.source[:TEXT_MAX])
        if _keep(self._goals, goal.vin, kept, CARS_MAX):
            self._news().goals[goal.vin] = kept

    def take_mode(self, mode: ModeState) -> None:
        """Take how a station charges."""
        kept = replace(mode, text=mode.text[:TEXT_MAX])
        if _keep(self._modes, mode.station, kept, STATIONS_MAX):
            self._news().modes[mode.station] = kept

    def take_needs(self, needs: ChargingNeeds) -> None:
        """Take what a plugged car wants."""
        if _keep(self._needs, needs.station, needs, STATIONS_MAX):
            self._news().needs[needs.station] = needs

    def take_saved(self, saved: Saved) -> None:
        """Take the sum of all bills."""
        self._saved = self._news().saved = saved

    def take_note(self, note: EnergyNote) -> None:
        """Take a line for a person; what was said before moves to the end and is counted."""
        text = " ".join(note.text.split())[:TEXT_MAX]
        before = self._notes.pop((note.about, text), None)
        shown = NoteShown(
            time_ns=note.time_ns,
            about=note.about[:TEXT_MAX],
            text=text,
            times=1 if before is None else before.times + 1,
        )
        self._notes[note.about, text] = shown
        while len(self._notes) > NOTES_MAX:
            del self._notes[next(iter(self._notes))]
        news = self._news()
        same = (shown.about, shown.text)
        others = [one for one in news.notes if (one.about, one.text) != same]
        news.notes = [*others, shown][-NOTES_MAX:]

    def take_prices(self, prices: Prices) -> None:
        """Take what energy costs; raises InputError for columns of unequal length."""
        self._prices = price_columns(prices)
        self._outlook_changed()

    def take_forecast(self, what: str, forecast: Forecast) -> None:
        """Take power to come of the sun or the load."""
        if what in FORECASTS:
            self._forecasts[what] = forecast_columns(forecast)
            self._outlook_changed()

    def take_bill(self) -> None:
        """Take that the bills have changed; they are read where they are stored."""
        self._bills += 1
        self._news().bills = self._bills

    def _outlook_changed(self) -> None:
        self._outlook += 1
        self._news().outlook = self._outlook

    def _news(self) -> EnergyChange:
        """What is to be handed out next; whoever is heard about energy has some."""
        if self._change is None:
            self._change = EnergyChange()
        if not self._is_there:
            self._is_there = self._change.is_there = True
        return self._change


def _keep(known: dict[str, T], key: str, value: T, limit: int) -> bool:
    """Whether it is news and was kept."""
    if known.get(key) == value or (key not in known and len(known) >= limit):
        return False
    known[key] = value
    return True
