"""What a station's line carries, by how many phases are closed. Pure."""

from typing import NamedTuple

from vettura.energy.sharing import DC_A_MIN
from vettura.life.station import StationConfig
from vettura.units import NS_PER_S, PHASE_A_MIN, PHASE_V

SWITCH_NS = 300 * NS_PER_S
"""Shortest time between two changes of phases: the car stops and begins anew each time."""


class Line(NamedTuple):
    """A station's conductors."""

    power_w_max: float
    """On all phases together."""
    phases: tuple[int, ...]
    """That it can charge on, the fewest first."""
    dc: bool = False


def line_of(config: StationConfig, *, car_phases: int) -> Line:
    """The line to a car that can use so many phases."""
    both = min(config.phases, car_phases) if not config.dc else config.phases
    power_w = config.power_w_max * both / config.phases
    least = min(config.phases_min, both)
    return Line(power_w, (both,) if least == both else (least, both), config.dc)


def least_w(line: Line, phases: int) -> float:
    """The least that flows at all [W]: 6 A on each phase (IEC 61851-1)."""
    return (DC_A_MIN if line.dc else PHASE_A_MIN) * PHASE_V * phases


def most_w(line: Line, phases: int) -> float:
    """The most that flows on so many phases [W]."""
    return line.power_w_max * phases / line.phases[-1]


def phases_for(line: Line, power_w: float, now: int, since_ns: int) -> int:
    """How many phases bring that power best; `now` of them stay for a while once chosen."""
    if power_w <= 0.0 or len(line.phases) == 1:
        return now if now in line.phases else line.phases[-1]
    fits = [phases for phases in line.phases if power_w >= least_w(line, phases)]
    best = fits[-1] if fits else line.phases[0]
    stays = now in line.phases and since_ns < SWITCH_NS
    return now if stays else best
