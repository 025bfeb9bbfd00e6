"""Devices on the bus: what they say of themselves, and how they answer."""

from datetime import datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from home.devices.homes import MONDAY, at, lived, living
from vettura.bus.memory import MemoryBus
from vettura.bus.messages import decode, encode
from vettura.bus.messages_home import Cause, DeviceAbout, DeviceAction, DeviceState
from vettura.bus.subjects import HOME_BUCKET, device_about, device_do, device_state
from vettura.clock import rehearse
from vettura.home.device.contact import ContactEntry
from vettura.home.device.cover import GarageDoorEntry, ShuttersEntry
from vettura.home.device.events import DoorbellEntry
from vettura.home.device.light import LightEntry
from vettura.home.device.lock import LockEntry
from vettura.home.device.motion import MotionEntry
from vettura.home.device.socket import SocketEntry
from vettura.home.device.thermometer import ThermometerEntry

LAMP = LightEntry(id="kitchen", area="kitchen")
DOOR = GarageDoorEntry(id="garage-door", area="garage")
SHUTTERS = ShuttersEntry(id="shutters", area="bedroom")
LOCK = LockEntry(id="front-door", area="hall")
SOCKET = SocketEntry(id="socket")
SENSORS = (
    ContactEntry(id="door", area="hall"),
    ContactEntry(id="window", area="bedroom", at="window"),
    MotionEntry(id="motion", area="hall"),
    MotionEntry(id="motion-kitchen", area="kitchen"),
    ThermometerEntry(id="air", area="bedroom"),
    ThermometerEntry(id="outside", outdoors=True),
)
ALL = (LAMP, DOOR, SHUTTERS, LOCK, SOCKET, *SENSORS)


def test_every_device_says_what_it_is_and_how_it_is_and_both_are_kept():
    async def script(home):
        await home.clock.sleep(1.0)
        bucket = await home.bus.bucket(HOME_BUCKET)
        kept = {key: (await bucket.get(key)).value for key in await bucket.keys()}
        return home.service.states, kept

    states, kept = lived(script, *ALL)
    for entry in ALL:
        about = decode(kept[device_about("casa", entry.id)], DeviceAbout, where="about")
        told = decode(kept[device_state("casa", entry.id)], DeviceState, where="state")
        assert about.entities.keys() == told.entities.keys()
        assert about.area == entry.area
        for name, entity in told.entities.items():
            assert entity == states[name]
            assert entity.attributes["friendly_name"] == about.entities[name].name
    assert {"person.anna", "zone.home", "zone.office", "sun.sun", "weather.home"} <= states.keys()


def test_an_action_is_obeyed_answered_and_its_cause_travels_with_the_state():
    cause = Cause(id="run-1", who="automation.evening", hops=2, chain=["person.anna"])

    async def script(home):
        answer = await home.do("kitchen", "light.turn_on", "light.kitchen", cause=cause)
        assert answer.ok
        assert home.state("light.kitchen") == "on"
        assert home.heard[-1][1].cause == cause
        assert home.heard[-1][1].entities.keys() == {"light.kitchen"}

    lived(script, LAMP)


def test_what_follows_from_an_action_has_its_cause_and_what_happens_later_has_none():
    async def script(home):
        await home.do("garage-door", "cover.open_cover", cause=Cause(id="r", who="cli"))
        await home.clock.sleep(20)
        opened = home.heard[-1][1]
        assert opened.entities["cover.garage_door"].state == "open"
        assert opened.cause == Cause(id="r", who="cli")
        await home.clock.sleep(8 * 3600)
        assert all(told.cause is None for time_ns, told in home.heard if time_ns > MONDAY + 10**11)

    lived(script, DOOR, ContactEntry(id="contact", area="garage", at="garage"))


def test_a_garage_contact_sees_the_door_move_and_why():
    async def script(home):
        await home.do("garage-door", "cover.open_cover", cause=Cause(id="r", who="cli"))
        assert home.state("binary_sensor.contact") == "on"
        by = {name: told.cause for _, told in home.heard for name in told.entities}
        assert by["binary_sensor.contact"] == Cause(id="r", who="cli")

    lived(script, DOOR, ContactEntry(id="contact", area="garage", at="garage"))


def test_the_same_id_is_obeyed_once_and_a_refusal_may_be_tried_again():
    async def script(home):
        toggle = encode(DeviceAction(id="x", action="light.toggle"))
        answers = [await home.tell("kitchen", toggle) for _ in range(3)]
        assert all(answer.ok for answer in answers)
        assert home.state("light.kitchen") == "on"
        bad = encode(DeviceAction(id="y", action="light.turn_on", data={"brightness": 999}))
        assert not (await home.tell("kitchen", bad)).ok
        good = encode(DeviceAction(id="y", action="light.turn_on", data={"brightness": 99}))
        assert (await home.tell("kitchen", good)).ok
        assert home.shows("light.kitchen", "brightness") == 99

    lived(script, LAMP)


