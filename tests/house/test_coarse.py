"""A rehearsal that asks for no tenths of a second lives the same day, with far fewer words."""

from datetime import datetime

import pytest

from make import ROOT
from vettura.bus.messages import Session, Twin, decode
from vettura.house import load_home, rehearse_home

START = datetime(2026, 3, 2, 6, 30)  # noqa: DTZ001  local to the home
HOURS = 1.6
"""The cabin is prepared, the cable pulled, and the commute driven."""


def lived(*, exact):
    sessions, twins = [], []

    def hear(_time_ns, subject, data):
        if subject.endswith(".sessions"):
            sessions.append(decode(data, Session, where=subject))
        elif subject.startswith("car.") and subject.endswith(".twin"):
            twins.append(decode(data, Twin, where=subject))

    home = load_home(ROOT / "examples" / "casa.toml")
    done = rehearse_home(
        home, seed=7, start=START, duration_s=3600.0 * HOURS, taps=[hear], exact=exact
    )
    return done, sessions, twins[-1]


@pytest.fixture(scope="module")
def both():
    return lived(exact=True), lived(exact=False)


def test_the_same_trips_and_charges_take_the_same_energy(both):
    (_, exact, _), (_, coarse, _) = both
    assert [s.id.split("-")[-1] for s in coarse if s.kind == "trip"] != []
    assert [(s.kind, s.origin, s.destination) for s in coarse] == [
        (s.kind, s.origin, s.destination) for s in exact
    ]
    for a, b in zip(exact, coarse, strict=True):
        assert b.distance_m == pytest.approx(a.distance_m, rel=1e-4)
        if a.kind == "trip":
            assert b.energy_wh == pytest.approx(a.energy_wh, rel=1e-3)
            assert abs(b.start_ns - a.start_ns) <= 15_000_000_000
            assert abs(b.end_ns - a.end_ns) <= 15_000_000_000


def test_the_twin_learns_of_the_same_road(both):
    (_, _, exact), (_, _, coarse) = both
    assert coarse.stretches == pytest.approx(exact.stretches, abs=1)
    assert coarse.wh_per_m == pytest.approx(exact.wh_per_m, rel=0.02)
    assert coarse.gaps == exact.gaps


def test_it_says_far_less_and_the_same_again(both):
    (exact, _, _), (coarse, _, _) = both
    assert coarse.messages < 0.2 * exact.messages
    again, _, _ = lived(exact=False)
    assert again == coarse
