"""Prices, forecasts and calendars, from anybody."""

import json
import math

from fuzz.entries import Door
from make import NOON_NS
from vettura.energy.calendar import read_calendar
from vettura.energy.forecast_given import read_given
from vettura.energy.prices_market import market_of
from vettura.energy.prices_read import read_prices
from vettura.life.household import Household
from vettura.life.places import Place

ZONE = "Europe/Rome"
HOME = Place(name="home", kind="home", latitude_deg=45.0, longitude_deg=7.7)
LAKE = Place(name="lake", kind="leisure", latitude_deg=45.9, longitude_deg=8.5)
CASA = Household(id="casa", timezone=ZONE, places=(HOME, LAKE))
RATES = [
    {"start": f"2026-03-02T{hour:02d}:00:00Z", "value": 0.05 + 0.01 * hour} for hour in range(24)
]
CSV = b"time_utc,price_eur_per_mwh\n2026-03-02T00:00Z,80.1\n2026-03-02T01:00Z,-3\n"
XML = (
    b'<Doc xmlns="urn:x"><TimeSeries><currency_Unit.name>EUR</currency_Unit.name>'
    b"<price_Measure_Unit.name>MWH</price_Measure_Unit.name><Period><timeInterval>"
    b"<start>2026-03-02T00:00Z</start><end>2026-03-02T02:00Z</end></timeInterval>"
    b"<resolution>PT60M</resolution><Point><position>1</position>"
    b"<price.amount>80</price.amount></Point></Period></TimeSeries></Doc>"
)
CALENDAR = (
    b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Sailing 90 km\r\n"
    b"DTSTART;TZID=Europe/Rome:20260302T090000\r\nDURATION:PT3H\r\nLOCATION:lake\r\n"
    b"RRULE:FREQ=WEEKLY;BYDAY=MO,TH;COUNT=40\r\nEXDATE:20260305T080000Z\r\nEND:VEVENT\r\n"
    b"END:VCALENDAR\r\n"
)
SUN = [{"time": each["start"], "watts": 1_000.0 * each["value"]} for each in RATES]
LIGHT = {
    "hourly": {"time": ["2026-03-02T10:00"], "shortwave_radiation": [310.0]},
    "utc_offset_seconds": 0,
}


def prices() -> Door:
    """Readers of prices, and the grid that they are laid on."""
    samples = (CSV, XML, json.dumps({"rates": RATES, "unit": "EUR/kWh"}).encode())

    def feed(data: bytes) -> bool:
        reading = read_prices(data, where="prices", timezone=ZONE)
        market = market_of(reading.periods)
        assert not any(math.isinf(price) for price in market.per_wh.tolist())
        _check_lines(reading.notes)
        return bool(reading.periods)

    return Door("prices", samples, feed)


def calendar() -> Door:
    """The reader of calendars."""

    def feed(data: bytes) -> bool:
        reading = read_calendar(data, household=CASA, now_ns=NOON_NS)
        assert all(drive.back_ns > NOON_NS for drive in reading.drives)
        _check_lines(reading.notes)
        return bool(reading.drives)

    return Door("calendar", (CALENDAR,), feed)


def sun_forecast() -> Door:
    """The reader of forecasts of the sun."""
    samples = (json.dumps(SUN).encode(), json.dumps(LIGHT).encode())

    def feed(data: bytes) -> bool:
        reading = read_given(data, where="sun", timezone=ZONE)
        assert all(0.0 <= period.mean < 1e7 for period in reading.periods)
        _check_lines(reading.notes)
        return bool(reading.periods)

    return Door("sun-forecast", samples, feed)


def _check_lines(notes: tuple[str, ...]) -> None:
    assert all("\n" not in note and len(note) < 1_000 for note in notes)


DOORS = {"prices": prices, "calendar": calendar, "sun-forecast": sun_forecast}
