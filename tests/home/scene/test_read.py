"""Files of scenes become a tree; what is wrong is named, with file and line, all at once."""

from datetime import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vettura.errors import InputError
from vettura.home.scene import parts, tree
from vettura.home.scene.read import read_scenes_text


def automation(body: str) -> parts.Automation:
    text = "- alias: Test\n" + "\n".join(f"  {line}" for line in body.splitlines())
    return read_scenes_text(text).automations[0]


def trigger(body: str):
    items = "\n".join(f"    {line}" for line in body.splitlines())
    found = automation(f"triggers:\n  -\n{items}\nactions: []").triggers
    assert len(found) == 1
    return found[0]


def condition(body: str):
    items = "\n".join(f"    {line}" for line in body.splitlines())
    return automation(f"triggers: []\nconditions:\n  -\n{items}\nactions: []").conditions[0]


def action(body: str):
    items = "\n".join(f"    {line}" for line in body.splitlines())
    return automation(f"triggers: []\nactions:\n  -\n{items}").actions[0]


def problems(text: str, **options) -> str:
    with pytest.raises(InputError) as caught:
        read_scenes_text(text, **options)
    return caught.value.message


def test_old_and_new_keys_mean_the_same():
    old = read_scenes_text(
        """
        - alias: Arriving
          trigger: {platform: state, entity_id: person.giulia, to: home}
          condition: {condition: state, entity_id: light.hall, state: 'off'}
          action: {service: light.turn_on, entity_id: light.hall, data_template: {a: '{{ 1 }}'}}
        """
    )
    new = read_scenes_text(
        """
        - alias: Arriving
          triggers: [{trigger: state, entity_id: [person.giulia], to: [home]}]
          conditions: [{condition: state, entity_id: [light.hall], state: ['off']}]
          actions: [{action: light.turn_on, target: {entity_id: light.hall}, data: {a: '{{ 1 }}'}}]
        """
    )
    assert old == new
    assert new.automations[0].entity_id == "automation.arriving"


def test_two_of_the_same_name_get_a_number():
    scenes = read_scenes_text(
        "[{alias: A, trigger: [], action: []}, {alias: a!, trigger: [], action: []}]"
    )
    assert [a.entity_id for a in scenes.automations] == ["automation.a", "automation.a_2"]


def test_a_state_trigger_knows_what_it_was_told():
    found = trigger(
        "{platform: state, entity_id: 'light.a, light.b', from: null, for: {minutes: 5}}"
    )
    assert found.entity_ids == ("light.a", "light.b")
    assert (found.from_, found.to, found.any_change, found.for_) == (None, None, False, 300.0)
    assert trigger("{platform: state, entity_id: light.a}").any_change
    found = trigger(
        "{platform: state, entity_id: a.b, attribute: x, to: [1, true, on it], for: '{{ 5 }}'}"
    )
    assert found.to == (1, True, "on it")
    assert isinstance(found.for_, tree.Template)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("{platform: time, at: ['07:30', '23:59:59', input_datetime.wake]}",
         (tree.At(time=time(7, 30)), tree.At(time=time(23, 59, 59)),
          tree.At(entity_id="input_datetime.wake"))),
        ("{platform: time, at: {entity_id: sensor.alarm, offset: '-00:10:00'}}",
         (tree.At(entity_id="sensor.alarm", offset_s=-600.0),)),
    ],
)  # fmt: skip
def test_times(body, expected):
    assert trigger(body).at == expected


@pytest.mark.parametrize(
    ("body", "hours", "minutes", "seconds"),
    [
        ("minutes: /20", 24, (0, 20, 40), (0,)),
        ("hours: '*'", 24, (0,), (0,)),
        ("hours: 5\n  seconds: 7", 1, (0,), (7,)),
        ("seconds: /30", 24, 60, (0, 30)),
    ],
)
def test_a_time_pattern_is_zero_in_smaller_units_and_any_in_larger(body, hours, minutes, seconds):
    found = automation(f"trigger:\n- platform: time_pattern\n  {body}\naction: []").triggers[0]
    assert len(found.hours) == hours
    assert found.minutes == (minutes if isinstance(minutes, tuple) else tuple(range(minutes)))
    assert found.seconds == seconds


