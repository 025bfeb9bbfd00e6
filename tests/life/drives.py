"""Figures by which drives are compared."""

from itertools import pairwise
from typing import NamedTuple

STANDING_MPS = 1.0 / 3.6


class Figures(NamedTuple):
    """What kind of drive a speed trace is."""

    mean_mps: float
    stops_per_km: float
    positive_kinetic_mps2: float
    """Sum of rises of v² over the way (Milkins and Watson 1983, SAE 830939)."""
    idle_share: float


def figures_of(trace: list[float]) -> Figures:
    """Figures of a speed trace at 1 Hz [m/s]."""
    way_m = sum(0.5 * (a + b) for a, b in pairwise(trace))
    stops = sum(a >= STANDING_MPS > b for a, b in pairwise(trace))
    return Figures(
        mean_mps=way_m / (len(trace) - 1),
        stops_per_km=1000.0 * stops / way_m,
        positive_kinetic_mps2=sum(max(0.0, b * b - a * a) for a, b in pairwise(trace)) / way_m,
        idle_share=sum(speed < STANDING_MPS for speed in trace) / len(trace),
    )
