"""What is found in a life that was lived: fights, loops, failures, and what each scene did."""

from home.findings.told import HOME, START_NS, Teller
from vettura.home.findings.conflicts import conflicts
from vettura.home.findings.fired import failures, scene_rows
from vettura.home.findings.loops import loops
from vettura.units import NS_PER_S

NIGHT, COOL = "automation.night", "automation.cool"
SHUTTER = "cover.bedroom"
OPEN, CLOSE = ("cover.open_cover", SHUTTER), ("cover.close_cover", SHUTTER)


def test_two_scenes_that_disagree_at_once_fight():
    teller = Teller()
    for day in range(3):
        teller.run(day * 86_400.0, NIGHT, CLOSE)
        teller.run(day * 86_400.0 + 1.0, COOL, OPEN)
    (found,) = conflicts(teller.story)
    assert (
        found.title == "automation.cool and automation.night set cover.bedroom against each other"
    )
    assert found.count == 3
    assert found.first_ns == START_NS + NS_PER_S
    assert found.why == ("automation.night wants closed", "automation.cool wants open")


def test_later_is_another_wish_and_no_fight():
    teller = Teller()
    teller.run(0.0, NIGHT, CLOSE)
    teller.run(3_600.0, COOL, OPEN)
    assert conflicts(teller.story) == []


def test_a_scene_that_blinks_a_light_fights_nobody():
    teller = Teller()
    blink = [("light.turn_on", "light.hall"), ("light.turn_off", "light.hall")] * 5
    teller.run(0.0, "automation.bell", *blink)
    assert conflicts(teller.story) == []


def test_who_undoes_what_set_it_off_fights_though_a_while_passes():
    teller = Teller()
    teller.run(0.0, NIGHT, CLOSE)
    teller.run(20.0, COOL, OPEN, chain=(NIGHT,))
    teller.run(100.0, COOL, CLOSE)
    assert [found.count for found in conflicts(teller.story)] == [1]


def test_two_temperatures_for_one_room_are_a_fight():
    teller = Teller()
    warmer = ("climate.set_temperature", "climate.living")
    teller.run(0.0, "automation.warm", warmer, temperature=22)
    teller.run(2.0, "automation.save", warmer, temperature=17)
    (found,) = conflicts(teller.story)
    assert found.why[0] == "automation.warm wants temperature 22"


def test_rapid_to_and_fro_is_flapping_even_of_one_scene():
    teller = Teller()
    for number in range(6):
        verb = "turn_on" if number % 2 else "turn_off"
        teller.run(30.0 * number, "automation.fan", (f"switch.{verb}", "switch.fan"))
    (found,) = conflicts(teller.story)
    assert found.title == "automation.fan sets switch.fan to and fro"
    assert found.count == 5


def test_what_was_refused_is_no_wish():
    teller = Teller()
    teller.run(0.0, NIGHT, CLOSE, ok=False, reason="jammed")
    teller.run(1.0, COOL, OPEN)
    assert conflicts(teller.story) == []
    (failed,) = failures(teller.story)
    assert failed.title == "automation.night: cover.close_cover cover.bedroom was not done: jammed"


def test_a_scene_that_sets_itself_off_through_another_is_a_loop():
    teller = Teller()
    one, other = "automation.one", "automation.other"
    chain: tuple[str, ...] = ("person.giulia",)
    for number in range(7):
        scene = other if number % 2 else one
        state = "refused" if number == 6 else "finished"
        teller.run(float(number), scene, chain=chain, state=state, reason="8 hops")
        chain = (*chain, scene)
    (found,) = loops(teller.story)
    assert "automation.one → automation.other → automation.one" in found.title
    assert found.count == 5
    assert found.why[0] == "first so: person.giulia → automation.one → automation.other → " + one
    assert "cut 1 times" in found.why[2]


def test_a_chain_that_comes_to_an_end_is_no_loop():
    teller = Teller()
    teller.run(0.0, "automation.one")
    teller.run(1.0, "automation.other", chain=("automation.one",))
    assert loops(teller.story) == []


def test_each_scene_says_what_it_did():
    teller = Teller()
    teller.about("automation.arrive")
    teller.about("automation.smoke")
    teller.state(0.0, "light.hall", "off")
    on = ("light.turn_on", "light.hall")
    cause = teller.run(10.0, "automation.arrive", on, chain=("person.giulia",))
    teller.state(10.2, "light.hall", "on", cause)
    teller.run(20.0, "automation.arrive", on)
    teller.run(30.0, "automation.arrive", state="refused", reason="it is day")
    arrive, smoke = scene_rows(teller.story, nearest={"automation.smoke": "no smoke"})
    assert (arrive.fired, arrive.refused, arrive.idle, arrive.actions) == (2, 1, 1, 2)
    assert arrive.refusal == "it is day"
    assert arrive.last_ns == START_NS + 20 * NS_PER_S
    assert (smoke.fired, smoke.nearest, smoke.name) == (0, "no smoke", "Smoke")


def test_the_witness_counts_what_is_no_message():
    teller = Teller()
    teller.witness.hear(START_NS, f"home.{HOME}.lamp.state", b"\xc1")
    teller.witness.hear(START_NS, f"home.{HOME}.lamp.do", b"\xc1")
    teller.witness.hear(START_NS, "home.other.lamp.state", b"\xc1")
    assert teller.witness.unreadable == 1


def test_a_scene_that_still_runs_at_the_end_has_fired():
    teller = Teller()
    teller.about("automation.wake")
    teller.run(10.0, "automation.wake", ("light.turn_on", "light.hall"))
    teller.story.runs.clear()
    teller.until(60.0)
    (row,) = scene_rows(teller.witness.finish())
    assert (row.fired, row.actions, row.why) == (1, 1, "still running")