def test_every_trigger_is_read():
    scenes = read_scenes_text(
        """
        - alias: all
          trigger_variables: {zone: home}
          trigger:
          - {platform: numeric_state, entity_id: sensor.a, above: 5, below: input_number.b}
          - {platform: sun, event: sunset, offset: '-00:45:00', id: dusk}
          - {platform: zone, entity_id: person.a, zone: zone.home, event: leave}
          - {platform: event, event_type: [a, '{{ b }}'], event_data: {x: 1}, context: {user_id: u}}
          - {platform: mqtt, topic: 'a/+/#', payload: 'on', value_template: '{{ value_json.x }}'}
          - {platform: template, value_template: "{{ is_state('a.b', 'on') }}", for: 10}
          - {platform: homeassistant, event: start, enabled: false, alias: up, variables: {v: 1}}
          - {platform: tag, tag_id: [one, two]}
          - triggers: [{platform: homeassistant, event: shutdown}]
          action: []
        """
    )
    found = scenes.automations[0].triggers
    assert [t.id for t in found] == ["0", "dusk", "2", "3", "4", "5", "6", "7", "8"]
    assert found[0].above == 5.0
    assert found[0].below == "input_number.b"
    assert found[1].offset_s == -2700.0
    assert found[4].topic == "a/+/#"
    assert (found[6].enabled, found[6].variables) == (False, {"v": 1})
    assert found[7].event_data == {"tag_id": ["one", "two"]}


def test_device_triggers_conditions_and_actions_are_those_of_their_entity():
    found = trigger("{platform: device, domain: binary_sensor, device_id: x, type: no_motion, "
                    "entity_id: binary_sensor.hall, for: {minutes: 2}}")  # fmt: skip
    assert (found.platform, found.to, found.for_) == ("device", ("off",), 120.0)
    found = trigger("{platform: device, domain: sensor, device_id: x, type: battery_level, "
                    "entity_id: sensor.phone, below: 20}")  # fmt: skip
    assert isinstance(found, tree.NumericStateTrigger)
    found = condition("{condition: device, domain: cover, device_id: x, type: is_open, "
                      "entity_id: cover.garage}")  # fmt: skip
    assert found.states == ("open",)
    found = condition("{condition: device, domain: device_tracker, device_id: x, "
                      "type: is_not_home, entity_id: device_tracker.car}")  # fmt: skip
    assert isinstance(found, tree.NotCondition)
    found = action("{device_id: x, domain: cover, type: set_position, entity_id: cover.garage, "
                   "position: 30}")  # fmt: skip
    assert (found.action, found.data) == ("cover.set_cover_position", {"position": 30})
    found = action("{device_id: Giulias phone, domain: mobile_app, type: notify, message: hi}")
    assert (found.action, found.data) == ("notify.giulias_phone", {"message": "hi"})
    assert "registry" not in problems("[{alias: a, trigger: [{platform: device, domain: mqtt, "
                                      "device_id: x, type: action}], action: []}]")  # fmt: skip


def test_conditions_have_many_forms():
    template = condition("'{{ true }}'")
    assert isinstance(template, tree.TemplateCondition)
    assert condition("{condition: '{{ true }}', alias: x}").alias == "x"
    assert isinstance(condition("{or: ['{{ 1 }}', '{{ 2 }}']}"), tree.OrCondition)
    assert isinstance(condition("['{{ 1 }}']"), tree.AndCondition)
    assert isinstance(condition("{condition: not, conditions: '{{ 1 }}'}"), tree.NotCondition)
    found = condition("{condition: time, after: '22:00', before: sensor.dawn, weekday: [mon, sun]}")
    assert found.weekdays == ("mon", "sun")
    found = condition(
        "{condition: state, entity_id: [a.b, c.d], state: [x, y], match: any, for: 5}"
    )
    assert (found.match, found.states, found.for_) == ("any", ("x", "y"), 5.0)
    found = condition("{condition: sun, after: sunset, after_offset: '-1:00:00'}")
    assert found.after_offset_s == -3600.0
    found = condition("{condition: zone, entity_id: person.a, zone: [zone.home, zone.work]}")
    assert found.zones == ("zone.home", "zone.work")


