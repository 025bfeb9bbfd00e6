import json
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vettura.energy.config import SunForecastConfig
from vettura.energy.forecast_given import read_given
from vettura.energy.panels import angles_over, clear_sky_over
from vettura.energy.slots import Slots
from vettura.energy.sun_feed import SunFeed
from vettura.life.local_time import day_start_ns
from vettura.units import NS_PER_S

ROME = "Europe/Rome"
START = datetime(2024, 5, 14, 6, tzinfo=UTC)
HOUR_NS = 3_600 * NS_PER_S
WATTS = [100.0, 900.0, 2_400.0, 3_100.0, 2_800.0, 0.0]


def when(k):
    return START + timedelta(hours=k)


def local(k):
    return f"{when(k) + timedelta(hours=2):%Y-%m-%d %H:%M:%S}"


def read(tree):
    data = tree if isinstance(tree, bytes) else json.dumps(tree).encode()
    return read_given(data, where="sun", timezone=ROME)


FORMS = {
    "evcc": {
        "rates": [
            {"start": when(k).isoformat(), "end": when(k + 1).isoformat(), "value": w}
            for k, w in enumerate(WATTS)
        ]
    },
    "solcast": {
        "forecasts": [
            {
                "pv_estimate": w / 1000.0,
                "pv_estimate10": w / 2000.0,
                "pv_estimate90": w / 800.0,
                "period_end": when(k + 1).isoformat(),
                "period": "PT60M",
            }
            for k, w in enumerate(WATTS)
        ]
    },
    "a list": [{"time": when(k).isoformat(), "watts": w} for k, w in enumerate(WATTS)],
}


@pytest.mark.parametrize("name", FORMS)
def test_power_comes_in_many_forms(name):
    reading = read(FORMS[name])
    assert reading.notes == ()
    assert not reading.is_light
    begin_ns = int(START.timestamp()) * NS_PER_S
    assert [(p.start_ns, p.end_ns) for p in reading.periods] == [
        (begin_ns + k * HOUR_NS, begin_ns + (k + 1) * HOUR_NS) for k in range(len(WATTS))
    ]
    assert [p.mean for p in reading.periods] == pytest.approx(WATTS)
    if name == "solcast":
        assert reading.periods[1].low == pytest.approx(450.0)
        assert reading.periods[1].high == pytest.approx(1_125.0)


def test_forecast_solar_tells_instants_of_the_local_clock():
    tree = {"result": {"watts": {local(k): w for k, w in enumerate(WATTS)}, "watt_hours": {}}}
    reading = read(tree)
    assert [p.mean for p in reading.periods][:2] == pytest.approx([500.0, 1_650.0])
    assert reading.periods[0].start_ns == int(START.timestamp()) * NS_PER_S


def test_open_meteo_tells_light_of_the_hour_before():
    tree = {
        "utc_offset_seconds": 0,
        "hourly": {
            "time": [f"{when(k):%Y-%m-%dT%H:%M}" for k in range(4)],
            "shortwave_radiation": [80.0, 250.0, None, 610.0],
        },
    }
    reading = read(tree)
    assert reading.is_light
    assert [p.mean for p in reading.periods] == [80.0, 250.0, 610.0]
    assert reading.periods[0].end_ns == int(START.timestamp()) * NS_PER_S
    assert "1 entries ignored" in reading.notes[0]


@pytest.mark.parametrize(
    "tree",
    [
        *(b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"watts": 3}', b"x" * 4_000_001),
        {"hourly": {"time": 5, "shortwave_radiation": []}},
        [{"time": "2024-05-14T06:00Z", "watts": -4}],
        [{"time": "2024-05-14T06:00Z", "watts": 1e12}],
        [{"time": "yesterday", "watts": 4}],
    ],
)
def test_what_is_no_forecast_is_one_line(tree):
    reading = read(tree)
    assert reading.periods == ()
    assert len(reading.notes) == 1
    assert "\n" not in reading.notes[0]


values = st.recursive(
    st.none() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["time", "watts", "hourly", "start", "value", "shortwave_radiation"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=80)
@given(values)
def test_no_json_breaks_the_reader(tree):
    reading = read(tree)
    starts = [each.start_ns for each in reading.periods]
    assert starts == sorted(set(starts))
    assert all(0.0 <= each.mean <= 1e6 for each in reading.periods)


def test_an_hour_is_spread_over_its_quarters_as_a_clear_sky_is(tmp_path):
    (tmp_path / "sun.json").write_text(json.dumps(FORMS["evcc"]))
    config = SunForecastConfig(file="sun.json")
    feed = SunFeed(config, folder=tmp_path, timezone=ROME)
    begin_ns = int(START.timestamp()) * NS_PER_S
    assert feed.take((tmp_path / "sun.json").read_bytes(), where="sun.json", now_ns=begin_ns)
    slots = Slots(start_ns=begin_ns, slot_s=900, count=32)
    clear = clear_sky_over(angles_over(slots, 7.7), 45.0)
    given_sun = feed.over(slots, clear, begin_ns)
    by_hour = given_sun.mean.reshape(8, 4)
    assert by_hour[:6].mean(axis=1) == pytest.approx(WATTS)
    assert (np.diff(by_hour[1]) > 0.0).all()
    assert np.isnan(by_hour[6:]).all()
    assert np.isnan(given_sun.low).all()
    # The same hours as slots of an hour, and what is stale is forgotten.
    hours = Slots(start_ns=begin_ns, slot_s=3600, count=6)
    light = clear_sky_over(angles_over(hours, 7.7), 45.0)
    assert feed.over(hours, light, begin_ns).mean == pytest.approx(WATTS)
    assert feed.over(slots, clear, begin_ns + 40 * HOUR_NS) is None


@pytest.mark.parametrize("day", [date(2024, 3, 31), date(2024, 10, 27)])
def test_local_instants_are_right_in_both_nights(day):
    begin_ns = day_start_ns(day, ROME)
    shown = [f"{day} {hour:02d}:00:00" for hour in range(8, 12)]
    reading = read({"watts": dict.fromkeys(shown, 100.0)})
    hours = (reading.periods[0].start_ns - begin_ns) / HOUR_NS
    assert hours == {3: 7.0, 10: 9.0}[day.month]
