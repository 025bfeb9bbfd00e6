"""What each station may take at most, as far as its words and answers prove it. Pure.

Load management never counts on a decrease that is not confirmed: of a station counts the most of
what it has confirmed and of every newer word that may still reach it, until their leases are over.
"""

from dataclasses import dataclass, field, replace
from typing import final

from vettura.bus.messages_energy import StationLimit, StationOffer
from vettura.energy.pilot import SLACK_A, SLACK_SHARE
from vettura.energy.sharing import Lines, amps_of, lines_a, lines_of, most
from vettura.energy.station import NOTHING
from vettura.life.station import StationConfig
from vettura.units import NS_PER_S, PHASE_A_MIN, PHASE_V

LAG_NS = 8 * NS_PER_S
"""After its lease a station is still counted for so long: a car follows within 5 s, else the
contactor opens, and two clocks may differ a little."""
_TINY_A = 1e-6


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Currents that a station may take until the lease of that word is over."""

    issued_ns: int
    until_ns: int
    """0: for ever."""
    lines: Lines


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is proven of one station."""

    config: StationConfig
    confirmed: Held
    words: tuple[Held, ...] = ()
    """Sent and not overtaken by an answer, oldest first."""
    safe: Lines = NOTHING
    is_adopted: bool = False
    """Whether it has answered since this life began."""


def unknown(config: StationConfig, *, start_ns: int, lease_ns: int) -> Standing:
    """A station at the beginning: an earlier life may have offered all that it can just now."""
    able = lines_a(config.power_w_max, config.phases, config.line)
    return Standing(
        config=config,
        confirmed=Held(issued_ns=0, until_ns=start_ns + lease_ns, lines=able),
        safe=safe_lines(config),
    )


def safe_lines(config: StationConfig) -> Lines:
    """What it takes without word, on each line [A]."""
    return lines_a(config.safe_w, config.safe_phases, config.line)


def bound(standing: Standing, now_ns: int) -> Lines:
    """The most that it may take now on each line [A]."""
    lines = NOTHING
    for held in (standing.confirmed, *standing.words):
        is_over = held.until_ns and now_ns >= held.until_ns + LAG_NS
        offered = standing.safe if is_over else held.lines
        lines = most(lines, _with_slack(offered, standing.confirmed.lines))
    return lines


def _with_slack(offered: Lines, proven: Lines) -> Lines:
    """A car that was seen to take a little more than its offer may go on doing so [A]."""
    one, two, three = (
        max(amps, min(seen, amps * SLACK_SHARE + SLACK_A)) if amps > 0.0 else 0.0
        for amps, seen in zip(offered, proven, strict=True)
    )
    return (one, two, three)


def is_lapsed(standing: Standing, now_ns: int) -> bool:
    """Whether all its leases are over: nobody reaches it."""
    return all(
        held.until_ns and now_ns >= held.until_ns + LAG_NS
        for held in (standing.confirmed, *standing.words)
    )


def sent(standing: Standing, offer: StationOffer, phases: int, now_ns: int) -> Standing:
    """That word is on its way, and may arrive."""
    lines = lines_a(offer.power_w, phases, standing.config.line)
    word = Held(issued_ns=offer.issued_ns, until_ns=offer.until_ns, lines=lines)
    kept = [held for held in standing.words if now_ns < held.until_ns + LAG_NS]
    if len(kept) < len(standing.words):
        # What is over without an answer may have been the last word that it heard.
        kept.insert(0, Held(issued_ns=0, until_ns=now_ns, lines=standing.safe))
    return replace(standing, words=(*kept, word))


def answered(standing: Standing, limit: StationLimit) -> Standing:
    """The station says what it guarantees; words older than the one it names can do nothing."""
    if limit.issued_ns < standing.confirmed.issued_ns:
        return standing
    config = standing.config
    lines = _lines_of(limit, config)
    if limit.issued_ns == standing.confirmed.issued_ns and standing.is_adopted:
        # Of one word, what is guaranteed only shrinks: an earlier answer may come later.
        lines = least(lines, standing.confirmed.lines)
    newer = tuple(held for held in standing.words if held.issued_ns > limit.issued_ns)
    safe = lines_a(limit.safe_w, limit.safe_phases, config.line)
    return replace(
        standing,
        confirmed=Held(issued_ns=limit.issued_ns, until_ns=limit.until_ns, lines=lines),
        words=newer,
        safe=most(safe_lines(config), safe),
        is_adopted=True,
    )


def _lines_of(limit: StationLimit, config: StationConfig) -> Lines:
    if len(limit.lines_a) == 3:
        return (limit.lines_a[0], limit.lines_a[1], limit.lines_a[2])
    return lines_a(limit.limit_w, limit.phases, config.line)


def least(one: Lines, other: Lines) -> Lines:
    """The lower on each line."""
    return (min(one[0], other[0]), min(one[1], other[1]), min(one[2], other[2]))


@final
@dataclass(slots=True, kw_only=True)
class Room:
    """What is left on each line [A], as words are handed out."""

    free: Lines
    bounds: dict[str, Lines] = field(default_factory=dict)

    def left(self, station: str) -> Lines:
        """Current that this station may have on each line [A], beside all the others."""
        rest = [self.free[k] for k in range(3)]
        for name, lines in self.bounds.items():
            if name != station:
                rest = [rest[k] - lines[k] for k in range(3)]
        return (rest[0], rest[1], rest[2])

    def fitting_w(self, config: StationConfig, power_w: float, phases: int) -> float:
        """As much of that power [W] as fits beside all the others; 0 when 6 A do not."""
        left = self.left(config.id)
        amps = min(amps_of(power_w, phases), *(left[k] for k in lines_of(config.line, phases)))
        least_a = 0.0 if config.dc else PHASE_A_MIN
        return amps * PHASE_V * phases if amps >= least_a - _TINY_A and amps > 0.0 else 0.0

    def book(self, station: str, lines: Lines) -> None:
        """From now on it may take so much as well."""
        self.bounds[station] = most(self.bounds.get(station, NOTHING), lines)


def is_within(lines: Lines, limit: Lines) -> bool:
    """Whether no line is above its limit [A]."""
    return all(lines[k] <= limit[k] + _TINY_A for k in range(3))
