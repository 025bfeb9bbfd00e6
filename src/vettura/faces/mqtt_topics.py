"""The topic map: what the cars of a house say and hear on MQTT, the same on every broker.

| topic below `<root>/<vin>/` | payload | kept by the broker |
|---|---|---|
| `availability` | online, or offline when the car has fallen silent | yes |
| `state` | JSON: the car in its owner's words | yes |
| `location` | JSON: latitude, longitude, accuracy | yes |
| `finish_time`, `ready_at` | ISO 8601, or None | yes |
| `vss` | JSON: time, and the VSS values that changed | no |
| `do/<entity>` | a command in the owner's words, to the car | no |
| `set/<VSS/path/with/slashes>` | a value for an actuator, to the car | no |
| `answer` | JSON: what became of a command | no |

`<root>/bridge/<home>/availability` (kept) says whether the house itself is there: its last will.
"""

import re
from typing import NamedTuple

from vettura.words.car import FINISH_TIME as FINISH_TIME
from vettura.words.car import READY_AT as READY_AT

AVAILABILITY, STATE, LOCATION, VSS, ANSWER = "availability", "state", "location", "vss", "answer"

RETAINED = (AVAILABILITY, STATE, LOCATION, FINISH_TIME, READY_AT)
"""What a broker keeps of a car, and must forget when the car goes."""
DO, SET = "do", "set"
FOR_HOME_ASSISTANT = "homeassistant"
"""A last level below `do/<entity>`: who presses is Home Assistant."""
ONLINE, OFFLINE = "online", "offline"


class Topics(NamedTuple):
    """The topics of one house."""

    root: str
    home: str

    @property
    def bridge(self) -> str:
        """Where the house says that it is there, and its last will that it is not."""
        return f"{self.root}/bridge/{re.sub(r'[^A-Za-z0-9_-]', '_', self.home)}/availability"

    def of(self, vin: str, leaf: str) -> str:
        """A topic of one car."""
        return f"{self.root}/{vin}/{leaf}"

    def do(self, vin: str, entity: str) -> str:
        """Where Home Assistant sends commands for one entity."""
        return f"{self.root}/{vin}/{DO}/{entity}/{FOR_HOME_ASSISTANT}"

    def commands(self, vin: str) -> tuple[str, ...]:
        """What to subscribe to so as to hear every command for a car."""
        return (f"{self.root}/{vin}/{DO}/#", f"{self.root}/{vin}/{SET}/#")


class EnergyTopics(NamedTuple):
    """The topics of one home's energy; they are drawn in `mqtt_energy`."""

    root: str
    home: str

    @property
    def availability(self) -> str:
        """Where the energy's bridge says that it is there, and its last will that it is not."""
        return self.of(AVAILABILITY)

    def of(self, leaf: str) -> str:
        """A topic of the home's energy."""
        return f"{self.root}/energy/{re.sub(r'[^A-Za-z0-9_-]', '_', self.home)}/{leaf}"

    def do(self, entity: str) -> str:
        """Where a goal or a mode is set."""
        return self.of(f"{DO}/{entity}")
