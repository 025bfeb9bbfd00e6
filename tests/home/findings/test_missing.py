"""Triggers that are missing, and how near a scene came that never fired."""

from textwrap import dedent

from home.findings.told import Teller
from vettura.home.findings.missing import missing_triggers
from vettura.home.findings.nearest import nearest
from vettura.home.findings.past import Past
from vettura.home.scene.read import read_scenes_text

ROME = "Europe/Rome"
ARRIVE = """
    - alias: Arrive
      trigger: {platform: state, entity_id: person.giulia, to: home}
      condition: {condition: state, entity_id: sun.sun, state: below_horizon}
      action: {service: light.turn_on, target: {entity_id: light.hall}}
    """


def read(text):
    return read_scenes_text(dedent(text))


def found(text, teller):
    return missing_triggers(read(text), Past(teller.story, ROME))


def evening(*, sets_at_s, leaves_at_s):
    """Giulia comes home by day and stays; the sun sets later."""
    teller = Teller()
    teller.state(0.0, "person.giulia", "not_home")
    teller.state(0.0, "sun.sun", "above_horizon")
    teller.state(1_000.0, "person.giulia", "home")
    teller.run(1_000.0, "automation.arrive", state="refused", reason="condition/0 does not hold")
    later = [(sets_at_s, "sun.sun", "below_horizon"), (leaves_at_s, "person.giulia", "not_home")]
    for at_s, entity, state in sorted(later):
        teller.state(at_s, entity, state)
    teller.until(86_400.0)
    return teller


def test_a_scene_that_was_refused_and_would_have_run_later_lacks_a_trigger():
    (missing,) = found(ARRIVE, evening(sets_at_s=5_000.0, leaves_at_s=9_000.0))
    assert missing.title == "automation.arrive looks at sun.sun, which does not set it off"
    assert missing.why == (
        "02 Mar 08:16:40: set off and refused",
        "02 Mar 09:23:20: sun.sun became below_horizon; then all its conditions held",
    )


def test_what_set_it_off_must_still_last():
    assert found(ARRIVE, evening(sets_at_s=9_000.0, leaves_at_s=5_000.0)) == []


def test_who_listens_to_it_lacks_nothing():
    both = ARRIVE.replace("entity_id: person.giulia", "entity_id: [person.giulia, sun.sun]")
    assert found(both, evening(sets_at_s=5_000.0, leaves_at_s=9_000.0)) == []


def test_a_limit_that_another_entity_sets_is_not_followed():
    text = """
        - alias: Low
          trigger: {platform: numeric_state, entity_id: sensor.soc, below: input_number.low}
          action: {service: light.turn_on, target: {entity_id: light.hall}}
        """
    (missing,) = found(text, Teller())
    assert missing.title == "automation.low reads input_number.low, which does not set it off"
    assert missing.where == ("scenes.yaml:3",)


def near(text, teller):
    (said,) = nearest(read(text), teller.story).values()
    return said


def test_a_number_that_never_came_near_says_how_near():
    text = """
        - alias: Low
          trigger: {platform: numeric_state, entity_id: sensor.soc, below: 20}
          action: []
        """
    teller = Teller()
    for number in (80, 41, 60):
        teller.state(float(number), "sensor.soc", f"{number}")
    assert near(text, teller) == "sensor.soc went from 41 to 80, it wants below 20"


def test_a_state_that_did_not_last_says_how_long():
    text = """
        - alias: Long
          trigger: {platform: state, entity_id: cover.garage, to: open, for: "01:00:00"}
          action: []
        """
    teller = Teller()
    for at_s, state in ((0.0, "closed"), (10.0, "open"), (1_810.0, "closed")):
        teller.state(at_s, "cover.garage", state)
    assert near(text, teller) == "cover.garage was so for at most 0.5 h, it wants that for 3600 s"


def test_a_state_that_never_was_says_what_was():
    text = """
        - alias: Smoke
          trigger: {platform: state, entity_id: binary_sensor.smoke, to: "on"}
          action: []
        """
    teller = Teller()
    teller.state(0.0, "binary_sensor.smoke", "off")
    assert near(text, teller) == "binary_sensor.smoke was off, it wants on"


def test_who_was_always_refused_says_why():
    teller = Teller()
    for at_s in range(3):
        reason = "condition/0 does not hold"
        teller.run(float(at_s), "automation.arrive", state="refused", reason=reason)
    said = near(ARRIVE, teller)
    assert said == "set off 3 times, 3 times refused: the condition in scenes.yaml:4 does not hold"
