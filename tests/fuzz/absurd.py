"""Messages that decode and cannot be: values of any type and size for any signal."""

from random import Random  # noqa: TID251  a fixed seed makes the samples

from make import NOON_NS
from vettura.bus.messages import SignalFrame
from vettura.bus.signals import signal_table

TIMES_NS = (NOON_NS, 0, -1, 2**62, 2**63 - 1, -(2**63), 2**64 - 1)
VALUES = (
    float("nan"),
    float("inf"),
    float("-inf"),
    1e308,
    -1e-308,
    2**64 - 1,
    -(2**63),
    0,
    255,
    -1,
    True,
    "",
    "x" * 1000,
    "START",
    "OPEN",
    "\x00\ud7ff",
    "9999-12-31T23:59:59-14:00",
    "0001-01-01T00:00:00+14:00",
    "2026-03-02T07:30",
    [],
    ["a", 1.5],
    [float("nan")] * 300,
    ["P0A80"] * 300,
    ["", "P", "P0A8", "Z9999", "é" * 9],
)


def absurd_values(chance: Random, count: int) -> dict[str, object]:
    """Some signals of the table with some of those values."""
    paths = chance.sample(sorted(signal_table()), count)
    return {path: chance.choice(VALUES) for path in paths}


def absurd_frames(count: int = 60) -> tuple[SignalFrame, ...]:
    """Frames of one to all signals."""
    chance = Random(1)
    return tuple(
        SignalFrame(
            time_ns=chance.choice(TIMES_NS),
            values=absurd_values(chance, chance.choice((1, 3, 20, len(signal_table())))),
            full=chance.random() < 0.5,
        )
        for _ in range(count)
    )
