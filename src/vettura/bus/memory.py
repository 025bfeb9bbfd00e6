"""The bus of a rehearsal: in memory, in order, with the faults that a seed deals."""

from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import NamedTuple, final

from vettura.bus.interface import MAX_PAYLOAD_BYTES, Bucket, Bus, Message, Stream, Subscription
from vettura.bus.limits import check_history, check_limits
from vettura.bus.mailbox import Mailbox
from vettura.bus.memory_bucket import MemoryBucket
from vettura.bus.memory_faults import NO_FAULTS, Couriers, Link
from vettura.bus.memory_faults import Faults as Faults
from vettura.bus.memory_faults import Partition as Partition
from vettura.bus.memory_faults import Spell as Spell
from vettura.bus.memory_routes import Ear, Routes
from vettura.bus.memory_stream import MemoryStream
from vettura.bus.subjects_match import (
    NO_HEADERS,
    check_message,
    check_name,
    check_not_stored,
    check_pattern,
    check_queue,
    check_subject,
    overlap,
)
from vettura.clock.interface import Clock
from vettura.errors import BusDownError, BusTimeoutError, InputError, NoResponderError

Tap = Callable[[int, str, bytes], None]


class _Question(NamedTuple):
    subject: str
    answers: Mailbox[Message]
    link: Link


