"""Tables on a uniform grid, and the one function that reads them."""

from vettura.car.params import TABLE_SIZE


def lookup(table: tuple[float, ...], share: float) -> float:
    """Straight line between the points of a table over 0 to 1; held at both ends."""
    position = min(max(share, 0.0), 1.0) * (TABLE_SIZE - 1)
    index = min(int(position), TABLE_SIZE - 2)
    low = table[index]
    high = table[index + 1]
    return low + (position - index) * (high - low)


def ramp(value: float, low: float, high: float) -> float:
    """0 below `low`, 1 above `high`, a straight line between."""
    return rise(value - low, 1.0 / (high - low))


def rise(beyond: float, slope: float) -> float:
    """A straight line from 0, held at 0 and 1."""
    return min(max(beyond * slope, 0.0), 1.0)


def resample(at: list[float], value: list[float]) -> tuple[float, ...]:
    """Break points of a curve over 0 to 1 as a table on the uniform grid."""
    return tuple(_between(at, value, k / (TABLE_SIZE - 1)) for k in range(TABLE_SIZE))


def _between(at: list[float], value: list[float], where: float) -> float:
    if where <= at[0]:
        return value[0]
    for k in range(1, len(at)):
        if where <= at[k]:
            share = (where - at[k - 1]) / (at[k] - at[k - 1])
            return value[k - 1] + share * (value[k] - value[k - 1])
    return value[-1]
