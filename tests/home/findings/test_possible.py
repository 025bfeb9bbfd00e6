"""What the scenes' text shows without running them: conflicts, loops, and what cannot be."""

from textwrap import dedent

from home.findings.told import Teller
from make import ROOT
from vettura.home.findings.graph import graph_of
from vettura.home.findings.possible import possible_conflicts, possible_loops
from vettura.home.findings.unsound import unsound
from vettura.home.scene.read import read_scenes, read_scenes_text


def read(text):
    return read_scenes_text(dedent(text))


def entities(*names, **areas):
    teller = Teller()
    for name in names:
        teller.about(name, area=areas.get(name.replace(".", "_"), ""))
    return teller.story.entities


def conflicts(text, known=None):
    return [one.title for one in possible_conflicts(graph_of(read(text), known or {}))]


def loops(text, known=None):
    return [one.title for one in possible_loops(graph_of(read(text), known or {}))]


def two(first, second, *, shared="trigger: {platform: time, at: '22:00'}"):
    """Two automations that one thing sets off."""
    return f"""
        - alias: One
          {shared}
          {first}
        - alias: Two
          {shared}
          {second}
        """


OPEN = "action: {service: cover.open_cover, target: {entity_id: cover.bedroom}}"
CLOSE = "action: {service: cover.close_cover, target: {entity_id: cover.bedroom}}"
FIGHT = ["automation.one and automation.two may set cover.bedroom against each other"]


def test_one_time_that_opens_and_closes_is_a_conflict():
    assert conflicts(two(OPEN, CLOSE)) == FIGHT


def test_the_conflict_says_where():
    (found,) = possible_conflicts(graph_of(read(two(OPEN, CLOSE)), {}))
    assert found.where == ("scenes.yaml:4", "scenes.yaml:7")
    assert found.count == 0
    assert "the same sets both off: scenes.yaml:3 and scenes.yaml:6" in found.why


def test_two_that_want_the_same_do_not_fight():
    assert conflicts(two(OPEN, OPEN)) == []


def test_conditions_that_exclude_each_other_keep_the_peace():
    warm = "condition: {condition: numeric_state, entity_id: sensor.out, above: 25}\n          "
    cold = "condition: {condition: numeric_state, entity_id: sensor.out, below: 25}\n          "
    assert conflicts(two(warm + OPEN, cold + CLOSE)) == []
    assert conflicts(two(warm + OPEN, CLOSE)) == FIGHT


def test_one_arrives_while_the_other_leaves_is_no_conflict():
    text = """
        - alias: One
          trigger: {platform: state, entity_id: person.giulia, to: home}
          action: {service: light.turn_on, target: {entity_id: light.hall}}
        - alias: Two
          trigger: {platform: state, entity_id: person.giulia, from: home}
          action: {service: light.turn_off, target: {entity_id: light.hall}}
        """
    assert conflicts(text) == []


def test_days_of_the_week_and_choices_keep_the_peace_too():
    text = """
        - alias: One
          trigger: {platform: time, at: '07:00'}
          condition: {condition: time, weekday: [sat, sun]}
          action: {service: cover.open_cover, target: {entity_id: cover.bedroom}}
        - alias: Two
          trigger: {platform: time, at: '07:00'}
          action:
            - choose:
                - conditions: {condition: time, weekday: [mon, tue, wed, thu, fri]}
                  sequence: {service: cover.close_cover, target: {entity_id: cover.bedroom}}
        """
    assert conflicts(text) == []


def test_what_comes_after_a_wait_is_another_time():
    waited = """action:
            - delay: '01:00:00'
            - {service: cover.close_cover, target: {entity_id: cover.bedroom}}"""
    assert conflicts(two(OPEN, waited)) == []


def test_who_answers_by_undoing_it_is_a_conflict():
    text = """
        - alias: One
          trigger: {platform: time, at: '22:00'}
          action: {service: cover.close_cover, target: {entity_id: cover.bedroom}}
        - alias: Two
          trigger: {platform: state, entity_id: cover.bedroom, to: closed}
          action: {service: cover.open_cover, target: {entity_id: cover.bedroom}}
        """
    assert conflicts(text) == FIGHT


def test_areas_mean_the_entities_in_them():
    known = entities("cover.bedroom", cover_bedroom="bedroom")
    by_area = "action: {service: cover.close_cover, target: {area_id: bedroom}}"
    assert conflicts(two(OPEN, by_area), known) == FIGHT


PING = """
    - alias: One
      trigger: {platform: state, entity_id: input_boolean.a, to: "on"}
      action:
        - {service: input_boolean.turn_on, target: {entity_id: input_boolean.b}}
        - {service: input_boolean.turn_off, target: {entity_id: input_boolean.a}}
    - alias: Two
      trigger: {platform: state, entity_id: input_boolean.b, to: "on"}
      action:
        - {service: input_boolean.turn_on, target: {entity_id: input_boolean.a}}
        - {service: input_boolean.turn_off, target: {entity_id: input_boolean.b}}
    """


def test_two_that_keep_setting_each_other_off_are_a_loop():
    assert loops(PING) == [
        "automation.one → automation.two → automation.one: each may set the next one off"
    ]


