"""`vettura energy show`, `goal`, `mode`: the energy of a running house, from the command line."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, TypeAlias, TypeVar

from cyclopts import Parameter

from vettura.bus import subjects
from vettura.bus.ask import ask
from vettura.bus.interface import Bucket
from vettura.bus.messages import Answer, ClockState, decode
from vettura.bus.messages_energy import (
    EnergyPlan,
    EnergyVerb,
    EnergyWish,
    GoalState,
    ModeState,
    Prices,
    Saved,
    SetGoal,
    SetMode,
)
from vettura.bus.nats import NatsBus
from vettura.cli.house_bus import house_bus
from vettura.cli.output import Row, note, print_json, print_table
from vettura.clock import WallClock
from vettura.errors import NoResponderError, RefusedError, UsageError
from vettura.units import NS_PER_S, PERCENT, WH_PER_KWH

WHO = "cli"
STARTS_W = 100.0
M = TypeVar("M")
_Make: TypeAlias = "Callable[[_There], Awaitable[EnergyVerb]]"


@Parameter(name="*")
class House(NamedTuple):
    """Which house, and how to print."""

    nats: str = ""
    """URL of the house's bus; the one that runs in `data` when left out."""
    data: Path = Path(".vettura")
    """Folder that the house keeps its things in."""
    json: Annotated[bool, Parameter(negative="")] = False
    """Print JSON objects, one a line."""


def show(*, house: House | None = None) -> None:
    """Print what a house means to charge, when, why, and what planning has saved."""
    house = house or House()
    rows = asyncio.run(_show(house))
    if house.json:
        print_json(rows)
        return
    print_table("", {"what": "what", "value": "value", "why": "why"}, rows)


def goal(
    percent: Annotated[float | None, Parameter()] = None,
    *,
    by: str = "",
    floor: float | None = None,
    car: str = "",
    house: House | None = None,
) -> None:
    """Set what a car shall hold; without a number its people's days decide.

    Parameters
    ----------
    percent
        Displayed charge, 0 to 100; left out: as the next drives ask.
    by
        When: HH:MM for the next time it is that late, or a date and time; left out: before each
        departure. In this machine's time zone where it names none.
    floor
        Filled at once whatever it costs, 0 to 100; left out: as the home file says.
    car
        VIN; the only car that the house plans for when left out.
    """
    house = house or House()
    shares = [None if one is None else one / PERCENT for one in (percent, floor)]
    if any(share is not None and not 0.0 <= share <= 1.0 for share in shares):
        raise UsageError("a charge is a number from 0 to 100", hint="vettura energy goal 80")
    soc, floor_soc = shares

    async def wish(there: "_There") -> EnergyVerb:
        vin = _only("car", "--car", await there.names("goal"), car)
        by_ns = instant_ns(by, await there.now_ns()) if by else None
        return SetGoal(vin=vin, soc=soc, by_ns=by_ns, floor_soc=floor_soc)

    _tell(asyncio.run(_wish(house, wish)), "the goal is set")


def mode(
    how: Literal["plan", "sun", "now", "off"], *, station: str = "", house: House | None = None
) -> None:
    """Set how a station charges: by plan, from the sun alone, at once, or not at all.

    Parameters
    ----------
    how
        plan, sun, now or off.
    station
        Its id; the only station of the house when left out.
    """
    house = house or House()

    async def wish(there: "_There") -> EnergyVerb:
        name = _only("station", "--station", await there.names("mode"), station)
        return SetMode(station=name, mode=how)

    _tell(asyncio.run(_wish(house, wish)), f"it charges: {how}")


class _There:
    """A house that plans its energy, over its bus."""

    def __init__(self, bus: NatsBus, bucket: Bucket, home: str, keys: list[str]) -> None:
        self.bus = bus
        self.home = home
        self._bucket = bucket
        self._keys = keys

    async def names(self, what: str) -> list[str]:
        """The cars that have a goal, or the stations that have a mode."""
        begin = f"energy.{self.home}.{what}."
        return [key.removeprefix(begin) for key in self._keys if key.startswith(begin)]

    async def kept(self, subject: str, kind: type[M]) -> M | None:
        """What is kept there; None when nothing is."""
        entry = await self._bucket.get(subject)
        if entry is None or entry.value is None:
            return None
        return decode(entry.value, kind, where=subject)

    async def now_ns(self) -> int:
        """The house's own time."""
        bucket = await self.bus.bucket(subjects.HOUSE_BUCKET)
        entry = await bucket.get(f"{self.home}.clock")
        if entry is None or entry.value is None:
            return WallClock().now_ns()
        return decode(entry.value, ClockState, where="the house's clock").time_ns


async def _there(bus: NatsBus) -> _There:
    bucket = await bus.bucket(subjects.HOME_BUCKET)
    keys = await bucket.keys()
    homes = [key.split(".")[1] for key in keys if key.startswith("energy.") and ".plan" in key]
    if not homes:
        raise UsageError(
            "this house plans no energy", hint="add [energy] to its file: docs/energy.md"
        )
    return _There(bus, bucket, homes[0], keys)


