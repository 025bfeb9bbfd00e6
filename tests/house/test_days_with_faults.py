"""Days on which things go wrong: no crash, no lost command, every break of a promise explained."""

import pytest

from house.fault_run import CASA, lived, on_foot

FEW, ALL = range(12), range(200)


@pytest.mark.parametrize("first", FEW[::6])
def test_a_bad_day_of_people_on_foot_keeps_what_it_promises(first):
    for faults in range(first, first + 6):
        day = lived(on_foot(CASA), faults)
        assert day.mishaps or not faults


@pytest.mark.parametrize("faults", [11])
def test_a_bad_day_with_the_car_keeps_what_it_promises(faults):
    lived(CASA, faults)


@pytest.mark.long
@pytest.mark.parametrize("first", ALL[::10])
def test_two_hundred_bad_days_keep_what_they_promise(first):
    for faults in range(first, first + 10):
        lived(CASA, faults)
