"""The addresses of the page's API that are about energy: plan, outlook, bills, wishes."""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Annotated, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException, ServiceUnavailableException
from litestar.params import FromQuery, RawBody
from msgspec import Meta

from vettura.bus import subjects
from vettura.bus.ask import ask
from vettura.bus.messages import decode
from vettura.bus.messages_energy import Bill, EnergyVerb, EnergyWish, Mode, SetGoal, SetMode
from vettura.errors import BusError, InputError
from vettura.units import NS_PER_S
from vettura.web.desk import WHO, Desk, Reply, replied, said_no
from vettura.web.energy_books import Month, by_month, month_of, read_once, written
from vettura.web.energy_state import Outlook, PlanColumns

T = TypeVar("T")
BILLS_READ = 10_000
"""More than ten years at two charges a day."""
BILLS_SHOWN = 200
UNKNOWN = "this home plans no energy: docs/energy.md says how to begin"
FRESH = {"cache-control": "no-store"}
Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Token = Annotated[str, Meta(max_length=255)]


class GoalWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `/api/energy/goal`. Without a `soc` the car's trips decide how much it needs."""

    vin: Token
    soc: Share | None = None
    by: Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")] | None = None
    """The next time that the home's clock shows this; null: before each departure."""
    floor_soc: Share | None = None
    """Filled at once whatever it costs; null: as before."""


class ModeWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `/api/energy/mode`."""

    station: Token
    mode: Mode


class Bills(msgspec.Struct, frozen=True, kw_only=True):
    """The newest charges that have ended, newest first, and every month's totals."""

    bills: list[Bill]
    months: list[Month]
    count: int
    """Of all bills, also those that are not in the list."""


@get(
    "/api/energy/plan",
    raises=[NotFoundException],
    summary="What the house means to do, slot by slot, and why",
)
async def energy_plan(desk: NamedDependency[Desk]) -> Response[PlanColumns]:
    """Return the last plan; 404 before the first."""
    plan = desk.live.energy.plan
    if plan is None:
        raise NotFoundException(
            "no plan has been made yet" if desk.live.energy.is_there else UNKNOWN
        )
    return Response(plan, headers=FRESH)


@get("/api/energy/outlook", summary="Prices and forecasts, with what is as good as certain")
async def energy_outlook(desk: NamedDependency[Desk]) -> Response[Outlook]:
    """Return them as last told; null or absent before."""
    return Response(desk.live.energy.outlook, headers=FRESH)


@get(
    "/api/energy/bills",
    raises=[ServiceUnavailableException],
    summary="Ended charges with their cost, and months",
)
async def energy_bills(desk: NamedDependency[Desk]) -> Response[Bills]:
    """Return up to 200 charges, newest first, and the totals of every month."""
    bills = await _read_bills(desk)
    shown = Bills(
        bills=bills[: -BILLS_SHOWN - 1 : -1],
        months=by_month(bills, _zone(desk)),
        count=len(bills),
    )
    return Response(shown, headers=FRESH)


@get(
    "/api/energy/bills.csv",
    media_type="text/csv",
    raises=[ServiceUnavailableException],
    summary="Ended charges as CSV (RFC 4180), all or those of one month",
)
async def energy_csv(desk: NamedDependency[Desk], month: FromQuery[str] = "") -> Response[str]:
    """Return every charge, oldest first; `?month=2026-03` leaves out what ended in others."""
    bills = await _read_bills(desk)
    zone = _zone(desk)
    chosen = [bill for bill in bills if month in {"", month_of(bill, zone)}]
    name = f"charges-{desk.page.home}" + (f"-{month}" if chosen and month else "")
    return Response(
        written(chosen, zone),
        media_type="text/csv; charset=utf-8; header=present",
        headers={**FRESH, "content-disposition": f'attachment; filename="{name}.csv"'},
    )


