"""Inputs, counters, timers, groups, schedules and template sensors."""

import pytest

from home.scene.made import DAY_S, NOON_NS, at, messages, times, told
from vettura.units import NS_PER_S

GO = "binary_sensor.go"
PARTS = """
input_boolean: {flag: {initial: true}}
input_number: {level: {min: 0, max: 10, step: 4, initial: 2, unit_of_measurement: W}}
input_select: {mode: {options: [a, b, c]}}
input_text: {note: {min: 2, max: 5, initial: abc}}
input_datetime:
  day: {has_date: true, has_time: false, initial: "2026-04-01"}
  both: {has_date: true, has_time: true, initial: "2026-04-01 10:11:12"}
input_button: {knob: {}}
counter: {steps: {initial: 3, step: 2, minimum: 0, maximum: 6}}
"""


def after(action, entity, **data):
    """How an entity is once an action was done."""
    text = f"""{PARTS}
automation:
  - alias: One
    trigger: {{platform: state, entity_id: {GO}, to: "on"}}
    action: {{service: {action}, target: {{entity_id: {entity}}}, data: {data!r}}}
"""
    result = told(text, (0, GO, "off"), (10, GO, "on"), for_s=60)
    return result.engine.world.states.get(entity), result


@pytest.mark.parametrize(
    ("action", "entity", "data", "state"),
    [
        ("input_boolean.turn_off", "input_boolean.flag", {}, "off"),
        ("input_boolean.toggle", "input_boolean.flag", {}, "off"),
        ("homeassistant.turn_off", "input_boolean.flag", {}, "off"),
        ("input_number.set_value", "input_number.level", {"value": 7}, "7.0"),
        ("input_number.set_value", "input_number.level", {"value": 11}, "2.0"),
        ("input_number.increment", "input_number.level", {}, "6.0"),
        ("input_number.decrement", "input_number.level", {}, "0.0"),
        ("input_select.select_option", "input_select.mode", {"option": "c"}, "c"),
        ("input_select.select_option", "input_select.mode", {"option": "x"}, "a"),
        ("input_select.select_next", "input_select.mode", {}, "b"),
        ("input_select.select_previous", "input_select.mode", {}, "c"),
        ("input_select.select_previous", "input_select.mode", {"cycle": False}, "a"),
        ("input_select.select_last", "input_select.mode", {}, "c"),
        ("input_select.set_options", "input_select.mode", {"options": ["x", "y"]}, "x"),
        ("input_text.set_value", "input_text.note", {"value": "hello"}, "hello"),
        ("input_text.set_value", "input_text.note", {"value": "too long"}, "abc"),
        ("input_datetime.set_datetime", "input_datetime.day", {"date": "2026-05-02"}, "2026-05-02"),
        (
            "input_datetime.set_datetime",
            "input_datetime.both",
            {"time": "7:05:00"},
            "2026-04-01 07:05:00",
        ),
        (
            "input_datetime.set_datetime",
            "input_datetime.both",
            {"datetime": "2026-05-02 01:02:03"},
            "2026-05-02 01:02:03",
        ),
        (
            "input_datetime.set_datetime",
            "input_datetime.both",
            {"timestamp": NOON_NS // NS_PER_S},
            "2026-03-02 12:00:00",
        ),
        ("counter.increment", "counter.steps", {}, "5"),
        ("counter.decrement", "counter.steps", {}, "1"),
        ("counter.set_value", "counter.steps", {"value": 4}, "4"),
        ("counter.set_value", "counter.steps", {"value": 5}, "3"),
        ("counter.reset", "counter.steps", {}, "3"),
        ("input_button.press", "input_button.knob", {}, "2026-03-02T11:00:10+00:00"),
    ],
)
def test_what_an_action_makes_of_an_input(action, entity, data, state):
    found, result = after(action, entity, **data)
    assert found.state == state
    if found.last_changed_ns > NOON_NS:
        assert found.cause.who == "automation.one"
    else:
        assert len(result.lines) <= 1


def test_what_inputs_show_beside_their_value():
    states = after("input_boolean.turn_on", "input_boolean.flag")[1].engine.world.states
    shown = {
        "initial": 2,
        "editable": False,
        "min": 0,
        "max": 10,
        "step": 4,
        "mode": "slider",
        "unit_of_measurement": "W",
    }
    assert states.get("input_number.level").attributes.items() >= shown.items()
    both = states.get("input_datetime.both").attributes
    assert (both["year"], both["hour"], both["second"]) == (2026, 10, 12)
    assert both["timestamp"] == 1_775_031_072.0
    assert states.get("input_select.mode").attributes["options"] == ["a", "b", "c"]


TIMER = """
timer: {t: {duration: "00:01:00"}}
automation:
  - alias: Do
    trigger: {platform: event, event_type: do}
    action:
      service: "timer.{{ trigger.event.data.verb }}"
      target: {entity_id: timer.t}
      data: "{{ trigger.event.data.data }}"
  - alias: Hear
    trigger:
      - platform: event
        event_type: [timer.started, timer.restarted, timer.paused, timer.cancelled, timer.finished]
    action:
      service: notify.notify
      data:
        message: >-
          {{ trigger.event.event_type }} {{ states('timer.t') }}
          {{ state_attr('timer.t', 'remaining') }}
"""


def does(*verbs):
    """What is heard when a timer is told so, (seconds, verb, data)."""
    happened = [(s, "event:do", {"verb": verb, "data": dict(*data)}) for s, verb, *data in verbs]
    result = told(TIMER, *happened, for_s=600)
    return list(zip(times(result, "notify.notify"), messages(result), strict=True))


def test_a_timer_runs_out():
    assert does((10, "start")) == [
        (10.0, "timer.started active 0:01:00"),
        (70.0, "timer.finished idle None"),
    ]


def test_a_timer_is_paused_and_goes_on():
    assert does((10, "start"), (30, "pause"), (100, "start")) == [
        (10.0, "timer.started active 0:01:00"),
        (30.0, "timer.paused paused 0:00:40"),
        (100.0, "timer.restarted active 0:00:40"),
        (140.0, "timer.finished idle None"),
    ]


def test_a_timer_is_cancelled_finished_and_started_for_another_time():
    assert does(
        (10, "start", {"duration": 300}), (20, "cancel"), (30, "start"), (35, "finish")
    ) == [
        (10.0, "timer.started active 0:05:00"),
        (20.0, "timer.cancelled idle None"),
        (30.0, "timer.started active 0:01:00"),
        (35.0, "timer.finished idle None"),
    ]


def test_groups_follow_their_members():
    text = """
group:
  lights: {entities: [light.a, light.b]}
  doors: {entities: [cover.a, cover.b], all: true}
automation:
  - alias: One
    trigger: {platform: state, entity_id: [group.lights, group.doors]}
    action:
      service: notify.notify
      data: {message: "{{ trigger.entity_id }} {{ trigger.to_state.state }}"}
  - alias: Two
    trigger: {platform: event, event_type: dark}
    action: {service: light.turn_off, target: {entity_id: group.lights}}
"""
    result = told(
        text,
        *((0, entity, "off") for entity in ("light.a", "light.b")),
        *((0, entity, "closed") for entity in ("cover.a", "cover.b")),
        (10, "light.b", "on"),
        (20, "light.a", "on"),
        (30, "light.b", "off"),
        (40, "light.a", "off"),
        (50, "cover.a", "open"),
        (60, "cover.b", "open"),
        (70, "event:dark"),
    )
    assert list(zip(times(result, "notify.notify"), messages(result), strict=True)) == [
        (10.0, "group.lights on"),
        (40.0, "group.lights off"),
        (60.0, "group.doors open"),
    ]
    assert result.called[-1].entities == ["light.a", "light.b"]


def test_a_schedule_is_on_in_its_spans():
    text = """
schedule:
  heat:
    monday: [{from: "12:30", to: "13:00"}, {from: "23:00", to: "24:00"}]
    tuesday: [{from: "00:00", to: "01:00"}]
automation:
  - alias: One
    trigger: {platform: state, entity_id: schedule.heat, to: ["on", "off"]}
    action: {service: notify.notify, data: {message: "{{ trigger.to_state.state }}"}}
"""
    result = told(text, for_s=2 * DAY_S)
    minutes = [round(s / 60) for s in times(result)]
    assert list(zip(minutes, messages(result), strict=True)) == [
        (30, "on"),
        (60, "off"),
        (660, "on"),
        (780, "off"),
    ]


def test_template_sensors_follow_what_they_read():
    text = """
template:
  - sensor:
      - name: Double
        unit_of_measurement: W
        state: "{{ states('sensor.n') | int * 2 }}"
        availability: "{{ states('sensor.n') | is_number }}"
        attributes: {half: "{{ states('sensor.n') | int / 2 }}"}
  - binary_sensor:
      - name: High
        state: "{{ states('sensor.n') | int(0) > 5 }}"
        delay_on: 10
automation:
  - alias: One
    mode: queued
    trigger: {platform: state, entity_id: [sensor.double, binary_sensor.high]}
    action:
      service: notify.notify
      data: {message: "{{ trigger.entity_id }} {{ trigger.to_state.state }}"}
"""
    result = told(
        text,
        (0, "sensor.n", "1"),
        (20, "sensor.n", "6"),
        (25, "sensor.n", "2"),
        (40, "sensor.n", "7"),
        (60, "sensor.n", "unavailable"),
    )
    said = list(zip(times(result, "notify.notify"), messages(result), strict=True))
    assert [each for each in said if "high" in each[1]] == [
        (50.0, "binary_sensor.high on"),
        (60.0, "binary_sensor.high off"),
    ]
    assert [state for _, state in said if "double" in state] == [
        "sensor.double 12",
        "sensor.double 4",
        "sensor.double 14",
        "sensor.double unavailable",
    ]
    assert at(0) == NOON_NS
