"""Runs a door: counts what became of the inputs, watches the memory, names what breaks it."""

import gc
import hashlib
import resource
import signal
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from fuzz.entries import Door
from fuzz.malformed import malformed

PAGE_BYTES = resource.getpagesize()
MB = 1_000_000
WARM_UP = 10_000
"""Inputs after which what is made once has been made, at most a tenth of all."""
GROWTH_MB_MAX = 16.0
"""How much a process may have grown from then to the end: caches that have a limit fill up, and
pieces of memory stay behind for the next megabyte."""
HANG_S = 30
"""An input that takes so long counts as uncaught [s of the processor]."""
SHOWN_BYTES = 200


class Broken(NamedTuple):
    """An input that got out, or a memory that grew."""

    what: str
    index: int
    data: bytes = b""

    def __str__(self) -> str:
        shown = repr(self.data[:SHOWN_BYTES]) + ("…" if len(self.data) > SHOWN_BYTES else "")
        return f"input {self.index}, {len(self.data)} bytes {shown}\n{self.what}"


class Outcome(NamedTuple):
    """What a run came to."""

    inputs: int
    accepted: int
    refused: int
    peak_mb: float
    warm_mb: float
    """Resident memory after the warm-up."""
    end_mb: float
    sha256: str
    """Of what became of every input, in order."""
    broken: Broken | None = None


class Hung(BaseException):
    """An input took too long."""


def inputs_of(door: Door, *, seed: int, count: int) -> Iterable[bytes]:
    """Malformed inputs for that door, by number."""
    return (malformed(seed, index, door.samples) for index in range(count))


class Tally:
    """Feeds a door input by input and keeps the count."""

    def __init__(self, door: Door, count: int) -> None:
        self.inputs = self.accepted = 0
        self.broken: Broken | None = None
        self._door = door
        self._count = count
        self._warm_at = min(WARM_UP, count // 10)
        self._warm_mb = resident_mb()
        self._said = hashlib.sha256()
        # Not SIGALRM, which libFuzzer takes for its own; and the time of this process alone,
        # whatever else the machine has to do.
        signal.signal(signal.SIGVTALRM, _ring)

    def take(self, data: bytes) -> bool:
        """Feed one; whether that was the last, because it broke or all are done."""
        if self.inputs == self._warm_at:
            self._warm_mb = resident_mb()
        signal.setitimer(signal.ITIMER_VIRTUAL, HANG_S)
        self.broken, is_accepted = feed(self._door, data, self.inputs)
        self.inputs += 1
        self.accepted += is_accepted
        self._said.update(b"\x01" if is_accepted else b"\x00")
        return self.broken is not None or self.inputs >= self._count

    def outcome(self) -> Outcome:
        """What it came to; memory that grew is looked for now."""
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)
        end_mb = resident_mb()
        has_grown = self._count > WARM_UP and end_mb - self._warm_mb > GROWTH_MB_MAX
        if self.broken is None and has_grown:
            grown = f"memory grew from {self._warm_mb:.1f} to {end_mb:.1f} MB"
            self.broken = Broken(grown, self.inputs)
        return Outcome(
            inputs=self.inputs,
            accepted=self.accepted,
            refused=self.inputs - self.accepted - (self.broken is not None),
            peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MB,
            warm_mb=self._warm_mb,
            end_mb=end_mb,
            sha256=self._said.hexdigest()[:10],
            broken=self.broken,
        )


def run(door: Door, inputs: Iterable[bytes], *, count: int) -> Outcome:
    """Feed all of them, up to the first that breaks out."""
    tally = Tally(door, count)
    for data in inputs:
        if tally.take(data):
            break
    return tally.outcome()


def _ring(_number: int, _frame: object) -> None:
    raise Hung


def feed(door: Door, data: bytes, index: int) -> tuple[Broken | None, bool]:
    """One input: what broke, and whether it was accepted."""
    try:
        return None, door.feed(data)
    except (Exception, Hung):  # noqa: BLE001  whatever gets out is what we look for
        return Broken(traceback.format_exc(limit=-8), index, data), False


def resident_mb() -> float:
    """Memory of this process that is in use now [MB]."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * PAGE_BYTES / MB
