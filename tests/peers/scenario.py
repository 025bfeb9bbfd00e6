"""What both sides are told: the automations of the corpus, where the home is, and what happens."""

from datetime import datetime, timedelta

import yaml

from make import ROOT
from peers.apps.obedience import OBEY
from peers.month_of_life import before, month_of_life
from peers.month_of_things import HOME, MARKET, SCHOOL, WORK, ZONE

AUTOMATIONS = ROOT / "tests" / "peers" / "automations"
BLUEPRINTS = AUTOMATIONS / "blueprints" / "automation"
MARCH, OCTOBER = datetime(2026, 3, 1), datetime(2026, 10, 1)  # noqa: DTZ001  midnights on the wall
"""Months with a night in which the clock is put forward, and back."""
DAYS = {
    "spring": {"start": MARCH.replace(day=26), "days": 5},
    "autumn": {"start": OCTOBER.replace(day=22), "days": 5},
}
"""The days around those nights."""
DIGESTS = {
    "spring": "769fb647e3a6f4c9c2edb4447b335b894475e2aa05b86f8db77837e116ce0241",
    "autumn": "531ce3aad3254da8a12bbc28f1cfe1677cabb662023770f1241323f3109420fb",
}
"""Of what Home Assistant 2024.3.3 did in these days; `test_homeassistant_scenes.py` makes them."""
TOLD = (
    "notify.giulia", "notify.marco", "logbook.log", "media_player.play_media", "mqtt.publish",
    "weather.get_forecasts",
)  # fmt: skip
"""Actions that change no state."""
EVENTS = ("late", "later_still", "again", "tea_is_coming")
"""What scenes of the corpus fire."""
FORECAST = {
    "weather.home": {
        "forecast": [
            {"condition": "sunny", "temperature": 17.5},
            {"condition": "rainy", "temperature": 12},
        ]
    }
}
DEVICES = [
    (1, "Garage box", "Garage", ["light.garage", "switch.pump"]),
    (2, "Garage motion", "Garage", ["binary_sensor.garage_motion"]),
    (3, "Front door", "Hall", ["binary_sensor.front_door"]),
    (4, "Hall light", "Hall", ["light.hall"]),
]


def scenario(*, start=MARCH, days=31, seed=1, documents=None):
    """Everything of a run, as JSON has it."""
    end = (start + timedelta(days=days)).replace(tzinfo=ZONE)
    return {
        "time_zone": ZONE.key,
        "latitude": HOME[0],
        "longitude": HOME[1],
        "elevation_m": 305,
        "start_us": int(start.replace(tzinfo=ZONE).timestamp()) * 1_000_000,
        "end_us": int(end.timestamp()) * 1_000_000,
        "documents": documents or corpus(),
        "blueprints": blueprints(),
        "zones": [
            _zone("Work", WORK, 300),
            _zone("School", SCHOOL, 150),
            _zone("Market", MARKET, 200),
        ],
        "devices": [
            {"id": f"d1{number:0>30}", "name": name, "area": area, "entities": entities}
            for number, name, area, entities in DEVICES
        ],
        "actions": sorted({*OBEY, *TOLD}),
        "events": EVENTS,
        "answers": {"weather.get_forecasts": FORECAST},
        "before": before(),
        "happens": month_of_life(seed=seed, start=start, days=days),
    }


def corpus():
    """The texts of all files of automations, by name."""
    return {path.name: path.read_text("utf-8") for path in sorted(AUTOMATIONS.glob("*.yaml"))}


def blueprints():
    """The texts of all blueprints, by their path."""
    return {
        str(path.relative_to(BLUEPRINTS)): path.read_text("utf-8")
        for path in sorted(BLUEPRINTS.rglob("*.yaml"))
    }


def automations():
    """Every automation of the corpus as YAML has it, by alias; `!input` does not occur here."""
    found = {}
    for text in corpus().values():
        document = yaml.safe_load(text)
        for each in document if isinstance(document, list) else document.get("automation", []):
            assert each["alias"] not in found, each["alias"]
            found[each["alias"]] = each
    return found


def _zone(name, place, radius_m):
    return {"name": name, "latitude": place[0], "longitude": place[1], "radius": radius_m}
