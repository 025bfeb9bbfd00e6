"""The living car as a device of a home: entities told, actions obeyed."""

import asyncio

import msgspec
import pytest

from life.homes import make_household
from make import NOON_NS, VIN
from vettura.bus.memory import MemoryBus
from vettura.bus.messages import Answer, Audit, decode, encode
from vettura.bus.messages_home import Cause, DeviceAbout, DeviceAction, DeviceState
from vettura.bus.subjects import (
    AUDIT_STREAM,
    AUDIT_STREAM_SUBJECTS,
    HOME_BUCKET,
    car_audit,
    device_about,
    device_do,
    device_state,
)
from vettura.car import load_car
from vettura.clock import rehearse
from vettura.drive import CarConfig, CarService
from vettura.faces.config import CarFacts as FaceFacts
from vettura.faces.config import HomeAssistantConfig
from vettura.faces.homeassistant import discovery
from vettura.faces.mqtt_topics import Topics
from vettura.home.car_device import CarDeviceService, CarFacts
from vettura.words.car import slugs

HOUSEHOLD = make_household()
HOME = HOUSEHOLD.home
SU7 = CarFacts(vin=VIN, slug="xiaomi_su7", name="Xiaomi SU7", make="Xiaomi", model="SU7")
RUN = Cause(id="run-1", who="automation.evening", hops=2, chain=["person.giulia", "automation.x"])


def car_service(bus, clock):
    config = CarConfig(
        vin=VIN,
        home="casa",
        place=HOME.name,
        latitude_deg=HOME.latitude_deg,
        longitude_deg=HOME.longitude_deg,
        altitude_m=HOME.elevation_m,
        soc=0.6,
    )
    return CarService(bus, clock, config, load_car("xiaomi-su7"))


class Owner:
    """Asks the car device, and sees what it tells."""

    def __init__(self, bus, clock):
        self.bus, self.clock, self.states = bus, clock, []
        bus.tap(self._hear)

    def _hear(self, _ns, subject, data):
        if subject == device_state("casa", "xiaomi_su7"):
            self.states.append(decode(data, DeviceState, where=subject))

    async def ask(self, action, key, **data):
        domain = action.partition(".")[0]
        wish = DeviceAction(
            id=self.clock.new_id("wish"),
            action=action,
            entity=f"{domain}.xiaomi_su7_{key}",
            data=data,
            cause=RUN,
        )
        reply = await self.bus.request(
            device_do("casa", "xiaomi_su7"), encode(wish), timeout_s=10.0
        )
        await self.clock.sleep(3.0)
        return decode(reply.data, Answer, where="answer")

    def state(self, entity):
        return self.states[-1].entities[entity]


def owned(script):
    """What `script(owner, clock)` returns, with a car and its device beside."""

    async def main(clock):
        bus = MemoryBus(clock)
        await bus.stream(AUDIT_STREAM, AUDIT_STREAM_SUBJECTS)
        owner = Owner(bus, clock)
        services = [car_service(bus, clock), CarDeviceService(bus, clock, HOUSEHOLD, SU7)]
        tasks = [asyncio.create_task(service.run()) for service in services]
        await clock.sleep(2.0)
        result = await script(owner, clock)
        for task in tasks:
            task.cancel()
        endings = await asyncio.gather(*tasks, return_exceptions=True)
        crashed = [end for end in endings if not isinstance(end, asyncio.CancelledError)]
        assert not crashed, crashed
        return result

    return rehearse(main, start_ns=NOON_NS, seed=7)


def test_entity_ids_are_those_of_home_assistants_discovery():
    async def script(owner, clock):
        entry = await (await owner.bus.bucket(HOME_BUCKET)).get(device_about("casa", "xiaomi_su7"))
        return decode(entry.value, DeviceAbout, where="about"), owner.states[-1]

    about, state = owned(script)
    facts = FaceFacts(vin=VIN, home="casa", name="Xiaomi SU7", make="Xiaomi", model="SU7")
    told = discovery([facts], Topics("vettura", "casa"), HomeAssistantConfig())
    ids = {msgspec.json.decode(config)["default_entity_id"] for config in told.values()}
    assert set(about.entities) == set(state.entities) == ids
    assert slugs([("Xiaomi SU7", VIN)]) == ["xiaomi_su7"]


