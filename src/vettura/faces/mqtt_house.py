"""What the house tells Home Assistant through a broker, and what must go from there."""

from collections.abc import Sequence

from vettura.clock.interface import Clock
from vettura.faces.config import CarFacts, HomeAssistantConfig
from vettura.faces.homeassistant import (
    BIRTH,
    BIRTH_TOPIC,
    discovery,
    discovery_patterns,
    vin_of,
)
from vettura.faces.mqtt_link import Letter
from vettura.faces.mqtt_topics import RETAINED, Topics

AGAIN_S = 10.0
"""Shortest time between two tellings of all discovery [real s]: each message is kept on a disk."""
REST_S = 2.0
"""How long after its discovery the rest of a car is forgotten [real s]: until then Home Assistant
may still be hearing it."""
LOOKING_BACK_S = 10.0
"""How long after connecting it hears what the broker keeps of discovery [real s]."""


class Herald:
    """Decides which discovery is due, and finds what is left of cars that are no longer here."""

    def __init__(self, topics: Topics, config: HomeAssistantConfig | None, pace: Clock) -> None:
        self.prefix = config.prefix if config is not None else ""
        self._topics = topics
        self._config = config
        self._pace = pace
        self._messages: dict[str, bytes] = {}
        self._is_due = False
        self._told_s = -AGAIN_S
        self._stale: dict[str, float] = {}
        """What to have forgotten, and from when on."""
        self._looks_until_s = 0.0
        self._looks = False

    def patterns(self) -> list[str]:
        """What to hear of Home Assistant."""
        if self._config is None:
            return []
        return [f"{self.prefix}/{BIRTH_TOPIC}", *discovery_patterns(self.prefix)]

    def patterns_of_the_kept(self) -> Sequence[str]:
        """What to hear only for a while after connecting."""
        return discovery_patterns(self.prefix)

    def connected(self, cars: Sequence[CarFacts]) -> None:
        """The broker is there: everything is due."""
        if self._config is None:
            return
        self._messages = discovery(cars, self._topics, self._config)
        self._is_due = True
        self._told_s = self._pace.monotonic() - AGAIN_S
        self._looks = True
        self._looks_until_s = self._pace.monotonic() + LOOKING_BACK_S

    def has_seen_enough(self) -> bool:
        """Once, when the time of looking back is over."""
        is_over = self._looks and self._pace.monotonic() > self._looks_until_s
        self._looks = self._looks and not is_over
        return is_over

    def hear(self, letter: Letter) -> bool:
        """Take a message if it is Home Assistant's or discovery; say whether it was."""
        if self._config is None or not letter.topic.startswith(f"{self.prefix}/"):
            return False
        if letter.topic == f"{self.prefix}/{BIRTH_TOPIC}":
            self._is_due = self._is_due or letter.payload == BIRTH
        elif letter.is_retained and self._is_ours(letter) and letter.topic not in self._messages:
            self._outdated(letter.topic)
        return True

    def due(self) -> list[tuple[str, bytes]]:
        """Discovery to be told now, by topic."""
        now_s = self._pace.monotonic()
        if not self._is_due or now_s - self._told_s < AGAIN_S:
            return []
        self._is_due, self._told_s = False, now_s
        return list(self._messages.items())

    def stale(self) -> list[str]:
        """Topics that the broker shall forget now."""
        now_s = self._pace.monotonic()
        topics = [topic for topic, from_s in self._stale.items() if from_s <= now_s]
        for topic in topics:
            del self._stale[topic]
        return topics

    @property
    def is_forgetting(self) -> bool:
        """Whether some topics wait to be forgotten."""
        return bool(self._stale)

    def gone(self, vin: str, cars: Sequence[CarFacts]) -> None:
        """A car has left, these remain: nothing of it shall stay."""
        before = self._messages
        if self._config is not None:
            self._messages = discovery(cars, self._topics, self._config)
        for topic in before:
            if topic not in self._messages:
                self._stale[topic] = self._pace.monotonic()
        self._forget_rest(vin)

    def _is_ours(self, letter: Letter) -> bool:
        """Discovery that names our last will is of this very house."""
        return f'"{self._topics.bridge}"'.encode() in letter.payload

    def _outdated(self, topic: str) -> None:
        """Discovery of ours that we no longer tell: a car that has gone, or another form."""
        self._stale[topic] = self._pace.monotonic()
        vin = vin_of(topic, self.prefix)
        if vin and not any(vin_of(mine, self.prefix) == vin for mine in self._messages):
            self._forget_rest(vin)

    def _forget_rest(self, vin: str) -> None:
        from_s = self._pace.monotonic() + REST_S
        self._stale.update(dict.fromkeys((self._topics.of(vin, leaf) for leaf in RETAINED), from_s))
