"""Home Assistant's own templates: reads a world and templates from a file, prints what they make.

The clock is stopped by giving Home Assistant's time functions one answer; everything else is its
own. One JSON line with all answers.
"""

import asyncio
import datetime
import json
import logging
import os
import pathlib
import sys
import tempfile
import time

import voluptuous
from homeassistant import core
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import area_registry, device_registry, entity_registry, template
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
from homeassistant.util import slugify
from saying import say

PLAIN = (list, dict, set, tuple)


def plain(value):
    """Take the wrapper off a result that keeps its text."""
    if isinstance(value, dict):
        return {plain(key): plain(item) for key, item in value.items()}
    for kind in PLAIN:
        if isinstance(value, kind) and kind is not dict:
            return kind(plain(item) for item in value)
    return value


def shown(value):
    return [type(plain(value)).__name__, repr(plain(value))]


async def world_of(data):
    os.environ["TZ"] = data["zone"]
    time.tzset()
    zone = dt_util.get_time_zone(data["zone"])
    dt_util.set_default_time_zone(zone)
    now = datetime.datetime.fromisoformat(data["now"])
    dt_util.utcnow = lambda: now
    dt_util.now = lambda time_zone=None: now.astimezone(time_zone or zone)
    hass = core.HomeAssistant(tempfile.mkdtemp())
    hass.config.set_time_zone(data["zone"])
    hass.config.latitude, hass.config.longitude = data["home"]
    hass.config.config_dir = tempfile.mkdtemp()
    for registry in (area_registry, device_registry, entity_registry):
        await registry.async_load(hass)
    for entity_id, (state, attributes, seconds) in data["states"].items():
        moment = now - datetime.timedelta(seconds=seconds)
        found = core.State(entity_id, state, attributes, last_changed=moment, last_updated=moment)
        hass.states._states[entity_id] = found
    hass.data["entity_info"] = {}
    return hass


def rendered(hass, text, variables):
    made = template.Template(text, hass)
    try:
        info = made.async_render_to_info(variables)
        result = made.async_render(variables) if made.is_static else info.result()
        answer = {"result": shown(result), "true": template.result_as_boolean(result)}
    except HomeAssistantError as error:
        return {"error": str(error)}
    return answer | {
        "entities": sorted(info.entities),
        "domains": sorted(info.domains),
        "counted": sorted(info.domains_lifecycle),
        "all": bool(info.all_states),
        "time": bool(info.has_time),
    }


def value_of(hass, text, value):
    made = template.Template(text, hass)
    try:
        return made.async_render_with_possible_json_value(value, error_value="<error>")
    except Exception:  # noqa: BLE001  it lets any error of a template through
        return "<error>"


def seconds_of(value):
    try:
        return cv.time_period(value).total_seconds()
    except voluptuous.Invalid:
        return None


def datetime_of(text):
    try:
        found = dt_util.parse_datetime(text)
    except ValueError:
        return None
    return found and found.isoformat()


def duration_of(text):
    found = dt_util.parse_duration(text)
    return None if found is None else found.total_seconds()


async def main(data):
    logging.disable(logging.CRITICAL)
    hass = await world_of(data)
    answers = {
        "templates": [rendered(hass, *case) for case in data["templates"]],
        "values": [value_of(hass, *case) for case in data["values"]],
        "slugs": [slugify(text) for text in data["slugs"]],
        "periods": [seconds_of(value) for value in data["periods"]],
        "datetimes": [datetime_of(text) for text in data["datetimes"]],
        "durations": [duration_of(text) for text in data["durations"]],
    }
    say(**answers)


asyncio.run(main(json.loads(pathlib.Path(sys.argv[1]).read_text("utf-8"))))
