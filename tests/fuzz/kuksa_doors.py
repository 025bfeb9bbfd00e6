"""Every call of the three protocols of KUKSA, in bytes; and what the car says to that face."""

from collections.abc import Iterator

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message as Proto

from fuzz.absurd import absurd_frames
from fuzz.answering_car import AnsweringCar
from fuzz.entries import Door
from make import VIN
from vettura.bus.interface import Message
from vettura.bus.messages import encode
from vettura.faces.config import CarFacts, KuksaConfig
from vettura.faces.kuksa import KuksaFace
from vettura.faces.kuksa_wire import message_class, rpcs

FACTS = CarFacts(vin=VIN, home="casa", name="Xiaomi SU7", make="Xiaomi", model="SU7")
PATHS = (
    "Vehicle.Speed",
    "Vehicle.Cabin.Door.Row1.DriverSide.IsLocked",
    "Vehicle.Powertrain.TractionBattery.Charging.ChargeLimit",
    "Vehicle.Diagnostics.DTCList",
    "Vehicle.Cabin",
    "SELECT Vehicle.Speed, Vehicle.IsMoving WHERE Vehicle.Speed > 3 AND NOT Vehicle.IsMoving",
)
DEPTH_MAX = 5
VARIANTS = 6


def filled(message: Proto, variant: int, depth: int = 0) -> Proto:
    """Every field set, of each choice one: which, says the variant."""
    for field in message.DESCRIPTOR.fields:
        choice = field.containing_oneof
        if choice is not None and choice.fields[variant % len(choice.fields)] is not field:
            continue
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            _fill_inner(message, field, variant, depth)
        elif field.is_repeated:
            getattr(message, field.name).extend(_scalars(field, variant))
        else:
            setattr(message, field.name, next(_scalars(field, variant)))
    return message


def _fill_inner(message: Proto, field: FieldDescriptor, variant: int, depth: int) -> None:
    inner = getattr(message, field.name)
    if depth >= DEPTH_MAX:
        return
    if not field.is_repeated:
        inner.SetInParent()
        filled(inner, variant, depth + 1)
    elif not field.message_type.GetOptions().map_entry:
        filled(inner.add(), variant, depth + 1)
    elif field.message_type.fields_by_name["value"].type == FieldDescriptor.TYPE_MESSAGE:
        key = next(_scalars(field.message_type.fields_by_name["key"], variant))
        filled(inner[key], variant, depth + 1)


def _scalars(field: FieldDescriptor, variant: int) -> Iterator[object]:
    kind = field.cpp_type
    if kind == FieldDescriptor.CPPTYPE_STRING:
        yield PATHS[variant % len(PATHS)] if field.type != FieldDescriptor.TYPE_BYTES else b"x"
    elif kind == FieldDescriptor.CPPTYPE_BOOL:
        yield variant % 2 == 0
    elif kind == FieldDescriptor.CPPTYPE_ENUM:
        yield field.enum_type.values[variant % len(field.enum_type.values)].number
    elif kind in {FieldDescriptor.CPPTYPE_FLOAT, FieldDescriptor.CPPTYPE_DOUBLE}:
        yield (1.5, float("nan"), float("inf"), -1e30, 0.0, 80.0)[variant % 6]
    else:
        yield (1, 2, 200, 0, 80, 2**31 - 1)[variant % 6]


def _faced() -> tuple[AnsweringCar, KuksaFace]:
    """A car and the face that lives beside it, without a socket."""
    car = AnsweringCar()
    face = KuksaFace(car.bus, car.clock, car.clock, KuksaConfig(), FACTS)
    car.start(face.run_closed())
    car.run(face.ready.wait())
    return car, face


def kuksa() -> Door:
    """A call: the first byte says which, the rest is its request."""
    car, face = _faced()
    calls = rpcs()
    samples = tuple(
        bytes([number])
        + filled(
            message_class(rpc.service.rpartition(".")[0], rpc.request)(), variant
        ).SerializeToString()
        for number, rpc in enumerate(calls)
        for variant in range(VARIANTS)
    )

    def feed(data: bytes) -> bool:
        rpc = calls[(data[0] if data else 0) % len(calls)]
        status, _, _ = car.run(face.handle(rpc.path, data[1:]))
        return status.name == "OK"

    return Door("kuksa", samples, feed)


def kuksa_bus() -> Door:
    """Frames that cannot be, on their way to subscribers in every style."""
    car, face = _faced()
    samples = tuple(encode(frame) for frame in absurd_frames())

    def feed(data: bytes) -> bool:
        before = face.line.unreadable
        face.line._take_frame(Message("here", data, {}))
        car.pass_turn()
        return face.line.unreadable == before

    return Door("kuksa-bus", samples, feed)


DOORS = {"kuksa": kuksa, "kuksa-bus": kuksa_bus}
