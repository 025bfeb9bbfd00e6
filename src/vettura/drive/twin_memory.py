"""What a twin believes of its car, how it grows old, and how that is kept."""

import math
from typing import Any

import msgspec

from vettura.car.state import State
from vettura.drive.calibrate_evidence import TRIP_SIGMA
from vettura.drive.calibrate_knobs import CAPACITY, KNOBS, NAMES, RESISTANCE
from vettura.drive.estimate import Belief, prior
from vettura.errors import InputError
from vettura.units import NS_PER_S

OFFSET = len(KNOBS)
"""Place of the trip's own offset, behind the parameters."""
DAY_NS = 86_400 * NS_PER_S
AGEING_EVERY_DAYS, AGEING_POINTS = 7.0, 520
YEAR_DAYS = 365.25
PER_ROOT_YEAR = {
    "rolling": 0.07,
    "auxiliary": 0.10,
    "tyre_cold": 0.10,
    CAPACITY: 0.03,
    RESISTANCE: 0.10,
}
"""How far a parameter wanders in a year, as a share (standard deviation): tyres wear and lose
pressure, batteries lose 1 to 3 % of their capacity and gain several percent of resistance."""
PER_TRIP = {"mass": 0.03, "auxiliary": 0.05}
"""How far it may differ from trip to trip: who and what is on board, lamps and wipers."""


class Ageing(msgspec.Struct, frozen=True, kw_only=True):
    """Capacity and resistance at one time, over the car file's figures."""

    time_ns: int
    capacity: float
    capacity_sd: float
    resistance: float
    resistance_sd: float


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """All that a twin must not forget."""

    names: list[str]
    """Which parameters the belief holds, in order."""
    mean: list[float]
    covariance: list[list[float]]
    time_ns: int = 0
    """Of the latest evidence."""
    state: State | None = None
    """Where the model beside the car stands; None before any drive."""
    state_ns: int = 0
    sensitivity: list[float] = []
    """Of the energy drawn, relative: how it moves with each share on the roads of this car."""
    trace_mps: list[float] = []
    """Speeds of the latest kilometres, for the range."""
    stretches: int = 0
    outliers: int = 0
    late: int = 0
    absurd: int = 0
    gaps: int = 0
    ageing: list[Ageing] = []

    @property
    def belief(self) -> Belief:
        """Of the parameters' shares and of the present trip's offset."""
        return Belief(self.mean, self.covariance)


def new_memory() -> Memory:
    """Before any evidence: the car file, and how sure it is."""
    sds = [knob.prior_sd for knob in KNOBS]
    belief = prior([1.0] * len(KNOBS) + [0.0], [*sds, TRIP_SIGMA])
    return Memory(names=list(NAMES), mean=belief.mean, covariance=belief.covariance)


def encode_memory(memory: Memory) -> bytes:
    """The memory as it is kept, the model's state by field names."""
    fields: dict[str, Any] = {name: getattr(memory, name) for name in memory.__struct_fields__}
    fields["state"] = memory.state._asdict() if memory.state is not None else None
    return msgspec.msgpack.encode(fields)


def decode_memory(data: bytes, *, where: str) -> Memory:
    """Read what `encode_memory` wrote; InputError when it cannot be understood or trusted."""
    try:
        fields: dict[str, Any] = msgspec.msgpack.decode(data)
        kept = fields.get("state")
        fields["state"] = None
        memory = msgspec.convert(fields, Memory)
        if kept is not None and set(kept) == set(State._fields):
            state = msgspec.convert(list(State(**kept)), State)
            memory = msgspec.structs.replace(memory, state=state)
    except (msgspec.DecodeError, TypeError, AttributeError, ValueError) as error:
        raise InputError(f"{where}: this twin's memory cannot be read: {error}") from None
    size = len(NAMES) + 1
    whole = [*memory.mean, *(value for line in memory.covariance for value in line)]
    square = len(memory.covariance) == size and all(len(x) == size for x in memory.covariance)
    if memory.names != list(NAMES) or len(memory.mean) != size or not square:
        raise InputError(f"{where}: this twin's memory holds other parameters")
    if not all(map(math.isfinite, whole)):
        raise InputError(f"{where}: this twin's memory holds numbers that are none")
    return memory


def new_trip(memory: Memory, time_ns: int) -> Memory:
    """Forget what was this trip's own; let wander what may have changed since the last evidence."""
    belief = memory.belief
    mean, covariance = list(belief.mean), [list(line) for line in belief.covariance]
    mean[OFFSET] = 0.0
    for k in range(len(mean)):
        covariance[k][OFFSET] = covariance[OFFSET][k] = 0.0
    covariance[OFFSET][OFFSET] = TRIP_SIGMA**2
    days = max(time_ns - memory.time_ns, 0) / DAY_NS if memory.time_ns else 0.0
    for k, knob in enumerate(KNOBS):
        yearly, each = PER_ROOT_YEAR.get(knob.name, 0.0), PER_TRIP.get(knob.name, 0.0)
        widened = covariance[k][k] + yearly**2 * days / YEAR_DAYS + each**2
        # Never less sure than before any evidence: the whole line shrinks, correlations stay.
        scale = min(knob.prior_sd / math.sqrt(widened), 1.0)
        for j in range(len(mean)):
            covariance[k][j] *= scale
            covariance[j][k] *= scale
        covariance[k][k] = widened * scale * scale
    return msgspec.structs.replace(memory, mean=mean, covariance=covariance)


def aged(memory: Memory, time_ns: int) -> Memory:
    """Write down how the battery is: once a week, the present week's point always the latest."""
    belief = memory.belief
    capacity, resistance = NAMES.index(CAPACITY), NAMES.index(RESISTANCE)
    week_ns = int(AGEING_EVERY_DAYS * DAY_NS)
    point = Ageing(
        time_ns=time_ns,
        capacity=belief.mean[capacity],
        capacity_sd=belief.sd(capacity),
        resistance=belief.mean[resistance],
        resistance_sd=belief.sd(resistance),
    )
    earlier = [p for p in memory.ageing if p.time_ns // week_ns < time_ns // week_ns]
    return msgspec.structs.replace(memory, ageing=[*earlier, point][-AGEING_POINTS:])
