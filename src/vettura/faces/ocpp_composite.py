"""What a wallbox may give at an instant, from all charging profiles it was sent. Pure.

Facts: OCPP 1.6, 3.13, and 2.0.1 part 2, K01 and 3.2: of each purpose the highest stack level that
has a period then decides; a profile of the transaction stands before the default; what limits the
whole station, or comes from outside, limits that again. Where a profile is over the next decides.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, final

from vettura.faces.ocpp_times import read_time_ns
from vettura.faces.ocpp_wire import AnswerError, Payload, Version
from vettura.units import NS_PER_S, PHASE_V

TX, DEFAULT = "TxProfile", "TxDefaultProfile"
STATION: Final = frozenset(
    {"ChargePointMaxProfile", "ChargingStationMaxProfile", "ChargingStationExternalConstraints"}
)
RECURS_S: Final = {"Daily": 86_400, "Weekly": 604_800}
PROFILES_MAX: Final = 40
"""So many profiles are held; `ChargeProfileEntries.maxLimit` and `MaxChargingProfilesInstalled`."""
STACK_MAX: Final = 100
PERIODS_MAX: Final = 1024
PHASES: Final = 3
NEVER_NS: Final = 2**63 - 1


class Period(NamedTuple):
    """A stretch of a profile."""

    start_s: int
    limit: float
    """W, or A on each phase."""
    phases: int
    setpoint: float | None = None
    """What shall flow, negative out of the car; None: up to the limit."""
    is_amperes: bool = False

    def watts(self, value: float, phases: int) -> float:
        """A value of this stretch at a station of so many phases [W]."""
        return value * PHASE_V * min(self.phases, phases) if self.is_amperes else value


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One charging profile as it was sent."""

    id: int
    connector: int
    """0: of the whole station."""
    stack: int
    purpose: str
    kind: str
    recurs_s: int = 0
    """0: it does not recur."""
    since_ns: int = 0
    until_ns: int = NEVER_NS
    transaction: str = ""
    start_ns: int | None = None
    """None: it begins with the charge."""
    duration_s: int | None = None
    periods: tuple[Period, ...]
    told: Payload
    """As it was sent, for who asks for it."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The station that the profiles speak of."""

    power_w_max: float
    phases: int
    transaction: str = ""
    """The charge that runs; empty for none."""
    begun_ns: int | None = None
    """When it has begun."""


class Grant(NamedTuple):
    """What may flow."""

    power_w: float
    """At most; negative: so much shall come out of the car."""
    phases: int


def grant_at(profiles: Iterable[Profile], scene: Scene, time_ns: int) -> Grant:
    """What the station may give at that instant."""
    live = [
        (profile, period) for profile in profiles if (period := _period(profile, scene, time_ns))
    ]
    charge = _highest(live, TX) or _highest(live, DEFAULT)
    power_w, phases = scene.power_w_max, scene.phases
    if charge is not None:
        power_w = min(power_w, charge.watts(charge.limit, scene.phases))
        phases = min(phases, charge.phases)
        if charge.setpoint is not None:
            power_w = min(power_w, charge.watts(charge.setpoint, scene.phases))
    for purpose in STATION:
        whole = _highest(live, purpose)
        if whole is not None:
            power_w = min(power_w, whole.watts(whole.limit, scene.phases))
            phases = min(phases, whole.phases)
    return Grant(max(-scene.power_w_max, power_w), phases)


def next_change_ns(profiles: Iterable[Profile], scene: Scene, time_ns: int) -> int:
    """The first instant after that one at which something else may hold; `NEVER_NS` for none."""
    later = (
        moment
        for profile in profiles
        for moment in _moments(profile, scene, time_ns)
        if moment > time_ns
    )
    return min(later, default=NEVER_NS)