def test_actions_are_read_to_any_depth():
    found = action(
        """alias: all of it
choose:
- alias: first
  conditions: "{{ trigger.id == 'x' }}"
  sequence:
  - if: "{{ true }}"
    then: {delay: '0:00:05'}
    else:
    - parallel:
      - {wait_template: '{{ 1 }}', timeout: 5, continue_on_timeout: false}
      - [{stop: enough, error: true}]
      - {sequence: [{variables: {a: 1, b: '{{ a }}'}}]}
    - sequence:
      - repeat: {for_each: [1, '{{ 2 }}'], sequence: [{event: e, event_data: {x: y}}]}
default: {scene: scene.night}"""
    )
    assert isinstance(found, tree.Choose)
    chosen = found.options[0].sequence[0]
    assert isinstance(chosen, tree.If)
    assert chosen.then[0].delay == 5.0
    parallel, sequence = chosen.else_
    assert [len(branch.sequence) for branch in parallel.branches] == [1, 1, 1]
    assert sequence.sequence[0].for_each[0] == 1
    assert found.default[0].action == "scene.turn_on"


def test_targets_may_be_templates():
    found = action(
        "{action: light.turn_on, target: {entity_id: ['{{ x }}', light.a], area_id: hall}}"
    )
    assert found.target["area_id"] == ["hall"]
    assert isinstance(found.target["entity_id"][0], tree.Template)
    assert (
        action("{service: '{{ s }}', target: '{{ t }}', data: '{{ d }}'}").target.text == "{{ t }}"
    )
    assert action("{service: light.turn_off, entity_id: all}").target == {"entity_id": "all"}


def test_a_package_holds_everything():
    scenes = read_scenes_text(
        """
        automation kitchen: [{alias: k, trigger: [], action: []}]
        automation: {alias: l, trigger: [], action: []}
        script:
          leave: {sequence: [{delay: 1}], mode: queued, max: 3, fields: {who: {default: me}}}
        scene:
        - {name: Movie night, entities: {light.a: on, light.b: {state: on, brightness: 5}}}
        input_boolean: {guests: , away: {initial: true}}
        input_number: {limit: {min: 0, max: 100, unit_of_measurement: '%'}}
        input_select: {mood: {options: [calm, wild]}}
        input_text: {note: }
        input_datetime: {wake: {has_time: true, initial: '06:30'}}
        input_button: {ring: }
        counter: {trips: {step: 2}}
        timer: {laundry: {duration: '01:30:00'}}
        schedule: {work: {name: Work, monday: [{from: '09:00', to: '17:00'}]}}
        group: {lights: [light.a, light.b]}
        template:
        - sensor: [{name: Total power, state: "{{ states('sensor.a') }}"}]
        - trigger: {platform: event, event_type: x}
          binary_sensor: {name: Seen, state: 'on'}
        promise:
        - alias: Garage
          never: [{condition: state, entity_id: cover.garage, state: open}]
          for: {minutes: 10}
        - {always: "{{ 1 }}", at: '07:00', workday: true}
        http:
        """
    )
    assert [a.entity_id for a in scenes.automations] == ["automation.k", "automation.l"]
    assert scenes.scripts[0].fields == {"who": "me"}
    assert scenes.scenes[0].entity_id == "scene.movie_night"
    assert scenes.scenes[0].entities["light.b"].attributes == {"brightness": 5}
    assert len(scenes.helpers) == 11
    assert [t.entity_id for t in scenes.templates] == ["sensor.total_power", "binary_sensor.seen"]
    assert scenes.promises[0].for_ == 600.0
    assert scenes.promises[1].weekdays == ("mon", "tue", "wed", "thu", "fri")
    assert scenes.notices == ("scenes.yaml:27: 'http' says nothing about scenes; left alone",)