@pytest.mark.parametrize(
    ("device", "wish", "says"),
    [
        ("kitchen", {"action": "light.explode"}, "does not know light.explode; it knows light.tu"),
        ("kitchen", {"action": "lock.lock"}, "does not know lock.lock"),
        (
            "kitchen",
            {"action": "light.turn_on", "entity": "light.attic"},
            "there is no light.attic",
        ),
        ("kitchen", {"action": "light.turn_on", "data": {"brightness": -1}}, "from 0 to 255"),
        ("kitchen", {"action": "light.turn_on", "data": {"brightness": "lots"}}, "not 'lots'"),
        ("kitchen", {"action": "light.turn_on", "data": {"colour": 1}}, "not 'colour'"),
        ("kitchen", {"action": "light.turn_on", "data": {"brightness": True}}, "must be a number"),
        ("kitchen", {"action": "light.turn_on", "data": {"brightness": float("nan")}}, "not nan"),
        ("shutters", {"action": "cover.set_cover_position"}, "needs position"),
        ("shutters", {"action": "cover.set_cover_position", "data": {"position": 101}}, "to 100"),
        ("garage-door", {"action": "cover.set_cover_position", "data": {"position": 9}}, "knows"),
        ("front-door", {"action": "lock.open"}, "it knows lock.lock, lock.unlock"),
        ("socket", {"action": "switch.turn_on", "entity": "sensor.socket_power"}, "only tells"),
        ("socket", {"action": "", "data": {}}, "does not know"),
    ],
)
def test_a_bad_action_is_refused_in_one_line_and_changes_nothing(device, wish, says):
    async def script(home):
        before = home.service.states
        answer = await home.do(device, **wish)
        assert not answer.ok
        assert says in answer.reason
        assert "\n" not in answer.reason
        assert len(answer.reason) < 250
        assert home.service.states == before

    lived(script, *ALL)


def test_garbage_is_refused_and_the_device_goes_on():
    async def script(home):
        for data in (b"", b"\xff\x00", b"{}", msgspec.msgpack.encode({"id": 1}), b"\x91" * 10_000):
            assert not (await home.tell("kitchen", data)).ok
        assert (await home.do("kitchen", "light.turn_on")).ok

    lived(script, LAMP)


def test_generic_actions_are_understood():
    async def script(home):
        assert (await home.do("kitchen", "homeassistant.turn_on", "light.kitchen")).ok
        assert home.state("light.kitchen") == "on"
        assert (await home.do("garage-door", "homeassistant.toggle", "cover.garage_door")).ok
        assert home.state("cover.garage_door") == "opening"
        assert (await home.do("socket", "homeassistant.turn_off", "switch.socket")).ok
        assert home.state("switch.socket") == "off"
        assert not (await home.do("front-door", "homeassistant.turn_on")).ok

    lived(script, *ALL)


def test_a_door_takes_its_time_and_may_be_stopped():
    async def script(home):
        cover = "cover.garage_door"
        await home.do("garage-door", "cover.open_cover")
        await home.clock.sleep(7.5)
        await home.do("garage-door", "cover.stop_cover")
        assert (home.state(cover), home.shows(cover, "current_position")) == ("open", 50)
        await home.do("garage-door", "cover.close_cover")
        assert home.state(cover) == "closing"
        await home.clock.sleep(7.6)
        assert home.state(cover) == "closed"
        await home.do("garage-door", "cover.toggle")
        await home.clock.sleep(1.0)
        await home.do("garage-door", "cover.toggle")
        assert home.state(cover) == "open"

    lived(script, DOOR)


