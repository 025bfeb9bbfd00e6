"""What the car's signals are now, and who is told when they change.

Values come from the car's frames, or straight from a provider that has claimed them. Equal
subscriptions form a group that makes each message once. Who reads slowly gets the latest of
everything that changed meanwhile, in one message; what he has missed is counted, and nobody else
waits for him.
"""

import asyncio
import operator
from collections import deque
from collections.abc import Collection, Iterable, Sequence
from itertools import compress
from typing import Protocol, cast

from vettura.bus.messages import SignalFrame, SignalValue
from vettura.clock.interface import Clock
from vettura.faces.kuksa_catalogue import Catalogue
from vettura.faces.kuksa_encode import TARGET, Encoder, Style

FRAMES_PER_S = 100.0
"""Most messages of one subscription in a real second; what comes faster is conflated."""
BURST_S = 0.05
"""How far ahead of that rate a subscription may run, so that an uneven source is not conflated."""
BUFFERED_BYTES_MAX = 64 * 1024 * 1024
"""Of all buffered subscriptions together."""
LONGEST_LOOK_S = 0.01


class Telling(Protocol):
    """Makes the messages of one group of equal subscriptions."""

    channels: frozenset[int]
    """What it is about: numbers of signals, `TARGET` more for what they were told to become."""
    is_whole: bool
    """Whether every message holds everything, so that the newest replaces all before."""

    def first(self) -> bytes | None:
        """What a new subscriber is told at once; None when there is nothing to say yet."""
        ...

    def changed(self, hit: Sequence[int], time_ns: int, /) -> bytes | None:
        """These have changed, at one time if `time_ns` is not 0; None when nobody need know."""
        ...


class Subscription:
    """One reader: `next()` waits for a message. Close it when the reader goes."""

    def __init__(self, group: "Group", buffer_size: int) -> None:
        self._group = group
        self._buffer_size = buffer_size
        self._buffer: deque[bytes] = deque()
        self._pending: bytes | None = None
        self._hit: set[int] = set()
        self._is_stale = False
        self._waiter: asyncio.Future[None] | None = None
        self._is_closed = False
        self.dropped = 0
        """Messages that were replaced by later ones, or thrown away, because nobody read them."""

    async def next(self) -> bytes:
        """The next message; StopAsyncIteration once closed."""
        while True:
            message = self.waiting()
            if message is not None:
                return message
            if self._is_closed:
                raise StopAsyncIteration
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None

    def waiting(self) -> bytes | None:
        """The message that waits already, if one does."""
        if self._buffer:
            message = self._buffer.popleft()
            self._group.hub.buffered_bytes -= len(message)
            return message
        pending, self._pending = self._pending, None
        if pending is not None and self._is_stale:
            pending = self._group.telling.changed(sorted(self._hit), 0) or pending
        self._is_stale = False
        self._hit.clear()
        return pending

    def offer(self, message: bytes, hit: Sequence[int]) -> None:
        """Hand over a message about these channels; never waits."""
        if self._buffer_size:
            self._push(message)
        elif self._pending is None:
            self._pending = message
            if not self._group.telling.is_whole:
                self._hit.update(hit)
        else:
            self._count_drop()
            self._pending = message
            if not self._group.telling.is_whole:
                self._hit.update(hit)
                self._is_stale = True
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def close(self) -> None:
        """Forget what was not read. Safe to call twice."""
        self._is_closed = True
        hub = self._group.hub
        hub.buffered_bytes -= sum(map(len, self._buffer))
        self._buffer.clear()
        self._pending = None
        self._group.leave(self)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _push(self, message: bytes) -> None:
        hub = self._group.hub
        self._buffer.append(message)
        hub.buffered_bytes += len(message)
        while len(self._buffer) > self._buffer_size or (
            hub.buffered_bytes > BUFFERED_BYTES_MAX and len(self._buffer) > 1
        ):
            hub.buffered_bytes -= len(self._buffer.popleft())
            self._count_drop()

    def _count_drop(self) -> None:
        self.dropped += 1
        self._group.hub.dropped += 1


