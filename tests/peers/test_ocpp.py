"""Two libraries from npm, unmodified, each in its own words, at both ends of our OCPP.

`ocpp-rpc` checks every message against its own schemas in its strict mode. With 2.1 that mode fails
on any message at all: its schemas for 2.1 are named Request and Response where its checker looks
for .req and .conf; so 2.1 is met without it, and our own schemas check those messages.
"""

import asyncio
import json
from contextlib import asynccontextmanager

import msgspec
import pytest

from faces.ocpp_scene import HOME, STATION
from faces.test_ocpp_point import BOX, Behind
from make import NOON_NS
from peers.environment import peer
from vettura.bus.memory import MemoryBus
from vettura.bus.messages import Answer, decode, encode
from vettura.bus.messages_energy import ChargingNeeds, StationLimit, Transaction
from vettura.bus.messages_home import DeviceAction
from vettura.bus.subjects import (
    ENERGY_STREAM,
    ENERGY_STREAM_SUBJECTS,
    HOME_BUCKET,
    charging_needs,
    device_do,
)
from vettura.clock import WallClock
from vettura.energy.bills import Ledger
from vettura.faces.config import OcppConfig, OcppPointConfig, OcppStationConfig
from vettura.faces.ocpp import OcppFace
from vettura.faces.ocpp_point import OcppPointFace
from vettura.faces.ocpp_schema import flaws_of
from vettura.faces.ocpp_times import time_text
from vettura.life.station import StationConfig
from vettura.units import NS_PER_S

pytestmark = [pytest.mark.peer, pytest.mark.live]

PEERS = [
    ("ocpp-rpc", "1.6", "strict"),
    ("ocpp-rpc", "2.0.1", "strict"),
    ("ocpp-rpc", "2.1", "plain"),
    ("ocpp-ts", "1.6", "plain"),
]
TWO_WAY = {"dc": True, "power_w_max": 10_000.0, "discharge_power_w_max": 8_000.0}


class House:
    """Our central system on a real socket."""

    def __init__(self, **config):
        self.clock = WallClock()
        self.bus = MemoryBus(self.clock)
        entry = OcppStationConfig(id=STATION, car="VIN1", password="a long password")
        wanted = OcppConfig(port=0, stations=[entry], security=1)
        station = StationConfig(id=STATION, virtual=False, **config)
        self.face = OcppFace(self.bus, self.clock, self.clock, wanted, HOME, [station])

    @asynccontextmanager
    async def running(self):
        task = asyncio.create_task(self.face.run())
        await self.face.ready.wait()
        try:
            yield self
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def station(self, library, version, strict):
        url = f"ws://127.0.0.1:{self.face.port}/ocpp"
        words = (library, url, STATION, version, strict, "a long password")
        return peer("node", "apps/ocpp_station.js", *words)

    async def do(self, action, **data):
        asked = DeviceAction(id=self.clock.new_id(), action=action, data=data)
        reply = await self.bus.request(device_do(HOME, STATION), encode(asked), timeout_s=10.0)
        return decode(reply.data, Answer, where="answer")

    async def events(self):
        stream = await self.bus.stream(ENERGY_STREAM, ENERGY_STREAM_SUBJECTS)
        stored = await stream.last("energy.*.transaction.*", 1_000)
        return [decode(message.data, Transaction, where="stream") for message in stored]


async def ask(process, action, payload):
    """Have the peer ask; the answer."""
    await process.tell(json.dumps([action, payload]))
    line = await process.until(lambda line: line.get("asked") == action)
    assert "error" not in line, line
    return line["answer"]


async def called(process, action, fits=lambda _: True):
    """The payload with which the peer was called."""
    line = await process.until(lambda line: line.get("called") == action and fits(line["payload"]))
    return line["payload"]


