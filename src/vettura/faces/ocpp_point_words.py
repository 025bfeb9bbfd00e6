"""What a virtual wallbox says, in the words of each version. Pure."""

from typing import Any

from vettura.faces.ocpp_composite import Grant, Scene
from vettura.faces.ocpp_facts import Asked
from vettura.faces.ocpp_point_state import Late
from vettura.faces.ocpp_profiles import Unit
from vettura.faces.ocpp_times import time_text
from vettura.faces.ocpp_wire import Payload, Version
from vettura.units import PHASE_V

EVSE, CONNECTOR = 1, 1
TEXT_16, SERIAL = 20, 25
REASONS_16 = frozenset(
    {"EVDisconnected", "Remote", "Local", "Reboot", "HardReset", "SoftReset", "DeAuthorized"}
)


def boot(
    version: Version, *, vendor: str, model: str, serial: str, reason: str, firmware: str
) -> Asked:
    """Who we are."""
    if version == "1.6":
        told = {
            "chargePointVendor": vendor[:TEXT_16],
            "chargePointModel": model[:TEXT_16],
            "chargePointSerialNumber": serial[:SERIAL],
            "firmwareVersion": firmware[:50],
        }
        return "BootNotification", told
    station = {
        "vendorName": vendor[:50],
        "model": model[:TEXT_16],
        "serialNumber": serial[:SERIAL],
        "firmwareVersion": firmware[:50],
    }
    return "BootNotification", {"reason": reason, "chargingStation": station}


def status(version: Version, word: str, time_ns: int) -> Asked:
    """How the connector is."""
    if version == "1.6":
        code = "OtherError" if word == "Faulted" else "NoError"
        told: Payload = {"connectorId": CONNECTOR, "errorCode": code, "status": word}
        return "StatusNotification", told | {"timestamp": time_text(time_ns)}
    return "StatusNotification", {
        "timestamp": time_text(time_ns),
        "connectorStatus": word,
        "evseId": EVSE,
        "connectorId": CONNECTOR,
    }


def authorize(version: Version, token: str) -> Asked:
    """Ask whether a card may charge."""
    if version == "1.6":
        return "Authorize", {"idTag": token[:TEXT_16]}
    return "Authorize", {"idToken": {"idToken": token, "type": "ISO14443"}}


def is_accepted(answer: Payload) -> bool:
    """Whether an answer about a card lets it charge; True where it says nothing of it."""
    info = answer.get("idTagInfo", answer.get("idTokenInfo"))
    return not isinstance(info, dict) or info.get("status") == "Accepted"


def late_message(version: Version, late: Late, number: int | None) -> Asked | None:
    """A message about a charge; None for what 1.6 cannot tell without the charge's number."""
    if version != "1.6":
        return "TransactionEvent", _event(version, late)
    stamp = time_text(late.time_ns)
    if late.kind == "started":
        return "StartTransaction", {
            "connectorId": CONNECTOR,
            "idTag": late.token[:TEXT_16],
            "meterStart": round(late.energy_wh),
            "timestamp": stamp,
        }
    if number is None:
        return None
    if late.kind == "ended":
        return "StopTransaction", {
            "transactionId": number,
            "meterStop": round(late.energy_wh),
            "timestamp": stamp,
            "reason": late.reason if late.reason in REASONS_16 else "Other",
        }
    return "MeterValues", {
        "connectorId": CONNECTOR,
        "transactionId": number,
        "meterValue": [meter_16(late)],
    }


def meter_16(late: Late, context: str = "Sample.Periodic") -> Payload:
    """A meter value of 1.6: its numbers are texts."""
    rows = [
        ("Energy.Active.Import.Register", late.energy_wh, "Wh"),
        ("Energy.Active.Export.Register", late.given_wh, "Wh"),
        ("Power.Active.Import", max(0.0, late.power_w), "W"),
        ("Power.Active.Export", max(0.0, -late.power_w), "W"),
    ]
    sampled = [
        {"value": f"{value:.1f}", "measurand": name, "unit": unit, "context": context}
        for name, value, unit in rows
        if value or "Import" in name
    ]
    return {"timestamp": time_text(late.time_ns), "sampledValue": sampled}


def meter_2(late: Late, context: str = "Sample.Periodic") -> Payload:
    """A meter value of 2.x."""
    rows = [
        ("Energy.Active.Import.Register", late.energy_wh, "Wh"),
        ("Energy.Active.Export.Register", late.given_wh, "Wh"),
        ("Power.Active.Import", max(0.0, late.power_w), "W"),
        ("Power.Active.Export", max(0.0, -late.power_w), "W"),
    ]
    sampled = [
        {
            "value": round(value, 1),
            "measurand": name,
            "context": context,
            "unitOfMeasure": {"unit": unit},
        }
        for name, value, unit in rows
        if value or "Import" in name
    ]
    return {"timestamp": time_text(late.time_ns), "sampledValue": sampled}


def _event(version: Version, late: Late) -> Payload:
    kinds = {"started": "Started", "updated": "Updated", "ended": "Ended"}
    contexts = {"started": "Transaction.Begin", "ended": "Transaction.End"}
    info: dict[str, Any] = {"transactionId": late.charge}
    if late.state:
        info["chargingState"] = late.state
    if late.reason:
        info["stoppedReason"] = late.reason
    if late.remote_start is not None:
        info["remoteStartId"] = late.remote_start
    if version == "2.1" and late.power_w < 0.0:
        info["operationMode"] = "CentralSetpoint"
    event: dict[str, Any] = {
        "eventType": kinds[late.kind],
        "timestamp": time_text(late.time_ns),
        "triggerReason": late.trigger,
        "seqNo": late.sequence,
        "transactionInfo": info,
        "evse": {"id": EVSE, "connectorId": CONNECTOR},
        "meterValue": [meter_2(late, contexts.get(late.kind, "Sample.Periodic"))],
    }
    if late.is_offline:
        event["offline"] = True
    if late.token:
        kind = "Central" if late.remote_start is not None else "ISO14443"
        event["idToken"] = {"idToken": late.token, "type": kind}
    return event


def composite(
    version: Version,
    rows: list[tuple[int, Grant]],
    scene: Scene,
    time_ns: int,
    *,
    duration_s: int,
    unit: Unit,
) -> Payload:
    """A composite schedule as GetCompositeSchedule answers it."""
    periods = [_period(start_s, grant, scene, version, unit) for start_s, grant in rows]
    schedule: dict[str, Any] = {
        "duration": duration_s,
        "chargingRateUnit": unit,
        "chargingSchedulePeriod": periods,
    }
    if version == "1.6":
        return {
            "status": "Accepted",
            "connectorId": CONNECTOR,
            "scheduleStart": time_text(time_ns),
            "chargingSchedule": schedule | {"startSchedule": time_text(time_ns)},
        }
    whole = schedule | {"evseId": EVSE, "scheduleStart": time_text(time_ns)}
    return {"status": "Accepted", "schedule": whole}


def _period(
    start_s: int, grant: Grant, scene: Scene, version: Version, unit: Unit
) -> dict[str, Any]:
    phases = min(grant.phases, scene.phases)
    per_unit = PHASE_V * phases if unit == "A" else 1.0
    value = round(grant.power_w / per_unit, 1)
    period: dict[str, Any] = {"startPeriod": start_s, "numberPhases": phases}
    if value < 0.0 and version == "2.1":
        mode = {"operationMode": "CentralSetpoint", "setpoint": value, "dischargeLimit": value}
        return period | mode
    return period | {"limit": max(0.0, value)}
