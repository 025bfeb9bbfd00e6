"""Windows, lamps and seats: they get where they are told in their own time, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drive.signal_day import another
from vettura.bus.signals import signal_table
from vettura.drive.body import (
    SUNROOF,
    SUNROOF_SWITCH,
    Body,
    aim,
    forget,
    is_moving,
    moved,
    new_value,
    told,
    value_of,
)

WINDOW = "Vehicle.Cabin.Door.Row1.DriverSide.Window.Position"
SEAT = "Vehicle.Cabin.Seat.Row1.DriverSide.Position"
LAMP = "Vehicle.Cabin.Light.IsDomeOn"
ACTUATORS = [path for path, signal in signal_table().items() if signal.kind == "actuator"]
NUMBERS = [p for p in ACTUATORS if signal_table()[p].travel_s and p.endswith("Position")]


def after(body, seconds, *, stride_s=0.1, stuck=()):
    for _ in range(round(seconds / stride_s)):
        body = moved(body, stride_s, stuck=stuck)
    return body


def test_a_window_takes_four_seconds_to_open():
    body = aim(Body(), WINDOW, 100)
    assert value_of(after(body, 2.0), WINDOW) == pytest.approx(50, abs=1)
    assert is_moving(after(body, 3.8), WINDOW)
    open_ = after(body, 4.1)
    assert value_of(open_, WINDOW) == 100
    assert not is_moving(open_, WINDOW)


def test_a_window_told_to_stop_half_way_turns_back_at_once():
    half = after(aim(Body(), WINDOW, 100), 2.0)
    assert value_of(after(aim(half, WINDOW, 0), 1.0), WINDOW) == pytest.approx(25, abs=1)


def test_what_is_stuck_stays_and_the_others_move():
    body = aim(aim(Body(), WINDOW, 100), SEAT, 300)
    body = after(body, 10.0, stuck={WINDOW})
    assert value_of(body, WINDOW) == 0
    assert is_moving(body, WINDOW)
    assert value_of(body, SEAT) == 300


def test_a_lamp_is_lit_at_once():
    assert value_of(aim(Body(), LAMP, True), LAMP) is True


def test_the_sunroof_slides_while_its_switch_says_so_and_stops_with_it():
    body = after(aim(Body(), SUNROOF_SWITCH, "OPEN"), 4.0)
    assert body.values[SUNROOF] == pytest.approx(50.0, abs=1.0)
    held = after(aim(body, SUNROOF_SWITCH, "INACTIVE"), 5.0)
    assert held.values[SUNROOF] == body.values[SUNROOF]
    shut = after(aim(held, SUNROOF_SWITCH, "CLOSE"), 9.0)
    assert (shut.values[SUNROOF], shut.targets) == (0, {})


def test_what_was_told_stands_until_it_is_forgotten():
    body = aim(Body(), LAMP, False)
    assert told(body, LAMP, otherwise=True) is False
    assert told(forget(body, [LAMP]), LAMP, otherwise=True) is True
    assert forget(Body(), [LAMP]) == Body()


@pytest.mark.parametrize("path", ACTUATORS)
def test_every_actuator_can_be_told_and_keeps_its_type(path):
    wish = another(path)
    body = after(aim(Body(), path, wish), 60.0, stride_s=1.0)
    assert value_of(body, path) == wish
    assert type(value_of(body, path)) is type(new_value(path))


@given(
    path=st.sampled_from(NUMBERS),
    goals=st.lists(st.integers(0, 100), min_size=1, max_size=4),
    strides=st.lists(st.floats(0.01, 60.0), min_size=1, max_size=30),
)
def test_a_position_never_leaves_the_way_to_its_goals(path, goals, strides):
    body, reached = Body(), [float(new_value(path))]
    for goal in goals:
        body = aim(body, path, goal)
        for stride_s in strides:
            body = moved(body, stride_s)
            low, high = min(*reached, *goals), max(*reached, *goals)
            assert low <= value_of(body, path) <= high
