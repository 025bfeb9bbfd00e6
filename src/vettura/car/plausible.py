"""Whether a car file can be true: its figures against each other and against physics.

Every check looks only at figures that are there, so a file however incomplete is answered in full.
The bounds hold for every electric car we ship, with some room; each says what it rests on.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from vettura.car.finding import Facts, Finding, warning
from vettura.car.plausible_battery import BATTERY_CHECKS
from vettura.car.plausible_body import BODY_CHECKS
from vettura.car.plausible_drive import DRIVE_CHECKS
from vettura.car.shape import find_malformed, find_unsourced
from vettura.car.spec import CarSpec
from vettura.car.trial import SPRINT_S_MAX, sprint_s, wall_wh_per_km
from vettura.car.trip import Trip

SPRINT_TOLERANCE, CONSUMPTION_TOLERANCE = 0.25, 0.25
"""The cars we ship lie within 19 % and 18 % of what was published."""
CYCLE_OF = {
    "wltp_wh_per_km": "wltc3b",
    "epa_udds_wall_wh_per_km": "udds",
    "epa_hwfet_wall_wh_per_km": "hwfet",
}
"""Published consumption at the wall, and the cycle it was measured on."""
RESULTS = (
    *CYCLE_OF,
    *("nedc_wh_per_km", "nedc_range_km", "wltp_range_km", "cltc_range_km"),
    *("zero_to_100_kmh_s", "top_speed_kmh"),
)
"""The names of published results that we know."""

Check = Callable[[Facts], Iterator[Finding]]


def check_car(tree: Mapping[str, Any], cycles: Mapping[str, Trip]) -> list[Finding]:
    """Everything that is missing, implausible or inconsistent in a car file, errors first.

    `cycles` are those to drive for the consumption (`CYCLE_OF` names them); a file that cannot be
    driven yet is checked as far as it goes.
    """
    malformed = find_malformed(tree)
    faulty = frozenset(finding.figure for finding in malformed)
    facts = Facts(tree, faulty)
    doubtful = [finding for check in CHECKS for finding in check(facts)]
    driven: list[Finding] = []
    if not malformed and not any(finding.severity == "error" for finding in doubtful):
        spec = msgspec.convert(tree, CarSpec)
        driven = [*_sprint(spec), *_consumption(spec, cycles)]
    found = [*malformed, *find_unsourced(tree), *doubtful, *driven]
    return sorted(found, key=lambda finding: finding.severity)


def _results(facts: Facts) -> Iterator[Finding]:
    for name in ("top_speed_kmh", "zero_to_100_kmh_s"):
        if facts.number(f"published.{name}") is None:
            yield warning(
                f"published.{name}",
                "missing",
                "gear, power and mass are checked by it",
                "add it with its source",
            )
    for name in facts.names("published"):
        if name not in RESULTS:
            yield warning(
                f"published.{name}",
                "not a result that we know",
                "nothing is compared with it",
                f"known are {', '.join(RESULTS)}",
            )


def _sprint(spec: CarSpec) -> Iterator[Finding]:
    published = spec.published.get("zero_to_100_kmh_s")
    if published is None:
        return
    ours_s = sprint_s(spec)
    if abs(ours_s / published.value - 1.0) > SPRINT_TOLERANCE:
        took = f"{ours_s:.1f} s" if ours_s < SPRINT_S_MAX else "no end"
        yield warning(
            "published.zero_to_100_kmh_s",
            f"{published.value:g} s, but by its figures the car takes {took}",
            f"power, torque, gear and mass give it within {SPRINT_TOLERANCE:.0%}",
            "look at drive.power_max_w, torque_max_nm, gear_ratio and kerb_mass_kg",
        )


def _consumption(spec: CarSpec, cycles: Mapping[str, Trip]) -> Iterator[Finding]:
    for name, cycle in CYCLE_OF.items():
        published = spec.published.get(name)
        if published is None or cycle not in cycles:
            continue
        ours = wall_wh_per_km(spec, cycles[cycle])
        if abs(ours / published.value - 1.0) > CONSUMPTION_TOLERANCE:
            yield warning(
                f"published.{name}",
                f"{published.value:g} Wh/km, but by its figures the car takes {ours:.0f} Wh/km",
                f"road load and motors give it within {CONSUMPTION_TOLERANCE:.0%}, at the wall",
                "look at mass, drag, tyres and coast-down, and at Wh/km and kWh/100 km",
            )


CHECKS: tuple[Check, ...] = (*BODY_CHECKS, *DRIVE_CHECKS, *BATTERY_CHECKS, _results)
