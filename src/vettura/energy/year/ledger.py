"""What flowed and what it came to: one strategy's year in arrays, and its sums."""

from dataclasses import dataclass, field
from typing import final

import numpy as np

from vettura.energy.problem import Array
from vettura.energy.year.world import World

SHORT_WH = 50.0
"""Less than that missing is rounding, not a shortage."""


@final
@dataclass(slots=True)
class Ledger:
    """One strategy's books over the world's slots."""

    name: str
    world: World
    import_w: Array = field(init=False)
    export_w: Array = field(init=False)
    charge_w: Array = field(init=False)
    """Into all cars."""
    give_w: Array = field(init=False)
    """Out of all cars."""
    battery_w: Array = field(init=False)
    """Into the home battery; negative comes out of it."""
    held_wh: Array = field(init=False)
    """In all cars' cells, at the beginning of each slot."""
    worn: float = 0.0
    """Wear, as money."""
    start_wh: float = 0.0
    end_wh: float = 0.0
    """In all cells, home battery included."""
    missed_wh: float = 0.0
    """Below the wished charge, at real departures."""
    bought_wh: float = 0.0
    """Charged on the way by who left with too little."""
    departures: int = 0
    short_days: set[int] = field(default_factory=set)
    """Departures' days on which the drive's energy was not in, counted from the first."""

    def __post_init__(self) -> None:
        count = self.world.slots.count
        for name in ("import_w", "export_w", "charge_w", "give_w", "battery_w", "held_wh"):
            setattr(self, name, np.zeros(count))


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A strategy's year in figures; money in the home's currency."""

    name: str
    bill: float
    """Import less export, wear, what was bought on the way, less what is held more at the end."""
    import_wh: float
    export_wh: float
    charged_wh: float
    given_wh: float
    wear: float
    carbon_g: float | None
    """Of what was imported; None when nobody knows the grid's."""
    own_share: float | None
    """Share of the sun's energy used in the house; None without sun."""
    missed_wh: float
    bought_wh: float
    departures: int
    short_days: int
    days: float
    monthly: tuple[float, ...]
    """The bill's running sum at the end of each thirtieth of the time."""


def outcome(ledger: Ledger) -> Outcome:
    """Add one strategy's books up."""
    world = ledger.world
    hours = world.slots.hours
    money = (ledger.import_w * world.import_per_wh - ledger.export_w * world.export_per_wh) * hours
    held = (ledger.end_wh - ledger.start_wh) * world.end_per_wh
    bought = ledger.bought_wh * world.public_per_wh
    import_wh = float(ledger.import_w.sum()) * hours
    sun_wh = float(world.sun_w.sum()) * hours
    carbon = world.carbon_g_per_wh
    parts = np.array_split(money, 30)
    return Outcome(
        name=ledger.name,
        bill=float(money.sum()) + ledger.worn + bought - held,
        import_wh=import_wh,
        export_wh=float(ledger.export_w.sum()) * hours,
        charged_wh=float(ledger.charge_w.sum()) * hours,
        given_wh=float(ledger.give_w.sum()) * hours,
        wear=ledger.worn,
        carbon_g=None if carbon is None else float((ledger.import_w * carbon).sum()) * hours,
        own_share=1.0 - float(ledger.export_w.sum()) * hours / sun_wh if sun_wh > 0.0 else None,
        missed_wh=ledger.missed_wh,
        bought_wh=ledger.bought_wh,
        departures=ledger.departures,
        short_days=len(ledger.short_days),
        days=world.slots.count * hours / 24.0,
        monthly=tuple(np.cumsum([float(part.sum()) for part in parts]).tolist()),
    )


def home_alone(world: World) -> float:
    """The bill of the house without cars and battery."""
    net_w = world.load_w - world.sun_w
    export_w = np.minimum(np.maximum(-net_w, 0.0), world.connection.export_w_max)
    bought = np.maximum(net_w, 0.0) @ world.import_per_wh
    return float(bought - export_w @ world.export_per_wh) * world.slots.hours
