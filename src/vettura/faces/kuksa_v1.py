"""`kuksa.val.v1.VAL`: branches and wildcards are answered, errors are told inside the reply."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Set

from vettura.bus.messages import SignalValue
from vettura.errors import InputError
from vettura.faces.kuksa_broker import Broker, check_length, target
from vettura.faces.kuksa_callers import Caller, Refused, denied, invalid, not_found
from vettura.faces.kuksa_calls import Handler, Listening
from vettura.faces.kuksa_catalogue import PATH_LENGTH_MAX, Listed
from vettura.faces.kuksa_grpc import grpc
from vettura.faces.kuksa_metadata import metadata_v1
from vettura.faces.kuksa_providers import Provider
from vettura.faces.kuksa_values import take_value
from vettura.faces.kuksa_wire import V1, Proto, enum_name, enum_number, make

VALUE, TARGET_VALUE, METADATA = (
    enum_number(V1, "Field", f"FIELD_{name}") for name in ("VALUE", "ACTUATOR_TARGET", "METADATA")
)
_METADATA_PARTS = {
    enum_number(V1, "Field", f"FIELD_METADATA_{field.upper()}"): field
    for field in (
        "data_type", "description", "entry_type", "comment", "deprecation", "unit",
        "value_restriction", "actuator", "sensor", "attribute",
    )
}  # fmt: skip
_VIEWS: dict[str, frozenset[int]] = {
    "VIEW_UNSPECIFIED": frozenset(),
    "VIEW_CURRENT_VALUE": frozenset({VALUE}),
    "VIEW_TARGET_VALUE": frozenset({TARGET_VALUE}),
    "VIEW_METADATA": frozenset({METADATA}),
    "VIEW_FIELDS": frozenset(),
    "VIEW_ALL": frozenset({VALUE, TARGET_VALUE, METADATA}),
}
EXPANDED_MAX = 100_000
"""Signals that all the paths of one request may come to together, repeated ones counted."""

_ERRORS: dict[grpc.StatusCode, tuple[int, str]] = {
    grpc.StatusCode.INVALID_ARGUMENT: (400, "bad_request"),
    grpc.StatusCode.PERMISSION_DENIED: (403, "forbidden"),
    grpc.StatusCode.NOT_FOUND: (404, "not_found"),
    grpc.StatusCode.ABORTED: (409, "conflict"),
    grpc.StatusCode.ALREADY_EXISTS: (409, "conflict"),
    grpc.StatusCode.FAILED_PRECONDITION: (412, "precondition_failed"),
    grpc.StatusCode.RESOURCE_EXHAUSTED: (429, "too_many_requests"),
    grpc.StatusCode.UNAVAILABLE: (503, "unavailable"),
}


class ServiceV1:
    """One method for each call."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    @property
    def handlers(self) -> dict[str, Handler]:
        """By the path of the call."""
        service = f"/{V1}.VAL/"
        return {
            f"{service}Get": self.get_entries,
            f"{service}Set": self.set_entries,
            f"{service}StreamedUpdate": lambda caller: UpdateTalk(self, self._broker, caller),
            f"{service}Subscribe": self.subscribe,
            f"{service}GetServerInfo": self.get_server_info,
        }

    async def get_entries(self, request: Proto, caller: Caller) -> Proto:
        """Values, targets and metadata; a denied signal leaves only errors, as KUKSA has it."""
        check_length(request.entries, "entries")
        if not request.entries:
            raise invalid("no datapoints were requested")
        reply = make(V1, "GetResponse")
        wanted: dict[int, tuple[Listed, set[int]]] = {}
        is_denied, expanded = False, 0
        for path, fields in _asked(request.entries):
            try:
                found = self._expand(path)
                expanded += len(found)
                check_expanded(expanded)
                for listed in found:
                    if {VALUE, TARGET_VALUE} & fields:
                        self._broker.check_read(caller, listed)
                    wanted.setdefault(listed.id, (listed, set()))[1].update(fields)
            except Refused as error:
                if error.code is grpc.StatusCode.RESOURCE_EXHAUSTED:
                    raise
                is_denied |= error.code is grpc.StatusCode.PERMISSION_DENIED
                add_error(reply, path, error)
        for listed, parts in () if is_denied else wanted.values():
            self._put_entry(reply.entries.add(), listed, parts)
        return reply

    async def set_entries(self, request: Proto, caller: Caller) -> Proto:
        """Values are published, targets are commands; each error is told beside its path."""
        return await self.update(request.updates, caller, make(V1, "SetResponse"))

    async def update(
        self,
        updates: Iterable[Proto],
        caller: Caller,
        reply: Proto,
        provider: Provider | None = None,
    ) -> Proto:
        """What Set and StreamedUpdate do with their updates."""
        updates = list(updates)
        check_length(updates, "updates")
        values: list[tuple[Listed, SignalValue]] = []
        for update in updates:
            if not update.HasField("entry"):
                raise invalid("an update has no entry")
            try:
                listed = self._broker.by_path(update.entry.path)
                if TARGET_VALUE in update.fields and update.entry.HasField("actuator_target"):
                    await self._command(update.entry, listed, caller)
                if VALUE in update.fields and update.entry.HasField("value"):
                    value = _value(update.entry.value, listed)
                    self._broker.check_publish(caller, listed, value)
                    values.append((listed, value))
            except InputError as error:
                add_error(reply, update.entry.path, invalid(error.message))
            except Refused as error:
                add_error(reply, update.entry.path, error)
        if values:
            try:
                await self._broker.publish(caller, values, provider)
            except Refused as error:
                for listed, _ in values:
                    add_error(reply, listed.path, error)
        return reply

    def subscribe(self, request: Proto, caller: Caller) -> Listening:
        """Values and targets of signals, branches and patterns."""
        check_length(request.entries, "entries")
        if not request.entries:
            raise invalid("a subscription must contain at least one entry")
        channels: set[int] = set()
        expanded = 0
        for path, fields in _asked(request.entries):
            listed = self._expand(path)
            expanded += len(listed)
            check_expanded(expanded)
            for one in listed:
                if not caller.may("read", one.path):
                    raise denied("read", one.path)
            if VALUE in fields:
                channels.update(one.id for one in listed)
            if TARGET_VALUE in fields:
                channels.update(target(one) for one in listed if one.signal.kind == "actuator")
        subscription = self._broker.hub.subscribe_channels("v1", frozenset(channels))
        return Listening(subscription)

    async def get_server_info(self, _request: Proto, _caller: Caller) -> Proto:
        """Who we are; asked before anything else."""
        return make(V1, "GetServerInfoResponse", name="vettura", version=self._broker.version)

    def _expand(self, path: str) -> tuple[Listed, ...]:
        if len(path) > PATH_LENGTH_MAX:
            raise invalid("the provided path is too long")
        try:
            found = self._broker.catalogue.matching(path)
        except InputError as error:
            raise invalid(error.message) from None
        if not found:
            raise not_found(path)
        return found

    async def _command(self, entry: Proto, listed: Listed, caller: Caller) -> None:
        if listed.signal.kind != "actuator":
            raise invalid(f"{listed.path} is no actuator and has no target")
        value = _value(entry.actuator_target, listed)
        await self._broker.actuate(caller, listed, value)

    def _put_entry(self, entry: Proto, listed: Listed, fields: Set[int]) -> None:
        entry.path = listed.path
        latest = self._broker.hub.latest
        if VALUE in fields and listed.id in latest:
            self._broker.put_point(entry.value, listed.id, listed)
        if TARGET_VALUE in fields and target(listed) in latest:
            self._broker.put_point(entry.actuator_target, target(listed), listed)
        if METADATA in fields:
            entry.metadata.CopyFrom(metadata_v1(listed))
            return
        for field, name in _METADATA_PARTS.items():
            if field in fields:
                _copy_part(entry.metadata, metadata_v1(listed), name)


