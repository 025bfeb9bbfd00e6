"""Every kind of action and condition, on the rehearsed clock."""

import pytest

from home.scene.made import deeds, messages, times, told

GO = "binary_sensor.go"
START = ((0, GO, "off"), (10, GO, "on"))


def run(actions, *moments, more="", **options):
    """What an automation does that starts 10 s after noon."""
    text = f"""
automation:
  - alias: One
    trigger: {{platform: state, entity_id: {GO}, to: "on"}}
    {more}
    action:
{_indented(actions, 6)}
"""
    return told(text, *START, *moments, **options)


def _indented(text, count):
    return "\n".join(" " * count + line for line in text.strip("\n").splitlines())


def say(text):
    return f'- {{service: notify.notify, data: {{message: "{text}"}}}}'


def test_delays_of_every_form():
    result = run(
        f"""
- delay: 5
{say("a")}
- delay: "00:01:00"
{say("b")}
- delay: {{minutes: 1, seconds: 30}}
{say("c")}
- delay: "{{{{ 10 + 5 }}}}"
{say("d")}
- delay: {{milliseconds: 500}}
{say("e")}
"""
    )
    assert times(result) == [15.0, 75.0, 165.0, 180.0, 180.5]


def test_a_delay_that_is_none_ends_the_run():
    result = run(say("a") + "\n- delay: \"{{ 'soon' }}\"\n" + say("b"))
    assert messages(result) == ["a"]
    assert result.traces[-1].state == "aborted"
    assert len(result.lines) == 1


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("", ["True 20.0"]),
        ('\n  timeout: "00:00:05"', ["False 0.0"]),
        ('\n  timeout: "00:00:05"\n  continue_on_timeout: false', []),
    ],
)
def test_waiting_for_a_template(more, expected):
    wait = "- wait_template: \"{{ is_state('light.x', 'on') }}\"" + (more or "\n  timeout: 30")
    result = run(
        wait + "\n" + say("{{ wait.completed }} {{ wait.remaining }}"),
        (5, "light.x", "off"),
        (20, "light.x", "on"),
    )
    assert messages(result) == expected


def test_a_template_that_is_true_already_is_not_waited_for():
    result = run(
        '- wait_template: "{{ true }}"\n' + say("{{ wait.completed }} {{ wait.remaining }}")
    )
    assert (times(result), messages(result)) == ([10.0], ["True None"])


def test_waiting_for_a_trigger():
    result = run(
        """
- wait_for_trigger:
    - {platform: event, event_type: knock, id: door}
    - {platform: state, entity_id: light.x, to: "on", for: 5}
  timeout: 60
"""
        + say("{{ wait.trigger.id }} {{ wait.remaining }} {{ trigger.entity_id }}")
        + """
- wait_for_trigger: {platform: event, event_type: knock}
  timeout: 5
"""
        + say("{{ wait.trigger is none }}"),
        (15, "light.x", "on"),
    )
    assert messages(result) == [f"1 50.0 {GO}", True]
    assert times(result) == [20.0, 25.0]


def test_choose_takes_the_first_that_holds_else_the_default():
    text = f"""
- choose:
    - conditions: "{{{{ is_state('light.x', 'on') }}}}"
      sequence: {say("first")[2:]}
    - conditions: {{condition: state, entity_id: light.x, state: dim}}
      sequence: {say("second")[2:]}
  default: {say("default")[2:]}
{say("after")}
"""
    for state, expected in (("on", "first"), ("dim", "second"), ("off", "default")):
        assert messages(run(text, (5, "light.x", state))) == [expected, "after"]
    # A condition that cannot be told does not hold.
    assert messages(run(text)) == ["default", "after"]


def test_if_then_else():
    text = f"""
- if: {{condition: numeric_state, entity_id: sensor.n, above: 5}}
  then: {say("more")[2:]}
  else: {say("less")[2:]}
"""
    assert messages(run(text, (5, "sensor.n", "6"))) == ["more"]
    assert messages(run(text, (5, "sensor.n", "5"))) == ["less"]
    assert messages(run(text)) == ["less"]


