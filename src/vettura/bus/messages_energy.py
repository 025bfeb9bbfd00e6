"""What travels about energy: prices, forecasts, meters, needs, plans, goals, bills."""

from typing import Annotated, Any, Literal, TypeAlias

import msgspec

from vettura.bus.messages import Role, Wire

PlanOrigin: TypeAlias = Literal["planner", "rule"]
Mode: TypeAlias = Literal["plan", "sun", "now", "off"]
TransactionKind: TypeAlias = Literal["started", "updated", "ended"]


class Prices(Wire, frozen=True, kw_only=True):
    """`energy.<home>.prices`: what energy costs, slot by slot, without gaps.

    Money is in `currency`, per watt-hour. `export_per_wh` is what the grid pays.
    """

    time_ns: int
    start_ns: int
    slot_s: int
    currency: str
    import_per_wh: list[float]
    export_per_wh: list[float]
    carbon_g_per_wh: list[float] = []
    """Of what the grid delivers; empty when nobody knows."""
    known: int
    """So many of the first slots are published; the others are expected."""
    low_per_wh: list[float] = []
    high_per_wh: list[float] = []
    """Import price that one in ten is below, and one in ten above; empty where all is known."""
    source: str
    note: str = ""
    """What was missing or ignored, in words for a person; empty when nothing was."""


class Forecast(Wire, frozen=True, kw_only=True):
    """`energy.<home>.forecast.<what>`: power to come, `sun` or `load`, as quantiles."""

    time_ns: int
    start_ns: int
    slot_s: int
    low_w: list[float]
    """One in ten is below; `middle_w` is the median, `high_w` has one in ten above."""
    middle_w: list[float]
    high_w: list[float]
    mean_w: list[float] = []
    """What costs in the mean are planned with; empty: take the median."""
    source: str
    note: str = ""


class AirForecast(Wire, frozen=True, kw_only=True):
    """`energy.<home>.forecast.air`: temperature to come, for the needs of drives."""

    time_ns: int
    start_ns: int
    slot_s: int
    low_degc: list[float]
    """One in ten is below."""
    middle_degc: list[float]
    high_degc: list[float]


class CalendarDrive(Wire, frozen=True, kw_only=True):
    """A calendar entry that needs a car."""

    name: str
    leave_ns: int
    back_ns: int
    distance_m: float
    """There and back, on the road."""
    person: str = ""
    """Whom the entry names; empty: any car's driver."""


class CalendarDrives(Wire, frozen=True, kw_only=True):
    """`energy.<home>.calendar`: what calendars ask of the house's cars in the days ahead."""

    time_ns: int
    drives: list[CalendarDrive]


class LearnedSlots(Wire, frozen=True, kw_only=True):
    """Means of past slots, for who starts again."""

    start_ns: int
    slot_s: int
    values: bytes
    """Little-endian float32, one for each slot; NaN where nothing is known."""


class Learned(Wire, frozen=True, kw_only=True):
    """`energy.<home>.learned`: what outlives a restart of who forecasts."""

    time_ns: int
    market: LearnedSlots | None = None
    """Market prices [currency per Wh]."""
    feed_market: LearnedSlots | None = None
    sun_w: LearnedSlots | None = None
    load_w: LearnedSlots | None = None
    ambient_degc: LearnedSlots | None = None


class SiteMeter(Wire, frozen=True, kw_only=True):
    """`energy.<home>.site`: what flows at the house's connection and behind it.

    grid_w + sun_w = load_w + stations_w + battery_w, where all are known.
    """

    time_ns: int
    grid_w: float
    """Taken from the grid; negative is delivered."""
    sun_w: float = 0.0
    load_w: float = 0.0
    """The house without stations and home battery."""
    stations_w: float = 0.0
    """Into all cars; negative comes out of them."""
    battery_w: float = 0.0
    """Into the home battery; negative comes out of it."""
    battery_soc: float | None = None
    """0 to 1; None without a home battery."""
    phase_w: list[float] = []
    """Taken from the grid on each phase; empty when the meter does not say."""
    others_phase_w: list[float] = []
    """Taken on each phase by all but stations, sun and battery's giving not counted: what load
    management sets against the fuse. Empty when nobody knows."""
    import_wh: float = 0.0
    export_wh: float = 0.0
    sun_wh: float = 0.0
    """Counters: they only grow."""
    source: str = ""


