"""evcc's requests: accepted as they are, and never answered worse than by evcc's optimiser."""

import json
from importlib.util import module_from_spec, spec_from_file_location

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.evcc_requests import draw_request
from make import ROOT, SHARED
from vettura.energy.evcc import Response, read_request
from vettura.energy.evcc_answer import GAP, answer, best_flows
from vettura.energy.evcc_value import (
    broken_rules,
    flows_of,
    full_value,
    reported_value,
    terms_of,
)
from vettura.errors import InputError

CASES = sorted((SHARED / "data" / "evcc_optimizer_cases").glob("*.json"))
CENT = 0.01
needs_cases = pytest.mark.skipif(not CASES, reason="no evcc cases in ../shared/data")


def bench(name):
    spec = spec_from_file_location(name, ROOT / "bench" / f"{name}.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def flows(request, terms, batteries):
    return flows_of(
        request,
        terms,
        tuple(np.array(b["charging_power"]) for b in batteries),
        tuple(np.array(b["discharging_power"]) for b in batteries),
    )


@needs_cases
@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_no_answer_is_worth_less_than_the_expected_one(path):
    case = json.loads(path.read_text("utf-8"))
    request = read_request(json.dumps(case["request"]).encode())
    expected = case["expected_response"]
    terms = terms_of(request)
    theirs = flows(request, terms, expected["batteries"])
    assert broken_rules(request, terms, theirs) == []
    assert reported_value(request, terms, theirs) == pytest.approx(
        expected["objective_value"], abs=CENT
    )
    response = msgspec.to_builtins(answer(request))
    ours = flows(request, terms, response["batteries"])
    assert broken_rules(request, terms, ours) == []
    assert full_value(request, terms, ours) >= full_value(request, terms, theirs) - CENT
    assert response["objective_value"] >= expected["objective_value"] - CENT
    assert response["objective_value"] == pytest.approx(reported_value(request, terms, ours))
    assert set(response) >= set(expected)
    for name in ("grid_import", "grid_export", "flow_direction"):
        assert len(response[name]) == len(expected[name])


@pytest.mark.filterwarnings("ignore::DeprecationWarning:pulp")  # of PuLP 4, which is not out
@settings(max_examples=8, deadline=None, derandomize=True)
@given(st.integers(0, 10_000))
def test_a_drawn_request_is_answered_as_well_as_by_whole_numbers(seed):
    pytest.importorskip("pulp", reason="pulp comes with `make bench`")
    solve_with_cbc = bench("evcc_cbc").solve_with_cbc
    request = draw_request(seed)
    terms = terms_of(request)
    ours = best_flows(request, terms)
    assert broken_rules(request, terms, ours) == []
    theirs = solve_with_cbc(request)
    worth = full_value(request, terms, theirs)
    assert full_value(request, terms, ours) >= worth - GAP - 1e-6 * abs(worth) - 1e-4


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 10_000))
def test_a_request_with_odd_numbers_is_refused_or_answered_within_its_rules(seed):
    asked = msgspec.to_builtins(draw_request(seed, steps=5))
    chance = np.random.default_rng(seed)
    odd = [0.0, 1e9, 1.0, 1e-9, 0.5, 1e4, 123_456.0]
    for _ in range(3):
        place = [asked["batteries"][0], asked["time_series"], asked["grid"], asked][
            int(chance.integers(0, 4))
        ]
        name = str(chance.choice(list(place)))
        value = odd[int(chance.integers(0, len(odd)))]
        if isinstance(place[name], list) and place[name] and isinstance(place[name][0], float):
            place[name][int(chance.integers(0, len(place[name])))] = value
        elif isinstance(place[name], float):
            place[name] = value
    try:
        request = read_request(json.dumps(asked).encode())
    except InputError:
        return
    terms = terms_of(request)
    response = msgspec.to_builtins(answer(request))
    if response["status"] == "Optimal":
        ours = flows(request, terms, response["batteries"])
        assert broken_rules(request, terms, ours) == []


def test_what_holds_more_than_it_can_has_no_schedule():
    request = draw_request(1)
    battery = msgspec.structs.replace(
        request.batteries[0], s_initial=9_000.0, s_capacity=5_000.0, s_max=5_000.0, d_max=100.0
    )
    response = answer(msgspec.structs.replace(request, batteries=[battery]))
    assert response.status == "Infeasible"
    assert response.objective_value is None
    assert msgspec.json.decode(msgspec.json.encode(response), type=Response) == response


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda r: r.pop("batteries"), "batteries"),
        (lambda r: r["time_series"]["gt"].pop(), "time_series.gt: 3 numbers"),
        (lambda r: r["batteries"][0].update(s_goal=[1.0]), r"batteries\[0\].s_goal: 1 numbers"),
        (lambda r: r["time_series"].update(dt=[0, 1, 1, 1]), "dt"),
        (lambda r: r.update(strategy={"charging_strategy": "pray"}), "charging_strategy"),
        (lambda r: r.update(eta_c=0.0), "eta_c"),
        (lambda r: r["batteries"][0].update(c_max=1e300), "c_max"),
    ],
)
def test_what_is_no_request_is_refused_in_one_line(change, text):
    asked = msgspec.to_builtins(draw_request(1, steps=4))
    change(asked)
    with pytest.raises(InputError, match=text) as refused:
        read_request(json.dumps(asked).encode())
    assert "\n" not in str(refused.value)
