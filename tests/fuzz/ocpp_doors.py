"""What wallboxes say to our central system, and central systems to our wallbox."""

import asyncio
import json
from functools import partial

from fuzz.entries import Door, text
from make import NOON_NS
from vettura.bus.interface import Entry
from vettura.bus.memory import MemoryBus
from vettura.bus.messages import MeterValue, encode
from vettura.bus.messages_energy import ChargingNeeds, Period, Schedule
from vettura.bus.messages_home import DeviceAction, DeviceState, EntityState
from vettura.clock import WallClock
from vettura.faces.config import OcppConfig, OcppPointConfig, OcppStationConfig
from vettura.faces.ocpp import OcppFace
from vettura.faces.ocpp_link import Link
from vettura.faces.ocpp_point import OcppPointFace
from vettura.faces.ocpp_point_served import answered
from vettura.faces.ocpp_point_state import delivered
from vettura.faces.ocpp_point_words import late_message
from vettura.faces.ocpp_talk import Talk, Tally
from vettura.faces.ocpp_times import time_text
from vettura.faces.ocpp_watched import Watched
from vettura.faces.ocpp_wire import VERSIONS, Call, FrameError, read_frame
from vettura.life.station import StationConfig

STAMP = time_text(NOON_NS)
METER = [{"timestamp": STAMP, "sampledValue": [{"value": "7", "unit": "kWh", "phase": "L1"}]}]
METER_2 = [{"timestamp": STAMP, "sampledValue": [{"value": 7, "measurand": "Power.Active.Import"}]}]
EVENT = {
    "eventType": "Started",
    "timestamp": STAMP,
    "triggerReason": "Authorized",
    "seqNo": 0,
    "transactionInfo": {"transactionId": "t", "chargingState": "Charging"},
    "evse": {"id": 1},
    "idToken": {"idToken": "C", "type": "eMAID"},
    "meterValue": METER_2,
}
NEEDS = {
    "evseId": 1,
    "chargingNeeds": {
        "requestedEnergyTransfer": "DC",
        "departureTime": STAMP,
        "dcChargingParameters": {"evMaxCurrent": 9, "evMaxVoltage": 400, "energyAmount": 1},
    },
}
SAID_16 = (
    ("BootNotification", {"chargePointVendor": "A", "chargePointModel": "B"}),
    ("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Charging"}),
    ("StartTransaction", {"connectorId": 1, "idTag": "C", "meterStart": 5, "timestamp": STAMP}),
    ("StopTransaction", {"transactionId": 1, "meterStop": 9, "timestamp": STAMP}),
    ("MeterValues", {"connectorId": 1, "transactionId": 1, "meterValue": METER}),
    ("DataTransfer", {"vendorId": "x"}),
)
SAID_2 = (
    ("TransactionEvent", EVENT),
    ("NotifyEVChargingNeeds", NEEDS),
    ("MeterValues", {"evseId": 1, "meterValue": METER_2}),
    ("Authorize", {"idToken": {"idToken": "C", "type": "eMAID"}}),
    ("SecurityEventNotification", {"type": "x", "timestamp": STAMP}),
)
ROWS = [{"startPeriod": 0, "limit": 9.5, "numberPhases": 3}, {"startPeriod": 60, "limit": 0}]
SCHEDULE = {"chargingRateUnit": "A", "startSchedule": STAMP, "chargingSchedulePeriod": ROWS}
PROFILE = {
    "stackLevel": 1,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Recurring",
    "recurrencyKind": "Daily",
}
ASKED_16 = (
    (
        "SetChargingProfile",
        {
            "connectorId": 1,
            "csChargingProfiles": {"chargingProfileId": 1, "chargingSchedule": SCHEDULE} | PROFILE,
        },
    ),
    ("GetCompositeSchedule", {"connectorId": 1, "duration": 600}),
    ("RemoteStartTransaction", {"idTag": "C"}),
    ("GetConfiguration", {"key": ["HeartbeatInterval"]}),
    ("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "60"}),
    ("ClearChargingProfile", {"id": 1}),
    ("TriggerMessage", {"requestedMessage": "MeterValues"}),
)
ASKED_2 = (
    (
        "SetChargingProfile",
        {
            "evseId": 1,
            "chargingProfile": {"id": 1, "chargingSchedule": [{"id": 1} | SCHEDULE]} | PROFILE,
        },
    ),
    ("GetChargingProfiles", {"requestId": 1, "chargingProfile": {}}),
    ("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"}),
    (
        "RequestStartTransaction",
        {"remoteStartId": 1, "idToken": {"idToken": "C", "type": "Central"}},
    ),
)


