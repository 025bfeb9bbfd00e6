"""A station of the home as a wallbox that speaks OCPP to any central system.

What it tells is what the station of the home does; what it is told becomes offers to that station.
Charges that the central system has not heard of wait here, also over a restart, and are told late.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import final

import msgspec
import structlog

from vettura import __version__
from vettura.bus.interface import Bus
from vettura.bus.messages_energy import ChargingNeeds
from vettura.clock.interface import Clock
from vettura.errors import VetturaError
from vettura.faces.config import OcppPointConfig
from vettura.faces.ocpp_composite import (
    TX,
    Grant,
    Profile,
    Scene,
    grant_at,
    next_change_ns,
)
from vettura.faces.ocpp_facts import Asked
from vettura.faces.ocpp_needs import needs_payload
from vettura.faces.ocpp_point_home import HomeStation
from vettura.faces.ocpp_point_link import CentralAwayError, opened
from vettura.faces.ocpp_point_served import answered
from vettura.faces.ocpp_point_settings import Settings
from vettura.faces.ocpp_point_state import (
    Late,
    PointState,
    begun,
    connector_word,
    delivered,
    ended,
    failed,
    sampled,
    seen,
    with_charging_state,
)
from vettura.faces.ocpp_point_words import (
    authorize,
    boot,
    is_accepted,
    late_message,
    meter_2,
    meter_16,
    status,
)
from vettura.faces.ocpp_profiles import Unit
from vettura.faces.ocpp_talk import Socket, Talk, TalkClosedError, Tally
from vettura.faces.ocpp_wire import Call as OcppCall
from vettura.faces.ocpp_wire import CallRefusedError, Payload, Version, call_frame
from vettura.life.station import StationConfig
from vettura.units import NS_PER_S

log = structlog.get_logger()

RETRY_S, RETRY_S_MAX = 1.0, 60.0
"""Pause before a connection is tried again [s of pace], doubled each time up to the second."""
TRIES = 3
"""So often a message about a charge is sent when it is answered with an error (1.6, 9.1.30)."""
AGAIN_S = 2.0
BOOT_S_MIN = 2.0
SAYINGS_MAX = 64
OFFER_RETRY_S = 5.0
LOOK_S = 3_600.0
"""What may flow is looked at again after so long at the latest [s of the home's clock]."""
NOTHING = Grant(0.0, 3)


@final
@dataclass(slots=True)
class _Lived:
    """What is true of one connection."""

    is_booted: bool = False
    word: str = ""
    needs: ChargingNeeds | None = None


@final
class OcppPointFace:
    """One virtual wallbox at one central system."""

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        pace: Clock,
        config: OcppPointConfig,
        home: str,
        station: StationConfig,
    ) -> None:
        self.ready = asyncio.Event()
        """Set once the central system has accepted it."""
        self.port = 0
        self.tally = Tally()
        self.version: Version = config.version
        self.profiles: list[Profile] = []
        self.unit: Unit = config.unit
        self.state = PointState()
        self.encoded = 0
        """Messages made for nobody, in a rehearsal."""
        self.settings = Settings(
            version=config.version,
            meter_s=config.meter_s,
            gives=station.discharge_power_w_max > 0.0,
        )
        self._clock, self._pace = clock, pace
        self._config, self._station = config, station
        self._behind = HomeStation(bus, clock, pace, home, station, self._look)
        self._lived = _Lived()
        self._talk: Talk | None = None
        self._sayings: list[Asked] = []
        self._authorising = ""
        """The card that is to be asked about."""
        self._reset_reason = ""
        self._boot_reason = "PowerUp"
        self._news = asyncio.Event()
        self._steering = asyncio.Event()
        self._log = log.bind(point=config.station, version=config.version)

    async def run(self) -> None:
        """Be the station's voice until cancelled."""
        self.state = await self._behind.recall()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._behind.run(), name=f"point {self._config.station} hears")
            group.create_task(self._steer(), name=f"point {self._config.station} steers")
            group.create_task(self._sample(), name=f"point {self._config.station} samples")
            group.create_task(self._keep_connected(), name=f"point {self._config.station}")

    async def run_closed(self) -> None:
        """Follow the station and make all messages, for nobody."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._behind.run())
            while True:
                await self._news.wait()
                self._news.clear()
                for late in self.state.queue:
                    asked = late_message(self.version, late, 1)
                    if asked is not None:
                        call_frame(OcppCall("1", *asked))
                        self.encoded += 1
                    self.state = delivered(self.state, late)

    # The station of the home.

    def _look(self) -> None:
        """The station behind has something new: a car, a meter value, a fault."""
        behind, before = self._behind, self.state
        vin = behind.vin
        self.state = seen(
            before,
            self._clock.now_ns(),
            vin=vin,
            meter=behind.meter,
            is_faulted=behind.is_faulted,
        )
        if before.vin and vin != before.vin:
            self._unplugged()
        if vin and vin != before.vin and self._config.auto_start and self.state.is_operative:
            self._authorising = self._config.token
        if not self._authorising:
            self.state = with_charging_state(
                self.state, self.grant().power_w, is_online=self._is_online
            )
        self.changed()

    def _unplugged(self) -> None:
        self._authorising = ""
        self._end("EVDisconnected", "EVCommunicationLost")
        self.state = seen(self.state, self._clock.now_ns())

    def _end(self, reason: str, trigger: str) -> None:
        own_id = self.transaction()
        self.state = ended(self.state, reason, trigger=trigger, is_online=self._is_online)
        self.profiles = [
            one for one in self.profiles if one.purpose != TX or one.transaction not in {"", own_id}
        ]
        self.changed()

    def _begin(self, token: str, *, remote_start: int | None = None) -> None:
        self.state = begun(
            self.state,
            self._clock.new_id("charge")[-36:],
            token,
            trigger="CablePluggedIn" if remote_start is None else "RemoteStart",
            is_online=self._is_online,
            remote_start=remote_start,
        )
        self.changed()

    async def _sample(self) -> None:
        """Tell the meter now and then while a charge runs."""
        while True:
            await self._pace.sleep(self.settings.meter_s)
            if self.state.charge is not None:
                self.state = seen(self.state, self._clock.now_ns(), meter=self._behind.meter)
                self.state = sampled(
                    self.state, trigger="MeterValuePeriodic", is_online=self._is_online
                )
                self.changed()

    async def _steer(self) -> None:
        """Bring the station to what may flow, and look again when that changes."""
        while True:
            self._steering.clear()
            grant = self.grant()
            until_ns = self._clock.now_ns() + int(OFFER_RETRY_S * NS_PER_S)
            if await self._behind.offer(grant):
                until_ns = next_change_ns(self.profiles, self.scene(), self._clock.now_ns())
            await self._behind.keep(self.state)
            left_s = (until_ns - self._clock.now_ns()) / NS_PER_S
            wait_s = min(max(left_s, self._clock.resolution_s), LOOK_S)
            with suppress(TimeoutError):
                await self._clock.wait_for(self._steering.wait(), wait_s)

    def grant(self) -> Grant:
        """What may flow now."""
        if self.state.charge is None:
            return NOTHING
        return grant_at(self.profiles, self.scene(), self._clock.now_ns())

    # What the central system may ask; `answered` does the rest.

    @property
    def obeys(self) -> bool:
        """Whether charging profiles are obeyed."""
        return self._behind.obeys

    def now_ns(self) -> int:
        """The home's time."""
        return self._clock.now_ns()

    def scene(self) -> Scene:
        """What the profiles speak of."""
        charge = self.state.charge
        return Scene(
            power_w_max=self._station.power_w_max,
            phases=self._station.phases,
            transaction=self.transaction(),
            begun_ns=None if charge is None else charge.begun_ns,
        )

    def changed(self) -> None:
        """Something is to be told, or to be steered."""
        self._news.set()
        self._steering.set()

    def transaction(self) -> str:
        """What the central system calls the charge that runs."""
        charge = self.state.charge
        if charge is None:
            return ""
        if self.version != "1.6":
            return charge.id
        number = self.state.numbers.get(charge.id)
        return "" if number is None else str(number)

    def start(self, token: str, remote_start: int | None) -> bool:
        """Begin a charge from afar: a car must be there and none run."""
        is_free = self.state.vin and self.state.charge is None and self.state.is_operative
        if is_free:
            self._authorising = ""
            self._begin(token, remote_start=remote_start)
        return bool(is_free)

    def stop(self) -> None:
        """End the charge from afar."""
        self._end("Remote", "RemoteStop")

    def reset(self, *, is_hard: bool) -> None:
        """Start anew, once this is answered."""
        hard = "HardReset" if self.version == "1.6" else "ImmediateReset"
        soft = "SoftReset" if self.version == "1.6" else "Reboot"
        self._reset_reason = hard if is_hard else soft
        self.changed()

    def trigger(self, message: str) -> bool:
        """Tell something now."""
        now_ns = self._clock.now_ns()
        match message:
            case "StatusNotification":
                self._lived.word = ""
            case "Heartbeat":
                self.say(("Heartbeat", {}))
            case "BootNotification":
                self.say(self._boot("Triggered"))
            case "MeterValues":
                self.say(self._meter(now_ns))
            case "TransactionEvent" if self.version != "1.6":
                self.state = sampled(self.state, trigger="Trigger", is_online=self._is_online)
            case _:
                return False
        self.changed()
        return True

    def operate(self, *, is_on: bool) -> None:
        """Be in service or not; a charge goes on to its end."""
        self.state = msgspec.structs.replace(self.state, is_operative=is_on)
        self.changed()

    def say(self, *asked: Asked) -> None:
        """Say that later; beyond `SAYINGS_MAX` nothing more."""
        self._sayings += asked[: SAYINGS_MAX - len(self._sayings)]
        self.changed()

    def _boot(self, reason: str) -> Asked:
        return boot(
            self.version,
            vendor=self._config.vendor,
            model=self._config.model,
            serial=self._config.identity or self._config.station,
            reason=reason,
            firmware=__version__,
        )

    def _meter(self, now_ns: int) -> Asked:
        power_w, energy_wh, given_wh = self._behind.meter
        reading = Late(
            kind="updated",
            charge="",
            sequence=0,
            time_ns=now_ns,
            trigger="Trigger",
            energy_wh=energy_wh,
            given_wh=given_wh,
            power_w=power_w,
        )
        if self.version == "1.6":
            told: Payload = {"connectorId": 1, "meterValue": [meter_16(reading, "Trigger")]}
            return "MeterValues", told
        return "MeterValues", {"evseId": 1, "meterValue": [meter_2(reading, "Trigger")]}

    # The connection.

    @property
    def _is_online(self) -> bool:
        return self._lived.is_booted

    async def _keep_connected(self) -> None:
        pause_s = RETRY_S
        while True:
            try:
                async with opened(self._config) as socket:
                    self._log.info("central_connected", url=self._config.url)
                    await self.converse(socket)
                pause_s = RETRY_S
            except CentralAwayError as error:
                self._log.info("central_away", error=error.message)
                pause_s = RETRY_S if self.ready.is_set() else pause_s
            await self._pace.sleep(pause_s)
            pause_s = min(2.0 * pause_s, RETRY_S_MAX)

    async def converse(self, socket: Socket) -> None:
        """Live on one connection until it ends, or until a reset."""
        self._lived = _Lived()
        identity = self._config.identity or self._config.station
        talk = Talk(socket, self._pace, self.version, self._answer, self.tally, who=identity)
        running = asyncio.create_task(talk.run())
        living = asyncio.create_task(self._live(talk))
        try:
            done, _ = await asyncio.wait({running, living}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                with suppress(TalkClosedError, TimeoutError):
                    task.result()
        finally:
            self._lived = _Lived()
            for task in (running, living):
                task.cancel()
            await asyncio.gather(running, living, return_exceptions=True)

    async def _answer(self, action: str, payload: Payload) -> Payload:
        return await answered(self, action, payload)

    async def _live(self, talk: Talk) -> None:
        await self._introduce(talk)
        self._lived.is_booted = True
        self.ready.set()
        while True:
            self._news.clear()
            await self._tell_all(talk)
            if self._reset_reason:
                await self._restart(talk)
                return
            try:
                await self._pace.wait_for(self._news.wait(), self.settings.heartbeat_s)
            except TimeoutError:
                await talk.ask("Heartbeat", {})

    async def _introduce(self, talk: Talk) -> None:
        while True:
            try:
                answer = await talk.ask(*self._boot(self._boot_reason))
            except CallRefusedError as error:
                self._log.warning("central_refuses_boot", reason=error.message)
                answer = {}
            interval = answer.get("interval", 0)
            if answer.get("status") == "Accepted":
                if 0 < interval <= 86_400:
                    self.settings.heartbeat_s = int(interval)
                self._boot_reason = "PowerUp"
                return
            await self._pace.sleep(max(BOOT_S_MIN, min(interval, 3_600)))

    async def _tell_all(self, talk: Talk) -> None:
        """Whatever is to be told, in the order in which it makes sense."""
        if self._authorising:
            await self._authorise(talk)
        word = connector_word(self.state, is_old=self.version == "1.6")
        if word != self._lived.word:
            await self._try(talk, status(self.version, word, self._clock.now_ns()))
            self._lived.word = word
        while self.state.queue:
            await self._deliver(talk, self.state.queue[0])
        needs = self._behind.needs
        has_news = needs is not None and needs != self._lived.needs and self.state.charge
        if has_news and self.version != "1.6":
            assert needs is not None
            told = needs_payload(needs, self.version, evse=1)
            await self._try(talk, ("NotifyEVChargingNeeds", told))
            self._lived.needs = needs
        while self._sayings:
            await self._try(talk, self._sayings.pop(0))

    async def _authorise(self, talk: Talk) -> None:
        token, self._authorising = self._authorising, ""
        answer = await self._try(talk, authorize(self.version, token))
        if answer is None or is_accepted(answer):
            if self.state.vin and self.state.charge is None:
                self._begin(token)
        else:
            self._log.info("card_refused", token=token)

    async def _deliver(self, talk: Talk, late: Late) -> None:
        asked = late_message(self.version, late, self.state.numbers.get(late.charge))
        if asked is None:
            # Its beginning was never taken, so nobody can know the charge.
            self.state = failed(self.state, late, tries_max=0)
            return
        try:
            answer = await talk.ask(*asked)
        except CallRefusedError as error:
            self._log.warning("central_refuses", action=asked[0], reason=error.message)
            self.state = failed(self.state, late, tries_max=TRIES)
            await self._pace.sleep(AGAIN_S)
            return
        number = answer.get("transactionId") if late.kind == "started" else None
        self.state = delivered(self.state, late, number)
        charge = self.state.charge
        if not is_accepted(answer) and charge is not None and charge.id == late.charge:
            self._end("DeAuthorized", "Deauthorized")
        self._steering.set()

    async def _try(self, talk: Talk, asked: Asked) -> Payload | None:
        """Ask what may be refused; None when it was."""
        try:
            return await talk.ask(*asked)
        except CallRefusedError as error:
            self._log.info("central_refuses", action=asked[0], reason=error.message)
            return None

    async def _restart(self, talk: Talk) -> None:
        """End the charge, tell it, and come back as after a reset."""
        self._end(self._reset_reason, "ResetCommand")
        self._reset_reason, self._boot_reason = "", "RemoteReset"
        with suppress(VetturaError):
            await self._tell_all(talk)
        if self.state.vin and self._config.auto_start:
            self._authorising = self._config.token
