"""Durations in seconds as whole nanoseconds."""

import math

from vettura.errors import UsageError
from vettura.units import NS_PER_S

# Longer than any house stands; a deadline this far away needs no timer.
FOREVER_NS = 10**21


def to_ns(seconds: float) -> int:
    """Return a duration [s] in nanoseconds, rounded to the nearest.

    Zero and less give 0. What is shorter than a nanosecond gives 1, so that a wait always lets time
    pass. What is longer than 30,000 years, infinity too, gives `FOREVER_NS`.
    """
    if math.isnan(seconds):
        raise UsageError("a duration is not a number", hint="give seconds, 0 or more")
    if seconds <= 0:
        return 0
    if seconds >= FOREVER_NS / NS_PER_S:
        return FOREVER_NS
    return max(1, round(seconds * NS_PER_S))