def frames(old, new):
    """Calls as bytes; the first byte is the version."""
    for index, version in enumerate(VERSIONS):
        for action, payload in old if version == "1.6" else new:
            yield str(index).encode() + json.dumps([2, "7", action, payload]).encode()


class Gone:
    """A socket whose other side has gone."""

    async def send(self, _):
        raise EOFError("gone")

    async def recv(self):
        raise EOFError("gone")


def spoken(loop, talks, data):
    """Whether a frame was answered with more than an error."""
    talk = talks[data[0] % len(talks)]
    try:
        frame = read_frame(text(data[1:]))
    except FrameError:
        return False
    if not isinstance(frame, Call):
        talk._take_answer(frame)
        return True
    return json.loads(loop.run_until_complete(talk.reply(frame)))[0] == 3


async def unstored(*_):
    """A stream would keep all."""


def ocpp() -> Door:
    """A frame behind a byte for its version, `d` and an action, or `s` and a schedule."""
    clock = WallClock()
    bus = MemoryBus(clock)
    wanted = OcppConfig(stations=[OcppStationConfig(id="b", car="V")])
    face = OcppFace(bus, clock, clock, wanted, "h", [StationConfig(id="b", virtual=False)])
    outlet = face.outlets["b"][0]
    outlet.watched = Watched(
        clock, outlet.config, store=unstored, changed=lambda: None, cars={}, car="V"
    )
    links = [
        Link("b", Gone(), clock, clock, version, [outlet], face, Tally()) for version in VERSIONS
    ]
    outlet.attach(links[0])
    loop = asyncio.new_event_loop()
    told = Schedule(
        id="s",
        time_ns=NOON_NS,
        station="b",
        periods=[Period(start_ns=NOON_NS, power_w=5.0)],
        until_ns=NOON_NS + 10**12,
    )
    actions = [
        DeviceAction(id="1", action="offer", data={"power_w": 5_000.0, "until_ns": 1}),
        DeviceAction(id="2", action="tell"),
        DeviceAction(id="3", action="trigger", data={"message": "MeterValues"}),
    ]
    samples = (
        *frames(SAID_16, (*SAID_2, *SAID_16[5:])),
        *(b"d" + encode(one) for one in actions),
        b"s" + encode(told),
    )

    def feed(data: bytes) -> bool:
        if data[:1] == b"d":
            return loop.run_until_complete(outlet.obey(data[1:])).ok
        if data[:1] == b"s":
            loop.run_until_complete(outlet._intend(data[1:]))
            face._encode("b", data[1:])
            return False
        said = spoken(loop, [link.talk for link in links], data) if data else False
        encode(outlet.state())
        return said

    return Door("ocpp", samples, feed)


def ocpp_point() -> Door:
    """A frame behind a byte for its version, or a letter and what the bus says of the station."""
    clock = WallClock()
    bus = MemoryBus(clock)
    points = [
        OcppPointFace(
            bus,
            clock,
            clock,
            OcppPointConfig(station="b", url="ws://x", version=version, auto_start=False),
            "h",
            StationConfig(id="b"),
        )
        for version in VERSIONS
    ]
    talks = [
        Talk(Gone(), clock, point.version, partial(answered, point), Tally()) for point in points
    ]
    loop = asyncio.new_event_loop()
    attributes = {"vin": "V", "energy_wh": 5.0}
    state = DeviceState(
        time_ns=NOON_NS, entities={"sensor.b": EntityState(state="x", attributes=attributes)}
    )
    samples = (
        *frames(ASKED_16, (*ASKED_2, *ASKED_16[1:2])),
        b"s" + encode(state),
        b"m" + encode(MeterValue(time_ns=NOON_NS, power_w=5.0, energy_wh=6.0)),
        b"n" + encode(ChargingNeeds(time_ns=NOON_NS, station="b", energy_wh=5.0)),
    )
    keys = {b"s": "home.h.b.state", b"n": "energy.h.needs.b"}

    def feed(data: bytes) -> bool:
        kind = data[:1]
        for point in points:
            if kind in keys:
                point._behind._take(Entry(keys[kind], data[1:], 1))
            elif kind == b"m":
                point._behind._hear_meter(data[1:])
        if kind in {b"s", b"n", b"m"} or not data:
            return False
        said = spoken(loop, talks, data)
        for point in points:
            flush(point)
        return said

    return Door("ocpp-point", samples, feed)


def flush(point):
    """All that it would say now."""
    point.grant()
    for late in point.state.queue:
        json.dumps(late_message(point.version, late, 1))
        point.state = delivered(point.state, late)
    json.dumps(point._sayings)
    point._sayings.clear()


DOORS = {"ocpp": ocpp, "ocpp-point": ocpp_point}
