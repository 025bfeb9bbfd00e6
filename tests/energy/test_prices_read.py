import json
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vettura.energy.prices_market import market_of
from vettura.energy.prices_read import read_prices
from vettura.energy.prices_text import number_of, per_kwh_of
from vettura.life.local_time import day_start_ns
from vettura.units import NS_PER_S

BERLIN = "Europe/Berlin"
HOUR_NS = 3600 * NS_PER_S
START = datetime(2024, 5, 1, tzinfo=UTC)
PRICES = [0.08, 0.07, -0.01, -0.135, 0.0, 0.12]


def read(content, **more):
    data = content.encode() if isinstance(content, str) else content
    if isinstance(content, dict | list):
        data = json.dumps(content).encode()
    return read_prices(data, where="prices", timezone=BERLIN, **more)


def when(k, minutes=60):
    return START + timedelta(minutes=minutes * k)


def expected(minutes=60):
    return [
        (int(when(k, minutes).timestamp()) * NS_PER_S, minutes * 60 * NS_PER_S, price)
        for k, price in enumerate(PRICES)
    ]


def found(reading):
    return [
        (each.start_ns, each.end_ns - each.start_ns, pytest.approx(each.per_kwh))
        for each in reading.periods
    ]


FORMS = {
    "our csv": "time_utc,price_eur_per_mwh\n"
    + "".join(f"{when(k):%Y-%m-%dT%H:%MZ},{1000 * p}\n" for k, p in enumerate(PRICES)),
    "semicolons": "\ufeffstart;ct/kWh price\n"
    + "".join(f"{when(k).isoformat()};{100 * p:.4f}\n" for k, p in enumerate(PRICES)),
    "SMARD's csv": "Datum von;Datum bis;Deutschland/Luxemburg [€/MWh] Originalauflösungen\n"
    + "".join(
        f"{when(k) + timedelta(hours=2):%d.%m.%Y %H:%M};"
        f"{when(k + 1) + timedelta(hours=2):%d.%m.%Y %H:%M};{1000 * p:.1f}\n".replace(".0\n", "\n")
        for k, p in enumerate(PRICES)
    ),
    "awattar": {
        "object": "list",
        "data": [
            {
                "start_timestamp": int(when(k).timestamp()) * 1000,
                "end_timestamp": int(when(k + 1).timestamp()) * 1000,
                "marketprice": 1000 * p,
                "unit": "Eur/MWh",
            }
            for k, p in enumerate(PRICES)
        ],
    },
    "tibber": {
        "data": {
            "viewer": {
                "homes": [
                    {
                        "currentSubscription": {
                            "priceInfo": {
                                "today": [
                                    {"total": p, "energy": 9.0, "startsAt": when(k).isoformat()}
                                    for k, p in list(enumerate(PRICES))[:3]
                                ],
                                "tomorrow": [
                                    {"total": p, "energy": 9.0, "startsAt": when(k).isoformat()}
                                    for k, p in list(enumerate(PRICES))[3:]
                                ],
                            }
                        }
                    }
                ]
            }
        }
    },
    "nord pool": {
        "today": PRICES,
        "unit": "kWh",
        "price_in_cents": True,
        "currency": "EUR",
        "raw_today": [
            {"start": when(k).isoformat(), "end": when(k + 1).isoformat(), "value": 100 * p}
            for k, p in list(enumerate(PRICES))[:4]
        ],
        "raw_tomorrow": [
            {"start": when(k).isoformat(), "end": when(k + 1).isoformat(), "value": 100 * p}
            for k, p in list(enumerate(PRICES))[4:]
        ],
    },
    "evcc": {
        "rates": [
            {"start": when(k).isoformat(), "end": when(k + 1).isoformat(), "value": p}
            for k, p in enumerate(PRICES)
        ]
    },
    "evcc of old": {
        "result": {
            "rates": [
                {"start": when(k).isoformat(), "end": when(k + 1).isoformat(), "price": p}
                for k, p in enumerate(PRICES)
            ]
        }
    },
    "energy-charts": {
        "unix_seconds": [int(when(k).timestamp()) for k in range(len(PRICES))],
        "price": [1000 * p for p in PRICES],
        "unit": "EUR / MWh",
    },
    "smard": {
        "meta_data": {"version": 1},
        "series": [[int(when(k).timestamp()) * 1000, 1000 * p] for k, p in enumerate(PRICES)]
        + [[int(when(9).timestamp()) * 1000, None]],
    },
    "entso-e in home assistant": {
        "prices": [{"time": str(when(k)), "price": p} for k, p in enumerate(PRICES)]
    },
    "a bare list": [
        {"start": when(k).isoformat(), "end": when(k + 1).isoformat(), "price": p}
        for k, p in enumerate(PRICES)
    ],
}


