"""Scenes on a rehearsed bus, with devices that obey, refuse, vanish and flood."""

from textwrap import indent

import pytest

from home.scene.home import HOME, Device, Heard, live, rehearsed, scenes_on
from home.scene.made import NOON_NS
from vettura.bus.memory import Faults, MemoryBus
from vettura.bus.messages import Answer, decode, encode
from vettura.bus.messages_home import (
    DeviceAbout,
    DeviceAction,
    DeviceState,
    EntityState,
    HomeEvent,
    TopicMessage,
    TopicsWanted,
)
from vettura.bus.subjects import (
    HOME_BUCKET,
    device_about,
    device_do,
    device_state,
    home_event,
    topic_in,
    topic_out,
    topics_wanted,
)
from vettura.clock import rehearse
from vettura.home.scene.service import NoScenes

DOOR = """
- alias: Door
  trigger: {platform: state, entity_id: binary_sensor.door, to: "on"}
  action:
    - service: light.turn_on
      target: {entity_id: light.hall}
    - delay: 60
    - service: light.turn_off
      target: {entity_id: light.hall}
"""
HALL = {"binary_sensor__door": "off", "light__hall": "off"}


async def ask(bus, action, entity="", **data):
    wish = DeviceAction(
        id=f"{action} {entity} {len(data)}", action=action, entity=entity, data=data
    )
    reply = await bus.request(device_do(HOME, "scenes"), encode(wish))
    return decode(reply.data, Answer, where="answer")


async def own_state(bus, entity):
    entry = await (await bus.bucket(HOME_BUCKET)).get(device_state(HOME, "scenes"))
    return decode(entry.value, DeviceState, where="scenes").entities[entity]


def test_a_device_is_asked_with_the_cause_and_its_state_bears_it():
    async def script(device, clock, bus, heard):
        await device.set("binary_sensor.door", "on")
        await clock.sleep(61.0)

    device, heard, service = rehearsed(DOOR, script, **HALL)
    assert [deed[:3] for deed in device.told] == [
        (5.0, "light.turn_on", "light.hall"),
        (65.0, "light.turn_off", "light.hall"),
    ]
    assert heard.called[0].cause.who == "automation.door"
    assert service.engine.world.states.get("light.hall").cause.who == "automation.door"
    assert [trace.state for trace in heard.traces] == ["finished"]
    paths = [step.path for step in heard.traces[0].steps]
    assert paths == ["trigger/0", "action/0", "action/1", "action/2"]


def test_what_is_found_at_the_start_sets_nothing_off():
    async def script(device, clock, bus, heard):
        await clock.sleep(10.0)

    device, _, _ = rehearsed(DOOR, script, binary_sensor__door="on", light__hall="off")
    assert not device.told


def test_automations_are_entities_that_can_be_turned_off_and_run_by_hand():
    async def script(device, clock, bus, heard):
        assert (await own_state(bus, "automation.door")).state == "on"
        assert (await ask(bus, "automation.turn_off", "automation.door")).ok
        assert (await own_state(bus, "automation.door")).state == "off"
        await device.set("binary_sensor.door", "on")
        await clock.sleep(1.0)
        assert not device.told
        answer = await ask(bus, "automation.trigger", "automation.door")
        assert (answer.ok, answer.state) == (True, "accepted")
        await clock.sleep(1.0)
        shown = (await own_state(bus, "automation.door")).attributes
        assert shown["current"] == 1
        assert shown["last_triggered"].startswith("2026-03-02T11:00:06")
        assert not (await ask(bus, "automation.trigger", "automation.nobody")).ok
        assert not (await ask(bus, "light.turn_on", "automation.door")).ok
        await clock.sleep(61.0)

    device, heard, _ = rehearsed(DOOR, script, **HALL)
    assert len(device.told) == 2
    assert heard.traces[-1].trigger == ""


