"""What the calls of all three protocols have in common: find, read, publish, actuate."""

from collections.abc import Sequence

from vettura.bus.messages import SignalValue
from vettura.errors import InputError
from vettura.faces.kuksa_callers import Caller, Refused, denied, invalid, not_found
from vettura.faces.kuksa_car import CarLine
from vettura.faces.kuksa_catalogue import PATH_LENGTH_MAX, Catalogue, Listed
from vettura.faces.kuksa_encode import TARGET
from vettura.faces.kuksa_grpc import grpc
from vettura.faces.kuksa_hub import Hub
from vettura.faces.kuksa_providers import Provider, Providers
from vettura.faces.kuksa_values import check_bounds, put_value
from vettura.faces.kuksa_wire import Proto
from vettura.units import NS_PER_S

ITEMS_MAX = 5000
"""Of a list in a request; the whole tree has fewer signals."""
BUFFER_SIZE_MAX = 1000
"""KUKSA's own limit."""


class Broker:
    """Signals, commands and providers of one car."""

    def __init__(self, catalogue: Catalogue, hub: Hub, line: CarLine, version: str) -> None:
        self.catalogue = catalogue
        self.hub = hub
        self.line = line
        self.providers = Providers(line, hub)
        self.version = version

    def by_path(self, path: str) -> Listed:
        """The signal of that very path."""
        if len(path) > PATH_LENGTH_MAX:
            raise invalid("the provided path is too long")
        listed = self.catalogue.by_path(path)
        if listed is None:
            raise not_found(path)
        return listed

    def by_id(self, number: int) -> Listed:
        """The signal of that number."""
        listed = self.catalogue.by_id(number)
        if listed is None:
            raise not_found(f"id {number}")
        return listed

    def check_read(self, caller: Caller, listed: Listed) -> None:
        """Refuse who may not read it."""
        if not caller.may("read", listed.path):
            raise denied("read", listed.path)

    def put_point(self, point: Proto, channel: int, listed: Listed, *, sdv: bool = False) -> None:
        """Write what a signal is, or was told to become, into a v1 or sdv `Datapoint`."""
        value = self.hub.latest.get(channel)
        if value is None:
            return
        put_time(point, self.hub.times_ns[channel])
        put_checked(point, listed, value, sdv=sdv)

    async def actuate(self, caller: Caller, listed: Listed, value: SignalValue) -> None:
        """Have an actuator brought to a value; `Refused` says why not."""
        if not caller.may("actuate", listed.path):
            raise denied("actuate", listed.path)
        await self.line.actuate(caller, listed, value)

    def check_publish(self, caller: Caller, listed: Listed, value: SignalValue) -> None:
        """Refuse what may not be published: `Refused` for the right, InputError for the value."""
        if not caller.may("provide", listed.path):
            raise denied("provide", listed.path)
        check_bounds(listed.signal, value)

    async def publish(
        self,
        caller: Caller,
        values: Sequence[tuple[Listed, SignalValue]],
        provider: Provider | None = None,
    ) -> None:
        """Give checked values to all who listen: of a stream's provider, or once."""
        if provider is None:
            await self.providers.publish_once(caller, values)
        else:
            await self.providers.publish(provider, values)


def put_time(point: Proto, time_ns: int) -> None:
    """Write a time [ns since the epoch] into a message's `timestamp`."""
    point.timestamp.seconds, point.timestamp.nanos = divmod(time_ns, NS_PER_S)


def put_checked(holder: Proto, listed: Listed, value: SignalValue, *, sdv: bool) -> None:
    """Write a value; one that does not fit its signal's type is left out, as if unknown."""
    try:
        put_value(holder, listed.signal, value, sdv=sdv)
    except InputError:
        return


def check_length(items: Sequence[object], what: str) -> None:
    """Refuse a list that is longer than any client has reason for."""
    if len(items) > ITEMS_MAX:
        raise Refused(grpc.StatusCode.INVALID_ARGUMENT, f"more than {ITEMS_MAX} {what}")


def target(listed: Listed) -> int:
    """The channel of what an actuator was told to become."""
    return listed.id + TARGET
