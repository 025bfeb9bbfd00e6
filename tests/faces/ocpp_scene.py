"""What the tests of the OCPP faces share: sockets in memory, a scripted station, a house."""

import asyncio
import json
from contextlib import asynccontextmanager

from make import NOON_NS
from vettura.bus.memory import MemoryBus
from vettura.bus.messages import Answer, decode, encode
from vettura.bus.messages_energy import Transaction
from vettura.bus.messages_home import DeviceAction, DeviceState
from vettura.bus.subjects import (
    ENERGY_STREAM,
    ENERGY_STREAM_SUBJECTS,
    HOME_BUCKET,
    device_do,
    device_state,
)
from vettura.clock import rehearse
from vettura.faces.config import OcppConfig, OcppStationConfig
from vettura.faces.ocpp import OcppFace
from vettura.faces.ocpp_link import Link
from vettura.faces.ocpp_schema import flaws_of
from vettura.faces.ocpp_times import time_text
from vettura.faces.ocpp_wire import Call, Failure, Result, read_frame
from vettura.life.station import StationConfig
from vettura.units import NS_PER_S

HOME, STATION = "casa", "garage"
VERSIONS = ("1.6", "2.0.1", "2.1")


class Wire:
    """One end of a socket in memory."""

    def __init__(self, inbox, outbox):
        self._inbox, self._outbox = inbox, outbox

    async def send(self, text):
        self._outbox.put_nowait(text)

    async def recv(self):
        text = await self._inbox.get()
        if text is None:
            raise EOFError("gone")
        return text

    def close(self):
        self._inbox.put_nowait(None)
        self._outbox.put_nowait(None)


def wires():
    one, other = asyncio.Queue(), asyncio.Queue()
    return Wire(one, other), Wire(other, one)


class Scripted:
    """A station that says what a test has it say, checked against the protocol's schemas."""

    def __init__(self, wire, version):
        self.wire, self.version = wire, version
        self.heard = []
        """Calls of the central system, as action and payload."""
        self.answers = {}
        """What to answer, by action: a payload, or a function of the payload."""
        self._awaited = {}
        self._number = 0

    async def run(self):
        while True:
            try:
                frame = read_frame(await self.wire.recv())
            except EOFError:
                return
            if isinstance(frame, Call):
                assert not flaws_of(self.version, frame.action, frame.payload), frame
                self.heard.append((frame.action, frame.payload))
                answer = self.answers.get(frame.action, {"status": "Accepted"})
                answer = answer(frame.payload) if callable(answer) else answer
                if answer is not None:
                    await self.wire.send(json.dumps([3, frame.id, answer]))
            else:
                self._awaited.pop(frame.id).set_result(frame)

    async def call(self, action, payload, *, checks=True):
        """Ask; the frame that answers."""
        assert not checks or not flaws_of(self.version, action, payload)
        self._number += 1
        future = asyncio.get_running_loop().create_future()
        self._awaited[str(self._number)] = future
        await self.wire.send(json.dumps([2, str(self._number), action, payload]))
        return await future

    async def ask(self, action, payload, *, checks=True):
        """Ask; the payload that answers, held against its schema."""
        frame = await self.call(action, payload, checks=checks)
        assert isinstance(frame, Result), frame
        assert not flaws_of(self.version, action, frame.payload, is_answer=True), frame
        return frame.payload

    async def refused(self, action, payload):
        """Ask for what is refused; the code."""
        frame = await self.call(action, payload, checks=False)
        assert isinstance(frame, Failure), frame
        return frame.code

    def profiles(self):
        """The charging profiles that were set, oldest first."""
        key = "csChargingProfiles" if self.version == "1.6" else "chargingProfile"
        return [p[key] for action, p in self.heard if action == "SetChargingProfile"]

    # What a station says, in the words of its version.

    async def boot(self):
        if self.version == "1.6":
            told = {"chargePointVendor": "Acme", "chargePointModel": "Box"}
        else:
            station = {"vendorName": "Acme", "model": "Box"}
            told = {"reason": "PowerUp", "chargingStation": station}
        return await self.ask("BootNotification", told)

    async def status(self, word, time_ns=NOON_NS):
        if self.version == "1.6":
            word = {"Occupied": "Preparing"}.get(word, word)
            told = {"connectorId": 1, "errorCode": "NoError", "status": word}
        else:
            told = {"evseId": 1, "connectorId": 1, "connectorStatus": word}
            told["timestamp"] = time_text(time_ns)
        await self.ask("StatusNotification", told)

    async def start(self, *, time_ns=NOON_NS, meter_wh=1_000, token="CARD", own_id="t1", seq=0):
        """Begin a charge; its id."""
        if self.version == "1.6":
            told = {"connectorId": 1, "idTag": token, "meterStart": meter_wh}
            answer = await self.ask("StartTransaction", told | {"timestamp": time_text(time_ns)})
            return str(answer["transactionId"])
        await self.event("Started", own_id, seq, time_ns=time_ns, meter_wh=meter_wh, token=token)
        return own_id

    async def stop(self, own_id, *, time_ns=NOON_NS, meter_wh=2_000, seq=2):
        if self.version == "1.6":
            told = {"transactionId": int(own_id), "meterStop": meter_wh}
            await self.ask("StopTransaction", told | {"timestamp": time_text(time_ns)})
        else:
            await self.event("Ended", own_id, seq, time_ns=time_ns, meter_wh=meter_wh)

    async def sample(self, own_id, *, time_ns=NOON_NS, meter_wh=1_500, power_w=7_000, seq=1):
        if self.version == "1.6":
            told = {"connectorId": 1, "transactionId": int(own_id)}
            await self.ask(
                "MeterValues", told | {"meterValue": [meter_16(time_ns, meter_wh, power_w)]}
            )
        else:
            await self.event(
                "Updated", own_id, seq, time_ns=time_ns, meter_wh=meter_wh, power_w=power_w
            )

    async def event(self, kind, own_id, seq, *, time_ns, meter_wh, power_w=None, token=""):
        sampled = [{"value": meter_wh}]
        if power_w is not None:
            sampled.append({"value": power_w, "measurand": "Power.Active.Import"})
        told = {
            "eventType": kind,
            "timestamp": time_text(time_ns),
            "triggerReason": "CablePluggedIn" if kind == "Started" else "MeterValuePeriodic",
            "seqNo": seq,
            "transactionInfo": {"transactionId": own_id, "chargingState": "Charging"},
            "evse": {"id": 1},
            "meterValue": [{"timestamp": time_text(time_ns), "sampledValue": sampled}],
        }
        if token:
            told["idToken"] = {"idToken": token, "type": "ISO14443"}
        return await self.ask("TransactionEvent", told)


