"""Home Assistant's core, in process, lives through a month that is told on standard input.

The input is one JSON object: where and when, documents of automations and helpers, zones, and what
happens; `peers/scenario.py` makes it. Printed is one JSON line for each action that was called,
event that a scene fired and run that began, then one with the states that are left.

Nothing is set up but what scenes need. Devices are states that obey by the table of `obedience`.
"""

import asyncio
import json
import logging
import pathlib
import sys
import tempfile
import time
import warnings
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from jumping_loop import JumpingLoop
from obedience import OBEY, obeyed
from older_words import older_automation, older_document

warnings.simplefilter("ignore")

from homeassistant import auth, bootstrap, loader  # noqa: E402
from homeassistant.components import mqtt  # noqa: E402
from homeassistant.components.mqtt.models import ReceiveMessage  # noqa: E402
from homeassistant.config_entries import ConfigEntries  # noqa: E402
from homeassistant.core import (  # noqa: E402
    Context,
    CoreState,
    HomeAssistant,
    ServiceCall,
    SupportsResponse,
    callback,
)
from homeassistant.helpers import (  # noqa: E402
    area_registry,
    device_registry,
    entity_registry,
    service,
)
from homeassistant.helpers import event as event_helpers  # noqa: E402
from homeassistant.setup import async_setup_component  # noqa: E402
from homeassistant.util import dt as dt_util  # noqa: E402
from homeassistant.util import yaml as yaml_words  # noqa: E402
from homeassistant.util.unit_system import METRIC_SYSTEM  # noqa: E402
from paho.mqtt.client import topic_matches_sub  # noqa: E402

HELPERS = (
    "input_boolean", "input_number", "input_select", "input_text", "input_datetime",
    "input_button", "counter", "timer", "schedule", "group",
)  # fmt: skip
LISTS = ("zone", "automation", "template", "scene")
"""Domains whose configuration is a list."""
SET_UP = ("homeassistant", "sun", *HELPERS, "template", "scene", "script", "automation")