@pytest.mark.parametrize("name", FORMS)
def test_prices_come_in_many_forms(name):
    reading = read(FORMS[name])
    assert found(reading) == expected()
    assert not reading.notes


def entsoe(points, *, resolution="PT60M", extra="", unit="MWH"):
    inner = "".join(
        f"<Point><position>{k}</position><price.amount>{p}</price.amount></Point>"
        for k, p in points
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{extra}'
        '<Publication_MarketDocument xmlns="urn:iec62325.351:tc57wg16:451-3:publication:7:3">'
        "<TimeSeries><currency_Unit.name>EUR</currency_Unit.name>"
        f"<price_Measure_Unit.name>{unit}</price_Measure_Unit.name><curveType>A03</curveType>"
        "<Period><timeInterval><start>2024-05-01T00:00Z</start><end>2024-05-01T06:00Z</end>"
        f"</timeInterval><resolution>{resolution}</resolution>{inner}</Period></TimeSeries>"
        "</Publication_MarketDocument>"
    )


def test_entsoes_document_repeats_what_it_leaves_out():
    reading = read(entsoe([(1, 80), (2, 70), (4, -10.5), (6, 120)]))
    assert [each.per_kwh for each in reading.periods] == pytest.approx(
        [0.08, 0.07, 0.07, -0.0105, -0.0105, 0.12]
    )
    assert not reading.notes
    assert len(read(entsoe([(1, 80)], resolution="PT15M")).periods) == 24


def test_an_xml_with_entities_is_not_even_parsed():
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    reading = read(entsoe([(1, 80)], extra=bomb))
    assert not reading.periods
    assert reading.notes == ("prices: an XML document with a DOCTYPE is not read",)


def test_the_hour_that_comes_twice_is_two_hours():
    lines = ["time,price_eur_per_kwh"]
    shown = ["00", "01", "02", "02", *(f"{h:02d}" for h in range(3, 24))]
    lines += [f"2024-10-27T{hour}:00,0.{k + 10}" for k, hour in enumerate(shown)]
    reading = read("\n".join(lines))
    assert not reading.notes
    starts = [each.start_ns for each in reading.periods]
    begin = day_start_ns(date(2024, 10, 27), BERLIN)
    assert starts == [begin + k * HOUR_NS for k in range(25)]
    assert [each.per_kwh for each in reading.periods][2:4] == [0.12, 0.13]


def test_quarters_of_the_hour_that_comes_twice_are_eight():
    shown = [f"02:{q:02d}" for q in (0, 15, 30, 45)] * 2
    lines = ["time,ct/kWh price", "2024-10-27 01:45,9"]
    lines += [f"2024-10-27 {hour},{k + 10}" for k, hour in enumerate(shown)]
    reading = read("\n".join(lines))
    begin = day_start_ns(date(2024, 10, 27), BERLIN) + 105 * 60 * NS_PER_S
    assert [each.start_ns for each in reading.periods] == [
        begin + 15 * 60 * NS_PER_S * k for k in range(9)
    ]


def test_an_hour_that_clocks_skip_is_ignored_and_said():
    lines = ["time,price_eur_per_kwh"]
    lines += [f"2024-03-31T{hour:02d}:00,0.1{hour:02d}" for hour in range(24)]
    reading = read("\n".join(lines))
    assert len(reading.periods) == 23
    assert reading.notes == ("prices: 1 of 24 entries ignored: line 4: time is '2024-03-31T02:00'",)


