"""A rehearsal with everything that it shows: the life is lived, heard, and made into a report."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from vettura.bus.memory import Tap
from vettura.home.findings.breaks import breaks
from vettura.home.findings.clock_words import local
from vettura.home.findings.report import Facts, Rehearsal, Report, report_of
from vettura.home.findings.story import Story, Witness
from vettura.home.mishaps import Mishap, eve_of_clock_change, has_clock_change, plan_mishaps
from vettura.home.scene.parts import Scenes
from vettura.home.scene.read import read_scenes
from vettura.house.build import car_facts
from vettura.house.file import HomeFile
from vettura.house.misfortune import victims_of
from vettura.house.rehearsal import Hour, Rehearsed, nothing, rehearse_home, start_ns_of
from vettura.units import NS_PER_S, SECONDS_PER_HOUR

START = datetime(2026, 3, 2, 6, 45)  # noqa: DTZ001  local to the home
"""A Monday in March, when nothing else is asked for."""
REPLAY_BEFORE_NS, REPLAY_AFTER_NS = 900 * NS_PER_S, 120 * NS_PER_S
"""A replay tells what happened from so long before a moment until so long after."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which life to rehearse."""

    home: HomeFile
    seed: int
    duration_s: float
    start: datetime | None = None
    """Local to the home when it names no zone; None: `START`, or the eve of a clock change."""
    shuffle: int | None = None
    faces: bool = False
    exact: bool = False
    """As in `rehearse_home`, as are the two before."""
    faults: int | None = None
    """The seed of what goes wrong; None for nothing."""
    name: str = "home.toml"
    """What the command line calls the home."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """A life that was rehearsed, and all that was heard of it."""

    wanted: Wanted
    rehearsed: Rehearsed
    story: Story
    scenes: Scenes
    mishaps: tuple[Mishap, ...]

    def report(self) -> Report:
        """What it has shown."""
        timezone = self.wanted.home.household.timezone
        rehearsal = Rehearsal(
            story=self.story,
            scenes=self.scenes,
            timezone=timezone,
            breaks=tuple(breaks(self.story, timezone, self.replay, self.mishaps)),
            mishaps=self.mishaps,
        )
        return report_of(rehearsal, self._facts(timezone))

    def replay(self, time_ns: int) -> str:
        """The command that shows that moment again: lived from the same start, told from before."""
        timezone, start_ns = self.wanted.home.household.timezone, self.story.start_ns
        hours = (time_ns + REPLAY_AFTER_NS - start_ns) / NS_PER_S / SECONDS_PER_HOUR
        start = local(start_ns, timezone)
        trace_from = local(max(time_ns - REPLAY_BEFORE_NS, start_ns), timezone)
        words = [
            f"vettura rehearse {self.wanted.name} --seed {self.wanted.seed}",
            f"--start {start:%Y-%m-%dT%H:%M:%S} --hours {hours:.2f}",
            f"--trace-from {trace_from:%Y-%m-%dT%H:%M}",
        ]
        if self.wanted.faults is not None:
            words.insert(1, f"--faults {self.wanted.faults}")
        if self.wanted.exact:
            words.append("--exact")
        return " ".join(words)

    def _facts(self, timezone: str) -> Facts:
        home, done = self.wanted.home, self.rehearsed
        return Facts(
            home=home.household.id,
            title=home.household.title or home.household.id,
            timezone=timezone,
            start_ns=self.story.start_ns,
            end_ns=self.story.end_ns,
            seed=self.wanted.seed,
            faults=self.wanted.faults,
            people=len(home.household.people),
            cars=len(home.cars),
            devices=len(home.devices) + len(home.stations),
            entities=len(self.story.entities),
            messages=done.messages,
            log_sha256=done.log_sha256,
            signals_sha256=done.signals_sha256,
        )


def live(wanted: Wanted, *, on_hour: Hour = nothing, taps: Sequence[Tap] = ()) -> Lived:
    """Rehearse that life; `on_hour` and `taps` as in `rehearse_home`."""
    wanted = replace(wanted, start=_start(wanted))
    assert wanted.start is not None
    start_ns = start_ns_of(wanted.home, wanted.start)
    mishaps = _mishaps(wanted, start_ns)
    cars = {facts.vin: facts.slug for facts in car_facts(wanted.home)}
    witness = Witness(wanted.home.household.id, start_ns=start_ns, cars=cars)
    rehearsed = rehearse_home(
        wanted.home,
        seed=wanted.seed,
        start=wanted.start,
        duration_s=wanted.duration_s,
        shuffle=wanted.shuffle,
        faces=wanted.faces,
        exact=wanted.exact,
        on_hour=on_hour,
        taps=[witness.hear, *taps],
        mishaps=mishaps,
    )
    return Lived(
        wanted=wanted,
        rehearsed=rehearsed,
        story=witness.finish(),
        scenes=read_scenes(wanted.home.scenes),
        mishaps=mishaps,
    )


def _start(wanted: Wanted) -> datetime:
    if wanted.start is not None:
        return wanted.start
    if wanted.faults is not None and has_clock_change(wanted.faults):
        eve = eve_of_clock_change(wanted.home.household.timezone, START.date())
        if eve is not None:
            return datetime.combine(eve, START.time())
    return START


def _mishaps(wanted: Wanted, start_ns: int) -> tuple[Mishap, ...]:
    if wanted.faults is None:
        return ()
    victims = victims_of(wanted.home)
    planned = plan_mishaps(
        victims, seed=wanted.faults, start_ns=start_ns, duration_s=wanted.duration_s
    )
    return tuple(planned)
