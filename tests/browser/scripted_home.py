"""A home whose devices become what they are told, and scenes that have run."""

import asyncio

from vettura.bus import subjects
from vettura.bus.interface import Bus
from vettura.bus.messages import Answer, decode, encode
from vettura.bus.messages_home import (
    Cause,
    DeviceAbout,
    DeviceAction,
    DeviceState,
    EntityAbout,
    EntityState,
    Trace,
    TraceStep,
)
from vettura.clock.interface import Clock
from vettura.units import NS_PER_S

HOME = "casa"
MINUTE_NS = 60 * NS_PER_S
SWITCH = ("turn_on", "turn_off", "toggle")


def entity(domain: str, name: str, *verbs: str, **about: object) -> EntityAbout:
    actions = [f"{domain}.{verb}" for verb in verbs]
    return EntityAbout(name=name, actions=actions, **about)  # type: ignore[arg-type]


def device(name: str, area: str, origin: str = "virtual", **entities: EntityAbout) -> DeviceAbout:
    told = {key.replace("__", "."): about for key, about in entities.items()}
    return DeviceAbout(name=name, area=area, origin=origin, entities=told)


def sensor(name: str, device_class: str, unit: str) -> EntityAbout:
    return entity("sensor", name, device_class=device_class, unit_of_measurement=unit)


def flag(name: str, device_class: str = "") -> EntityAbout:
    return entity("binary_sensor", name, device_class=device_class)


def lamp(name: str) -> EntityAbout:
    return entity("light", name, *SWITCH)


COVER = ("open_cover", "close_cover", "stop_cover", "set_cover_position")
CLIMATE = ("set_temperature", "set_hvac_mode")
ROBOT = ("start", "pause", "return_to_base")
SCENE = ("trigger", "turn_on", "turn_off", "toggle")

DEVICES: dict[str, DeviceAbout] = {
    "hall": device("Hall lamp", "hall", light__hall=lamp("Hall lamp")),
    "kitchen": device("Kitchen lamp", "kitchen", light__kitchen=lamp("Kitchen lamp")),
    "living": device("Living room lamp", "living room", light__living=lamp("Living room lamp")),
    "bedroom": device("Bedroom lamp", "bedroom", light__bedroom=lamp("Bedroom lamp")),
    "thermostat": device(
        "Thermostat",
        "living room",
        climate__thermostat=entity("climate", "Thermostat", *CLIMATE, min=5.0, max=30.0),
        sensor__thermostat_power=sensor("Power", "power", "W"),
    ),
    "tv": device(
        "TV", "living room", media_player__tv=entity("media_player", "TV", "turn_on", "turn_off")
    ),
    "robot": device("Robot", "living room", vacuum__robot=entity("vacuum", "Robot", *ROBOT)),
    "shutters": device(
        "Bedroom shutters",
        "bedroom",
        cover__shutters=entity("cover", "Bedroom shutters", *COVER, device_class="shutter"),
    ),
    "air": device(
        "Bedroom air",
        "bedroom",
        sensor__air_temperature=sensor("Temperature", "temperature", "°C"),
        sensor__air_humidity=sensor("Humidity", "humidity", "%"),
    ),
    "front-door": device(
        "Front door", "hall", lock__front_door=entity("lock", "Front door", "lock", "unlock")
    ),
    "contact": device("Door contact", "hall", binary_sensor__contact=flag("Contact", "door")),
    "motion": device("Hall motion", "hall", binary_sensor__motion=flag("Motion", "motion")),
    "smoke": device("Smoke alarm", "kitchen", binary_sensor__smoke=flag("Smoke alarm", "smoke")),
    "scale": device("Scale", "bathroom", sensor__scale=sensor("Weight", "weight", "kg")),
    "garage": device(
        "Garage door",
        "garage",
        cover__garage=entity("cover", "Garage door", *COVER[:3], device_class="garage"),
    ),
    "socket": device(
        "Scooter socket",
        "garage",
        switch__socket=entity("switch", "Scooter socket", *SWITCH),
        sensor__socket_power=sensor("Power", "power", "W"),
    ),
    "bell": device("Doorbell", "", event__bell=entity("event", "Doorbell")),
    "band-giulia": device(
        "Giulia's band",
        "",
        sensor__band_giulia_steps=entity("sensor", "Steps"),
        sensor__band_giulia_heart_rate=sensor("Heart rate", "", "bpm"),
        binary_sensor__band_giulia_asleep=flag("Asleep"),
        sensor__band_giulia_room=entity("sensor", "Room"),
    ),
    "phone-marco": device(
        "Marco's phone", "", sensor__phone_marco_battery_level=sensor("Battery", "battery", "%")
    ),
    "person_giulia": device("Giulia", "", "person", person__giulia=entity("person", "Giulia")),
    "person_marco": device("Marco", "", "person", person__marco=entity("person", "Marco")),
    "sun": device("Sun", "", "virtual", sun__sun=entity("sun", "Sun")),
    "scenes": device(
        "Scenes",
        "",
        "scenes",
        automation__arriving=entity("automation", "Arriving", *SCENE),
        automation__good_night=entity("automation", "Good night", *SCENE),
        automation__smoke=entity("automation", "Smoke: everybody out", *SCENE),
        script__guests=entity("script", "Guests", "turn_on"),
        input_boolean__holidays=entity("input_boolean", "Holidays", *SWITCH),
    ),
}

