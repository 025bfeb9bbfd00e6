"""The car's own door: commands and what providers say; and the page's, which hears it all."""

import typing
from random import Random  # noqa: TID251  a fixed seed makes the samples

import msgspec

from fuzz.absurd import TIMES_NS, VALUES, absurd_frames
from fuzz.answering_car import AnsweringCar
from fuzz.entries import Door
from make import NOON_NS, VIN, make_living, make_params, make_trip
from vettura.bus.interface import Message
from vettura.bus.memory import MemoryBus
from vettura.bus.messages import (
    ROLES,
    Actuate,
    Audit,
    ChargeLimit,
    Claim,
    Climate,
    ClockState,
    Command,
    Drive,
    Flap,
    Inject,
    MeterValue,
    Offer,
    Plug,
    Precondition,
    Provided,
    Release,
    Sample,
    Session,
    SignalFrame,
    SignalValue,
    Today,
    Verb,
    Weather,
    decode,
    encode,
)
from vettura.bus.messages_home import (
    Cause,
    DeviceAbout,
    DeviceAction,
    DeviceState,
    EntityAbout,
    EntityState,
    Trace,
)
from vettura.bus.signals import Signal, signal_table
from vettura.bus.subjects import car_do
from vettura.car.ageing import AGEING
from vettura.car.catalogue import load_car
from vettura.car.trip import Trip
from vettura.clock import WallClock
from vettura.drive.docket import Docket
from vettura.drive.life import advance
from vettura.drive.living import Air
from vettura.drive.telling import Telling
from vettura.drive.twin import TwinConfig, TwinService
from vettura.energy import WallboxService
from vettura.errors import InputError
from vettura.home.sight import Sight
from vettura.life import StationConfig
from vettura.units import NS_PER_S
from vettura.web.config import CarOnPage, PageConfig
from vettura.web.mirror import Mirror
from vettura.web.state import BusState

CAR = "xiaomi-su7"
TELL_EVERY = 16


def _verbs() -> list[Verb]:
    chance = Random(2)
    bare = [kind() for kind in typing.get_args(Verb) if _is_bare(kind)]
    paths = sorted(signal_table())
    actuators = [signal for signal in signal_table().values() if signal.kind == "actuator"]
    wild = [Actuate(path=path, value=chance.choice(VALUES)) for path in paths]
    tame = [Actuate(path=one.path, value=value) for one in actuators for value in _fitting(one)]
    plans = [Precondition(ready_at_ns=time_ns) for time_ns in TIMES_NS]
    trip = make_trip(hold_s=3)
    wrong = [
        msgspec.structs.replace(trip, speed_mps=[float("nan")] * 4),
        msgspec.structs.replace(trip, speed_mps=[1e300, 0.0], elevation_m=[float("inf")]),
        msgspec.structs.replace(trip, speed_mps=[], elevation_m=[], latitude_deg=[]),
        msgspec.structs.replace(trip, speed_mps=[-5.0] * 9, longitude_deg=[1e308] * 3),
    ]
    return [
        *bare,
        *wild,
        *tame,
        *plans,
        *(Drive(trip=one) for one in (trip, *wrong)),
        Climate(on=True, target_degc=21.0),
        ChargeLimit(soc=0.9),
        Flap(open=True),
        Plug(station="s", power_w_max=11_000.0),
        Offer(power_w_max=0.0),
        Inject(fault="flap_stuck"),
        Inject(fault="P0A80", active=False),
        Claim(provider="bench", actuators=paths[:200], signals=paths),
        Claim(provider="bench", signals=["Vehicle.Speed"]),
        Release(provider="bench"),
    ]


def _fitting(signal: Signal) -> tuple[SignalValue, ...]:
    """Values that an actuator takes."""
    if signal.datatype == "boolean":
        return (True, False)
    if signal.datatype == "string":
        return signal.allowed or ("some words",)
    if signal.datatype.endswith("[]"):
        return (["a"], [])
    number = float if signal.datatype in {"float", "double"} else int
    return (number(max(signal.min, 0.0)), number(min(signal.max, 50.0)))


def _is_bare(kind: type[msgspec.Struct]) -> bool:
    return not any(field.required for field in msgspec.structs.fields(kind))


def car() -> Door:
    """Bytes on `car.<vin>.do.*` and `car.<vin>.provided`, and the frame the car tells then."""
    spec, params, clock = load_car(CAR), make_params(CAR), WallClock()
    docket, living = Docket(params, clock), make_living(CAR)
    telling = Telling(MemoryBus(clock), clock, params, spec, VIN)
    commands = [
        Command(id=f"c{number}", verb=verb, who="x", role=ROLES[-(number % 5 > 0)])
        for number, verb in enumerate(_verbs())
    ]
    said = [Provided(time_ns=f.time_ns, provider="bench", values=f.values) for f in absurd_frames()]
    samples = tuple(b"d" + encode(one) for one in commands) + tuple(
        b"p" + encode(one) for one in said
    )
    subject, fed, ageing = car_do(VIN, "any"), 0, AGEING[spec.battery.chemistry.value]
    trip: Trip | None = None

    def feed(data: bytes) -> bool:
        nonlocal living, fed, trip
        fed += 1
        accepted = False
        if data[:1] == b"p":
            try:
                accepted = bool(docket.told(decode(data[1:], Provided, where="here")))
            except InputError:
                return False
        else:
            if fed % TELL_EVERY == 0:
                living, trip = make_living(CAR), None
            order = _numbered(data[1:], fed)
            heard = docket.hear(living, Message(subject, order, {}, "reply"))
            living, accepted = heard.car, heard.answer is not None and heard.answer.ok
            if accepted and heard.command and isinstance(heard.command.verb, Drive):
                trip = heard.command.verb.trip
            for audit in heard.audits:
                encode(audit)
            if heard.forward is not None:
                done = docket.wished(living, heard.forward, None)
                living = done.car
                docket.waiting(heard.forward)
        living, _ = docket.look(living)
        if fed % TELL_EVERY == TELL_EVERY - 1:
            later_ns = living.time_ns + 3 * NS_PER_S
            living = advance(params, living, Air(), trip, later_ns, ageing).car
            encode(telling.full_frame(living, Air(), docket.provided))
            docket.expired(NOON_NS if fed % 999 == 0 else 1_000_000)
        return accepted

    return Door("car", samples, feed)


