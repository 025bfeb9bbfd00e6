"""What travels: one struct for each subject, MessagePack inside, JSON at the edges.

Devices and scenes of the home are in `messages_home`.

Times are integer nanoseconds since the epoch, UTC. Quantities are SI, watt-hours and degrees
Celsius; only `SignalFrame` speaks VSS units, because its paths do. Unknown fields are ignored.
"""

from functools import lru_cache
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

import msgspec

from vettura.car.trip import Trip
from vettura.errors import InputError

SignalValue: TypeAlias = bool | int | float | str | list[str | float]

Role: TypeAlias = Literal["app", "fleet", "owner", "local"]
"""Who may overrule whom: an app yields to the fleet's operator, both to the owner from afar, and
all to somebody in or at the car."""
ROLES: tuple[Role, ...] = ("app", "fleet", "owner", "local")
"""From the least to the most."""

Refusal: TypeAlias = Literal[
    "", "unknown", "scope", "type", "range", "interlock", "conflict", "unavailable", "busy"
]
"""Why not, for programs; empty when obeyed. unknown: no such signal or verb; scope: the role may
not; interlock: not in this state of the car; conflict: a higher role wished otherwise just now;
unavailable: nothing that could do it, or it is broken; busy: ask again."""

Outcome: TypeAlias = Literal["", "accepted", "refused", "reached", "timed out", "superseded"]
"""How far a command has come; empty from who does not say."""


