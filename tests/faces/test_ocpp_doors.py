"""Real sockets: who is let in, with which password or certificate, and what hostile ones get."""

import asyncio
import json
import ssl
from contextlib import asynccontextmanager
from datetime import timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus

from faces.ocpp_scene import HOME
from faces.test_ocpp_point import BOX, Behind
from vettura.bus.memory import MemoryBus
from vettura.clock import WallClock
from vettura.errors import EnvironmentFault, InputError
from vettura.faces.config import OcppConfig, OcppPointConfig, OcppStationConfig
from vettura.faces.ocpp import OcppFace
from vettura.faces.ocpp_doors import Doors, bus_id
from vettura.faces.ocpp_point import OcppPointFace
from vettura.faces.ocpp_wire import FRAME_BYTES_MAX
from vettura.life.station import StationConfig

STATIONS = [OcppStationConfig(id="garage", password="sixteen letters!")]
BOOT = [2, "1", "BootNotification", {"chargePointVendor": "A", "chargePointModel": "B"}]


@asynccontextmanager
async def central(**config):
    clock = WallClock()
    bus = MemoryBus(clock)
    wanted = OcppConfig(port=0, **({"stations": STATIONS} | config))
    face = OcppFace(bus, clock, clock, wanted, HOME, [StationConfig(id="garage", virtual=False)])
    task = asyncio.create_task(face.run())
    await face.ready.wait()
    try:
        yield face
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def station(face, path="/ocpp/garage", *, user="garage", password="sixteen letters!", **more):
    from base64 import b64encode

    basic = b64encode(f"{user}:{password}".encode()).decode()
    wanted = {
        "subprotocols": ["ocpp1.6"],
        "additional_headers": {"Authorization": f"Basic {basic}"} if password else {},
        "proxy": None,
        "compression": None,
        "max_size": None,
    } | more
    scheme = "wss" if "ssl" in more else "ws"
    return connect(f"{scheme}://127.0.0.1:{face.port}{path}", **wanted)


async def said(socket, frame):
    """What answers a frame; what is asked meanwhile stays without an answer."""
    await socket.send(frame if isinstance(frame, str | bytes) else json.dumps(frame))
    while True:
        answer = json.loads(await socket.recv())
        if answer[0] != 2:
            return answer


@pytest.mark.parametrize(
    ("path", "more", "status"),
    [
        ("/ocpp/other", {}, 404),
        ("/elsewhere/garage", {}, 404),
        ("/ocpp/", {}, 404),
        ("/ocpp/" + "x" * 60, {}, 404),
        ("/ocpp/garage", {"password": "wrong"}, 401),
        ("/ocpp/garage", {"password": ""}, 401),
        ("/ocpp/garage", {"user": "other"}, 401),
        ("/ocpp/garage", {"subprotocols": ["ocpp1.5"]}, None),
    ],
)
async def test_strangers_are_not_let_in(path, more, status):
    async with central(security=1) as face:
        with pytest.raises((InvalidStatus, ConnectionClosed)) as refused:
            async with station(face, path, **more) as socket:
                await socket.recv()
        response = getattr(refused.value, "response", None)
        assert (response and response.status_code) == status


@pytest.mark.parametrize(
    ("offered", "spoken"),
    [
        (["ocpp1.6", "ocpp2.0.1", "ocpp2.1"], "ocpp2.1"),
        (["ocpp2.0.1", "ocpp1.6"], "ocpp2.0.1"),
        (["ocpp1.6", "soap"], "ocpp1.6"),
    ],
)
async def test_the_newest_version_that_both_know_is_spoken(offered, spoken):
    async with central() as face, station(face, subprotocols=offered) as socket:
        assert socket.subprotocol == spoken


async def test_of_two_that_claim_one_identity_the_living_one_stays():
    async with central() as face:
        async with station(face) as first:
            assert (await said(first, BOOT))[0] == 3
            with pytest.raises(InvalidStatus) as refused:
                async with station(face):
                    pass
            assert refused.value.response.status_code == 409
            assert (await said(first, BOOT))[0] == 3
        async with station(face) as second:
            assert (await said(second, BOOT))[0] == 3


