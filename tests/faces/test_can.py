"""The CAN face against python-can, can-isotp and cantools on interfaces without a kernel module."""

import asyncio
import socket
from contextlib import asynccontextmanager

import can
import isotp
import pytest

from faces.diagnosed_car import CELLS, FACTS, VIN, DiagnosedCar, diagnosed, running
from vettura.bus.memory import MemoryBus
from vettura.bus.messages import Answer
from vettura.clock import WallClock, rehearse
from vettura.errors import EnvironmentFault, UsageError
from vettura.faces.can import CanFace
from vettura.faces.can_frames import Frame, load_dbc
from vettura.faces.can_transport import Transport
from vettura.faces.config import CanConfig

ADDRESS = isotp.Address(isotp.AddressingMode.Normal_11bits, rxid=0x7E8, txid=0x7E0)


def free_udp_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("", 0))
        return probe.getsockname()[1]


def on(**config):
    return lambda bus, clock: CanFace(bus, clock, clock, CanConfig(**config), FACTS)


def in_a_thread(work, *arguments):
    return asyncio.to_thread(work, *arguments)


@asynccontextmanager
async def at_the_socket(interface):
    """A car on this interface and a bus beside it."""
    if interface == "virtual":
        config, options = {"interface": "virtual", "channel": "test"}, {"channel": "test"}
    else:
        port = free_udp_port()
        config = {"port": port}
        options = {"channel": "239.74.163.2", "port": port, "hop_limit": 0}
    async with diagnosed(on(**config)) as (car, face):
        with can.Bus(interface=interface, **options) as bus:
            yield car, face, bus


class IsoTp:
    """can-isotp's own stack, in threads of its own, as udsoncan uses it."""

    def __init__(self, bus, **params):
        self.notifier = can.Notifier(bus, [], timeout=0.05)
        self.stack = isotp.NotifierBasedCanStack(
            bus=bus, notifier=self.notifier, address=ADDRESS, params={"tx_padding": 0, **params}
        )
        self.stack.start()

    def ask(self, request):
        self.stack.send(bytes.fromhex(request))
        return self.hear()

    def hear(self):
        return bytes(self.stack.recv(block=True, timeout=5.0) or b"")

    def close(self):
        self.stack.stop()
        self.notifier.stop()


@pytest.mark.parametrize("interface", ["virtual", "udp_multicast"])
async def test_frames_come_in_their_cycles_and_say_what_the_car_told(interface):
    database = load_dbc()

    def hear(bus):
        seen = {}
        while len(seen) < len(database.messages):
            message = bus.recv(5.0)
            assert message is not None
            seen.setdefault(message.arbitration_id, []).append(bytes(message.data))
        return seen

    async with at_the_socket(interface) as (_, face, bus):
        seen = await in_a_thread(hear, bus)
        assert database.decode_message(0x100, seen[0x100][0])["VehicleSpeed"] == 87.4
        assert str(database.decode_message(0x100, seen[0x100][0])["YawRate"]) == "SNA"
        # A second has gone by for the slowest ones; timing is the machine's, the order is ours.
        assert len(seen[0x100]) > len(seen[0x160]) >= len(seen[0x180])
        assert face.sent > len(seen)
        assert face.dropped == 0


@pytest.mark.parametrize("interface", ["virtual", "udp_multicast"])
async def test_uds_answers_over_iso_tp_short_and_long(interface):
    async with at_the_socket(interface) as (_, _face, bus):
        peer = await in_a_thread(IsoTp, bus)
        try:
            assert await in_a_thread(peer.ask, "1003") == bytes.fromhex("500303E801F4")
            assert (await in_a_thread(peer.ask, "22F190"))[3:].decode() == VIN
            cells = await in_a_thread(peer.ask, "22100E")
            assert len(cells) == 3 + 2 * len(CELLS)
            assert await in_a_thread(peer.ask, "010D") == bytes.fromhex("410D57")
            many = "22" + "1000" * 30
            assert len(await in_a_thread(peer.ask, many)) == 1 + 30 * 4
            assert await in_a_thread(peer.ask, "1902FF") == bytes.fromhex("59022F0A80002F9001002F")
        finally:
            await in_a_thread(peer.close)


async def test_a_tester_may_ask_for_small_blocks_with_time_between():
    async with at_the_socket("virtual") as (_, _face, bus):
        peer = await in_a_thread(lambda: IsoTp(bus, blocksize=4, stmin=2))
        try:
            assert len(await in_a_thread(peer.ask, "22100E")) == 3 + 2 * len(CELLS)
        finally:
            await in_a_thread(peer.close)


