"""Which automations Home Assistant takes: reads YAML texts from a file, prints what it says."""

import asyncio
import json
import logging
import pathlib
import sys
import tempfile

import voluptuous
from homeassistant import config_entries, core
from homeassistant import loader as integrations
from homeassistant.components.automation import config as automations
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import area_registry, device_registry, entity_registry
from homeassistant.util.yaml import loader
from saying import say


async def read(hass, text):
    """What is wrong with the automations in a text; empty for nothing."""
    try:
        for item in loader.parse_yaml(text):
            await automations._async_validate_config_item(hass, item, True, False)
    except (voluptuous.Invalid, HomeAssistantError, ValueError, TypeError) as error:
        return f"{type(error).__name__}: {error}"
    return ""


async def main(texts):
    logging.disable(logging.CRITICAL)
    hass = core.HomeAssistant(tempfile.mkdtemp())
    hass.config.config_dir = tempfile.mkdtemp()
    hass.config_entries = config_entries.ConfigEntries(hass, {})
    integrations.async_setup(hass)
    for registry in (area_registry, device_registry, entity_registry):
        await registry.async_load(hass)
    say(answers=[await read(hass, text) for text in texts])


asyncio.run(main(json.loads(pathlib.Path(sys.argv[1]).read_text("utf-8"))))
