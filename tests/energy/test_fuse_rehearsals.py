"""The fuse holds at every instant, whatever the bus, the cars and the services do."""

import pytest

from energy.fuse_rehearsal import evening


def check(seed):
    lived = evening(seed)
    assert not lived.truth.broken, f"seed {seed}: {lived.truth.broken[:3]}"
    return lived


@pytest.mark.parametrize("first", range(0, 12, 4))
def test_the_fuse_is_never_exceeded(first):
    for seed in range(first, first + 4):
        check(seed)


def test_cars_do_charge_meanwhile_and_the_room_is_used():
    """A promise kept by giving nothing would be none."""
    lived = [check(seed) for seed in range(100, 105)]
    hours = sum(len(one.cars) * one.duration_s for one in lived) / 3600.0
    assert sum(one.truth.car_wh for one in lived) / hours > 500.0
    assert max(one.truth.worst_a / one.truth.fuse_a for one in lived) > 0.9
    assert sum(one.restarts for one in lived) >= 3


@pytest.mark.long
@pytest.mark.parametrize("first", range(1_000, 2_000, 100))
def test_the_fuse_is_never_exceeded_in_a_thousand_evenings(first):
    for seed in range(first, first + 100):
        check(seed)
