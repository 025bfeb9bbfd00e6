"""A smoke alarm, and the smoke that burnt food makes now and then."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, final

from msgspec import Meta

from vettura.bus.messages_home import DeviceAction, EntityState
from vettura.home.device.entity import DeviceEntry, device, entity
from vettura.home.device.model import NEVER_NS, number, only
from vettura.home.device.world import SMOKE, World
from vettura.life.callers import smoke
from vettura.life.local_time import day_start_ns, local_date
from vettura.units import NS_PER_S

TEST = "hands.test"
TEST_S = 10.0


class SmokeAlarmEntry(DeviceEntry, frozen=True, kw_only=True, tag="smoke_alarm"):
    """`kind = "smoke_alarm"`."""

    smoke_per_year: Annotated[float, Meta(ge=0.0, le=365.0)] = 3.0
    """How often something burns in the kitchen while somebody is at home."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Whether it sounds, and when that changes."""

    is_on: bool = False
    test_ns: int = 0
    """Until when its button makes it sound."""
    next_ns: int = NEVER_NS


@final
class SmokeAlarmModel:
    """A smoke alarm."""

    reads: Sequence[str] = ()
    hands: Sequence[str] = (TEST,)

    def __init__(self, entry: SmokeAlarmEntry) -> None:
        self.id = entry.id
        self._per_year = entry.smoke_per_year
        self._alarm = entity(entry, "binary_sensor", device_class="smoke")
        self.about = device(entry, self._alarm)

    def begun(self, kept: Mapping[str, EntityState], world: World) -> Alarm:
        """It smells what is there."""
        return Alarm()

    def told(self, state: Alarm) -> dict[str, EntityState]:
        """One entity."""
        return {self._alarm.id: self._alarm.on(state.is_on)}

    def gives(self, state: Alarm) -> Mapping[str, object]:
        """People hear it."""
        return {SMOKE: float(state.is_on)}

    def passed(self, state: Alarm, world: World) -> Alarm:
        """See whether there is smoke."""
        household, now_ns = world.household, world.now_ns
        today = local_date(now_ns, household.timezone)
        burns = smoke(household, today, world.seed, per_year=self._per_year)
        tomorrow_ns = day_start_ns(today.fromordinal(today.toordinal() + 1), household.timezone)
        times = [tomorrow_ns, *([burns.begin_ns, burns.end_ns] if burns else []), state.test_ns]
        is_cooking = any(world.is_home(person.name) for person in household.people)
        # Food that nobody cooks does not burn; what burns goes on when they leave.
        is_smoke = burns is not None and burns.begin_ns <= now_ns < burns.end_ns
        is_smoke = is_smoke and (is_cooking or state.is_on)
        return Alarm(
            is_on=is_smoke or now_ns < state.test_ns,
            test_ns=state.test_ns,
            next_ns=min(time for time in times if time > now_ns),
        )

    def next_ns(self, state: Alarm, world: World) -> int:
        """When the smoke comes or goes."""
        return state.next_ns

    def obeyed(self, state: Alarm, wish: DeviceAction, world: World) -> Alarm:
        """Somebody presses its button for some seconds."""
        only(wish, "seconds")
        seconds = number(wish, "seconds", 1.0, 3600.0) or TEST_S
        return Alarm(state.is_on, world.now_ns + round(seconds * NS_PER_S), state.next_ns)
