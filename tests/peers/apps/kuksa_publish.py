"""Run by kuksa-client's own Python: publishes one value of a signal, once."""

import sys

from kuksa_client.grpc import Datapoint, VSSClient
from saying import say

PORT, PATH, VALUE = sys.argv[1:]
with VSSClient("127.0.0.1", int(PORT)) as client:
    client.set_current_values({PATH: Datapoint(VALUE)})
    say(now=client.get_current_values([PATH])[PATH].value)
