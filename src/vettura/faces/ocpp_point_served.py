"""What a central system may ask of a virtual wallbox, and what it is answered."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol, TypeAlias

from vettura.faces.ocpp_composite import (
    DEFAULT,
    PROFILES_MAX,
    STATION,
    TX,
    Profile,
    Scene,
    course,
    read_profile,
    with_profile,
    without,
)
from vettura.faces.ocpp_facts import Asked
from vettura.faces.ocpp_point_settings import Settings
from vettura.faces.ocpp_point_words import CONNECTOR, composite
from vettura.faces.ocpp_profiles import Unit
from vettura.faces.ocpp_times import time_text
from vettura.faces.ocpp_wire import AnswerError, Payload, Version

COURSE_S_MAX: Final = 7 * 86_400


class Point(Protocol):
    """The wallbox as it is asked."""

    version: Version
    settings: Settings
    profiles: list[Profile]
    unit: Unit

    @property
    def obeys(self) -> bool:
        """Whether charging profiles are obeyed: not where the house shares its fuse by itself."""
        ...

    def now_ns(self) -> int:
        """The home's time."""
        ...

    def scene(self) -> Scene:
        """What the profiles speak of."""
        ...

    def changed(self) -> None:
        """Something is to be looked at."""
        ...

    def transaction(self) -> str:
        """What the central system calls the charge that runs; empty for none."""
        ...

    def start(self, token: str, remote_start: int | None) -> bool:
        """Begin a charge; whether that can be."""
        ...

    def stop(self) -> None:
        """End the charge."""
        ...

    def reset(self, *, is_hard: bool) -> None:
        """Start anew, once this is answered."""
        ...

    def trigger(self, message: str) -> bool:
        """Tell something now; False for what is not known."""
        ...

    def operate(self, *, is_on: bool) -> None:
        """Be in service or not."""
        ...

    def say(self, *asked: Asked) -> None:
        """Say that later."""
        ...


Handler: TypeAlias = Callable[[Point, Payload], Awaitable[Payload]]


def _profile_in(point: Point, payload: Payload) -> Profile:
    profile = read_profile(payload, point.version)
    if profile.connector not in {0, CONNECTOR}:
        raise AnswerError("value", f"connector {profile.connector} is not here")
    return profile


async def _set_profile(point: Point, payload: Payload) -> Payload:
    profile = _profile_in(point, payload)
    is_known = profile.purpose in {TX, DEFAULT, *STATION} and profile.kind != "Dynamic"
    if not point.obeys or not is_known:
        return {"status": "Rejected"}
    own_id = point.transaction()
    if profile.purpose == TX and not (own_id and profile.transaction in {"", own_id}):
        return {"status": "Rejected"}
    point.profiles = with_profile(point.profiles, profile)
    point.changed()
    return {"status": "Accepted"}


async def _clear_profile(point: Point, payload: Payload) -> Payload:
    if point.version == "1.6":
        kept = without(
            point.profiles,
            own_id=payload.get("id"),
            connector=payload.get("connectorId"),
            purpose=payload.get("chargingProfilePurpose"),
            stack=payload.get("stackLevel"),
        )
    else:
        fits = payload.get("chargingProfileCriteria", {})
        kept = without(
            point.profiles,
            own_id=payload.get("chargingProfileId"),
            connector=fits.get("evseId"),
            purpose=fits.get("chargingProfilePurpose"),
            stack=fits.get("stackLevel"),
        )
    is_changed = len(kept) != len(point.profiles)
    point.profiles = kept
    point.changed()
    return {"status": "Accepted" if is_changed else "Unknown"}


async def _composite(point: Point, payload: Payload) -> Payload:
    duration_s = min(max(1, int(payload["duration"])), COURSE_S_MAX)
    now_ns, scene = point.now_ns(), point.scene()
    unit: Unit = payload.get("chargingRateUnit", point.unit)
    rows = course(point.profiles, scene, now_ns, duration_s=duration_s)
    return composite(point.version, rows, scene, now_ns, duration_s=duration_s, unit=unit)


async def _get_profiles(point: Point, payload: Payload) -> Payload:
    fits = payload.get("chargingProfile", {})
    ids = fits.get("chargingProfileId")
    found = [
        one
        for one in point.profiles[:PROFILES_MAX]
        if (not ids or one.id in ids)
        and fits.get("chargingProfilePurpose", one.purpose) == one.purpose
        and fits.get("stackLevel", one.stack) == one.stack
        and payload.get("evseId", one.connector) == one.connector
    ]
    for index, one in enumerate(found):
        told: dict[str, Any] = {
            "requestId": payload["requestId"],
            "chargingLimitSource": "CSO",
            "evseId": one.connector,
            "chargingProfile": [one.told],
            "tbc": index + 1 < len(found),
        }
        point.say(("ReportChargingProfiles", told))
    return {"status": "Accepted" if found else "NoProfiles"}