async def test_one_that_hangs_gives_its_place_to_who_comes_back(monkeypatch):
    monkeypatch.setattr("vettura.faces.ocpp.ALIVE_S", 0.2)
    async with central() as face, station(face) as first:
        first.transport.pause_reading()
        async with station(face) as second:
            assert (await said(second, BOOT))[0] == 3
            assert len(face.links) == 1
            first.transport.abort()


async def test_unknown_wallboxes_come_where_the_config_says_so():
    async with central(accept_unknown=True, stations=[], stations_max=1) as face:
        async with station(face, "/ocpp/CP*1", password="") as socket:
            assert (await said(socket, BOOT))[0] == 3
            assert [one.config.id for one in face.outlets["CP*1"]] == ["CP-1"]
        with pytest.raises(InvalidStatus) as refused:
            async with station(face, "/ocpp/CP2", password=""):
                pass
        assert refused.value.response.status_code == 503


def test_any_identity_can_be_a_name_on_the_bus():
    assert bus_id("CP:1|a@b") == "CP-1-a-b"
    assert bus_id("***") == "wallbox"


HOSTILE = {
    "not JSON": "{",
    "a number": "1",
    "an object": "{}",
    "empty": "[]",
    "short": "[2]",
    "no id": '[2, 5, "Heartbeat", {}]',
    "long id": json.dumps([2, "x" * 99, "Heartbeat", {}]),
    "payload of another kind": '[2, "a", "Heartbeat", []]',
    "unknown kind": '[9, "a", "Heartbeat", {}]',
    "unknown action": '[2, "a", "Fly", {}]',
    "missing": '[2, "a", "StartTransaction", {}]',
    "wrong type": '[2, "a", "StatusNotification", {"connectorId": "1"}]',
    "deep": "[" * 5_000 + "]" * 5_000,
    "deep inside": '[2, "a", "DataTransfer", {"vendorId": ' + "[" * 900 + "]" * 900 + "}]",
    "NaN": '[2, "a", "Heartbeat", {"x": NaN}]',
    "huge number": '[2, "a", "MeterValues", {"connectorId": 1e999}]',
    "lone surrogate": '[2, "\\ud800", "Heartbeat", {}]',
    "binary": b"\x00\x01",
}
CODES_16 = {
    "FormationViolation",
    "ProtocolError",
    "NotImplemented",
    "TypeConstraintViolation",
}


async def test_hostile_frames_are_answered_in_the_words_of_the_protocol():
    async with central() as face, station(face) as socket:
        for name, frame in HOSTILE.items():
            answer = await said(socket, frame)
            assert answer[0] == 4, name
            assert answer[2] in CODES_16, (name, answer)
            assert len(answer) == 5
        assert (await said(socket, BOOT))[2]["status"] == "Accepted"
        assert face.tally.broken + face.tally.refused == len(HOSTILE)


async def test_an_endless_frame_ends_the_connection_alone():
    async with central() as face:
        async with station(face) as socket:
            await socket.send("x" * (FRAME_BYTES_MAX + 1))
            with pytest.raises(ConnectionClosed):
                await socket.recv()
        async with station(face) as socket:
            assert (await said(socket, BOOT))[0] == 3


async def test_who_says_nothing_but_nonsense_is_let_go():
    async with central() as face, station(face) as socket:
        for _ in range(50):
            await said(socket, "nonsense")
        with pytest.raises(ConnectionClosed):
            await socket.recv()
        assert face.tally.broken == 50


async def test_answers_to_nothing_are_counted_and_ignored():
    async with central() as face, station(face) as socket:
        for frame in ('[3, "x", {}]', '[4, "x", "Y", "", {}]', '[3, "x", 5]'):
            await socket.send(frame)
        assert (await said(socket, BOOT))[0] == 3
        assert (face.tally.strays, face.tally.broken) == (2, 1)


