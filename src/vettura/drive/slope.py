"""From a noisy elevation to the slope of the road."""

from itertools import accumulate, pairwise

GRID_M = 20.0
REACH_M = 120.0
"""Half the width of the smoothing: barometer and GPS wander by metres over tens of metres."""
GRADE_MAX = 0.25


def grades(speed_mps: list[float], elevation_m: list[float]) -> list[float]:
    """Slope (rise over run) at every second, from one elevation a second.

    Elevation is smoothed over distance, not time, so that a standing car adds nothing: means on a
    20 m grid, then a triangular window of ±120 m.
    """
    steps = [0.5 * (a + b) for a, b in pairwise(speed_mps)]
    along_m = [0.0, *accumulate(steps)]
    profile = _smoothed(_on_grid(along_m, elevation_m))
    slopes = [(b - a) / GRID_M for a, b in pairwise(profile)]
    held = [min(max(slope, -GRADE_MAX), GRADE_MAX) for slope in slopes]
    return [held[min(int(x / GRID_M), len(held) - 1)] for x in along_m]


def _on_grid(along_m: list[float], elevation_m: list[float]) -> list[float]:
    """Mean elevation of each cell; a cell without a reading holds the one before."""
    count = int(along_m[-1] / GRID_M) + 2
    sums, hits = [0.0] * count, [0] * count
    for x, height in zip(along_m, elevation_m, strict=True):
        cell = int(x / GRID_M)
        sums[cell] += height
        hits[cell] += 1
    out, last = [], elevation_m[0]
    for total, hit in zip(sums, hits, strict=True):
        last = total / hit if hit else last
        out.append(last)
    return out


def _smoothed(profile: list[float]) -> list[float]:
    reach = int(REACH_M / GRID_M)
    out = []
    for k in range(len(profile)):
        low, high = max(k - reach, 0), min(k + reach, len(profile) - 1)
        weights = [reach + 1 - abs(j - k) for j in range(low, high + 1)]
        heights = profile[low : high + 1]
        out.append(sum(w * h for w, h in zip(weights, heights, strict=True)) / sum(weights))
    return out
