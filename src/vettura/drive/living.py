"""The living car: everything it is at one moment, small enough to be kept every second."""

import math
from datetime import UTC, datetime
from typing import Any

import msgspec

from vettura.bus.messages import Role, SignalValue
from vettura.bus.paths import CONDITIONING, RECIRCULATION
from vettura.car.ageing import NEW, Health
from vettura.car.battery import open_circuit_v
from vettura.car.charge import displayed_soc
from vettura.car.params import Params
from vettura.car.road import pressure_at
from vettura.car.state import Flows, Inputs, State
from vettura.drive.body import Body, value_of
from vettura.drive.gauges import Gauges
from vettura.drive.wear import Strain
from vettura.errors import InputError
from vettura.units import NS_PER_S, PHASE_V, SECONDS_PER_HOUR

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
    give_w: float = 0.0
    """What a two-way DC station asks of the car at its port."""


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


class LastTrip(msgspec.Struct, frozen=True, kw_only=True):
    """The trip that ended last."""

    start_ns: int
    end_ns: int
    duration_s: float
    distance_m: float
    energy_wh: float
    """Drawn net of regeneration."""


class LastCharge(msgspec.Struct, frozen=True, kw_only=True):
    """The charge under way, or the one that ended last."""

    latitude_deg: float
    longitude_deg: float
    altitude_m: float
    wall_wh: float
    seconds: float

    @property
    def mean_w(self) -> float:
        """Mean power at the wall."""
        return self.wall_wh / self.seconds * SECONDS_PER_HOUR if self.seconds > 0.0 else 0.0


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
    curvature_per_m: float = 0.0
    """How the road turns: one over its radius, positive to the left."""
    gauges: Gauges = Gauges()
    last_trip: LastTrip | None = None
    """None before the first."""
    last_charge: LastCharge | None = None
    """None before the first."""
    serviced_ns: int = 0
    """When it was serviced last, or came into being; 0: not known yet."""
    serviced_m: float = 0.0
    """Odometer then."""
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
    rain_mm_per_h: float = 0.0
    """Snow as the water it melts to."""
    humidity: float = 0.6
    """Relative, 0 to 1."""


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
    """What the world asks of the car now.

    The step has one load for all accessories: heated seats, mirrors, glass and steering wheel, and
    lamps beyond the usual, move their signals but take nothing from the battery.
    """
    cable = car.cable
    flowing = cable if cable is not None and car.charge is not None else None
    dc_power_w = flowing.power_w_max if flowing and flowing.dc else 0.0
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
        ac_power_w=ac_offer_w(car, flowing) if flowing and not flowing.dc else 0.0,
        dc_power_w=-asked_dc_w(car) or dc_power_w,
        charge_limit=car.charge_limit,
        rain_mm_per_h=air.rain_mm_per_h,
        recirculation=1.0 if car.body.values and value_of(car.body, RECIRCULATION) else 0.0,
        people=float(people_on_board(car)),
        precondition=1.0 if conditions_battery(car) else 0.0,
        ac_phases=float(flowing.phases) if flowing else 3.0,
        outlet_power_w=car.discharge_power_w if gives_power(car) else 0.0,
        outlet_reserve=car.discharge_reserve,
    )


def ac_offer_w(car: Living, cable: Cable) -> float:
    """What a station may bring over AC [W]: its offer, within what the owner lets the car take."""
    if car.charge_current_max_a <= 0.0:
        return cable.power_w_max
    return min(cable.power_w_max, car.charge_current_max_a * PHASE_V * cable.phases)


def people_on_board(car: Living) -> int:
    """The driver during a trip; a car that prepares itself has no one on board yet."""
    return 1 if car.progress is not None else 0


def gives_power(car: Living) -> bool:
    """Whether it is to feed a house or a tool: parked, and taking nothing itself."""
    return car.discharge_power_w > 0.0 and car.progress is None and car.charge is None


def asked_dc_w(car: Living) -> float:
    """What a two-way DC station asks of the standing car [W]; 0 when none does."""
    cable = car.cable
    return cable.give_w if cable is not None and cable.dc and car.progress is None else 0.0


def conditions_battery(car: Living) -> bool:
    """Whether somebody wished the battery warm, from now on, and it is not there yet."""
    body = car.body
    if not body.values or value_of(body, CONDITIONING + "RequestedMode") == "INACTIVE":
        return False
    start_ns = time_of(value_of(body, CONDITIONING + "StartTime"))
    end_ns = time_of(value_of(body, CONDITIONING + "TargetTime"))
    if (start_ns is not None and car.time_ns < start_ns) or (end_ns or car.time_ns) < car.time_ns:
        return False
    target_degc = value_of(body, CONDITIONING + "TargetTemperature")
    return isinstance(target_degc, float | int) and car.state.battery_degc < target_degc


def time_of(text: SignalValue) -> int | None:
    """Nanoseconds since the epoch of an ISO 8601 time, UTC where it names no zone; None if none."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round(aware.timestamp()) * NS_PER_S


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