def test_without_the_second_hour_of_autumn_there_is_a_gap_not_a_shift():
    lines = ["time,price_eur_per_kwh"]
    lines += [f"2024-10-27T{hour:02d}:00,0.1{hour:02d}" for hour in range(24)]
    market = market_of(read("\n".join(lines)).periods)
    assert int(np.isnan(market.per_wh).sum()) == 4
    assert market.per_wh[-1] == pytest.approx(0.123e-3)


@pytest.mark.parametrize(
    ("text", "value", "is_odd"),
    [
        ("−12.5", -12.5, True),
        ("–3", -3.0, True),
        ("12,5", 12.5, True),
        ("-0,01", -0.01, True),
        (" 7.25 ", 7.25, False),
        ("1e2", 100.0, False),
        (-3, -3.0, False),
    ],
)
def test_numbers_are_read_as_people_write_them(text, value, is_odd):
    number = number_of(text)
    assert number is not None
    assert (number.value, number.is_odd) == (value, is_odd)


@pytest.mark.parametrize(
    "text",
    [
        *("", "nan", "NaN", "inf", "--5", "1.234,5", "1,234.5", "12 EUR", "٣", "1e99", "0x10"),
        *(True, None, [1.0], {"a": 1}, float("nan"), float("inf"), 10**400, "9" * 100),
    ],
)
def test_what_is_no_price_is_none(text):
    assert number_of(text) is None


@pytest.mark.parametrize(
    ("unit", "factor"),
    [
        *(("EUR/MWh", 0.001), ("Eur/MWh", 0.001), ("€/kWh", 1.0), ("ct/kWh", 0.01)),
        *(("price_eur_per_mwh", 0.001), ("öre/kWh", 0.01), ("c€/kWh", 0.01), ("per kWh", 1.0)),
        *(("price_ct_per_kwh", 0.01), ("EUR / MWh", 0.001), ("pence per kWh", 0.01), ("EUR", None)),
    ],
)
def test_units_are_told_apart(unit, factor):
    assert per_kwh_of(unit) == (None if factor is None else pytest.approx(factor))


def rates(prices, unit=None):
    return [
        {
            "start": when(k).isoformat(),
            "end": when(k + 1).isoformat(),
            "value": p,
            **({"unit": unit} if unit else {}),
        }
        for k, p in enumerate(prices)
    ]


@pytest.mark.parametrize("scale", [1000.0, 100.0])
def test_a_price_per_mwh_or_in_cents_taken_for_one_per_kwh_is_not_believed(scale):
    day = [scale * (0.05 + 0.01 * (k % 12)) for k in range(24)]
    reading = read(rates(day))
    assert not reading.periods
    assert "is not believed" in reading.notes[0]
    assert "name the unit" in reading.notes[0]
    unit = "per_mwh" if scale == 1000.0 else "cents_per_kwh"
    assert read(rates(day), unit=unit).periods[0].per_kwh == pytest.approx(0.05)


def test_a_price_per_kwh_taken_for_one_per_mwh_is_not_believed():
    reading = read(rates([0.05 + 0.01 * (k % 12) for k in range(24)], unit="EUR/MWh"))
    assert not reading.periods
    assert "not believed" in reading.notes[0]


def test_mwh_prices_called_cents_show_beside_the_last_days():
    day = rates([60.0 + 3 * (k % 12) for k in range(24)], unit="ct/kWh")
    assert read(day).periods
    reading = read(day, usual_per_kwh=0.08)
    assert not reading.periods
    assert "0.08 in the last days" in reading.notes[0]


def test_a_crisis_is_believed():
    day = rates([400.0 + 20 * (k % 12) for k in range(24)], unit="EUR/MWh")
    assert len(read(day, usual_per_kwh=0.25).periods) == 24


def test_a_day_of_negative_prices_is_believed():
    reading = read(rates([-60.0] * 20 + [20.0] * 4, unit="EUR/MWh"), usual_per_kwh=0.08)
    assert reading.periods[0].per_kwh == pytest.approx(-0.06)


def test_another_currency_is_not_mixed_in():
    tree = {"currency": "SEK", "unit": "kWh", "raw_today": rates([0.5, 0.6])}
    reading = read(tree)
    assert not reading.periods
    assert reading.notes == ("prices: in SEK, but the house counts in EUR: ignored",)
    assert len(read(tree, currency="SEK").periods) == 2


