"""OCPP 2.0.1 and 2.1 as a central system hears and speaks them. Pure but for what the side stores.

Facts: Open Charge Alliance, OCPP 2.0.1 edition 3 and OCPP 2.1 edition 1, part 2. An EVSE stands for
a connector of 1.6: homes have no station whose EVSE has several plugs.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias

from vettura.faces.ocpp_facts import (
    AVAILABLE,
    FAULTED,
    OCCUPIED,
    UNAVAILABLE,
    Asked,
    Boot,
    Counted,
    Side,
    Token,
    Wish,
)
from vettura.faces.ocpp_meter import read_meter
from vettura.faces.ocpp_needs import read_needs
from vettura.faces.ocpp_times import read_time_ns
from vettura.faces.ocpp_v16 import text_of, whole_of
from vettura.faces.ocpp_wire import AnswerError, Payload, Version

Handler: TypeAlias = Callable[[Side, Payload, Version], Awaitable[Payload]]
STATUSES: Final = {
    "Available": AVAILABLE,
    "Reserved": AVAILABLE,
    "Occupied": OCCUPIED,
    "Unavailable": UNAVAILABLE,
    "Faulted": FAULTED,
}
KINDS: Final = {"Started": "started", "Updated": "updated", "Ended": "ended"}
ID_MAX = 36


def _inner(payload: Payload, name: str) -> dict[str, Any]:
    value = payload.get(name)
    return value if isinstance(value, dict) else {}


def _token(payload: Payload) -> Token | None:
    told = _inner(payload, "idToken")
    if not told:
        return None
    return Token(id=text_of(told, "idToken"), kind=text_of(told, "type"))


async def _boot(side: Side, payload: Payload, _: Version) -> Payload:
    station = _inner(payload, "chargingStation")
    side.booted(
        Boot(
            vendor=text_of(station, "vendorName"),
            model=text_of(station, "model"),
            serial=text_of(station, "serialNumber"),
            firmware=text_of(station, "firmwareVersion"),
            reason=text_of(payload, "reason"),
        )
    )
    return {"status": "Accepted", "currentTime": side.now_text(), "interval": side.interval_s}


async def _heartbeat(side: Side, _: Payload, __: Version) -> Payload:
    return {"currentTime": side.now_text()}


async def _authorize(side: Side, payload: Payload, _: Version) -> Payload:
    token = _token(payload)
    assert token is not None
    verdict = side.verdict(token)
    answer: Payload = {"idTokenInfo": {"status": verdict}}
    if "certificate" in payload or "iso15118CertificateHashData" in payload:
        # The contract is looked up by its id; its chain is checked by the station, which has the
        # roots (C07.FR.06 leaves it to either).
        known = verdict == "Accepted"
        answer["certificateStatus"] = "Accepted" if known else "ContractCancelled"
    return answer


async def _status(side: Side, payload: Payload, _: Version) -> Payload:
    word = text_of(payload, "connectorStatus")
    side.turned(whole_of(payload, "evseId"), STATUSES.get(word, OCCUPIED), "")
    return {}


async def _meter(side: Side, payload: Payload, _: Version) -> Payload:
    reading = read_meter(payload.get("meterValue"), energy_unit=side.energy_unit)
    side.metered(whole_of(payload, "evseId"), reading, "")
    return {}


async def _transaction(side: Side, payload: Payload, _: Version) -> Payload:
    info = _inner(payload, "transactionInfo")
    kind, own_id = payload["eventType"], text_of(info, "transactionId")
    if kind not in KINDS:
        raise AnswerError("value", f"eventType: '{str(kind)[:40]}' is none of its values")
    if not 0 < len(own_id) <= ID_MAX:
        raise AnswerError("value", f"transactionInfo.transactionId: not 1 to {ID_MAX} characters")
    evse = _inner(payload, "evse")
    state = info.get("chargingState")
    token = _token(payload)
    event = Counted(
        connector=whole_of(evse, "id"),
        transaction=own_id,
        sequence=whole_of(payload, "seqNo"),
        kind=KINDS[kind],  # type: ignore[arg-type]
        time_ns=read_time_ns(payload["timestamp"]),
        reading=read_meter(payload.get("meterValue"), energy_unit=side.energy_unit),
        token=token,
        reason=text_of(info, "stoppedReason"),
        is_offline=payload.get("offline") is True,
        is_charging=state == "Charging" if isinstance(state, str) else None,
        remote_start=info.get("remoteStartId"),
    )
    await side.counted(event)
    return {} if token is None else {"idTokenInfo": {"status": side.verdict(token)}}


async def _needs(side: Side, payload: Payload, version: Version) -> Payload:
    evse = whole_of(payload, "evseId")
    taken = side.needs(evse, read_needs(payload, "", version, 0))
    # A schedule follows when the plan has one (K15.FR.03).
    return {"status": "Processing" if taken else "Rejected"}


async def _schedule(side: Side, payload: Payload, _: Version) -> Payload:
    side.noted("car's schedule", f"for EVSE {whole_of(payload, 'evseId')}")
    return {"status": "Accepted"}


async def _transfer(side: Side, payload: Payload, _: Version) -> Payload:
    side.noted("data transfer", f"{text_of(payload, 'vendorId')} {text_of(payload, 'messageId')}")
    return {"status": "UnknownVendorId"}


async def _sign(side: Side, _: Payload, __: Version) -> Payload:
    side.noted("certificate", "the station asks for a certificate, which nobody here signs")
    return {"status": "Rejected"}


async def _events(side: Side, payload: Payload, _: Version) -> Payload:
    rows = payload.get("eventData")
    for row in rows[:8] if isinstance(rows, list) else []:
        if isinstance(row, dict):
            where = text_of(_inner(row, "component"), "name")
            what = text_of(_inner(row, "variable"), "name")
            side.noted("event", f"{where}.{what} {text_of(row, 'actualValue')}")
    return {}


def _note(about: str, *fields: str) -> Handler:
    async def handle(side: Side, payload: Payload, _: Version) -> Payload:
        side.noted(about, " ".join(filter(None, (text_of(payload, name) for name in fields))))
        return {}

    return handle


SERVED: Final[dict[str, Handler]] = {
    "BootNotification": _boot,
    "Heartbeat": _heartbeat,
    "Authorize": _authorize,
    "StatusNotification": _status,
    "MeterValues": _meter,
    "TransactionEvent": _transaction,
    "NotifyEVChargingNeeds": _needs,
    "NotifyEVChargingSchedule": _schedule,
    "NotifyChargingLimit": _note("limit from outside", "evseId"),
    "ClearedChargingLimit": _note("limit from outside ends", "chargingLimitSource"),
    "NotifyEvent": _events,
    "NotifyReport": _note("report", "requestId", "seqNo"),
    "ReportChargingProfiles": _note("profiles", "chargingLimitSource"),
    "FirmwareStatusNotification": _note("firmware", "status"),
    "LogStatusNotification": _note("diagnostics", "status"),
    "SecurityEventNotification": _note("security", "type", "techInfo"),
    "DataTransfer": _transfer,
    "SignCertificate": _sign,
}
"""What a central system answers, by action; both versions have all of these."""


def _started(wish: Wish) -> Asked:
    asked: Payload = {
        "evseId": wish.connector,
        "remoteStartId": wish.number,
        "idToken": {"idToken": wish.token[:36], "type": "Central"},
    }
    return "RequestStartTransaction", asked


def _stopped(wish: Wish) -> Asked:
    return "RequestStopTransaction", {"transactionId": wish.transaction}


def _reset(wish: Wish) -> Asked:
    return "Reset", {"type": "Immediate" if wish.data.get("hard") else "OnIdle"}


def _unlocked(wish: Wish) -> Asked:
    return "UnlockConnector", {"evseId": wish.connector, "connectorId": 1}


def _triggered(wish: Wish) -> Asked:
    message = str(wish.data.get("message", "StatusNotification"))
    evse: Payload = {"id": wish.connector}
    if message == "StatusNotification":
        evse["connectorId"] = 1
    return "TriggerMessage", {"requestedMessage": message, "evse": evse}


def _diagnosed(wish: Wish) -> Asked:
    place: Payload = {"remoteLocation": str(wish.data.get("location", ""))}
    for name, field in (("since", "oldestTimestamp"), ("until", "latestTimestamp")):
        if wish.data.get(name):
            place[field] = str(wish.data[name])
    kind = "SecurityLog" if wish.data.get("security") else "DiagnosticsLog"
    return "GetLog", {"logType": kind, "requestId": wish.number, "log": place}


def _available(wish: Wish) -> Asked:
    kind = "Operative" if wish.data.get("on", True) else "Inoperative"
    return "ChangeAvailability", {"operationalStatus": kind, "evse": {"id": wish.connector}}


def _composed(wish: Wish) -> Asked:
    seconds = whole_of(dict(wish.data), "duration_s", 86_400)
    return "GetCompositeSchedule", {"evseId": wish.connector, "duration": seconds}


WISHES: Final[dict[str, Callable[[Wish], Asked]]] = {
    "start": _started,
    "stop": _stopped,
    "reset": _reset,
    "unlock": _unlocked,
    "trigger": _triggered,
    "diagnostics": _diagnosed,
    "availability": _available,
    "composite": _composed,
}
"""What the house may ask of a station, by the name of the action."""


def read_settings(names: list[str]) -> Asked:
    """Ask for variables, each named `Component.Variable`."""
    return "GetVariables", {"getVariableData": [_variable(name) for name in names]}


def settings_in(answer: Payload) -> dict[str, str]:
    """The variables that were told."""
    rows = answer.get("getVariableResult")
    told = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return {
        f"{text_of(_inner(row, 'component'), 'name')}.{text_of(_inner(row, 'variable'), 'name')}": (
            text_of(row, "attributeValue")
        )
        for row in told
    }


def change(name: str, value: str) -> Asked:
    """Change one variable."""
    return "SetVariables", {"setVariableData": [_variable(name) | {"attributeValue": value}]}


def changed(answer: Payload) -> str:
    """How a change ended."""
    rows = answer.get("setVariableResult")
    first = rows[0] if isinstance(rows, list) and rows and isinstance(rows[0], dict) else {}
    return text_of(first, "attributeStatus")


def _variable(name: str) -> Payload:
    component, _, variable = name.partition(".")
    return {"component": {"name": component}, "variable": {"name": variable}}


UNITS: Final = "SmartChargingCtrlr.RateUnit"
"""The variable that says whether profiles are in A, W or both."""


def settings_wanted(*, meter_s: int, heartbeat_s: int) -> dict[str, str]:
    """The variables that a station shall have, in this order."""
    measurands = "Energy.Active.Import.Register,Power.Active.Import"
    return {
        "OCPPCommCtrlr.HeartbeatInterval": str(heartbeat_s),
        "SampledDataCtrlr.TxUpdatedInterval": str(meter_s),
        "SampledDataCtrlr.TxUpdatedMeasurands": measurands,
        "SampledDataCtrlr.TxStartedMeasurands": measurands,
        "SampledDataCtrlr.TxEndedMeasurands": measurands,
    }


SENT: Final = frozenset(
    {
        "RequestStartTransaction",
        "RequestStopTransaction",
        "Reset",
        "UnlockConnector",
        "TriggerMessage",
        "GetLog",
        "ChangeAvailability",
        "GetVariables",
        "SetVariables",
        "SetChargingProfile",
        "ClearChargingProfile",
        "GetCompositeSchedule",
    }
)
"""What a central system asks of a station."""
