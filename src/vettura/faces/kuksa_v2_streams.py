"""Streams from clients in v2: a provider's conversation, and a row of commands."""

import asyncio
from collections.abc import Awaitable, Callable

from vettura.bus.messages import SignalValue
from vettura.errors import InputError
from vettura.faces.kuksa_broker import Broker, check_length
from vettura.faces.kuksa_callers import Action, Caller, Refused, denied, invalid, not_found
from vettura.faces.kuksa_catalogue import Listed
from vettura.faces.kuksa_grpc import grpc
from vettura.faces.kuksa_values import Gate, gate_of, take_value
from vettura.faces.kuksa_wire import V2, Proto, enum_number, make

_CODES = {
    grpc.StatusCode.NOT_FOUND: "ERROR_CODE_NOT_FOUND",
    grpc.StatusCode.PERMISSION_DENIED: "ERROR_CODE_PERMISSION_DENIED",
}


class ProviderTalk:
    """OpenProviderStream: claims, published values, and wishes in the other direction.

    What a provider answers to a wish tells nothing that its values do not, so it is only taken.
    Errors of a claim end the stream, errors of values are told in it, as KUKSA does.
    """

    def __init__(self, broker: Broker, caller: Caller) -> None:
        self._broker = broker
        self._caller = caller
        self._provider = broker.providers.open(caller)
        self.outbox = self._provider.outbox
        self._is_providing = False
        self._gates: dict[int, tuple[Listed, Gate]] = {}
        self._actions: dict[str, Callable[[Proto], Awaitable[None]]] = {
            "provide_actuation_request": self._provide_actuation,
            "publish_values_request": self._publish,
            "provide_signal_request": self._provide_signals,
        }

    @property
    def stays(self) -> bool:
        """Clients close their side at once and go on listening: their claim holds."""
        return self._is_providing

    async def take(self, request: Proto) -> None:
        """One message of the provider."""
        which = request.WhichOneof("action")
        action = self._actions.get(which or "")
        if action is not None:
            await action(getattr(request, which))

    def close(self) -> None:
        """Everything goes back to the car."""
        self._broker.providers.close(self._provider)

    async def _provide_actuation(self, request: Proto) -> None:
        check_length(request.actuator_identifiers, "actuators")
        listed = [_find(self._broker, one) for one in request.actuator_identifiers]
        for one in listed:
            if one.signal.kind != "actuator":
                raise invalid(f"{one.path} is no actuator")
        self._check("provide:actuation", listed)
        await self._broker.providers.claim(self._provider, actuators=listed, signals=())
        self._is_providing = True
        await self._reply(provide_actuation_response=make(V2, "ProvideActuationResponse"))

    async def _provide_signals(self, request: Proto) -> None:
        check_length(request.signals_sample_intervals, "signals")
        listed = [self._broker.by_id(number) for number in request.signals_sample_intervals]
        self._check("provide:data", listed)
        await self._broker.providers.claim(self._provider, actuators=(), signals=listed)
        self._is_providing = True
        await self._reply(provide_signal_response=make(V2, "ProvideSignalResponse"))

    async def _publish(self, request: Proto) -> None:
        check_length(request.data_points, "values")
        broker, caller = self._broker, self._caller
        values: list[tuple[Listed, SignalValue]] = []
        status: dict[int, tuple[str, str]] = {}
        gates = self._gates
        for number, point in request.data_points.items():
            gate = gates.get(number)
            if gate is not None:
                holder = point.value
                if holder.WhichOneof("typed_value") == gate[1].field:
                    raw = getattr(holder, gate[1].field)
                    if gate[1].low <= raw <= gate[1].high:
                        values.append((gate[0], raw))
                        continue
            listed = broker.catalogue.by_id(number)
            if listed is None:
                status[number] = ("ERROR_CODE_NOT_FOUND", f"no signal has the id {number}")
                continue
            try:
                value = take_value(point.value, "typed_value", listed.signal, sdv=False)
                broker.check_publish(caller, listed, value)
            except InputError as error:
                status[number] = ("ERROR_CODE_INVALID_ARGUMENT", error.message)
            except Refused as error:
                status[number] = ("ERROR_CODE_PERMISSION_DENIED", error.reason)
            else:
                values.append((listed, value))
                self._remember(listed)
        if values:
            try:
                await broker.publish(caller, values, self._provider)
            except Refused as error:
                code = _CODES.get(error.code, "ERROR_CODE_INVALID_ARGUMENT")
                status |= {listed.id: (code, error.reason) for listed, _ in values}
        if status:
            await self._tell_errors(request.request_id, status)

    def _remember(self, listed: Listed) -> None:
        """It may publish this signal: from now on only the value is looked at."""
        gate = gate_of(listed.signal)
        if gate is not None:
            self._gates[listed.id] = (listed, gate)

    async def _tell_errors(self, request_id: int, status: dict[int, tuple[str, str]]) -> None:
        response = make(V2, "PublishValuesResponse", request_id=request_id)
        for number, (code, message) in status.items():
            response.status[number].code = enum_number(V2, "ErrorCode", code)
            response.status[number].message = message
        await self._reply(publish_values_response=response)

    def _check(self, action: Action, listed: list[Listed]) -> None:
        for one in listed:
            if not self._caller.may(action, one.path):
                raise denied(action, one.path)

    async def _reply(self, **action: object) -> None:
        reply = make(V2, "OpenProviderStreamResponse", **action)
        await self.outbox.put(reply.SerializeToString())


class ActuateTalk:
    """ActuateStream: commands one after the other; the first that is refused ends it."""

    stays = False

    def __init__(
        self, actuate: Callable[[Proto, Caller], Awaitable[Proto]], caller: Caller
    ) -> None:
        self._actuate = actuate
        self._caller = caller
        self.outbox: asyncio.Queue[bytes | None] = asyncio.Queue(1)

    async def take(self, request: Proto) -> None:
        """One command."""
        await self._actuate(request, self._caller)

    def close(self) -> None:
        """Nothing is held."""


def _find(broker: Broker, signal_id: Proto) -> Listed:
    which = signal_id.WhichOneof("signal")
    if which is None:
        raise not_found("no signal_id was given")
    return broker.by_path(signal_id.path) if which == "path" else broker.by_id(signal_id.id)