moves = st.lists(
    st.tuples(
        st.sampled_from(["open_cover", "close_cover", "stop_cover", "toggle", "set"]),
        st.integers(0, 100),
        st.floats(0, 40),
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(moves=moves)
def test_whatever_is_asked_of_shutters_they_stay_in_range_and_come_to_rest(moves):
    async def script(home):
        for action, position, wait_s in moves:
            if action == "set":
                data = {"position": position}
                await home.do("shutters", "cover.set_cover_position", data=data)
            else:
                await home.do("shutters", f"cover.{action}")
            await home.clock.sleep(wait_s)
        await home.clock.sleep(60)
        for _, told in home.heard:
            for entity in told.entities.values():
                assert 0 <= entity.attributes.get("current_position", 0) <= 100
        position = home.shows("cover.shutters", "current_position")
        assert home.state("cover.shutters") == ("closed" if position == 0 else "open")

    lived(script, SHUTTERS)


def test_a_bolt_takes_two_seconds():
    async def script(home):
        assert home.state("lock.front_door") == "locked"
        await home.do("front-door", "lock.unlock")
        assert home.state("lock.front_door") == "unlocking"
        await home.clock.sleep(2.1)
        assert home.state("lock.front_door") == "unlocked"
        await home.do("front-door", "lock.unlock")
        assert home.state("lock.front_door") == "unlocked"

    lived(script, LOCK)


def test_a_home_that_was_stopped_goes_on_where_it_was():
    rung = []

    async def before(home):
        await home.do("kitchen", "light.turn_on", data={"brightness": 77, "kelvin": 3000})
        await home.do("shutters", "cover.set_cover_position", data={"position": 30})
        await home.do("front-door", "lock.unlock")
        await home.do("socket", "switch.turn_off")
        await home.do("bell", "hands.press")
        await home.clock.sleep(60)
        await home.do("garage-door", "cover.open_cover")
        await home.clock.sleep(5)
        rung.append(home.state("event.bell"))

    async def after(home):
        assert home.shows("light.kitchen", "brightness") == 77
        assert home.shows("light.kitchen", "color_temp_kelvin") == 3000
        assert home.shows("cover.shutters", "current_position") == 30
        assert home.state("lock.front_door") == "unlocked"
        assert home.state("switch.socket") == "off"
        assert [home.state("event.bell")] == rung
        assert home.state("cover.garage_door") == "opening"
        await home.clock.sleep(20)
        assert home.state("cover.garage_door") == "open"

    async def main(clock):
        bus = MemoryBus(clock)
        await living(clock, bus, before, (*ALL, DoorbellEntry(id="bell")))
        await clock.sleep(3600)
        await living(clock, bus, after, (*ALL, DoorbellEntry(id="bell")))
        told = []
        bus.tap(lambda time_ns, subject, data: told.append((subject, data)))
        await living(clock, bus, lambda home: home.clock.sleep(1), ALL[1:])
        gone = [data for subject, data in told if subject == device_about("casa", "kitchen")]
        assert decode(gone[0], DeviceAbout, where="gone").entities == {}

    rehearse(main, start_ns=MONDAY, seed=7)


def test_a_flood_of_actions_leaves_the_other_devices_alone():
    async def script(home):
        subject = device_do("casa", "kitchen")
        for number in range(10_000):
            wish = DeviceAction(id=f"f{number}", action="light.toggle")
            await home.bus.publish(subject, encode(wish))
        assert (await home.do("front-door", "lock.unlock")).ok
        await home.clock.sleep(5)
        assert home.state("lock.front_door") == "unlocked"
        assert (await home.do("kitchen", "light.turn_on")).ok

    lived(script, LAMP, LOCK)


def test_who_leaves_opens_the_door_and_is_seen_in_the_hall():
    async def script(home):
        await home.clock.sleep(24 * 3600)
        left = next(t for t, state in home.history("person.anna") if state == "not_home")
        door = [t for t, state in home.history("binary_sensor.door") if state == "on"]
        assert door[0] == left
        motion = [t for t, state in home.history("binary_sensor.motion") if state == "on"]
        assert any(0 <= left - t <= 200 * 10**9 for t in motion)
        count = [state for _, state in home.history("zone.home")]
        assert count[:3] == ["1", "0", "1"]
        assert home.state("binary_sensor.door") == "off"

    lived(script, *SENSORS)


def test_the_sun_is_up_by_day_and_says_when_it_sets():
    async def script(home):
        assert home.state("sun.sun") == "below_horizon"
        setting = home.shows("sun.sun", "next_setting")
        await home.clock.sleep(24 * 3600)
        changes = home.history("sun.sun")
        assert [state for _, state in changes] == [
            "below_horizon",
            "above_horizon",
            "below_horizon",
        ]
        told = [t for t, s in changes if s == "below_horizon"][1] / 1e9
        assert abs(datetime.fromisoformat(setting).timestamp() - told) < 400

    lived(script, start_ns=at(2026, 6, 2))


def test_the_same_seed_is_the_same_day_whatever_runs_first():
    async def script(home):
        await home.clock.sleep(36 * 3600)
        return home.heard

    once, again, shuffled = (lived(script, *ALL, shuffle=shuffle) for shuffle in (None, None, 3))
    assert once == again
    assert sorted(once, key=repr) == sorted(shuffled, key=repr)
