"""What a planner is asked and what it answers: arrays over slots, pure data.

Every strategy has this form: a `Problem` in, a `Plan` out. Power is the mean over a slot [W], seen
at the house's side; energy in a storage is what its battery holds [Wh], at the n + 1 borders of n
slots. Money is in the home's currency.
"""

from dataclasses import dataclass, field
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from vettura.energy.slots import Slots

Array: TypeAlias = NDArray[np.float64]

ALL_PHASES = (1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0)
FLOOR = "floor"
"""Name of the goals that are to be filled at once."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A storage shall hold that much at a border; what is missing costs, and is named."""

    name: str
    at: int
    """Border, 1 to n: 1 is the end of the first slot."""
    energy_wh: float
    per_wh: float
    """Price of each missing watt-hour; far above any tariff for a promise, near it for a wish."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """A battery that may be away for a while: a car, a home battery, a scooter."""

    id: str
    kind: str
    """car, battery, scooter."""
    capacity_wh: float
    energy_wh: float
    """Held now."""
    energy_min_wh: float
    """Never discharged below by the house; driving may go below."""
    energy_max_wh: float
    charge_w_max: Array
    """(n,) At the wall; 0 while it is away."""
    discharge_w_max: Array
    """(n,) At the wall; 0 while it is away or may not give."""
    used_wh: Array
    """(n,) Taken out by driving, from the battery."""
    charge_efficiency: float
    """Battery over wall, at the power that a dispatcher gives within the slot."""
    discharge_efficiency: float
    """Wall over battery."""
    taper: tuple[tuple[float, float], ...] = ()
    """Cuts (intercept [W], slope [W/Wh], at most 0) at the wall: power stays below intercept +
    slope times the energy held at the slot's beginning; a concave curve as its tangents."""
    wear_per_wh: float = 0.0
    """For each watt-hour that the house takes out of the battery."""
    goals: tuple[Goal, ...] = ()
    value_per_wh: float = 0.0
    """Of what it holds at the end, up to `value_up_to_wh`."""
    value_up_to_wh: float = float("inf")
    phase_share: tuple[float, float, float] = ALL_PHASES
    charges_from_grid: bool = True
    """False: only what the sun gives."""
    exports: bool = False
    """Whether what comes out of it may leave the house."""
    feeds_storages: bool = True
    """Whether what comes out of it may go into another storage; else it serves loads alone."""
    charge_loss_w: float = 0.0
    """Of the battery's side, lost by the charger for as long as it runs; `charge_efficiency`
    holds it at full power, the highest of `charge_w_max`."""
    charge_w_least: float = 0.0
    """At the wall, while the charger runs; within a slot it may run for a share of the time."""

    @property
    def loses_while_on(self) -> bool:
        """Whether the share of a slot in which its charger runs matters."""
        return self.charge_loss_w > 0.0 or self.charge_w_least > 0.0

    @property
    def charge_gain(self) -> float:
        """Battery over wall without what the charger loses for as long as it runs."""
        most_w = float(self.charge_w_max.max(initial=0.0))
        return self.charge_efficiency + (self.charge_loss_w / most_w if most_w > 0.0 else 0.0)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Flexible:
    """A load that needs so much energy within a window, at any power up to its own."""

    id: str
    energy_wh: float
    power_w_max: float
    first: int
    end: int
    """Slots `first` to `end` - 1."""
    per_wh: float = 1e-2
    """Price of each watt-hour it does not get."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """What the grid allows and asks."""

    import_w_max: float = float("inf")
    export_w_max: float = float("inf")
    phase_w_max: float = float("inf")
    """Of each phase, import: the fuse."""
    peak_per_w: float = 0.0
    """For the highest import of the billing period, above `peak_so_far_w`."""
    peak_so_far_w: float = 0.0
    curtails: bool = True
    """Whether the sun can be turned down."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One house over one horizon."""

    slots: Slots
    load_w: Array
    sun_w: Array
    import_per_wh: Array
    export_per_wh: Array
    carbon_g_per_wh: Array | None = None
    carbon_per_g: float = 0.0
    """What a gram of carbon dioxide is worth to its people."""
    storages: tuple[Storage, ...] = ()
    flexibles: tuple[Flexible, ...] = ()
    connection: Connection = field(default_factory=Connection)
    load_phase_share: tuple[float, float, float] = ALL_PHASES
    hours: Array | None = None
    """(n,) Length of each slot [h], where they differ; None: all as `slots` says."""

    def slot_hours(self) -> Array:
        """(n,) Length of each slot [h]."""
        return np.full(self.slots.count, self.slots.hours) if self.hours is None else self.hours


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class StorageFlows:
    """What one storage does."""

    id: str
    charge_w: Array
    discharge_w: Array
    energy_wh: Array
    """(n + 1,)"""
    worth_per_wh: Array
    """(n,) What one more watt-hour in the battery is worth in that slot: the dual value of its
    balance. From a rule it only says whether a charge is kept when the sun fails."""
    share_on: Array | None = None
    """(n,) Of each slot, in which its charger runs; None where that does not matter."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """What a goal, a trip or a load does not get."""

    name: str
    at: int
    missing_wh: float


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The answer: flows that keep the balance in every slot."""

    slots: Slots
    import_w: Array
    export_w: Array
    sun_w: Array
    """What is used or exported of the sun."""
    flexible_w: tuple[Array, ...]
    storages: tuple[StorageFlows, ...]
    marginal_per_wh: Array
    """(n,) What one more watt-hour of load would cost. Zeros from a rule."""
    missed: tuple[Missed, ...]
    cost: float
    """Import less export, wear, carbon's worth and peak included; what is missed or held not."""
    objective: float
    """What was minimised: cost, missed goals and the end's value together."""
    origin: str = "planner"
    """planner, or the name of the rule."""
