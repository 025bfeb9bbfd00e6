"""Run by a peer's own Python: writes what its generated modules say, as a FileDescriptorSet."""

import sys
from importlib import import_module

from google.protobuf.descriptor_pb2 import FileDescriptorSet


def add(file, into, seen):
    """Add a file after those it depends on."""
    if file.name in seen:
        return
    seen.add(file.name)
    for other in file.dependencies:
        add(other, into, seen)
    file.CopyToProto(into.file.add())


def main(modules):
    """Gather the files of all modules."""
    found, seen = FileDescriptorSet(), set()
    for module in modules:
        add(import_module(module).DESCRIPTOR, found, seen)
    sys.stdout.buffer.write(found.SerializeToString())


main(sys.argv[1:])