def test_everything_wrong_is_named_with_its_line():
    text = """
- alias: bad
  trigger:
  - {platform: state, entity_id: light, to: on}
  - {platform: time, at: 7:30}
  - {platform: calendar, entity_id: calendar.x}
  - {platform: time_pattern, minutes: /70}
  - {platform: numeric_state, entity_id: a.b, above: 9, below: 5}
  condition:
  - {condition: trigger, id: nope}
  - {condition: statte}
  - plain words
  action:
  - servic: light.turn_on
  - {service: light.turn_on, targets: x}
  - {service: lightturn_on}
  - {delay: soon}
  - {set_conversation_response: hi}
  - {repeat: {count: 1, until: [], sequence: []}}
  - {event: x, event_data: "{{ foo(1) }}"}
  - wait_template: "{{ x"
  mode: twice
  zonk: 1
"""
    found = problems(text)
    for line, what in (
        (4, "'light' is no entity id"),
        (4, "put it in quotes, such as 'on'"),
        (5, "YAML takes 7:30 for a number"),
        (6, "trigger 'calendar' is not supported"),
        (7, "'/70' is out of range"),
        (8, "no number is above 9 and below 5"),
        (10, "no trigger of this automation has the id 'nope'"),
        (11, "did you mean 'state'?"),
        (12, "'plain words' is no condition"),
        (14, "no action has only the keys servic"),
        (15, "did you mean 'target'?"),
        (16, "'lightturn_on' is no action"),
        (17, "'soon' is no duration"),
        (18, "'set_conversation_response' is not supported"),
        (19, "exactly one of count"),
        (21, "unexpected end"),
        (22, "'twice' is no mode"),
        (23, "unknown key 'zonk'"),
    ):
        assert any(f"scenes.yaml:{line}: " in row and what in row for row in found.splitlines()), (
            line,
            what,
            found,
        )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[" * 100_000, "nested more than 60 deep"),
        ("a: &a [1, 1]\n" + "".join(f"{c}: &{c} [*{p}, *{p}, *{p}, *{p}, *{p}, *{p}, *{p}, *{p}]\n"
         for p, c in zip("abcdefghi", "bcdefghij", strict=True)), "aliases written out"),
        ("a: &x [*x]", "no '&x' stands before"),
        ("a: 1\na: 2", "scenes.yaml:2: 'a' stands twice (first in line 1)"),
        ("a: {b: 1", "not YAML"),
        ("a: \0", "not YAML"),
        ("- !!python/object:os.system x", "cannot be read here"),
        ("- !env_var HOME", "'!env_var' is not supported"),
        ("--- 1\n--- 2", "a second document"),
        ("just text", "expected automations"),
        ("x" * 3_000_000, "larger than"),
        ("? [a]\n: 1", "a key must be a word"),
        ("automations: []", "did you mean 'automation'?"),
        ("sensor: [{platform: template}]", "'sensor' is not supported here"),
        ("input_number: {a: {min: 5, max: 1}}", "'max' 1 is not above 'min' 5"),
        ("input_datetime: {a: }", "'has_date' or 'has_time'"),
        ("schedule: {a: {monday: [{from: '9:00', to: '8:00'}]}}", "'to' must be after 'from'"),
        ("script: {'A b': {sequence: []}}", "'A b' is no name (such as a_b)"),
        ("timer: {a: {duration: -5}}", "from 0 to 10 years"),
        ("counter: {a: {initial: 1.5}}", "expected a whole number"),
        ("template: [{sensor: {name: '{{ x }}', state: '1'}}]", "a name cannot be a template"),
        ("promise: [{alias: x}]", "either 'never' or 'always'"),
        ("[{id: a, alias: a, trigger: [], action: []}, {id: a, alias: b, trigger: [], action: []}]",
         "automation with the id 'a' stands twice"),
        ("[{alias: !input x, trigger: [], action: []}]", "'!input x' outside of a blueprint"),
        ("[{alias: a, trigger: [{platform: mqtt, topic: 'a/#/b'}], action: []}]", "is no topic"),
    ],
)  # fmt: skip
def test_what_is_hostile_or_wrong_ends_in_a_clear_line(text, expected):
    found = problems(text)
    assert expected in found
    assert found.count("\n") <= 3


WORD_LIST = (
    "alias trigger condition action platform state entity_id light.a to 'on' for {{ }} {{x}} "
    "delay choose conditions sequence repeat count service data at minutes /5 if then parallel "
    "stop automation script promise never sensor.b template value_template below numeric_state"
)
WORDS = st.sampled_from(WORD_LIST.split())
TREES = st.recursive(
    st.one_of(WORDS, st.integers(-5, 99), st.booleans(), st.none(), st.floats(allow_nan=False)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(WORDS, inner, max_size=5)),
    max_leaves=25,
)


@settings(max_examples=150, deadline=None)
@given(TREES)
def test_any_tree_is_read_or_refused_in_clear_lines(value):
    import json

    try:
        read_scenes_text(json.dumps(value))
        message = ""
    except InputError as error:
        message = error.message
    assert all("scenes.yaml:" in line or "things" in line or "more" in line
               for line in message.splitlines())  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="abc:-[]{},&*!#|>%@'\"\n \t?0.", max_size=80))
def test_any_text_is_read_or_refused(text):
    try:
        read_scenes_text(text)
        message = ""
    except InputError as error:
        message = error.message
    assert "Traceback" not in message
