"""Run by python-miio's own Python: finds, reads and switches our devices, and reads the car."""

import json
import logging
import sys

from miio import (
    ChuangmiPlug,
    CurtainMiot,
    DeviceException,
    FanMiot,
    MiotDevice,
    PhilipsBulb,
    Yeelight,
)
from miio.integrations.vacuum import G1Vacuum
from miio.miioprotocol import MiIOProtocol
from saying import say

DOORS = json.loads(sys.argv[1])
CAR = {
    "battery": {"siid": 2, "piid": 1},
    "range": {"siid": 2, "piid": 2},
    "charging": {"siid": 3, "piid": 1},
    "locked": {"siid": 4, "piid": 1},
    "climate": {"siid": 5, "piid": 1},
    "target": {"siid": 5, "piid": 2},
    "nothing": {"siid": 9, "piid": 9},
    "honk": {"siid": 8, "aiid": 1},
}


def made(kind, device, **more):
    """A device of that kind, as a person makes it from address and token."""
    address, token = DOORS[device]
    return kind(address, token, **more)


def find():
    """Greet each address; the answer says who is there."""
    for device, (address, _) in DOORS.items():
        greeting = MiIOProtocol.discover(address, timeout=2)
        say(found=device, length=greeting.header.value.length, token=greeting.checksum.hex())


def call():
    """Call to everybody, and hear who is there; said as None where there is no network."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    heard = []
    handler = logging.Handler()
    handler.emit = lambda record: heard.append(record.getMessage())
    logging.getLogger("miio.miioprotocol").addHandler(handler)
    try:
        MiIOProtocol.discover(timeout=1)
    except OSError:
        say(called=None)
        return
    say(called=[line.split()[1] for line in heard if line.startswith("  IP ")])


def bulb():
    """The class for that bulb: names instead of numbers."""
    lamp = made(PhilipsBulb, "desk")
    info = lamp.info()
    say(model=info.model, mac=info.mac_address, ip=info.ip_address, token=info.token)
    status = lamp.status()
    say(on=status.is_on, brightness=status.brightness, cct=status.color_temperature)
    say(off=lamp.off())
    status = lamp.status()
    say(on=status.is_on, brightness=status.brightness)
    say(set=[lamp.set_brightness(20), lamp.set_color_temperature(50)])
    say(both=lamp.set_brightness_and_color_temperature(30, 70))
    status = lamp.status()
    say(on=status.is_on, brightness=status.brightness, cct=status.color_temperature)


def colours():
    """A bulb in colours."""
    lamp = made(Yeelight, "colours")
    lamp.on()
    lamp.set_rgb((255, 0, 128))
    status = lamp.status()
    say(on=status.is_on, rgb=list(status.rgb), mode=status.color_mode.name)


def plug():
    """A socket."""
    socket = made(ChuangmiPlug, "scooter-charger")
    before = socket.status().is_on
    socket.on()
    say(before=before, after=socket.status().is_on, temperature=socket.status().temperature)


def fan():
    """A fan of MIoT."""
    one = made(FanMiot, "fan", model="dmaker.fan.p9")
    say(model=one.info().model)
    one = made(MiotDevice, "fan", mapping={"power": {"siid": 2, "piid": 1}})
    one.set_property("power", False)
    say(power=one.get_property_by(2, 1)[0]["value"])


def cover_and_vacuum():
    """A curtain and a robot."""
    curtain = made(CurtainMiot, "blind")
    curtain.set_target_position(40)
    say(position=curtain.status().current_position)
    robot = made(G1Vacuum, "robot")
    say(started=robot.start()["code"], state=robot.status().state.name)


def car():
    """Our car: no class of python-miio knows it, its numbers are in our docs."""
    one = made(MiotDevice, "car", mapping=CAR)
    say(model=one.info().model)
    read = one.get_properties_for_mapping()
    say(car={item["did"]: item.get("value", item["code"]) for item in read})
    say(unlock=[item["code"] for item in one.set_property("locked", False)])
    say(target=[item["code"] for item in one.set_property("target", 22.5)])
    say(warm=[item["code"] for item in one.set_property("climate", True)])
    say(battery=[item["code"] for item in one.set_property("battery", 100)])
    say(honk=one.call_action("honk")["code"])
    read = one.get_properties_for_mapping()
    say(car={item["did"]: item.get("value", item["code"]) for item in read})


def stranger():
    """Somebody who has no token."""
    address, _ = DOORS["desk"]
    lamp = PhilipsBulb(address, "ab" * 16, timeout=1)
    lamp.retry_count = 1
    try:
        lamp.off()
    except DeviceException as error:
        say(stranger=str(error))


for step in (find, call, bulb, colours, plug, fan, cover_and_vacuum, car, stranger):
    step()
