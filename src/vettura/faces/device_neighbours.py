"""Which entity ids others in the home have, so that nobody's is taken twice."""

from collections.abc import Callable

from vettura.bus.interface import Bus
from vettura.bus.messages import decode
from vettura.bus.messages_home import DeviceAbout
from vettura.bus.patience import patiently
from vettura.bus.subjects import HOME_BUCKET, device_about
from vettura.clock.interface import Clock
from vettura.errors import InputError


class Neighbours:
    """The devices of a home that somebody else brings, and those of ours that are kept.

    `changed` is called when others have other entities.
    """

    def __init__(
        self,
        bus: Bus,
        pace: Clock,
        home: str,
        origin: str,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self.ours: set[str] = set()
        """Devices of our origin that the bucket keeps."""
        self._bus = bus
        self._pace = pace
        self._home = home
        self._origin = origin
        self._changed = changed
        self._entities: dict[str, frozenset[str]] = {}
        self._taken: set[str] = set()

    def is_taken(self, entity_id: str) -> bool:
        """Whether a device of somebody else has that entity."""
        return entity_id in self._taken

    async def follow(self) -> None:
        """Learn for ever who is there."""
        pattern = device_about(self._home, "*")
        bucket = await patiently(self._pace, lambda: self._bus.bucket(HOME_BUCKET))
        async for entry in bucket.watch(pattern):
            self._learn(entry.key.split(".")[2], entry.value)

    def _learn(self, device: str, data: bytes | None) -> None:
        try:
            about = decode(data, DeviceAbout, where=device) if data else None
        except InputError:
            about = None
        self.ours.discard(device)
        self._entities.pop(device, None)
        if about is not None and about.origin == self._origin:
            self.ours.add(device)
        elif about is not None:
            self._entities[device] = frozenset(about.entities)
        before = self._taken
        self._taken = {entity for entities in self._entities.values() for entity in entities}
        if self._taken != before:
            self._changed()