def test_what_the_entities_show():
    async def script(owner, clock):
        return owner.states[-1].entities

    shown = owned(script)
    assert shown["sensor.xiaomi_su7_battery"].state == "60.0"
    assert shown["sensor.xiaomi_su7_status"].state == "parked"
    assert shown["binary_sensor.xiaomi_su7_plugged"].state == "off"
    assert shown["cover.xiaomi_su7_trunk"].state == "closed"
    tracker = shown["device_tracker.xiaomi_su7_location"]
    assert tracker.state == "home"
    assert tracker.attributes["latitude"] == pytest.approx(HOME.latitude_deg, abs=1e-4)
    climate = shown["climate.xiaomi_su7_climate"]
    assert (climate.state, climate.attributes["hvac_action"]) == ("off", "off")
    assert shown["button.xiaomi_su7_honk"].state == "unknown"


def test_every_kind_of_action_reaches_the_car_and_its_state_bears_the_cause():
    async def script(owner, clock):
        done = {}
        for action, key, data in (
            ("lock.unlock", "lock", {}),
            ("lock.lock", "lock", {}),
            ("climate.set_temperature", "climate", {"temperature": 23, "hvac_mode": "heat_cool"}),
            ("climate.turn_off", "climate", {}),
            ("number.set_value", "charge_limit", {"value": 75}),
            ("cover.open_cover", "charge_flap", {}),
            ("cover.toggle", "charge_flap", {}),
            ("cover.set_cover_position", "window_driver", {"position": 40}),
            ("switch.toggle", "preconditioning", {}),
            ("button.press", "flash", {}),
            ("text.set_value", "departure", {"value": "2026-03-02T18:00+01:00"}),
        ):
            answer = await owner.ask(action, key, **data)
            await clock.sleep(8.0)
            entity = f"{action.partition('.')[0]}.xiaomi_su7_{key}"
            done[action] = (answer.ok, owner.state(entity), owner.states[-1].cause)
        stream = await owner.bus.stream(AUDIT_STREAM, AUDIT_STREAM_SUBJECTS)
        audits = [
            decode(m.data, Audit, where="audit") for m in await stream.last(car_audit(VIN), 50)
        ]
        return done, audits

    done, audits = owned(script)
    assert all(ok for ok, _, _ in done.values()), done
    assert done["lock.unlock"][1].state == "unlocked"
    assert done["lock.lock"][1].state == "locked"
    assert done["lock.lock"][2] == RUN
    assert done["climate.set_temperature"][1].attributes["temperature"] == 23.0
    assert done["climate.set_temperature"][1].state == "heat_cool"
    assert done["climate.turn_off"][1].state == "off"
    assert done["number.set_value"][1].state == "75"
    assert done["cover.open_cover"][1].state == "open"
    assert done["cover.toggle"][1].state == "closed"
    assert done["cover.set_cover_position"][1].attributes["current_position"] == 40
    assert {audit.who for audit in audits} == {"automation.evening"}


@pytest.mark.parametrize(
    ("action", "key", "data", "code"),
    [
        ("lock.open", "lock", {}, "unknown"),
        ("number.set_value", "charge_limit", {}, "type"),
        ("number.set_value", "charge_limit", {"value": "many"}, "type"),
        ("number.set_value", "charge_limit", {"value": 300}, "range"),
        ("climate.set_hvac_mode", "climate", {"hvac_mode": "dry"}, "type"),
        ("switch.turn_on", "nothing", {}, "unknown"),
        ("switch.turn_on", "charge", {}, "interlock"),
    ],
)
def test_what_cannot_be_done_is_answered_with_why(action, key, data, code):
    async def script(owner, clock):
        return await owner.ask(action, key, **data)

    answer = owned(script)
    assert (answer.ok, answer.code) == (False, code)
    assert answer.reason


def test_a_parked_car_says_little():
    async def script(owner, clock):
        before = len(owner.states)
        await clock.sleep(3600.0)
        return len(owner.states) - before

    assert owned(script) < 30


def test_a_car_that_has_fallen_silent_is_unavailable():
    async def main(clock):
        bus = MemoryBus(clock)
        await bus.stream(AUDIT_STREAM, AUDIT_STREAM_SUBJECTS)
        owner = Owner(bus, clock)
        device = asyncio.create_task(CarDeviceService(bus, clock, HOUSEHOLD, SU7).run())
        car = asyncio.create_task(car_service(bus, clock).run())
        await clock.sleep(60.0)
        car.cancel()
        await asyncio.gather(car, return_exceptions=True)
        await clock.sleep(600.0)
        silent = owner.state("lock.xiaomi_su7_lock").state
        car = asyncio.create_task(car_service(bus, clock).run())
        await clock.sleep(120.0)
        back = owner.state("lock.xiaomi_su7_lock").state
        for task in (car, device):
            task.cancel()
        await asyncio.gather(car, device, return_exceptions=True)
        return silent, back

    silent, back = rehearse(main, start_ns=NOON_NS, seed=7)
    assert silent == "unavailable"
    assert back in {"locked", "unlocked"}
