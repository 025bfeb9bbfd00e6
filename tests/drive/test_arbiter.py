"""The arbiter: who may, who comes before whom, what is under way, and how each command ends."""

import pytest
from msgspec.structs import replace

from make import NOON_NS, make_living, make_params, make_trip
from vettura.bus import paths as at
from vettura.bus.messages import (
    ROLES,
    Actuate,
    Climate,
    Command,
    Drive,
    Inject,
    Lock,
    Offer,
    Plug,
    Precondition,
    Unlock,
    Unplug,
)
from vettura.drive.actuators import LOCKS
from vettura.drive.arbiter import PENDING_LIMIT, Outside, judge, looked, postponed
from vettura.drive.body import value_of
from vettura.drive.commands import decide
from vettura.drive.faults import FAULTS
from vettura.drive.life import advance
from vettura.drive.living import Air
from vettura.units import NS_PER_S

PARAMS = make_params()
WINDOW = "Vehicle.Cabin.Door.Row1.DriverSide.Window.Position"
OTHER_WINDOW = "Vehicle.Cabin.Door.Row2.DriverSide.Window.Position"
CRUISE = "Vehicle.ADAS.CruiseControl.SpeedSet"
COLDER = Air(ambient_degc=0.0)


class Court:
    """A car, and all that was judged of it."""

    def __init__(self, car=None, outside=None):
        self.car = car or make_living()
        self.outside = outside or Outside()
        self.recent = {}
        self.audits = []
        self.count = 0

    def ask(self, verb, *, role="local", who="", granted=False, command_id=""):
        self.count += 1
        command = Command(
            id=command_id or f"c{self.count}",
            verb=verb,
            who=who or role,
            role=role,
            granted=granted,
        )
        ruling = judge(PARAMS, self.car, command, recent=self.recent, outside=self.outside)
        self.car, self.recent = ruling.car, ruling.recent
        self.audits += ruling.audits
        return ruling.answer

    def live(self, seconds, air=COLDER):
        until_ns = self.car.time_ns + round(seconds * NS_PER_S)
        self.car = advance(PARAMS, self.car, air, None, until_ns).car
        self.car, ended = looked(self.car, self.outside)
        self.audits += ended
        return ended

    def results(self):
        return {audit.id: audit.result for audit in self.audits}


def window(value, path=WINDOW):
    return Actuate(path=path, value=value)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("granted", [True, False])
def test_a_path_for_people_at_the_car_is_theirs_or_of_whom_a_token_names_it(role, granted):
    answer = Court().ask(Actuate(path=CRUISE, value=80.0), role=role, granted=granted)
    assert answer.ok == (granted or role == "local")
    if not answer.ok:
        assert answer.code == "scope"
        assert answer.reason == f"{CRUISE} is for people at the car"


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "verb",
    [
        Drive(trip=make_trip()),
        Plug(station="wallbox", power_w_max=11_000.0),
        Unplug(),
        Offer(power_w_max=1.0),
        Inject(fault="isolation"),
    ],
    ids=lambda verb: verb.__struct_config__.tag,
)
def test_an_app_neither_drives_nor_plugs_nor_breaks_the_car(role, verb):
    answer = Court().ask(verb, role=role)
    assert (answer.code == "scope") == (role in {"app", "fleet"})


@pytest.mark.parametrize("first", ROLES)
@pytest.mark.parametrize("second", ROLES)
def test_what_is_under_way_yields_to_the_same_or_a_higher_role_and_to_no_lower(first, second):
    court = Court()
    court.ask(window(100), role=first, command_id="first")
    court.live(1.0)
    answer = court.ask(window(0), role=second, command_id="second")
    if ROLES.index(second) >= ROLES.index(first):
        assert answer.state == "accepted"
        assert court.results() == {"first": "superseded"}
        court.live(4.0)
        assert court.results() == {"first": "superseded", "second": "reached"}
    else:
        assert answer.code == "conflict"
        assert f"{first} ({first}) wished otherwise" in answer.reason
        assert "at most" in answer.reason
        court.live(4.0)
        assert court.results() == {"first": "reached", "second": "refused"}