def _numbered(order: bytes, number: int) -> bytes:
    """Half of the orders under an id of their own: what came before is not obeyed again."""
    if number % 2:
        return order
    try:
        fields = msgspec.msgpack.decode(order)
        return msgspec.msgpack.encode({**fields, "id": f"n{number}"})
    except (TypeError, ValueError, RecursionError, msgspec.MsgspecError):
        return order


LAMP = DeviceAbout(name="l", entities={"light.l": EntityAbout(name="l")})
LIT = EntityState(state="on", attributes={"brightness": 9, "rgb_color": [1, 2, 3]})
RUN = Trace(
    run="r",
    scene="automation.a",
    trigger="time",
    start_ns=1,
    end_ns=2,
    state="finished",
    cause=Cause(id="r", who="automation.a"),
)


def page_bus() -> Door:
    """What the page hears of the bus, as it shows it."""
    page = PageConfig(home="casa", title="t", timezone="UTC", cars=[CarOnPage(vin=VIN, name="n")])
    mirror = Mirror(
        page, clock=ClockState(time_ns=NOON_NS, factor=1.0), bus=BusState(up=True, since_ns=NOON_NS)
    )
    numbers = {"soc": 0.5, "speed_mps": 1.0, "battery_power_w": 1.0, "cabin_degc": 20.0}
    more = {"ambient_degc": 5.0, "range_m": 1.0, "odometer_m": 2.0, "mode": "parked"}
    ended = {"origin": "a", "destination": "b", "distance_m": 1.0, "energy_wh": 2.0}
    audit = Audit(id="a", time_ns=1, end_ns=2, who="x", role="app", what="lock", result="reached")
    air = Weather(time_ns=1, ambient_degc=3.0, wind_mps=1.0, sun_w_per_m2=0.0, condition="fog")
    takers = (
        (SignalFrame, lambda frame: mirror.take_frame(VIN, frame), absurd_frames()),
        (
            Sample,
            lambda one: mirror.take_sample(VIN, one),
            tuple(Sample(time_ns=time_ns, **numbers, **more) for time_ns in TIMES_NS),
        ),
        (
            Session,
            lambda one: mirror.take_session(VIN, one),
            (Session(id="s", kind="trip", start_ns=1, end_ns=2, soc_start=1, soc_end=0, **ended),),
        ),
        (Audit, lambda one: mirror.take_audit(VIN, one), (audit,)),
        (Weather, mirror.take_weather, (air,)),
        (Today, mirror.take_today, (Today(time_ns=1, activities=[]),)),
        (
            MeterValue,
            lambda one: mirror.take_meter(f"{one.time_ns}", one),
            (MeterValue(time_ns=1, power_w=2.0, energy_wh=3.0),),
        ),
        (ClockState, mirror.take_clock, (ClockState(time_ns=1, factor=2.0),)),
        (DeviceAbout, lambda one: mirror.home.take_about(one.name, one), (LAMP,)),
        (DeviceState, mirror.home.take_state, (DeviceState(time_ns=1, entities={"light.l": LIT}),)),
        (Trace, mirror.home.take_trace, (RUN,)),
    )
    samples = tuple(
        bytes([number]) + encode(one)
        for number, (_, _, several) in enumerate(takers)
        for one in several
    )

    def feed(data: bytes) -> bool:
        kind, take, _ = takers[(data[0] if data else 0) % len(takers)]
        try:
            take(decode(data[1:], kind, where="here"))
        except InputError:
            return False
        change = mirror.pending()
        if change is not None:
            msgspec.json.encode(change)
        if len(data) % 64 == 0:
            msgspec.json.encode(mirror.state(1, passed_s=0.5))
        return True

    return Door("page-bus", samples, feed)


def house_bus() -> Door:
    """What the twin, the driver and the wallbox hear, and actions for the wallbox."""
    beside = AnsweringCar()
    bus, clock = beside.bus, beside.clock
    twin = TwinService(bus, clock, TwinConfig(vin=VIN), load_car(CAR))
    wallbox, sight = WallboxService(bus, clock, "casa", StationConfig(id="box")), Sight()
    told = (
        {"vin": VIN},
        {},
        {"power_w": 3000.0},
        {"power_w": float("nan")},
        {"power_w": 2**64 - 1},
    )
    actions = tuple(
        DeviceAction(id=f"{action}{number}", action=action, data=data)
        for action in ("connect", "disconnect", "offer")
        for number, data in enumerate(told)
    )
    samples = tuple(b"f" + encode(frame) for frame in absurd_frames()) + tuple(
        b"a" + encode(action) for action in actions
    )

    def feed(data: bytes) -> bool:
        if data[:1] == b"a":
            return beside.run(wallbox._obey(data[1:])).ok
        twin._hear(Message("here", data[1:], {}))
        wallbox._hear(VIN, data[1:])
        try:
            sight.take(decode(data[1:], SignalFrame, where="here"))
        except InputError:
            return False
        sight.look()
        return True

    return Door("house-bus", samples, feed)


DOORS = {"car": car, "house-bus": house_bus, "page-bus": page_bus}
