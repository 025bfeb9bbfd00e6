"""What comes to the devices that we play to Xiaomi's clients, from real ones, and from the bus."""

import msgspec

from faces.ble_made import (
    BINDKEY,
    DOOR,
    SCALE,
    THERMOMETER,
    door,
    measured,
    moved,
    passed,
    weighed,
)
from fuzz.entries import Door
from make import NOON_NS
from vettura.bus.messages import decode, encode
from vettura.bus.messages_home import DeviceAbout, DeviceState, EntityAbout, EntityState
from vettura.clock import WallClock
from vettura.errors import InputError
from vettura.faces.ble_advert import Parser, read_advert
from vettura.faces.miio_doors import MiioDoor
from vettura.faces.miio_listener import Listener, Tally
from vettura.faces.miio_played import OK, Played
from vettura.faces.miio_real import about, readable, states
from vettura.faces.miio_spec import model_for, models
from vettura.faces.miio_wire import HELLO, is_hello, keys_of, pack, read_answer, unpack

TOKEN = bytes(range(16))
NUMBER = 77
CAR = DeviceAbout(
    name="Car",
    origin="car",
    entities={
        "sensor.su7_battery": EntityAbout(name="Battery"),
        "lock.su7_lock": EntityAbout(name="Lock", actions=["lock.lock"]),
        "button.su7_honk": EntityAbout(name="Honk", actions=["button.press"]),
        "text.su7_departure": EntityAbout(name="Departure", actions=["text.set_value"]),
    },
)
LAMP = DeviceAbout(
    name="Lamp",
    origin="virtual",
    entities={"light.lamp": EntityAbout(name="Lamp", actions=["light.turn_on"])},
)
TOLD = DeviceState(
    time_ns=NOON_NS,
    entities={
        "sensor.su7_battery": EntityState(state="61.2"),
        "lock.su7_lock": EntityState(state="locked"),
        "light.lamp": EntityState(
            state="on", attributes={"brightness": 128, "color_temp_kelvin": 4000}
        ),
    },
)
REQUESTS = (
    b'{"id":1,"method":"miIO.info","params":[]}',
    b'{"id":2,"method":"get_properties","params":[{"did":"a","siid":2,"piid":1}]}',
    b'{"id":3,"method":"set_properties","params":[{"did":"a","siid":4,"piid":1,"value":true}]}',
    b'{"id":4,"method":"action","params":{"did":"a","siid":8,"aiid":1,"in":[]}}',
    b'{"id":5,"method":"action","params":{"siid":103,"aiid":1,"in":["{\\"value\\":\\"x\\"}"]}}',
    b'{"id":6,"method":"get_prop","params":["power","bright","cct"]}',
    b'{"id":7,"method":"set_bricct","params":[20,30]}',
)


def played(told):
    name, model = model_for(told)
    made = Played(name, model, told)
    made.hear(TOLD)
    return made


async def obeyed(*_):
    return OK


def finished(coroutine):
    """What a coroutine that waits for nothing returns."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("it waits")


def miio() -> Door:
    """A datagram: as it is, or its text behind a sound header when it begins with `t`."""
    clock = WallClock()
    listeners = [
        Listener(
            played(told),
            MiioDoor(index=1, number=NUMBER, token=TOKEN.hex()),
            pace=clock,
            tally=Tally(),
            spawn=lambda _: None,
            info=lambda: {"model": "x"},
            act=obeyed,
        )
        for told in (CAR, LAMP)
    ]
    keys = keys_of(TOKEN)
    packets = [pack(keys, device=NUMBER, stamp=1, text=text) for text in REQUESTS]
    samples = (HELLO, *packets, *(b"t" + text for text in REQUESTS))

    def feed(data: bytes) -> bool:
        if data[:1] == b"t":
            # The stamp is ours, so that what is broken is the text.
            stamp = listeners[0].stamp()
            data = pack(keys, device=NUMBER, stamp=stamp, text=data[1:4000])
        if is_hello(data):
            return True
        request = listeners[0].read(data)
        if request is None:
            return False
        said = [finished(one.answer(request)) for one in listeners]
        return any(b'"error"' not in unpack(one, keys).text for one in said)

    return Door("miio", samples, feed)


def miio_bus() -> Door:
    """What devices of the home say of themselves, and what real ones answer."""
    answers = (
        b'{"id":1,"result":[{"did":"on","siid":2,"piid":1,"code":0,"value":true}]}',
        b'{"id":1,"result":["on",50,20]}',
    )
    samples = (
        *(b"a" + encode(one) for one in (CAR, LAMP)),
        b"s" + encode(TOLD),
        *(b"r" + text for text in answers),
    )
    lamp = models()["philips.light.bulb"]
    about("d", lamp, "Lamp", "Attic", "philips.light.bulb")
    players = [played(CAR), played(LAMP)]

    def feed(data: bytes) -> bool:
        try:
            if data[:1] == b"a":
                told = decode(data[1:], DeviceAbout, where="here")
                play(Played(*model_for(told), told), TOLD)
            elif data[:1] == b"s":
                for player in players:
                    play(player, decode(data[1:], DeviceState, where="here"))
            else:
                real(lamp, read_answer(data[1:]))
        except InputError:
            return False
        return True

    return Door("miio-bus", samples, feed)


def play(player, told):
    player.hear(told)
    for bound in (*player.rows.values(), *player.names.values()):
        msgspec.json.encode(player.value(bound))


def real(model, said):
    """A real device's values, whatever they are, in the home's words."""
    values = said.get("result")
    rows = readable(model, older=True)
    given = values if isinstance(values, list) else []
    found = {
        (row.of, row.field): value
        for row, value in zip(rows, given, strict=False)
        if isinstance(value, bool | int | float | str)
    }
    encode(DeviceState(time_ns=0, entities=states("d", rows, found)))


def ble() -> Door:
    """A line of an advertisement, and the bytes in it."""
    samples = (weighed(71.4), measured(21.5, 48.3), door(True), moved(), passed())
    parsers = {address: Parser(BINDKEY) for address in (SCALE, THERMOMETER, DOOR)}

    def feed(data: bytes) -> bool:
        try:
            advert = read_advert(data)
            parser = parsers.get(advert.address.upper())
            said = None if parser is None else parser.read(advert)
        except InputError:
            return False
        if said is None:
            return False
        encode(DeviceState(time_ns=0, entities=said.states))
        return bool(said.states)

    return Door("ble", samples, feed)


DOORS = {"miio": miio, "miio-bus": miio_bus, "ble": ble}
