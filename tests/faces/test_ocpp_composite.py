"""Which limit holds when, of any charging profiles together."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from make import NOON_NS
from vettura.faces.ocpp_composite import (
    NEVER_NS,
    Grant,
    Period,
    Profile,
    Scene,
    course,
    grant_at,
    next_change_ns,
    read_profile,
    with_profile,
    without,
)
from vettura.faces.ocpp_times import time_text
from vettura.faces.ocpp_wire import AnswerError
from vettura.units import NS_PER_S

DAY_S = 86_400
SCENE = Scene(power_w_max=11_000.0, phases=3, transaction="t", begun_ns=NOON_NS)
PURPOSES = ("TxProfile", "TxDefaultProfile", "ChargePointMaxProfile")


def profile(limit_w=5_000.0, **more):
    plain = {
        "id": 1,
        "connector": 1,
        "stack": 0,
        "purpose": "TxDefaultProfile",
        "kind": "Absolute",
        "start_ns": NOON_NS,
        "periods": (Period(0, limit_w, 3),),
        "told": {},
    }
    return Profile(**(plain | more))


def at(seconds):
    return NOON_NS + seconds * NS_PER_S


periods = st.lists(
    st.tuples(st.integers(1, 2 * DAY_S), st.integers(0, 22_000)),
    max_size=4,
    unique_by=lambda x: x[0],
).map(lambda rows: (Period(0, 7_000.0, 3), *(Period(s, float(w), 3) for s, w in sorted(rows))))
profiles = st.lists(
    st.builds(
        profile,
        id=st.integers(1, 9),
        connector=st.integers(0, 1),
        stack=st.integers(0, 3),
        purpose=st.sampled_from(PURPOSES),
        kind=st.sampled_from(["Absolute", "Relative"]),
        recurs_s=st.sampled_from([0, DAY_S, 7 * DAY_S]),
        since_ns=st.sampled_from([0, at(-900), at(900)]),
        until_ns=st.sampled_from([NEVER_NS, at(5_000)]),
        start_ns=st.sampled_from([at(-3 * DAY_S), at(-60), at(0), at(600)]),
        duration_s=st.one_of(st.none(), st.integers(1, DAY_S)),
        periods=periods,
    ),
    max_size=6,
)


@given(profiles, st.integers(0, 3 * DAY_S))
@settings(max_examples=50, deadline=None)
def test_no_grant_exceeds_the_station_or_a_limit_of_the_whole(held, seconds):
    now_ns = at(seconds)
    grant = grant_at(held, SCENE, now_ns)
    assert 0.0 <= grant.power_w <= SCENE.power_w_max
    whole = [one for one in held if one.purpose == "ChargePointMaxProfile"]
    assert grant.power_w <= grant_at(whole, SCENE, now_ns).power_w


@given(profiles, st.integers(0, 3 * DAY_S), st.floats(0.0, 1.0, exclude_max=True))
@settings(max_examples=50, deadline=None)
def test_nothing_changes_before_the_next_change(held, seconds, share):
    now_ns = at(seconds)
    until_ns = min(next_change_ns(held, SCENE, now_ns), now_ns + 30 * DAY_S * NS_PER_S)
    assert until_ns > now_ns
    between_ns = now_ns + int((until_ns - now_ns) * share)
    assert grant_at(held, SCENE, between_ns) == grant_at(held, SCENE, now_ns)


@given(profiles, st.integers(60, 2 * DAY_S), st.floats(0.0, 1.0, exclude_max=True))
@settings(max_examples=50, deadline=None)
def test_a_composite_schedule_says_at_each_instant_what_holds(held, duration_s, share):
    rows = course(held, SCENE, NOON_NS, duration_s=duration_s)
    assert rows[0][0] == 0
    seconds = int(duration_s * share)
    told = next(grant for start_s, grant in reversed(rows) if start_s <= seconds)
    if len(rows) < 1_024:
        assert told == grant_at(held, SCENE, at(seconds))


@given(profiles, st.integers(0, DAY_S))
@settings(max_examples=50, deadline=None)
def test_a_higher_level_decides_alone_within_its_purpose(held, seconds):
    top = profile(1_234.0, id=99, stack=9, start_ns=at(-1), purpose="TxProfile", transaction="t")
    others = [one for one in held if one.purpose != "ChargePointMaxProfile"]
    assert grant_at([*others, top], SCENE, at(seconds)) == Grant(1_234.0, 3)


def test_a_profile_that_is_over_leaves_to_the_one_beneath():
    beneath = profile(1_380.0, id=1)
    offer = profile(9_000.0, id=2, stack=1, duration_s=60)
    assert [grant_at([beneath, offer], SCENE, at(s)).power_w for s in (0, 59, 60)] == [
        9_000.0,
        9_000.0,
        1_380.0,
    ]


def test_a_profile_of_a_charge_is_for_that_charge():
    own = profile(2_000.0, purpose="TxProfile", transaction="t")
    other = profile(2_000.0, purpose="TxProfile", transaction="u")
    assert grant_at([own], SCENE, at(1)).power_w == 2_000.0
    assert grant_at([other], SCENE, at(1)).power_w == 11_000.0
    idle = Scene(power_w_max=11_000.0, phases=3)
    assert grant_at([own], idle, at(1)).power_w == 11_000.0


def test_days_and_weeks_recur():
    daily = profile(
        kind="Recurring",
        recurs_s=DAY_S,
        start_ns=at(0),
        duration_s=DAY_S,
        periods=(Period(0, 3_000.0, 3), Period(3_600, 0.0, 3)),
    )
    for day in range(3):
        assert grant_at([daily], SCENE, at(day * DAY_S + 10)).power_w == 3_000.0
        assert grant_at([daily], SCENE, at(day * DAY_S + 3_600)).power_w == 0.0


def told(**more):
    schedule = {
        "chargingRateUnit": "A",
        "startSchedule": time_text(NOON_NS),
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.0, "numberPhases": 1}],
    } | more
    return {
        "connectorId": 1,
        "csChargingProfiles": {
            "chargingProfileId": 7,
            "stackLevel": 2,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Absolute",
            "chargingSchedule": schedule,
        },
    }


def test_amperes_are_of_each_phase():
    held = read_profile(told(), "1.6")
    assert grant_at([held], SCENE, at(1)) == Grant(3_680.0, 1)
    unsaid = read_profile(told(chargingSchedulePeriod=[{"startPeriod": 0, "limit": 6.0}]), "1.6")
    single = Scene(power_w_max=7_360.0, phases=1)
    assert grant_at([unsaid], SCENE, at(1)) == Grant(4_140.0, 3)
    assert grant_at([unsaid], single, at(1)) == Grant(1_380.0, 1)


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [{"startPeriod": 5, "limit": 1}],
        [{"startPeriod": 0, "limit": -1}],
        [{"startPeriod": 0, "limit": 1}, {"startPeriod": 0, "limit": 2}],
        [{"startPeriod": 0, "limit": 1, "numberPhases": 9}],
    ],
)
def test_a_schedule_that_makes_no_sense_is_refused(rows):
    with pytest.raises(AnswerError):
        read_profile(told(chargingSchedulePeriod=rows), "1.6")


def test_a_set_point_takes_power_out_of_the_car():
    period = {
        "startPeriod": 0,
        "operationMode": "CentralSetpoint",
        "setpoint": -5_000.0,
        "dischargeLimit": -4_000.0,
    }
    payload = {
        "evseId": 1,
        "chargingProfile": {
            "id": 1,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Absolute",
            "chargingSchedule": [
                {
                    "id": 1,
                    "startSchedule": time_text(NOON_NS),
                    "chargingRateUnit": "W",
                    "chargingSchedulePeriod": [period],
                }
            ],
        },
    }
    assert grant_at([read_profile(payload, "2.1")], SCENE, at(1)).power_w == -4_000.0


def test_a_profile_takes_the_place_of_its_like():
    one, two = profile(id=1), profile(id=2)
    assert [p.id for p in with_profile([one], two)] == [2]
    assert [p.id for p in with_profile([one], profile(id=3, stack=1))] == [1, 3]
    with pytest.raises(AnswerError):
        with_profile([profile(id=i, stack=i) for i in range(40)], profile(id=41, stack=41))


def test_profiles_are_cleared_by_what_is_said_of_them():
    held = [profile(id=1), profile(id=2, stack=1), profile(id=3, purpose="TxProfile")]
    assert [p.id for p in without(held, own_id=2)] == [1, 3]
    assert [p.id for p in without(held, purpose="TxDefaultProfile", stack=1)] == [1, 3]
    assert without(held) == []