@pytest.mark.parametrize("first", ROLES)
@pytest.mark.parametrize("second", ROLES)
def test_a_wish_holds_for_five_seconds_against_lower_roles(first, second):
    court = Court()
    court.ask(Lock(), role=first)
    court.live(2.0)
    answer = court.ask(Unlock(), role=second)
    lower = ROLES.index(second) < ROLES.index(first)
    assert answer.ok != lower
    if lower:
        assert answer.code == "conflict"
        assert "3.0 s" in answer.reason
        court.live(3.0)
        assert court.ask(Unlock(), role=second).ok


def test_the_same_wish_is_no_conflict_and_weakens_none():
    court = Court()
    court.ask(Lock(), role="local")
    assert court.ask(Lock(), role="app").ok
    assert court.ask(Unlock(), role="app").code == "conflict"


def test_a_door_and_the_central_lock_are_one_actuator():
    court = Court()
    court.ask(Lock(), role="owner")
    door = "Vehicle.Cabin.Door.Row2.PassengerSide.IsLocked"
    assert court.ask(Actuate(path=door, value=False), role="app").code == "conflict"


def test_targets_name_every_path_of_the_actuator():
    command = Command(id="c", verb=Unlock(), role="local")
    targets = judge(PARAMS, make_living(), command, recent={}, outside=Outside()).targets
    assert set(targets) == set(LOCKS)
    assert set(targets.values()) == {False}


def test_a_window_arrives_and_says_so_once():
    court = Court()
    assert court.ask(window(60)).state == "accepted"
    assert court.live(2.0) == []
    (ended,) = court.live(1.0)
    assert (ended.result, ended.what, ended.value) == ("reached", WINDOW, "60")
    assert ended.end_ns - ended.time_ns == 3 * NS_PER_S
    assert court.live(60.0) == []


def test_a_jammed_window_times_out_and_says_why():
    court = Court(make_living(faults=["window_jam"]))
    assert court.ask(window(100)).state == "accepted"
    court.live(13.9)
    assert court.audits == []
    court.live(0.1)
    (ended,) = court.audits
    assert (ended.result, ended.reason) == ("timed out", FAULTS["window_jam"].words)
    assert court.car.pending == []


def test_climate_is_reached_within_a_kelvin_and_not_before():
    court = Court()
    assert court.ask(Climate(on=True, target_degc=21.0)).state == "accepted"
    while not court.audits and court.car.time_ns < NOON_NS + 1800 * NS_PER_S:
        court.live(5.0)
    (ended,) = court.audits
    assert (ended.result, ended.value) == ("reached", '{"on":true,"target_degc":21.0}')
    assert abs(court.car.state.cabin_degc - 21.0) <= 1.0
    assert ended.end_ns > NOON_NS + 60 * NS_PER_S


def test_a_climate_that_breaks_on_the_way_times_out_with_the_fault():
    court = Court()
    court.ask(Climate(on=True, target_degc=30.0), command_id="warm")
    court.ask(Inject(fault="climate_unit"))
    court.live(1_801.0)
    warm = next(audit for audit in court.audits if audit.id == "warm")
    assert (warm.result, warm.reason) == ("timed out", FAULTS["climate_unit"].words)


def test_switching_the_climate_off_ends_what_waited_for_its_warmth():
    court = Court()
    court.ask(Climate(on=True), command_id="on")
    court.ask(Actuate(path=at.CABIN_TARGET, value=29.0), command_id="warmer")
    court.ask(Climate(on=False), command_id="off")
    assert court.results() == {"on": "superseded", "warmer": "superseded", "off": "reached"}


def test_a_plan_is_kept_until_its_time_and_forgotten_when_told():
    court = Court()
    ready_ns = NOON_NS + 3600 * NS_PER_S
    assert court.ask(Precondition(ready_at_ns=ready_ns), command_id="plan").state == "accepted"
    assert court.ask(Precondition(), command_id="forget").state == "reached"
    assert court.results() == {"plan": "superseded", "forget": "reached"}
    assert court.ask(Precondition(ready_at_ns=NOON_NS)).code == "range"


