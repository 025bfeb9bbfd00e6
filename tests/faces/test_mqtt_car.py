"""What is told of a car, and when: at the pace of the real clock, offline by its own."""

import msgspec
import pytest

from faces.mqtt_scene import plausible_values
from make import NOON_NS
from vettura.bus.messages import SignalFrame, Targets
from vettura.bus.paths import DISPLAYED_SOC
from vettura.clock import rehearse
from vettura.faces.mqtt_car import SILENCE_S, CarView
from vettura.words.car_state import WINDOWS

WINDOW = WINDOWS["driver"]


class Sped:
    """A car's clock that runs `factor` times as fast as `pace`."""

    def __init__(self, pace, factor):
        self._pace, self._factor = pace, factor

    def now_ns(self):
        return NOON_NS + round(self._pace.monotonic() * self._factor * 1e9)


@pytest.fixture
def in_time():
    def run(story, factor=1.0):
        async def main(pace):
            clock = Sped(pace, factor)
            await story(CarView(clock, pace), clock, pace)

        rehearse(main, start_ns=NOON_NS, seed=1)

    return run


def frame(clock, *, full=False, **values):
    return SignalFrame(time_ns=clock.now_ns(), values=values, full=full)


def drain(view):
    """Take what is due as a broker would: leaf -> payload."""
    notices = view.notices()
    for notice in notices:
        view.was_told(notice)
    return {notice.leaf: notice.payload for notice in notices}


def test_a_car_is_offline_until_all_of_it_is_known(in_time):
    async def story(view, clock, pace):
        view.absorb(frame(clock, **{DISPLAYED_SOC: 50.0}))
        assert drain(view) == {"availability": b"offline"}
        assert view.changes() is None
        view.absorb(frame(clock, full=True, **plausible_values()))
        told = drain(view)
        assert told["availability"] == b"online"
        assert msgspec.json.decode(told["state"])["battery"] == 61.2
        assert set(told) == {"availability", "state", "location", "finish_time", "ready_at"}

    in_time(story)


def test_the_state_is_told_once_a_second_and_only_when_it_changed(in_time):
    async def story(view, clock, pace):
        view.absorb(frame(clock, full=True, **plausible_values()))
        drain(view)
        told = []
        for step in range(100):
            view.absorb(frame(clock, **{DISPLAYED_SOC: 50.0 + step // 40}))
            told.append(bool(drain(view)))
            await pace.sleep(0.1)
        # 50, 51 and 52 %.
        assert sum(told) == 3

    in_time(story)


def test_changes_are_gathered_until_they_are_taken(in_time):
    async def story(view, clock, pace):
        view.absorb(frame(clock, full=True, **plausible_values()))
        assert len(msgspec.json.decode(view.changes())["values"]) == len(plausible_values())
        view.absorb(frame(clock, **{DISPLAYED_SOC: 50.0, WINDOW: 0}))
        view.absorb(frame(clock, **{DISPLAYED_SOC: 51.0}))
        changes = msgspec.json.decode(view.changes())
        assert changes["time"] == "2026-03-02T12:00:00.000Z"
        assert changes["values"] == {DISPLAYED_SOC: 51.0}
        assert view.changes() is None

    in_time(story)


@pytest.mark.parametrize("factor", [0.5, 1.0, 60.0, 10_000.0])
def test_silence_counts_by_the_car_s_clock_but_never_for_a_breath(in_time, factor):
    async def story(view, clock, pace):
        view.absorb(frame(clock, full=True, **plausible_values()))
        drain(view)
        await pace.sleep(max(SILENCE_S / factor, 10.0) - 0.5)
        assert "availability" not in drain(view)
        await pace.sleep(1.0)
        assert drain(view)["availability"] == b"offline"
        view.absorb(frame(clock, **{DISPLAYED_SOC: 50.0}))
        assert drain(view)["availability"] == b"online"

    in_time(story, factor)


def test_a_moving_window_is_seen_to_move_and_a_stuck_one_to_stand(in_time):
    async def story(view, clock, pace):
        view.absorb(frame(clock, full=True, **plausible_values()))
        drain(view)
        await pace.sleep(2.0)
        view.aim(Targets(time_ns=clock.now_ns(), values={WINDOW: 80}))
        assert said(drain(view)) == "opening"
        view.absorb(frame(clock, **{WINDOW: 30}))
        await pace.sleep(5.0)
        assert said(drain(view)) == "opening"
        await pace.sleep(2.0)
        assert said(drain(view)) == "open"
        assert not view.has_news

    def said(told):
        return msgspec.json.decode(told["state"])["window_driver_motion"]

    in_time(story)


def test_a_new_broker_is_told_everything_again(in_time):
    async def story(view, clock, pace):
        view.absorb(frame(clock, full=True, **plausible_values()))
        first = drain(view)
        view.changes()
        assert not drain(view)
        view.forget_what_was_told()
        assert drain(view) == first
        assert view.changes() is not None

    in_time(story)