class Month:
    """One run; what it says is in `lines`."""

    def __init__(self, scenario, folder):
        self.scenario = scenario
        self.folder = folder
        self.lines = []
        self.hass = None
        self._who = {}
        self._topics = []
        self._complaints = _Complaints()

    async def live(self):
        """Set everything up, let everything happen, and say what is left."""
        logging.getLogger("homeassistant").addHandler(self._complaints)
        began_s, cpu_s = time.perf_counter(), time.process_time()
        await self._set_up()
        ready_s = time.perf_counter() - began_s
        await self._happen()
        lived_s = time.perf_counter() - began_s - ready_s
        cpu_s = time.process_time() - cpu_s
        left = {
            state.entity_id: state.state
            for state in self.hass.states.async_all()
            if state.domain in (*HELPERS, "automation")
        }
        self.lines.append({"left": dict(sorted(left.items()))})
        times = {"ready_s": ready_s, "lived_s": lived_s, "cpu_s": cpu_s}
        return times | {"complaints": self._complaints.lines}

    async def _set_up(self):
        hass = self.hass = HomeAssistant(str(self.folder))
        hass.config.latitude = self.scenario["latitude"]
        hass.config.longitude = self.scenario["longitude"]
        hass.config.elevation = self.scenario["elevation_m"]
        hass.config.set_time_zone(self.scenario["time_zone"])
        hass.config.units = METRIC_SYSTEM
        hass.config.skip_pip = True
        hass.config.location_name = "Home"
        loader.async_setup(hass)
        hass.config_entries = ConfigEntries(hass, {})
        await bootstrap.async_load_base_functionality(hass)
        hass.auth = await auth.auth_manager_from_config(hass, [], [])
        self._set_up_topics()
        self._set_up_devices()
        self._register_services()
        await self._set_up_scenes()
        self._listen()
        hass.set_state(CoreState.starting)
        hass.bus.async_fire("homeassistant_start")
        await hass.async_block_till_done()
        hass.set_state(CoreState.running)
        hass.bus.async_fire("homeassistant_started")
        await hass.async_block_till_done()

    async def _set_up_scenes(self):
        config = {"homeassistant": {}, "sun": {}} | {name: [] for name in LISTS}
        config |= {name: {} for name in (*HELPERS, "script")}
        config["zone"] = self.scenario["zones"]
        self._write_blueprints()
        for text in self.scenario["documents"].values():
            for domain, content in older_document(yaml_words.parse_yaml(text)).items():
                if isinstance(config[domain], list):
                    config[domain].extend(content)
                else:
                    config[domain] |= content
        assert await async_setup_component(self.hass, "zone", config)
        for update in self.scenario["before"]:
            self._do(update)
        there = {each["entity"].split(".")[0] for each in self.scenario["before"]}
        self.hass.config.components |= there - {"sensor", "binary_sensor"}
        for domain in SET_UP:
            assert await async_setup_component(self.hass, domain, config), domain
            await self.hass.async_block_till_done()

    def _write_blueprints(self):
        for name, text in self.scenario.get("blueprints", {}).items():
            place = self.folder / "blueprints" / "automation" / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(yaml_words.dump(older_automation(yaml_words.parse_yaml(text))))

    def _set_up_topics(self):
        async def subscribe(hass, topic, listener, qos=0, encoding="utf-8"):
            subscription = (topic, listener)
            self._topics.append(subscription)
            return lambda: self._topics.remove(subscription)

        mqtt.async_subscribe = subscribe
        self.hass.config.components.add("mqtt")

    def _set_up_devices(self):
        """What device triggers, conditions and actions name by an id."""
        areas = area_registry.async_get(self.hass)
        devices = device_registry.async_get(self.hass)
        entities = entity_registry.async_get(self.hass)
        for device in self.scenario["devices"]:
            area = areas.async_get_area_by_name(device["area"]) or areas.async_create(
                device["area"]
            )
            entry = device_registry.DeviceEntry(
                id=device["id"], name=device["name"], area_id=area.id
            )
            devices.devices[entry.id] = entry
            for entity in device["entities"]:
                domain, object_id = entity.split(".")
                entities.async_get_or_create(
                    domain, "virtual", object_id, suggested_object_id=object_id, device_id=entry.id
                )

    def _register_services(self):
        for action in self.scenario["actions"]:
            domain, name = action.split(".")
            self.hass.services.async_register(
                domain, name, self._obey, supports_response=SupportsResponse.OPTIONAL
            )

    async def _obey(self, call):
        action = f"{call.domain}.{call.service}"
        for entity in self._aimed_at(call):
            state = self.hass.states.get(entity)
            if state is None or state.state == "unavailable":
                continue
            if action in OBEY:
                new, attributes = obeyed(OBEY[action], state.state, state.attributes, call.data)
                self.hass.states.async_set(entity, new, attributes, context=call.context)
        return self.scenario["answers"].get(action, {}) if call.return_response else None

    def _aimed_at(self, call):
        """The entities of an action, each once."""
        found = service.async_extract_referenced_entity_ids(self.hass, call)
        every = found.referenced | found.indirectly_referenced
        named = call.data.get("entity_id", [])
        if call.domain == "homeassistant":
            return list(every)
        of_domain = sorted(each for each in every if each.split(".")[0] == call.domain)
        return sorted(of_domain, key=lambda each: named.index(each) if each in named else 99)

    def _listen(self):
        self.hass.bus.async_listen("automation_triggered", self._note_run)
        self.hass.bus.async_listen("call_service", self._note_call)
        self.hass.bus.async_listen("state_changed", self._note_state)
        self._note_sun(self.hass.states.get("sun.sun"))
        for event_type in self.scenario["events"]:
            self.hass.bus.async_listen(event_type, self._note_event)

    @callback
    def _note_run(self, event):
        who = event.data["entity_id"]
        self._who[event.context.id] = who
        self._say(who, run=event.data.get("source", ""))

    @callback
    def _note_call(self, event):
        if who := self._who.get(event.context.id):
            call = ServiceCall(*(event.data[key] for key in ("domain", "service", "service_data")))
            self._say(
                who,
                action=f"{call.domain}.{call.service}",
                data=event.data["service_data"],
                entities=sorted(self._aimed_at(call)),
            )

    @callback
    def _note_event(self, event):
        if who := self._who.get(event.context.id):
            self._say(who, event=event.event_type, data=event.data)

    @callback
    def _note_state(self, event):
        entity, new, old = (event.data[key] for key in ("entity_id", "new_state", "old_state"))
        if entity == "sun.sun":
            self._note_sun(new)
        if entity.split(".")[0] not in HELPERS or (old and new and old.state == new.state):
            return
        self._say("", entity=entity, state=new.state if new else None)

    def _note_sun(self, sun):
        self._say("", sun=sun.state, attributes=dict(sun.attributes))

    def _say(self, who, **what):
        at_us = round(self.hass.loop.time() * 1e6)
        self.lines.append({"at_us": at_us, "who": who} | what)

    async def _happen(self):
        for update in self.scenario["happens"]:
            await self._until(update["at_us"] / 1e6)
            self._do(update)
        await self._until((self.scenario["end_us"] - 1) / 1e6)

    async def _until(self, when_s):
        loop = self.hass.loop
        if when_s > loop.time():
            there = loop.create_future()
            loop.call_at(when_s, there.set_result, None)
            await there

    def _do(self, update):
        """Let one thing happen: a state, an entity that vanishes, an event, a topic, a call."""
        hass = self.hass
        if "event" in update:
            hass.bus.async_fire(update["event"], update.get("data", {}))
        elif "topic" in update:
            self._hear(update["topic"], update["payload"])
        elif "action" in update:
            domain, name = update["action"].split(".")
            hass.async_create_task(
                hass.services.async_call(domain, name, update.get("data", {}), context=Context())
            )
        elif update["state"] is None:
            hass.states.async_remove(update["entity"])
        else:
            hass.states.async_set(update["entity"], update["state"], update.get("attributes", {}))

    def _hear(self, topic, payload):
        for wanted, listener in list(self._topics):
            if topic_matches_sub(wanted, topic):
                now = dt_util.utcnow()
                listener(ReceiveMessage(topic, payload, 0, False, wanted, now))


class _Complaints(logging.Handler):
    """What Home Assistant warned about, once each."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.lines = {}

    def emit(self, record):
        line = f"{record.name}: {record.getMessage()}"
        if record.exc_info and record.exc_info[1]:
            line += f": {record.exc_info[1]!r}"
        self.lines[line] = self.lines.get(line, 0) + 1


def plain(value):
    """What JSON has no word for, as Home Assistant tells it."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, set | frozenset):
        return sorted(value)
    return str(value)


def main():
    scenario = json.load(sys.stdin)
    event_helpers.RANDOM_MICROSECOND_MIN = event_helpers.RANDOM_MICROSECOND_MAX = 0
    zone = ZoneInfo(scenario["time_zone"])
    start = datetime.fromtimestamp(scenario["start_us"] // 1_000_000, zone)
    with tempfile.TemporaryDirectory() as folder, JumpingLoop(start) as loop:
        asyncio.set_event_loop(loop)
        month = Month(scenario, pathlib.Path(folder))
        about = loop.run_until_complete(month.live())
    for line in month.lines:
        sys.stdout.write(json.dumps(line, default=plain, sort_keys=True) + "\n")
    sys.stdout.write(json.dumps(about) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
