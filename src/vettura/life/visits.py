"""How often people go where on which day of the week."""

from collections.abc import Callable
from typing import NamedTuple

from vettura.life.places import Place


class Leg(NamedTuple):
    """One drive of a date, by the clock at home."""

    leave_s: float
    """After midnight."""
    place: Place
    purpose: str


def shop_weight(weekday: int) -> float:
    """How likely a shop is on that day of the week (0 Monday), relative to the others."""
    return {5: 2.0, 6: 0.3}.get(weekday, 1.0)


def leisure_weight(weekday: int) -> float:
    """How likely leisure is on that day of the week (0 Monday), relative to the others."""
    return {4: 1.0, 5: 2.0, 6: 2.0}.get(weekday, 0.25)


def weekly_chance(per_week: float, weekday: int, weight: Callable[[int], float]) -> float:
    """Chance of going on that day when `per_week` visits are spread over a week by `weight`.

    At most 1; what a day cannot take goes to the other days, up to one visit a day.
    """
    weights = [weight(day) for day in range(7)]
    low, high = 0.0, 7.0 / min(weights)
    for _ in range(40):
        scale = 0.5 * (low + high)
        reached = sum(min(1.0, scale * share) for share in weights)
        low, high = (scale, high) if reached < per_week else (low, scale)
    return min(1.0, high * weights[weekday])