STATES: dict[str, EntityState] = {
    "light.hall": EntityState(state="on", attributes={"brightness": 204}),
    "light.kitchen": EntityState(state="off", attributes={"brightness": None}),
    "light.living": EntityState(state="on", attributes={"brightness": 102}),
    "light.bedroom": EntityState(state="off"),
    "climate.thermostat": EntityState(
        state="heat",
        attributes={
            "temperature": 21.0,
            "current_temperature": 20.4,
            "hvac_action": "heating",
            "hvac_modes": ["off", "heat"],
        },
    ),
    "sensor.thermostat_power": EntityState(state="1140"),
    "media_player.tv": EntityState(state="playing", attributes={"media_title": "News"}),
    "vacuum.robot": EntityState(state="docked", attributes={"battery_level": 96}),
    "cover.shutters": EntityState(state="open", attributes={"current_position": 60}),
    "sensor.air_temperature": EntityState(state="19.25"),
    "sensor.air_humidity": EntityState(state="48"),
    "lock.front_door": EntityState(state="locked"),
    "binary_sensor.contact": EntityState(state="off"),
    "binary_sensor.motion": EntityState(state="on"),
    "binary_sensor.smoke": EntityState(state="off"),
    "sensor.scale": EntityState(state="64.3"),
    "cover.garage": EntityState(state="closed"),
    "switch.socket": EntityState(state="unavailable"),
    "sensor.socket_power": EntityState(state="unavailable"),
    "event.bell": EntityState(state="2026-03-10T16:12:00+00:00"),
    "sensor.band_giulia_steps": EntityState(state="6412"),
    "sensor.band_giulia_heart_rate": EntityState(state="72"),
    "binary_sensor.band_giulia_asleep": EntityState(state="off"),
    "sensor.band_giulia_room": EntityState(state="kitchen"),
    "sensor.phone_marco_battery_level": EntityState(state="58"),
    "person.giulia": EntityState(state="home", attributes={"friendly_name": "Giulia"}),
    "person.marco": EntityState(state="office", attributes={"friendly_name": "Marco"}),
    "sun.sun": EntityState(state="below_horizon"),
    "automation.arriving": EntityState(state="on"),
    "automation.good_night": EntityState(state="off"),
    "automation.smoke": EntityState(state="on"),
    "script.guests": EntityState(state="off"),
    "input_boolean.holidays": EntityState(state="off"),
}
BECOMES = {
    "turn_on": "on",
    "turn_off": "off",
    "lock": "locked",
    "unlock": "unlocked",
    "open_cover": "opening",
    "close_cover": "closed",
    "start": "cleaning",
    "return_to_base": "returning",
}


