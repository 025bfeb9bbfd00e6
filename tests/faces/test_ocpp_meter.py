"""Meter values in whatever units, phases and states stations send them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from make import NOON_NS
from vettura.bus.messages_energy import ChargingNeeds, Period, Schedule
from vettura.faces.ocpp_meter import Counter, Reading, counted, read_meter
from vettura.faces.ocpp_needs import needs_payload, read_needs
from vettura.faces.ocpp_profiles import Limits, Stretch, intended, profile_of, unit_of
from vettura.faces.ocpp_schema import flaws_of
from vettura.faces.ocpp_times import read_time_ns, time_text
from vettura.faces.ocpp_wire import VERSIONS
from vettura.units import NS_PER_S

HOUR_NS = 3_600 * NS_PER_S
json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=12,
)


def read(*rows, **more):
    return read_meter([{"timestamp": time_text(NOON_NS), "sampledValue": list(rows)}], **more)


def power(value, **more):
    return {"measurand": "Power.Active.Import", "value": value} | more


def amps(value, **more):
    return {"measurand": "Current.Import", "value": value} | more


@pytest.mark.parametrize(
    ("rows", "power_w"),
    [
        ([power("7200")], 7_200.0),
        ([power("7.2", unit="kW")], 7_200.0),
        ([power(7.2, unitOfMeasure={"unit": "kW"})], 7_200.0),
        ([power(72, unitOfMeasure={"unit": "W", "multiplier": 2})], 7_200.0),
        ([power("7,2", unit="KW")], 7_200.0),
        ([power("2400", phase=f"L{k}-N") for k in (1, 2, 3)], 7_200.0),
        ([power("7000"), power("1", phase="L1")], 7_000.0),
        ([amps("16", phase=f"L{k}") for k in (1, 2, 3)], 11_040.0),
        ([amps("10"), {"measurand": "Voltage", "value": "240", "unit": "V"}], 2_400.0),
        ([power("7000", location="EV"), power("6500", location="Outlet")], 6_500.0),
        ([power("0"), {"measurand": "Power.Active.Export", "value": 5_000}], -5_000.0),
        ([power("much")], None),
        ([power("nan")], None),
        ([power(True)], None),
        ([], None),
    ],
)
def test_power_is_read_in_watts(rows, power_w):
    assert read(*rows).power_w == pytest.approx(power_w)


@pytest.mark.parametrize(
    ("row", "more", "energy_wh"),
    [
        ({"value": "1234"}, {}, 1_234.0),
        ({"value": "1.5", "unit": "kWh"}, {}, 1_500.0),
        ({"value": "1.5"}, {"energy_unit": "kWh"}, 1_500.0),
        ({"value": "1500", "unit": "Wh"}, {"energy_unit": "kWh"}, 1_500.0),
    ],
)
def test_energy_is_read_in_watt_hours(row, more, energy_wh):
    assert read(row, **more).energy_wh == energy_wh


def test_a_unit_that_does_not_fit_is_told_and_left_out():
    reading = read({"value": "5", "unit": "Celsius"})
    assert reading.energy_wh == 5.0
    assert "Celsius" in reading.notes[0]


def test_the_newest_sample_counts():
    later, now = (
        {"timestamp": time_text(NOON_NS + shift), "sampledValue": [{"value": value}]}
        for shift, value in ((NS_PER_S, "2"), (0, "1"))
    )
    assert read_meter([later, now]) == Reading(time_ns=NOON_NS + NS_PER_S, energy_wh=2.0)


@given(json_like)
@settings(max_examples=60, deadline=None)
def test_anything_can_come_as_a_meter_value(value):
    read_meter(value)
    read_meter([value])
    odd = {"value": value, "unit": value, "unitOfMeasure": value, "phase": value}
    read_meter([{"timestamp": value, "sampledValue": [value, odd, {"measurand": value}]}])


@given(st.lists(st.tuples(st.integers(0, 3_600), st.floats(-1e6, 1e6)), max_size=20))
@settings(max_examples=60, deadline=None)
def test_a_register_only_grows_and_never_faster_than_can_be(steps):
    counter, time_ns = Counter(), NOON_NS
    counter, _ = counted(counter, 10_000.0, time_ns, power_w_max=11_000.0)
    for seconds, raw_wh in steps:
        time_ns += seconds * NS_PER_S
        before = counter
        counter, _ = counted(counter, raw_wh, time_ns, power_w_max=11_000.0)
        assert counter.total_wh >= before.total_wh - 1e-6
        hours = max(0, time_ns - before.time_ns) / HOUR_NS
        assert counter.total_wh - before.total_wh <= 1_100.0 + 16_500.0 * hours + 1e-6


def test_another_unit_and_another_meter_are_found():
    counter, text = counted(Counter(), 20_000.0, NOON_NS, power_w_max=11_000.0)
    assert text == ""
    counter, text = counted(counter, 20.5, NOON_NS + HOUR_NS, power_w_max=11_000.0)
    assert (counter.total_wh, "too small" in text) == (20_500.0, True)
    for minute, raw_wh in ((70, 5.0), (80, 1_005.0)):
        counter, text = counted(counter, raw_wh, NOON_NS + minute * 60 * NS_PER_S, power_w_max=11e3)
    assert "anew" in text
    assert counter.total_wh == 21_500.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:01Z", 1.0),
        ("1970-01-01T00:00:01.5Z", 1.5),
        ("1970-01-01T01:00:01+01:00", 1.0),
        ("1970-01-01T00:00:01", 1.0),
        ("1970-01-01T00:00:01.1234567891Z", 1.123456789),
        ("yesterday, I think", None),
        ("0001-01-01T00:00:00+14:00", None),
        (5, None),
        ("", None),
    ],
)
def test_times_are_read_as_they_come(text, seconds):
    read_ns = read_time_ns(text)
    assert read_ns == (None if seconds is None else round(seconds * NS_PER_S))


limits = st.lists(
    st.tuples(st.integers(0, 90_000), st.floats(-10_000, 22_000), st.sampled_from([1, 3])),
    min_size=1,
    max_size=8,
    unique_by=lambda row: row[0],
).map(
    lambda rows: Limits(
        start_ns=NOON_NS,
        duration_s=100_000,
        stretches=tuple(
            Stretch(0 if index == 0 else row[0], *row[1:]) for index, row in enumerate(sorted(rows))
        ),
    )
)


@given(
    limits,
    st.sampled_from(VERSIONS),
    st.sampled_from(["W", "A"]),
    st.sampled_from(["most", "safe", "offer"]),
    st.booleans(),
)
@settings(max_examples=80, deadline=None)
def test_a_profile_fits_its_schema_has_one_unit_and_never_offers_more(
    wanted, version, unit, layer, gives
):
    payload = profile_of(wanted, layer, version, unit=unit, connector=2, gives=gives)
    assert flaws_of(version, "SetChargingProfile", payload) == []
    profile = payload.get("csChargingProfiles") or payload["chargingProfile"]
    schedule = profile["chargingSchedule"]
    schedule = schedule if version == "1.6" else schedule[0]
    assert schedule["chargingRateUnit"] == unit
    for stretch, period in zip(wanted.stretches, schedule["chargingSchedulePeriod"], strict=True):
        per_unit = 230.0 * stretch.phases if unit == "A" else 1.0
        if "setpoint" in period:
            assert (version, unit, gives) == ("2.1", "W", True)
            assert stretch.power_w - 1e-3 <= period["setpoint"] < 0.0 or stretch.power_w > -0.1
        else:
            assert period["limit"] * per_unit <= max(0.0, stretch.power_w) + 1e-3
            assert period["limit"] * per_unit > max(0.0, stretch.power_w) - 0.1 * per_unit - 1e-3


@given(
    st.lists(st.integers(-7_200, 90_000), min_size=1, max_size=40, unique=True).map(sorted),
    st.integers(0, 90_000),
)
@settings(max_examples=60, deadline=None)
def test_a_schedule_is_followed_second_by_second(starts, seconds):
    periods = [
        Period(start_ns=NOON_NS + start * NS_PER_S, power_w=float(index % 7) * 1_000.0)
        for index, start in enumerate(starts)
    ]
    until_ns = NOON_NS + 100_000 * NS_PER_S
    told = Schedule(id="s", time_ns=NOON_NS, station="b", periods=periods, until_ns=until_ns)
    wanted = intended(told, NOON_NS, phases=3, power_w_max=11_000.0)
    assert wanted is not None
    moment_ns = NOON_NS + seconds * NS_PER_S
    holds = wanted.at(moment_ns)
    past = [one.power_w for one in periods if one.start_ns <= moment_ns]
    if holds is not None:
        assert holds.power_w == (past[-1] if past else 0.0)
    else:
        assert seconds >= wanted.duration_s


def test_a_schedule_out_of_order_or_over_is_not_followed():
    def schedule(*starts, until_s=100):
        return Schedule(
            id="s",
            time_ns=NOON_NS,
            station="b",
            periods=[Period(start_ns=NOON_NS + s * NS_PER_S, power_w=1.0) for s in starts],
            until_ns=NOON_NS + until_s * NS_PER_S,
        )

    for told in (schedule(5, 1), schedule(1, 1), schedule(), schedule(0, until_s=0)):
        assert intended(told, NOON_NS, phases=3, power_w_max=11_000.0) is None


@pytest.mark.parametrize(
    ("setting", "unit"),
    [
        ("Current", "A"),
        ("Power", "W"),
        ("Current,Power", "W"),
        ("A, W", "W"),
        ("A", "A"),
        ("", "A"),
    ],
)
def test_a_station_says_which_unit_it_takes(setting, unit):
    assert unit_of(setting, is_dc=False, otherwise="A") == unit


@given(
    st.builds(
        ChargingNeeds,
        time_ns=st.just(NOON_NS),
        station=st.just("b"),
        soc=st.none() | st.floats(0, 1),
        capacity_wh=st.none() | st.floats(1_000, 200_000),
        departure_ns=st.none() | st.just(NOON_NS + HOUR_NS),
        energy_wh=st.none() | st.floats(0, 100_000),
        charge_w_max=st.none() | st.floats(0, 300_000),
        discharge_w_max=st.none() | st.floats(0, 20_000),
        phases=st.sampled_from([None, 1, 2, 3]),
        is_dc=st.booleans(),
    ),
    st.sampled_from(["2.0.1", "2.1"]),
)
@settings(max_examples=60, deadline=None)
def test_needs_come_back_as_they_went(needs, version):
    payload = needs_payload(needs, version, evse=1)
    assert flaws_of(version, "NotifyEVChargingNeeds", payload) == []
    back = read_needs(payload, "b", version, NOON_NS)
    assert (back.departure_ns, back.is_dc, back.station) == (needs.departure_ns, needs.is_dc, "b")
    if needs.is_dc and needs.energy_wh is not None:
        assert back.energy_wh == pytest.approx(needs.energy_wh, abs=0.5)
    if version == "2.1" and needs.discharge_w_max:
        assert back.discharge_w_max == pytest.approx(needs.discharge_w_max)
    else:
        assert not back.discharge_w_max
