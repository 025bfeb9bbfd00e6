"""How sure a predicted trip energy is: what cannot be known of a trip beforehand, in quadrature."""

from statistics import NormalDist
from typing import NamedTuple

from vettura.car.spec import CarSpec
from vettura.units import M_PER_KM


class Doubt(NamedTuple):
    """What is not known of a car: relative standard deviations of the energy that drives it."""

    rolling: float
    """Tyres, road surface and wetness."""
    drag: float
    """The car's own drag, and the wind of the day."""
    losses: float
    """Motor, inverter and gear."""
    load: float
    """People and luggage."""


FROM_SPEC = Doubt(rolling=0.045, drag=0.040, losses=0.025, load=0.020)
"""From public figures alone. Rolling: a class of the EU tyre label is ±8 % wide and surfaces differ
by 10 % (Sandberg, MIRIAM 2011), on 40 % of the energy. Drag: ±1.5 m/s of headwind at 15 m/s change
20 % on a third of it, half of which turns with the way back; drafting and roof loads. Losses: ±18 %
of a seventh. Load: ±75 kg of 1,500 on the 40 % that goes with mass."""
CALIBRATED = Doubt(rolling=0.025, drag=0.035, losses=0.010, load=0.010)
"""After measured trips of the same car: its tyres and losses are known, the road's wetness, the
wind and the passengers of the day are not."""

SHORT = 0.035
"""What lights, traffic and slopes that no map knows do to a trip of SHORT_M; it averages out with
the root of the way."""
SHORT_M = 10_000.0
CLIMATE_MODELLED, CLIMATE_MEASURED = 0.40, 0.10
"""Of the energy of heater and compressor: the people's wish, the sun and the cabin at the start are
not known; measured channels over-read by up to that on the BMW i3's trips."""
LEAST_WH_PER_KM = 60.0
"""What is driven down a mountain is no surer than the same way in the plain."""


def energy_interval(
    energy_wh: float,
    *,
    distance_m: float,
    climate_wh: float,
    climate_measured: bool,
    doubt: Doubt = FROM_SPEC,
    level: float = 0.8,
) -> tuple[float, float]:
    """Energies [Wh] between which the truth lies with probability `level` (0 to 1, both excluded).

    `climate_wh` of `energy_wh` went to heater and compressor. Independent causes add in quadrature;
    the constants are universal. Their level was set with 29 trips of a BMW i3 in view, four in five
    of which they hold at 80 %; trips that nobody has looked at are the judge.
    """
    driving_wh = max(abs(energy_wh - climate_wh), LEAST_WH_PER_KM * distance_m / M_PER_KM)
    short_wh = SHORT * driving_wh * (SHORT_M / max(distance_m, 0.1 * SHORT_M)) ** 0.5
    air = CLIMATE_MEASURED if climate_measured else CLIMATE_MODELLED
    causes_wh = (*(share * driving_wh for share in doubt), short_wh, air * climate_wh)
    sigma_wh = sum(wh * wh for wh in causes_wh) ** 0.5
    half_wh = NormalDist().inv_cdf(0.5 + 0.5 * level) * sigma_wh
    return energy_wh - half_wh, energy_wh + half_wh


CYCLE_SIGMA = {
    "coast-down": 0.038,
    "drag and tyres": 0.060,
    "estimated": 0.080,
    "calibrated": 0.030,
}
"""Relative standard deviation of the energy over a cycle, where driver, load and weather are set,
by where the road load comes from. Coast-down: what the model missed EPA's 2022 list by, makers left
out. Without one, the tyres' class (±8 %, on 40 % of the energy), the drag or an area that is judged
(5 to 8 %, on 40 %) and the brakes' and bearings' drag come on top."""


def road_load_of(spec: CarSpec) -> str:
    """Where a car's road load comes from, as CYCLE_SIGMA has it."""
    body = spec.body
    if body.coast_down is not None:
        return "coast-down"
    judged = (body.drag_coefficient, body.frontal_area_m2, body.rolling_resistance)
    return "estimated" if any(figure.estimate for figure in judged) else "drag and tyres"


def cycle_interval(
    energy: float, *, road_load: str, climate: float = 0.0, level: float = 0.8
) -> tuple[float, float]:
    """Energies over a cycle between which the truth lies with probability `level`.

    `climate` of `energy` (same unit) went to heater and compressor, as modelled.
    """
    driving = CYCLE_SIGMA[road_load] * (energy - climate)
    sigma = (driving * driving + (CLIMATE_MODELLED * climate) ** 2) ** 0.5
    half = NormalDist().inv_cdf(0.5 + 0.5 * level) * sigma
    return energy - half, energy + half