def test_bad_entries_are_left_out_and_the_others_stay():
    text = (
        "time_utc,price_eur_per_mwh\n2024-05-01T00:00Z,80\n2024-05-01T01:00Z,NaN\n"
        "yesterday,70\n2024-05-01T03:00Z,−5\n2024-05-01T03:00Z,90\n2024-05-01T04:00Z\n"
    )
    reading = read(text)
    assert [each.per_kwh for each in reading.periods] == pytest.approx([0.08, 0.09])
    assert reading.notes == (
        "prices: 3 of 6 entries ignored: line 3: price is 'NaN'",
        "prices: 1 numbers with a typographic minus or a decimal comma were read",
        "prices: 1 periods were told twice, differently: the last holds",
    )


def test_a_nan_in_json_costs_its_own_entry_alone():
    reading = read(json.dumps(rates([0.1, float("nan"), 0.3])))
    assert [each.per_kwh for each in reading.periods] == [0.1, 0.3]
    assert reading.notes == ("prices: 1 of 3 entries ignored: [1]: price is nan",)


def test_entries_of_another_age_are_left_out():
    day = [*rates([0.1] * 24), {"start": "2099-01-01T00:00:00Z", "value": 0.1}]
    reading = read(day)
    assert len(reading.periods) == 24
    assert "years apart" in reading.notes[0]


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"\xff\xfe\x00", b"\0" * 100, b"{", b"[" * 100_000, b"null", b"[]", b"{}", b"<a>"),
        *(b"<html>502 Bad Gateway</html>", b"time\n1", b"price,price\n1,2", b'"text"'),
        b'{"rates": [{"start": {}, "value": []}]}',
        b'[{"start": 1e400, "value": 1}]',
        b'[{"start": "2024-01-01", "value": 1' + b"0" * 5000 + b"}]",
        b"x" * 4_000_001,
    ],
)
def test_what_is_no_list_of_prices_gives_one_line_and_no_price(data):
    reading = read(data)
    assert not reading.periods
    assert reading.notes
    assert all(len(note) < 400 and "\n" not in note for note in reading.notes)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["start", "end", "value", "price", "rates", "unit", "series", "time"])
            | st.text(max_size=8),
            inner,
            max_size=4,
        )
    ),
    max_leaves=25,
)


@settings(max_examples=60)
@given(json_values)
def test_no_json_breaks_the_reader(tree):
    check(read(json.dumps(tree).encode()))


@settings(max_examples=60)
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode()))
def test_no_bytes_break_the_reader(data):
    check(read(data))


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.text(max_size=12) | st.datetimes().map(datetime.isoformat),
            st.text(max_size=8) | st.floats().map(str),
        ),
        max_size=12,
    )
)
def test_no_table_breaks_the_reader(rows):
    check(read("time;price_eur_per_mwh\n" + "\n".join(";".join(row) for row in rows)))


def check(reading):
    """Whatever came in, what goes out is sorted, finite, bounded, and lies on a grid."""
    starts = [each.start_ns for each in reading.periods]
    assert starts == sorted(set(starts))
    assert all(60 <= (p.end_ns - p.start_ns) / NS_PER_S <= 86_400 for p in reading.periods)
    assert all(abs(each.per_kwh) <= 1e6 for each in reading.periods)
    assert all("\n" not in note and len(note) < 600 for note in reading.notes)
    market = market_of(reading.periods)
    assert not np.isinf(market.per_wh).any()
    assert len(market.per_wh) < 200_000


@given(st.lists(st.floats(-0.5, 0.9), min_size=1, max_size=60), st.sampled_from([15, 30, 60]))
def test_what_was_written_is_what_is_read(prices, minutes):
    tree = [
        {"start": when(k, minutes).isoformat(), "value": 1000.0 * p, "unit": "EUR/MWh"}
        for k, p in enumerate(prices)
    ]
    reading = read(tree)
    if reading.periods:
        assert [each.per_kwh for each in reading.periods] == pytest.approx(prices)
        if len(prices) > 1:
            assert reading.periods[0].end_ns == reading.periods[1].start_ns
    else:
        assert "not believed" in reading.notes[0]
