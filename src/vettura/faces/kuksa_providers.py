"""Providers from outside: who has claimed what, and what goes to them and comes from them.

A stream holds its claim until it closes; a single publication holds its signal for five seconds,
which the next one renews. All of VSS is claimed at the car, which forwards what is asked of it and
takes over again when the provider leaves; what the car does not model keeps its last value here.
"""

import asyncio
from collections.abc import Sequence

import msgspec
import structlog

from vettura.bus.interface import Subscription
from vettura.bus.messages import Answer, Claim, Release, SignalValue, Wish, encode
from vettura.bus.subjects import car_wish
from vettura.errors import BusError
from vettura.faces.kuksa_callers import Caller, Refused, refusal
from vettura.faces.kuksa_car import CarLine
from vettura.faces.kuksa_catalogue import Listed
from vettura.faces.kuksa_grpc import grpc
from vettura.faces.kuksa_hub import Hub
from vettura.faces.kuksa_values import put_value
from vettura.faces.kuksa_wire import V2, make

log = structlog.get_logger()

HEARTBEAT_S = 5.0
"""How often a claim is repeated [real s]."""
LEASE_S = 5.0
"""How long a single publication holds its signal [real s]."""
TO_CAR_S = 0.05
"""Between two messages of provided values to the car [real s]."""
OUTBOX_LIMIT = 1000
PROVIDERS_MAX = 500

_wishes = msgspec.msgpack.Decoder(Wish)


class Provider:
    """One who gives values, or does what is asked of an actuator."""

    def __init__(self, name: str, caller: Caller) -> None:
        self.name = name
        self.caller = caller
        self.held: dict[int, Listed] = {}
        """What the car has granted to it."""
        self.actuators: dict[int, Listed] = {}
        """What it does when asked."""
        self.leases: dict[int, float] = {}
        """Until when a single publication holds a signal, by the pace's monotonic time [s]."""
        self.pending: dict[str, SignalValue] = {}
        """What the car has not been given yet, the latest of each."""
        self.outbox: asyncio.Queue[bytes | None] = asyncio.Queue(OUTBOX_LIMIT)
        """Replies that wait for the provider to read them."""
        self.ear: Subscription | None = None
        self.busy = 0
        """Publications under way, so that nobody forgets it meanwhile."""
        self.is_closed = False

    def wish(self, listed: Listed, value: SignalValue) -> bool:
        """Ask it to bring an actuator to a value; False when it does not read what it is asked."""
        reply = make(V2, "OpenProviderStreamResponse")
        request = reply.batch_actuate_stream_request.actuate_requests.add()
        request.signal_id.id = listed.id
        put_value(request.value, listed.signal, value, sdv=False)
        try:
            self.outbox.put_nowait(reply.SerializeToString())
        except asyncio.QueueFull:
            return False
        return True