class Wire(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Anything that travels on the bus."""


class SignalFrame(Wire, frozen=True, kw_only=True):
    """`car.<vin>.signals`: the VSS values that changed, by path; all of them when `full`."""

    time_ns: int
    values: dict[str, SignalValue]
    full: bool = False


class Sample(Wire, frozen=True, kw_only=True):
    """`car.<vin>.samples` (stream `cars`): one point of the car's history, for plots."""

    time_ns: int
    soc: float
    """Displayed charge, 0 to 1."""
    speed_mps: float
    battery_power_w: float
    """At the pack's terminals; positive drives the car, negative charges it."""
    cabin_degc: float
    ambient_degc: float
    range_m: float
    odometer_m: float
    mode: str
    """parked, driving or charging."""
    wall_power_w: float = 0.0


class TwinParameter(Wire, frozen=True, kw_only=True):
    """One parameter of a car as its twin holds it, in the units of the model."""

    name: str
    file_value: float
    """The car file's figure."""
    value: float
    sd: float
    """Standard deviation."""
    shown: bool
    """Whether telemetry has shown it; else the car file's figure stands."""


class TwinAgeing(Wire, frozen=True, kw_only=True):
    """A battery at one time, over the car file's figures."""

    time_ns: int
    capacity: float
    capacity_sd: float
    resistance: float
    """At 25 °C and half charge: cold and an empty pack are taken out."""
    resistance_sd: float


class Twin(Wire, frozen=True, kw_only=True):
    """`car.<vin>.twin`: what telemetry has shown of a car, and how far its charge will last."""

    time_ns: int
    parameters: list[TwinParameter]
    range_m: float
    """On the roads of late, in the air of now."""
    range_low_m: float
    range_high_m: float
    """Ends of the interval that should hold the truth in 80 of 100 cases."""
    wh_per_m: float
    stretches: int
    """Pieces of road it has learnt from, about 2 km each."""
    capacity: float
    """Over the car file's figure, as are the others."""
    capacity_sd: float
    resistance: float
    resistance_sd: float
    ageing: list[TwinAgeing] = []
    """A point for each week, oldest first."""
    outliers: int = 0
    """Rows of evidence too far off to be believed."""
    late: int = 0
    """Frames out of order, or from the future."""
    absurd: int = 0
    """Values that cannot be."""
    gaps: int = 0
    """Silences too long to be bridged."""
    unreadable: int = 0
    """Messages that were no frames, since the process started."""


class Session(Wire, frozen=True, kw_only=True):
    """`car.<vin>.sessions` (stream `cars`): a trip or a charge that has ended."""

    id: str
    kind: str
    """trip or charge."""
    start_ns: int
    end_ns: int
    origin: str
    destination: str
    """The same as `origin` for a charge."""
    distance_m: float
    energy_wh: float
    """Drawn net of regeneration for a trip; taken from the wall for a charge."""
    soc_start: float
    soc_end: float


class Lock(Wire, frozen=True, kw_only=True, tag="lock"):
    """Lock every door and the trunk."""


class Unlock(Wire, frozen=True, kw_only=True, tag="unlock"):
    """Unlock every door."""


class Climate(Wire, frozen=True, kw_only=True, tag="climate"):
    """Switch the cabin's climate on or off; `target_degc` None keeps the target."""

    on: bool
    target_degc: Annotated[float, msgspec.Meta(ge=16.0, le=30.0)] | None = None


class ChargeStart(Wire, frozen=True, kw_only=True, tag="charge_start"):
    """Take current from the plugged station."""


class ChargeStop(Wire, frozen=True, kw_only=True, tag="charge_stop"):
    """Stop taking current; the cable stays."""


class ChargeLimit(Wire, frozen=True, kw_only=True, tag="charge_limit"):
    """Stop charging at this displayed charge."""

    soc: Annotated[float, msgspec.Meta(ge=0.2, le=1.0)]


class Flap(Wire, frozen=True, kw_only=True, tag="flap"):
    """Open or close the charge flap."""

    open: bool


class Actuate(Wire, frozen=True, kw_only=True, tag="set"):
    """Bring one actuator to a value; path, unit and range as the table of signals says."""

    path: str
    value: SignalValue


class Precondition(Wire, frozen=True, kw_only=True, tag="precondition"):
    """Have the cabin at its target at that time; `ready_at_ns` None forgets the plan."""

    ready_at_ns: int | None = None


class Wake(Wire, frozen=True, kw_only=True, tag="wake"):
    """Start the car's computers; they sleep again by themselves."""


class Claim(Wire, frozen=True, kw_only=True, tag="claim"):
    """A provider from outside takes over actuators and signals: a real control unit, a test bench.

    The car then forwards what is asked of these actuators to `car.<vin>.wish.<provider>` and takes
    their values from `car.<vin>.provided`. The claim is repeated while it holds; a provider that
    falls silent loses it.
    """

    provider: str
    actuators: list[str] = []
    signals: list[str] = []


class Release(Wire, frozen=True, kw_only=True, tag="release"):
    """A provider hands back these paths, or all of its when none is named."""

    provider: str
    paths: list[str] = []


class Inject(Wire, frozen=True, kw_only=True, tag="fault"):
    """Break something in the car, or mend it: for tests and workshops."""

    fault: str
    """One of the table of faults in `docs/faults.md`, by name or by trouble code."""
    active: bool = True


class Honk(Wire, frozen=True, kw_only=True, tag="honk"):
    """Sound the horn for half a second."""


class Flash(Wire, frozen=True, kw_only=True, tag="flash"):
    """Flash the hazard lights for three seconds."""


class Drive(Wire, frozen=True, kw_only=True, tag="drive"):
    """Drive this trip, starting now."""

    trip: Trip


class Plug(Wire, frozen=True, kw_only=True, tag="plug"):
    """A person puts a station's cable into the car."""

    station: str
    power_w_max: Annotated[float, msgspec.Meta(gt=0.0, le=1_000_000.0)]
    dc: bool = False
    phases: Annotated[int, msgspec.Meta(ge=1, le=3)] = 3
    offered_w: Annotated[float, msgspec.Meta(ge=0.0, le=1_000_000.0)] | None = None
    """What it offers now; None: all of `power_w_max`."""


class Unplug(Wire, frozen=True, kw_only=True, tag="unplug"):
    """A person takes the cable out; a running charge is stopped first."""


class Offer(Wire, frozen=True, kw_only=True, tag="offer"):
    """The plugged station changes the power it offers; 0 pauses the charge."""

    power_w_max: Annotated[float, msgspec.Meta(ge=0.0, le=1_000_000.0)]
    phases: Annotated[int, msgspec.Meta(ge=1, le=3)] | None = None
    """None: as they are."""
    give_w: Annotated[float, msgspec.Meta(ge=0.0, le=1_000_000.0)] = 0.0
    """A two-way DC station asks the car for so much at its port; above 0 nothing is offered."""


class Speed(Wire, frozen=True, kw_only=True, tag="speed"):
    """`house.<home>.do.speed`: how fast the clock runs, as a multiple of real time."""

    factor: Annotated[float, msgspec.Meta(gt=0.0, le=10_000.0)]


Verb: TypeAlias = (
    Lock
    | Unlock
    | Climate
    | ChargeStart
    | ChargeStop
    | ChargeLimit
    | Flap
    | Actuate
    | Precondition
    | Wake
    | Claim
    | Release
    | Inject
    | Honk
    | Flash
    | Drive
    | Plug
    | Unplug
    | Offer
    | Speed
)


class Command(Wire, frozen=True, kw_only=True):
    """`car.<vin>.do.<verb>`: a wish. The same `id` is obeyed once, however often it arrives."""

    id: str
    verb: Verb
    who: str = ""
    """Who asks: page, cli, household, wallbox, mqtt, kuksa and the token's subject."""
    role: Role = "app"
    granted: bool = False
    """Whether who asks holds a scope that names this very actuator, which stands above `role`."""


class Answer(Wire, frozen=True, kw_only=True):
    """What became of a command or an action."""

    ok: bool
    reason: str = ""
    """Why not, in words for a person; empty when ok."""
    code: Refusal = ""
    state: Outcome = ""
    """`reached` when it is done, `accepted` when it takes time: the end is told as an `Audit`."""
    response: dict[str, Any] | None = None
    """What an action gives back, such as a forecast; None for what gives nothing."""


class Audit(Wire, frozen=True, kw_only=True):
    """`car.<vin>.audit` (stream `audit`): one command and its end; exactly one for each command."""

    id: str
    time_ns: int
    """When it was asked."""
    end_ns: int
    """When it was refused, reached, superseded or given up."""
    who: str
    role: Role
    what: str
    """The verb, or for `set` the path."""
    value: str = ""
    """What was wished, as JSON; empty for a verb without arguments."""
    result: Outcome
    reason: str = ""
    code: Refusal = ""


class Targets(Wire, frozen=True, kw_only=True):
    """`car.<vin>.targets`: what actuators were last told to become, by path."""

    time_ns: int
    values: dict[str, SignalValue]


class Provided(Wire, frozen=True, kw_only=True):
    """`car.<vin>.provided`: values of claimed signals and actuators, from their provider."""

    time_ns: int
    provider: str
    values: dict[str, SignalValue]


class Wish(Wire, frozen=True, kw_only=True):
    """`car.<vin>.wish.<provider>`: the car hands on what was asked of a claimed actuator."""

    id: str
    path: str
    value: SignalValue


class Weather(Wire, frozen=True, kw_only=True):
    """`home.<home>.weather`: the air around the household, which its cars feel too."""

    time_ns: int
    ambient_degc: float
    wind_mps: float
    """Ten metres above the ground."""
    wind_bearing_deg: float = 0.0
    """Where it comes from: 0 north, 90 east."""
    sun_w_per_m2: float
    """Global horizontal irradiance."""
    condition: str
    """Home Assistant's weather states: sunny, clear-night, cloudy, rainy, snowy, fog."""
    rain_mm_per_h: float = 0.0
    """Snow as the water it melts to."""
    humidity: float = 0.6
    """Relative, 0 to 1."""


class MeterValue(Wire, frozen=True, kw_only=True):
    """`energy.<home>.meter.<station>`: what a station measures."""

    time_ns: int
    power_w: float
    energy_wh: float
    """Ever delivered by that station."""
    given_wh: float = 0.0
    """Ever taken out of cars by it."""


class ClockState(Wire, frozen=True, kw_only=True):
    """`house.<home>.clock`: published every real second, and when the speed changes."""

    time_ns: int
    factor: float


class Activity(Wire, frozen=True, kw_only=True):
    """`home.<home>.today`: what the people of a household mean to do, for the page."""

    start_ns: int
    person: str
    what: str
    place: str


class Today(Wire, frozen=True, kw_only=True):
    """The day of a household, published (and kept in bucket `home`) when it begins."""

    time_ns: int
    activities: list[Activity]


_frames = msgspec.msgpack.Decoder(SignalFrame)
M = TypeVar("M")
_encoder = msgspec.msgpack.Encoder()


def encode(message: Wire) -> bytes:
    """MessagePack bytes of any message of this module."""
    return _encoder.encode(message)


def decode(data: bytes, kind: type[M], *, where: str) -> M:
    """Read MessagePack as `kind`; InputError names `where` and what is wrong."""
    try:
        return msgspec.msgpack.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{where}: not a {kind.__name__}: {error}") from None


def decode_frame(data: bytes, *, where: str) -> SignalFrame:
    """Read a frame; InputError names `where` and what is wrong.

    Of all who hear the same message in one process only the first has to read it: nobody may change
    the values of a frame.
    """
    try:
        return _frame(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{where}: not a SignalFrame: {error}") from None


@lru_cache(maxsize=16)
def _frame(data: bytes) -> SignalFrame:
    return _frames.decode(data)