async def _show(house: House) -> list[Row]:
    async with house_bus(house.nats, house.data) as bus:
        there = await _there(bus)
        now_ns = await there.now_ns()
        home = there.home
        rows: list[Row] = []
        plan = await there.kept(subjects.plan(home), EnergyPlan)
        prices = await there.kept(subjects.prices(home), Prices)
        saved = await there.kept(subjects.saved(home), Saved)
        if plan is not None:
            rows += _plan_rows(plan, now_ns)
        if prices is not None:
            rows += _price_rows(prices, now_ns)
        for vin in await there.names("goal"):
            told = await there.kept(subjects.goal(home, vin), GoalState)
            rows += [_goal_row(told)] if told is not None else []
        for station in await there.names("mode"):
            state = await there.kept(subjects.mode(home, station), ModeState)
            if state is not None:
                rows.append({"what": f"{station} charges", "value": state.mode, "why": state.text})
        if saved is not None:
            rows.append(_saved_row(saved))
        return rows


def _plan_rows(plan: EnergyPlan, now_ns: int) -> list[Row]:
    money = f"{plan.cost:.2f} {plan.currency}"
    rows: list[Row] = [{"what": f"plan by {plan.origin}", "value": money, "why": plan.note}]
    slot_ns = plan.slot_s * NS_PER_S
    for storage in plan.storages:
        for slot, (charge_w, give_w) in enumerate(
            zip(storage.charge_w, storage.discharge_w, strict=True)
        ):
            moves = charge_w > STARTS_W or give_w > STARTS_W
            if moves and plan.start_ns + (slot + 1) * slot_ns > now_ns:
                begin = _local(plan.start_ns + slot * slot_ns)
                power_w = charge_w if charge_w > STARTS_W else -give_w
                reason = storage.reasons[slot].text if slot < len(storage.reasons) else ""
                next_one = f"{begin}, {power_w / 1000:.1f} kW"
                rows.append({"what": f"next for {storage.id}", "value": next_one, "why": reason})
                break
    for missed in plan.shortfalls:
        text = f"{missed.missing_wh / WH_PER_KWH:.1f} kWh short by {_local(missed.by_ns)}"
        rows.append({"what": missed.goal, "value": text, "why": ""})
    return rows


def _price_rows(prices: Prices, now_ns: int) -> list[Row]:
    slot = (now_ns - prices.start_ns) // (prices.slot_s * NS_PER_S)
    if not 0 <= slot < len(prices.import_per_wh):
        return [{"what": "price", "value": "unknown now", "why": prices.note}]
    value = f"{prices.import_per_wh[slot] * WH_PER_KWH:.4f} {prices.currency}/kWh"
    return [{"what": "price", "value": value, "why": prices.source}]


def _goal_row(told: GoalState) -> Row:
    value = f"{PERCENT * told.soc:.0f} % by {_local(told.by_ns)}"
    return {"what": f"goal of {told.vin}", "value": value, "why": told.text}


def _saved_row(saved: Saved) -> Row:
    spent = f"{saved.cost:.2f} {saved.currency} for {saved.energy_wh / WH_PER_KWH:.1f} kWh"
    less = f"{saved.plugged_cost - saved.cost:.2f} less than at once, in {saved.charges} charges"
    return {"what": "charging cost", "value": spent, "why": less}


async def _wish(house: House, wish: _Make) -> Answer:
    async with house_bus(house.nats, house.data) as bus:
        there = await _there(bus)
        pace = WallClock()
        asked = EnergyWish(id=pace.new_id(WHO), verb=await wish(there), who=WHO, role="owner")
        subject = subjects.energy_do(there.home)
        try:
            return await ask(bus, pace, subject, asked)
        except NoResponderError:
            raise RefusedError(
                "nobody plans energy in this house now", hint="wait a moment, or start it"
            ) from None


def _tell(answer: Answer, done: str) -> None:
    if not answer.ok:
        raise RefusedError(answer.reason)
    remark = (answer.response or {}).get("text")
    note(f"{done}; {remark}" if remark else done)


def _only(what: str, option: str, known: list[str], wanted: str) -> str:
    """That one when it is there; the only one when none is named."""
    listed = ", ".join(known) or "none yet"
    if wanted and wanted not in known:
        raise UsageError(f"this house has no {what} {wanted}", hint=f"it has {listed}")
    if not wanted and len(known) != 1:
        raise UsageError(f"this house has {len(known)} of them", hint=f"choose {option}: {listed}")
    return wanted or known[0]


def instant_ns(text: str, now_ns: int) -> int:
    """The instant that people mean [ns since the epoch]; the next one where they name no day."""
    now = datetime.fromtimestamp(now_ns / NS_PER_S, UTC).astimezone()
    try:
        if len(text) <= len("HH:MM"):
            at = datetime.strptime(text, "%H:%M").replace(tzinfo=UTC).time()
            moment = datetime.combine(now.date(), at, tzinfo=now.tzinfo)
            moment = moment if moment > now else moment + timedelta(days=1)
        else:
            moment = datetime.fromisoformat(text)
            moment = moment if moment.tzinfo else moment.astimezone()
    except ValueError:
        raise UsageError(
            f"'{text}' is no time", hint="give HH:MM, or a date such as 2026-03-03T07:00"
        ) from None
    return round(moment.timestamp()) * NS_PER_S


def _local(time_ns: int) -> str:
    moment = datetime.fromtimestamp(time_ns / NS_PER_S, UTC).astimezone()
    return f"{moment:%a %H:%M}"
