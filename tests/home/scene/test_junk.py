"""Whatever devices tell, the engine goes on."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from home.scene.made import at, lived
from make import ROOT
from vettura.home.scene.live_through import Happened, Heard, Update
from vettura.home.scene.read import read_scenes, read_scenes_text

MIXED = """
input_select: {mode: {options: [a, b]}}
input_number: {level: {min: 0, max: 10}}
timer: {t: {duration: 60}}
group: {all: {entities: [light.x, cover.y, sensor.n]}}
template:
  - sensor: [{name: Made, state: "{{ states('sensor.n') | float * 2 }}"}]
  - binary_sensor: [{name: Held, state: "{{ states.light.x.state == 'on' }}", delay_on: 5}]
automation:
  - alias: Everything
    mode: parallel
    trigger:
      - {platform: state, entity_id: [light.x, cover.y]}
      - {platform: state, entity_id: light.x, attribute: level, for: "{{ states('sensor.n') }}"}
      - {platform: numeric_state, entity_id: sensor.n, above: sensor.made, below: 1000}
      - {platform: numeric_state, entity_id: light.x, attribute: level, above: 3}
      - {platform: zone, entity_id: person.p, zone: zone.home, event: enter}
      - {platform: time, at: input_datetime.when}
      - {platform: time, at: sensor.n}
      - {platform: template, value_template: "{{ state_attr('light.x', 'level') > 3 }}"}
      - {platform: event, event_type: knock, event_data: {a: 1}}
      - {platform: mqtt, topic: "a/#", payload: "1", value_template: "{{ value_json.a }}"}
    condition:
      - or:
          - {condition: zone, entity_id: person.p, zone: zone.home}
          - {condition: time, after: input_datetime.when}
          - {condition: numeric_state, entity_id: sensor.n, above: -1}
          - {condition: state, entity_id: light.x, state: input_select.mode, for: 5}
          - "{{ trigger.id | int > 0 }}"
    action:
      - wait_template: "{{ is_state('cover.y', 'open') }}"
        timeout: "{{ states('sensor.n') }}"
      - delay: {seconds: "{{ state_attr('light.x', 'level') }}"}
      - service: input_number.set_value
        target: {entity_id: input_number.level}
        data: {value: "{{ states('sensor.n') }}"}
        continue_on_error: true
      - {service: input_select.select_next, target: {entity_id: input_select.mode}}
      - {service: homeassistant.toggle, target: {entity_id: "{{ states('sensor.n') }}"}}
"""
TEXTS = [
    read_scenes_text(MIXED),
    read_scenes([ROOT / "examples" / "casa-scenes.yaml"]),
]
WORDS = re.findall(
    r"\b(?:light|switch|sensor|binary_sensor|person|zone|cover|lock|climate|device_tracker|sun)"
    r"\.[a-z0-9_]+",
    MIXED + (ROOT / "examples" / "casa-scenes.yaml").read_text("utf-8"),
)
ENTITIES = st.sampled_from(sorted({*WORDS, "input_datetime.when", "input_select.mode"}))
STATES = st.one_of(
    st.none(),
    st.sampled_from(["on", "off", "home", "unavailable", "5", "nan", "-inf", "12:30", "", "open"]),
    st.datetimes().map(str),
    st.text(max_size=300),
)
PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1000, 1000),
    st.floats(),
    st.text(max_size=5),
    st.lists(st.integers(), max_size=2),
)
KEYS = st.sampled_from(
    [
        "level",
        "latitude",
        "longitude",
        "radius",
        "gps_accuracy",
        "device_class",
        "has_date",
        "has_time",
        "hour",
        "minute",
        "second",
        "year",
        "month",
        "day",
        "friendly_name",
        "options",
        "entity_id",
        "current_position",
    ]
)
ATTRIBUTES = st.dictionaries(KEYS, PLAIN, max_size=6)
MOMENTS = st.lists(
    st.tuples(
        st.integers(0, 600),
        st.one_of(
            st.tuples(st.just(Update), ENTITIES, STATES, ATTRIBUTES),
            st.tuples(st.just(Happened), st.sampled_from(["knock", "x"]), ATTRIBUTES),
            st.tuples(st.just(Heard), st.just("a/b"), st.text(max_size=20)),
        ),
    ),
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(TEXTS), MOMENTS)
def test_nothing_that_is_told_stops_the_engine(scenes, told):
    moments = [kind(at(s), *rest) for s, (kind, *rest) in sorted(told, key=lambda each: each[0])]
    result = lived(scenes, *moments, for_s=900)
    assert all("\n" not in line for line in result.lines)
