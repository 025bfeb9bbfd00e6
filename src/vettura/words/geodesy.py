"""Distances on the Earth, as Home Assistant measures them: on the ellipsoid of WGS 84.

Vincenty 1975, Direct and inverse solutions of geodesics on the ellipsoid with application of nested
equations, Survey Review 23 (176), 88-93. The names in the formulas are his.
"""

import math

A_M = 6_378_137.0
"""Half of the long axis [m], WGS 84 (NIMA TR8350.2)."""
FLATTENING = 1.0 / 298.257223563
"""WGS 84."""
B_M = A_M * (1.0 - FLATTENING)
_ROUNDS_MAX = 200
_CLOSE_ENOUGH = 1e-12


def distance_m(*, from_deg: tuple[float, float], to_deg: tuple[float, float]) -> float | None:
    """Distance between two latitudes and longitudes [m], to the millimetre.

    None for points so nearly opposite that the method finds no end.
    """
    if from_deg == to_deg:
        return 0.0
    u1, u2 = (
        math.atan((1 - FLATTENING) * math.tan(math.radians(p[0]))) for p in (from_deg, to_deg)
    )
    difference = math.radians(to_deg[1] - from_deg[1])
    lambda_ = difference
    for _ in range(_ROUNDS_MAX):
        sin_sigma, cos_sigma, cos2_alpha, sin_alpha, cos_2m = _angles(u1, u2, lambda_)
        if sin_sigma == 0.0:
            return 0.0
        sigma = math.atan2(sin_sigma, cos_sigma)
        c = FLATTENING / 16 * cos2_alpha * (4 + FLATTENING * (4 - 3 * cos2_alpha))
        bend = sigma + c * sin_sigma * (cos_2m + c * cos_sigma * (-1 + 2 * cos_2m**2))
        before, lambda_ = lambda_, difference + (1 - c) * FLATTENING * sin_alpha * bend
        if abs(lambda_ - before) < _CLOSE_ENOUGH:
            return _along(sigma, sin_sigma, cos_sigma, cos2_alpha, cos_2m)
    return None


def _angles(u1: float, u2: float, lambda_: float) -> tuple[float, float, float, float, float]:
    sin_u1, cos_u1, sin_u2, cos_u2 = math.sin(u1), math.cos(u1), math.sin(u2), math.cos(u2)
    sin_l, cos_l = math.sin(lambda_), math.cos(lambda_)
    sin_sigma = math.hypot(cos_u2 * sin_l, cos_u1 * sin_u2 - sin_u1 * cos_u2 * cos_l)
    cos_sigma = sin_u1 * sin_u2 + cos_u1 * cos_u2 * cos_l
    if sin_sigma == 0.0:
        return 0.0, cos_sigma, 0.0, 0.0, 0.0
    sin_alpha = cos_u1 * cos_u2 * sin_l / sin_sigma
    cos2_alpha = 1 - sin_alpha**2
    # On the equator there is no middle to speak of.
    cos_2m = cos_sigma - 2 * sin_u1 * sin_u2 / cos2_alpha if cos2_alpha else 0.0
    return sin_sigma, cos_sigma, cos2_alpha, sin_alpha, cos_2m


def _along(
    sigma: float, sin_sigma: float, cos_sigma: float, cos2_alpha: float, cos_2m: float
) -> float:
    u2 = cos2_alpha * (A_M**2 - B_M**2) / B_M**2
    a = 1 + u2 / 16384 * (4096 + u2 * (-768 + u2 * (320 - 175 * u2)))
    b = u2 / 1024 * (256 + u2 * (-128 + u2 * (74 - 47 * u2)))
    third = b / 6 * cos_2m * (-3 + 4 * sin_sigma**2) * (-3 + 4 * cos_2m**2)
    delta = b * sin_sigma * (cos_2m + b / 4 * (cos_sigma * (-1 + 2 * cos_2m**2) - third))
    return round(B_M * a * (sigma - delta), 3)
