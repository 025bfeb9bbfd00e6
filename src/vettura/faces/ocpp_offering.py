"""What one connector is offered: the newest word becomes charging profiles, and is answered for.

Load management needs to know what a station may take at most, also while an answer is missing: so
long both what held and what was asked for may hold.
"""

import asyncio
from dataclasses import dataclass
from typing import Protocol, final

import structlog

from vettura.bus.messages_energy import Schedule, StationLimit, StationOffer
from vettura.clock.interface import Clock
from vettura.errors import RefusedError, VetturaError
from vettura.faces.ocpp_profiles import (
    Layer,
    Limits,
    Unit,
    clear_payload,
    intended,
    offered,
    profile_of,
    steady,
)
from vettura.faces.ocpp_wire import CallRefusedError, Payload, Version
from vettura.life.station import StationConfig
from vettura.units import NS_PER_S

log = structlog.get_logger()

PROFILE_S = 15.0
NEVER_NS = 2**63 - 1
"""So long a station may take to answer for a profile [s of pace]."""


class Line(Protocol):
    """A connection to the station."""

    version: Version
    unit: Unit

    async def ask(self, action: str, payload: Payload, *, timeout_s: float) -> Payload:
        """Ask the station."""
        ...


@final
@dataclass(slots=True)
class _Held:
    """A profile that the station has, or may have."""

    limits: Limits
    is_sure: bool


@final
class Offering:
    """Keeps a station at the newest word; `transaction` is set by who sees its charges."""

    def __init__(self, clock: Clock, config: StationConfig, connector: int) -> None:
        self.transaction = ""
        self._clock, self._config, self._connector = clock, config, connector
        self._turn = asyncio.Lock()
        self._issued_ns = 0
        self._wanted: Limits | None = None
        self._held: list[_Held] = []
        self._is_leased = False
        self.has_safe = False
        """Whether the station holds a profile of what it gives without word."""
        self._default_end_ns: int | None = None
        """Until when a default profile of an offer lies on the station; None for none."""
        self._log = log.bind(station=config.id)

    def limit(self) -> StationLimit:
        """What the station gives at most, now and after that."""
        now_ns = self._clock.now_ns()
        self._held = [held for held in self._held if held.limits.at(now_ns) is not None]
        safe_w = self._config.safe_w if self.has_safe else self._config.power_w_max
        stretches = [held.limits.at(now_ns) for held in self._held]
        certain = any(held.is_sure for held in self._held)
        powers = [one.power_w for one in stretches if one is not None]
        if not certain:
            powers.append(safe_w)
        ends = [_end_ns(held.limits) for held in self._held]
        phases = [one.phases for one in stretches if one is not None]
        return StationLimit(
            limit_w=max(powers),
            phases=max(phases, default=self._config.phases),
            until_ns=0 if 0 in ends else max(ends, default=0),
            issued_ns=self._issued_ns,
            safe_w=safe_w,
            safe_phases=self._config.safe_phases if self.has_safe else self._config.phases,
        )

    async def offer(self, line: Line, offer: StationOffer) -> None:
        """Bring the station to that offer; RefusedError says why it does not follow."""
        now_ns = self._clock.now_ns()
        issued_ns = offer.issued_ns or now_ns
        if issued_ns < self._issued_ns:
            raise RefusedError("a newer offer holds")
        if offer.until_ns and offer.until_ns - now_ns < NS_PER_S:
            raise RefusedError("the offer's lease is over")
        self._issued_ns = issued_ns
        async with self._turn:
            if issued_ns < self._issued_ns:
                raise RefusedError("a newer offer holds")
            if offer.until_ns and not self._is_leased:
                await self._lay_beneath(line)
                self._is_leased = True
            limits = offered(offer, self._clock.now_ns(), phases=self._config.phases)
            self._wanted = limits
            await self._send(line, limits)

    async def follow(self, line: Line, schedule: Schedule) -> None:
        """Bring the station to a schedule, where no load management makes offers of it."""
        now_ns = self._clock.now_ns()
        if self._is_leased or schedule.time_ns < self._issued_ns:
            return
        limits = intended(
            schedule,
            now_ns,
            phases=self._config.phases,
            power_w_max=self._config.power_w_max,
        )
        if limits is None:
            return
        self._issued_ns = schedule.time_ns
        async with self._turn:
            self._wanted = limits
            await self._send(line, limits)

    async def again(self, line: Line) -> None:
        """Say once more what still holds: the station is new here, or a charge has begun."""
        async with self._turn:
            if self._is_leased:
                await self._lay_beneath(line)
            wanted = self._wanted
            if wanted is not None and wanted.at(self._clock.now_ns()) is not None:
                await self._send(line, wanted)

    async def _lay_beneath(self, line: Line) -> None:
        """What the station may ever give, and what it gives when offers stay away."""
        config, now_ns = self._config, self._clock.now_ns()
        most = steady(config.power_w_max, now_ns, phases=config.phases)
        await self._lay(line, most, "most")
        safe = steady(config.safe_w, now_ns, phases=config.safe_phases)
        self.has_safe = await self._lay(line, safe, "safe")
        await self._clear(line)

    async def _send(self, line: Line, limits: Limits) -> None:
        """As a profile of the charge that runs, or as the default for the next one."""
        trial = _Held(limits, is_sure=False)
        self._held.append(trial)
        transaction = self.transaction
        tries = [transaction, ""] if transaction else [""]
        for one in tries:
            try:
                is_taken = await self._ask(line, limits, "offer", transaction=one)
            except TimeoutError:
                raise RefusedError("the station does not answer") from None
            except CallRefusedError as error:
                self._log.info("profile_refused", reason=error.message)
                is_taken = False
            if is_taken:
                trial.is_sure = True
                self._held = [trial]
                if not one:
                    self._default_end_ns = _end_ns(limits) or NEVER_NS
                elif (self._default_end_ns or 0) > (_end_ns(limits) or NEVER_NS):
                    await self._clear(line)
                return
        self._held.remove(trial)
        raise RefusedError("the station rejects the charging profile")

    async def _lay(self, line: Line, limits: Limits, layer: Layer) -> bool:
        try:
            return await self._ask(line, limits, layer)
        except (TimeoutError, VetturaError) as error:
            self._log.warning("profile_not_laid", layer=layer, error=str(error))
            return False

    async def _clear(self, line: Line) -> None:
        """Take an older default away: when a lease ends, what is safe shall lie beneath."""
        payload = clear_payload("offer", line.version, connector=self._connector)
        try:
            await line.ask("ClearChargingProfile", payload, timeout_s=PROFILE_S)
            self._default_end_ns = None
        except (TimeoutError, VetturaError) as error:
            self._log.warning("profile_not_cleared", error=str(error))

    async def _ask(
        self, line: Line, limits: Limits, layer: Layer, *, transaction: str = ""
    ) -> bool:
        payload = profile_of(
            limits,
            layer,
            line.version,
            unit=line.unit,
            connector=self._connector,
            transaction=transaction,
            gives=self._config.discharge_power_w_max > 0.0,
            is_dc=self._config.dc,
        )
        answer = await line.ask("SetChargingProfile", payload, timeout_s=PROFILE_S)
        return answer.get("status") == "Accepted"


def _end_ns(limits: Limits) -> int:
    if limits.duration_s is None:
        return 0
    return limits.start_ns + limits.duration_s * NS_PER_S
