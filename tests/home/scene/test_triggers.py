"""Every kind of trigger, on the rehearsed clock."""

import pytest

from home.scene.made import DAY_S, messages, times, told

SAY = 'action: {service: notify.notify, data: {message: "%s"}}'


def scene(trigger, message="fired", more=""):
    return f"""
- alias: One
  trigger: {trigger}
  {more}
  {SAY % message}
"""


DOOR = "binary_sensor.door"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ('to: "on"', [10.0, 40.0]),
        ('from: "off"', [10.0, 40.0]),
        ('from: "on", to: "off"', [30.0]),
        ('from: "on"', [30.0, 50.0]),
        ("to: null", [10.0, 30.0, 40.0, 50.0]),
        ('not_to: "off"', [10.0, 40.0, 50.0]),
        ('not_from: "off"', [30.0, 50.0]),
        ('to: ["on", unavailable]', [10.0, 40.0, 50.0]),
        ("id: x", [10.0, 20.0, 30.0, 40.0, 50.0]),
        ("attribute: battery", [20.0, 50.0]),
        ("attribute: battery, to: 80", [20.0]),
    ],
)
def test_state_triggers(fields, expected):
    result = told(
        scene(f"{{platform: state, entity_id: {DOOR}, {fields}}}"),
        (0, DOOR, "off", {"battery": 90}),
        (10, DOOR, "on", {"battery": 90}),
        (20, DOOR, "on", {"battery": 80}),
        (30, DOOR, "off", {"battery": 80}),
        (40, DOOR, "on", {"battery": 80}),
        (50, DOOR, "unavailable", {}),
    )
    assert times(result) == expected


@pytest.mark.parametrize(
    ("span", "expected"),
    [("60", [160.0]), ('"00:01:00"', [160.0]), ("{minutes: 1}", [160.0]), ("300", [])],
)
def test_a_state_must_hold(span, expected):
    result = told(
        scene(f'{{platform: state, entity_id: {DOOR}, to: "on", for: {span}}}'),
        (0, DOOR, "off"),
        (10, DOOR, "on"),
        (40, DOOR, "off"),
        (100, DOOR, "on"),
        (130, DOOR, "on", {"battery": 3}),
        (200, DOOR, "off"),
    )
    assert times(result) == expected


def test_how_long_it_must_hold_may_be_a_template():
    trigger = f"""
    platform: state
    entity_id: {DOOR}
    to: "on"
    for: {{seconds: "{{{{ states('sensor.wait') | int }}}}"}}"""
    result = told(
        scene(trigger, "{{ trigger.for.total_seconds() }}"),
        (0, "sensor.wait", "90"),
        (0, DOOR, "off"),
        (10, DOOR, "on"),
    )
    assert times(result) == [100.0]
    assert messages(result) == [90.0]


LEVEL = "sensor.level"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("above: 50", [20.0, 50.0]),
        ("below: 50", [40.0, 60.0]),
        ("above: 10, below: 50", [40.0]),
        ("above: 50, for: 30", [50.0]),
        ("above: sensor.limit", [20.0, 50.0]),
        ("attribute: half, above: 25", [20.0, 50.0]),
        ('above: 100, value_template: "{{ state.state | float * 2 }}"', [20.0, 50.0]),
    ],
)
def test_numeric_state_triggers_fire_when_the_range_is_entered(fields, expected):
    values = [(0, 30), (10, 50), (20, 51), (30, 90), (40, 45), (50, 70), (60, -3)]
    if "for" in fields:
        expected = [80.0] if fields.endswith("30") else expected
        values = [(0, 30), (20, 51), (40, 50), (50, 70), (70, 71)]
    result = told(
        scene(f"{{platform: numeric_state, entity_id: {LEVEL}, {fields}}}"),
        (0, "sensor.limit", "50"),
        *((s, LEVEL, str(value), {"half": value / 2}) for s, value in values),
    )
    assert times(result) == expected


