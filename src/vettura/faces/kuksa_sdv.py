"""`sdv.databroker.v1`, which Velocitas speaks: `Broker` reads and commands, `Collector` feeds."""

import asyncio
from collections.abc import Sequence

from vettura.bus.messages import SignalValue
from vettura.bus.signals import Signal
from vettura.errors import InputError
from vettura.faces.kuksa_broker import Broker, check_length
from vettura.faces.kuksa_callers import Caller, Refused, denied, invalid
from vettura.faces.kuksa_calls import Handler, Listening
from vettura.faces.kuksa_catalogue import Listed
from vettura.faces.kuksa_grpc import grpc
from vettura.faces.kuksa_metadata import metadata_sdv
from vettura.faces.kuksa_providers import Provider
from vettura.faces.kuksa_query import read_query
from vettura.faces.kuksa_sdv_query import Answers
from vettura.faces.kuksa_values import SHAPES, take_value
from vettura.faces.kuksa_wire import SDV, Proto, enum_name, enum_number, make

_INTERNAL, _TYPE, _DENIED, _BOUNDS, _UNKNOWN = (
    enum_number(SDV, "DatapointError", name)
    for name in (
        "INTERNAL_ERROR", "INVALID_TYPE", "ACCESS_DENIED", "OUT_OF_BOUNDS", "UNKNOWN_DATAPOINT",
    )
)  # fmt: skip
_ERRORS = {
    grpc.StatusCode.NOT_FOUND: _UNKNOWN,
    grpc.StatusCode.PERMISSION_DENIED: _DENIED,
    grpc.StatusCode.INVALID_ARGUMENT: _BOUNDS,
}


