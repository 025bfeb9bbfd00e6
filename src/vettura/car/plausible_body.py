"""Whether mass, size and road load of a car file can be true."""

from collections.abc import Iterator

from vettura.car.finding import Facts, Finding, outside, warning
from vettura.car.plausible_battery import cathode_of
from vettura.car.road import REFERENCE_DENSITY
from vettura.units import GRAVITY_MPS2

BODY_KG_PER_M3 = (70.0, 135.0)
"""Kerb mass without battery over length times width times height: 85 (a pick-up with its bed) to
120 in the cars we ship."""
AREA_SHARE = (0.70, 0.90)
"""Frontal area over width times height; published pairs lie between 0.81 and 0.87."""
LABEL_RESISTANCE = (0.005, 0.013)
"""Of tyres on a real road: classes A to E of Regulation (EU) 2020/740 less and plus a tenth."""
COAST_DOWN_C_SHARE = 0.40
"""C may differ that much from the drag of the body, because B takes or gives."""
COAST_DOWN_A_SHARE = (0.004, 0.020)
"""A over the weight: tyres, bearings, brake pads."""
TEST_MASS_SHARE = (0.95, 1.25)
"""Test mass over kerb mass: EPA adds 136 kg and rounds up by class, and options weigh."""
PACK_MASS_SHARE = (0.08, 0.42)
"""Of the kerb mass, at the usual Wh/kg of the chemistry."""


def _mass(facts: Facts) -> Iterator[Finding]:
    kerb_kg, room_m3 = facts.number("body.kerb_mass_kg"), _box_m3(facts)
    pack_kg = _pack_kg(facts)
    if kerb_kg is None or pack_kg is None:
        return
    share = pack_kg / kerb_kg
    if outside(share, PACK_MASS_SHARE):
        yield warning(
            "battery.capacity_gross_wh",
            f"the pack would be {share:.0%} of the car's mass",
            "it weighs 8 to 42 % of an electric car",
            "look at the capacity (in Wh), the chemistry and kerb_mass_kg",
        )
    if room_m3 is not None and outside((kerb_kg - pack_kg) / room_m3, BODY_KG_PER_M3):
        yield warning(
            "body.kerb_mass_kg",
            f"{kerb_kg:g} kg with a battery of about {pack_kg:.0f} kg in {room_m3:.1f} m³",
            f"the rest of a car weighs {BODY_KG_PER_M3[0]:g} to {BODY_KG_PER_M3[1]:g} kg for each "
            "m³ of length times width times height",
            "look at the mass (ready to drive, no driver), the size and the capacity",
        )


def _box_m3(facts: Facts) -> float | None:
    sides = [facts.number(f"body.{side}_m") for side in ("length", "width", "height")]
    if sides[0] is None or sides[1] is None or sides[2] is None:
        return None
    return sides[0] * sides[1] * sides[2]


def _pack_kg(facts: Facts) -> float | None:
    gross_wh, cathode = facts.number("battery.capacity_gross_wh"), cathode_of(facts)
    return None if gross_wh is None or cathode is None else gross_wh / cathode.wh_per_kg


def _area(facts: Facts) -> Iterator[Finding]:
    area_m2 = facts.number("body.frontal_area_m2")
    width_m, height_m = facts.number("body.width_m"), facts.number("body.height_m")
    if area_m2 is None or width_m is None or height_m is None:
        return
    share = area_m2 / (width_m * height_m)
    if outside(share, AREA_SHARE):
        yield warning(
            "body.frontal_area_m2",
            f"{area_m2:g} m² is {share:.2f} of width times height",
            "of a car it is 0.70 to 0.90",
            "take the width without mirrors; 0.83 of width times height is a fair judgement",
        )


def _rolling(facts: Facts) -> Iterator[Finding]:
    share = facts.number("body.rolling_resistance")
    judged_alone = facts.number("body.coast_down.a_n") is None
    if share is not None and judged_alone and outside(share, LABEL_RESISTANCE):
        yield warning(
            "body.rolling_resistance",
            f"{share:g} of the weight",
            "car tyres on a real road take 0.005 to 0.013",
            "write newtons over newtons: 8 kg/t on the label are 0.008",
        )


def _coast_down(facts: Facts) -> Iterator[Finding]:
    c, drag = facts.number("body.coast_down.c_n_per_mps2"), facts.number("body.drag_coefficient")
    area_m2 = facts.number("body.frontal_area_m2")
    units = "look at the units: N, N/(m/s), N/(m/s)²"
    if c is not None and drag is not None and area_m2 is not None:
        expected = 0.5 * REFERENCE_DENSITY * drag * area_m2
        if abs(c / expected - 1.0) > COAST_DOWN_C_SHARE:
            yield warning(
                "body.coast_down.c_n_per_mps2",
                f"{c:g} where drag and frontal area give {expected:.3f}",
                "they differ by less than 40 %, as B takes or gives",
                units,
            )
    a_n, mass_kg = facts.number("body.coast_down.a_n"), facts.number("body.coast_down.test_mass_kg")
    if a_n is not None and mass_kg is not None:
        share = a_n / (mass_kg * GRAVITY_MPS2)
        if outside(share, COAST_DOWN_A_SHARE):
            yield warning(
                "body.coast_down.a_n",
                f"{a_n:g} N is {share:.4f} of the weight",
                "tyres and bearings take 0.004 to 0.020",
                units,
            )
    kerb_kg = facts.number("body.kerb_mass_kg")
    if kerb_kg is not None and mass_kg is not None and outside(mass_kg / kerb_kg, TEST_MASS_SHARE):
        yield warning(
            "body.coast_down.test_mass_kg",
            f"{mass_kg:g} kg for a car of {kerb_kg:g} kg",
            "a test adds 100 to 136 kg to the car with its options",
            "look whether the coast-down is of this car, and at kg and lb",
        )


BODY_CHECKS = (_mass, _area, _rolling, _coast_down)
