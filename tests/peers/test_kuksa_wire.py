"""Our messages, built from a table of facts, are those of the peers' generated code."""

import pytest

from peers.protocols import meaning_of, packages_of
from vettura.faces.kuksa_wire import file_descriptor

pytestmark = pytest.mark.peer

PACKAGES = {
    "kuksa.val.v1": "kuksa",
    "kuksa.val.v2": "kuksa",
    "sdv.databroker.v1": "velocitas",
}


@pytest.mark.parametrize(("package", "peer"), PACKAGES.items())
def test_every_message_field_and_method_is_as_the_peer_has_it(package, peer):
    theirs = meaning_of(packages_of(peer)[package])
    ours = meaning_of([file_descriptor(package)])
    assert ours == theirs
    assert len(ours) > 20