class ChargingNeeds(Wire, frozen=True, kw_only=True):
    """`energy.<home>.needs.<station>`: what a plugged car wants, as ISO 15118 and OCPP say it.

    Energies are into the battery. None means that the car does not say.
    """

    time_ns: int
    station: str
    vin: str = ""
    soc: float | None = None
    capacity_wh: float | None = None
    departure_ns: int | None = None
    energy_wh: float | None = None
    """Wanted by departure."""
    energy_min_wh: float | None = None
    """Wanted at once, at full power."""
    energy_max_wh: float | None = None
    charge_w_max: float | None = None
    charge_w_min: float | None = None
    discharge_w_max: float | None = None
    """None or 0: the car gives nothing back."""
    phases: int | None = None
    is_dc: bool = False
    source: str = ""
    """car, iso15118-2, iso15118-20, ocpp2.0.1, ocpp2.1, owner."""


class Period(Wire, frozen=True, kw_only=True):
    """A stretch of a schedule: that power from `start_ns` until the next period."""

    start_ns: int
    power_w: float
    """Into the car; negative is out of it."""
    phases: int | None = None


class Schedule(Wire, frozen=True, kw_only=True):
    """`energy.<home>.schedule.<station>`: what a station shall give over the next hours.

    The last period holds until `until_ns`; who has heard nothing newer by then falls back to the
    power that is safe without word. It is an intention: what a station obeys is the action `offer`
    (StationOffer), which load management makes of it below the fuse.
    """

    id: str
    time_ns: int
    station: str
    periods: list[Period]
    until_ns: int


class StationOffer(Wire, frozen=True, kw_only=True):
    """Data of the action `offer` at `home.<home>.<station>.do`, of whatever make the station is.

    Load management alone sends offers with a lease; the station answers with a StationLimit.
    """

    power_w: float
    """Most that it may give, at the grid's side; negative: so much shall come out of the car."""
    phases: int | None = None
    """1 or 3 to switch them; None: as they are."""
    until_ns: int = 0
    """Lease: what has no newer word by then falls back. 0: until told otherwise."""
    issued_ns: int = 0
    """Orders offers: one older than what holds is refused, however late it comes. 0: now."""


class StationLimit(Wire, frozen=True, kw_only=True):
    """`response` to an `offer` (also when `ok` is false), and to the action `tell`.

    What the station guarantees: no car takes more than that from it until a newer word, and some
    seconds after `until_ns` no more than the lower of it and `safe_w`. A station that has heard
    nothing for longer than `grace_s` after that may give `safe_w`.
    """

    limit_w: float
    phases: int
    """That it may use: at most limit_w / phases on each."""
    lines_a: list[float] = []
    """The most on each of the house's three phases [A]; empty: as `limit_w` on `phases`."""
    until_ns: int = 0
    issued_ns: int = 0
    safe_w: float = 0.0
    safe_phases: int = 1
    grace_s: float = 0.0


class BatteryOrder(Wire, frozen=True, kw_only=True):
    """Data of the action `set_power` at `home.<home>.<battery>.do`: what a home battery shall do.

    What has no newer word by `until_ns` goes back to what it does by itself: it takes what the sun
    leaves over and gives what the house takes.
    """

    power_w: float
    """Into the battery, at the house's side; negative comes out of it."""
    until_ns: int


class Transaction(Wire, frozen=True, kw_only=True):
    """`energy.<home>.transaction.<station>` (stream `energy`): a station counts a charge.

    May arrive late, doubled or out of order: `(station, transaction, sequence)` is one event.
    """

    time_ns: int
    """When it happened, by the station."""
    station: str
    transaction: str
    sequence: int
    kind: TransactionKind
    meter_wh: float
    """The station's own counter, ever delivered."""
    given_wh: float = 0.0
    """Its counter of what came out of cars."""
    vin: str = ""
    token: str = ""
    """Who authorised it."""
    reason: str = ""
    """Why it ended."""
    is_late: bool = False
    """The station kept it while it was offline."""


class Shortfall(Wire, frozen=True, kw_only=True):
    """A goal that the plan cannot meet."""

    goal: str
    by_ns: int
    missing_wh: float


class Reason(Wire, frozen=True, kw_only=True):
    """Why a storage does what it does in a slot."""

    code: str
    """cheap, sun, goal, floor, wait, full, away, house, sell, peak, fuse, idle, limit, rule."""
    text: str
    """For a person, with the prices that decided."""


class StoragePlan(Wire, frozen=True, kw_only=True):
    """What one storage shall do, slot by slot."""

    id: str
    """A car's vin, or the device's id."""
    kind: str
    """car, battery, scooter."""
    charge_w: list[float]
    discharge_w: list[float]
    energy_wh: list[float]
    """At the beginning of each slot and at the end: one more than slots."""
    capacity_wh: float
    is_here: list[bool]
    reasons: list[Reason]


