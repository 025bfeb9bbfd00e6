"""What a car was told, and how each command ended: its memory between two messages.

A command is answered once for each id, however often it arrives, and ends in exactly one audit.
Nothing here waits or sends: the service does, with what this hands it.
"""

from collections import OrderedDict
from collections.abc import Mapping
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from vettura.bus.interface import Message
from vettura.bus.messages import (
    Answer,
    Audit,
    Claim,
    Command,
    Provided,
    Release,
    SignalValue,
    decode,
)
from vettura.car.params import Params
from vettura.clock.interface import Clock
from vettura.drive.arbiter import Forward, Outside, Recent, Ruling, judge, looked
from vettura.drive.asked import asked, audit_of, concluded
from vettura.drive.living import Living
from vettura.drive.providers import Handed, Providers
from vettura.errors import InputError
from vettura.units import NS_PER_S

REMEMBERED_COMMANDS = 256
ID_MAX, WHO_MAX = 128, 64
"""Longest id and name that a command may bear [characters]."""
FORWARDS_MAX = 16
"""Wishes that may be with providers at a time."""
WISH_S = 10.0
"""How long a provider may take until its actuator is where it was wished [s of real time]."""
ASKERS_MAX = 64
"""Who asks under one id while a provider has the wish; more get no answer and ask again."""


class _Marked(msgspec.Struct, frozen=True):
    """What can be read of a command that cannot be read."""

    id: str = ""


class Heard(NamedTuple):
    """What comes of one message."""

    car: Living
    command: Command | None
    """None when it was no command, or came before."""
    answer: Answer | None
    """None when a provider must answer first."""
    audits: list[Audit]
    targets: dict[str, SignalValue]
    forward: Forward | None = None
    changed: tuple[str, ...] = ()
    """Paths that have changed hands."""


