"""A home's energy in its people's words: the state that every entity reads from. Pure."""

from datetime import UTC, datetime
from typing import TypeAlias

from vettura.bus.messages import MeterValue
from vettura.bus.messages_energy import (
    EnergyPlan,
    GoalState,
    ModeState,
    Prices,
    Saved,
    SiteMeter,
)
from vettura.units import NS_PER_S, PERCENT, WH_PER_KWH
from vettura.words.slugs import slug_of

Word: TypeAlias = str | float | int | bool | None
State: TypeAlias = dict[str, Word]

STARTS_W = 100.0
"""A slot with more than this charges the car."""


def site_words(site: SiteMeter) -> State:
    """What flows, in watts, and the counters in kilowatt-hours."""
    soc = site.battery_soc
    return {
        "grid_power": round(site.grid_w),
        "house_power": round(site.load_w),
        "charging_power": round(site.stations_w),
        "solar_power": round(site.sun_w),
        "battery_power": round(site.battery_w),
        "battery_charge": None if soc is None else round(PERCENT * soc, 1),
        "grid_import_energy": _kwh(site.import_wh),
        "grid_export_energy": _kwh(site.export_wh),
        "solar_energy": _kwh(site.sun_wh),
    }


def price_words(prices: Prices, now_ns: int) -> State:
    """What energy costs now, per kilowatt-hour; None outside of what was told."""
    slot = (now_ns - prices.start_ns) // (prices.slot_s * NS_PER_S)
    is_told = 0 <= slot < min(len(prices.import_per_wh), len(prices.export_per_wh))
    return {
        "price": _per_kwh(prices.import_per_wh[slot]) if is_told else None,
        "export_price": _per_kwh(prices.export_per_wh[slot]) if is_told else None,
    }


def plan_words(plan: EnergyPlan, cars: dict[str, str], now_ns: int) -> State:
    """Who made the plan, what it costs, when each car charges next; `cars` are slugs by vin."""
    words: State = {
        "plan": plan.origin,
        "plan_note": plan.note[:255] or "all is well",
        "plan_cost": round(plan.cost, 2),
    }
    for storage in plan.storages:
        if storage.id in cars:
            begins = _next_charge_ns(plan, storage.charge_w, now_ns)
            words[f"{cars[storage.id]}_next_charge"] = None if begins is None else iso(begins)
    return words


def _next_charge_ns(plan: EnergyPlan, charge_w: list[float], now_ns: int) -> int | None:
    for slot, power_w in enumerate(charge_w):
        end_ns = plan.start_ns + (slot + 1) * plan.slot_s * NS_PER_S
        if power_w > STARTS_W and end_ns > now_ns:
            return max(end_ns - plan.slot_s * NS_PER_S, now_ns // NS_PER_S * NS_PER_S)
    return None


def goal_words(goal: GoalState, slug: str) -> State:
    """What is aimed at for a car."""
    return {
        f"{slug}_goal": round(PERCENT * goal.soc),
        f"{slug}_goal_by": iso(goal.by_ns),
        f"{slug}_goal_text": goal.text[:255],
        f"{slug}_goal_missed": not goal.is_possible,
    }


def mode_words(mode: ModeState) -> State:
    """How a station charges."""
    return {f"{slug_of(mode.station)}_mode": mode.mode}


def meter_words(station: str, meter: MeterValue) -> State:
    """What a station's meter shows."""
    slug = slug_of(station)
    return {f"{slug}_power": round(meter.power_w), f"{slug}_energy": _kwh(meter.energy_wh)}


def saved_words(saved: Saved) -> State:
    """What charging cost, and what planning saved of it."""
    return {
        "charging_cost": round(saved.cost, 2),
        "saved": round(saved.plugged_cost - saved.cost, 2),
        "charged_sun_energy": _kwh(saved.sun_wh),
    }


def iso(time_ns: int) -> str:
    """ISO 8601 in UTC, to the second."""
    return datetime.fromtimestamp(time_ns // NS_PER_S, UTC).isoformat()


def _kwh(energy_wh: float) -> float:
    return round(energy_wh / WH_PER_KWH, 3)


def _per_kwh(price_per_wh: float) -> float:
    return round(price_per_wh * WH_PER_KWH, 5)