async def _remote_start(point: Point, payload: Payload) -> Payload:
    token = payload["idTag"] if point.version == "1.6" else payload["idToken"]["idToken"]
    is_begun = point.start(str(token), payload.get("remoteStartId"))
    profile = payload.get("chargingProfile")
    if is_begun and profile is not None and point.obeys:
        name = "csChargingProfiles" if point.version == "1.6" else "chargingProfile"
        place = "connectorId" if point.version == "1.6" else "evseId"
        held = read_profile({name: profile, place: CONNECTOR}, point.version)
        point.profiles = with_profile(point.profiles, held)
        point.changed()
    return {"status": "Accepted" if is_begun else "Rejected"}


async def _remote_stop(point: Point, payload: Payload) -> Payload:
    if str(payload["transactionId"]) != point.transaction() or not point.transaction():
        return {"status": "Rejected"}
    point.stop()
    return {"status": "Accepted"}


async def _reset(point: Point, payload: Payload) -> Payload:
    point.reset(is_hard=payload["type"] in {"Hard", "Immediate"})
    return {"status": "Accepted"}


async def _trigger(point: Point, payload: Payload) -> Payload:
    known = point.trigger(str(payload["requestedMessage"]))
    return {"status": "Accepted" if known else "NotImplemented"}


async def _availability(point: Point, payload: Payload) -> Payload:
    word = payload.get("type", payload.get("operationalStatus"))
    point.operate(is_on=word == "Operative")
    return {"status": "Scheduled" if point.transaction() else "Accepted"}


async def _unlock(point: Point, _: Payload) -> Payload:
    point.stop()
    return {"status": "Unlocked"}


async def _get_configuration(point: Point, payload: Payload) -> Payload:
    return point.settings.read_keys(payload)


async def _change_configuration(point: Point, payload: Payload) -> Payload:
    status = point.settings.change(payload["key"], payload["value"])
    point.changed()
    return {"status": status}


async def _get_variables(point: Point, payload: Payload) -> Payload:
    return point.settings.read_variables(payload)


async def _set_variables(point: Point, payload: Payload) -> Payload:
    answer = point.settings.set_variables(payload)
    point.changed()
    return answer


async def _base_report(point: Point, payload: Payload) -> Payload:
    if payload["reportBase"] == "SummaryInventory":
        return {"status": "NotSupported"}
    told: Payload = {
        "requestId": payload["requestId"],
        "seqNo": 0,
        "generatedAt": time_text(point.now_ns()),
        "reportData": point.settings.report(),
    }
    point.say(("NotifyReport", told))
    return {"status": "Accepted"}


async def _transaction_status(point: Point, payload: Payload) -> Payload:
    wanted = payload.get("transactionId")
    told: Payload = {"messagesInQueue": False}
    if wanted is not None:
        told["ongoingIndicator"] = wanted == point.transaction()
    return told


async def _transfer(_: Point, __: Payload) -> Payload:
    return {"status": "UnknownVendorId"}


async def _no_log(_: Point, payload: Payload) -> Payload:
    """There is no log to send: 1.6 says so by naming no file."""
    return {} if "location" in payload else {"status": "Rejected"}


async def _list_version(point: Point, _: Payload) -> Payload:
    """-1: no list of cards is kept (1.6, 5.10); 0 in 2.x."""
    return {"listVersion": -1} if point.version == "1.6" else {"versionNumber": 0}


async def _clear_cache(_: Point, __: Payload) -> Payload:
    return {"status": "Rejected"}


_BOTH: Final[dict[str, Handler]] = {
    "SetChargingProfile": _set_profile,
    "ClearChargingProfile": _clear_profile,
    "GetCompositeSchedule": _composite,
    "Reset": _reset,
    "TriggerMessage": _trigger,
    "ChangeAvailability": _availability,
    "UnlockConnector": _unlock,
    "DataTransfer": _transfer,
    "ClearCache": _clear_cache,
    "GetLocalListVersion": _list_version,
}
SERVED_16: Final[dict[str, Handler]] = _BOTH | {
    "RemoteStartTransaction": _remote_start,
    "RemoteStopTransaction": _remote_stop,
    "GetConfiguration": _get_configuration,
    "ChangeConfiguration": _change_configuration,
    "GetDiagnostics": _no_log,
}
SERVED_2: Final[dict[str, Handler]] = _BOTH | {
    "RequestStartTransaction": _remote_start,
    "RequestStopTransaction": _remote_stop,
    "GetVariables": _get_variables,
    "SetVariables": _set_variables,
    "GetBaseReport": _base_report,
    "GetChargingProfiles": _get_profiles,
    "GetTransactionStatus": _transaction_status,
    "GetLog": _no_log,
}
SENT_16: Final = frozenset(
    {
        "BootNotification",
        "Heartbeat",
        "Authorize",
        "StatusNotification",
        "StartTransaction",
        "StopTransaction",
        "MeterValues",
    }
)
SENT_2: Final = frozenset(
    {
        "BootNotification",
        "Heartbeat",
        "Authorize",
        "StatusNotification",
        "TransactionEvent",
        "NotifyEVChargingNeeds",
        "NotifyReport",
        "ReportChargingProfiles",
    }
)


async def answered(point: Point, action: str, payload: Payload) -> Payload:
    """The answer to a call."""
    handler = (SERVED_16 if point.version == "1.6" else SERVED_2).get(action)
    if handler is None:
        raise AnswerError("not served", f"{action} is not served here")
    return await handler(point, payload)
