"""Templates as people write them, and the world they are rendered in.

What Home Assistant makes of each lies in `template_answers.json`; `tests/peers` keeps that true.
"""

from itertools import product
from pathlib import Path

ZONE = "Europe/Rome"
NOW = "2024-03-30T22:15:42.123456+00:00"
"""The evening before the clocks go forward in Rome."""
HOME = (45.4642, 9.19)

STATES = {
    "light.hall": ("on", {"brightness": 180, "friendly_name": "Hall", "color_temp": None}, 3_600),
    "light.kitchen": ("off", {"friendly_name": "Küche"}, 90),
    "light.attic": ("unavailable", {}, 10),
    "switch.heater": ("on", {}, 5),
    "sensor.outside": ("7.25", {"unit_of_measurement": "°C", "device_class": "temperature"}, 61),
    "sensor.power": ("1500", {"unit_of_measurement": "W"}, 7_200),
    "sensor.text": ("hello world", {"list": [1, 2, 3], "map": {"a": {"b": 2}}}, 1),
    "sensor.broken": ("unknown", {}, 86_400 * 40),
    "binary_sensor.door": ("off", {"device_class": "door"}, 30),
    "binary_sensor.motion": ("on", {"device_class": "motion"}, 0),
    "person.giulia": ("home", {"latitude": 45.4642, "longitude": 9.19,
                               "friendly_name": "Giulia"}, 9),
    "person.marco": ("Work", {"latitude": 45.48, "longitude": 9.25}, 9_000),
    "zone.home": ("1", {"latitude": 45.4642, "longitude": 9.19, "radius": 100,
                        "persons": ["person.giulia"]}, 9),
    "zone.work": ("1", {"latitude": 45.48, "longitude": 9.25, "radius": 200, "persons": []}, 9),
    "group.lights": ("on", {"entity_id": ["light.hall", "light.kitchen"]}, 9),
    "group.everything": ("on", {"entity_id": ["group.lights", "switch.heater"]}, 9),
    "input_number.limit": ("21.0", {"min": 0, "max": 30}, 500),
    "input_datetime.wake": ("06:45:00", {"hour": 6, "minute": 45, "timestamp": 24_300}, 500),
    "input_select.mood": ("calm", {"options": ["calm", "wild"]}, 500),
    "sun.sun": ("below_horizon", {"elevation": -12.3,
                                  "next_rising": "2024-03-31T05:04:00+00:00"}, 60),
    "climate.hall": ("heat", {"temperature": 21, "current_temperature": 19.5}, 60),
    "cover.garage": ("open", {"current_position": 100}, 900),
    "sensor.battery_a": ("15", {"device_class": "battery", "unit_of_measurement": "%"}, 9),
    "sensor.battery_b": ("80", {"device_class": "battery", "unit_of_measurement": "%"}, 9),
}  # fmt: skip

VARIABLES = {
    "trigger": {
        "id": "low",
        "platform": "numeric_state",
        "entity_id": "sensor.power",
        "event": {"data": {"button": "1", "deep": {"x": [1, 2]}}},
        "payload_json": {"action": "single"},
        "for": None,
    },
    "wait": {"remaining": 5.5, "completed": True, "trigger": None},
    "repeat": {"index": 2, "first": False, "last": False, "item": {"name": "a", "value": 5}},
    "brightness": 42,
    "names": ["b", "a", "c"],
    "empty": [],
    "word": "Ünïcode & <b>",
}

_LINES = (Path(__file__).parent / "templates.txt").read_text("utf-8").splitlines()
WRITTEN = [line for line in _LINES if line and not line.startswith("# ")]

_VALUES = ("5", "5.5", "-3", "'7'", "'7.9'", "'x'", "none", "true", "[]", "'0'", "''")
_FILTERS = ("int", "int(0)", "float", "float(1)", "round", "round(1)", "bool", "bool(false)",
            "is_number", "multiply(2)", "string", "abs", "iif('y', 'n')", "default(3)")  # fmt: skip
CROSSED = [f"{{{{ {value} | {name} }}}}" for value, name in product(_VALUES, _FILTERS)]

TEMPLATES = [*WRITTEN, *CROSSED]

