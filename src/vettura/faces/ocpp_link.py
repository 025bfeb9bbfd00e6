"""The central system's end of one connection: messages in, outlets told, wishes out."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol, final

import structlog

from vettura.bus.messages_energy import ChargingNeeds
from vettura.clock.interface import Clock
from vettura.errors import RefusedError, VetturaError
from vettura.faces import ocpp_v2, ocpp_v16
from vettura.faces.ocpp_facts import WHOLE, Boot, Counted, Token, Verdict, Wish
from vettura.faces.ocpp_meter import Reading
from vettura.faces.ocpp_outlet import Outlet
from vettura.faces.ocpp_profiles import Unit, unit_of
from vettura.faces.ocpp_talk import Socket, Talk, TalkClosedError, Tally
from vettura.faces.ocpp_times import time_text
from vettura.faces.ocpp_wire import AnswerError, CallRefusedError, Payload, Version

log = structlog.get_logger()

BOOT_S = 5.0
"""A station that only lost its connection does not boot again; so long it is waited for [s]."""
ASK_S = 20.0
REMOTE_TOKEN = "VETTURA"  # noqa: S105  it is the name that charges from afar are begun with
NUMBERS = 2**31 - 1
GOOD = frozenset({"Accepted", "Scheduled", "Unlocked", "AcceptedCanceled", "RebootRequired", ""})


class Rules(Protocol):
    """What the face says to all connections."""

    heartbeat_s: int
    meter_s: int
    is_strict: bool

    def verdict(self, token: Token) -> Verdict:
        """Whether that token may charge."""
        ...


@final
class Link:
    """One connected station. `run()` returns when it has gone."""

    def __init__(
        self,
        identity: str,
        socket: Socket,
        clock: Clock,
        pace: Clock,
        version: Version,
        outlets: Sequence[Outlet],
        rules: Rules,
        tally: Tally,
        *,
        energy_unit: str = "Wh",
        unit: str = "auto",
    ) -> None:
        self.identity, self.version = identity, version
        self.interval_s, self.energy_unit = rules.heartbeat_s, energy_unit
        self.unit: Unit = "A" if unit == "A" or (unit == "auto" and version == "1.6") else "W"
        self.outlets = list(outlets)
        self._asks_unit = unit == "auto"
        self._clock, self._pace, self._rules = clock, pace, rules
        self._talk = Talk(
            socket,
            pace,
            version,
            self._answer,
            tally,
            is_strict=rules.is_strict,
            who=identity,
        )
        self._has_booted = asyncio.Event()
        self._renewing: set[Outlet] = set()
        self._news = asyncio.Event()
        self._number = 0
        self._log = log.bind(identity=identity, version=version)

    @property
    def talk(self) -> Talk:
        """The conversation itself, for whoever feeds it by hand."""
        return self._talk

    async def run(self) -> None:
        """Serve the station until it has gone."""
        for outlet in self.outlets:
            outlet.attach(self)
        caring = asyncio.create_task(self._care())
        try:
            with suppress(TalkClosedError):
                await self._talk.run()
        finally:
            caring.cancel()
            await asyncio.gather(caring, return_exceptions=True)
            for outlet in self.outlets:
                outlet.detach(self)

    async def ask(self, action: str, payload: Payload, *, timeout_s: float = ASK_S) -> Payload:
        """Ask the station."""
        return await self._talk.ask(action, payload, timeout_s=timeout_s)

    # What the house wants.

    async def act(self, outlet: Outlet, action: str, data: Mapping[str, Any]) -> Payload:
        """Have the station do something; RefusedError with its reason."""
        if action == "configure":
            return await self._configure(data)
        wishes = ocpp_v16.WISHES if self.version == "1.6" else ocpp_v2.WISHES
        if action not in wishes:
            known = ", ".join(["offer", "tell", "configure", *wishes])
            raise RefusedError(f"a station knows {known}")
        if action == "stop" and not outlet.transaction:
            raise RefusedError("no charge runs")
        self._number = self._number % NUMBERS + 1
        token = str(data.get("token") or REMOTE_TOKEN)
        wish = Wish(outlet.connector, outlet.transaction, token, self._number, data)
        answer = await self.ask(*wishes[action](wish))
        status = str(answer.get("status", ""))
        if status not in GOOD:
            raise RefusedError(f"the station answers {status[:40]}")
        return answer

    async def _configure(self, data: Mapping[str, Any]) -> Payload:
        name, value = str(data.get("name", "")), str(data.get("value", ""))
        dialect = ocpp_v16 if self.version == "1.6" else ocpp_v2
        status = dialect.changed(await self.ask(*dialect.change(name, value)))
        if status not in GOOD:
            raise RefusedError(f"{name}: the station answers {status[:40]}")
        return {"status": status}

    async def _care(self) -> None:
        """Set the station up once it has booted, then say again what new charges need."""
        with suppress(TimeoutError):
            await self._pace.wait_for(self._has_booted.wait(), BOOT_S)
        await self._quietly(self._set_up())
        self._renewing |= set(self.outlets)
        while True:
            outlets, self._renewing = self._renewing, set()
            self._news.clear()
            for outlet in outlets:
                await self._quietly(outlet.offering.again(self))
                outlet.changed()
            await self._news.wait()

    async def _quietly(self, step: Awaitable[object]) -> None:
        try:
            await step
        except (VetturaError, TimeoutError) as error:
            self._log.info("ocpp_set_up", error=str(error) or "no answer")

    async def _set_up(self) -> None:
        dialect = ocpp_v16 if self.version == "1.6" else ocpp_v2
        wanted = dialect.settings_wanted(
            meter_s=self._rules.meter_s, heartbeat_s=self._rules.heartbeat_s
        )
        told = await self._settings([dialect.UNITS, *wanted])
        if self._asks_unit:
            is_dc = any(outlet.config.dc for outlet in self.outlets)
            self.unit = unit_of(told.get(dialect.UNITS, ""), is_dc=is_dc, otherwise=self.unit)
        for name, value in wanted.items():
            if told.get(name) != value:
                await self._quietly(self.ask(*dialect.change(name, value)))
        wishes = ocpp_v16.WISHES if self.version == "1.6" else ocpp_v2.WISHES
        for outlet in self.outlets:
            wish = Wish(outlet.connector, outlet.transaction, "", 0, {})
            await self._quietly(self.ask(*wishes["trigger"](wish)))

    async def _settings(self, names: list[str]) -> dict[str, str]:
        dialect = ocpp_v16 if self.version == "1.6" else ocpp_v2
        told: dict[str, str] = {}
        try:
            told = dialect.settings_in(await self.ask(*dialect.read_settings(names)))
        except (CallRefusedError, TimeoutError) as error:
            self._log.info("ocpp_settings_unknown", error=str(error) or "no answer")
        return told

    # What the station tells.

    async def _answer(self, action: str, payload: Payload) -> Payload:
        if self.version == "1.6":
            handler = ocpp_v16.SERVED.get(action)
            if handler is not None:
                return await handler(self, payload)
        else:
            newer = ocpp_v2.SERVED.get(action)
            if newer is not None:
                return await newer(self, payload, self.version)
        raise AnswerError("not served", f"{action} is not served here")

    def now_text(self) -> str:
        """The home's time."""
        return time_text(self._clock.now_ns())

    def verdict(self, token: Token) -> Verdict:
        """Whether that token may charge."""
        return self._rules.verdict(token)

    def booted(self, boot: Boot) -> None:
        """It has started, or has connected anew."""
        self._log.info("station_booted", vendor=boot.vendor, model=boot.model, reason=boot.reason)
        for outlet in self.outlets:
            outlet.watched.booted(boot)
        if self._has_booted.is_set():
            self._renew(*self.outlets)
        self._has_booted.set()

    def turned(self, connector: int, status: str, detail: str) -> None:
        """A connector is in another state; the whole station's counts when it is out of order."""
        for outlet in self.outlets:
            if outlet.connector == connector or (connector == WHOLE and detail):
                outlet.watched.turned(status, detail)

    def metered(self, connector: int, reading: Reading, transaction: str) -> None:
        """A meter was read."""
        outlet = self._outlet(connector, transaction)
        if outlet is not None:
            outlet.watched.metered(reading)

    def needs(self, connector: int, needs: ChargingNeeds) -> bool:
        """A car says what it wants."""
        outlet = self._outlet(connector)
        if outlet is not None:
            outlet.watched.needs(needs)
        return outlet is not None

    def noted(self, about: str, text: str) -> None:
        """Something for people."""
        self._log.info("station_says", about=about, text=text[:200])
        if about in {"security", "event"} and self.outlets:
            self.outlets[0].watched.note("station", f"{self.identity}: {text[:200]}")

    async def started(self, event: Counted, began: str) -> int:
        """A charge of 1.6 begins: its number."""
        outlet = self._outlet(event.connector)
        if outlet is None:
            raise AnswerError("value", f"connectorId: {event.connector} is not known here")
        number = await outlet.watched.started(event, began)
        self._renew(outlet)
        return number

    async def counted(self, event: Counted) -> None:
        """A charge goes on, or ends."""
        outlet = self._outlet(event.connector, event.transaction)
        if outlet is None:
            raise AnswerError("value", f"evse: {event.connector} is not known here")
        before = outlet.transaction
        if not await outlet.watched.counted(event):
            text = f"{outlet.config.id}: charge {event.transaction[:36]} is not known; ignored"
            outlet.watched.note("station", text)
        if outlet.transaction not in {before, ""}:
            self._renew(outlet)

    def _renew(self, *outlets: Outlet) -> None:
        self._renewing |= set(outlets)
        self._news.set()

    def _outlet(self, connector: int, transaction: str = "") -> Outlet | None:
        """Who is meant: by connector, by charge, or the only one there is."""
        for outlet in self.outlets:
            if connector != WHOLE and outlet.connector == connector:
                return outlet
        if connector == WHOLE:
            for outlet in self.outlets:
                if transaction and outlet.watched.ledger.charge(transaction) is not None:
                    return outlet
            return self.outlets[0] if len(self.outlets) == 1 else None
        return None