def test_a_number_that_is_none_arms_nothing():
    result = told(
        scene(f"{{platform: numeric_state, entity_id: {LEVEL}, above: 50}}"),
        (0, LEVEL, "70"),
        (10, LEVEL, "unavailable"),
        (20, LEVEL, "70"),
        (30, LEVEL, "many"),
        (40, LEVEL, "70"),
    )
    # What is not known counts as outside the range, as in Home Assistant; what is no number fails.
    assert times(result) == [20.0]
    assert len(result.lines) == 1


def test_time_triggers_follow_the_clock_and_inputs():
    text = """
input_datetime:
  alarm: {has_date: false, has_time: true, initial: "13:00:00"}
automation:
  - alias: At
    trigger:
      - {platform: time, at: "12:30:05"}
      - {platform: time, at: input_datetime.alarm}
      - {platform: time, at: sensor.next}
    action: {service: notify.notify, data: {message: "{{ trigger.now.strftime('%H:%M:%S') }}"}}
  - alias: Set
    trigger: {platform: state, entity_id: binary_sensor.door, to: "on"}
    action:
      service: input_datetime.set_datetime
      target: {entity_id: input_datetime.alarm}
      data: {time: "13:10:00"}
"""
    result = told(
        text,
        (0, DOOR, "off"),
        (600, DOOR, "on"),
        (700, "sensor.next", "2026-03-02T14:00:00+00:00", {"device_class": "timestamp"}),
        for_s=2 * DAY_S,
    )
    said = messages(result)
    assert said == ["12:30:05", "13:10:00", "15:00:00", "12:30:05", "13:10:00"]


@pytest.mark.parametrize(
    ("fields", "count"),
    [
        ('minutes: "/15"', 96),
        ("hours: 3", 1),
        ('hours: "/6", minutes: 30', 4),
        ('minutes: 0, seconds: "/20"', 72),
    ],
)
def test_time_patterns(fields, count):
    assert (
        len(times(told(scene(f"{{platform: time_pattern, {fields}}}"), for_s=DAY_S - 1))) == count
    )


def test_sun_triggers_with_offsets():
    rise = told(scene("{platform: sun, event: sunrise}"), for_s=3 * DAY_S)
    set_ = told(scene('{platform: sun, event: sunset, offset: "-00:30:00"}'), for_s=3 * DAY_S)
    assert len(times(rise)) == len(times(set_)) == 3
    # In Turin on 3 March the sun rises at 06:59 and sets at 18:17.
    assert times(rise)[0] == pytest.approx(19 * 3600 - 60, abs=300)
    assert times(set_)[0] == pytest.approx(5.78 * 3600, abs=300)


PLACE = {"latitude": 45.0246, "longitude": 7.7612, "radius": 100, "friendly_name": "Home"}
FAR = {"latitude": 45.1, "longitude": 7.7612, "gps_accuracy": 10}
NEAR = {"latitude": 45.0247, "longitude": 7.7612, "gps_accuracy": 10}


def test_zone_triggers():
    both = told(
        scene("""
    - {platform: zone, entity_id: person.giulia, zone: zone.home, event: enter, id: in}
    - {platform: zone, entity_id: person.giulia, zone: zone.home, event: leave, id: out}
""", "{{ trigger.id }} {{ trigger.event }} {{ trigger.zone.state }}"),
        (0, "zone.home", "0", PLACE),
        (0, "person.giulia", "not_home", FAR),
        (10, "person.giulia", "home", NEAR),
        (20, "person.giulia", "home", {**NEAR, "gps_accuracy": 20}),
        (30, "person.giulia", "unknown", {}),
        (40, "person.giulia", "not_home", FAR),
        (50, "person.giulia", "home", NEAR),
        (60, "person.giulia", "not_home", FAR),
    )  # fmt: skip
    assert list(zip(times(both), messages(both), strict=True)) == [
        (10.0, "in enter 0"),
        (50.0, "in enter 0"),
        (60.0, "out leave 0"),
    ]


