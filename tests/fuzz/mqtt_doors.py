"""What a broker hands to the MQTT face, and what the bus hands to it."""

from fuzz.absurd import absurd_frames
from fuzz.bus_doors import FRAME
from fuzz.entries import SEPARATOR, Door, parts, text
from make import NOON_NS, VIN
from vettura.bus.messages import SignalFrame, Targets, decode, encode
from vettura.clock import WallClock
from vettura.errors import InputError
from vettura.faces.config import CarFacts, HomeAssistantConfig
from vettura.faces.mqtt_answers import is_safe_response
from vettura.faces.mqtt_car import CarView
from vettura.faces.mqtt_house import Herald
from vettura.faces.mqtt_link import Letter
from vettura.faces.mqtt_orders import Order, read_order
from vettura.faces.mqtt_topics import Topics
from vettura.words.car_orders import READERS, Unclear, read_words

FACTS = CarFacts(vin=VIN, home="casa", name="Xiaomi SU7", make="Xiaomi", model="SU7")


def mqtt() -> Door:
    """A message on any topic, as `read_order` takes it."""
    said = {
        f"vettura/{VIN}/do/lock": b"LOCK",
        f"vettura/{VIN}/do/charge_limit/homeassistant": b"80",
        f"vettura/{VIN}/do/departure": b"2026-03-02T07:30+01:00",
        f"vettura/{VIN}/do/climate": b'{"value":"off","id":"a1"}',
        f"vettura/{VIN}/set/Vehicle/Cabin/Door/Row1/DriverSide/IsLocked": b"true",
        f"vettura/{VIN}/set/Vehicle/Speed": b'{"value":12.5,"id":"b"}',
        f"vettura/{VIN}/set/Vehicle/Diagnostics/DTCList": b'["a","b"]',
    }
    samples = tuple(topic.encode() + SEPARATOR + payload for topic, payload in said.items())

    def feed(data: bytes) -> bool:
        topic, payload = parts(data, 2)
        return isinstance(read_order(text(topic), payload), Order)

    return Door("mqtt", samples, feed)


def homeassistant() -> Door:
    """Home Assistant's own topics, the words of its entities, and where answers may go."""
    topics = Topics("vettura", "casa")
    herald = Herald(topics, HomeAssistantConfig(), WallClock())
    herald.connected([FACTS])
    will = topics.bridge.encode()
    said = (
        (b"homeassistant/status", b"online"),
        (b"homeassistant/lock/vettura_x/lock/config", b'{"a":[{"topic":"' + will + b'"}]}'),
        *((name.encode(), words) for name in READERS for words in (b"ON", b"50", b"none")),
    )
    samples = tuple(topic + SEPARATOR + payload for topic, payload in said)

    def feed(data: bytes) -> bool:
        topic, payload = parts(data, 2)
        letter = Letter(text(topic), payload, len(data) % 2 == 0, text(payload)[:2000], topic)
        is_heard = herald.hear(letter)
        herald.due()
        herald.stale()
        is_safe_response(letter, "vettura", "homeassistant")
        return is_heard or not isinstance(read_words(text(topic), text(payload)), Unclear)

    return Door("homeassistant", samples, feed)


def mqtt_bus() -> Door:
    """Frames and targets that are not as a car makes them, on their way to a broker."""
    targets = Targets(time_ns=NOON_NS, values={"Vehicle.Cabin.Sunroof.Position": 4})
    frames = tuple(b"f" + encode(frame) for frame in absurd_frames())
    aims = tuple(
        b"t" + encode(Targets(time_ns=frame.time_ns, values=frame.values))
        for frame in absurd_frames()
    )
    samples = (b"f" + encode(FRAME), b"t" + encode(targets), *frames, *aims)
    clock = WallClock()
    view = CarView(clock, clock)

    def feed(data: bytes) -> bool:
        try:
            if data[:1] == b"t":
                view.aim(decode(data[1:], Targets, where="here"))
            else:
                view.absorb(decode(data[1:], SignalFrame, where="here"))
        except InputError:
            return False
        view.changes()
        for notice in view.notices():
            view.was_told(notice)
        return True

    return Door("mqtt-bus", samples, feed)


DOORS = {"mqtt": mqtt, "homeassistant": homeassistant, "mqtt-bus": mqtt_bus}
