"""What the energy service tells: plan, goals, modes and lines for people, when they are news."""

from collections.abc import Sequence
from typing import final

import structlog

from vettura.bus import subjects
from vettura.bus.interface import Bus
from vettura.bus.messages import Wire, encode
from vettura.bus.messages_energy import EnergyNote, GoalState, Mode, ModeState
from vettura.bus.subjects import HOME_BUCKET
from vettura.clock.interface import Clock
from vettura.energy.gather import Gathered
from vettura.energy.plan_told import told
from vettura.energy.planning import Planned
from vettura.errors import BusError

log = structlog.get_logger()

STRANGER = "a car that is not of this home is charged at once"


@final
class PlanTelling:
    """Publishes and keeps; remembers what it said."""

    def __init__(self, bus: Bus, clock: Clock, home: str, *, currency: str) -> None:
        self._bus = bus
        self._clock = clock
        self._home = home
        self._currency = currency
        self._told: dict[str, Wire] = {}
        self._noted: dict[str, str] = {}

    async def tell_plan(self, gathered: Gathered, planned: Planned, notes: Sequence[str]) -> None:
        """Tell a plan with its reasons; `notes` say what was missing."""
        problem = gathered.problem
        here = {
            storage.id: [power_w > 0.0 for power_w in storage.charge_w_max.tolist()]
            for storage in problem.storages
            if storage.kind == "car"
        }
        said = dict.fromkeys(note for note in notes if note)
        message = told(
            problem,
            planned.plan,
            planned.reasons,
            now_ns=self._clock.now_ns(),
            currency=self._currency,
            origin=planned.plan.origin,
            note="; ".join(said),
            here=here,
        )
        await self._publish(subjects.plan(self._home), message)
        await self.note("plan", message.note)

    async def tell_goal(self, goal: GoalState) -> None:
        """Tell what is aimed at for a car, when it is another than before."""
        await self._publish_news(subjects.goal(self._home, goal.vin), goal)

    async def tell_mode(self, station: str, mode: Mode, *, is_strange: bool) -> None:
        """Tell how a station charges; a car `is_strange` that is not of this home."""
        state = ModeState(
            time_ns=self._clock.now_ns(),
            station=station,
            mode=mode,
            text=STRANGER if is_strange and mode == "plan" else "",
        )
        await self._publish_news(subjects.mode(self._home, station), state)

    async def note(self, about: str, text: str) -> None:
        """Say a line for a person, once until it is another."""
        if self._noted.get(about, "") == text:
            return
        self._noted[about] = text
        if text:
            note = EnergyNote(time_ns=self._clock.now_ns(), about=about, text=text)
            await self._bus.publish(subjects.energy_note(self._home), encode(note))

    async def keep(self, key: str, message: Wire) -> None:
        """Keep it in the bucket `home`; the next word comes soon enough when the bus is away."""
        try:
            await (await self._bus.bucket(HOME_BUCKET)).put(key, encode(message))
        except BusError as error:
            log.info("energy_not_kept", key=key, error=error.message)

    async def _publish_news(self, subject: str, message: GoalState | ModeState) -> None:
        before = self._told.get(subject)
        if before is not None and _but_time(before) == _but_time(message):
            return
        self._told[subject] = message
        await self._publish(subject, message)

    async def _publish(self, subject: str, message: Wire) -> None:
        await self._bus.publish(subject, encode(message))
        await self.keep(subject, message)


def _but_time(message: Wire) -> tuple[object, ...]:
    return tuple(getattr(message, name) for name in message.__struct_fields__ if name != "time_ns")
