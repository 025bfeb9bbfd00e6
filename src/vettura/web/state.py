"""What the page gets to see: the whole state once, then only what changed. Pure data."""

from collections.abc import Iterable
from typing import Annotated, Any

import msgspec

from vettura.bus.messages import (
    Audit,
    ClockState,
    MeterValue,
    Sample,
    Session,
    SignalValue,
    Today,
    Weather,
)
from vettura.bus.messages_home import DeviceAbout
from vettura.units import NS_PER_S
from vettura.web.config import PlaceOnPage
from vettura.web.energy_state import EnergyChange, EnergyShown, joined_energy

Paths = Annotated[
    dict[str, SignalValue],
    msgspec.Meta(description="Values by VSS path, in VSS units (bus/signals.csv)."),
]


class Columns(msgspec.Struct, frozen=True, kw_only=True):
    """Samples as columns of one length, oldest first: short to send and ready to plot."""

    time_s: list[int] = []
    soc: list[float] = []
    speed_mps: list[float] = []
    battery_power_w: list[int] = []
    wall_power_w: list[int] = []
    cabin_degc: list[float] = []
    ambient_degc: list[float] = []
    odometer_m: list[int] = []


class BusState(msgspec.Struct, frozen=True, kw_only=True):
    """Whether messages travel now, and since when [ns of this clock]."""

    up: bool
    since_ns: int


class CarState(msgspec.Struct, frozen=True, kw_only=True):
    """All the page knows about one car. `seen_ns` is 0 before its first frame."""

    name: str
    model: str
    seen_ns: int
    signals: Paths
    samples: Columns
    sessions: list[Session]
    audits: list[Audit] = []
    """What it was told last and what became of it, oldest first."""


class EntityShown(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One entity as it is now, and since when its state is so [ns of the home's clock]."""

    state: str
    changed_ns: int
    attributes: dict[str, Any] = {}


class Run(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One run of a scene that has ended, without its steps."""

    run: str
    scene: str
    trigger: str
    start_ns: int
    end_ns: int
    state: str
    """finished, stopped, failed, refused or aborted."""
    reason: str = ""
    steps: int = 0
    chain: list[str] = []
    """Who led to it, the first mover first; the scene itself last."""


class State(msgspec.Struct, frozen=True, kw_only=True):
    """The snapshot: `GET /api/state`, and the first event of `GET /api/events`.

    `id` names the last change that is in it. `weather` and `today` are null until told.
    """

    id: int
    home: str
    title: str
    timezone: str
    places: list[PlaceOnPage]
    stations: list[str]
    clock: ClockState
    bus: BusState
    weather: Weather | None
    today: Today | None
    meters: dict[str, MeterValue]
    cars: dict[str, CarState]
    devices: dict[str, DeviceAbout] = {}
    """What the devices of the home are, by their id on the bus."""
    entities: dict[str, EntityShown] = {}
    runs: list[Run] = []
    """Of scenes, the last ones, oldest first."""
    energy: EnergyShown


class CarChange(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What is new about one car: changed signals, samples to append, sessions and audits to add."""

    seen_ns: int = 0
    signals: Paths = {}
    samples: Columns | None = None
    sessions: list[Session] = []
    audits: list[Audit] = []


class Change(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A `delta` event: only what changed; absent means as before."""

    clock: ClockState | None = None
    bus: BusState | None = None
    weather: Weather | None = None
    today: Today | None = None
    meters: dict[str, MeterValue] = {}
    cars: dict[str, CarChange] = {}
    devices: dict[str, DeviceAbout] = {}
    """One without entities is gone."""
    entities: dict[str, EntityShown] = {}
    runs: list[Run] = []
    energy: EnergyChange | None = None


def columns(samples: Iterable[Sample]) -> Columns:
    """Turn samples into columns, rounded to what an eye can see."""
    rows = list(samples)
    return Columns(
        time_s=[row.time_ns // NS_PER_S for row in rows],
        soc=[round(row.soc, 4) for row in rows],
        speed_mps=[round(row.speed_mps, 2) for row in rows],
        battery_power_w=[round(row.battery_power_w) for row in rows],
        wall_power_w=[round(row.wall_power_w) for row in rows],
        cabin_degc=[round(row.cabin_degc, 1) for row in rows],
        ambient_degc=[round(row.ambient_degc, 1) for row in rows],
        odometer_m=[round(row.odometer_m) for row in rows],
    )


def merged(changes: Iterable[Change]) -> Change:
    """Join consecutive changes into one that has the same effect."""
    total = Change()
    for change in changes:
        total.clock = change.clock or total.clock
        total.bus = change.bus or total.bus
        total.weather = change.weather or total.weather
        total.today = change.today or total.today
        total.meters = {**total.meters, **change.meters}
        cars = dict(total.cars)
        for vin, new in change.cars.items():
            cars[vin] = _merged_car(cars[vin], new) if vin in cars else new
        total.cars = cars
        total.devices = {**total.devices, **change.devices}
        total.entities = {**total.entities, **change.entities}
        total.runs = [*total.runs, *change.runs]
        total.energy = joined_energy(total.energy, change.energy)
    return total


def _merged_car(old: CarChange, new: CarChange) -> CarChange:
    return CarChange(
        seen_ns=new.seen_ns or old.seen_ns,
        signals={**old.signals, **new.signals},
        samples=_joined(old.samples, new.samples),
        sessions=[*old.sessions, *new.sessions],
        audits=[*old.audits, *new.audits],
    )


def _joined(old: Columns | None, new: Columns | None) -> Columns | None:
    if old is None or new is None:
        return old or new
    names = Columns.__struct_fields__
    return Columns(**{name: getattr(old, name) + getattr(new, name) for name in names})