def test_an_action_for_a_device_that_is_gone_is_told_and_the_run_goes_on():
    async def script(device, clock, bus, heard):
        device.is_deaf = True
        await device.set("binary_sensor.door", "on")
        await clock.sleep(100.0)

    _, heard, _ = rehearsed(DOOR, script, **HALL)
    assert [each.ok for each in heard.called] == [False, False]
    assert heard.called[0].reason == "light.hall does not answer"
    assert heard.traces[0].state == "finished"


def test_a_device_that_refuses_ends_the_run_with_its_reason():
    async def script(device, clock, bus, heard):
        device.refuses = "the bulb is broken"
        await device.set("binary_sensor.door", "on")
        await clock.sleep(100.0)

    _, heard, _ = rehearsed(DOOR, script, **HALL)
    assert [each.reason for each in heard.called] == ["the bulb is broken"]
    assert (heard.traces[0].state, heard.traces[0].reason) == (
        "failed",
        "light.turn_on: the bulb is broken",
    )


def test_an_entity_that_vanishes_is_left_out_and_the_rest_goes_on():
    async def script(device, clock, bus, heard):
        gone = DeviceAbout(name="hall", entities={})
        await bus.publish(device_about(HOME, "hall"), encode(gone))
        await clock.sleep(1.0)
        assert (await ask(bus, "automation.trigger", "automation.door")).ok
        await clock.sleep(100.0)

    device, heard, service = rehearsed(DOOR, script, **HALL)
    assert not device.told
    assert heard.traces[-1].state == "finished"
    assert service.engine.world.states.get("light.hall") is None


@pytest.mark.parametrize("seconds", [1.0, 30.0, 59.0])
def test_a_delay_goes_on_after_a_restart_in_its_middle(seconds):
    async def main(clock):
        bus = MemoryBus(clock)
        heard = Heard(bus)
        device = Device(bus, clock, "hall", **HALL)
        stop_device = await live(device)
        stop = await live(scenes_on(bus, clock, DOOR))
        await clock.sleep(5.0)
        await device.set("binary_sensor.door", "on")
        await clock.sleep(seconds)
        await stop()
        await clock.sleep(2.0)
        stop = await live(scenes_on(bus, clock, DOOR))
        await clock.sleep(100.0)
        await stop()
        await stop_device()
        return device, heard

    device, heard = rehearse(main, start_ns=NOON_NS, seed=7)
    assert [deed[1] for deed in device.told] == ["light.turn_on", "light.turn_off"]
    # Two seconds of grace after a start: what was due meanwhile is done then.
    assert device.told[1][0] == pytest.approx(max(65.0, 9.0 + seconds), abs=0.01)
    assert [trace.state for trace in heard.traces] == ["finished"]


WAITS = """
input_number:
  level: {min: 0, max: 100}
counter:
  rounds:
automation:
  - alias: Waits
    trigger: {platform: state, entity_id: binary_sensor.door, to: "on"}
    variables: {who: "{{ trigger.to_state.state }}"}
    action:
      - variables: {inner: [1, {a: "{{ who }}"}]}
      - repeat:
          for_each: [red, green]
          sequence:
            - parallel:
                - wait_for_trigger: {platform: state, entity_id: light.hall, to: "on"}
                  timeout: "00:10:00"
                - wait_template: "{{ is_state('light.hall', 'on') }}"
            - service: counter.increment
              target: {entity_id: counter.rounds}
            - service: notify.notify
              data:
                message: "{{ repeat.item }} {{ who }} {{ inner[1].a }} {{ trigger.to_state.state }}"
            - wait_template: "{{ is_state('light.hall', 'off') }}"
"""


