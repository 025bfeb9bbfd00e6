"""What the page is told about energy: what is now at once, plan and outlook when it asks."""

import msgspec

from vettura.bus.messages_energy import (
    ChargingNeeds,
    GoalState,
    ModeState,
    PlanOrigin,
    Reason,
    Saved,
    Shortfall,
    SiteMeter,
)


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """Some slots in a row in which a storage takes, or gives: then the energy is negative."""

    start_ns: int
    end_ns: int
    energy_wh: float
    """At the house's side."""


class StorageBrief(msgspec.Struct, frozen=True, kw_only=True):
    """A storage of the plan in short."""

    id: str
    kind: str
    capacity_wh: float
    stretches: list[Stretch]


class PlanBrief(msgspec.Struct, frozen=True, kw_only=True):
    """The plan in short; the whole is at `GET /api/energy/plan` while `time_ns` is the same."""

    time_ns: int
    end_ns: int
    origin: PlanOrigin
    note: str
    currency: str
    cost: float
    shortfalls: list[Shortfall]
    storages: list[StorageBrief]


class NoteShown(msgspec.Struct, frozen=True, kw_only=True):
    """A line for a person, and how often it was said."""

    time_ns: int
    """Of the last time."""
    about: str
    text: str
    times: int


class EnergyShown(msgspec.Struct, frozen=True, kw_only=True):
    """All the page knows of a home's energy. Null means not told yet."""

    is_there: bool
    """Whether this home plans its energy at all."""
    site: SiteMeter | None = None
    plan: PlanBrief | None = None
    goals: dict[str, GoalState] = {}
    """By the car's VIN."""
    modes: dict[str, ModeState] = {}
    """By station, as the needs are."""
    needs: dict[str, ChargingNeeds] = {}
    saved: Saved | None = None
    notes: list[NoteShown] = []
    """Oldest first."""
    outlook: int = 0
    """Another number than before: `GET /api/energy/outlook` has news."""
    bills: int = 0
    """Another number than before: `GET /api/energy/bills` has news."""


class EnergyChange(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What is new about energy; absent means as before."""

    is_there: bool | None = None
    site: SiteMeter | None = None
    plan: PlanBrief | None = None
    goals: dict[str, GoalState] = {}
    modes: dict[str, ModeState] = {}
    needs: dict[str, ChargingNeeds] = {}
    saved: Saved | None = None
    notes: list[NoteShown] = []
    outlook: int | None = None
    bills: int | None = None


class StorageColumns(msgspec.Struct, frozen=True, kw_only=True):
    """What one storage shall do. Powers at the house's side, energy in its battery."""

    id: str
    kind: str
    capacity_wh: float
    charge_w: list[int]
    discharge_w: list[int]
    energy_wh: list[int]
    """At the borders of the slots: one more than slots."""
    is_here: list[bool]
    reasons: list[Reason]
    """Each different one once."""
    why: list[int]
    """For each slot the place of its reason in `reasons`."""


class PlanColumns(msgspec.Struct, frozen=True, kw_only=True):
    """The plan as columns, one value for each slot; prices are per kWh, as people read them."""

    time_ns: int
    start_ns: int
    slot_s: int
    currency: str
    origin: PlanOrigin
    note: str
    cost: float
    took_s: float
    import_w: list[int]
    export_w: list[int]
    load_w: list[int]
    sun_w: list[int]
    import_per_kwh: list[float]
    export_per_kwh: list[float]
    marginal_per_kwh: list[float]
    """What one more kWh in that slot would cost."""
    storages: list[StorageColumns]
    shortfalls: list[Shortfall]


class PriceColumns(msgspec.Struct, frozen=True, kw_only=True):
    """What energy costs, slot by slot, per kWh; the first `known` slots are published."""

    start_ns: int
    slot_s: int
    currency: str
    import_per_kwh: list[float]
    export_per_kwh: list[float]
    low_per_kwh: list[float]
    """One in ten is below; empty where all is known."""
    high_per_kwh: list[float]
    carbon_g_per_kwh: list[float]
    known: int
    source: str
    note: str


class ForecastColumns(msgspec.Struct, frozen=True, kw_only=True):
    """Power to come, as quantiles [W]: one in ten is below `low_w`, one in ten above `high_w`."""

    start_ns: int
    slot_s: int
    low_w: list[int]
    middle_w: list[int]
    high_w: list[int]
    source: str
    note: str


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    """Prices and forecasts as last told; null or absent until then."""

    prices: PriceColumns | None
    forecasts: dict[str, ForecastColumns]
    """`sun` and `load`."""


def joined_energy(old: EnergyChange | None, new: EnergyChange | None) -> EnergyChange | None:
    """Two consecutive changes as one that has the same effect."""
    if old is None or new is None:
        return old or new
    return EnergyChange(
        is_there=old.is_there if new.is_there is None else new.is_there,
        site=new.site or old.site,
        plan=new.plan or old.plan,
        goals={**old.goals, **new.goals},
        modes={**old.modes, **new.modes},
        needs={**old.needs, **new.needs},
        saved=new.saved or old.saved,
        notes=[*old.notes, *new.notes],
        outlook=old.outlook if new.outlook is None else new.outlook,
        bills=old.bills if new.bills is None else new.bills,
    )