class EnergyPlan(Wire, frozen=True, kw_only=True):
    """`energy.<home>.plan`: what the house means to do, and why."""

    time_ns: int
    start_ns: int
    slot_s: int
    currency: str
    origin: PlanOrigin
    note: str = ""
    """Why a rule stands in for the planner, and what was ignored; empty when all is well."""
    import_w: list[float]
    export_w: list[float]
    load_w: list[float]
    sun_w: list[float]
    import_per_wh: list[float]
    export_per_wh: list[float]
    marginal_per_wh: list[float]
    """What one more watt-hour in that slot would cost: the balance's dual value."""
    storages: list[StoragePlan]
    shortfalls: list[Shortfall] = []
    cost: float
    """Of the horizon: import less export, wear included, what is stored at the end not."""
    took_s: float = 0.0


class SetGoal(Wire, frozen=True, kw_only=True, tag="goal"):
    """A car shall have that displayed charge by then; all None: as its people's days ask."""

    vin: str
    soc: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)] | None = None
    by_ns: int | None = None
    """None with a `soc`: before each departure."""
    floor_soc: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)] | None = None
    """Filled at once whatever it costs."""


class SetMode(Wire, frozen=True, kw_only=True, tag="mode"):
    """How a station charges: by plan, from sun alone, at once, or not at all."""

    station: str
    mode: Mode


class ModeState(Wire, frozen=True, kw_only=True):
    """`energy.<home>.mode.<station>`: how a station charges now."""

    time_ns: int
    station: str
    mode: Mode
    text: str = ""
    """For a person: why it is not as wished, if so."""


EnergyVerb: TypeAlias = SetGoal | SetMode


class EnergyWish(Wire, frozen=True, kw_only=True):
    """`energy.<home>.do`: a wish, answered with Answer. The same `id` is obeyed once."""

    id: str
    verb: EnergyVerb
    who: str = ""
    role: Role = "app"


class Wished(Wire, frozen=True, kw_only=True):
    """`energy.<home>.wished`: what people asked for and what was learnt, beyond any restart."""

    goals: dict[str, SetGoal] = {}
    """By vin."""
    modes: dict[str, Mode] = {}
    """By station."""
    done: list[str] = []
    """Ids of the latest wishes, oldest first."""
    departures: dict[str, list[tuple[int, int]]] = {}
    """By vin: when it was to leave, and when it left [ns since the epoch], oldest first."""
    month_peak: tuple[str, float] = ("", 0.0)
    """Which month, and its highest import of a quarter of an hour so far [W]."""


class GoalState(Wire, frozen=True, kw_only=True):
    """`energy.<home>.goal.<vin>`: what the plan aims at for a car."""

    time_ns: int
    vin: str
    soc: float
    by_ns: int
    """The departure that it is for."""
    early_ns: int
    """By when the charge must be in, since people leave earlier than they say."""
    floor_soc: float
    source: str
    """owner, trip, calendar, habit, needs."""
    text: str
    """For a person: which trip, how far, with which margin."""
    is_possible: bool = True


class Bill(Wire, frozen=True, kw_only=True):
    """`energy.<home>.bill` (stream `energy`): one charge that has ended, billed once."""

    id: str
    """Station and transaction."""
    station: str
    vin: str
    start_ns: int
    end_ns: int
    energy_wh: float
    """From the wall into the car."""
    given_wh: float = 0.0
    sun_wh: float
    cost: float
    """Grid energy at its price, sun at what its export would have paid, less what was given."""
    plugged_cost: float
    """What the same energy costs at full power from the first minute."""
    carbon_g: float = 0.0
    plugged_carbon_g: float = 0.0
    currency: str
    note: str = ""
    """What was estimated or ignored."""


class Saved(Wire, frozen=True, kw_only=True):
    """`energy.<home>.saved`: all bills together."""

    time_ns: int
    since_ns: int
    currency: str
    charges: int
    energy_wh: float
    sun_wh: float
    given_wh: float
    cost: float
    plugged_cost: float
    carbon_g: float
    plugged_carbon_g: float


class EnergyNote(Wire, frozen=True, kw_only=True):
    """`energy.<home>.note`: something was ignored, missing or stood in for; a line for a person."""

    time_ns: int
    about: str
    """prices, sun, load, meter, calendar, station, car, plan."""
    text: str
    data: dict[str, Any] = {}