def test_waits_in_a_parallel_in_a_repeat_go_on_after_restarts():
    async def main(clock):
        bus = MemoryBus(clock)
        heard = Heard(bus)
        device = Device(bus, clock, "hall", **HALL)
        stop_device = await live(device)

        async def restart(stop):
            await stop()
            await clock.sleep(1.0)
            stop = await live(scenes_on(bus, clock, WAITS))
            await clock.sleep(5.0)
            return stop

        stop = await live(scenes_on(bus, clock, WAITS))
        await clock.sleep(5.0)
        await device.set("binary_sensor.door", "on")
        await clock.sleep(5.0)
        for _ in range(2):
            stop = await restart(stop)
            await device.set("light.hall", "on")
            await clock.sleep(2.0)
            stop = await restart(stop)
            await device.set("light.hall", "off")
            await clock.sleep(2.0)
        assert (await own_state(bus, "counter.rounds")).state == "2"
        await stop()
        await stop_device()
        return heard

    heard = rehearse(main, start_ns=NOON_NS, seed=7)
    messages = [each.data["message"] for each in heard.called if "message" in each.data]
    assert messages == ["red on on on", "green on on on"]
    assert [trace.state for trace in heard.traces] == ["finished"]


def test_inputs_and_switched_off_automations_outlive_a_restart():
    text = "input_number:\n  level: {min: 0, max: 100}\nautomation:" + indent(DOOR, "  ")

    async def main(clock):
        bus = MemoryBus(clock)
        device = Device(bus, clock, "hall", **HALL)
        stop_device = await live(device)
        stop = await live(scenes_on(bus, clock, text))
        await clock.sleep(5.0)
        assert (await ask(bus, "input_number.set_value", "input_number.level", value=42)).ok
        refused = await ask(bus, "input_number.set_value", "input_number.level", value=420, x=1)
        assert not refused.ok
        await ask(bus, "automation.turn_off", "automation.door")
        await clock.sleep(5.0)
        await stop()
        stop = await live(scenes_on(bus, clock, text))
        await clock.sleep(5.0)
        assert (await own_state(bus, "input_number.level")).state == "42.0"
        assert (await own_state(bus, "automation.door")).state == "off"
        await stop()
        await stop_device()

    rehearse(main, start_ns=NOON_NS, seed=7)


def test_a_flood_is_conflated_and_its_newest_state_is_heard():
    async def script(device, clock, bus, heard):
        for index in range(10_000):
            state = DeviceState(
                time_ns=clock.now_ns(),
                entities={
                    **device.entities,
                    "sensor.power": EntityState(state=str(index)),
                },
            )
            await bus.publish(device_state(HOME, "hall"), encode(state))
        await clock.sleep(1.0)
        await device.set("binary_sensor.door", "on")
        await clock.sleep(1.0)

    device, _, service = rehearsed(DOOR, script, **HALL, sensor__power="0")
    assert len(device.told) == 1
    floods = service._surroundings.floods
    assert floods.dropped["hall"] > 9_000
    assert service.engine.world.states.get("sensor.power").state == "0"


LOOP = """
- alias: Ping
  trigger: {platform: state, entity_id: light.hall, to: "on"}
  action: {service: light.turn_off, target: {entity_id: light.hall}}
- alias: Pong
  trigger: {platform: state, entity_id: light.hall, to: "off"}
  action: {service: light.turn_on, target: {entity_id: light.hall}}
"""


def test_a_loop_is_seen_and_cut():
    async def script(device, clock, bus, heard):
        await device.set("light.hall", "on")
        await clock.sleep(10.0)

    device, heard, _ = rehearsed(LOOP, script, **HALL)
    assert 10 <= len(device.told) <= 24
    (cut,) = [trace for trace in heard.traces if trace.state == "refused"]
    assert cut.reason.startswith("a loop, cut: automation.p")
    assert "automation.pong" in cut.reason
    assert cut.cause.hops >= 10


