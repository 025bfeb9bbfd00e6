"""What the weather is like in each month around Turin: a small table and its interpolation.

Source: PVGIS typical meteorological year, 45.0 N 8.0 E, 250 m, 2005-2023 (PVGIS (c) European Union,
2001-2025). `tests/life/test_climate.py` makes the table again from the file and compares.
"""

import math
from typing import NamedTuple


class Month(NamedTuple):
    """One month of a climate."""

    mean_degc: float
    swing_k: float
    """Half the difference between the warmest and the coldest hour of a day, mean of all days."""
    wind_mps: float
    """Mean at 10 m."""
    clearness: tuple[float, ...]
    """Sun of a day over a clear sky's: the shares that 0, 10, 25, 50, 75, 90, 100 % of days stay
    below."""


TURIN = (
    Month(5.20, 3.69, 1.18, (0.13, 0.21, 0.40, 0.80, 1.02, 1.06, 1.08)),
    Month(6.96, 4.36, 1.11, (0.19, 0.33, 0.44, 0.80, 0.98, 1.05, 1.07)),
    Month(8.73, 5.07, 1.34, (0.18, 0.26, 0.47, 0.94, 1.01, 1.05, 1.05)),
    Month(12.37, 4.17, 1.34, (0.15, 0.20, 0.32, 0.56, 0.88, 0.99, 1.02)),
    Month(17.04, 4.29, 1.33, (0.00, 0.15, 0.20, 0.60, 0.92, 0.97, 0.98)),
    Month(22.46, 6.36, 1.47, (0.44, 0.63, 0.72, 0.87, 0.93, 0.96, 0.99)),
    Month(21.92, 4.91, 1.32, (0.24, 0.43, 0.66, 0.88, 0.95, 0.96, 0.98)),
    Month(22.15, 4.54, 1.20, (0.14, 0.58, 0.69, 0.84, 0.94, 0.98, 1.00)),
    Month(20.20, 4.66, 1.11, (0.33, 0.40, 0.65, 0.90, 0.95, 0.97, 1.00)),
    Month(14.97, 3.77, 1.06, (0.19, 0.31, 0.52, 0.80, 0.95, 1.00, 1.03)),
    Month(6.31, 3.92, 1.16, (0.17, 0.27, 0.45, 0.92, 1.03, 1.04, 1.05)),
    Month(4.05, 3.93, 0.88, (0.22, 0.32, 0.49, 0.98, 1.06, 1.07, 1.07)),
)
ELEVATION_M = 250.0
"""Where the table holds."""
DAY_SIGMA_K = 1.8
"""Standard deviation of a day's mean about its month's trend; the months have 1.0 to 2.4."""
DAY_MEMORY = 0.65
"""Correlation of that deviation with the day before's; the months have 0.4 to 0.8."""

SHARES = (0.0, 0.10, 0.25, 0.50, 0.75, 0.90, 1.0)
"""Of the days: what the clearness of each month is given for."""


def season(year_share: float) -> tuple[Month, Month, float]:
    """Return the months before and after, and how far on it is from the middle of the first."""
    position = (year_share % 1.0) * 12.0 - 0.5
    index = math.floor(position)
    return TURIN[index % 12], TURIN[(index + 1) % 12], position - index


def between(before: float, after: float, share: float) -> float:
    """Straight line from `before` to `after`, both in the same unit."""
    return before + share * (after - before)


def clearness_at(month: Month, share: float) -> float:
    """Sun of a day over a clear sky's when `share` of the days (0 to 1) are darker."""
    for index in range(1, len(SHARES) - 1):
        if share < SHARES[index]:
            break
    else:
        index = len(SHARES) - 1
    low, high = SHARES[index - 1], SHARES[index]
    return between(month.clearness[index - 1], month.clearness[index], (share - low) / (high - low))


def mean_clearness(month: Month) -> float:
    """Mean of the table's distribution by the trapezoidal rule."""
    values = month.clearness
    return sum(
        0.5 * (values[k] + values[k + 1]) * (SHARES[k + 1] - SHARES[k])
        for k in range(len(SHARES) - 1)
    )