def test_two_lamps_that_follow_each_other_come_to_rest():
    text = """
        - alias: One
          trigger: {platform: state, entity_id: light.a, to: "on"}
          action: {service: light.turn_on, target: {entity_id: light.b}}
        - alias: Two
          trigger: {platform: state, entity_id: light.b, to: "on"}
          action: {service: light.turn_on, target: {entity_id: light.a}}
        """
    assert loops(text) == []


def test_a_toggle_that_hears_itself_is_a_loop():
    text = """
        - alias: One
          trigger: {platform: state, entity_id: light.a}
          action: {service: light.toggle, target: {entity_id: light.a}}
        """
    assert loops(text) == ["automation.one → automation.one: each may set the next one off"]


def test_events_that_call_each_other_are_a_loop():
    text = """
        - alias: One
          trigger: {platform: event, event_type: ping}
          action: {event: pong}
        - alias: Two
          trigger: {platform: event, event_type: pong}
          action: {event: ping}
        """
    assert len(loops(text)) == 1


def test_a_thermostat_is_no_loop():
    known = {
        **entities("switch.heater", switch_heater="bath"),
        **warmth(),
    }
    text = """
        - alias: Warm
          trigger: {platform: numeric_state, entity_id: sensor.bath, below: 20}
          action: {service: switch.turn_on, target: {entity_id: switch.heater}}
        - alias: Enough
          trigger: {platform: numeric_state, entity_id: sensor.bath, above: 22}
          action: {service: switch.turn_off, target: {entity_id: switch.heater}}
        """
    assert loops(text, known) == []


def warmth():
    teller = Teller()
    teller.about("sensor.bath", area="bath", device_class="temperature")
    return teller.story.entities


def titles(text, *names):
    return [one.title for one in unsound(read(text), entities(*names))]


def test_an_entity_that_nobody_brings_is_named_with_its_line():
    text = """
        - alias: One
          trigger: {platform: state, entity_id: light.hal, to: "on"}
          condition: "{{ is_state('switch.fan', 'on') }}"
          action: {service: light.turn_on, target: {entity_id: light.hall}}
        """
    found = unsound(read(text), entities("light.hall"))
    assert [(one.title, one.where) for one in found] == [
        ("automation.one names light.hal, which nobody brings", ("scenes.yaml:3",)),
        ("automation.one names switch.fan, which nobody brings", ("scenes.yaml:4",)),
    ]


def test_a_state_that_an_entity_never_has_is_named():
    text = """
        - alias: One
          trigger: {platform: state, entity_id: light.hall, to: "On"}
          action: {service: light.turn_off, target: {entity_id: light.hall}}
        """
    (found,) = titles(text, "light.hall")
    assert found == "automation.one waits for light.hall to be On, which it never is"


def test_conditions_that_contradict_each_other_or_their_trigger_are_named():
    text = """
        - alias: One
          trigger: {platform: state, entity_id: light.hall, to: "on"}
          condition: {condition: state, entity_id: light.hall, state: "off"}
          action: {service: light.turn_off, target: {entity_id: light.hall}}
        - alias: Two
          trigger: {platform: time, at: '22:00'}
          condition:
            - {condition: numeric_state, entity_id: sensor.out, above: 30}
            - {condition: numeric_state, entity_id: sensor.out, below: 20}
          action: {service: light.turn_off, target: {entity_id: light.hall}}
        """
    assert titles(text, "light.hall", "sensor.out") == [
        "automation.one: its conditions contradict its trigger",
        "automation.two: its conditions contradict each other",
    ]


def test_the_planted_fight_and_loop_show_without_running_anything():
    names = ("casa-scenes.yaml", "planted-scenes.yaml")
    graph = graph_of(read_scenes([ROOT / "examples" / name for name in names]), {})
    assert [one.entities for one in possible_conflicts(graph)] == [("cover.bedroom_shutters",)]
    assert [one.entities for one in possible_loops(graph)] == [
        ("input_boolean.reading", "light.loft")
    ]


def test_the_scenes_of_the_example_home_can_neither_fight_nor_loop():
    graph = graph_of(read_scenes([ROOT / "examples" / "casa-scenes.yaml"]), {})
    assert possible_conflicts(graph) == []
    assert possible_loops(graph) == []


def test_a_sun_with_an_offset_and_zones_of_any_name_contradict_nothing():
    text = """
        - alias: Around sunset
          trigger: {platform: time_pattern, minutes: /15}
          condition:
            - {condition: sun, after: sunset, after_offset: "-00:20:00"}
            - {condition: sun, before: sunset, before_offset: "00:40:00"}
          action: {service: light.turn_off, target: {entity_id: light.hall}}
        - alias: At work
          trigger: {platform: state, entity_id: person.giulia, to: Work}
          condition: {condition: zone, entity_id: person.giulia, zone: zone.work}
          action: {service: light.turn_off, target: {entity_id: light.hall}}
        """
    assert titles(text, "light.hall", "person.giulia", "zone.work") == []


def test_a_counter_that_is_set_back_does_not_set_itself_off():
    text = """
        counter: {doors: {initial: 0}}
        automation:
          - alias: Enough
            trigger: {platform: numeric_state, entity_id: counter.doors, above: 20}
            action: {service: counter.reset, target: {entity_id: counter.doors}}
        """
    assert loops(text) == []
