"""What bridges announce becomes devices; what they tell shows, and what is asked reaches them."""

import json

import pytest

from faces.discovery_household import bridges, payload_of
from vettura.bus.messages_home import DeviceAction
from vettura.clock import WallClock
from vettura.faces.discovery_component import Heard
from vettura.faces.discovery_register import Ours, Register
from vettura.faces.discovery_templates import SandboxTemplates
from vettura.words.templates import Templates

NOON_NS = 1_772_449_200_000_000_000
BRIDGES = {bridge.name: bridge for bridge in bridges()}
every_bridge = pytest.mark.parametrize("name", BRIDGES)


class House:
    """A register that hears messages one by one."""

    def __init__(self, **options):
        from zoneinfo import ZoneInfo

        templates = SandboxTemplates(Templates(WallClock(), ZoneInfo("Europe/Rome")))
        ours = Ours(
            ["LNBSCPBA0RA000055"],
            bridge="vettura/bridge/casa/availability",
            protected=["vettura/LNBSCPBA0RA000055/", "homeassistant/"],
        )
        self.register = Register(templates, prefix="homeassistant", ours=ours, **options)
        self.register.is_connected = True
        self.faults = []
        self.triggers = []
        self.now_s = 0.0

    def hear(self, topic, told, *, retained=False):
        heard = Heard(topic, payload_of(told), is_retained=retained, time_ns=NOON_NS)
        outcome = self.register.take(heard, self.now_s)
        self.faults += outcome.faults
        self.triggers += outcome.triggers
        return outcome

    def announce(self, bridge):
        for topic, config in bridge.announces:
            self.hear(topic, config, retained=True)

    def states(self):
        states = {}
        for device in self.register.devices.devices:
            states |= self.register.state(device, time_ns=NOON_NS, now_s=self.now_s).entities
        return states

    def abouts(self):
        devices = self.register.devices
        return {device: devices.about(device) for device in devices.devices}

    def device_of(self, entity):
        return next(d for d, about in self.abouts().items() if entity in about.entities)

    def order(self, action, entity, **data):
        asked = DeviceAction(id="a", action=action, entity=entity, data=data)
        done = self.register.deed(self.device_of(entity), asked)
        for one, deed in done:
            one.values |= deed.changes
        return [post for _, deed in done for post in deed.posts]


@pytest.fixture
def house():
    return House()


def told(house, name):
    bridge = BRIDGES[name]
    house.announce(bridge)
    for topic, payload in bridge.tells:
        house.hear(topic, payload)
    return bridge


def test_more_than_sixty_messages_are_announced():
    assert sum(len(bridge.announces) for bridge in BRIDGES.values()) >= 80


@every_bridge
def test_every_announcement_becomes_what_it_should(name, house):
    bridge = BRIDGES[name]
    house.announce(bridge)
    assert not house.faults
    assert set(house.states()) == set(bridge.shows)


@every_bridge
def test_what_is_told_shows(name, house):
    bridge = told(house, name)
    states = house.states()
    wrong = {}
    for entity, (state, attributes) in bridge.shows.items():
        shown = states[entity]
        found = {key: shown.attributes.get(key, "missing") for key in attributes}
        if (state not in {None, shown.state}) or found != attributes:
            wrong[entity] = (shown.state, found)
    assert not wrong


@every_bridge
def test_what_is_asked_reaches_the_device(name, house):
    bridge = told(house, name)
    wrong = []
    for order in bridge.orders:
        posts = house.order(order.action, order.entity, **order.data)
        sent = [(post.topic, post.payload) for post in posts]
        if not are_alike(sent, order.sends):
            wrong.append((order, sent))
        for topic, payload in bridge.tells:
            house.hear(topic, payload)
    assert not wrong


def are_alike(sent, wanted):
    return len(sent) == len(wanted) and all(
        topic == wish and (told is None or is_payload(payload, told))
        for (topic, payload), (wish, told) in zip(sent, wanted, strict=True)
    )


def is_payload(payload, told):
    if isinstance(told, str):
        return payload.decode() == told
    return json.loads(payload) == told