def test_repeat_in_all_its_forms():
    result = run(
        f"""
- repeat:
    count: "{{{{ 1 + 1 }}}}"
    sequence:
{_indented(say("{{ repeat.index }} {{ repeat.first }} {{ repeat.last }}"), 6)}
- repeat:
    for_each: [red, {{name: green}}]
    sequence:
{_indented(say("{{ repeat.item }}"), 6)}
- repeat:
    while: "{{{{ repeat.index <= 2 }}}}"
    sequence:
{_indented(say("while {{ repeat.index }}"), 6)}
- repeat:
    until: "{{{{ repeat.index == 2 }}}}"
    sequence:
{_indented(say("until {{ repeat.index }}"), 6)}
- repeat:
    count: 0
    sequence:
{_indented(say("never"), 6)}
{say("{{ repeat is defined }}")}
"""
    )
    assert messages(result) == [
        "1 True False",
        "2 False True",
        "red",
        {"name": "green"},
        "while 1",
        "while 2",
        "until 1",
        "until 2",
        False,
    ]


def test_loops_within_loops_see_their_own():
    result = run(
        f"""
- repeat:
    count: 2
    sequence:
      - repeat:
          for_each: [a, b]
          sequence:
{_indented(say("{{ repeat.item }}{{ repeat.index }}"), 12)}
{_indented(say("outer {{ repeat.index }}"), 6)}
"""
    )
    assert messages(result) == ["a1", "b2", "outer 1", "a1", "b2", "outer 2"]


def test_a_loop_without_time_passing_is_ended():
    result = run('- repeat: {while: "{{ true }}", sequence: [{event: tick}]}', for_s=60)
    (trace,) = result.traces
    assert trace.state == "aborted"
    assert trace.reason == "it repeats 10,000 times without time passing"


def test_parallel_branches_run_side_by_side_and_the_slowest_decides():
    result = run(
        f"""
- parallel:
    - sequence:
        - delay: 30
{_indented(say("slow"), 8)}
    - sequence:
        - variables: {{mine: 1}}
        - delay: 10
{_indented(say("fast {{ mine }}"), 8)}
{_indented(say("at once {{ mine is defined }}"), 4)}
{say("after {{ mine is defined }}")}
"""
    )
    assert list(zip(times(result), messages(result), strict=True)) == [
        (10.0, "at once False"),
        (20.0, "fast 1"),
        (40.0, "slow"),
        (40.0, "after False"),
    ]


def test_variables_stay_in_their_sequence():
    result = run(
        f"""
- variables: {{a: 1, b: "{{{{ a + 1 }}}}"}}
- if: "{{{{ true }}}}"
  then:
    - variables: {{a: 5, c: 3}}
{_indented(say("{{ a }} {{ b }} {{ c }}"), 4)}
{say("{{ a }} {{ b }} {{ c is defined }}")}
- repeat:
    count: 2
    sequence:
{_indented(say("{{ d is defined }}"), 6)}
      - variables: {{d: 4}}
"""
    )
    assert messages(result) == ["5 2 3", "1 2 False", False, False]


def test_variables_of_the_automation_see_the_trigger():
    result = run(
        say("{{ what }} {{ this.entity_id }} {{ this.attributes.current }} {{ context.id[:3] }}"),
        more='variables: {what: "{{ trigger.to_state.name }}"}',
    )
    assert messages(result) == ["go automation.one 0 run"]


def test_stop_ends_the_run_and_with_error_not_well():
    for more, state in (("", "stopped"), (", error: true", "aborted")):
        result = run(
            f'- choose: [{{conditions: "{{{{ true }}}}", sequence: [{{stop: enough{more}}}]}}]\n'
            + say("after")
        )
        assert messages(result) == []
        assert (result.traces[-1].state, result.traces[-1].reason) == (state, "enough")


def test_a_condition_ends_only_the_sequence_it_stands_in():
    result = run(
        f"""
- repeat:
    count: 2
    sequence:
      - "{{{{ repeat.index == 2 }}}}"
{_indented(say("{{ repeat.index }}"), 6)}
{say("after")}
- condition: state
  entity_id: {GO}
  state: "off"
{say("never")}
"""
    )
    assert messages(result) == [2, "after"]
    assert result.traces[-1].state == "aborted"


def test_steps_that_are_switched_off_are_left_out():
    result = run("- {service: notify.notify, data: {message: a}, enabled: false}\n" + say("b"))
    assert messages(result) == ["b"]


