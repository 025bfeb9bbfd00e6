"""What a charge cost, and what it had cost at full power from the first minute. Pure.

What a car takes while the house takes from the grid is laid to the grid, up to all that the house
takes: without the car it had not been taken. The rest is sun, and costs what its export had paid.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

from vettura.energy.bill_curve import BUCKET_NS, Energies, bucket_of
from vettura.units import NS_PER_S, SECONDS_PER_HOUR

ROUND_TRIP = 0.8
"""Of what goes into a car and comes out again for the house. Our judgement, on the low side of a
charger's 0.9 each way, so that nothing is claimed as saved that may not be."""


class Price(NamedTuple):
    """What energy costs at one time, per Wh; carbon [g/Wh] is 0 when nobody knows."""

    import_per_wh: float
    export_per_wh: float
    carbon_g_per_wh: float = 0.0


class Around(NamedTuple):
    """The house in a bucket [Wh], all stations together."""

    import_wh: float
    export_wh: float
    stations_wh: float


class Costs(NamedTuple):
    """What a charge comes to."""

    sun_wh: float
    cost: float
    carbon_g: float


PriceAt: TypeAlias = Callable[[int], Price]
"""The price in a bucket."""


def grid_share(around: Around | None) -> float:
    """The share of what stations take in a bucket that comes from the grid; all, if unknown."""
    if around is None or around.stations_wh <= 0.0:
        return 1.0
    return min(1.0, max(0.0, around.import_wh) / around.stations_wh)


def cost_of(
    charged: Energies, given: Energies, around: Mapping[int, Around], price: PriceAt
) -> Costs:
    """What the charge cost; what was given is worth what the house had paid for it."""
    sun_wh = cost = carbon_g = 0.0
    for bucket in sorted(charged):
        grid_wh = charged[bucket] * grid_share(around.get(bucket))
        paid = price(bucket)
        sun_wh += charged[bucket] - grid_wh
        cost += grid_wh * paid.import_per_wh
        cost += (charged[bucket] - grid_wh) * paid.export_per_wh
        carbon_g += grid_wh * paid.carbon_g_per_wh
    for bucket in sorted(given):
        paid = price(bucket)
        cost -= given[bucket] * paid.import_per_wh
        carbon_g -= given[bucket] * paid.carbon_g_per_wh
    return Costs(sun_wh, cost, carbon_g)


def plugged(
    energy_wh: float,
    start_ns: int,
    around: Mapping[int, Around],
    price: PriceAt,
    *,
    power_w: float,
) -> Costs:
    """What that energy costs at that power [W] from the first minute on."""
    sun_wh = cost = carbon_g = 0.0
    left_wh, time_ns = energy_wh, start_ns
    while left_wh > 1e-9:
        bucket = bucket_of(time_ns)
        until_ns = (bucket + 1) * BUCKET_NS
        most_wh = power_w * (until_ns - time_ns) / NS_PER_S / SECONDS_PER_HOUR
        taken_wh = min(left_wh, most_wh)
        grid_wh = max(0.0, taken_wh - _spare_wh(around.get(bucket)))
        paid = price(bucket)
        sun_wh += taken_wh - grid_wh
        cost += grid_wh * paid.import_per_wh + (taken_wh - grid_wh) * paid.export_per_wh
        carbon_g += grid_wh * paid.carbon_g_per_wh
        left_wh -= taken_wh
        time_ns = until_ns
    return Costs(sun_wh, cost, carbon_g)


def _spare_wh(around: Around | None) -> float:
    """What the house had exported in a bucket without any car."""
    if around is None:
        return 0.0
    of_sun_wh = around.stations_wh * (1.0 - grid_share(around))
    return max(0.0, around.export_wh) + of_sun_wh
