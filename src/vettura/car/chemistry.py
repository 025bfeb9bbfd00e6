"""What a cell's electrodes decide, and a pack made of such cells."""

from typing import NamedTuple

from vettura.car.battery import EMPTY_KNEE, FULL_KNEE
from vettura.car.params import Ocv, PackParams
from vettura.units import SECONDS_PER_HOUR

EMPTY_BUFFER_SHARE = 0.6
"""Of the capacity that the driver cannot use, what lies below 0 % on the display."""
PACK_J_PER_KG_K, PACK_UA_W_PER_K_KG = 1_000.0, 0.025
"""Heat of a finished pack, about its cells' own; its loss to the air: a time constant of 11 h."""
CONDITIONING_W_PER_WH = 0.03
"""Electric power for cooling or heating the battery over its capacity: 2 to 3 kW for a big one."""


class Chemistry(NamedTuple):
    """What a cell's electrodes decide."""

    cell_v: Ocv
    """Open-circuit voltage of one cell."""
    ohmic_h: float
    pair_h: float
    """Resistance over V²/Wh at 25 °C [h]: what answers at once, and the RC pair's."""
    pair_activated: float
    """Share of the pair's resistance at 25 °C that is charge transfer."""
    wh_per_kg: float
    """Of a finished pack."""


CHEMISTRIES = {
    "nmc": Chemistry(
        Ocv(
            3.35233, 1.83701, -2.63307, -15.29384, 71.10302, -113.2556, 81.7665, -22.75235,
            0.4528, 0.04708,
        ),
        0.0123, 0.0127, 0.265, 145.0,
    ),
    "nmc_lmo": Chemistry(
        Ocv(
            2.82723, 13.63235, -100.53677, 415.05813, -963.66241, 1255.27706, -854.37605,
            236.10203, -0.03354, -0.14247,
        ),
        0.0123, 0.0127, 0.265, 130.0,
    ),
    "nca": Chemistry(
        Ocv(
            3.18539, 3.1569, -7.20246, -12.12528, 93.39807, -173.1512, 138.88801, -42.08355,
            0.34457, 0.10944,
        ),
        0.0113, 0.0116, 0.265, 155.0,
    ),
    "lfp": Chemistry(
        Ocv(
            2.85436, 5.52351, -32.63061, 103.95202, -186.1673, 188.59305, -101.21537, 22.42135,
            0.51191, 0.13144,
        ),
        0.0130, 0.0134, 0.265, 125.0,
    ),
    "lmo": Chemistry(
        Ocv(
            2.90484, 13.53936, -94.54035, 363.26141, -788.21907, 965.57339, -622.04354,
            163.76228, -0.02581, -0.05348,
        ),
        0.0145, 0.0242, 0.05, 120.0,
    ),
}  # fmt: skip
"""Voltages: NMC (Ecker et al., J. Electrochem. Soc. 162, 2015), NCA (Kim et al. 2011) and LFP
(Prada et al. 2013) read off published low-rate curves to about 20 mV, the polynomials within 8 mV
of that (LFP: 13); LMO from the rests and currents of ORNL's Leaf cell tests (doi
10.5281/zenodo.2580327); NMC with spinel in its cathode from voltage, current, temperature and
charge of a BMW i3's trips (doi 10.21227/6jr9-5235, 20 to 87 %; the ends as LMO's).

Resistances: LMO's from the pulses of 10 and 30 s and the discharges at 1C and 3C of the same Leaf
cell, least squares over both; NMC's from the same trips of the i3 (77 mΩ at once and 80 mΩ in the
pair, of a 368 V, 21.6 kWh pack); NCA and LFP relative to NMC. Where 10 and 25 °C of the Leaf cell
and -1 to 30 °C of the i3 were fitted alone, the activated share of the ohmic part came out
alike, so that one stands for all (`battery.ACTIVATED`)."""


def mean_v(ocv: Ocv) -> float:
    """Open-circuit voltage, mean over charge from 0 to 1: the integral of `battery.open_circuit_v`.

    The corners, k·(distance over width)ⁿ, leave k·width/(n + 1).
    """
    powers = ocv[: len(ocv) - 2]
    middle = sum(factor / (power + 1) for power, factor in enumerate(powers))
    return middle - ocv.empty_v * EMPTY_KNEE / 3.0 + ocv.full_v * (1.0 - FULL_KNEE) / 4.0


def pack_params(
    chemistry: Chemistry,
    *,
    cells_in_series: int,
    gross_wh: float,
    net_wh: float,
    discharge_power_max_w: float,
    charge_power_max_w: float,
) -> PackParams:
    """A new pack of `gross_wh` [Wh], of which the driver can use `net_wh`."""
    hidden = 1.0 - net_wh / gross_wh
    ocv_v = Ocv(*(cells_in_series * factor for factor in chemistry.cell_v))
    nominal_v = mean_v(ocv_v)
    capacity_c = gross_wh / nominal_v * SECONDS_PER_HOUR
    pack_kg = gross_wh / chemistry.wh_per_kg
    return PackParams(
        capacity_c=capacity_c,
        soc_per_c=1.0 / capacity_c,
        soc_empty=EMPTY_BUFFER_SHARE * hidden,
        soc_full=1.0 - (1.0 - EMPTY_BUFFER_SHARE) * hidden,
        ocv_v=ocv_v,
        resistance_ohm=chemistry.ohmic_h * nominal_v * nominal_v / gross_wh,
        polarisation_ohm=chemistry.pair_h * nominal_v * nominal_v / gross_wh,
        polarisation_activated=chemistry.pair_activated,
        discharge_power_max_w=discharge_power_max_w,
        charge_power_max_w=charge_power_max_w,
        degc_per_j=1.0 / (PACK_J_PER_KG_K * pack_kg),
        ua_w_per_k=PACK_UA_W_PER_K_KG * pack_kg,
        cooling_w=CONDITIONING_W_PER_WH * gross_wh,
        heating_w=CONDITIONING_W_PER_WH * gross_wh,
    )
