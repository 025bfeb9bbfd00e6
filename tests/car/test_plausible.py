"""A look at a car file finds everything at once: each check fires, and our own cars are clean."""

import tomllib
from copy import deepcopy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from make import ALL_CARS
from vettura.car.catalogue import car_bytes, load_car
from vettura.car.plausible import CYCLE_OF, RESULTS, check_car
from vettura.car.trial import sprint_s
from vettura.drive.cycles import load_cycle

CYCLES = {cycle: load_cycle(cycle) for cycle in CYCLE_OF.values()}
LEAF = tomllib.loads(car_bytes("nissan-leaf-40kwh").decode())
E_TRON = tomllib.loads(car_bytes("audi-e-tron-55").decode())


def doctored(path, value, tree=LEAF):
    """A copy of the file with one leaf changed; None takes it out."""
    copy = deepcopy(tree)
    *way, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    node = copy
    for step in way:
        node = node[step]
    if value is None:
        del node[last]
    else:
        node[last] = value
    return copy


def figures(tree):
    return {finding.figure for finding in check_car(tree, CYCLES)}


@pytest.mark.parametrize("car", ALL_CARS)
def test_a_car_we_ship_is_clean(car):
    assert check_car(tomllib.loads(car_bytes(car).decode()), CYCLES) == []


@pytest.mark.parametrize(
    ("path", "value", "where", "says"),
    [
        ("body/kerb_mass_kg/value", 700.0, "body.kerb_mass_kg", "battery of about 276 kg"),
        ("body/kerb_mass_kg/value", 7000.0, "body.kerb_mass_kg.value", "<= 5000"),
        ("body/kerb_mass_kg/value", "1580 kg", "body.kerb_mass_kg.value", "`float`"),
        ("body/frontal_area_m2/value", 2.75, "body.frontal_area_m2", "1.00 of width"),
        ("body/coast_down/c_n_per_mps2", 0.2, "body.coast_down.c_n_per_mps2", "give 0.38"),
        ("body/coast_down/a_n", 25.9, "body.coast_down.a_n", "0.0015 of the weight"),
        ("body/coast_down/test_mass_kg", 3875.0, "body.coast_down.test_mass_kg", "1580 kg"),
        ("battery/capacity_gross_wh/value", 200_000, "battery.capacity_gross_wh", "% of the car"),
        ("battery/capacity_net_wh/value", 41_000, "battery.capacity_net_wh", "exceeds"),
        ("battery/capacity_net_wh/value", 24_000, "battery.capacity_net_wh", "60%"),
        ("battery/cells_in_series/value", 132, "battery.cells_in_series", "494 V"),
        ("battery/cells_in_series/value", 280, "battery.cells_in_series", "1048 V"),
        ("charging/dc_curve/value", [41e3, 250e3, 36e3, 15e3], "charging.dc_curve", "6.6 C"),
        ("charging/dc_curve/value", [41, 45, 36, 15], "charging.dc_curve", "minutes"),
        ("charging/dc_curve/at", [0, 62, 65, 100], "charging.dc_curve", "not percent"),
        ("charging/ac_power_max_w/value", 22_000, "charging.ac_power_max_w", "on 1 phases"),
        ("drive/power_max_w/value", 147_000, "drive.power_max_w", "motors have 110000 W"),
        ("drive/regen_power_max_w/value", 147_000, "drive.regen_power_max_w", "110000 W"),
        ("drive/wheels/value", "all", "drive.wheels", "motors on front"),
        ("motors/0/torque_max_nm/value", 2600, "motors[0].torque_max_nm", "404 rpm"),
        ("motors/0/gear_ratio/value", 4.1, "motors[0].gear_ratio", "turns at 5101 rpm"),
        ("published/top_speed_kmh", None, "published.top_speed_kmh", "missing"),
        ("published/zero_to_100_kmh_s/value", 4.0, "published.zero_to_100_kmh_s", "takes 8.0 s"),
        ("published/epa_udds_wall_wh_per_km/value", 190, "published.epa_udds_wall_wh_per_km", ""),
        ("published/epa_city", {"value": 1, "source": "epa"}, "published.epa_city", "epa_udds"),
        ("body/kerb_mass_lb", {"value": 1}, "body.kerb_mass_lb", "did you mean 'kerb_mass_kg'"),
        ("boddy", {}, "boddy", "did you mean 'body'"),
        ("battery/chemistry/value", "lead", "battery.chemistry.value", "lead"),
        ("battery/chemistry/source", "nisan", "battery.chemistry", "did you mean 'nissan'"),
        ("battery/chemistry/source", None, "battery.chemistry.source", "missing"),
        ("body/frontal_area_m2/estimate", False, "body.frontal_area_m2", "judged but not marked"),
        ("sources/hearsay", "a friend", "sources.hearsay", "not used"),
        ("motors", [], "motors", "length"),
        ("body", 5, "body", "not a table"),
    ],
)
def test_each_check_fires(path, value, where, says):
    found = check_car(doctored(path, value), CYCLES)
    assert [str(finding) for finding in found if finding.figure == where and says in str(finding)]