class Words:
    """What a station says in each version."""

    def __init__(self, version):
        self.version, self.is_old = version, version == "1.6"

    def boot(self):
        if self.is_old:
            return {"chargePointVendor": "Acme", "chargePointModel": "Box"}
        station = {"vendorName": "Acme", "model": "Box"}
        return {"reason": "PowerUp", "chargingStation": station}

    def status(self, word):
        if self.is_old:
            word = {"Occupied": "Preparing"}.get(word, word)
            return {"connectorId": 1, "errorCode": "NoError", "status": word}
        told = {"evseId": 1, "connectorId": 1, "connectorStatus": word}
        return told | {"timestamp": time_text(NOON_NS)}

    def card(self):
        return {"idTag": "CARD"} if self.is_old else {"idToken": {"idToken": "C", "type": "Local"}}

    def begin(self, time_ns, meter_wh):
        if self.is_old:
            told = {"connectorId": 1, "idTag": "CARD", "meterStart": meter_wh}
            return "StartTransaction", told | {"timestamp": time_text(time_ns)}
        return "TransactionEvent", self._event("Started", 0, time_ns, meter_wh)

    def sample(self, own_id, time_ns, meter_wh, power_w):
        power = {"measurand": "Power.Active.Import", "value": power_w}
        if not self.is_old:
            event = self._event("Updated", 1, time_ns, meter_wh)
            event["meterValue"][0]["sampledValue"].append(power)
            return "TransactionEvent", event
        rows = [{"value": str(meter_wh)}, power | {"value": f"{power_w / 1000}", "unit": "kW"}]
        value = {"timestamp": time_text(time_ns), "sampledValue": rows}
        told = {"connectorId": 1, "transactionId": own_id, "meterValue": [value]}
        return "MeterValues", told

    def end(self, own_id, time_ns, meter_wh):
        if self.is_old:
            told = {"transactionId": own_id, "meterStop": meter_wh}
            return "StopTransaction", told | {"timestamp": time_text(time_ns)}
        return "TransactionEvent", self._event("Ended", 2, time_ns, meter_wh) | {"offline": True}

    def _event(self, kind, number, time_ns, meter_wh):
        value = {"timestamp": time_text(time_ns), "sampledValue": [{"value": meter_wh}]}
        triggers = {"Started": "CablePluggedIn", "Updated": "MeterValuePeriodic"}
        return {
            "eventType": kind,
            "timestamp": time_text(time_ns),
            "triggerReason": triggers.get(kind, "EVCommunicationLost"),
            "seqNo": number,
            "transactionInfo": {"transactionId": "t-1"},
            "evse": {"id": 1, "connectorId": 1},
            "meterValue": [value],
        }

    def needs(self):
        direct = {"evMaxCurrent": 25, "evMaxVoltage": 400, "energyAmount": 30_000}
        wanted = {"requestedEnergyTransfer": "DC", "dcChargingParameters": direct}
        if self.version == "2.1":
            wanted["requestedEnergyTransfer"] = "DC_BPT"
            wanted["v2xChargingParameters"] = {"maxDischargePower": 8_000, "maxChargePower": 10_000}
        return {"evseId": 1, "chargingNeeds": wanted}


@pytest.mark.parametrize(("library", "version", "strict"), PEERS)
async def test_their_station_charges_here_and_is_billed_once(library, version, strict):
    words = Words(version)
    async with House().running() as house:
        start_ns = house.clock.now_ns() - 1_800 * NS_PER_S
        async with house.station(library, version, strict) as box:
            await box.until(lambda line: "connected" in line)
            boot = await ask(box, "BootNotification", words.boot())
            assert boot["status"] == "Accepted"
            await ask(box, "StatusNotification", words.status("Occupied"))
            verdict = await ask(box, "Authorize", words.card())
            info = verdict["idTagInfo" if words.is_old else "idTokenInfo"]
            assert info["status"] == "Accepted"
            begun = await ask(box, *words.begin(start_ns, 1_000))
            own_id = begun.get("transactionId")
            at_ns = start_ns + 600 * NS_PER_S
            await ask(box, *words.sample(own_id, at_ns, 2_000, 7_200))
            assert house.face.outlets[STATION][0].watched.status() == "charging"
            until_ns = house.clock.now_ns() + 600 * NS_PER_S
            answer, offer = await asyncio.gather(
                house.do("offer", power_w=4_140.0, until_ns=until_ns),
                called(box, "SetChargingProfile", is_for_the_charge),
            )
            assert answer.ok, answer
            assert msgspec.convert(answer.response, StationLimit).limit_w == 4_140.0
            assert flaws_of(version, "SetChargingProfile", offer) == []
            # The socket dies in the middle of the charge.
            await box.tell(json.dumps(["cut", {}]))
            await box.process.wait()
        async with house.station(library, version, strict) as box:
            await box.until(lambda line: "connected" in line)
            await ask(box, "BootNotification", words.boot())
            again = await ask(box, *words.begin(start_ns, 1_000))
            assert again.get("transactionId") == own_id
            for _ in range(2):
                await ask(box, *words.end(own_id, start_ns + 1_500 * NS_PER_S, 4_000))
            await ask(box, "StatusNotification", words.status("Available"))
        events = await house.events()
    assert [event.kind for event in events] == ["started", "updated", "ended"]
    assert len({(event.transaction, event.sequence) for event in events}) == 3
    ledger = Ledger(stations_w={STATION: 11_000.0}, currency="EUR")
    for event in [*events, *events]:
        ledger.take_transaction(event, now_ns=start_ns)
    bills = ledger.due(start_ns + 36_000 * NS_PER_S)
    assert [round(bill.energy_wh) for bill in bills] == [3_000]


def is_for_the_charge(payload):
    profile = payload.get("csChargingProfiles") or payload["chargingProfile"]
    return profile["chargingProfilePurpose"] == "TxProfile"


