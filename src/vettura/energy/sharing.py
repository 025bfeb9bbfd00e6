"""How several stations share what one fuse leaves them: by need, fairly, on each phase. Pure.

Currents are of one phase [A]; a station of one phase uses only its own line.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias, final

from vettura.units import PHASE_A_MIN, PHASE_V

Lines: TypeAlias = tuple[float, float, float]
"""Amperes on the house's three phases; a house of one phase has the first alone."""

DC_A_MIN = 0.5
"""A DC station has no pilot; below this its own losses eat what arrives (our judgement)."""
WEIGHT_W_MIN = 500.0
"""Whoever needs nothing by any time still counts as needing so much power."""
_TINY_A = 1e-9


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """A station whose car would charge."""

    id: str
    wanted_w: float
    """By the plan; at most this is granted."""
    power_w_max: float
    line: int = 1
    phases: tuple[int, ...] = (1, 3)
    """That it can charge on, the fewest first; one alone while its contactor must not move."""
    dc: bool = False
    need_w: float = 0.0
    """Energy still needed over the time left for it: how urgent it is."""
    served_wh: float = 0.0
    """What it had while there was not enough for all."""
    is_held: bool = False
    """It charges, and has not had its turn yet."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a station may take."""

    power_w: float
    phases: int


def lines_of(line: int, phases: int) -> tuple[int, ...]:
    """The indices of the phases that a station with its first conductor on `line` uses."""
    return (line - 1,) if phases == 1 else (0, 1, 2)


def amps_of(power_w: float, phases: int) -> float:
    """Current on each phase [A]."""
    return power_w / (PHASE_V * phases)


def lines_a(power_w: float, phases: int, line: int) -> Lines:
    """Current on each of the house's lines [A]; what comes out of a car is 0."""
    amps = amps_of(max(power_w, 0.0), phases)
    used = lines_of(line, phases)
    return (
        amps if 0 in used else 0.0,
        amps if 1 in used else 0.0,
        amps if 2 in used else 0.0,
    )


def most(one: Lines, other: Lines) -> Lines:
    """The higher on each line."""
    return (max(one[0], other[0]), max(one[1], other[1]), max(one[2], other[2]))


def share(askers: Sequence[Asker], free: Lines) -> dict[str, Grant]:
    """Divide `free` [A]: who is admitted gets 6 A, the rest is raised by need until a line is full.

    Max-min fairness by progressive filling (Bertsekas and Gallager, Data Networks, 1992, sect.
    6.5.2), weighted by need. When 6 A for all do not fit, who has had least for its need goes
    first, and who charges keeps its turn.
    """
    left = [max(amps, 0.0) for amps in free]
    admitted: dict[str, tuple[Asker, int]] = {}
    for asker in sorted(askers, key=_turn):
        phases = _phases(asker, left)
        if phases:
            admitted[asker.id] = (asker, phases)
            _take(left, asker.line, phases, _least_a(asker))
    amps = _filled(list(admitted.values()), left)
    return {
        asker.id: Grant(power_w=amps[asker.id] * PHASE_V * phases, phases=phases)
        if (phases := admitted.get(asker.id, (asker, 0))[1])
        else Grant(power_w=0.0, phases=asker.phases[0])
        for asker in askers
    }


def _turn(asker: Asker) -> tuple[bool, float, str]:
    return not asker.is_held, asker.served_wh / _weight(asker), asker.id


def _weight(asker: Asker) -> float:
    return max(asker.need_w, WEIGHT_W_MIN)


def _least_a(asker: Asker) -> float:
    return DC_A_MIN if asker.dc else PHASE_A_MIN


def _most_a(asker: Asker, phases: int) -> float:
    one_phase_w = asker.power_w_max / asker.phases[-1] if len(asker.phases) > 1 else None
    own_w = asker.power_w_max if one_phase_w is None else one_phase_w * phases
    return amps_of(min(asker.wanted_w, own_w), phases)


def _phases(asker: Asker, left: Sequence[float]) -> int:
    """On how many phases it can begin: as many as carry what is wanted; 0 when none has room."""
    least_a = _least_a(asker)
    for phases in reversed(asker.phases):
        fits = all(left[line] >= least_a - _TINY_A for line in lines_of(asker.line, phases))
        if fits and _most_a(asker, phases) >= least_a - _TINY_A:
            return phases
    return 0


def _take(left: list[float], line: int, phases: int, amps: float) -> None:
    for index in lines_of(line, phases):
        left[index] = max(left[index] - amps, 0.0)


def _filled(admitted: Sequence[tuple[Asker, int]], left: list[float]) -> dict[str, float]:
    """Currents above the least of each [A]: raised together until its own top or a full line."""
    amps = {asker.id: _least_a(asker) for asker, _ in admitted}
    rising = [pair for pair in admitted if _most_a(*pair) > amps[pair[0].id] + _TINY_A]
    while rising:
        slopes = [0.0, 0.0, 0.0]
        for asker, phases in rising:
            for index in lines_of(asker.line, phases):
                slopes[index] += _weight(asker)
        level = min(
            *(room / slope for room, slope in zip(left, slopes, strict=True) if slope > 0.0),
            *((_most_a(a, p) - amps[a.id]) / _weight(a) for a, p in rising),
        )
        for asker, phases in rising:
            amps[asker.id] += level * _weight(asker)
            _take(left, asker.line, phases, level * _weight(asker))
        rising = [
            (asker, phases)
            for asker, phases in rising
            if _most_a(asker, phases) > amps[asker.id] + _TINY_A
            and all(left[index] > _TINY_A for index in lines_of(asker.line, phases))
        ]
    return amps
