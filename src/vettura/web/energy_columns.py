"""Plans, prices and forecasts as columns that are short to send: whole watts, prices per kWh."""

import math
from collections.abc import Sequence
from itertools import groupby

from vettura.bus.messages_energy import EnergyPlan, Forecast, Prices, Reason, StoragePlan
from vettura.errors import InputError
from vettura.units import NS_PER_S, SECONDS_PER_HOUR, WH_PER_KWH
from vettura.web.energy_state import (
    ForecastColumns,
    PlanBrief,
    PlanColumns,
    PriceColumns,
    StorageBrief,
    StorageColumns,
    Stretch,
)

SLOTS_MAX = 1_000
STORAGES_MAX = 32
LIST_MAX = 32
TEXT_MAX = 300
PRICE_DIGITS = 5
QUIET_W = 50
"""Less than this is no charging to speak of."""


def plan_columns(plan: EnergyPlan) -> PlanColumns:
    """The plan as the page draws it; InputError for lists that do not fit each other."""
    count = len(plan.import_w)
    columns = (plan.export_w, plan.load_w, plan.sun_w, plan.import_per_wh, plan.export_per_wh)
    _check("plan", plan.slot_s, count, *columns, plan.marginal_per_wh)
    return PlanColumns(
        time_ns=plan.time_ns,
        start_ns=plan.start_ns,
        slot_s=plan.slot_s,
        currency=plan.currency,
        origin=plan.origin,
        note=plan.note[:TEXT_MAX],
        cost=plan.cost,
        took_s=plan.took_s,
        import_w=_whole(plan.import_w),
        export_w=_whole(plan.export_w),
        load_w=_whole(plan.load_w),
        sun_w=_whole(plan.sun_w),
        import_per_kwh=_per_kwh(plan.import_per_wh),
        export_per_kwh=_per_kwh(plan.export_per_wh),
        marginal_per_kwh=_per_kwh(plan.marginal_per_wh),
        storages=[_storage(one, count) for one in plan.storages[:STORAGES_MAX]],
        shortfalls=plan.shortfalls[:LIST_MAX],
    )


def price_columns(prices: Prices) -> PriceColumns:
    """Prices as the page draws them."""
    count = len(prices.import_per_wh)
    optional = (prices.low_per_wh, prices.high_per_wh, prices.carbon_g_per_wh)
    told = [column for column in optional if column]
    _check("prices", prices.slot_s, count, prices.export_per_wh, *told)
    return PriceColumns(
        start_ns=prices.start_ns,
        slot_s=prices.slot_s,
        currency=prices.currency,
        import_per_kwh=_per_kwh(prices.import_per_wh),
        export_per_kwh=_per_kwh(prices.export_per_wh),
        low_per_kwh=_per_kwh(prices.low_per_wh),
        high_per_kwh=_per_kwh(prices.high_per_wh),
        carbon_g_per_kwh=[round(_finite(one) * WH_PER_KWH, 1) for one in prices.carbon_g_per_wh],
        known=max(0, min(prices.known, count)),
        source=prices.source[:TEXT_MAX],
        note=prices.note[:TEXT_MAX],
    )


def forecast_columns(forecast: Forecast) -> ForecastColumns:
    """A forecast as the page draws it."""
    count = len(forecast.middle_w)
    _check("forecast", forecast.slot_s, count, forecast.low_w, forecast.high_w)
    return ForecastColumns(
        start_ns=forecast.start_ns,
        slot_s=forecast.slot_s,
        low_w=_whole(forecast.low_w),
        middle_w=_whole(forecast.middle_w),
        high_w=_whole(forecast.high_w),
        source=forecast.source[:TEXT_MAX],
        note=forecast.note[:TEXT_MAX],
    )


def brief_of(plan: PlanColumns) -> PlanBrief:
    """The plan in short: when which storage takes or gives."""
    return PlanBrief(
        time_ns=plan.time_ns,
        end_ns=plan.start_ns + len(plan.import_w) * plan.slot_s * NS_PER_S,
        origin=plan.origin,
        note=plan.note,
        currency=plan.currency,
        cost=plan.cost,
        shortfalls=plan.shortfalls,
        storages=[
            StorageBrief(
                id=one.id,
                kind=one.kind,
                capacity_wh=one.capacity_wh,
                stretches=_stretches(one, plan.start_ns, plan.slot_s),
            )
            for one in plan.storages
        ],
    )


def _stretches(storage: StorageColumns, start_ns: int, slot_s: int) -> list[Stretch]:
    power_w = [a - b for a, b in zip(storage.charge_w, storage.discharge_w, strict=True)]
    found: list[Stretch] = []
    for sign, group in groupby(enumerate(power_w), key=lambda one: _sign(one[1])):
        slots = list(group)
        if sign == 0:
            continue
        found.append(
            Stretch(
                start_ns=start_ns + slots[0][0] * slot_s * NS_PER_S,
                end_ns=start_ns + (slots[-1][0] + 1) * slot_s * NS_PER_S,
                energy_wh=round(sum(watts for _, watts in slots) * slot_s / SECONDS_PER_HOUR),
            )
        )
    return found[:LIST_MAX]


def _sign(power_w: int) -> int:
    return 0 if abs(power_w) < QUIET_W else int(math.copysign(1, power_w))


def _storage(plan: StoragePlan, count: int) -> StorageColumns:
    where = f"plan of {plan.id[:60]}"
    _check(where, 1, count, plan.charge_w, plan.discharge_w, plan.is_here, plan.energy_wh[1:])
    texts: dict[Reason, int] = {}
    why = [texts.setdefault(_short(one), len(texts)) for one in plan.reasons[:count]]
    if len(why) < count:
        # A rule may say nothing of a slot.
        silent = texts.setdefault(Reason(code="", text=""), len(texts))
        why += [silent] * (count - len(why))
    return StorageColumns(
        id=plan.id,
        kind=plan.kind,
        capacity_wh=plan.capacity_wh,
        charge_w=_whole(plan.charge_w),
        discharge_w=_whole(plan.discharge_w),
        energy_wh=_whole(plan.energy_wh),
        is_here=plan.is_here,
        reasons=list(texts),
        why=why,
    )


def _short(reason: Reason) -> Reason:
    return Reason(code=reason.code[:TEXT_MAX], text=reason.text[:TEXT_MAX])


def _check(what: str, slot_s: int, count: int, *columns: Sequence[object]) -> None:
    if not 0 < count <= SLOTS_MAX or slot_s <= 0:
        raise InputError(f"{what}: has {count} slots of {slot_s} s; 1 to {SLOTS_MAX} can be shown")
    if any(len(column) != count for column in columns):
        raise InputError(f"{what}: its lists are not of one length, {count} slots")


def _whole(column: Sequence[float]) -> list[int]:
    return [round(_finite(value)) for value in column]


def _per_kwh(column: Sequence[float]) -> list[float]:
    return [round(_finite(value) * WH_PER_KWH, PRICE_DIGITS) for value in column]


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise InputError(f"a column holds {value}; only numbers can be shown")
    return value
