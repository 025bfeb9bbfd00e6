"""OCPP 1.6 as a central system hears and speaks it. Pure but for what the side stores.

Facts: Open Charge Alliance, OCPP 1.6 edition 2 (2017-09-28), and its security extension (2020).
"""

from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from vettura.faces.ocpp_facts import (
    AVAILABLE,
    CHARGING,
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
from vettura.faces.ocpp_meter import Reading, read_meter
from vettura.faces.ocpp_times import read_time_ns
from vettura.faces.ocpp_wire import AnswerError, Payload

Handler: TypeAlias = Callable[[Side, Payload], Awaitable[Payload]]
COUNTER_WH_MAX: Final = 1e12
STATUSES: Final = {
    "Available": AVAILABLE,
    "Reserved": AVAILABLE,
    "Preparing": OCCUPIED,
    "SuspendedEV": OCCUPIED,
    "SuspendedEVSE": OCCUPIED,
    "Finishing": OCCUPIED,
    "Charging": CHARGING,
    "Unavailable": UNAVAILABLE,
    "Faulted": FAULTED,
}


def text_of(payload: Payload, name: str) -> str:
    """A text of a payload, short; empty when it has none."""
    value = payload.get(name, "")
    return str(value)[:255] if isinstance(value, str | int | float) else ""


def whole_of(payload: Payload, name: str, otherwise: int = 0) -> int:
    """A whole number of a payload."""
    value = payload.get(name, otherwise)
    return int(value) if isinstance(value, int | float) and abs(value) < 2**53 else otherwise


async def _boot(side: Side, payload: Payload) -> Payload:
    side.booted(
        Boot(
            vendor=text_of(payload, "chargePointVendor"),
            model=text_of(payload, "chargePointModel"),
            serial=text_of(payload, "chargePointSerialNumber")
            or text_of(payload, "chargeBoxSerialNumber"),
            firmware=text_of(payload, "firmwareVersion"),
        )
    )
    return {"status": "Accepted", "currentTime": side.now_text(), "interval": side.interval_s}


async def _heartbeat(side: Side, _: Payload) -> Payload:
    return {"currentTime": side.now_text()}


async def _authorize(side: Side, payload: Payload) -> Payload:
    return {"idTagInfo": {"status": side.verdict(Token(id=text_of(payload, "idTag")))}}


async def _status(side: Side, payload: Payload) -> Payload:
    status = STATUSES.get(text_of(payload, "status"), OCCUPIED)
    code = text_of(payload, "errorCode")
    more = [text_of(payload, name) for name in ("info", "vendorErrorCode")]
    detail = "" if code == "NoError" else " ".join(filter(None, [code, *more]))
    side.turned(whole_of(payload, "connectorId"), status, detail)
    return {}


async def _meter(side: Side, payload: Payload) -> Payload:
    connector = whole_of(payload, "connectorId")
    number = payload.get("transactionId")
    transaction = str(number) if isinstance(number, int) and number > 0 else ""
    reading = read_meter(payload.get("meterValue"), energy_unit=side.energy_unit)
    side.metered(connector, reading, transaction)
    if transaction:
        event = Counted(
            connector=connector,
            transaction=transaction,
            sequence=None,
            kind="updated",
            time_ns=reading.time_ns,
            reading=reading,
        )
        await side.counted(event)
    return {}


def _counter_wh(payload: Payload, name: str) -> float:
    """A station's counter; `AnswerError` for one that no station could have reached."""
    counted = payload[name]
    if not -COUNTER_WH_MAX <= counted <= COUNTER_WH_MAX:
        raise AnswerError("value", f"{name} is no counter of a station")
    return float(counted)


async def _start(side: Side, payload: Payload) -> Payload:
    token = Token(id=text_of(payload, "idTag"))
    connector = whole_of(payload, "connectorId")
    meter_wh = _counter_wh(payload, "meterStart")
    event = Counted(
        connector=connector,
        transaction="",
        sequence=0,
        kind="started",
        time_ns=read_time_ns(payload["timestamp"]),
        reading=Reading(energy_wh=meter_wh),
        token=token,
    )
    began = f"{connector} {payload['timestamp']} {meter_wh:.0f} {token.id}"
    number = await side.started(event, began)
    return {"transactionId": number, "idTagInfo": {"status": side.verdict(token)}}


async def _stop(side: Side, payload: Payload) -> Payload:
    tag = payload.get("idTag")
    token = Token(id=str(tag)) if isinstance(tag, str) else None
    event = Counted(
        connector=0,
        transaction=str(whole_of(payload, "transactionId", -1)),
        sequence=None,
        kind="ended",
        time_ns=read_time_ns(payload["timestamp"]),
        reading=Reading(energy_wh=_counter_wh(payload, "meterStop")),
        token=token,
        reason=text_of(payload, "reason") or "Local",
    )
    await side.counted(event)
    return {} if token is None else {"idTagInfo": {"status": side.verdict(token)}}


async def _transfer(side: Side, payload: Payload) -> Payload:
    side.noted("data transfer", f"{text_of(payload, 'vendorId')} {text_of(payload, 'messageId')}")
    return {"status": "UnknownVendorId"}


def _note(about: str, *fields: str) -> Handler:
    """Of what is only told to people."""

    async def handle(side: Side, payload: Payload) -> Payload:
        side.noted(about, " ".join(filter(None, (text_of(payload, name) for name in fields))))
        return {}

    return handle


async def _sign(side: Side, _: Payload) -> Payload:
    side.noted("certificate", "the station asks for a certificate, which nobody here signs")
    return {"status": "Rejected"}


SERVED: Final[dict[str, Handler]] = {
    "BootNotification": _boot,
    "Heartbeat": _heartbeat,
    "Authorize": _authorize,
    "StatusNotification": _status,
    "MeterValues": _meter,
    "StartTransaction": _start,
    "StopTransaction": _stop,
    "DataTransfer": _transfer,
    "FirmwareStatusNotification": _note("firmware", "status"),
    "SignedFirmwareStatusNotification": _note("firmware", "status"),
    "DiagnosticsStatusNotification": _note("diagnostics", "status"),
    "LogStatusNotification": _note("diagnostics", "status"),
    "SecurityEventNotification": _note("security", "type", "techInfo"),
    "SignCertificate": _sign,
}
"""What a central system answers, by action."""


def _started(wish: Wish) -> Asked:
    return "RemoteStartTransaction", {"connectorId": wish.connector, "idTag": wish.token[:20]}


def _stopped(wish: Wish) -> Asked:
    return "RemoteStopTransaction", {"transactionId": int(wish.transaction)}


def _reset(wish: Wish) -> Asked:
    return "Reset", {"type": "Hard" if wish.data.get("hard") else "Soft"}


def _unlocked(wish: Wish) -> Asked:
    return "UnlockConnector", {"connectorId": wish.connector}


def _triggered(wish: Wish) -> Asked:
    message = str(wish.data.get("message", "StatusNotification"))
    asked: Payload = {"requestedMessage": message}
    if message in {"StatusNotification", "MeterValues"}:
        asked["connectorId"] = wish.connector
    return "TriggerMessage", asked


def _diagnosed(wish: Wish) -> Asked:
    asked: Payload = {"location": str(wish.data.get("location", ""))}
    for name, field in (("since", "startTime"), ("until", "stopTime")):
        if wish.data.get(name):
            asked[field] = str(wish.data[name])
    return "GetDiagnostics", asked


def _available(wish: Wish) -> Asked:
    kind = "Operative" if wish.data.get("on", True) else "Inoperative"
    return "ChangeAvailability", {"connectorId": wish.connector, "type": kind}


def _composed(wish: Wish) -> Asked:
    seconds = whole_of(dict(wish.data), "duration_s", 86_400)
    return "GetCompositeSchedule", {"connectorId": wish.connector, "duration": seconds}


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
    """Ask for settings by key."""
    return "GetConfiguration", {"key": names}


def settings_in(answer: Payload) -> dict[str, str]:
    """The settings that were told."""
    told = answer.get("configurationKey")
    rows = [row for row in told if isinstance(row, dict)] if isinstance(told, list) else []
    return {text_of(row, "key"): text_of(row, "value") for row in rows}


def change(name: str, value: str) -> Asked:
    """Change one setting."""
    return "ChangeConfiguration", {"key": name, "value": value}


def changed(answer: Payload) -> str:
    """How a change ended."""
    return text_of(answer, "status")


UNITS: Final = "ChargingScheduleAllowedChargingRateUnit"
"""The setting that says whether profiles are in A, W or both; its words are Current and Power."""


def settings_wanted(*, meter_s: int, heartbeat_s: int) -> dict[str, str]:
    """The settings that a station shall have, in this order."""
    return {
        "HeartbeatInterval": str(heartbeat_s),
        "MeterValueSampleInterval": str(meter_s),
        "MeterValuesSampledData": "Energy.Active.Import.Register,Power.Active.Import",
    }


SENT: Final = frozenset(
    {
        "RemoteStartTransaction",
        "RemoteStopTransaction",
        "Reset",
        "UnlockConnector",
        "TriggerMessage",
        "GetDiagnostics",
        "ChangeAvailability",
        "GetConfiguration",
        "ChangeConfiguration",
        "SetChargingProfile",
        "ClearChargingProfile",
        "GetCompositeSchedule",
    }
)
"""What a central system asks of a station."""
