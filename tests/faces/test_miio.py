"""The home as Xiaomi devices: real sockets, clients that behave and others that do not."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from faces.miio_scene import ABOUTS, HOME, NETWORK, STATES, ScriptedHome, at_work, played, until
from vettura.bus.memory import MemoryBus
from vettura.bus.messages import Answer
from vettura.bus.messages_home import EntityState
from vettura.clock import WallClock, rehearse
from vettura.errors import InputError
from vettura.faces.config import MiioConfig
from vettura.faces.miio import MiioFace
from vettura.faces.miio_call import Caller, DeclinedError, SilentError
from vettura.faces.miio_listener import PENDING_MAX
from vettura.faces.miio_wire import HELLO, is_hello, keys_of, pack, read_greeting, unpack


@asynccontextmanager
async def client(face, device, *, token=None):
    door = face.doors[device]
    caller = Caller(token or bytes.fromhex(door.token), WallClock())
    await caller.open(door.address, door.port)
    try:
        yield caller
    finally:
        caller.close()


class Raw(asyncio.DatagramProtocol):
    """A socket that says any bytes."""

    def __init__(self):
        self.heard = asyncio.Queue()

    def datagram_received(self, data, addr):
        self.heard.put_nowait(data)

    async def next(self):
        async with asyncio.timeout(10.0):
            return await self.heard.get()


@asynccontextmanager
async def raw(face, device):
    door = face.doors[device]
    loop = asyncio.get_running_loop()
    transport, one = await loop.create_datagram_endpoint(Raw, remote_addr=(door.address, door.port))
    one.say = transport.sendto
    try:
        yield one
    finally:
        transport.close()


def place(siid, piid, **more):
    return {"did": "x", "siid": siid, "piid": piid, **more}


async def test_a_lamp_is_read_and_switched_by_numbers():
    async with played() as (home, face), client(face, "desk") as app:
        info = await app.call("miIO.info", [])
        assert info["model"] == "philips.light.bulb"
        assert info["netif"]["localIp"] == face.doors["desk"].address
        assert face.doors["desk"].token not in str(info)
        read = await app.call("get_properties", [place(2, 1), place(2, 2), place(2, 4)])
        assert [item["value"] for item in read] == [True, 50, 4000]
        said = await app.call("set_properties", [place(2, 1, value=False)])
        assert [item["code"] for item in said] == [0]
        assert home.states["desk"]["light.desk"].state == "off"
        action = home.told[0]
        assert (action.action, action.who, action.cause.who) == ("light.turn_off", "miio", "miio")
        # What a dark lamp does not tell any more stays what it was.
        read = await app.call("get_properties", [place(2, 1), place(2, 2)])
        assert [item["value"] for item in read] == [False, 50]


async def test_a_lamp_is_read_and_switched_by_the_older_names():
    async with played() as (home, face), client(face, "desk") as app:
        names = ["power", "bright", "cct", "snm", "dv", "no_such"]
        assert await app.call("get_prop", names) == ["on", 50, 53, 0, 0, None]
        assert await app.call("set_power", ["off"]) == ["ok"]
        assert await app.call("get_prop", ["power"]) == ["off"]
        assert await app.call("set_bricct", [10, 100]) == ["ok"]
        lamp = home.states["desk"]["light.desk"]
        assert lamp.attributes == {"brightness": 26, "color_temp_kelvin": 5714}
        assert await app.call("toggle", []) == ["ok"]
        with pytest.raises(DeclinedError, match="-32602"):
            await app.call("set_bright", [101])
        with pytest.raises(DeclinedError, match="-32601"):
            await app.call("fly", [])


async def test_each_item_is_answered_with_its_own_code():
    async with played() as (home, face), client(face, "car") as app:
        wanted = [place(2, 1), place(9, 9), place(2, 1.5), {}, 7]
        read = await app.call("get_properties", wanted)
        assert [item["code"] for item in read] == [0, -4003, -4003, -4003, -4003]
        assert read[0] == place(2, 1, code=0, value=61.2)
        said = await app.call(
            "set_properties",
            [
                place(2, 1, value=90),
                place(9, 9, value=90),
                place(5, 2, value=99),
                place(5, 2, value="warm"),
                place(4, 1, value=False),
            ],
        )
        assert [item["code"] for item in said] == [-4002, -4003, -4005, -4005, 0]
        assert home.states["car"]["lock.xiaomi_su7_lock"].state == "unlocked"
        said = await app.call("action", {"did": "x", "siid": 8, "aiid": 1, "in": []})
        assert (said["code"], home.told[-1].action) == (0, "button.press")
        said = await app.call("action", {"did": "x", "siid": 8, "aiid": 7, "in": []})
        assert said["code"] == -4003


async def test_the_cars_charge_range_lock_and_climate_are_there():
    async with played() as (home, face), client(face, "car") as app:
        places = [place(2, 1), place(2, 2), place(3, 1), place(4, 1), place(5, 1), place(5, 2)]
        read = await app.call("get_properties", places)
        assert [item.get("value") for item in read] == [61.2, 312.0, True, True, False, 21.0]
        said = await app.call("set_properties", [place(5, 1, value=True)])
        assert said[0]["code"] == 0
        assert home.told[-1].data == {"hvac_mode": "heat_cool"}


async def test_what_the_home_refuses_is_an_error_and_what_is_unavailable_too():
    async with played() as (home, face), client(face, "scooter-charger") as app:
        home.answers["scooter-charger"] = Answer(ok=False, reason="the fuse is out")
        said = await app.call("set_properties", [place(2, 1, value=True)])
        assert said[0]["code"] == -4004
        await home.tell("scooter-charger", switch__scooter_charger=EntityState(state="unavailable"))
        await until(lambda: face._heard.states["scooter-charger"].time_ns)
        while True:
            read = await app.call("get_properties", [place(2, 1)])
            if read[0]["code"] == -4004:
                break


async def test_an_entity_that_the_model_does_not_know_has_a_service_of_its_own():
    async with played() as (_, face), client(face, "scooter-charger") as app:
        read = await app.call("get_properties", [place(100, 1)])
        assert read[0] == place(100, 1, code=0, value="0.0")


async def test_what_is_the_devices_own_affair_is_remembered():
    async with played() as (home, face), client(face, "fan") as app:
        assert (await app.call("set_properties", [place(3, 1, value=True)]))[0]["code"] == 0
        read = await app.call("get_properties", [place(3, 1), place(2, 2), place(2, 3)])
        assert [item["value"] for item in read] == [True, 2, True]
        assert not home.told


async def test_a_wrong_token_is_met_with_silence_and_counted():
    async with played() as (home, face):
        async with raw(face, "desk") as other, raw(face, "desk") as owner:
            owner.say(HELLO)
            greeting = read_greeting(await owner.next())
            text = b'{"id":1,"method":"set_power","params":["off"]}'
            wrong = keys_of(b"0123456789abcdef")
            right = keys_of(bytes.fromhex(face.doors["desk"].token))
            number, stamp = greeting
            other.say(pack(wrong, device=number, stamp=stamp, text=text))
            other.say(pack(right, device=number + 1, stamp=stamp, text=text))
            other.say(pack(right, device=number, stamp=stamp + 500, text=text))
            other.say(pack(right, device=number, stamp=stamp, text=b"{"))
            # The owner's request comes after them, and is answered.
            owner.say(pack(right, device=number, stamp=stamp + 1, text=text.replace(b"off", b"on")))
            assert b'"ok"' in unpack(await owner.next(), right).text
            assert other.heard.empty()
        assert (face.tally.garbage, face.tally.stale) == (3, 1)
        assert [action.action for action in home.told] == ["light.turn_on"]


async def test_a_packet_that_comes_twice_is_obeyed_once():
    async with played() as (home, face), raw(face, "desk") as app:
        app.say(HELLO)
        number, stamp = read_greeting(await app.next())
        keys = keys_of(bytes.fromhex(face.doors["desk"].token))
        packet = pack(
            keys, device=number, stamp=stamp + 1, text=b'{"id":1,"method":"toggle","params":[]}'
        )
        app.say(packet)
        first = await app.next()
        app.say(packet)
        assert await app.next() == first
        assert (len(home.told), face.tally.repeated) == (1, 1)


@given(
    st.lists(
        st.one_of(st.binary(min_size=1, max_size=80), st.just(HELLO[:31])), min_size=1, max_size=8
    )
)
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
def test_garbage_is_never_answered_and_breaks_nothing(pieces):
    garbage = [piece for piece in pieces if not is_hello(piece)]

    async def main():
        async with played(devices=["desk"]) as (_, face), raw(face, "desk") as one:
            for piece in garbage:
                one.say(piece)
            one.say(HELLO)
            assert is_hello(await one.next())
            assert one.heard.empty()
            assert face.tally.garbage == len(garbage)

    asyncio.run(main())


async def test_a_flood_is_dropped_and_counted_while_the_home_thinks():
    async with played() as (home, face), raw(face, "desk") as app:
        home.may_answer.clear()
        app.say(HELLO)
        number, stamp = read_greeting(await app.next())
        keys = keys_of(bytes.fromhex(face.doors["desk"].token))
        for k in range(200):
            text = b'{"id":%d,"method":"toggle","params":[]}' % k
            app.say(pack(keys, device=number, stamp=stamp + 1, text=text))
        await until(lambda: face.tally.crowded == 200 - PENDING_MAX)
        home.may_answer.set()
        await until(lambda: face.tally.answers == PENDING_MAX)
        assert len(home.told) == PENDING_MAX
        async with client(face, "desk") as other:
            assert await other.call("get_prop", ["power"]) in (["on"], ["off"])


async def test_doors_stay_the_same_and_open_and_close_with_their_device():
    async with played() as (home, face):
        first = dict(face.doors)
        assert len({door.address for door in first.values()}) == len(first)
        assert len({door.token for door in first.values()}) == len(first)
        await home.remove("scale")
        await until(lambda: "scale" not in face.doors)
        await home.announce("scale")
        await until(lambda: "scale" in face.doors)
        assert face.doors["scale"].token == first["scale"].token
        again = MiioFace(home.bus, home.clock, home.clock, face._config, HOME)
        async with at_work(again):
            await until(lambda: len(again.doors) == len(first))
            assert {name: (door.address, door.token) for name, door in again.doors.items()} == {
                name: (door.address, door.token) for name, door in first.items()
            }


async def test_who_is_away_is_silent():
    async with played() as (_, face):
        caller = Caller(bytes(16), WallClock())
        door = face.doors["desk"]
    await caller.open(door.address, door.port)
    with pytest.raises(SilentError):
        await caller.call("miIO.info", [])
    caller.close()


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"network": "here"}, "faces.miio.network"),
        ({"models": {"desk": "acme.lamp.x"}}, "faces.miio.models.desk"),
    ],
)
def test_a_config_that_is_wrong_says_what(config, says):
    clock = WallClock()
    with pytest.raises(InputError, match=says):
        MiioFace(MemoryBus(clock), clock, clock, MiioConfig(**config), HOME)


async def test_a_network_that_is_full_leaves_the_rest_of_the_devices_alone():
    async with played(network="127.54.78.0/30", devices=["car", "desk"]) as (_home, face):
        assert {door.address for door in face.doors.values()} == {"127.54.78.1", "127.54.78.2"}


def test_a_rehearsal_hears_and_answers_without_a_socket():
    async def main(clock):
        bus = MemoryBus(clock)
        home = ScriptedHome(bus, clock)
        face = MiioFace(bus, clock, clock, MiioConfig(network=NETWORK), HOME)
        tasks = [asyncio.create_task(home.run()), asyncio.create_task(face.run_closed())]
        await clock.sleep(5.0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return face.tally.answers, face.doors

    answers, doors = rehearse(main, start_ns=0, seed=1)
    assert answers >= len(ABOUTS) - 1
    assert not doors


def test_the_scene_is_whole():
    assert ABOUTS.keys() == STATES.keys()