class ScriptedHome:
    """Tells its devices once, obeys, and counts what it was told."""

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self._bus, self._clock = bus, clock
        self.states = dict(STATES)
        self.told: list[DeviceAction] = []
        self.refuses = ""
        """Why every action is refused; empty for none."""

    async def run(self) -> None:
        """Introduce the devices, and take actions."""
        await self._keep_traces()
        async with asyncio.TaskGroup() as tasks:
            for name, about in DEVICES.items():
                await self._keep(subjects.device_about(HOME, name), encode(about))
                await self.tell(name)
                tasks.create_task(self._serve(name))

    async def tell(self, name: str, **states: str) -> None:
        """Say how a device is, with some entities changed."""
        for key, state in states.items():
            entity_id = key.replace("__", ".")
            attributes = self.states[entity_id].attributes
            self.states[entity_id] = EntityState(state=state, attributes=attributes)
        entities = {entity_id: self.states[entity_id] for entity_id in DEVICES[name].entities}
        told = DeviceState(time_ns=self._clock.now_ns(), entities=entities)
        await self._keep(subjects.device_state(HOME, name), encode(told))

    async def ran(self, scene: str, trigger: str, *, state: str = "finished") -> None:
        """Store a run of a scene that has just ended."""
        now_ns = self._clock.now_ns()
        run = f"{scene}-{now_ns}"
        trace = Trace(
            run=run,
            scene=scene,
            trigger=trigger,
            start_ns=now_ns - 2 * NS_PER_S,
            end_ns=now_ns,
            state=state,  # type: ignore[arg-type]
            steps=[
                TraceStep(time_ns=now_ns - 2 * NS_PER_S, path="trigger/0", result='{"to":"home"}'),
                TraceStep(time_ns=now_ns - 2 * NS_PER_S, path="condition/0", result="true"),
                TraceStep(
                    time_ns=now_ns,
                    path="action/0/choose/1/sequence/0",
                    result='{"action":"light.turn_on","entity":"light.hall"}',
                ),
            ],
            cause=Cause(id=run, who=scene, hops=1, chain=["person.giulia"]),
        )
        stream = await self._bus.stream(subjects.TRACES_STREAM, subjects.TRACES_STREAM_SUBJECTS)
        await stream.publish(subjects.trace(HOME), encode(trace), message_id=run)

    async def _keep_traces(self) -> None:
        await self.ran("automation.arriving", "state of person.giulia")
        await self.ran("automation.smoke", "state of binary_sensor.smoke", state="refused")

    async def _keep(self, subject: str, data: bytes) -> None:
        await self._bus.publish(subject, data)
        await (await self._bus.bucket(subjects.HOME_BUCKET)).put(subject, data)

    async def _serve(self, name: str) -> None:
        async for message in await self._bus.subscribe(subjects.device_do(HOME, name)):
            action = decode(message.data, DeviceAction, where=name)
            self.told.append(action)
            if self.refuses:
                await self._bus.respond(message, encode(Answer(ok=False, reason=self.refuses)))
                continue
            await self._obey(name, action)
            await self._bus.respond(message, encode(Answer(ok=True)))

    async def _obey(self, name: str, action: DeviceAction) -> None:
        before = self.states[action.entity]
        verb = action.action.partition(".")[2]
        attributes = {**before.attributes, **action.data}
        if "position" in attributes:
            attributes["current_position"] = attributes.pop("position")
        state = BECOMES.get(verb, before.state)
        self.states[action.entity] = EntityState(state=state, attributes=attributes)
        await self.tell(name)
        if verb == "trigger":
            await self.ran(action.entity, "")
