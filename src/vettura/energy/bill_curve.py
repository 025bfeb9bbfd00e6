"""Energy over time from counters that may jump, stop or go back. Pure.

A counter is read now and then. Of each stretch of `BUCKET_S` the first and the last reading are
kept: the least and the greatest of a set, so it does not matter in which order they came, or how
often.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from vettura.units import NS_PER_S, SECONDS_PER_HOUR

BUCKET_S = 300
BUCKET_NS = BUCKET_S * NS_PER_S
SLACK = 1.25
SLACK_WH = 100.0
"""A counter that grows faster than the most its line carries by this much has jumped."""

Energies: TypeAlias = dict[int, float]
"""Energy [Wh] by bucket: full multiples of `BUCKET_S` since the epoch."""


class Reading(NamedTuple):
    """What counters show at one time [ns since the epoch, Wh]."""

    time_ns: int
    counters: tuple[float, ...]


class Ends(NamedTuple):
    """The first and the last reading of a bucket."""

    first: Reading
    last: Reading


def bucket_of(time_ns: int) -> int:
    """The bucket that holds that instant."""
    return time_ns // BUCKET_NS


def taken(held: dict[int, Ends], reading: Reading) -> None:
    """Keep that reading, if it is the first or the last of its bucket."""
    bucket = bucket_of(reading.time_ns)
    ends = held.get(bucket)
    if ends is None:
        held[bucket] = Ends(reading, reading)
    else:
        held[bucket] = Ends(min(ends.first, reading), max(ends.last, reading))


def readings(held: Mapping[int, Ends], *, begin_ns: int, end_ns: int) -> list[Reading]:
    """What was kept from one instant to another, by time."""
    buckets = range(bucket_of(begin_ns), bucket_of(end_ns) + 1)
    known = [held[bucket] for bucket in buckets if bucket in held]
    both = {reading for ends in known for reading in ends}
    return sorted(reading for reading in both if begin_ns <= reading.time_ns <= end_ns)


def curve(told: Iterable[Reading], counter: int) -> list[tuple[int, float]]:
    """One counter over time."""
    return [(reading.time_ns, reading.counters[counter]) for reading in told]


def grown(points: Sequence[tuple[int, float]], *, power_w_max: float) -> tuple[Energies, int]:
    """How much a counter grew in each bucket, and how many steps of it could not be.

    Between two readings it grows evenly. A step back, or one that is larger than the line carries
    in that time, counts nothing: what follows counts from there.
    """
    energies: Energies = {}
    absurd = 0
    for (begin_ns, before), (end_ns, after) in pairwise(points):
        step_wh = after - before
        most_wh = SLACK * power_w_max * (end_ns - begin_ns) / NS_PER_S / SECONDS_PER_HOUR
        if not 0.0 <= step_wh <= most_wh + SLACK_WH:
            absurd += 1
        elif step_wh > 0.0:
            spread(energies, step_wh, begin_ns=begin_ns, end_ns=end_ns)
    return energies, absurd


def spread(energies: Energies, energy_wh: float, *, begin_ns: int, end_ns: int) -> None:
    """Add an energy [Wh], evenly over that time, to its buckets."""
    length_ns = end_ns - begin_ns
    if length_ns <= 0:
        bucket = bucket_of(begin_ns)
        energies[bucket] = energies.get(bucket, 0.0) + energy_wh
        return
    for bucket in range(bucket_of(begin_ns), bucket_of(end_ns - 1) + 1):
        since_ns = max(begin_ns, bucket * BUCKET_NS)
        until_ns = min(end_ns, (bucket + 1) * BUCKET_NS)
        share = (until_ns - since_ns) / length_ns
        energies[bucket] = energies.get(bucket, 0.0) + share * energy_wh


def scaled(energies: Energies, total_wh: float, *, begin_ns: int, end_ns: int) -> Energies:
    """The same course with another sum; evenly over the time when there was no course."""
    sum_wh = sum(energies.values())
    if sum_wh > 0.0:
        return {bucket: energy * total_wh / sum_wh for bucket, energy in energies.items()}
    flat: Energies = {}
    if total_wh > 0.0:
        spread(flat, total_wh, begin_ns=begin_ns, end_ns=end_ns)
    return flat