@pytest.mark.parametrize(("ok", "wanted"), [(True, "54"), (False, "7F1422")])
async def test_a_clear_is_a_command_to_the_car(ok, wanted):
    async with at_the_socket("virtual") as (car, _, bus):
        car.answer = Answer(ok=ok, reason="" if ok else "no")
        peer = await in_a_thread(IsoTp, bus)
        try:
            assert await in_a_thread(peer.ask, "14FFFFFF") == bytes.fromhex(wanted)
            assert car.commands[0].who == "uds"
        finally:
            await in_a_thread(peer.close)


async def test_a_tester_is_told_to_wait_for_a_slow_car():
    async with at_the_socket("virtual") as (car, _, bus):
        car.hold.clear()
        peer = await in_a_thread(IsoTp, bus)
        try:
            assert await in_a_thread(peer.ask, "14FFFFFF") == bytes.fromhex("7F1478")
            car.hold.set()
            assert await in_a_thread(peer.hear) == b"\x54"
        finally:
            await in_a_thread(peer.close)


async def test_a_call_to_all_units_is_heard_and_strange_frames_are_not():
    def send(bus, *frames):
        for can_id, data in frames:
            bus.send(can.Message(arbitration_id=can_id, data=data, is_extended_id=False))

    def answer(bus):
        while (message := bus.recv(5.0)) is not None:
            if message.arbitration_id == 0x7E8 and message.data[0] < 0x10:
                return bytes(message.data)
        return b""

    async with at_the_socket("virtual") as (_, _face, bus):
        strange = [
            (0x7DF, b""),
            (0x7DF, b"\x09" * 8),
            (0x7E0, b"\x21\x00"),
            (0x7E0, b"\x30"),
            *((0x7E0, bytes([n, 1, 2])) for n in (0x10, 0x1F, 0x40, 0xFF)),
        ]
        remote = can.Message(arbitration_id=0x7DF, is_remote_frame=True, is_extended_id=False)
        await in_a_thread(send, bus, *strange)
        await in_a_thread(bus.send, remote)
        await in_a_thread(send, bus, (0x7DF, bytes.fromhex("02010D")))
        assert await in_a_thread(answer, bus) == bytes.fromhex("03410D5700000000")


async def test_what_is_no_frame_on_the_multicast_group_does_not_stop_it():
    port = free_udp_port()
    async with diagnosed(on(port=port)):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 0)
            for junk in (b"", b"\xc1", b"not msgpack", b"\x81\xa1a\x01", b"\xff" * 3000):
                other.sendto(junk, ("239.74.163.2", port))
        with can.Bus("239.74.163.2", "udp_multicast", port=port, hop_limit=0) as bus:
            peer = await in_a_thread(IsoTp, bus)
            try:
                assert await in_a_thread(peer.ask, "3E00") == bytes.fromhex("7E00")
            finally:
                await in_a_thread(peer.close)


async def test_an_interface_that_is_not_there_is_a_fault_with_a_remedy():
    clock = WallClock()
    bus = MemoryBus(clock)
    for config in (
        {"interface": "nowhere", "channel": "0"},
        {"interface": "socketcan", "channel": "nocan7"},
        {"channel": "no group"},
    ):
        with pytest.raises(EnvironmentFault, match="cannot open"):
            await on(**config)(bus, clock).run()
    second = CanFace(bus, clock, clock, CanConfig(interface="virtual"), FACTS, index=1)
    with pytest.raises(UsageError, match="one car"):
        await second.run()


def test_a_transport_that_nobody_reads_stays_bounded():
    sent = []
    transport = Transport(sent.append)
    for _ in range(5):
        transport.say(bytes(100))
    assert transport.dropped == 4
    assert len(sent) == 1
    for _ in range(3000):
        transport.take(Frame(0x7E0, bytes([0x21]) * 8))
    assert not transport.take(Frame(0x123, b"\x02\x3e\x00"))


def test_closed_it_encodes_without_an_interface_and_asks_the_car_nothing():
    async def main(clock):
        bus = MemoryBus(clock)
        car = DiagnosedCar(bus)
        face = on()(bus, clock)
        heard = []
        bus.tap(lambda _time, subject, _data: heard.append(subject))
        async with running(face.run_closed()):
            await clock.sleep(1.0)
            await car.tell()
            await clock.sleep(1.0)
            told = face.sent
            car.values = {"Vehicle.Speed": 1.0}
            await car.tell()
            await clock.sleep(1.0)
        assert told > 10
        assert face.sent == told + 1
        assert set(heard) == {f"car.{VIN}.signals"}

    rehearse(main, start_ns=0, seed=1)
