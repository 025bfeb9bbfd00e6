"""Run by kuksa-client's own Python: what its synchronous API reads, wishes and hears."""

import sys

from kuksa_client.grpc import Datapoint, MetadataField, VSSClient, VSSClientError
from saying import say

PORT, SPEED, SOC, WINDOW, ATTRIBUTE = sys.argv[1:]


with VSSClient("127.0.0.1", int(PORT)) as client:
    info = client.get_server_info()
    say(name=info.name, version=info.version)
    values = client.get_current_values([SPEED, SOC, WINDOW, ATTRIBUTE])
    say(values={path: point.value for path, point in values.items()})
    say(dated=all(point.timestamp is not None for point in values.values()))
    metadata = client.get_metadata([SPEED, WINDOW], MetadataField.ALL)
    say(metadata={path: data.to_dict() for path, data in metadata.items()})
    client.set_target_values({WINDOW: Datapoint(80)})
    say(target=client.get_target_values([WINDOW])[WINDOW].value)
    heard = []
    for updates in client.subscribe_current_values([WINDOW]):
        heard += [point.value for point in updates.values()]
        if heard[-1] == 80:
            break
    say(heard=heard)
    for wish in (
        {SPEED: Datapoint(3)},
        {WINDOW: Datapoint(101)},
        {"Vehicle.Nothing": Datapoint(1)},
    ):
        try:
            client.set_target_values(wish)
            say(refused=None)
        except VSSClientError as error:
            say(refused=error.to_dict())
