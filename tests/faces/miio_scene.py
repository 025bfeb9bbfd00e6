"""What the tests of miIO share: a home whose devices become what they are told, and its faces."""

import asyncio
from contextlib import asynccontextmanager

from vettura.bus.memory import MemoryBus
from vettura.bus.messages import Answer, decode, encode
from vettura.bus.messages_home import (
    DeviceAbout,
    DeviceAction,
    DeviceState,
    EntityAbout,
    EntityState,
)
from vettura.bus.subjects import HOME_BUCKET, device_about, device_do, device_state
from vettura.clock import WallClock
from vettura.faces.config import MiioConfig
from vettura.faces.miio import MiioFace

HOME = "casa"
NETWORK = "127.54.77.0/24"
PATIENCE_S = 20.0

ABOUTS = {
    "desk": DeviceAbout(
        name="Desk lamp",
        area="Study",
        origin="virtual",
        entities={
            "light.desk": EntityAbout(
                name="Desk lamp", actions=["light.turn_on", "light.turn_off", "light.toggle"]
            )
        },
    ),
    "scooter-charger": DeviceAbout(
        name="Scooter charger",
        origin="virtual",
        entities={
            "switch.scooter_charger": EntityAbout(
                name="Scooter charger", actions=["switch.turn_on", "switch.turn_off"]
            ),
            "sensor.scooter_charger_power": EntityAbout(
                name="Power", device_class="power", unit_of_measurement="W"
            ),
        },
    ),
    "blind": DeviceAbout(
        name="Blind",
        origin="virtual",
        entities={
            "cover.blind": EntityAbout(
                name="Blind", actions=["cover.open_cover", "cover.set_cover_position"]
            )
        },
    ),
    "robot": DeviceAbout(
        name="Robot",
        origin="virtual",
        entities={"vacuum.robot": EntityAbout(name="Robot", actions=["vacuum.start"])},
    ),
    "colours": DeviceAbout(
        name="Colours",
        origin="virtual",
        entities={"light.colours": EntityAbout(name="Colours", actions=["light.turn_on"])},
    ),
    "fan": DeviceAbout(
        name="Fan",
        origin="virtual",
        entities={"fan.fan": EntityAbout(name="Fan", actions=["fan.turn_on", "fan.turn_off"])},
    ),
    "scale": DeviceAbout(
        name="Scale",
        origin="virtual",
        entities={
            "sensor.scale": EntityAbout(
                name="Weight", device_class="weight", unit_of_measurement="kg"
            )
        },
    ),
    "car": DeviceAbout(
        name="Xiaomi SU7",
        origin="car",
        entities={
            "sensor.xiaomi_su7_battery": EntityAbout(name="Battery", device_class="battery"),
            "sensor.xiaomi_su7_range": EntityAbout(name="Range"),
            "binary_sensor.xiaomi_su7_charging": EntityAbout(name="Charging"),
            "lock.xiaomi_su7_lock": EntityAbout(name="Lock", actions=["lock.lock", "lock.unlock"]),
            "climate.xiaomi_su7_climate": EntityAbout(
                name="Climate", actions=["climate.set_hvac_mode", "climate.set_temperature"]
            ),
            "button.xiaomi_su7_honk": EntityAbout(name="Honk", actions=["button.press"]),
        },
    ),
    "giulia": DeviceAbout(
        name="Giulia",
        origin="person",
        entities={"person.giulia": EntityAbout(name="Giulia")},
    ),
}

