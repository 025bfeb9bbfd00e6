"""A household of bridges for the tests: what each announces, tells and is told.

The files of `announced/` hold the messages in the shape in which zigbee2mqtt 1.40, ESPHome 2024.6,
Tasmota 8.5 (SetOption19 1) and others send them: `announces` and `tells` are topics and payloads,
`shows` is the state and some attributes of each entity after all was told (null for any state),
`orders` are actions with the messages that they must become (null for any payload). `quirks` and
`units` hold what is odd: values that do not fit, templates that fail, other units. That Home
Assistant 2024.3.3 makes the same of them is what tests/peers/test_discovery_homeassistant.py shows.
"""

import json
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent / "announced"


class Order(NamedTuple):
    """An action and the messages that it must become."""

    action: str
    entity: str
    data: dict
    sends: list


class Bridge(NamedTuple):
    """One kind of bridge with its devices."""

    name: str
    announces: list
    tells: list
    shows: dict
    orders: list


def payload_of(told):
    """The bytes of a payload: text as it is, anything else as JSON."""
    return told.encode() if isinstance(told, str) else json.dumps(told).encode()


def bridges():
    """Every bridge of the household."""
    return [_bridge(path) for path in sorted(FOLDER.glob("*.json"))]


def _bridge(path):
    told = json.loads(path.read_text("utf-8"))
    orders = [Order(*order) for order in told.pop("orders")]
    return Bridge(name=path.stem, orders=orders, **told)