def course(
    profiles: Iterable[Profile], scene: Scene, time_ns: int, *, duration_s: int
) -> list[tuple[int, Grant]]:
    """The composite schedule: what holds from which second on."""
    held = list(profiles)
    end_ns = time_ns + duration_s * NS_PER_S
    found: list[tuple[int, Grant]] = []
    moment = time_ns
    while moment < end_ns and len(found) < PERIODS_MAX:
        grant = grant_at(held, scene, moment)
        if not found or found[-1][1] != grant:
            found.append(((moment - time_ns) // NS_PER_S, grant))
        moment = next_change_ns(held, scene, moment)
    return found


def _highest(live: list[tuple[Profile, Period]], purpose: str) -> Period | None:
    ranked = [
        # A connector's own profile stands before one for all connectors of the same level.
        (profile.stack, profile.connector > 0, index)
        for index, (profile, _) in enumerate(live)
        if profile.purpose == purpose
    ]
    return live[max(ranked)[2]][1] if ranked else None


def _period(profile: Profile, scene: Scene, time_ns: int) -> Period | None:
    if not profile.since_ns <= time_ns < profile.until_ns or not _is_meant(profile, scene):
        return None
    start_ns = _start_ns(profile, scene, time_ns)
    if start_ns is None or time_ns < start_ns:
        return None
    seconds = (time_ns - start_ns) // NS_PER_S
    if profile.duration_s is not None and seconds >= profile.duration_s:
        return None
    return next((one for one in reversed(profile.periods) if one.start_s <= seconds), None)


def _is_meant(profile: Profile, scene: Scene) -> bool:
    if profile.purpose == TX:
        is_this = profile.transaction in {"", scene.transaction}
        return bool(scene.transaction) and is_this
    return True


def _start_ns(profile: Profile, scene: Scene, time_ns: int) -> int | None:
    """Where its schedule begins to count; None while it does not."""
    if profile.kind == "Relative" or profile.start_ns is None:
        return scene.begun_ns
    if not profile.recurs_s:
        return profile.start_ns
    recurs_ns = profile.recurs_s * NS_PER_S
    return profile.start_ns + max(0, (time_ns - profile.start_ns) // recurs_ns) * recurs_ns


def _moments(profile: Profile, scene: Scene, time_ns: int) -> Iterator[int]:
    yield profile.since_ns
    yield profile.until_ns
    start_ns = _start_ns(profile, scene, time_ns)
    if start_ns is None:
        return
    yield start_ns
    if profile.recurs_s:
        yield start_ns + profile.recurs_s * NS_PER_S
    if profile.duration_s is not None:
        yield start_ns + profile.duration_s * NS_PER_S
    for period in profile.periods:
        yield start_ns + period.start_s * NS_PER_S


def read_profile(payload: Payload, version: Version) -> Profile:
    """The profile in a SetChargingProfile, or AnswerError; the payload fits its schema."""
    if version == "1.6":
        told, connector = payload["csChargingProfiles"], payload["connectorId"]
        own_id, schedule = told["chargingProfileId"], told["chargingSchedule"]
    else:
        told, connector = payload["chargingProfile"], payload["evseId"]
        own_id, schedule = told["id"], told["chargingSchedule"][0]
    kind = told["chargingProfileKind"]
    recurs_s = RECURS_S.get(told.get("recurrencyKind", ""), 0) if kind == "Recurring" else 0
    start_ns = read_time_ns(schedule.get("startSchedule"))
    if kind == "Recurring" and (not recurs_s or start_ns is None):
        raise AnswerError("value", "a recurring profile has recurrencyKind and startSchedule")
    duration_s = schedule.get("duration")
    if recurs_s:
        duration_s = min(recurs_s, duration_s or recurs_s)
    return Profile(
        id=own_id,
        connector=connector,
        stack=told["stackLevel"],
        purpose=told["chargingProfilePurpose"],
        kind=kind,
        recurs_s=recurs_s,
        since_ns=read_time_ns(told.get("validFrom")) or 0,
        until_ns=read_time_ns(told.get("validTo")) or NEVER_NS,
        transaction=str(told.get("transactionId", "")),
        start_ns=None if kind == "Relative" else start_ns,
        duration_s=duration_s,
        periods=_read_periods(schedule),
        told=told,
    )


def _read_periods(schedule: dict[str, Any]) -> tuple[Period, ...]:
    rows = schedule["chargingSchedulePeriod"]
    if not 0 < len(rows) <= PERIODS_MAX:
        raise AnswerError("count", f"chargingSchedulePeriod: 1 to {PERIODS_MAX} periods")
    is_amperes = schedule["chargingRateUnit"] == "A"
    periods = [_read_period(row, is_amperes) for row in rows]
    starts = [period.start_s for period in periods]
    if starts[0] != 0 or starts != sorted(set(starts)):
        raise AnswerError("value", "chargingSchedulePeriod: periods begin at 0 and go on in order")
    return tuple(periods)


def _read_period(row: dict[str, Any], is_amperes: bool) -> Period:
    phases = row.get("numberPhases") or PHASES
    limit = row.get("limit", math.inf)
    setpoint = row.get("setpoint") if row.get("operationMode") == "CentralSetpoint" else None
    if setpoint is not None:
        floor = row.get("dischargeLimit", setpoint)
        setpoint = max(setpoint, floor)
    if row.get("operationMode") == "Idle":
        limit = 0.0
    if not isinstance(limit, int | float) or limit < 0 or not 1 <= phases <= PHASES:
        raise AnswerError("value", "chargingSchedulePeriod: a limit below 0, or not 1 to 3 phases")
    return Period(row["startPeriod"], limit, phases, setpoint, is_amperes)


def with_profile(profiles: list[Profile], new: Profile) -> list[Profile]:
    """The profiles with that one: it takes the place of what has its id, or its purpose, level and
    connector (1.6, 5.16.4; 2.0.1, K01.FR.05 and 06)."""
    if len(profiles) >= PROFILES_MAX and all(one.id != new.id for one in profiles):
        raise AnswerError("value", f"{PROFILES_MAX} profiles are held already")
    place = (new.purpose, new.stack, new.connector, new.transaction)
    kept = [
        one
        for one in profiles
        if one.id != new.id and (one.purpose, one.stack, one.connector, one.transaction) != place
    ]
    return [*kept, new]


def without(
    profiles: list[Profile],
    *,
    own_id: int | None = None,
    connector: int | None = None,
    purpose: str | None = None,
    stack: int | None = None,
) -> list[Profile]:
    """The profiles but for those that fit all that is said; all fit where nothing is."""
    wanted = (own_id, connector, purpose, stack)
    if own_id is not None:
        return [one for one in profiles if one.id != own_id]
    return [
        one
        for one in profiles
        if not all(
            want is None or want == has
            for want, has in zip(wanted[1:], (one.connector, one.purpose, one.stack), strict=True)
        )
    ]