class ServiceSdv:
    """One method for each call of both services."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    @property
    def handlers(self) -> dict[str, Handler]:
        """By the path of the call."""
        broker, collector = f"/{SDV}.Broker/", f"/{SDV}.Collector/"
        return {
            f"{broker}GetDatapoints": self.get_datapoints,
            f"{broker}SetDatapoints": self.set_datapoints,
            f"{broker}Subscribe": self.subscribe,
            f"{broker}GetMetadata": self.get_metadata,
            f"{collector}RegisterDatapoints": self.register_datapoints,
            f"{collector}UpdateDatapoints": self.update_datapoints,
            f"{collector}StreamDatapoints": lambda caller: DatapointTalk(
                self, self._broker, caller
            ),
        }

    async def get_datapoints(self, request: Proto, caller: Caller) -> Proto:
        """Signals by path; what cannot be told bears a failure instead of a value."""
        check_length(request.datapoints, "datapoints")
        if not request.datapoints:
            raise invalid("no datapoints were requested")
        reply = make(SDV, "GetDatapointsReply")
        for path in request.datapoints:
            point = reply.datapoints[path]
            listed = self._broker.catalogue.by_path(path)
            if listed is None:
                _fail(point, "UNKNOWN_DATAPOINT")
            elif not caller.may("read", path):
                _fail(point, "ACCESS_DENIED")
            else:
                self._broker.put_point(point, listed.id, listed, sdv=True)
                if point.WhichOneof("value") is None:
                    _fail(point, "NOT_AVAILABLE")
        return reply

    async def set_datapoints(self, request: Proto, caller: Caller) -> Proto:
        """Commands to actuators; only what was refused is in the reply."""
        check_length(request.datapoints, "datapoints")
        reply = make(SDV, "SetDatapointsReply")
        for path, point in request.datapoints.items():
            listed = self._broker.catalogue.by_path(path)
            if listed is None:
                reply.errors[path] = _UNKNOWN
                continue
            if listed.signal.kind != "actuator":
                reply.errors[path] = _DENIED
                continue
            try:
                value = take_value(point, "value", listed.signal, sdv=True)
                await self._broker.actuate(caller, listed, value)
            except InputError:
                reply.errors[path] = _TYPE
            except Refused as error:
                reply.errors[path] = _ERRORS.get(error.code, _INTERNAL)
        return reply

    def subscribe(self, request: Proto, caller: Caller) -> Listening:
        """A query; every message holds all its columns."""
        try:
            query = read_query(request.query)
        except InputError as error:
            raise invalid(error.message) from None
        listed = [self._listed(path) for path in query.paths]
        for one in listed:
            if not caller.may("read", one.path):
                raise denied("read", one.path)
        hub = self._broker.hub
        if query.is_plain:
            ids = frozenset(one.id for one in listed)
            return Listening(hub.subscribe_channels("sdv", ids, is_whole=True))
        answers = Answers(hub, query)
        return Listening(hub.subscribe(("query", request.query), answers))

    async def get_metadata(self, request: Proto, _caller: Caller) -> Proto:
        """What the named signals are, or all; unknown ones are left out."""
        check_length(request.names, "names")
        catalogue = self._broker.catalogue
        named = [catalogue.by_path(name) for name in request.names] or list(catalogue)
        reply = make(SDV, "GetMetadataReply")
        reply.list.extend(metadata_sdv(listed) for listed in named if listed is not None)
        return reply

    async def register_datapoints(self, request: Proto, caller: Caller) -> Proto:
        """The numbers of signals by name; what is new is added as a sensor."""
        check_length(request.list, "datapoints")
        reply = make(SDV, "RegisterDatapointsReply")
        for wanted in request.list:
            if (
                not caller.may("create", wanted.name)
                and wanted.name not in self._broker.catalogue.ids
            ):
                raise denied("create", wanted.name[:200])
            try:
                listed = self._broker.catalogue.register(_signal(wanted))
            except InputError as error:
                raise invalid(error.message) from None
            reply.results[listed.path] = listed.id
        return reply

    async def update_datapoints(self, request: Proto, caller: Caller) -> Proto:
        """Values by number, held for five seconds; only what was refused is in the reply."""
        reply = make(SDV, "UpdateDatapointsReply")
        await self.update(request, caller, reply)
        return reply

    async def update(
        self, request: Proto, caller: Caller, reply: Proto, provider: Provider | None = None
    ) -> None:
        """What UpdateDatapoints and StreamDatapoints do with their values."""
        check_length(request.datapoints, "datapoints")
        values: list[tuple[Listed, SignalValue]] = []
        for number, point in request.datapoints.items():
            listed = self._broker.catalogue.by_id(number)
            if listed is None:
                reply.errors[number] = _UNKNOWN
                continue
            try:
                value = take_value(point, "value", listed.signal, sdv=True)
            except InputError:
                reply.errors[number] = _TYPE
                continue
            try:
                self._broker.check_publish(caller, listed, value)
            except InputError:
                reply.errors[number] = _BOUNDS
            except Refused as error:
                reply.errors[number] = _ERRORS.get(error.code, _INTERNAL)
            else:
                values.append((listed, value))
        if values:
            await self._publish(values, caller, reply, provider)

    async def _publish(
        self,
        values: Sequence[tuple[Listed, SignalValue]],
        caller: Caller,
        reply: Proto,
        provider: Provider | None,
    ) -> None:
        try:
            await self._broker.publish(caller, values, provider)
        except Refused as error:
            for listed, _ in values:
                reply.errors[listed.id] = _ERRORS.get(error.code, _INTERNAL)

    def _listed(self, path: str) -> Listed:
        listed = self._broker.catalogue.by_path(path)
        if listed is None:
            raise invalid(f"query: {path[:200]} is unknown")
        return listed


class DatapointTalk:
    """StreamDatapoints: values as long as the stream lives; only errors are told."""

    stays = False

    def __init__(self, service: ServiceSdv, broker: Broker, caller: Caller) -> None:
        self._service = service
        self._broker = broker
        self._caller = caller
        self._provider = broker.providers.open(caller)
        self.outbox: asyncio.Queue[bytes | None] = self._provider.outbox

    async def take(self, request: Proto) -> None:
        """Some values."""
        reply = make(SDV, "StreamDatapointsReply")
        await self._service.update(request, self._caller, reply, self._provider)
        if reply.errors:
            await self.outbox.put(reply.SerializeToString())

    def close(self) -> None:
        """What was held goes back to the car."""
        self._broker.providers.close(self._provider)


def _fail(point: Proto, failure: str) -> None:
    point.failure_value = enum_number(SDV, "Datapoint.Failure", failure)


def _signal(wanted: Proto) -> Signal:
    datatype = enum_name(SDV, "DataType", wanted.data_type) or ""
    name = datatype.lower().replace("_array", "[]").replace("bool", "boolean")
    change = enum_name(SDV, "ChangeType", wanted.change_type)
    if name not in SHAPES or change is None:
        raise InputError(f"{wanted.name[:200]}: no type {wanted.data_type} and change type")
    return Signal(
        path=wanted.name,
        kind="sensor",
        datatype=name,
        unit="",
        min=float("-inf"),
        max=float("inf"),
        allowed=(),
        period_s=0.0,
        deadband=0.0,
        change=change.lower(),
        interlock="",
        role="app",
        travel_s=0.0,
        description=wanted.description[:1000],
    )
