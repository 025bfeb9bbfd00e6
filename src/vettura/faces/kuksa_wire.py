"""Messages of KUKSA's protocols, built when the process starts: no generated code, no compiler.

The table of facts (`kuksa_table`) becomes descriptors on a pool of our own, so that no other
library's copy of the same protocol can clash with ours.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple, TypeAlias

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, timestamp_pb2
from google.protobuf.message import Message

from vettura.faces.kuksa_table import PROTOCOLS

V1, V2, SDV = "kuksa.val.v1", "kuksa.val.v2", "sdv.databroker.v1"

Proto: TypeAlias = Any
"""A message whose fields only the table knows."""

_Field = descriptor_pb2.FieldDescriptorProto
_SCALARS = {
    name.removeprefix("TYPE_").lower(): number
    for name, number in _Field.Type.items()
    if name not in ("TYPE_MESSAGE", "TYPE_ENUM", "TYPE_GROUP")
}
_TIMESTAMP = "google/protobuf/timestamp.proto"


class Rpc(NamedTuple):
    """One method of a service."""

    service: str
    """With its package, such as `kuksa.val.v2.VAL`."""
    name: str
    request: str
    """Name of the message within the package, as is `reply`."""
    reply: str
    client_streams: bool
    server_streams: bool

    @property
    def path(self) -> str:
        """As it stands in a call: `/kuksa.val.v2.VAL/GetValue`."""
        return f"/{self.service}/{self.name}"


@cache
def message_class(package: str, name: str) -> type[Message]:
    """The class of one message, such as `message_class(V2, "Datapoint")`."""
    return message_factory.GetMessageClass(_pool().FindMessageTypeByName(f"{package}.{name}"))


def make(package: str, name: str, /, **fields: object) -> Proto:
    """A new message."""
    return message_class(package, name)(**fields)


def enum_number(package: str, enum: str, name: str) -> int:
    """The number of an enum's value."""
    return int(_pool().FindEnumTypeByName(f"{package}.{enum}").values_by_name[name].number)


def enum_name(package: str, enum: str, number: int) -> str | None:
    """The name of an enum's value, or None when no value has that number."""
    value = _pool().FindEnumTypeByName(f"{package}.{enum}").values_by_number.get(number)
    return None if value is None else str(value.name)


@cache
def file_descriptor(package: str) -> descriptor_pb2.FileDescriptorProto:
    """What the table says of a package, as a descriptor."""
    return next(file for file in _files() if file.package == package)


@cache
def rpcs() -> tuple[Rpc, ...]:
    """Every method of the three protocols."""
    return tuple(
        Rpc(
            f"{file.package}.{service.name}",
            method.name,
            method.input_type.removeprefix(f".{file.package}."),
            method.output_type.removeprefix(f".{file.package}."),
            method.client_streaming,
            method.server_streaming,
        )
        for file in _files()
        for service in file.service
        for method in service.method
    )


@cache
def _pool() -> descriptor_pool.DescriptorPool:
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(timestamp_pb2.DESCRIPTOR.serialized_pb)
    for file in _files():
        pool.Add(file)
    return pool


@cache
def _files() -> tuple[descriptor_pb2.FileDescriptorProto, ...]:
    files: list[descriptor_pb2.FileDescriptorProto] = []
    lines = list(_lines())
    enums = _enum_names(lines)
    for words in lines:
        match words:
            case ["package", name]:
                files.append(
                    descriptor_pb2.FileDescriptorProto(
                        name=f"vettura/{name.replace('.', '/')}.proto",
                        package=name,
                        syntax="proto3",
                        dependency=[_TIMESTAMP],
                    )
                )
            case ["enum", name, *values]:
                _add_enum(files[-1], name, values)
            case ["message", name, *fields]:
                _add_message(files[-1], name, fields, enums)
            case ["service", name]:
                files[-1].service.add(name=name)
            case ["rpc", name, request, reply]:
                files[-1].service[-1].method.add(
                    name=name,
                    input_type=f".{files[-1].package}.{request.removeprefix('<')}",
                    output_type=f".{files[-1].package}.{reply.removeprefix('>')}",
                    client_streaming=request.startswith("<"),
                    server_streaming=reply.startswith(">"),
                )
    return tuple(files)