def test_rolling_resistance_counts_where_no_coast_down_is_given():
    tree = doctored("body/coast_down", None)
    tree["body"]["rolling_resistance"]["value"] = 0.02
    assert "body.rolling_resistance" in figures(tree)


def test_two_motors_on_one_axle_are_told_to_be_one():
    assert "drive.wheels" in figures(doctored("motors/1/axle/value", "rear", E_TRON))


def test_an_empty_file_is_told_every_figure_it_lacks():
    found = check_car({}, CYCLES)
    missing = {finding.figure for finding in found if finding.what == "missing"}
    needed = {
        f"{part}.{key}"
        for part in ("body", "drive", "battery", "climate", "charging")
        for key in LEAF[part]
        if key not in ("coast_down", "dc_curve", "dc_discharge_power_max_w")
    }
    assert needed <= missing
    assert {f"motors[0].{key}" for key in LEAF["motors"][0]} <= missing
    assert {"id", "charging.dc_curve.at", "published.top_speed_kmh"} <= missing


def test_many_mistakes_are_found_in_one_run_and_errors_come_first():
    tree = doctored("body/kerb_mass_kg", None)
    tree["battery"]["capacity_net_wh"]["value"] = 41_000
    tree["charging"]["ac_power_max_w"]["value"] = 45_000
    tree["motors"][0]["gear_ratio"]["source"] = "hearsay"
    found = check_car(tree, CYCLES)
    assert [finding.figure for finding in found] == [
        "body.kerb_mass_kg",
        "motors[0].gear_ratio",
        "battery.capacity_net_wh",
        "charging.ac_power_max_w",
    ]
    assert [finding.severity for finding in found] == ["error"] * 3 + ["warning"]


def test_a_figure_that_cannot_be_read_is_named_once():
    assert len(check_car(doctored("body/width_m/value", 178.8), CYCLES)) == 1


def test_a_weak_car_never_reaches_100_and_the_check_says_so():
    tree = doctored("motors/0/torque_max_nm/value", 30)
    tree["drive"]["power_max_w"]["value"] = 6_000
    tree["motors"][0]["power_max_w"]["value"] = 6_000
    tree["drive"]["regen_power_max_w"]["value"] = 6_000
    assert "no end" in " ".join(str(finding) for finding in check_car(tree, CYCLES))


def test_both_axles_count_in_the_sprint():
    assert sprint_s(load_car("xiaomi-su7-max")) < 0.6 * sprint_s(load_car("xiaomi-su7"))


def test_every_published_result_we_ship_has_a_name_we_know():
    names = {name for car in ALL_CARS for name in load_car(car).published}
    assert names <= set(RESULTS)


anything = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(
    part=st.sampled_from(sorted(LEAF)),
    key=st.sampled_from(
        sorted({k for v in LEAF.values() if isinstance(v, dict) for k in v} | {"axle", "value"})
    ),
    value=anything,
    deep=st.booleans(),
)
def test_nonsense_is_answered_and_never_a_crash(part, key, value, deep):
    tree = deepcopy(LEAF)
    if deep and isinstance(tree[part], dict):
        tree[part][key] = value
    else:
        tree[part] = value
    check_car(tree, {})