@final
class MemoryBus(Bus):
    """All services of one process talk over it; what it keeps ends with it.

    Who hears what, and in which order, depends on the order of the calls and the clock's seed
    alone. `faults` befall messages, questions and answers, never what a bucket or stream has
    acknowledged: during a partition of `$KV.<bucket>.<key>` or of a stream's subject, bucket and
    stream raise `BusDownError` instead, and a plain message on a stream's subject is lost.
    `seed_name` names its random streams; `redeliver_after_s` is when a stream hands out again what
    was not acknowledged [s].
    """

    def __init__(
        self,
        clock: Clock,
        *,
        faults: Faults = NO_FAULTS,
        seed_name: str = "bus",
        redeliver_after_s: float = 30.0,
    ) -> None:
        self._clock = clock
        self._faults = faults
        self._redeliver_after_s = redeliver_after_s
        self._couriers: Couriers | None = None
        if faults != NO_FAULTS:
            self._couriers = Couriers(clock, faults, f"{seed_name}.faults")
        self._queue_chance = clock.random(f"{seed_name}.queues")
        self._routes = Routes()
        self._taps: list[Tap] = []
        self._questions: dict[str, _Question] = {}
        self._question_numbers = count(1)
        self._buckets: dict[str, MemoryBucket] = {}
        self._streams: dict[str, MemoryStream] = {}
        self._is_closed = False

    @property
    def is_up(self) -> bool:
        """Whether messages can travel now: not closed, and no partition of everything."""
        return not self._is_closed and not self._is_cut(">")

    def tap(self, tap: Tap) -> None:
        """Call `tap(time_ns, subject, data)` for every message sent, before any fault."""
        self._taps.append(tap)

    async def publish(
        self, subject: str, data: bytes, *, headers: Mapping[str, str] | None = None
    ) -> None:
        """Send to whoever listens now."""
        if headers or len(data) > MAX_PAYLOAD_BYTES:
            headers = check_message(subject, data, headers)
        else:
            check_subject(subject)
        self._check_open()
        self.carry(Message(subject, data, headers or NO_HEADERS))

    async def subscribe(
        self, pattern: str, *, queue: str = "", limit: int = 10_000
    ) -> Subscription:
        """Listen. Members of one `queue` share the messages, each going to one of them."""
        check_pattern(pattern)
        check_queue(queue)
        self._check_open()

        async def leave() -> None:
            self._routes.remove(ear)

        mailbox: Mailbox[Message] = Mailbox(limit=limit, leave=leave)
        ear = Ear(pattern, queue, mailbox)
        self._routes.add(ear)
        return mailbox

    async def request(
        self,
        subject: str,
        data: bytes,
        *,
        timeout_s: float = 2.0,
        headers: Mapping[str, str] | None = None,
    ) -> Message:
        """Ask and return the first answer; `timeout_s` is seconds of the clock."""
        clean = check_message(subject, data, headers)
        self._check_open()
        route = self._routes.find(subject)
        check_not_stored(subject, {stream.name: stream.subjects for stream in route.streams})
        if not route.is_heard:
            raise NoResponderError(f"nobody listens on {subject}")
        answers: Mailbox[Message] = Mailbox(limit=1)
        reply = f"_INBOX.{next(self._question_numbers)}"
        self._questions[reply] = _Question(subject, answers, Link(answers.put))
        try:
            self.carry(Message(subject, data, clean, reply))
            return await self._clock.wait_for(answers.next(), timeout_s)
        except TimeoutError:
            raise BusTimeoutError(f"no answer on {subject} within {timeout_s} s") from None
        except StopAsyncIteration:
            raise BusDownError("the bus was closed") from None
        finally:
            del self._questions[reply]

    async def respond(self, message: Message, data: bytes) -> None:
        """Answer a message that has a `reply`; does nothing when it has none."""
        if not message.reply:
            return
        answer = Message(message.reply, data, check_message(message.reply, data, None))
        self._check_open()
        self.carry(answer)
        question = self._questions.get(message.reply)
        if question is not None and not self._is_cut(question.subject):
            self._deliver(question.link, answer, question.subject)

    async def settle(self) -> None:
        """Nothing to wait for: a message is handed over as it is sent."""

    async def bucket(self, name: str, *, history: int = 1) -> Bucket:
        """Open the bucket, making it when it is not there."""
        check_name("bucket", name)
        check_history(history)
        self.check_way(f"$KV.{name}.>")
        if name not in self._buckets:
            self._buckets[name] = MemoryBucket(self, name)
        return self._buckets[name]

    async def stream(
        self, name: str, subjects: Sequence[str], *, max_age_s: float = 0.0, max_bytes: int = -1
    ) -> Stream:
        """Open the stream that stores `subjects`, making it or changing it to these limits."""
        check_name("stream", name)
        check_limits(subjects, max_age_s, max_bytes)
        self._check_open()
        for other in self._streams.values():
            if other.name != name and any(
                overlap(mine, theirs) for mine in subjects for theirs in other.subjects
            ):
                raise InputError(f"stream {name}: stream {other.name} stores some of its subjects")
        stream = self._streams.get(name)
        if stream is None:
            stream = MemoryStream(
                self, self._clock, name, redeliver_after_s=self._redeliver_after_s
            )
            self._streams[name] = stream
        stream.configure(subjects, max_age_s, max_bytes)
        self._routes.set_streams(list(self._streams.values()))
        return stream

    async def close(self) -> None:
        """Deliver what is under way, end every subscription and watch. Safe to call twice."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._couriers is not None:
            await self._couriers.close()
        for ear in self._routes.ears():
            await ear.mailbox.close()
        for question in self._questions.values():
            question.answers.shut()
        for bucket in self._buckets.values():
            bucket.close()
        for stream in self._streams.values():
            stream.wake_all()

    def check_way(self, subject: str) -> None:
        """Raise `BusDownError` when the bus is closed or `subject` is partitioned."""
        self._check_open()
        if self._is_cut(subject):
            raise BusDownError(f"no way to {subject}: it is partitioned")

    def carry(self, message: Message) -> None:
        """Hand a message to the taps, the streams that store it and all who listen."""
        for tap in self._taps:
            tap(self._clock.now_ns(), message.subject, message.data)
        if self._is_cut(message.subject):
            return
        route = self._routes.find(message.subject)
        for stream in route.streams:
            stream.store(message)
        for ear in route.ears:
            self._deliver(ear.link, message, message.subject)
        for group in route.groups:
            self._deliver(self._queue_chance.choice(group).link, message, message.subject)

    def _deliver(self, link: Link, message: Message, subject: str) -> None:
        if self._couriers is None:
            link.deliver(message)
        else:
            self._couriers.send(link, message, subject)

    def _is_cut(self, subject: str) -> bool:
        faults = self._faults
        return bool(faults.partitions) and faults.cut(subject, self._clock.monotonic())

    def _check_open(self) -> None:
        if self._is_closed:
            raise BusDownError("the bus is closed")
