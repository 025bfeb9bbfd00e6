"""All strategies of one year side by side: savings against plugging in, and against the bound."""

from dataclasses import dataclass
from typing import TypeAlias, final

from vettura.energy.year.ledger import Ledger, Outcome, home_alone, outcome
from vettura.energy.year.strategies import BOUND, BOUND_GIVES, EVCC, GIVES, PLUGGED, TITLES
from vettura.energy.year.world import World
from vettura.units import PERCENT, WH_PER_KWH

Cell: TypeAlias = str | float | int | bool | None
G_PER_KG = 1000.0


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One home's year by every strategy."""

    currency: str
    days: float
    departures: int
    alone: float
    """The bill of the house without cars and battery."""
    outcomes: tuple[Outcome, ...]
    ledgers: tuple[Ledger, ...]
    notes: tuple[str, ...]

    def bill(self, name: str) -> float:
        """One strategy's bill."""
        return next(one.bill for one in self.outcomes if one.name == name)

    def of_bound(self, name: str) -> float:
        """Share of what perfect foresight saves against plugging in, 0 to 1."""
        best = self.bill(BOUND_GIVES if name in {GIVES, BOUND_GIVES} else BOUND)
        plugged = self.bill(PLUGGED)
        return (plugged - self.bill(name)) / (plugged - best)

    def below(self, name: str, other: str) -> float:
        """By which share the first one's bill is below the other's."""
        return 1.0 - self.bill(name) / self.bill(other)

    def rows(self) -> list[dict[str, Cell]]:
        """A row for each strategy; kWh, kg, %, and money."""
        return [self._row(one) for one in self.outcomes]

    def _row(self, one: Outcome) -> dict[str, Cell]:
        plugged = self.bill(PLUGGED)
        return {
            "strategy": TITLES[one.name],
            "bill": round(one.bill, 2),
            "saved_pct": round(PERCENT * (plugged - one.bill) / (plugged - self.alone), 1),
            "of_bound_pct": round(PERCENT * self.of_bound(one.name), 1),
            "below_evcc_pct": round(PERCENT * self.below(one.name, EVCC), 2),
            "charged_kwh": round(one.charged_wh / WH_PER_KWH),
            "given_kwh": round(one.given_wh / WH_PER_KWH),
            "wear": round(one.wear, 2),
            "own_sun_pct": None if one.own_share is None else round(PERCENT * one.own_share, 1),
            "carbon_kg": None if one.carbon_g is None else round(one.carbon_g / G_PER_KG),
            "missed_kwh": round(one.missed_wh / WH_PER_KWH, 2),
            "bought_kwh": round(one.bought_wh / WH_PER_KWH, 2),
            "short_days_pct": round(PERCENT * one.short_days / one.days, 2),
        }


def compare(
    world: World, ledgers: list[Ledger], *, currency: str, notes: tuple[str, ...] = ()
) -> Compared:
    """Add all books up; `ledgers` hold every strategy of `TITLES`."""
    outcomes = tuple(outcome(ledger) for ledger in ledgers)
    return Compared(
        currency=currency,
        days=world.slots.count * world.slots.hours / 24.0,
        departures=sum(len(car.absences) for car in world.cars),
        alone=home_alone(world),
        outcomes=outcomes,
        ledgers=tuple(ledgers),
        notes=(*notes, *_spread(outcomes, currency)),
    )


def _spread(outcomes: tuple[Outcome, ...], currency: str) -> list[str]:
    """What the tariff allows at most, said plainly."""
    bills = {one.name: one.bill for one in outcomes}
    if EVCC not in bills or bills[EVCC] == 0.0:
        return []
    lines = []
    for name, words in ((BOUND, "without V2H"), (BOUND_GIVES, "with V2H")):
        most = PERCENT * (1.0 - bills[name] / bills[EVCC])
        lines.append(
            f"{words} no plan can be more than {most:.1f} % below the rules as evcc has them "
            f"({bills[EVCC] - bills[name]:,.0f} {currency}): the tariff's spread sets that"
        )
    return lines