def meter_16(time_ns, meter_wh, power_w):
    power = {"value": str(power_w), "measurand": "Power.Active.Import", "unit": "W"}
    return {"timestamp": time_text(time_ns), "sampledValue": [{"value": str(meter_wh)}, power]}


class House:
    """A bus in memory and a face that serves sockets in memory."""

    def __init__(self, clock, bus=None, *, station=None, **config):
        entry = OcppStationConfig(id=STATION, **config.pop("entry", {}))
        self.clock = clock
        self.bus = bus or MemoryBus(clock)
        self.config = station or StationConfig(id=STATION, virtual=False)
        wanted = OcppConfig(port=0, stations=[entry], **config)
        self.face = OcppFace(self.bus, clock, clock, wanted, HOME, [self.config])
        self.outlet = self.face.outlets[STATION][0]

    @asynccontextmanager
    async def running(self):
        task = asyncio.create_task(self.outlet.run())
        await self.outlet.ready.wait()
        await self.clock.sleep(0.1)
        try:
            yield self
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    @asynccontextmanager
    async def connected(self, version, *, boots=True, answers=None):
        """A station at the other end of a new connection."""
        ours, theirs = wires()
        link = Link(
            STATION,
            ours,
            self.clock,
            self.clock,
            version,
            [self.outlet],
            self.face,
            self.face.tally,
        )
        station = Scripted(theirs, version)
        station.answers |= answers or {}
        tasks = [asyncio.create_task(link.run()), asyncio.create_task(station.run())]
        await self.clock.sleep(0.0)
        try:
            if boots:
                await station.boot()
                await self.clock.sleep(1.0)
            yield station
        finally:
            theirs.close()
            await asyncio.gather(*tasks)

    async def do(self, action, own_id="", **data):
        """Ask the station as the house does, with patience."""
        asked = DeviceAction(id=own_id or self.clock.new_id(), action=action, data=data)
        reply = await self.bus.request(device_do(HOME, STATION), encode(asked), timeout_s=5.0)
        return decode(reply.data, Answer, where="answer")

    async def state(self):
        """The state that is kept at least each half minute, and its attributes."""
        await self.clock.sleep(41.0)
        entry = await (await self.bus.bucket(HOME_BUCKET)).get(device_state(HOME, STATION))
        told = decode(entry.value, DeviceState, where="state").entities["sensor.garage"]
        return told.state, told.attributes

    async def events(self):
        """All transactions that were stored."""
        stream = await self.bus.stream(ENERGY_STREAM, ENERGY_STREAM_SUBJECTS)
        stored = await stream.last("energy.*.transaction.*", 1_000)
        return [decode(message.data, Transaction, where="stream") for message in stored]


def rehearsed(story):
    """Run a story of one clock in a rehearsal, at noon."""
    return rehearse(story, start_ns=NOON_NS, seed=1)


def later(clock, seconds):
    """A time from now [ns]."""
    return clock.now_ns() + int(seconds * NS_PER_S)