@pytest.mark.parametrize(("library", "version", "strict"), PEERS[1:3])
async def test_what_their_car_wants_and_gives(library, version, strict):
    words = Words(version)
    async with House(**TWO_WAY).running() as house:
        async with house.station(library, version, strict) as box:
            await box.until(lambda line: "connected" in line)
            await ask(box, "BootNotification", words.boot())
            await ask(box, "StatusNotification", words.status("Occupied"))
            answer = await ask(box, "NotifyEVChargingNeeds", words.needs())
            assert answer["status"] == "Processing"
            until_ns = house.clock.now_ns() + 600 * NS_PER_S
            told, offer = await asyncio.gather(
                house.do("offer", power_w=-5_000.0, until_ns=until_ns),
                called(
                    box, "SetChargingProfile", lambda p: p["chargingProfile"]["stackLevel"] == 1
                ),
            )
            assert told.ok, told
        bucket = await house.bus.bucket(HOME_BUCKET)
        async with asyncio.timeout(10.0):
            while (entry := await bucket.get(charging_needs(HOME, STATION))) is None:
                await house.clock.sleep(0.02)
    needs = decode(entry.value, ChargingNeeds, where="needs")
    assert (needs.energy_wh, needs.is_dc, needs.vin) == (30_000.0, True, "VIN1")
    period = offer["chargingProfile"]["chargingSchedule"][0]["chargingSchedulePeriod"][0]
    if version == "2.1":
        assert needs.discharge_w_max == 8_000.0
        assert (period["setpoint"], period["dischargeLimit"]) == (-5_000, -5_000)
        assert period["operationMode"] == "CentralSetpoint"
    else:
        assert (needs.discharge_w_max, period["limit"]) == (None, 0)
        assert "setpoint" not in period


class Box:
    """Our virtual wallbox at their central system, and the station behind it."""

    def __init__(self, port, version, *, station, path=""):
        self.clock = WallClock()
        self.bus = MemoryBus(self.clock)
        self.behind = Behind(self.bus, self.clock)
        url = f"ws://127.0.0.1:{port}{path}"
        wanted = OcppPointConfig(station=BOX, url=url, version=version, meter_s=1)
        self.point = OcppPointFace(self.bus, self.clock, self.clock, wanted, HOME, station)

    @asynccontextmanager
    async def running(self):
        tasks = [asyncio.create_task(job) for job in (self.behind.run(), self.point.run())]
        try:
            yield self
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def offered(self, power_w):
        """Wait until the station behind is offered that."""
        while not self.behind.offers or self.behind.offers[-1]["power_w"] != power_w:
            await self.clock.sleep(0.02)


@pytest.mark.parametrize(("library", "version", "strict"), PEERS)
async def test_our_wallbox_charges_at_their_central_system(library, version, strict):
    station = StationConfig(id=BOX, **(TWO_WAY if version == "2.1" else {}))
    async with peer("node", "apps/ocpp_central.js", library, version, strict) as central:
        port = (await central.next())["port"]
        async with Box(port, version, station=station).running() as box:
            assert (await called(central, "BootNotification")) is not None
            await box.behind.plug("VIN1")
            await called(central, "Authorize")
            begun = await called(
                central, "StartTransaction" if version == "1.6" else "TransactionEvent"
            )
            await box.offered(station.power_w_max)
            await box.behind.flow(7_000.0, 5_100.0)
            answer = await ask(central, "SetChargingProfile", profile(version, 4_140.0))
            assert answer["status"] == "Accepted"
            await box.offered(4_140.0)
            if version == "2.1":
                await ask(central, "SetChargingProfile", profile(version, -5_000.0))
                await box.offered(-5_000.0)
            if version != "1.6":
                await say_needs(box)
                wanted = (await called(central, "NotifyEVChargingNeeds"))["chargingNeeds"]
                assert wanted["dcChargingParameters"]["energyAmount"] == 20_000
                assert ("v2xChargingParameters" in wanted) == (version == "2.1")
            await box.behind.plug("")
            if version == "1.6":
                assert (await called(central, "StopTransaction"))["transactionId"] == 4711
                return
            end = await called(central, "TransactionEvent", lambda p: p["eventType"] == "Ended")
            same = {p["transactionInfo"]["transactionId"] for p in (begun, end)}
            assert len(same) == 1


async def say_needs(box):
    needs = ChargingNeeds(
        time_ns=box.clock.now_ns(),
        station=BOX,
        energy_wh=20_000.0,
        charge_w_max=10_000.0,
        discharge_w_max=8_000.0,
        is_dc=True,
    )
    bucket = await box.bus.bucket(HOME_BUCKET)
    await bucket.put(charging_needs(HOME, BOX), encode(needs))


def profile(version, power_w):
    """A default profile of that power, in W."""
    period = {"startPeriod": 0, "limit": power_w}
    if power_w < 0:
        mode = {"operationMode": "CentralSetpoint", "setpoint": power_w}
        period = {"startPeriod": 0, "dischargeLimit": power_w} | mode
    schedule = {"chargingRateUnit": "W", "chargingSchedulePeriod": [period]}
    told = {
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
    }
    if version == "1.6":
        told |= {"chargingProfileId": 1, "chargingSchedule": schedule}
        return {"connectorId": 1, "csChargingProfiles": told}
    told |= {"id": 1, "chargingSchedule": [{"id": 1, **schedule}]}
    return {"evseId": 1, "chargingProfile": told}