STATES = {
    "desk": {
        "light.desk": EntityState(
            state="on", attributes={"brightness": 128, "color_temp_kelvin": 4000}
        )
    },
    "scooter-charger": {
        "switch.scooter_charger": EntityState(state="off"),
        "sensor.scooter_charger_power": EntityState(state="0.0"),
    },
    "blind": {"cover.blind": EntityState(state="open", attributes={"current_position": 100})},
    "robot": {"vacuum.robot": EntityState(state="docked", attributes={"battery_level": 98})},
    "colours": {"light.colours": EntityState(state="off", attributes={"rgb_color": [1, 2, 3]})},
    "fan": {"fan.fan": EntityState(state="on", attributes={"percentage": 66, "oscillating": True})},
    "scale": {"sensor.scale": EntityState(state="71.4")},
    "car": {
        "sensor.xiaomi_su7_battery": EntityState(state="61.2"),
        "sensor.xiaomi_su7_range": EntityState(state="312"),
        "binary_sensor.xiaomi_su7_charging": EntityState(state="on"),
        "lock.xiaomi_su7_lock": EntityState(state="locked"),
        "climate.xiaomi_su7_climate": EntityState(state="off", attributes={"temperature": 21.0}),
        "button.xiaomi_su7_honk": EntityState(state="unknown"),
    },
    "giulia": {"person.giulia": EntityState(state="home")},
}
BECOMES = {
    "turn_on": "on",
    "turn_off": "off",
    "lock": "locked",
    "unlock": "unlocked",
    "start": "cleaning",
}


class ScriptedHome:
    """Devices without physics: each becomes what it is told, or answers as the script says."""

    def __init__(self, bus, clock, home=HOME, abouts=ABOUTS):
        self.bus, self.clock, self.home = bus, clock, home
        self.abouts = dict(abouts)
        self.states = {device: dict(STATES[device]) for device in abouts}
        self.told = []
        """Every action, once for each id."""
        self.answers = {}
        """What to answer instead of obeying, by device."""
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def run(self):
        async with asyncio.TaskGroup() as group:
            for device in self.abouts:
                await self.announce(device)
                ear = await self.bus.subscribe(device_do(self.home, device))
                group.create_task(self._serve(device, ear))

    async def announce(self, device):
        await self._keep(device_about(self.home, device), self.abouts[device])
        await self.tell(device)

    async def remove(self, device):
        await self._keep(device_about(self.home, device), DeviceAbout(name=device))

    async def tell(self, device, cause=None, **states):
        self.states[device] |= {name.replace("__", "."): told for name, told in states.items()}
        message = DeviceState(
            time_ns=self.clock.now_ns(), entities=dict(self.states[device]), cause=cause
        )
        await self._keep(device_state(self.home, device), message)

    async def _keep(self, subject, message):
        await self.bus.publish(subject, encode(message))
        await (await self.bus.bucket(HOME_BUCKET)).put(subject, encode(message))

    async def _serve(self, device, ear):
        seen = {}
        async for message in ear:
            await self.may_answer.wait()
            action = decode(message.data, DeviceAction, where=device)
            if action.id not in seen:
                seen[action.id] = self.answers.get(device) or await self._obey(device, action)
            await self.bus.respond(message, encode(seen[action.id]))

    async def _obey(self, device, action):
        self.told.append(action)
        before = self.states[device][action.entity]
        verb = action.action.partition(".")[2]
        state = BECOMES.get(verb, action.data.get("hvac_mode", before.state))
        if verb == "toggle":
            state = "off" if before.state == "on" else "on"
        attributes = dict(before.attributes) | dict(action.data)
        if "rgb_color" in action.data:
            attributes["color_mode"] = "rgb"
        if "position" in attributes:
            attributes["current_position"] = attributes.pop("position")
        self.states[device][action.entity] = EntityState(state=state, attributes=attributes)
        await self.tell(device, cause=action.cause)
        return Answer(ok=True)


async def until(holds, clock=None):
    """Wait for something to become so."""
    clock = clock or WallClock()
    async with asyncio.timeout(PATIENCE_S):
        while not holds():
            await clock.sleep(0.01)


@asynccontextmanager
async def at_work(*services):
    """Services that live while the block lasts."""
    tasks = [asyncio.create_task(service.run()) for service in services]
    try:
        yield
        for task in tasks:
            assert not task.done(), task
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def played(**config):
    """A scripted home, and the face that plays it to Xiaomi's clients, on free ports."""
    clock = WallClock()
    bus = MemoryBus(clock)
    home = ScriptedHome(bus, clock)
    config = {"models": {"colours": "yeelink.light.color3"}} | config
    face = MiioFace(bus, clock, clock, MiioConfig(**{"port": 0, "network": NETWORK} | config), HOME)
    async with at_work(home, face):
        expected = config.get("devices") or ABOUTS.keys() - {"giulia"}
        await until(lambda: face.doors.keys() >= set(expected))
        yield home, face