def _lines() -> Iterator[list[str]]:
    words: list[str] = []
    for line in PROTOCOLS.strip().splitlines():
        if not line.startswith(" ") and words:
            yield words
            words = []
        words.extend(line.split())
    yield words


def _enum_names(lines: list[list[str]]) -> set[str]:
    package, names = "", set()
    for words in lines:
        if words[0] == "package":
            package = words[1]
        elif words[0] == "enum":
            names.add(f".{package}.{words[1]}")
    return names


def _add_enum(file: descriptor_pb2.FileDescriptorProto, name: str, values: list[str]) -> None:
    outer, _, inner = name.rpartition(".")
    # A nested enum stands in the table before the message that it belongs to.
    target = file.message_type.add(name=outer) if outer else file
    enum = target.enum_type.add(name=inner)
    for value in values:
        label, _, number = value.partition("=")
        enum.value.add(name=label, number=int(number))


def _add_message(
    file: descriptor_pb2.FileDescriptorProto, name: str, fields: list[str], enums: set[str]
) -> None:
    found = [message for message in file.message_type if message.name == name]
    message = found[0] if found else file.message_type.add(name=name)
    optionals: list[descriptor_pb2.FieldDescriptorProto] = []
    for text in fields:
        label, _, rest = text.partition("=")
        number, _, kind = rest.partition(":")
        kind, _, oneof = kind.partition("/")
        field = message.field.add(name=label, number=int(number))
        if kind.startswith("{"):
            _set_map(file.package, message, field, kind, enums)
            continue
        field.label = _Field.LABEL_REPEATED if kind.startswith("*") else _Field.LABEL_OPTIONAL
        _set_type(file.package, field, kind.strip("*?"), enums)
        if kind.endswith("?"):
            optionals.append(field)
        if oneof:
            field.oneof_index = _oneof(message, oneof)
    # The oneofs that stand for explicit presence come after all others.
    for field in optionals:
        field.proto3_optional = True
        field.oneof_index = _oneof(message, f"_{field.name}")


def _oneof(message: descriptor_pb2.DescriptorProto, name: str) -> int:
    names = [oneof.name for oneof in message.oneof_decl]
    if name not in names:
        message.oneof_decl.add(name=name)
        names.append(name)
    return names.index(name)


def _set_type(
    package: str, field: descriptor_pb2.FieldDescriptorProto, kind: str, enums: set[str]
) -> None:
    if kind in _SCALARS:
        field.type = _SCALARS[kind]
        return
    full = ".google.protobuf.Timestamp" if kind == "Timestamp" else f".{package}.{kind}"
    field.type = _Field.TYPE_ENUM if full in enums else _Field.TYPE_MESSAGE
    field.type_name = full


def _set_map(
    package: str,
    message: descriptor_pb2.DescriptorProto,
    field: descriptor_pb2.FieldDescriptorProto,
    kind: str,
    enums: set[str],
) -> None:
    key, _, value = kind.strip("{}").partition(",")
    entry_name = f"{field.name.title().replace('_', '')}Entry"
    entry = message.nested_type.add(name=entry_name)
    entry.options.map_entry = True
    for number, (name, part) in enumerate((("key", key), ("value", value)), start=1):
        inner = entry.field.add(name=name, number=number, label=_Field.LABEL_OPTIONAL)
        _set_type(package, inner, part, enums)
    field.label = _Field.LABEL_REPEATED
    field.type = _Field.TYPE_MESSAGE
    field.type_name = f".{package}.{message.name}.{entry_name}"