class Docket:
    """The commands of one car."""

    def __init__(self, params: Params, clock: Clock) -> None:
        self._params = params
        self._clock = clock
        self._answers: OrderedDict[str, Answer] = OrderedDict()
        self._recent: Mapping[str, Recent] = {}
        self._providers = Providers()
        self._forwarded: dict[str, list[Message]] = {}
        """Who waits for a provider's answer, by the command's id."""
        self._ends: dict[str, Audit] = {}
        """Ends that came before that answer."""

    @property
    def provided(self) -> Mapping[str, SignalValue]:
        """What stands in place of the model's values, by path."""
        return self._providers.values

    def lease_ns(self) -> int | None:
        """How long it takes until a provider may lose its claim, in the car's time; None: never."""
        return self._providers.lease_ns(self._clock.speed)

    def hear(self, car: Living, message: Message) -> Heard:
        """Take one message that should hold a command."""
        try:
            command = decode(message.data, Command, where=message.subject)
        except InputError as error:
            return self._unread(car, message, error.message)
        if not _is_id(command.id):
            reason = f"a command's id is 1 to {ID_MAX} printable characters without spaces"
            return self._unread(car, message, reason)
        if command.id in self._forwarded:
            if len(self._forwarded[command.id]) < ASKERS_MAX:
                self._forwarded[command.id].append(message)
            return Heard(car, None, None, [], {})
        before = self._before(car, command.id)
        if before is not None:
            return Heard(car, None, before, [], {})
        command = replace(command, who=command.who[:WHO_MAX])
        if isinstance(command.verb, Claim | Release):
            return self._handed(car, command, command.verb)
        return self._judged(car, command, message)

    def look(self, car: Living) -> tuple[Living, list[Audit]]:
        """End what has got there and what will not, after the car has lived on."""
        if not car.pending:
            return car, []
        car, audits = looked(car, self._outside())
        for audit in audits:
            if audit.id in self._forwarded:
                self._ends[audit.id] = audit
        return car, audits

    def told(self, provided: Provided) -> dict[str, SignalValue]:
        """Take over what a provider says; return what is new."""
        return self._providers.hear(provided)

    def wished(self, car: Living, forward: Forward, answer: Answer | None) -> Heard:
        """A provider has answered; `answer` None: it did not in time, and may still do it."""
        command_id = forward.wish.id
        if command_id in self._ends:
            end = self._ends.pop(command_id)
            final = Answer(
                ok=end.result == "reached", reason=end.reason, code=end.code, state=end.result
            )
            return self._final(car, command_id, final, [])
        if answer is None or answer.ok:
            return self._final(car, command_id, Answer(ok=True, state="accepted"), [])
        code = answer.code or "unavailable"
        refused = Answer(ok=False, reason=answer.reason, code=code, state="refused")
        audits = [
            concluded(each, car.time_ns, "refused", reason=answer.reason, code=code)
            for each in car.pending
            if each.id == command_id
        ]
        rest = [each for each in car.pending if each.id != command_id]
        return self._final(replace(car, pending=rest), command_id, refused, audits)

    def waiting(self, forward: Forward) -> list[Message]:
        """Who is to be answered now that the provider has; they are forgotten."""
        return self._forwarded.pop(forward.wish.id, [])

    def lost(self, car: Living, provider: str, *, why: str) -> Heard:
        """A provider is gone: the model takes over what it held."""
        handed = self._providers.release(Release(provider=provider))
        audit = Audit(
            id=self._clock.new_id("lease"),
            time_ns=car.time_ns,
            end_ns=car.time_ns,
            who=provider,
            role="app",
            what=RELEASE,
            value=msgspec.json.encode({"provider": provider}).decode(),
            result="reached",
            reason=why,
        )
        return Heard(car, None, None, [audit], {}, changed=handed.changed)

    def expired(self, passed_ns: int) -> list[str]:
        """Providers that have lost their claims after so much more of the car's time."""
        if not self._providers:
            return []
        return self._providers.expired(passed_ns / NS_PER_S / self._clock.speed)

    def _before(self, car: Living, command_id: str) -> Answer | None:
        """The answer of a command that came before; also in the process that ran before."""
        if any(each.id == command_id for each in car.pending):
            return Answer(ok=True, state="accepted")
        return self._answers.get(command_id)

    def _judged(self, car: Living, command: Command, message: Message) -> Heard:
        ruling = judge(self._params, car, command, recent=self._recent, outside=self._outside())
        self._recent = ruling.recent
        if ruling.forward is None:
            self._remember(command.id, ruling.answer)
            return _heard(command, ruling, ruling.answer)
        self._forwarded[command.id] = [message]
        return _heard(command, ruling, None)

    def _handed(self, car: Living, command: Command, verb: Claim | Release) -> Heard:
        if isinstance(verb, Claim):
            handed = self._providers.claim(verb, role=command.role, granted=command.granted)
        else:
            handed = self._providers.release(verb)
        answer = _answer(handed)
        self._remember(command.id, answer)
        audits: list[Audit] = []
        # A claim that is only repeated changes nothing and is no news.
        if handed.reason or handed.changed or isinstance(verb, Release):
            audits.append(
                audit_of(
                    command,
                    asked(command),
                    car.time_ns,
                    answer.state,
                    reason=handed.reason,
                    code=handed.code,
                )
            )
        return Heard(car, command, answer, audits, {}, changed=handed.changed)

    def _unread(self, car: Living, message: Message, reason: str) -> Heard:
        """Something that is no command is refused and audited all the same."""
        command_id = _id_in(message.data)
        if command_id in self._answers:
            return Heard(car, None, self._answers[command_id], [], {})
        answer = Answer(ok=False, reason=reason, code="type", state="refused")
        if command_id:
            self._remember(command_id, answer)
        audit = Audit(
            id=command_id or self._clock.new_id("unread"),
            time_ns=car.time_ns,
            end_ns=car.time_ns,
            who="",
            role="app",
            what="?",
            result="refused",
            reason=reason[:ID_MAX],
            code="type",
        )
        return Heard(car, None, answer, [audit], {})

    def _final(self, car: Living, command_id: str, answer: Answer, audits: list[Audit]) -> Heard:
        self._remember(command_id, answer)
        return Heard(car, None, answer, audits, {})

    def _remember(self, command_id: str, answer: Answer) -> None:
        self._answers[command_id] = answer
        while len(self._answers) > REMEMBERED_COMMANDS:
            self._answers.popitem(last=False)

    def _outside(self) -> Outside:
        speed = self._clock.speed
        patience_s = WISH_S if speed == float("inf") else WISH_S * speed
        return Outside(
            holders=self._providers.wish_holders,
            values=self._providers.values,
            patience_ns=round(patience_s * NS_PER_S),
            is_busy=len(self._forwarded) >= FORWARDS_MAX,
        )


RELEASE = str(Release.__struct_config__.tag)


def _answer(handed: Handed) -> Answer:
    if handed.reason:
        return Answer(ok=False, reason=handed.reason, code=handed.code, state="refused")
    return Answer(ok=True, state="reached")


def _heard(command: Command, ruling: Ruling, answer: Answer | None) -> Heard:
    return Heard(ruling.car, command, answer, ruling.audits, ruling.targets, forward=ruling.forward)


def _is_id(text: str) -> bool:
    return 0 < len(text) <= ID_MAX and text.isascii() and text.isprintable() and " " not in text


def _id_in(data: bytes) -> str:
    """The id of something that is no command, where it has one; else empty."""
    try:
        marked = msgspec.msgpack.decode(data, type=_Marked)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    return marked.id if _is_id(marked.id) else ""
