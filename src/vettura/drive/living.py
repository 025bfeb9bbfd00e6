"""The living car: everything it is at one moment, small enough to be kept every second."""

import math
from typing import Any

import msgspec

from vettura.bus.messages import Role, SignalValue
from vettura.car.ageing import NEW, Health
from vettura.car.battery import open_circuit_v
from vettura.car.charge import displayed_soc
from vettura.car.params import Params
from vettura.car.road import pressure_at
from vettura.car.state import Flows, Inputs, State
from vettura.drive.body import Body
from vettura.drive.wear import Strain
from vettura.errors import InputError
from vettura.units import SECONDS_PER_HOUR

PARKED, DRIVING, CHARGING = "parked", "driving", "charging"
ON_THE_ROAD = "road"
"""The place of a car that is between places."""
AT_REST = Flows(*([0.0] * len(Flows._fields)))
CAR_HEIGHT_SHARE = 0.5
"""Wind at a car's height over wind at 10 m: the logarithmic profile over open country, that is
ln(1/0.1) over ln(10/0.1)."""
UNKNOWN_TO_OLDER = {"capacity_share": 1.0, "resistance_share": 1.0, "outlet_wh": 0.0}
"""What the state of a car kept by an older version lacks, as it is in a new car."""
LEARN_DISTANCE_M = 30_000.0
"""How far back the range estimate remembers consumption."""


class Cable(msgspec.Struct, frozen=True, kw_only=True):
    """A station's cable in the inlet."""

    station: str
    power_w_max: float
    dc: bool
    phases: int


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """A trip under way; the trip itself is kept beside."""

    trip_id: str
    origin: str
    destination: str
    start_ns: int
    elapsed_ns: int
    start_m: float
    distance_m: float
    """Length of the whole trip."""
    start_wh: float
    start_soc: float


class ChargeRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A charge under way."""

    id: str
    start_ns: int
    start_wall_wh: float
    start_soc: float


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """A command that was accepted and is not done yet; its end is told as an `Audit`."""

    id: str
    time_ns: int
    deadline_ns: int
    who: str
    role: Role
    path: str
    """The actuator that must reach `value`."""
    value: SignalValue
    what: str
    """The verb, or for `set` the path, as the audit names it."""
    wished: str
    """What was wished, as JSON."""


class Living(msgspec.Struct, frozen=True, kw_only=True):
    """A car at one moment. Times are nanoseconds since the epoch."""

    vin: str
    time_ns: int
    state: State
    flows: Flows
    place: str
    wh_per_m: float
    """Consumption lately, for the range estimate."""
    latitude_deg: float = 0.0
    longitude_deg: float = 0.0
    altitude_m: float = 0.0
    heading_deg: float = 0.0
    locked: bool = True
    flap_open: bool = False
    climate_on: bool = False
    climate_until_ns: int = 0
    cabin_target_degc: float = 21.0
    charge_limit: float = 0.8
    cable: Cable | None = None
    """None when nothing is plugged."""
    progress: Progress | None = None
    """None when not on a trip."""
    charge: ChargeRecord | None = None
    """None when no charge is under way."""
    horn_until_ns: int = 0
    hazard_until_ns: int = 0
    awake_until_ns: int = 0
    body: Body = Body()
    pending: list[Pending] = []
    faults: list[str] = []
    """What is broken, by the names of the table of faults."""
    charge_current_max_a: float = 0.0
    """What the owner lets it take from AC, for each phase; 0 for no limit."""
    discharge_power_w: float = 0.0
    """What it shall give to the house or a tool at its outlet."""
    discharge_reserve: float = 0.2
    """Displayed charge below which it gives nothing away."""
    ready_at_ns: int = 0
    """When the cabin shall be at its target; 0 for no plan."""
    health: Health = NEW
    strain: Strain = Strain()
    """What the battery went through since it last aged."""

    @property
    def mode(self) -> str:
        """Parked, driving or charging."""
        if self.progress is not None:
            return DRIVING
        return CHARGING if self.charge is not None else PARKED


class Air(msgspec.Struct, frozen=True, kw_only=True):
    """What the car feels of the weather."""

    ambient_degc: float = 15.0
    wind_mps: float = 0.0
    """Ten metres above the ground."""
    wind_bearing_deg: float = 0.0
    """Where it comes from."""
    sun_w_per_m2: float = 0.0


def remember(car: Living) -> bytes:
    """The car as it is kept, by field names, so that later versions can read it."""
    fields = {name: getattr(car, name) for name in car.__struct_fields__}
    fields["state"] = car.state._asdict()
    fields["flows"] = {}
    fields["health"] = car.health._asdict()
    fields["strain"] = car.strain._asdict()
    return msgspec.msgpack.encode(fields)


def recall(data: bytes, *, where: str) -> Living:
    """Read what `remember` wrote; InputError when it cannot be understood."""
    try:
        fields: dict[str, Any] = msgspec.msgpack.decode(data)
        fields["state"] = list(State(**{**UNKNOWN_TO_OLDER, **fields["state"]}))
        fields["flows"] = list(AT_REST)
        fields["health"] = list(NEW._replace(**fields.get("health", {})))
        fields["strain"] = list(Strain(**fields.get("strain", {})))
        return msgspec.convert(fields, Living)
    except (msgspec.DecodeError, TypeError, KeyError, ValueError) as error:
        raise InputError(f"{where}: this car's memory cannot be read: {error}") from None


def inputs_of(car: Living, air: Air, *, speed_mps: float, grade: float) -> Inputs:
    """What the world asks of the car now."""
    cable = car.cable
    flowing = cable if cable is not None and car.charge is not None else None
    return Inputs(
        speed_mps=speed_mps,
        grade=grade,
        headwind_mps=headwind_mps(air, car.heading_deg),
        pressure_pa=pressure_at(car.altitude_m),
        ambient_degc=air.ambient_degc,
        sun_w_per_m2=air.sun_w_per_m2,
        awake=1.0 if is_awake(car) else 0.0,
        climate_on=1.0 if car.climate_on else 0.0,
        cabin_target_degc=car.cabin_target_degc,
        ac_power_w=flowing.power_w_max if flowing and not flowing.dc else 0.0,
        dc_power_w=flowing.power_w_max if flowing and flowing.dc else 0.0,
        charge_limit=car.charge_limit,
        # A car that prepares itself has no one on board yet.
        people=1.0 if car.progress is not None else 0.0,
        ac_phases=float(flowing.phases) if flowing else 3.0,
    )


def headwind_mps(air: Air, heading_deg: float) -> float:
    """Wind against a car on that course [m/s]; negative pushes it."""
    against = math.cos(math.radians(air.wind_bearing_deg - heading_deg))
    return CAR_HEIGHT_SHARE * air.wind_mps * against


def is_awake(car: Living) -> bool:
    """Whether its computers run: someone drives, heats, or spoke to it lately."""
    return car.progress is not None or car.climate_on or car.time_ns < car.awake_until_ns


def net_energy_wh(params: Params, state: State) -> float:
    """Energy between 0 and 100 % of the display [Wh], as far as the battery has aged."""
    mean_v = open_circuit_v(params.pack, 0.5 * (params.pack.soc_empty + params.pack.soc_full))
    window = params.pack.soc_full - params.pack.soc_empty
    capacity_c = params.pack.capacity_c * state.capacity_share
    return window * capacity_c * mean_v / SECONDS_PER_HOUR


def range_m(params: Params, car: Living) -> float:
    """Distance [m] the charge will last at the consumption of lately."""
    energy_wh = displayed_soc(params, car.state.soc) * net_energy_wh(params, car.state)
    return energy_wh / car.wh_per_m


def learn(car: Living, before: State, after: State) -> float:
    """Consumption [Wh/m] after a piece of road: an average that forgets over 30 km."""
    moved_m = after.distance_m - before.distance_m
    if moved_m <= 0.0:
        return car.wh_per_m
    spent_wh = (after.drawn_wh - before.drawn_wh) - (after.regenerated_wh - before.regenerated_wh)
    share = moved_m / LEARN_DISTANCE_M
    return max((car.wh_per_m + spent_wh / LEARN_DISTANCE_M) / (1.0 + share), 0.03)