def test_a_script_is_waited_for_and_answers():
    text = f"""
script:
  half:
    fields: {{number: {{}}}}
    sequence:
      - delay: 5
      - variables: {{result: {{half: "{{{{ number / 2 }}}}"}}}}
      - stop: done
        response_variable: result
  slow:
    sequence:
      - delay: 60
{_indented(say("slow"), 6)}
automation:
  - alias: One
    trigger: {{platform: state, entity_id: {GO}, to: "on"}}
    action:
      - service: script.half
        data: {{number: 8}}
        response_variable: answer
{_indented(say("{{ answer.half }}"), 6)}
      - service: script.turn_on
        target: {{entity_id: script.slow}}
{_indented(say("{{ states('script.slow') }}"), 6)}
      - delay: 1
      - service: script.turn_off
        target: {{entity_id: script.slow}}
{_indented(say("{{ states('script.slow') }}"), 6)}
"""
    result = told(text, *START)
    assert list(zip(times(result, "notify.notify"), messages(result), strict=True)) == [
        (15.0, 4.0),
        (15.0, "on"),
        (16.0, "off"),
    ]


def test_a_script_that_stops_its_caller_stops_with_it():
    text = f"""
script:
  slow: {{sequence: [{{delay: 60}}, {{event: ticked}}]}}
automation:
  - alias: One
    mode: restart
    trigger: {{platform: state, entity_id: {GO}, to: "on"}}
    action: [{{service: script.slow}}, {{event: told}}]
  - alias: Ears
    trigger: {{platform: event, event_type: [ticked, told]}}
    action: {{service: notify.notify, data: {{message: "{{{{ trigger.event.event_type }}}}"}}}}
"""
    result = told(text, *START, (40, GO, "off"), (50, GO, "on"))
    assert list(zip(times(result, "notify.notify"), messages(result), strict=True)) == [
        (110.0, "ticked"),
        (110.0, "told"),
    ]


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("mode: single", [40.0]),
        ("mode: restart", [50.0]),
        ("mode: parallel", [40.0, 45.0, 50.0]),
        ("mode: queued", [40.0, 70.0, 100.0]),
        ("mode: parallel\n    max: 2", [40.0, 45.0]),
        ("mode: queued\n    max: 2", [40.0, 70.0]),
    ],
)
def test_modes(mode, expected):
    moments = [(s, GO, word) for s, word in ((12, "off"), (15, "on"), (17, "off"), (20, "on"))]
    result = run("- delay: 30\n" + say("done"), *moments, more=mode)
    assert times(result) == expected


def test_automations_switch_and_run_each_other():
    text = f"""
- alias: One
  trigger: {{platform: state, entity_id: {GO}, to: "on"}}
  action:
    - {{service: automation.turn_off, target: {{entity_id: automation.two}}}}
    - {{service: automation.trigger, target: {{entity_id: automation.three}}}}
    - service: automation.trigger
      target: {{entity_id: automation.three}}
      data: {{skip_condition: false, variables: {{who: you}}}}
    {say("after")}
- alias: Two
  trigger: {{platform: state, entity_id: {GO}, to: "on", for: 5}}
  action: {say("two")[2:]}
- alias: Three
  trigger: []
  condition: "{{{{ who is defined }}}}"
  action: [{{delay: 1}}, {say("three {{ trigger.platform }} {{ who | default('me') }}")[2:]}]
"""
    assert messages(told(text, *START)) == ["three None me", "three None you", "after"]


def test_homeassistants_actions_are_handed_to_each_domain():
    result = run(
        "- service: homeassistant.turn_off\n"
        "  target: {entity_id: [switch.b, light.a, light.c, sensor.x]}"
    )
    assert deeds(result)[1:] == [
        (10.0, "light.turn_off", ("light.a", "light.c")),
        (10.0, "switch.turn_off", ("switch.b",)),
    ]


def test_scenes_bring_their_entities_about():
    text = f"""
scene:
  - name: Film
    entities:
      light.a: {{state: "on", brightness: 20}}
      light.b: "off"
      cover.c: closed
      lock.d: locked
automation:
  - alias: One
    trigger: {{platform: state, entity_id: {GO}, to: "on"}}
    action: {{scene: scene.film}}
"""
    result = told(
        text,
        (0, GO, "off"),
        (5, "light.a", "off"),
        (5, "light.b", "off"),
        (5, "cover.c", "open"),
        (5, "lock.d", "unlocked"),
        (10, GO, "on"),
    )
    assert sorted(deeds(result)[1:]) == [
        (10.0, "cover.close_cover", ("cover.c",)),
        (10.0, "light.turn_on", ("light.a",)),
        (10.0, "lock.lock", ("lock.d",)),
    ]


