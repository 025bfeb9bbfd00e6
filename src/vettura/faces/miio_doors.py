"""Which address, number and token each device of the home has for Xiaomi clients; kept."""

from hashlib import sha256
from ipaddress import IPv4Network

import msgspec

from vettura.bus.interface import Bus
from vettura.bus.messages import Wire, decode, encode
from vettura.clock.interface import Clock
from vettura.errors import InputError
from vettura.faces.miio_wire import TOKEN_BYTES

MIIO_BUCKET = "miio"
"""Key `<home>.<device>`."""


class MiioDoor(Wire, frozen=True, kw_only=True):
    """Where a device answers Xiaomi clients, and who it is there."""

    index: int
    """Of its address in the network, from 1."""
    number: int
    """What miIO calls the device id, did."""
    token: str
    """32 hexadecimal digits. Whoever has it may command the device."""
    address: str = ""
    port: int = 0
    """Where it listens; 0 while it does not."""
    model: str = ""
    name: str = ""


class Doors:
    """Gives each device a door once and for all."""

    def __init__(self, bus: Bus, clock: Clock, home: str, network: IPv4Network) -> None:
        self._bus, self._clock, self._home, self._network = bus, clock, home, network
        self._known: dict[str, MiioDoor] = {}

    async def recall(self) -> None:
        """Read what was kept."""
        bucket = await self._bus.bucket(MIIO_BUCKET)
        for key in await bucket.keys():
            home, _, device = key.partition(".")
            entry = await bucket.get(key)
            if home != self._home or entry is None or entry.value is None:
                continue
            try:
                self._known[device] = decode(entry.value, MiioDoor, where=key)
            except InputError:
                continue  # It gets a new one.

    def of(self, device: str) -> MiioDoor:
        """The door of a device; InputError when the network has no address left."""
        door = self._known.get(device) or self._new(device)
        if door.index >= self._network.num_addresses - 1:
            raise InputError(
                f"faces.miio: {self._network} has no address left for {device}",
                hint="take a larger network, such as 127.54.0.0/16",
            )
        address = str(self._network.network_address + door.index)
        self._known[device] = msgspec.structs.replace(door, address=address)
        return self._known[device]

    async def keep(self, device: str, door: MiioDoor) -> None:
        """Remember where a device listens, for who asks and for the next time."""
        self._known[device] = door
        await (await self._bus.bucket(MIIO_BUCKET)).put(f"{self._home}.{device}", encode(door))

    def _new(self, device: str) -> MiioDoor:
        taken = {door.index for door in self._known.values()}
        index = next(k for k in range(1, len(taken) + 2) if k not in taken)
        chance = sha256(self._clock.new_id("miio").encode()).hexdigest()
        number = int(sha256(f"{self._home}.{device}".encode()).hexdigest()[:8], 16) >> 2
        return MiioDoor(index=index, number=number, token=chance[: 2 * TOKEN_BYTES])


async def kept_doors(bus: Bus) -> dict[str, MiioDoor]:
    """Every door of a house that is running, by `<home>.<device>`."""
    bucket = await bus.bucket(MIIO_BUCKET)
    entries = [await bucket.get(key) for key in await bucket.keys()]
    return {
        entry.key: decode(entry.value, MiioDoor, where=entry.key)
        for entry in entries
        if entry is not None and entry.value is not None
    }
