"""`kuksa.val.v2.VAL`: errors are status codes, a subscription names single signals."""

from vettura.errors import InputError
from vettura.faces.kuksa_broker import (
    BUFFER_SIZE_MAX,
    Broker,
    check_length,
    put_checked,
    put_time,
)
from vettura.faces.kuksa_callers import Caller, invalid, not_found
from vettura.faces.kuksa_calls import Handler, Listening
from vettura.faces.kuksa_catalogue import Listed
from vettura.faces.kuksa_encode import Style
from vettura.faces.kuksa_metadata import metadata_v2
from vettura.faces.kuksa_v2_streams import ActuateTalk, ProviderTalk
from vettura.faces.kuksa_values import take_value
from vettura.faces.kuksa_wire import V2, Proto, make


class ServiceV2:
    """One method for each call."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    @property
    def handlers(self) -> dict[str, Handler]:
        """By the path of the call."""
        service = f"/{V2}.VAL/"
        return {
            f"{service}GetValue": self.get_value,
            f"{service}GetValues": self.get_values,
            f"{service}Subscribe": self.subscribe,
            f"{service}SubscribeById": self.subscribe_by_id,
            f"{service}Actuate": self.actuate,
            f"{service}ActuateStream": lambda caller: ActuateTalk(self.actuate, caller),
            f"{service}BatchActuate": self.batch_actuate,
            f"{service}ListMetadata": self.list_metadata,
            f"{service}PublishValue": self.publish_value,
            f"{service}OpenProviderStream": lambda caller: ProviderTalk(self._broker, caller),
            f"{service}GetServerInfo": self.get_server_info,
        }

    async def get_value(self, request: Proto, caller: Caller) -> Proto:
        """One signal; its value is unset when nobody has told it."""
        listed = self._readable(request.signal_id, caller)
        reply = make(V2, "GetValueResponse")
        self._put(reply.data_point, listed)
        return reply

    async def get_values(self, request: Proto, caller: Caller) -> Proto:
        """Several signals, in the order asked; one that cannot be read refuses all."""
        check_length(request.signal_ids, "signals")
        reply = make(V2, "GetValuesResponse")
        for signal_id in request.signal_ids:
            self._put(reply.data_points.add(), self._readable(signal_id, caller))
        return reply

    def subscribe(self, request: Proto, caller: Caller) -> Listening:
        """Signals by path. A branch is NOT_FOUND: clients then list what is below it."""
        check_length(request.signal_paths, "signals")
        listed = [self._broker.by_path(path) for path in request.signal_paths]
        return self._subscribe("v2", listed, request, caller)

    def subscribe_by_id(self, request: Proto, caller: Caller) -> Listening:
        """Signals by number."""
        check_length(request.signal_ids, "signals")
        listed = [self._broker.by_id(number) for number in request.signal_ids]
        return self._subscribe("v2_id", listed, request, caller)

    async def actuate(self, request: Proto, caller: Caller) -> Proto:
        """Have one actuator moved; the reply comes when the car has said yes."""
        listed = find(self._broker, request.signal_id)
        await self._broker.actuate(caller, listed, wished(request, listed))
        return make(V2, "ActuateResponse")

    async def batch_actuate(self, request: Proto, caller: Caller) -> Proto:
        """Several actuators: all are looked at before the first is moved.

        What the car refuses ends the batch there; a car cannot take back what it has done.
        """
        check_length(request.actuate_requests, "actuators")
        wishes = []
        for single in request.actuate_requests:
            listed = find(self._broker, single.signal_id)
            wishes.append((listed, wished(single, listed)))
        for listed, value in wishes:
            await self._broker.actuate(caller, listed, value)
        return make(V2, "BatchActuateResponse")

    async def list_metadata(self, request: Proto, _caller: Caller) -> Proto:
        """What is below `root`, and of that what `filter` matches when it says more than `*`."""
        try:
            found = self._broker.catalogue.matching(request.root)
            if request.filter not in ("", "*", "**"):
                wanted = {one.id for one in self._broker.catalogue.matching(request.filter)}
                found = tuple(listed for listed in found if listed.id in wanted)
        except InputError as error:
            raise invalid(error.message) from None
        if not found:
            raise not_found(request.root)
        reply = make(V2, "ListMetadataResponse")
        reply.metadata.extend(metadata_v2(listed) for listed in found)
        return reply

    async def publish_value(self, request: Proto, caller: Caller) -> Proto:
        """One value from whoever knows it; holds the signal for five seconds."""
        broker = self._broker
        listed = find(broker, request.signal_id)
        try:
            value = take_value(request.data_point.value, "typed_value", listed.signal, sdv=False)
            broker.check_publish(caller, listed, value)
        except InputError as error:
            raise invalid(error.message) from None
        await broker.publish(caller, [(listed, value)])
        return make(V2, "PublishValueResponse")

    async def get_server_info(self, _request: Proto, _caller: Caller) -> Proto:
        """Who we are; asked before anything else."""
        return make(V2, "GetServerInfoResponse", name="vettura", version=self._broker.version)

    def _subscribe(
        self, style: Style, listed: list[Listed], request: Proto, caller: Caller
    ) -> Listening:
        if not listed:
            raise invalid("no signal was named")
        if request.buffer_size > BUFFER_SIZE_MAX:
            raise invalid(f"buffer_size may be {BUFFER_SIZE_MAX}")
        for one in listed:
            self._broker.check_read(caller, one)
        subscription = self._broker.hub.subscribe_channels(
            style,
            frozenset(one.id for one in listed),
            interval_s=request.filter.min_sample_interval.interval_ms / 1000.0,
            buffer_size=request.buffer_size,
        )
        return Listening(subscription, request.filter.duration_ms / 1000.0)

    def _readable(self, signal_id: Proto, caller: Caller) -> Listed:
        listed = find(self._broker, signal_id)
        self._broker.check_read(caller, listed)
        return listed

    def _put(self, point: Proto, listed: Listed) -> None:
        hub = self._broker.hub
        point.SetInParent()
        value = hub.latest.get(listed.id)
        if value is not None:
            put_time(point, hub.times_ns[listed.id])
            put_checked(point.value, listed, value, sdv=False)


def find(broker: Broker, signal_id: Proto) -> Listed:
    """The signal that a `SignalID` names by path or number."""
    which = signal_id.WhichOneof("signal")
    if which == "path":
        return broker.by_path(signal_id.path)
    if which == "id":
        return broker.by_id(signal_id.id)
    raise invalid("no signal_id was given")


def wished(request: Proto, listed: Listed) -> bool | int | float | str | list[str | float]:
    """The value of an `ActuateRequest`, which must be of the actuator's type."""
    try:
        return take_value(request.value, "typed_value", listed.signal, sdv=False)
    except InputError as error:
        raise invalid(error.message) from None
