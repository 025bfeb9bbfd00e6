"""Which channels of a measured trip contradict each other, and so cannot be used."""

from itertools import pairwise
from statistics import fmean

from vettura.drive.measured import MeasuredTrip
from vettura.units import SECONDS_PER_HOUR, W_PER_KW, WH_PER_KWH

CLIMATE_SHARE_MAX = 0.9
"""No trip gives more than this of its energy to heater and compressor: something must drive."""
STANDING_MPS = 0.1
STANDING_S = 60
STANDING_EXCESS_W = 1_000.0
"""A standing car's pack feeds its climate and its 12 V side; a climate that claims this much more
than the pack gives is not the climate of this car."""
HEATING_W, HEATING_S, WARM_DEGC = 3_000.0, 600, 20.0
"""Full heating for ten minutes in warm air: no cabin bears it (a car's loss is below 100 W/K)."""


def climate_fault(trip: MeasuredTrip) -> str:
    """Why the measured power of heater and compressor cannot be true; empty when it can.

    Judged by cause, never by how well a model does: against the energy that the pack gave, against
    the power of the standing car, and against the air outside where neither was logged.
    """
    climate_w = trip.climate_w
    if climate_w is None:
        return ""
    return _beyond_energy(trip, climate_w) or _beyond_standing(trip, climate_w) or _beyond_air(trip)


def _beyond_energy(trip: MeasuredTrip, climate_w: list[float]) -> str:
    drawn_wh = trip.energy_wh
    climate_wh = sum(climate_w) / SECONDS_PER_HOUR
    if drawn_wh is None or drawn_wh <= 0.0 or climate_wh <= CLIMATE_SHARE_MAX * drawn_wh:
        return ""
    return (
        f"heater and compressor sum to {climate_wh / WH_PER_KWH:.1f} of the "
        f"{drawn_wh / WH_PER_KWH:.1f} kWh that the pack gave in all"
    )


def _beyond_standing(trip: MeasuredTrip, climate_w: list[float]) -> str:
    power_w = trip.power_w
    if power_w is None:
        return ""
    excess_w = [
        climate_w[k] - power_w[k]
        for k, (before, now) in enumerate(pairwise(trip.speed_mps), start=1)
        if max(before, now) < STANDING_MPS
    ]
    if len(excess_w) < STANDING_S or fmean(excess_w) <= STANDING_EXCESS_W:
        return ""
    return (
        f"while the car stands, heater and compressor log {fmean(excess_w) / W_PER_KW:.1f} kW "
        "more than the pack gives"
    )


def _beyond_air(trip: MeasuredTrip) -> str:
    if trip.heating_w is None or trip.ambient_degc is None:
        return ""
    pairs = zip(trip.heating_w, trip.ambient_degc, strict=True)
    hot_s = sum(heat > HEATING_W and air > WARM_DEGC for heat, air in pairs)
    if hot_s < HEATING_S:
        return ""
    return f"the heater logs over {HEATING_W / W_PER_KW:g} kW for {hot_s} s in warm air"