class Group:
    """Equal subscriptions: the same call, the same signals, the same pace."""

    def __init__(self, hub: "Hub", key: object, telling: Telling, interval_s: float) -> None:
        self.hub = hub
        self.telling = telling
        self._key = key
        self._interval_s = max(interval_s, hub.shortest_s)
        self._ahead_s = BURST_S if interval_s <= hub.shortest_s else 0.0
        self._members: set[Subscription] = set()
        self._late: set[int] = set()
        self.due_s = 0.0
        """When the next message may go, by the pace's monotonic time [s]."""

    def join(self, buffer_size: int) -> Subscription:
        """A new reader; his first message waits for him."""
        member = Subscription(self, buffer_size)
        first = self.telling.first()
        if first is not None:
            member.offer(first, tuple(self.telling.channels))
        self._members.add(member)
        return member

    def leave(self, member: Subscription) -> None:
        """A reader has gone; the last one takes the group with him."""
        self._members.discard(member)
        if not self._members:
            self.hub.forget_group(self._key, self)

    def tell(self, hit: list[int], *, now_s: float, time_ns: int) -> None:
        """Tell the readers what has changed, now or when their next message is due."""
        if self._late or now_s < self.due_s:
            self._late.update(hit)
            self.hub.wait_for(self)
            return
        self._send(hit, now_s, time_ns)

    def tell_late(self, now_s: float) -> None:
        """Tell what has waited for its time."""
        hit = sorted(self._late)
        self._late.clear()
        self._send(hit, now_s, 0)

    def _send(self, hit: list[int], now_s: float, time_ns: int) -> None:
        message = self.telling.changed(hit, time_ns)
        if message is None:
            return
        # Who has been slower than his pace may catch up by `_ahead_s`.
        self.due_s = max(self.due_s, now_s - self._ahead_s) + self._interval_s
        for member in self._members:
            member.offer(message, hit)
        self.hub.told += len(hit) * len(self._members)