@pytest.mark.parametrize(
    "config",
    [
        {"security": 1, "stations": [OcppStationConfig(id="garage")]},
        {"security": 1, "accept_unknown": True},
        {"host": "0.0.0.0", "stations": [OcppStationConfig(id="garage")]},
        {"stations": [OcppStationConfig(id="garage", identity="no space")]},
        {"stations": [OcppStationConfig(id="a"), OcppStationConfig(id="a", connector=2)]},
        {"stations": [OcppStationConfig(id="a", identity="x"), OcppStationConfig(id="x")]},
        {"stations": [OcppStationConfig(id="a", password_file="/nowhere/at/all")]},
    ],
)
def test_what_the_config_may_not_say_is_told_with_its_key(config):
    with pytest.raises(InputError, match=r"faces\.ocpp"):
        Doors(OcppConfig(**config))


async def test_a_certificate_that_is_not_there_is_told():
    config = OcppConfig(port=0, security=2, stations=STATIONS, certificate="/nowhere.pem")
    clock = WallClock()
    face = OcppFace(MemoryBus(clock), clock, clock, config, HOME)
    with pytest.raises(EnvironmentFault, match="certificate"):
        await face.run()


def certified(name, issuer=None):
    """A key, and a certificate of that name: of its own, or signed by an issuer."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signer, signing = issuer or (subject, key)
    now = WallClock().now()
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
    )
    return (subject, key), built.sign(signing, hashes.SHA256())


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """A root, a server's certificate and two of stations."""
    folder = tmp_path_factory.mktemp("certificates")
    root, certificate = certified("root")
    pem = serialization.Encoding.PEM
    (folder / "root.pem").write_bytes(certificate.public_bytes(pem))
    for name in ("127.0.0.1", "garage", "other"):
        (_, key), certificate = certified(name, root)
        plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        (folder / f"{name}.key").write_bytes(key.private_bytes(pem, *plain))
        (folder / f"{name}.pem").write_bytes(certificate.public_bytes(pem))
    return folder


def tls_of(folder, security):
    named = {
        "certificate": str(folder / "127.0.0.1.pem"),
        "key": str(folder / "127.0.0.1.key"),
        "client_ca": str(folder / "root.pem"),
    }
    return {"security": security} | named


def client_of(folder, name=""):
    context = ssl.create_default_context(cafile=str(folder / "root.pem"))
    if name:
        context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    return context


async def test_profile_2_is_a_password_over_tls(certificates):
    async with central(**tls_of(certificates, 2)) as face:
        async with station(face, ssl=client_of(certificates)) as socket:
            assert (await said(socket, BOOT))[0] == 3
        with pytest.raises(InvalidStatus):
            async with station(face, ssl=client_of(certificates), password="wrong"):
                pass


async def test_profile_3_is_a_certificate_of_its_own_name(certificates):
    async with central(**tls_of(certificates, 3)) as face:
        async with station(face, ssl=client_of(certificates, "garage"), password="") as socket:
            assert (await said(socket, BOOT))[0] == 3
        with pytest.raises(InvalidStatus):
            async with station(face, ssl=client_of(certificates, "other"), password=""):
                pass
        with pytest.raises((ConnectionClosed, OSError, InvalidMessage)):
            async with station(face, ssl=client_of(certificates), password="") as socket:
                await socket.recv()


@pytest.mark.parametrize("security", [1, 3])
async def test_our_own_wallbox_comes_in_over_a_real_socket(certificates, security):
    tls = tls_of(certificates, 3) if security == 3 else {"security": 1}
    async with central(**tls) as face:
        clock = WallClock()
        bus = MemoryBus(clock)
        scheme = "wss" if security == 3 else "ws"
        named = {
            "ca": str(certificates / "root.pem"),
            "certificate": str(certificates / "garage.pem"),
            "key": str(certificates / "garage.key"),
        }
        config = OcppPointConfig(
            station=BOX,
            url=f"{scheme}://127.0.0.1:{face.port}/ocpp",
            identity="garage",
            version="2.1",
            password="sixteen letters!",
            **(named if security == 3 else {}),
        )
        point = OcppPointFace(bus, clock, clock, config, HOME, StationConfig(id=BOX))
        tasks = [asyncio.create_task(point.run()), asyncio.create_task(Behind(bus, clock).run())]
        await asyncio.wait_for(point.ready.wait(), 10.0)
        assert face.outlets["garage"][0].watched.seen.boot.vendor == "vettura"
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
