"""What a station's meter says is checked before it is believed."""

import pytest

from vettura.bus.messages import MeterValue
from vettura.energy.station_meter import Suspicion, judged
from vettura.life.station import StationConfig
from vettura.units import NS_PER_S

BOX = StationConfig(id="box")
NOW_NS = 1_772_452_800 * NS_PER_S


def value(second, power_w, energy_wh):
    return MeterValue(
        time_ns=NOW_NS + round(second * NS_PER_S), power_w=power_w, energy_wh=energy_wh
    )


def told(*values):
    """What is said of each."""
    suspicion, said = Suspicion(), []
    for one in values:
        suspicion, why = judged(suspicion, BOX, one)
        said.append(why)
    return said


def test_an_honest_meter_is_believed():
    hour = [value(10 * k, 7_200.0, 20.0 * k) for k in range(360)]
    assert set(told(*hour)) == {""}


def test_kilowatts_for_watts_are_noticed_by_the_counter():
    said = told(*[value(10 * k, 7.2, 20.0 * k) for k in range(12)])
    assert "kilowatts for watts" in said[-1]


@pytest.mark.parametrize(
    ("second", "power_w", "energy_wh", "reason"),
    [
        (20, float("nan"), 5.0, "no number"),
        (20, 5e6, 20.0, "more than it can give"),
        (20, 7_200.0, 9_000.0, "jumped by"),
        (20, 7_200.0, -500.0, "fell by"),
        (5, 7_200.0, 10.0, "out of order"),
    ],
)
def test_what_cannot_be_is_ignored_with_a_reason(second, power_w, energy_wh, reason):
    said = told(value(0, 0.0, 0.0), value(10, 7_200.0, 10.0), value(second, power_w, energy_wh))
    assert reason in said[-1]


def test_the_same_value_twice_is_no_news():
    again = value(10, 7_200.0, 20.0)
    assert told(value(0, 0.0, 0.0), again, again) == ["", "", ""]
