"""What bridges announce and tell, and what their devices are asked."""

from zoneinfo import ZoneInfo

import msgspec

from faces.discovery_household import bridges, payload_of
from faces.hass_simulator import AREAS, DEVICES, ENTITIES, SERVICES, STATES
from faces.test_discovery_tasmota import CONFIG, SENSORS
from faces.test_discovery_tasmota import PLACE as TASMOTA
from fuzz.entries import SEPARATOR, Door, parts, text
from make import NOON_NS, VIN
from vettura.bus.messages import decode, encode
from vettura.bus.messages_home import DeviceAction
from vettura.clock import WallClock
from vettura.errors import InputError, RefusedError
from vettura.faces.discovery_component import Heard
from vettura.faces.discovery_devices import Limits
from vettura.faces.discovery_json import object_in
from vettura.faces.discovery_register import Ours, Register
from vettura.faces.discovery_templates import SandboxTemplates
from vettura.faces.hass_home import HassHome, registries_of
from vettura.words.templates import Templates


def household():
    """A register that knows what the household's bridges have."""
    templates = SandboxTemplates(Templates(WallClock(), ZoneInfo("Europe/Rome")))
    ours = Ours([VIN], bridge="vettura/bridge/casa/availability", protected=[f"vettura/{VIN}/"])
    limits = Limits(devices=60, entries=300, bytes=2_000_000)
    register = Register(templates, prefix="homeassistant", ours=ours, limits=limits)
    register.is_connected = True
    for bridge in bridges():
        for topic, told in [*bridge.announces, *bridge.tells]:
            take(register, topic, payload_of(told), 0.0)
    return register


def take(register, topic, payload, now_s):
    heard = Heard(topic, payload, is_retained=len(payload) % 5 == 0, time_ns=NOON_NS)
    return register.take(heard, now_s)


def discovery() -> Door:
    """A message on any topic, as the broker hands it over; and what is told of it on the bus."""
    told = [one for bridge in bridges() for one in [*bridge.announces, *bridge.tells]]
    told += [(f"{TASMOTA}config", CONFIG), (f"{TASMOTA}sensors", SENSORS)]
    samples = tuple(topic.encode() + SEPARATOR + payload_of(payload) for topic, payload in told)
    register = household()
    now_s = 0.0

    def feed(data: bytes) -> bool:
        nonlocal now_s
        now_s += 0.25
        topic, payload = parts(data, 2)
        outcome = take(register, text(topic), payload, now_s)
        devices = outcome.devices | outcome.described | register.pass_time(now_s).devices
        for device in devices:
            encode(register.state(device, time_ns=NOON_NS, now_s=now_s))
            encode(register.devices.about(device))
        return bool(devices or outcome.triggers) and not outcome.faults

    return Door("discovery", samples, feed)


def discovery_do() -> Door:
    """What a device is asked on the bus, as the broker gets it."""
    register = household()
    abouts = {name: register.devices.about(name) for name in register.devices.devices}
    homes = {entity: name for name, about in abouts.items() for entity in about.entities}
    orders = [order for bridge in bridges() for order in bridge.orders]
    samples = tuple(
        homes[order.entity].encode()
        + SEPARATOR
        + encode(DeviceAction(id="1", action=order.action, entity=order.entity, data=order.data))
        for order in orders
    )

    def feed(data: bytes) -> bool:
        device, payload = parts(data, 2)
        try:
            action = decode(payload, DeviceAction, where="here")
            deeds = register.deed(text(device), action)
        except (InputError, RefusedError):
            return False
        for entity, deed in deeds:
            entity.values |= deed.changes
        encode(register.state(text(device), time_ns=NOON_NS, now_s=0.0))
        return True

    return Door("discovery-do", samples, feed)


def hass() -> Door:
    """What a Home Assistant says of its entities and its registries."""
    home = HassHome(own_marks=[f"vettura_{VIN}"])
    changes = (
        {"a": STATES},
        {"c": {"light.desk": {"+": {"s": "off", "a": {"brightness": 3}, "c": "01H"}}}},
        {"c": {"light.desk": {"-": {"a": ["brightness"]}}}},
        {"r": ["light.desk"]},
        {"registries": [AREAS, DEVICES, ENTITIES, SERVICES]},
    )
    samples = tuple(msgspec.json.encode(change) for change in changes)

    def feed(data: bytes) -> bool:
        event = object_in(data)
        if event is None:
            return False
        told = event.get("registries")
        listed = told if isinstance(told, list) and len(told) == 4 else [[], [], [], {}]
        news, described = home.take(event)
        described |= home.learn(registries_of(*listed))
        for device in news | described:
            encode(home.about(device))
            encode(home.state(device, time_ns=NOON_NS, now_s=0.0, is_there=len(data) % 3 > 0))
        if len(home.devices()) > 20:
            home.forget()
        return bool(news or described)

    return Door("hass", samples, feed)


DOORS = {"discovery": discovery, "discovery-do": discovery_do, "hass": hass}
