"""Faults: known by name, told by code, written in the document as they are in the car."""

import re

import pytest

from make import ROOT, make_living, make_params, make_trip
from vettura.bus.messages import (
    ChargeStart,
    Climate,
    Drive,
    Inject,
    Lock,
    Plug,
    Unlock,
)
from vettura.bus.signals import signal_table
from vettura.drive.commands import decide
from vettura.drive.faults import FAULTS, codes, stuck_paths

PARAMS = make_params()
PLUG = Plug(station="wallbox", power_w_max=11_000.0)


def broken(name, car=None):
    done = decide(PARAMS, car or make_living(), Inject(fault=name))
    assert not done.reason
    return done.car


def test_the_document_lists_the_faults_of_the_car_word_for_word():
    rows = re.findall(
        r"^\| `(\w+)` \| (.+) \|$", (ROOT / "docs/faults.md").read_text("utf-8"), re.MULTILINE
    )
    told = {name: rest.split(" | ") for name, rest in rows}
    assert told == {f.name: [f.code, f.words, f.effect, f.source] for f in FAULTS.values()}


def test_codes_have_the_form_of_the_standard_and_differ():
    assert len({fault.code for fault in FAULTS.values()}) == len(FAULTS)
    for fault in FAULTS.values():
        assert re.fullmatch(r"[PCBU][01][0-9A-F]{3}", fault.code)
        assert (fault.code[1] == "0") == (fault.source == "SAE J2012")


def test_what_sticks_is_an_actuator_of_the_table():
    for path in stuck_paths(FAULTS):
        assert signal_table()[path].kind == "actuator"


def test_a_fault_stays_until_it_is_mended_and_is_told_once():
    car = broken("weak_12v", broken("isolation", broken("weak_12v")))
    assert car.faults == ["isolation", "weak_12v"]
    assert codes(car.faults) == ["P0562", "P0AA6"]
    mended = decide(PARAMS, car, Inject(fault="isolation", active=False)).car
    assert codes(mended.faults) == ["P0562"]


def test_a_fault_goes_by_its_trouble_code_too():
    car = broken("P0AA6", broken("weak_12v"))
    assert car.faults == ["isolation", "weak_12v"]
    assert decide(PARAMS, car, Inject(fault="P0562", active=False)).car.faults == ["isolation"]


def test_an_unknown_fault_is_refused_with_the_known_ones():
    done = decide(PARAMS, make_living(), Inject(fault="flat spare"))
    assert done.code == "unknown"
    assert "window_jam" in done.reason


@pytest.mark.parametrize(
    ("fault", "verb"),
    [
        ("door_lock", Lock()),
        ("door_lock", Unlock()),
        ("isolation", Drive(trip=make_trip())),
        ("climate_unit", Climate(on=True)),
    ],
)
def test_what_needs_the_broken_part_is_refused_with_the_fault_s_words(fault, verb):
    car = broken(fault)
    done = decide(PARAMS, car, verb)
    assert (done.code, done.reason) == ("unavailable", FAULTS[fault].words)
    assert done.car is car


@pytest.mark.parametrize("fault", ["charge_port_lock", "isolation", "charger_hot"])
def test_a_car_that_cannot_charge_takes_the_cable_and_no_current(fault):
    plugged = decide(PARAMS, broken(fault), PLUG).car
    assert plugged.cable is not None
    assert plugged.charge is None
    assert decide(PARAMS, plugged, ChargeStart()).code == "unavailable"


def test_a_hot_charger_ends_an_ac_charge_and_leaves_dc_alone():
    ac = decide(PARAMS, make_living(), PLUG).car
    dc = decide(PARAMS, make_living(), Plug(station="road", power_w_max=150e3, dc=True)).car
    assert broken("charger_hot", ac).charge is None
    assert broken("charger_hot", dc).charge is not None


def test_a_dead_climate_unit_switches_the_climate_off():
    warm = decide(PARAMS, make_living(), Climate(on=True)).car
    assert not broken("climate_unit", warm).climate_on