class Providers:
    """All providers of one face."""

    def __init__(self, line: CarLine, hub: Hub) -> None:
        self._line = line
        self._hub = hub
        self._pace = line.pace
        self._all: list[Provider] = []
        self._single: dict[str, Provider] = {}
        self._owners: dict[int, Provider] = {}
        self._leaving: asyncio.Queue[tuple[Provider, list[Listed]]] = asyncio.Queue()
        self._has_values = asyncio.Event()
        self._group: asyncio.TaskGroup | None = None
        self.claims = self.wishes = self.lost = 0
        """Claims granted; wishes handed on; wishes nobody read and claims the car took back."""

    async def run(self) -> None:
        """Renew claims, hand values and releases to the car; lives until cancelled."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            group.create_task(self._renew(), name="kuksa claims")
            group.create_task(self._forward(), name="kuksa provided")
            group.create_task(self._release(), name="kuksa releases")

    def open(self, caller: Caller) -> Provider:
        """A provider for as long as its stream lives; RESOURCE_EXHAUSTED with too many."""
        if len(self._all) >= PROVIDERS_MAX:
            raise Refused(grpc.StatusCode.RESOURCE_EXHAUSTED, f"{PROVIDERS_MAX} providers are here")
        provider = Provider(self._pace.new_id("kuksa"), caller)
        self._all.append(provider)
        return provider

    def single(self, caller: Caller) -> Provider:
        """The provider that stands for a caller's single publications."""
        if caller.who not in self._single:
            self._single[caller.who] = self.open(caller)
        return self._single[caller.who]

    def close(self, provider: Provider) -> None:
        """It has left: all it held goes back. Safe to call twice, and while being cancelled."""
        if provider.is_closed:
            return
        provider.is_closed = True
        self._all.remove(provider)
        for number in provider.actuators:
            if self._owners.get(number) is provider:
                del self._owners[number]
        self._leave(provider, list(provider.held.values()))

    async def claim(
        self, provider: Provider, *, actuators: Sequence[Listed], signals: Sequence[Listed]
    ) -> None:
        """Take these over; `Refused` when somebody else has them or the car says no."""
        for listed in actuators:
            if self._owners.get(listed.id, provider) is not provider:
                raise Refused(
                    grpc.StatusCode.ALREADY_EXISTS, f"{listed.path} is provided by somebody else"
                )
        doing = {**provider.actuators, **{listed.id: listed for listed in actuators}}
        ours = {listed.id: listed for listed in (*actuators, *signals) if listed.is_vss}
        if actuators and provider.ear is None:
            await self._listen(provider)
        if not ours.keys() <= provider.held.keys() or any(
            number in ours and number not in provider.actuators for number in doing
        ):
            await self._take_from_singles(provider, list(ours.values()))
            await self._claim_at_car(provider, {**provider.held, **ours}, doing)
        if provider.is_closed:
            self._leave(provider, list(ours.values()))
            return
        provider.held.update(ours)
        provider.actuators.update(doing)
        for number in doing:
            self._owners[number] = provider
        self.claims += 1

    async def publish(
        self, provider: Provider, values: Sequence[tuple[Listed, SignalValue]]
    ) -> None:
        """Give values to all who listen, and to the car; claims what is not claimed yet."""
        numbers = [listed.id for listed, _ in values]
        held, owners = provider.held, self._owners
        if held.keys() >= set(numbers):
            provider.pending.update({listed.signal.path: value for listed, value in values})
            self._hub.claimed.update(numbers)
            self._has_values.set()
            self._hub.provide(numbers, [value for _, value in values], self._line.now_ns())
            return
        new = [
            listed
            for listed, _ in values
            if listed.is_vss and listed.id not in held and listed.id not in owners
        ]
        if new:
            await self.claim(provider, actuators=(), signals=new)
        hub = self._hub
        for listed, value in values:
            if listed.is_vss:
                giver = provider if listed.id in held else owners.get(listed.id, provider)
                giver.pending[listed.path] = value
                hub.claimed.add(listed.id)
                self._has_values.set()
        hub.provide(numbers, [value for _, value in values], self._line.now_ns())

    async def publish_once(
        self, caller: Caller, values: Sequence[tuple[Listed, SignalValue]]
    ) -> None:
        """Publish, and hold the signals for `LEASE_S`."""
        provider = self.single(caller)
        until_s = self._pace.monotonic() + LEASE_S
        provider.busy += 1
        try:
            await self.publish(provider, values)
        finally:
            provider.busy -= 1
        for listed, _ in values:
            if listed.id in provider.held:
                provider.leases[listed.id] = until_s

    async def _take_from_singles(self, provider: Provider, wanted: Sequence[Listed]) -> None:
        """Who published a signal once gives way to who claims it, be it the same client."""
        for single in list(self._single.values()):
            gone = [one for one in wanted if single is not provider and one.id in single.held]
            if not gone:
                continue
            for one in gone:
                del single.held[one.id]
                single.leases.pop(one.id, None)
                single.pending.pop(one.path, None)
            release = Release(provider=single.name, paths=[one.path for one in gone])
            await self._line.tell(single.caller, release, granted=False)

    async def _claim_at_car(
        self, provider: Provider, held: dict[int, Listed], doing: dict[int, Listed]
    ) -> None:
        claim = Claim(
            provider=provider.name,
            actuators=[listed.path for number, listed in held.items() if number in doing],
            signals=[listed.path for number, listed in held.items() if number not in doing],
        )
        granted = all(provider.caller.is_granted("provide", one.path) for one in held.values())
        answer = await self._line.tell(provider.caller, claim, granted=granted)
        if answer.code == "unavailable":
            raise Refused(grpc.StatusCode.ALREADY_EXISTS, answer.reason)
        if not answer.ok:
            raise refusal(answer)

    async def _listen(self, provider: Provider) -> None:
        if self._group is None:
            raise Refused(grpc.StatusCode.UNAVAILABLE, "the face is not running yet")
        subject = car_wish(self._line.vin, provider.name)
        try:
            provider.ear = await self._line.bus.subscribe(subject, limit=OUTBOX_LIMIT)
        except BusError as error:
            raise Refused(grpc.StatusCode.UNAVAILABLE, error.message) from None
        self._group.create_task(self._hear(provider, provider.ear), name=subject)

    async def _hear(self, provider: Provider, ear: Subscription) -> None:
        """Hand on what the car forwards, and say that it was handed on."""
        async for message in ear:
            answer = self._hand_on(provider, message.data)
            try:
                await self._line.bus.respond(message, encode(answer))
            except BusError as error:
                log.info("wish_unanswered", provider=provider.name, error=error.message)

    def _hand_on(self, provider: Provider, data: bytes) -> Answer:
        try:
            wish = _wishes.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return Answer(ok=False, reason=f"not a wish: {error}", code="type")
        listed = self._hub.catalogue.by_path(wish.path)
        if listed is None or listed.id not in provider.actuators:
            return Answer(ok=False, reason=f"{wish.path} is not provided", code="unknown")
        if not provider.wish(listed, wish.value):
            self.lost += 1
            return Answer(ok=False, reason="the provider reads nothing", code="busy")
        self.wishes += 1
        return Answer(ok=True, state="accepted")

    def _leave(self, provider: Provider, listed: list[Listed]) -> None:
        self._leaving.put_nowait((provider, listed))

    async def _release(self) -> None:
        while True:
            provider, listed = await self._leaving.get()
            if provider.is_closed and provider.ear is not None:
                await provider.ear.close()
            held = {number for other in self._all for number in other.held}
            gone = [one for one in listed if one.id not in held]
            self._hub.claimed -= {one.id for one in gone}
            if not gone:
                continue
            release = Release(provider=provider.name, paths=[one.path for one in gone])
            try:
                await self._line.tell(provider.caller, release, granted=False)
            except Refused as error:
                log.info("release_lost", provider=provider.name, error=error.reason)
            await self._line.refresh()

    async def _forward(self) -> None:
        while True:
            await self._has_values.wait()
            self._has_values.clear()
            for provider in list(self._all):
                if provider.pending:
                    values, provider.pending = provider.pending, {}
                    await self._line.provide(provider.name, values)
            await self._pace.sleep(TO_CAR_S)

    async def _renew(self) -> None:
        renewed_s = self._pace.monotonic()
        while True:
            await self._pace.sleep(1.0)
            now_s = self._pace.monotonic()
            for provider in list(self._single.values()):
                self._expire(provider, now_s)
            if now_s - renewed_s < HEARTBEAT_S:
                continue
            renewed_s = now_s
            for provider in list(self._all):
                if provider.held:
                    await self._renew_one(provider)

    async def _renew_one(self, provider: Provider) -> None:
        try:
            await self._claim_at_car(provider, dict(provider.held), dict(provider.actuators))
        except Refused as error:
            self.lost += 1
            log.warning("claim_lost", provider=provider.name, error=error.reason)

    def _expire(self, provider: Provider, now_s: float) -> None:
        over = [number for number, until_s in provider.leases.items() if until_s <= now_s]
        gone = []
        for number in over:
            del provider.leases[number]
            gone.append(provider.held.pop(number))
        if gone:
            self._leave(provider, gone)
        if not provider.held and not provider.busy:
            del self._single[provider.caller.who]
            self._all.remove(provider)
