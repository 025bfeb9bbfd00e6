"""The public protocols as the peers' unmodified packages carry them."""

from functools import cache

from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorSet

from peers.environment import run_to_end

MODULES = {
    "kuksa": ("kuksa.val.v1.val_pb2", "kuksa.val.v2.val_pb2"),
    "velocitas": ("velocitas_sdk.proto.broker_pb2", "velocitas_sdk.proto.collector_pb2"),
}


@cache
def descriptor_set(peer):
    """The bytes of a FileDescriptorSet, from a peer's own modules."""
    return run_to_end(peer, "apps/descriptors.py", *MODULES[peer])


def packages_of(peer):
    """The peer's own packages, each a list of files."""
    packages = {}
    for file in FileDescriptorSet.FromString(descriptor_set(peer)).file:
        if not file.package.startswith("google."):
            packages.setdefault(file.package, []).append(file)
    return packages


def meaning_of(files):
    """Everything in a package's files that decides what is on the wire, and nothing else."""
    meaning = {}
    for file in files:
        for enum in file.enum_type:
            meaning[enum.name] = _enum(enum)
        for message in file.message_type:
            _add_message(meaning, message, message.name)
        for service in file.service:
            for method in service.method:
                meaning[f"{service.name}/{method.name}"] = (
                    method.input_type,
                    method.output_type,
                    method.client_streaming,
                    method.server_streaming,
                )
    return meaning


def _enum(enum):
    return {value.name: value.number for value in enum.value}


def _add_message(meaning, message, name):
    meaning[name] = {field.name: _field(message, field) for field in message.field}
    for enum in message.enum_type:
        meaning[f"{name}.{enum.name}"] = _enum(enum)
    for inner in message.nested_type:
        _add_message(meaning, inner, f"{name}.{inner.name}")


def _field(message, field):
    return (
        field.number,
        FieldDescriptorProto.Type.Name(field.type),
        field.type_name,
        FieldDescriptorProto.Label.Name(field.label),
        message.oneof_decl[field.oneof_index].name if field.HasField("oneof_index") else "",
    )