VALUES = [
    ("{{ value }}", "on"),
    ("{{ value_json.temperature }}", '{"temperature": 21.50}'),
    ("{{ value_json.temperature | round(0) }}", '{"temperature": 21.50}'),
    ("{{ value_json['state'] }}", '{"state": "ON"}'),
    ("{{ value_json.a.b[1].c }}", '{"a": {"b": [0, {"c": 5}]}}'),
    ("{{ value_json.missing }}", '{"temperature": 21.5}'),
    ("{{ value_json.missing.deeper }}", '{"temperature": 21.5}'),
    ("{{ value_json.missing | default(0) }}", '{"temperature": 21.5}'),
    ("{{ value_json }}", "[1, 2]"),
    ("{{ value_json }}", "not json"),
    ("{{ value_json is defined }}", "not json"),
    ("{{ value | float * 2 }}", "3"),
    ("{{ value | int(0) }}", "x"),
    ("{{ 'ON' if value_json.contact else 'OFF' }}", '{"contact": false}'),
    ("{{ iif(value_json.occupancy, 'ON', 'OFF') }}", '{"occupancy": true}'),
    ("{% if value == '1' %}ON{% else %}OFF{% endif %}", "1"),
    ("{{ value.split(';')[1] }}", "a;b"),
    ("{{ value[0:2] | upper }}", "abc"),
    ("{{ value_json.x }}", '{"x": null}'),
    ("{{ value_json.x }}", '{"x": true}'),
    ("{{ value_json.x }}", '{"x": 1e20}'),
    ("{{ value_json.x }}", '{"x": 12345678901234567890}'),
    ("{{ value_json.x }}", '{"x": NaN}'),
    ("{{ value_json | to_json }}", '{"a": [1, 2.50, "ü"]}'),
    ("fixed", "1"),
    ("{{ value | regex_replace('[^0-9]', '') }}", "a1b2"),
    ("{{ (value_json.voltage / 1000) | round(2) }}", '{"voltage": 3005}'),
    ("{{ value_json.color.x | round(3) }}", '{"color": {"x": 0.45678}}'),
    ("{{ value | timestamp_custom('%H:%M') }}", "1711836942"),
    ("{{ value | int | timestamp_custom('%H:%M') }}", "1711836942"),
    ("{{ value_json.last_seen | as_datetime }}", '{"last_seen": "2024-03-30T12:00:00+01:00"}'),
    ("{{ value_json.action }}", '{"action": ""}'),
    ("{{ value_json.brightness / 254 * 100 | int }}", '{"brightness": 127}'),
    ("{{ none }}", "x"),
    ("{{ value | trim }}", "  x "),
    ("{{ unknown() }}", "x"),
]

SLUGS = [
    "Living room", "Küche", "it's 5 o'clock", "Wenn ich heimkomme!", "1,000 lights", "a--b__c",
    "  x  ", "Ærø & Øresund", "façade", "São Paulo", "Łódź", "straße", "ÄÖÜ", "naïve café",
    "20°C", "a×b", "5€", "x…y", "“quoted”", "—dash—", "", "!!!", "Привет", "щука", "Ελλάδα",
    "ß", "a.b.c", "CamelCase", "tab\there", "new\nline", "½", "№5", "don’t", "Đà Nẵng", "Įvairūs",
    "İstanbul", "ısı", "smørrebrød", "ĳ", "ﬁ", "Ⅳ", "ª", "²", "™", "a/b\\c", "a&amp;b",
    "_x_", "-x-",
]  # fmt: skip

PERIODS = [
    5, 0, 1.5, "5", "00:05", "00:05:00", "0:05:00", "-00:05:00", "1:2:3", "01:02:03.5", "24:00:00",
    "99:99:99", "x", "", "1:2:3:4", "+00:01:00", " 00:01:00 ", "00:-1:00", "1e3", "5 minutes",
    {"minutes": 5}, {"hours": 1, "seconds": 2.5}, {"days": 1}, {"milliseconds": 250},
    {"minutes": "5"}, {"weeks": 1}, {}, {"minutes": "x"}, -5, None, [], {"minutes": -5},
]  # fmt: skip

DATETIMES = [
    "2024-03-30", "2024-03-30 12:00", "2024-03-30 12:00:00", "2024-03-30T12:00:00Z",
    "2024-03-30T12:00:00+02:00", "2024-03-30T12:00:00.123456+0200", "2024-03-30T12:00:00.5",
    "20240330T120000", "20240330", "2024-3-5 7:05", "2024-02-30", "2024-13-01 00:00", "x", "",
    "12:00", "2024-03-30T25:00:00", "2024-03-30 12:00:00 +01:00", "2024-03-30T12:00:00-05",
    "2024-03-30T12:00:00.1234567Z", "2024-03-30 12",
]  # fmt: skip

DURATIONS = [
    "00:05:00", "5", "1:30", "-1:00:00", "3 days 04:05:06", "1 day, 2:03:04", "PT10M",
    "P1DT2H3M4.5S", "-PT5M", "P3D", "x", "10:20.5", "1 day 01:00:00", "-1 00:00:01",
    "00:00:00.000001",
    "PT", "P",
]  # fmt: skip
