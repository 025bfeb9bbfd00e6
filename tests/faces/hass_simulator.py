"""A Home Assistant that is none: its WebSocket API as far as we use it, and able to misbehave."""

import asyncio
import json
from contextlib import asynccontextmanager

from websockets.asyncio.server import serve

TOKEN = "a-long-lived-token"
AREAS = [{"area_id": "study", "name": "Study"}, {"area_id": "hall", "name": "Hall"}]
DEVICES = [
    {
        "id": "d1",
        "name": "Desk lamp",
        "name_by_user": "Giulia's lamp",
        "area_id": "study",
        "manufacturer": "Signify",
        "model": "LCT001",
        "identifiers": [["hue", "1"]],
    },
    {
        "id": "car",
        "name": "Xiaomi SU7",
        "identifiers": [["mqtt", "vettura_LNBSCPBA0RA000055"]],
        "manufacturer": "Xiaomi",
    },
    {"id": "zigbee", "name": "Plug", "identifiers": [["mqtt", "zigbee2mqtt_1"]]},
]
ENTITIES = [
    {"entity_id": "light.desk", "device_id": "d1", "platform": "hue", "area_id": None},
    {"entity_id": "sensor.desk_power", "device_id": "d1", "platform": "hue"},
    {"entity_id": "lock.xiaomi_su7_lock", "device_id": "car", "platform": "mqtt"},
    {"entity_id": "switch.plug", "device_id": "zigbee", "platform": "mqtt"},
    {"entity_id": "input_boolean.guests", "device_id": None, "platform": "input_boolean"},
]
STATES = {
    "light.desk": {
        "s": "on",
        "a": {
            "brightness": 128,
            "friendly_name": "Desk",
            "supported_features": 40,
            "entity_picture": "/api/image?token=secret",
        },
    },
    "sensor.desk_power": {
        "s": "4.2",
        "a": {
            "unit_of_measurement": "W",
            "device_class": "power",
            "state_class": "measurement",
            "friendly_name": "Desk power",
        },
    },
    "lock.xiaomi_su7_lock": {"s": "locked", "a": {}},
    "switch.plug": {"s": "off", "a": {"friendly_name": "Plug"}},
    "input_boolean.guests": {"s": "off", "a": {"friendly_name": "Guests"}},
    "sun.sun": {"s": "above_horizon", "a": {}},
    "automation.evening": {"s": "on", "a": {}},
}
SERVICES = {
    "light": {
        "turn_on": {"target": {"entity": [{"domain": ["light"]}]}},
        "turn_off": {"target": {"entity": [{"domain": ["light"]}]}},
        "effect": {"target": {"entity": [{"domain": ["light"], "supported_features": [4]}]}},
        "flash": {"target": {"entity": [{"domain": ["light"], "supported_features": [8, [2, 1]]}]}},
        "reload": {"fields": {}},
    },
    "input_boolean": {"turn_on": {"target": {"entity": [{"domain": ["input_boolean"]}]}}},
    "switch": {"turn_on": {"target": {"entity": [{"domain": ["switch"]}]}}},
}


class Simulator:
    """One home; what the test changes in it is told to who is connected."""

    def __init__(self):
        self.states = json.loads(json.dumps(STATES))
        self.entities = list(ENTITIES)
        self.token = TOKEN
        self.calls = []
        self.tokens = []
        """Every token that was shown."""
        self.port = 0
        self.visits = 0
        self.greets = True
        """Whether it speaks as a Home Assistant at all."""
        self.holds = asyncio.Event()
        self.holds.set()
        self._sockets = []
        self._server = None

    @asynccontextmanager
    async def running(self):
        async with serve(self._talk, "127.0.0.1", self.port) as server:
            self.port = server.sockets[0].getsockname()[1]
            yield self

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    async def _talk(self, socket):
        self.visits += 1
        if not self.greets:
            await socket.send("<html>")
            return
        await self._say(socket, {"type": "auth_required", "ha_version": "2024.3.3"})
        token = json.loads(await socket.recv())["access_token"]
        self.tokens.append(token)
        if token != self.token:
            await self._say(socket, {"type": "auth_invalid", "message": "Invalid access token"})
            return
        await self._say(socket, {"type": "auth_ok", "ha_version": "2024.3.3"})
        ears = {}
        self._sockets.append((socket, ears))
        try:
            async for data in socket:
                await self._answer(socket, ears, json.loads(data))
        finally:
            self._sockets.remove((socket, ears))

    async def _answer(self, socket, ears, asked):
        number, kind = asked["id"], asked["type"]
        results = {
            "config/area_registry/list": AREAS,
            "config/device_registry/list": DEVICES,
            "config/entity_registry/list": self.entities,
            "get_services": SERVICES,
            "get_config": {"state": "RUNNING"},
        }
        if kind == "call_service":
            await self._call(socket, asked)
            return
        await self._result(socket, number, results.get(kind))
        if kind == "subscribe_entities":
            ears["entities"] = number
            await self._event(socket, number, {"a": self.states})
        elif kind == "subscribe_events":
            ears[asked["event_type"]] = number

    async def _call(self, socket, asked):
        self.calls.append(asked)
        await self.holds.wait()
        if asked["service"] == "refuse":
            error = {"code": "home_assistant_error", "message": "No such bulb"}
            answer = {"id": asked["id"], "type": "result", "success": False, "error": error}
            await self._say(socket, answer)
            return
        for entity in asked["target"]["entity_id"]:
            await self.change(entity, s="on" if asked["service"] == "turn_on" else "off")
        await self._result(socket, asked["id"], {"context": {"id": "c1"}})

    async def change(self, entity, **plus):
        await self.tell({"c": {entity: {"+": plus}}})

    async def tell(self, event):
        for socket, ears in list(self._sockets):
            await self._event(socket, ears["entities"], event)

    async def registry(self):
        for socket, ears in list(self._sockets):
            number = ears["entity_registry_updated"]
            await self._event(socket, number, {"event_type": "entity_registry_updated"})

    async def drop(self):
        for socket, _ in list(self._sockets):
            await socket.close()

    async def _result(self, socket, number, result):
        await self._say(socket, {"id": number, "type": "result", "success": True, "result": result})

    async def _event(self, socket, number, event):
        await self._say(socket, {"id": number, "type": "event", "event": event})

    async def _say(self, socket, message):
        await socket.send(json.dumps(message))
