"""A quantity of each slot that is not certain: tenths, median and mean."""

from dataclasses import dataclass
from typing import final

import numpy as np

from vettura.energy.problem import Array


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Of each slot, all in the unit of the name that holds it."""

    low: Array
    """One in ten is below."""
    middle: Array
    """The median."""
    high: Array
    """One in ten is above."""
    mean: Array
    """What costs in the mean are planned with."""


def certain(values: Array) -> Spread:
    """A quantity without doubt."""
    return Spread(low=values, middle=values, high=values, mean=values)


def nothing(count: int) -> Spread:
    """A quantity that is 0 in all of `count` slots."""
    return certain(np.zeros(count))
