"""Whether battery and charging of a car file can be true."""

from collections.abc import Iterator
from itertools import pairwise

from vettura.car.chemistry import CHEMISTRIES, Chemistry, mean_v
from vettura.car.finding import Facts, Finding, outside, warning
from vettura.units import SECONDS_PER_HOUR

PACK_V = ((220.0, 460.0), (560.0, 960.0))
"""Open-circuit voltage in the middle: the 400 V class (240 V in small cars) and the 800 V class."""
PACK_AH = (40.0, 400.0)
NET_SHARE_MIN = 0.80
C_RATE_MAX = 5.0
"""Greatest DC power over net capacity: 5.2 C is the most that a maker claimed by 2025."""
TEN_TO_EIGHTY_MIN = (10.0, 90.0)
ONE_PHASE_W_MAX, PHASE_W_MAX = 19_200.0, 14_600.0
"""80 A at 240 V (SAE J1772) on one phase; 63 A at 230 V (IEC 62196) on each of several."""


def cathode_of(facts: Facts) -> Chemistry | None:
    """What the cathode named in the file decides; None when it names none that we know."""
    return CHEMISTRIES.get(facts.text("battery.chemistry") or "")


def _pack(facts: Facts) -> Iterator[Finding]:
    cells, cathode = facts.number("battery.cells_in_series"), cathode_of(facts)
    gross_wh = facts.number("battery.capacity_gross_wh")
    if cells is None or cathode is None:
        return
    volts = cells * mean_v(cathode.cell_v)
    if all(outside(volts, bounds) for bounds in PACK_V):
        yield warning(
            "battery.cells_in_series",
            f"{cells:g} cells of this chemistry give {volts:.0f} V",
            "packs are of the 400 V class (220 to 460 V) or the 800 V class (560 to 960 V)",
            "count the cells one after another, not those side by side",
        )
    elif gross_wh is not None and outside(gross_wh / volts, PACK_AH):
        yield warning(
            "battery.capacity_gross_wh",
            f"{gross_wh / volts:.0f} Ah at {volts:.0f} V",
            f"packs of cars hold {PACK_AH[0]:g} to {PACK_AH[1]:g} Ah",
            "look at the capacity and the cells in series",
        )


def _capacity(facts: Facts) -> Iterator[Finding]:
    gross_wh = facts.number("battery.capacity_gross_wh")
    net_wh = facts.number("battery.capacity_net_wh")
    if gross_wh is None or net_wh is None:
        return
    if net_wh > gross_wh:
        yield Finding(
            "error",
            "battery.capacity_net_wh",
            f"{net_wh:g} exceeds capacity_gross_wh {gross_wh:g}",
            "net is the part that the driver can use",
            "exchange or mend them",
        )
    elif net_wh < NET_SHARE_MIN * gross_wh:
        yield warning(
            "battery.capacity_net_wh",
            f"only {net_wh / gross_wh:.0%} of capacity_gross_wh",
            "cars keep back a fifth at most",
            "look whether both are of the same battery",
        )


def _dc(facts: Facts) -> Iterator[Finding]:
    at, power_w = facts.numbers("charging.dc_curve.at"), facts.numbers("charging.dc_curve.value")
    net_wh = facts.number("battery.capacity_net_wh")
    if net_wh is None or len(at) != len(power_w) or len(at) < 2:
        return
    peak = max(power_w) / net_wh
    if peak > C_RATE_MAX:
        yield warning(
            "charging.dc_curve",
            f"{max(power_w):g} W into {net_wh:g} Wh are {peak:.1f} C",
            f"no cell takes more than {C_RATE_MAX:g} C",
            "look at W and kW, and whether the curve is of this battery",
        )
    minutes = _minutes(at, power_w, net_wh)
    if outside(minutes, TEN_TO_EIGHTY_MIN):
        yield warning(
            "charging.dc_curve",
            f"{minutes:.0f} minutes from 10 to 80 %",
            "cars take 10 to 90",
            "look at W and kW, and whether the curve is of this battery",
        )


def _minutes(at: list[float], power_w: list[float], net_wh: float) -> float:
    """From 10 to 80 % by the curve, in steps of half a percent."""
    grid = [0.1025 + 0.005 * step for step in range(140)]
    hours = sum(0.005 * net_wh / max(_between(at, power_w, soc), 1.0) for soc in grid)
    return hours * SECONDS_PER_HOUR / 60.0


def _between(at: list[float], value: list[float], soc: float) -> float:
    """The curve at `soc`, held at both ends."""
    for (left, low), (right, high) in pairwise(zip(at, value, strict=True)):
        if left <= soc <= right:
            return low + (high - low) * (soc - left) / (right - left)
    return value[0] if soc < at[0] else value[-1]


def _ac(facts: Facts) -> Iterator[Finding]:
    power_w, phases = facts.number("charging.ac_power_max_w"), facts.number("charging.ac_phases")
    if power_w is None or phases is None:
        return
    most_w = ONE_PHASE_W_MAX if phases == 1.0 else PHASE_W_MAX * phases
    if power_w > most_w:
        yield warning(
            "charging.ac_power_max_w",
            f"{power_w:g} W on {phases:g} phases",
            f"an AC plug gives {most_w:g} W there at most",
            "DC power belongs into dc_curve",
        )


BATTERY_CHECKS = (_pack, _capacity, _dc, _ac)
