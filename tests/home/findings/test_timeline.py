"""A story as lanes: people, scenes and rooms in order, bands that meet, and days as they are."""

from home.findings.told import START_NS, Teller
from vettura.home.findings.timeline import timeline_of
from vettura.home.mishaps import Mishap
from vettura.units import NS_PER_S

ROME = "Europe/Rome"


def lane(timeline, entity):
    return next(one for one in timeline.lanes if one.entity == entity)


def drawn():
    teller = Teller()
    teller.about("light.hall", area="hall")
    teller.about("person.giulia")
    teller.about("automation.arrive")
    teller.about("sensor.hall", area="hall", device_class="temperature")
    teller.state(0.0, "person.giulia", "not_home")
    teller.state(0.0, "light.hall", "off")
    teller.state(100.0, "person.giulia", "home")
    cause = teller.run(101.0, "automation.arrive", chain=("person.giulia",))
    teller.state(102.0, "light.hall", "on", cause)
    for number in range(50):
        teller.state(200.0 + number, "sensor.hall", f"{20 + number / 10}")
    teller.until(3 * 86_400.0)
    return timeline_of(teller.story, ROME)


def test_people_come_first_then_scenes_then_rooms():
    assert [one.group for one in drawn().lanes] == ["People", "Scenes", "hall", "hall"]


def test_bands_follow_each_other_and_know_their_cause():
    timeline = drawn()
    hall = lane(timeline, "light.hall")
    assert [row[:2] for row in hall.rows] == [(0.0, 102.0), (102.0, 3 * 86_400.0)]
    assert [hall.states[int(row[2])] for row in hall.rows] == ["off", "on"]
    assert timeline.causes[int(hall.rows[1][3])] == "person.giulia → automation.arrive"
    assert hall.rows[0][3] == -1


def test_numbers_become_a_line():
    hall = lane(drawn(), "sensor.hall")
    assert hall.shape == "line"
    assert len(hall.rows) == 50


def test_a_long_line_keeps_its_highest_and_lowest():
    teller = Teller()
    teller.about("sensor.power", device_class="power")
    for number in range(30_000):
        teller.state(float(number), "sensor.power", f"{number % 7 + (500 if number == 777 else 0)}")
    (row,) = timeline_of(teller.story, ROME).lanes
    assert len(row.rows) <= 4_000
    assert max(value for _, value in row.rows) == 500
    times = [at_s for at_s, _ in row.rows]
    assert times == sorted(times)


def test_days_are_those_of_the_home():
    days = drawn().days
    assert [day.date for day in days] == ["2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05"]
    assert days[0].begin_s == -8 * 3600.0
    assert START_NS % NS_PER_S == 0


def test_faults_are_drawn_when_they_were():
    teller = Teller()
    teller.until(3_600.0)
    begin_ns = START_NS + 60 * NS_PER_S
    gone = Mishap(
        ill="offline",
        what="lamp",
        from_ns=begin_ns,
        until_ns=begin_ns + 300 * NS_PER_S,
        text="lamp is offline",
    )
    (row,) = timeline_of(teller.story, ROME, [gone]).lanes
    assert (row.group, row.name, row.states) == ("Faults", "Offline", ("lamp is offline",))
    assert row.rows == ((60.0, 360.0, 0, -1),)