def test_event_triggers_match_their_data():
    result = told(
        scene(
            "{platform: event, event_type: [pressed, turned], event_data: {button: {side: left}}}",
            "{{ trigger.event.event_type }} {{ trigger.event.data.button.side }}",
        ),
        (10, "pressed", {"button": {"side": "left", "count": 2}}),
        (20, "pressed", {"button": {"side": "right"}}),
        (30, "turned", {"button": {"side": "left"}}),
        (40, "pressed", {}),
    )
    assert messages(result) == ["pressed left", "turned left"]


def test_mqtt_triggers():
    result = told(
        scene(
            "{platform: mqtt, topic: 'home/+/set/#'}",
            "{{ trigger.topic }} {{ (trigger.payload_json | default({'a': 'none'})).a }}",
        ),
        (10, "mqtt:home/x/set", '{"a": 1}'),
        (20, "mqtt:home/x/set/y/z", "plain"),
        (30, "mqtt:home/x/get", "{}"),
    )
    assert messages(result) == ["home/x/set 1", "home/x/set/y/z none"]


def test_template_triggers_fire_when_they_become_true():
    result = told(
        scene(
            "{platform: template, value_template: \"{{ states('sensor.level') | int(0) > 5 }}\"}"
        ),
        (0, LEVEL, "1"),
        (10, LEVEL, "6"),
        (20, LEVEL, "7"),
        (30, LEVEL, "2"),
        (40, LEVEL, "8"),
    )
    assert times(result) == [10.0, 40.0]


def test_a_template_that_is_true_from_the_start_fires_once_it_was_false():
    result = told(
        scene("{platform: template, value_template: \"{{ is_state('sensor.level', '8') }}\"}"),
        (0, LEVEL, "8"),
        (10, LEVEL, "8", {"a": 1}),
        (20, LEVEL, "7"),
        (30, LEVEL, "8"),
    )
    assert times(result) == [30.0]


def test_templates_with_the_clock_are_looked_at_each_minute():
    result = told(
        scene(
            '{platform: template, value_template: "{{ now().hour == 15 and now().minute == 7 }}"}'
        )
    )
    assert times(result) == [3 * 3600 + 7 * 60]


def test_a_template_must_hold_too():
    result = told(
        scene(
            "{platform: template, value_template: \"{{ is_state('sensor.level', '8') }}\", for: 60}"
        ),
        (0, LEVEL, "7"),
        (10, LEVEL, "8"),
        (40, LEVEL, "7"),
        (100, LEVEL, "8"),
    )
    assert times(result) == [160.0]


def test_all_states_are_looked_at_once_a_minute_and_a_domain_once_a_second():
    text = scene(
        "{platform: template, value_template: \"{{ states.sensor | selectattr('state', 'eq', 'x') "
        '| list | count > 0 }}"}'
    )
    result = told(
        text,
        (0, "sensor.a", "y"),
        (10, "sensor.a", "z"),
        (10.2, "sensor.a", "x"),
        (10.9, "sensor.b", "x"),
    )
    assert times(result) == [11.0]


def test_the_start_of_the_house_and_variables_of_triggers():
    result = told(
        scene(
            "{platform: homeassistant, event: start, variables: {who: '{{ 1 + 1 }}'}}",
            "{{ who }} {{ trigger.event }}",
        )
    )
    assert times(result) == [0.0]
    assert messages(result) == ["2 start"]


def test_triggers_that_are_switched_off_do_not_listen():
    result = told(
        scene(f'{{platform: state, entity_id: {DOOR}, to: "on", enabled: false}}'),
        (0, DOOR, "off"),
        (10, DOOR, "on"),
    )
    assert times(result) == []


def test_trigger_variables_are_seen_by_triggers_and_actions():
    result = told(
        scene(
            "{platform: event, event_type: '{{ kind }}'}",
            "{{ kind }}",
            more="trigger_variables: {kind: pressed}",
        ),
        (10, "pressed"),
    )
    assert messages(result) == ["pressed"]
