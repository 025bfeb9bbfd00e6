"""The cycles are the standards' own: length, duration, top speed."""

import pytest

from vettura.drive.cycles import cycle_names, load_cycle
from vettura.errors import InputError


def test_the_three_cycles_are_there():
    assert cycle_names() == ["hwfet", "udds", "wltc3b"]


@pytest.mark.parametrize(
    ("name", "seconds", "metres", "top_kmh"),
    [
        ("udds", 1369, 11_990, 91.25),  # 40 CFR 86, appendix I: 7.45 miles, 56.7 mph
        ("hwfet", 765, 16_507, 96.4),  # 40 CFR 600, appendix I: 10.26 miles, 59.9 mph
        ("wltc3b", 1800, 23_266, 131.3),  # UN GTR 15, annex 1
    ],
)
def test_a_cycle_has_its_published_length(name, seconds, metres, top_kmh):
    trip = load_cycle(name)
    assert trip.duration_s == seconds
    assert trip.distance_m == pytest.approx(metres, rel=5e-4)
    assert max(trip.speed_mps) * 3.6 == pytest.approx(top_kmh, abs=0.1)
    assert trip.speed_mps[0] == trip.speed_mps[-1] == 0.0


def test_an_unknown_cycle_is_answered_with_those_there_are():
    with pytest.raises(InputError, match="no cycle is called 'nedc'") as caught:
        load_cycle("nedc")
    assert "udds" in caught.value.hint