def test_a_cold_cabin_at_the_planned_time_is_a_plan_that_failed():
    court = Court(make_living(faults=["climate_unit"]))
    court.ask(Precondition(ready_at_ns=NOON_NS + 600 * NS_PER_S), command_id="plan")
    court.live(700.0)
    assert court.results() == {"plan": "timed out"}


def test_only_so_many_commands_are_under_way():
    court = Court()
    for _ in range(PENDING_LIMIT):
        assert court.ask(window(100)).ok
    assert court.ask(window(100, OTHER_WINDOW)).code == "busy"
    assert court.ask(Lock()).ok


def test_a_car_that_slept_owes_nothing_for_the_time():
    court = Court()
    court.ask(window(100))
    court.car = postponed(
        replace(court.car, time_ns=court.car.time_ns + 3600 * NS_PER_S), 3600 * NS_PER_S
    )
    assert court.live(1.0) == []
    assert [audit.result for audit in court.live(3.0)] == ["reached"]


def test_the_older_verbs_are_audited_by_their_names():
    court = Court()
    court.ask(Drive(trip=make_trip()))
    court.ask(Plug(station="wallbox", power_w_max=11_000.0))
    drive, plug = court.audits
    assert (drive.what, drive.value) == ("drive", '{"trip":"t1","destination":"work"}')
    assert (plug.what, plug.result, plug.code) == ("plug", "refused", "interlock")


def test_a_claimed_actuator_is_forwarded_and_reached_when_its_provider_shows_it():
    outside = Outside(holders={WINDOW: "bench"})
    command = Command(id="c", verb=window(70), role="app", who="app")
    ruling = judge(PARAMS, make_living(), command, recent={}, outside=outside)
    assert ruling.answer.state == "accepted"
    assert (ruling.forward.provider, ruling.forward.wish.value) == ("bench", 70)
    assert not ruling.car.body.targets
    shown = outside._replace(values={WINDOW: 69})
    assert looked(ruling.car, shown)[1] == []
    car, (ended,) = looked(ruling.car, outside._replace(values={WINDOW: 70}))
    assert (ended.result, car.pending) == ("reached", [])


def test_a_provider_that_never_shows_it_lets_the_wish_time_out():
    court = Court(outside=Outside(holders={WINDOW: "bench"}))
    court.ask(window(70))
    assert court.live(9.9) == []
    (ended,) = court.live(0.2)
    assert (ended.result, "bench" in ended.reason) == ("timed out", True)


def test_an_interlock_holds_for_a_claimed_actuator_too():
    driving = decide(PARAMS, make_living(), Drive(trip=make_trip())).car
    court = Court(driving, Outside(holders={at.FLAP: "bench"}))
    assert court.ask(Actuate(path=at.FLAP, value=True)).code == "interlock"


def test_what_only_a_provider_has_is_forwarded_and_ends_with_it():
    spoiler = "Vehicle.Body.RearMainSpoilerPosition"
    court = Court(outside=Outside(holders={spoiler: "bench"}))
    assert court.ask(Actuate(path=spoiler, value=40.0)).state == "accepted"
    court.outside = Outside()
    (ended,) = court.live(0.1)
    assert (ended.result, ended.reason) == ("timed out", "its provider left")


def test_a_trunk_takes_its_five_seconds_and_is_open_while_it_moves():
    trunk = "Vehicle.Body.Trunk.Rear.IsOpen"
    court = Court()
    court.ask(Actuate(path=trunk, value=True), command_id="open")
    court.live(1.0)
    assert (value_of(court.car.body, trunk), court.results()) == (True, {})
    court.live(1.0)
    court.ask(Actuate(path=trunk, value=False), command_id="shut")
    court.live(1.9)
    assert value_of(court.car.body, trunk) is True
    court.live(0.2)
    assert value_of(court.car.body, trunk) is False
    assert court.results() == {"open": "superseded", "shut": "reached"}
