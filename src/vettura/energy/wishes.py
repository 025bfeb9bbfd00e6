"""What people have asked for: goals of cars, modes of stations, each wish once. Pure."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import NamedTuple

from msgspec.structs import replace

from vettura.bus.messages_energy import EnergyWish, Mode, SetGoal, SetMode, Wished
from vettura.energy.config import CarGoalConfig
from vettura.energy.need import Wish
from vettura.life.household import WEEK
from vettura.life.limits import second_of_day
from vettura.life.local_time import local_date, local_ns

REMEMBERED = 64


class Obeyed(NamedTuple):
    """What becomes of a wish; `reason` says why not."""

    wished: Wished
    reason: str = ""


def obeyed(
    wished: Wished,
    wish: EnergyWish,
    *,
    cars: Collection[str],
    stations: Collection[str],
    now_ns: int,
) -> Obeyed:
    """What is wished from now on; a wish that cannot be taken changes nothing."""
    verb = wish.verb
    if isinstance(verb, SetMode):
        if verb.station not in stations:
            return Obeyed(wished, f"no station here is called '{verb.station[:32]}'")
        after = replace(wished, modes={**wished.modes, verb.station: verb.mode})
    else:
        if reason := _refused(verb, cars, now_ns):
            return Obeyed(wished, reason)
        after = replace(wished, goals={**wished.goals, verb.vin: verb})
    return Obeyed(replace(after, done=[*wished.done, wish.id][-REMEMBERED:]))


def _refused(goal: SetGoal, cars: Collection[str], now_ns: int) -> str:
    """Why that goal cannot be taken; empty when it can."""
    if goal.vin not in cars:
        return f"no car here has the vin '{goal.vin[:32]}'"
    if goal.by_ns is not None and goal.by_ns <= now_ns:
        return "that time is past"
    if goal.by_ns is not None and goal.soc is None:
        return "a time needs a charge to be reached by then"
    return ""


def expired(wished: Wished, now_ns: int) -> Wished:
    """Without the dated goals whose time is over; a floor that came with one stays."""
    goals: dict[str, SetGoal] = {}
    for vin, goal in wished.goals.items():
        if goal.by_ns is None or goal.by_ns > now_ns:
            goals[vin] = goal
        elif goal.floor_soc is not None:
            goals[vin] = SetGoal(vin=vin, floor_soc=goal.floor_soc)
    return wished if goals == wished.goals else replace(wished, goals=goals)


def wish_for(
    goal: SetGoal | None,
    config: CarGoalConfig,
    *,
    limit_soc: float,
    now_ns: int,
    timezone: str,
) -> Wish:
    """What is asked of a car: the owner's latest word before the file's, within its own limit."""
    floor = config.floor_soc if goal is None or goal.floor_soc is None else goal.floor_soc
    soc, by_ns = config.soc, _next_ns(config, now_ns, timezone)
    if goal is not None and goal.soc is not None:
        soc, by_ns = goal.soc, goal.by_ns
    return Wish(
        soc=None if soc is None else min(soc, limit_soc),
        by_ns=by_ns,
        floor_soc=min(floor, limit_soc),
        full_soc=limit_soc,
    )


def _next_ns(config: CarGoalConfig, now_ns: int, timezone: str) -> int | None:
    """When the file's goal is due next; None for one without a time."""
    if config.by is None or config.soc is None:
        return None
    day = local_date(now_ns, timezone)
    for ahead in range(8):
        date_ = day + timedelta(days=ahead)
        due_ns = local_ns(date_, second_of_day(config.by), timezone)
        if WEEK[date_.weekday()] in config.days and due_ns > now_ns:
            return due_ns
    return None


def mode_of(wished: Wished, station: str) -> Mode:
    """How a station charges; by plan unless somebody said otherwise."""
    modes: Mapping[str, Mode] = wished.modes
    return modes.get(station, "plan")
