"""A template that is watched: rendered anew when something it has read changes.

Home Assistant's rules: what a template names is looked at at once; all states of a domain at most
once in a second, all states at all once in a minute; one that reads the clock at each full minute.
"""

from collections.abc import Callable, Mapping
from typing import Any, final

from vettura.home.scene.agenda import Alarm
from vettura.home.scene.faults import RenderFault
from vettura.home.scene.state import Change
from vettura.home.scene.tree import Template
from vettura.home.scene.world import World
from vettura.units import NS_PER_S
from vettura.words.template_states import Reads

MINUTE_NS = 60 * NS_PER_S
DOMAIN_PAUSE_NS = NS_PER_S
ALL_PAUSE_NS = MINUTE_NS

Result = Any
"""What came out, or the `RenderFault`."""
ResultHearer = Callable[[Change | None, Result, Result], None]
"""Told of the change that led to it (None: time), the result before and the new one."""
_NEVER = object()


@final
class Watch:
    """One watched template. The first result is told when something changes, as a new one."""

    def __init__(
        self,
        world: World,
        template: Template,
        variables: Mapping[str, Any],
        on_result: ResultHearer,
    ) -> None:
        self._world = world
        self._template = template
        self._variables = variables
        self._on_result = on_result
        self._last: Result = _NEVER
        self._rendered_ns: int | None = None
        self._stops: list[Callable[[], None]] = []
        self._reads: Reads | None = None
        self._minute: Alarm | None = None
        self._later: Alarm | None = None
        _, self._reads = world.templates.watched(template, variables)
        self._listen()

    def stop(self) -> None:
        """Watch no more."""
        for stop in self._stops:
            stop()
        self._stops = []
        for alarm in (self._minute, self._later):
            if alarm is not None:
                alarm.cancel()

    def _hear(self, change: Change) -> None:
        reads = self._reads
        assert reads is not None
        is_new_or_gone = change.old is None or change.new is None
        if not reads.covers(change.entity_id) and not (
            is_new_or_gone and reads.covers_coming_and_going(change.entity_id)
        ):
            return
        if change.entity_id not in reads.entities and self._must_wait(change):
            return
        self._render(change)

    def _hear_domain(self, change: Change) -> None:
        """One more of a domain that is looked at: it is listened to from now on."""
        if change.old is None:
            self._listen()
            self._hear(change)

    def _must_wait(self, change: Change) -> bool:
        """Put it off while the last look is fresh; only what is named is listened to till then."""
        if self._later is not None:
            return True
        reads = self._reads
        assert reads is not None
        pause_ns = ALL_PAUSE_NS if reads.all_states else DOMAIN_PAUSE_NS
        if self._rendered_ns is None or self._rendered_ns + pause_ns <= self._world.now_ns:
            return False
        self._later = self._world.agenda.at(
            self._rendered_ns + pause_ns, lambda: self._render(change)
        )
        self._listen()
        return True

    def _render(self, change: Change | None) -> None:
        self._rendered_ns = self._world.now_ns
        was_put_off = self._later is not None
        if self._later is not None:
            self._later.cancel()
            self._later = None
        result, reads = self._world.templates.watched(self._template, self._variables)
        before = self._last
        if reads != self._reads or was_put_off:
            self._reads = reads
            self._listen()
        both_fail = isinstance(result, RenderFault) and isinstance(before, RenderFault)
        if both_fail or (before is not _NEVER and result == before):
            return
        self._last = result
        self._on_result(change, None if before is _NEVER else before, result)

    def _listen(self) -> None:
        """Listen anew, behind all who listen already."""
        for stop in self._stops:
            stop()
        self._stops = []
        reads, states = self._reads, self._world.states
        assert reads is not None
        is_put_off = self._later is not None
        if (reads.all_states or reads.all_counted) and not is_put_off:
            self._stops = [states.hearers.hear_all(self._hear)]
        else:
            domains = set() if is_put_off else reads.domains | reads.domains_counted
            there = (state.entity_id for domain in domains for state in states.all(domain))
            if named := reads.entities.union(there):
                self._stops.append(states.hearers.hear(sorted(named), self._hear))
            if domains:
                self._stops.append(states.hearers.hear_domains(domains, self._hear_domain))
        if reads.time and self._minute is None:
            self._set_minute()
        elif not reads.time and self._minute is not None:
            self._minute.cancel()
            self._minute = None

    def _set_minute(self) -> None:
        def look() -> None:
            self._minute = None
            self._set_minute()
            self._render(None)

        next_ns = (self._world.now_ns // MINUTE_NS + 1) * MINUTE_NS
        self._minute = self._world.agenda.at(next_ns, look)