def test_an_action_that_is_none_ends_the_run_with_one_line():
    result = run("- service: \"{{ 'nonsense' }}\"\n" + say("after"))
    assert messages(result) == []
    assert result.traces[-1].state == "failed"
    assert len(result.lines) == 1


def test_a_template_that_fails_ends_the_run_and_not_the_house():
    text = f"""
- alias: One
  trigger: {{platform: state, entity_id: {GO}, to: "on"}}
  action: [{{service: notify.notify, data: {{message: "{{{{ 1 / 0 }}}}"}}}}]
- alias: Two
  trigger: {{platform: state, entity_id: {GO}, to: "on"}}
  action: {say("two")[2:]}
"""
    result = told(text, *START)
    assert messages(result) == ["two"]
    assert sorted(trace.state for trace in result.traces) == ["failed", "finished"]


CONDITIONS = [
    ("{condition: state, entity_id: light.x, state: 'on'}", True),
    ("{condition: state, entity_id: [light.x, light.y], state: 'on'}", False),
    ("{condition: state, entity_id: [light.x, light.y], match: any, state: 'on'}", True),
    ("{condition: state, entity_id: light.x, state: 'on', for: 4}", True),
    ("{condition: state, entity_id: light.x, state: 'on', for: 6}", False),
    ("{condition: state, entity_id: light.x, attribute: level, state: 7}", True),
    ("{condition: state, entity_id: light.x, attribute: other, state: 7}", False),
    ("{condition: state, entity_id: light.z, state: 'on'}", False),
    ("{condition: numeric_state, entity_id: sensor.n, above: 4, below: 6}", True),
    ("{condition: numeric_state, entity_id: sensor.n, above: 5}", False),
    ("{condition: numeric_state, entity_id: light.x, above: 5}", False),
    ("{condition: time, after: '11:59', before: '12:01'}", True),
    ("{condition: time, after: '12:01', before: '11:59'}", False),
    ("{condition: time, weekday: [mon]}", True),
    ("{condition: time, weekday: [sat, sun]}", False),
    ("{condition: sun, after: sunrise, before: sunset}", True),
    ("{condition: sun, after: sunset}", False),
    ("{condition: sun, before: sunrise, after: sunset}", False),
    ("{condition: template, value_template: '{{ 1 < 2 }}'}", True),
    ("{condition: template, value_template: '{{ nonsense.x }}'}", False),
    ("{condition: and, conditions: ['{{ true }}', '{{ false }}']}", False),
    ("{condition: or, conditions: ['{{ false }}', '{{ true }}']}", True),
    ("{condition: not, conditions: ['{{ false }}', '{{ false }}']}", True),
    ("{condition: not, conditions: ['{{ false }}', '{{ true }}']}", False),
    ("{condition: trigger, id: '0'}", True),
    ("{condition: state, entity_id: light.z, state: 'on', enabled: false}", True),
    ("{condition: zone, entity_id: person.a, zone: zone.home}", True),
    ("{condition: zone, entity_id: person.b, zone: zone.home}", False),
    ("{or: ['{{ false }}', '{{ true }}']}", True),
]


@pytest.mark.parametrize(("condition", "holds"), CONDITIONS)
def test_conditions(condition, holds):
    place = {"latitude": 45.0, "longitude": 7.0}
    moments = (
        (5, "light.x", "on", {"level": 7}),
        (5, "light.y", "off"),
        (5, "sensor.n", "5"),
        (5, "zone.home", "0", {**place, "radius": 100}),
        (5, "person.a", "home", place),
        (5, "person.b", "not_home", {"latitude": 46.0, "longitude": 7.0}),
    )
    text = f"""
- alias: One
  trigger: {{platform: state, entity_id: {GO}, to: "on"}}
  condition: {condition}
  action: {say("yes")[2:]}
"""
    result = told(text, START[0], *moments, START[1])
    assert messages(result) == (["yes"] if holds else [])
    assert result.traces[-1].state == ("finished" if holds else "refused")