def test_events_and_mqtt_messages_come_in_and_go_out():
    text = """
- alias: Button
  trigger:
    - {platform: event, event_type: button_pressed, event_data: {name: hall}}
    - platform: mqtt
      topic: "zigbee/+/action"
      payload: single
      value_template: "{{ value_json.action }}"
  action:
    - event: lamp_wanted
      event_data: {by: "{{ trigger.platform }}"}
    - service: mqtt.publish
      data: {topic: "lamp/set", payload: "{{ {'state': 'ON'} | tojson }}", retain: true}
- alias: Lamp
  trigger: {platform: event, event_type: lamp_wanted}
  action: {service: light.turn_on, target: {entity_id: light.hall}}
"""
    told = []

    async def script(device, clock, bus, heard):
        bus.tap(lambda _ns, subject, data: told.append((subject, data)))
        kept = await (await bus.bucket(HOME_BUCKET)).get(topics_wanted(HOME))
        assert decode(kept.value, TopicsWanted, where="kept").filters == ["zigbee/+/action"]
        event = HomeEvent(
            time_ns=clock.now_ns(), event_type="button_pressed", data={"name": "hall", "n": 1}
        )
        await bus.publish(home_event(HOME), encode(event))
        await clock.sleep(1.0)
        message = TopicMessage(topic="zigbee/x/action", payload='{"action": "single"}')
        await bus.publish(topic_in(HOME), encode(message))
        await clock.sleep(1.0)

    device, _, _ = rehearsed(text, script, **HALL)
    assert len(device.told) == 2
    events = [decode(d, HomeEvent, where=s) for s, d in told if s == home_event(HOME)]
    assert [e.data for e in events if e.event_type == "lamp_wanted"] == [
        {"by": "event"},
        {"by": "mqtt"},
    ]
    out = [decode(d, TopicMessage, where=s) for s, d in told if s == topic_out(HOME)]
    assert [(m.topic, m.payload, m.retain) for m in out] == [
        ("lamp/set", '{"state": "ON"}', True)
    ] * 2


@pytest.mark.parametrize("shuffle", [1, 2, 3])
def test_lost_doubled_and_late_messages_lose_no_command(shuffle):
    async def script(device, clock, bus, heard):
        for _ in range(20):
            await device.set("binary_sensor.door", "on")
            await clock.sleep(100.0)
            await device.set("binary_sensor.door", "off")
            await clock.sleep(100.0)
            await device.tell()
            await clock.sleep(10.0)

    faults = Faults(drop=0.05, duplicate=0.1, delay_s=(0.0, 0.5))
    device, heard, _ = rehearsed(DOOR, script, faults=faults, shuffle=shuffle, **HALL)
    ons = [deed for deed in device.told if deed[1] == "light.turn_on"]
    offs = [deed for deed in device.told if deed[1] == "light.turn_off"]
    assert len(ons) == len(offs) >= 15
    assert all(each.ok for each in heard.called)


def test_the_same_seed_tells_the_same_to_the_byte():
    async def script(device, clock, bus, heard):
        await device.set("binary_sensor.door", "on")
        await clock.sleep(100.0)

    def told():
        _, heard, _ = rehearsed(DOOR, script, **HALL)
        return [encode(each) for each in (*heard.called, *heard.traces)]

    assert told() == told()


def test_garbage_on_the_bus_is_ignored():
    async def script(device, clock, bus, heard):
        for subject in (
            device_state(HOME, "hall"),
            device_about(HOME, "hall"),
            home_event(HOME),
            topic_in(HOME),
        ):
            await bus.publish(subject, b"\xc1 garbage")
        await bus.publish(device_do(HOME, "scenes"), b"garbage")
        await clock.sleep(1.0)
        await device.set("binary_sensor.door", "on")
        await clock.sleep(1.0)

    device, _, _ = rehearsed(DOOR, script, **HALL)
    assert len(device.told) == 1


def test_a_home_without_scenes_forgets_those_of_before():
    async def main(clock):
        bus = MemoryBus(clock)
        stop = await live(scenes_on(bus, clock, DOOR))
        await clock.sleep(5.0)
        await stop()
        heard, about = [], device_about(HOME, "scenes")
        bus.tap(lambda _ns, subject, data: heard.append((subject, data)))
        await NoScenes(bus, clock, home=HOME).run()
        keys = await (await bus.bucket(HOME_BUCKET)).keys()
        gone = [decode(d, DeviceAbout, where=s) for s, d in heard if s == about]
        return keys, gone

    keys, gone = rehearse(main, start_ns=NOON_NS, seed=7)
    assert not [key for key in keys if ".scenes." in key]
    assert [about.entities for about in gone][:1] == [{}]