@post("/api/energy/goal", status_code=200, summary="Set what a car shall hold, and by when")
async def energy_goal(desk: NamedDependency[Desk], body: RawBody) -> Response[Reply]:
    """Take `{"vin": "...", "soc": 0.8, "by": "07:00", "floor_soc": 0.2}`; all but vin may lack.

    404: no such car. 409: refused, with the reason. 503: nobody could be reached.
    """
    try:
        wish = _read(body, GoalWish, "goal")
    except InputError as error:
        return said_no(400, error.message)
    if wish.vin not in {car.vin for car in desk.page.cars}:
        return said_no(404, f"no car with VIN {wish.vin[:40]} here")
    if wish.by is not None and wish.soc is None:
        return said_no(400, "goal: a time needs a soc; without one the car's trips decide")
    by_ns = None if wish.by is None else next_ns(wish.by, desk.live.now_ns(), _zone(desk))
    goal = SetGoal(vin=wish.vin, soc=wish.soc, by_ns=by_ns, floor_soc=wish.floor_soc)
    return await _asked(desk, goal)


@post("/api/energy/mode", status_code=200, summary="Set how a station charges")
async def energy_mode(desk: NamedDependency[Desk], body: RawBody) -> Response[Reply]:
    """Take `{"station": "wallbox", "mode": "sun"}`: plan, sun, now or off."""
    try:
        wish = _read(body, ModeWish, "mode")
    except InputError as error:
        return said_no(400, error.message)
    known = {*desk.page.stations, *desk.live.energy.shown().modes}
    if wish.station not in known:
        return said_no(404, f"no station {wish.station[:40]!r} here; there is {', '.join(known)}")
    return await _asked(desk, SetMode(station=wish.station, mode=wish.mode))


def next_ns(time_of_day: str, now_ns: int, zone: tzinfo) -> int:
    """The first instant after now at which clocks there show that time, hh:mm.

    A time that a night in spring leaves out comes as much later as clocks were put forward.
    """
    hour, minute = map(int, time_of_day.split(":"))
    today = datetime.fromtimestamp(now_ns // NS_PER_S, UTC).astimezone(zone).date()
    for days in range(3):
        day = today + timedelta(days=days)
        for fold in (0, 1):
            local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone, fold=fold)
            at_ns = int(local.timestamp()) * NS_PER_S
            if at_ns > now_ns:
                return at_ns
    raise AssertionError


async def _asked(desk: Desk, verb: EnergyVerb) -> Response[Reply]:
    if not desk.live.energy.is_there:
        return said_no(404, UNKNOWN)
    wish = EnergyWish(id=desk.pace.new_id(WHO), verb=verb, who=WHO, role="owner")
    subject = subjects.energy_do(desk.page.home)
    try:
        answer = await ask(desk.bus, desk.pace, subject, wish, patience_s=desk.patience_s)
    except (BusError, InputError) as error:
        return said_no(503, f"no answer: {error}")
    return replied(answer)


async def _read_bills(desk: Desk) -> list[Bill]:
    try:
        stream = await desk.bus.stream(
            subjects.ENERGY_STREAM,
            subjects.ENERGY_STREAM_SUBJECTS,
            max_age_s=subjects.ENERGY_STREAM_MAX_AGE_S,
        )
        stored = await stream.last(subjects.bill(desk.page.home), BILLS_READ)
    except BusError as error:
        raise ServiceUnavailableException(f"bills cannot be read: {error}") from None
    found: list[Bill] = []
    for one in stored:
        try:
            found.append(decode(one.data, Bill, where=one.subject))
        except InputError:
            continue
    return read_once(found)


def _read(body: bytes, kind: type[T], where: str) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{where}: {str(error) or 'not JSON'}") from None


def _zone(desk: Desk) -> tzinfo:
    try:
        return ZoneInfo(desk.page.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


ENERGY_HANDLERS = [
    energy_plan,
    energy_outlook,
    energy_bills,
    energy_csv,
    energy_goal,
    energy_mode,
]