class Hub:
    """The car's signals as the face knows them, and everybody who listens."""

    def __init__(
        self, catalogue: Catalogue, pace: Clock, *, frames_per_s: float = FRAMES_PER_S
    ) -> None:
        self.catalogue = catalogue
        self.pace = pace
        self.shortest_s = 1.0 / frames_per_s
        self.latest: dict[int, SignalValue] = {}
        """By number, and by number + `TARGET` for what actuators were told to become."""
        self.times_ns: dict[int, int] = {}
        self.claimed: set[int] = set()
        """Signals that a provider gives: the car's own values of them are not listened to."""
        self.buffered_bytes = 0
        self.dropped = self.told = self.frames = self.strangers = 0
        """Messages not read in time; signals handed to readers; frames heard; unknown paths."""
        self._encoders: dict[Style, Encoder] = {}
        self._groups: dict[object, Group] = {}
        self._late: set[Group] = set()
        self._is_late = asyncio.Event()

    def encoder(self, style: Style) -> Encoder:
        """The encoder of a style, shared by all its groups."""
        if style not in self._encoders:
            self._encoders[style] = Encoder(style, self.catalogue)
        return self._encoders[style]

    def subscribe(
        self, key: object, telling: Telling, *, interval_s: float = 0.0, buffer_size: int = 0
    ) -> Subscription:
        """Listen. Equal `key` and interval [s] share one group, whose `telling` came first."""
        full_key = (key, interval_s)
        group = self._groups.get(full_key)
        if group is None:
            group = self._groups[full_key] = Group(self, full_key, telling, interval_s)
        return group.join(buffer_size)

    def subscribe_channels(
        self,
        style: Style,
        channels: frozenset[int],
        *,
        is_whole: bool = False,
        interval_s: float = 0.0,
        buffer_size: int = 0,
    ) -> Subscription:
        """Listen to signals and targets in the style of one call."""
        telling = _Channels(self, self.encoder(style), channels, is_whole=is_whole)
        key = (style, channels, is_whole)
        return self.subscribe(key, telling, interval_s=interval_s, buffer_size=buffer_size)

    def hear(self, frame: SignalFrame) -> None:
        """Take a frame of the car: what differs from before is told."""
        self.frames += 1
        # Whole columns at a time: this is the hottest path of the face.
        found = list(map(self.catalogue.ids.get, frame.values))
        values: Collection[SignalValue] = frame.values.values()
        if None in found or not self.claimed.isdisjoint(found):
            found, values = self._kept(found, values)
        numbers = cast("list[int]", found)
        differs = map(operator.ne, map(self.latest.get, numbers), values)
        changed = list(compress(numbers, differs))
        self.latest.update(zip(numbers, values, strict=True))
        self.times_ns.update(dict.fromkeys(numbers, frame.time_ns))
        self._tell(changed, frame.time_ns)

    def _kept(
        self, found: list[int | None], values: Iterable[SignalValue]
    ) -> tuple[list[int | None], list[SignalValue]]:
        """Without unknown paths, and without what a provider gives."""
        self.strangers += found.count(None)
        kept = [
            (number, value)
            for number, value in zip(found, values, strict=True)
            if number is not None and number not in self.claimed
        ]
        return [number for number, _ in kept], [value for _, value in kept]

    def provide(self, numbers: list[int], values: list[SignalValue], time_ns: int) -> None:
        """Take values of a provider: all of them are told, changed or not."""
        self.latest.update(zip(numbers, values, strict=True))
        self.times_ns.update(dict.fromkeys(numbers, time_ns))
        self._tell(numbers, time_ns)

    def aim(self, targets: Iterable[tuple[int, SignalValue]], time_ns: int) -> None:
        """Take what actuators were told to become."""
        changed = []
        for number, value in targets:
            channel = number + TARGET
            if self.latest.get(channel) != value:
                changed.append(channel)
            self.latest[channel] = value
            self.times_ns[channel] = time_ns
        self._tell(changed, time_ns)

    async def run(self) -> None:
        """Tell late what came too early; lives until cancelled."""
        while True:
            await self._is_late.wait()
            self._is_late.clear()
            while self._late:
                wait_s = min(group.due_s for group in self._late) - self.pace.monotonic()
                if wait_s > 0.0:
                    # A group that is due earlier may come while we sleep.
                    await self.pace.sleep(min(wait_s, LONGEST_LOOK_S))
                now_s = self.pace.monotonic()
                for group in [group for group in self._late if group.due_s <= now_s]:
                    self._late.discard(group)
                    group.tell_late(now_s)

    def wait_for(self, group: Group) -> None:
        """Have `run` tell this group when it is due."""
        self._late.add(group)
        self._is_late.set()

    def forget_group(self, key: object, group: Group) -> None:
        """Nobody listens any more."""
        self._late.discard(group)
        if self._groups.get(key) is group:
            del self._groups[key]

    @property
    def groups(self) -> int:
        """How many different subscriptions there are."""
        return len(self._groups)

    @property
    def unspeakable(self) -> int:
        """Values that did not fit their signal's type."""
        return sum(encoder.unspeakable for encoder in self._encoders.values())

    def _tell(self, changed: list[int], time_ns: int) -> None:
        if not changed:
            return
        for encoder in self._encoders.values():
            encoder.forget(changed)
        now_s = self.pace.monotonic()
        all_changed = frozenset(changed)
        for group in list(self._groups.values()):
            channels = group.telling.channels
            if all_changed <= channels:
                group.tell(changed, now_s=now_s, time_ns=time_ns)
            elif not all_changed.isdisjoint(channels):
                hit = [channel for channel in changed if channel in channels]
                group.tell(hit, now_s=now_s, time_ns=time_ns)


class _Channels:
    """Signals and targets, as the encoder of one style writes them."""

    def __init__(
        self, hub: Hub, encoder: Encoder, channels: frozenset[int], *, is_whole: bool
    ) -> None:
        self._hub = hub
        self._encoder = encoder
        self._sorted = sorted(channels)
        self.channels = channels
        self.is_whole = is_whole

    def first(self) -> bytes | None:
        """Everything as it is now."""
        return self._encoder.join(self._sorted, self._hub.latest, self._hub.times_ns)

    def changed(self, hit: Sequence[int], time_ns: int) -> bytes | None:
        """What has changed, or everything when the call is one that always tells all."""
        hub = self._hub
        if self.is_whole:
            return self._encoder.join(self._sorted, hub.latest, hub.times_ns)
        if time_ns:
            return self._encoder.frame(hit, hub.latest, hub.times_ns, time_ns)
        return self._encoder.join(hit, hub.latest, hub.times_ns)