class UpdateTalk:
    """StreamedUpdate: like Set again and again, and the values are held until it closes."""

    stays = False

    def __init__(self, service: ServiceV1, broker: Broker, caller: Caller) -> None:
        self._update: Callable[..., Awaitable[Proto]] = service.update
        self._broker = broker
        self._caller = caller
        self._provider = broker.providers.open(caller)
        self.outbox: asyncio.Queue[bytes | None] = self._provider.outbox

    async def take(self, request: Proto) -> None:
        """One request, one reply."""
        reply = make(V1, "StreamedUpdateResponse")
        await self._update(request.updates, self._caller, reply, self._provider)
        await self.outbox.put(reply.SerializeToString())

    def close(self) -> None:
        """What was held goes back to the car."""
        self._broker.providers.close(self._provider)


def add_error(reply: Proto, path: str, refused: Refused) -> None:
    """Tell an error beside its path; the first is also told for the whole reply."""
    code, reason = _ERRORS.get(refused.code, (500, "internal"))
    added = reply.errors.add(path=path[:PATH_LENGTH_MAX])
    added.error.code, added.error.reason, added.error.message = code, reason, refused.reason
    if not reply.HasField("error"):
        reply.error.CopyFrom(added.error)


def check_expanded(count: int) -> None:
    """Refuse a request whose paths stand for far more signals than there are."""
    if count > EXPANDED_MAX:
        raise Refused(
            grpc.StatusCode.RESOURCE_EXHAUSTED, f"the paths stand for over {EXPANDED_MAX} signals"
        )


def _asked(entries: Iterable[Proto]) -> Iterable[tuple[str, frozenset[int]]]:
    """Each path with the fields that its view and its list come to; repeated ones once."""
    return dict.fromkeys((entry.path, _fields(entry)) for entry in entries)


def _fields(entry: Proto) -> frozenset[int]:
    view = enum_name(V1, "View", entry.view)
    if view is None:
        raise invalid(f"{entry.view} is no view")
    fields = _VIEWS[view] | frozenset(entry.fields)
    return fields or frozenset({VALUE})


def _value(point: Proto, listed: Listed) -> SignalValue:
    return take_value(point, "value", listed.signal, sdv=False)


def _copy_part(into: Proto, whole: Proto, name: str) -> None:
    into.SetInParent()
    if not whole.DESCRIPTOR.fields_by_name[name].has_presence:
        setattr(into, name, getattr(whole, name))
    elif whole.HasField(name):
        part = getattr(whole, name)
        if isinstance(part, str):
            setattr(into, name, part)
        else:
            getattr(into, name).CopyFrom(part)
