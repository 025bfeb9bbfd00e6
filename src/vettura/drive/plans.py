"""What a parked car does by itself at a time it was told: a warm cabin, a charge by timer. Pure."""

from msgspec.structs import replace

from vettura.bus.paths import TIMER
from vettura.car.charge import ac_power_limit_w, displayed_soc
from vettura.car.params import Params
from vettura.drive.body import aim, value_of
from vettura.drive.faults import blocked_because
from vettura.drive.living import (
    Living,
    ac_offer_w,
    net_energy_wh,
    time_of,
)
from vettura.units import NS_PER_S, PHASE_V, SECONDS_PER_HOUR

LEAD_S, LEAD_S_PER_K, LEAD_S_MAX = 240.0, 45.0, 2_400.0
"""How early the climate starts, by how far the cabin is from its target: air is closed in on with
a time constant of three minutes (`cabin.PULL_S`), seats and panels take longer."""
LINGERS_NS = 10 * 60 * NS_PER_S
"""How long the cabin is kept ready after the time it was wished for."""
MARGIN_S = 600.0
"""By how much a charge that shall end at a time is early."""
INACTIVE, START_TIME, END_TIME = "INACTIVE", "START_TIME", "END_TIME"


def prepared(car: Living) -> Living:
    """The car with its climate on when it must be, to be ready at the time it was told."""
    if not car.ready_at_ns:
        return car
    if car.time_ns >= car.ready_at_ns:
        return replace(car, ready_at_ns=0)
    early = car.time_ns < car.ready_at_ns - lead_s(car) * NS_PER_S
    if car.climate_on or early or blocked_because(car.faults, "climate"):
        return car
    return replace(car, climate_on=True, climate_until_ns=car.ready_at_ns + LINGERS_NS)


def charge_is_due(params: Params, car: Living) -> bool:
    """Whether a timer says that the charge begins now."""
    start_ns = charge_start_ns(params, car)
    return start_ns is not None and car.time_ns >= start_ns


def timer_off(car: Living) -> Living:
    """The timer is for one charge, begun or not needed."""
    return replace(car, body=aim(car.body, TIMER + "Mode", INACTIVE))


def lead_s(car: Living) -> float:
    """How long before it shall be ready the cabin's climate must start [s]."""
    gap_k = abs(car.state.cabin_degc - car.cabin_target_degc)
    return min(LEAD_S + LEAD_S_PER_K * gap_k, LEAD_S_MAX)


def charge_waits(params: Params, car: Living) -> bool:
    """Whether a timer holds a charge back that a cable could begin now."""
    start_ns = charge_start_ns(params, car)
    return start_ns is not None and car.time_ns < start_ns


def charge_start_ns(params: Params, car: Living) -> int | None:
    """When the charge timer lets the charge begin; None without a timer."""
    mode = value_of(car.body, TIMER + "Mode")
    time_ns = time_of(value_of(car.body, TIMER + "Time"))
    if mode == INACTIVE or time_ns is None:
        return None
    return time_ns if mode == START_TIME else time_ns - round(_needed_s(params, car) * NS_PER_S)


def _needed_s(params: Params, car: Living) -> float:
    """About how long a charge to the limit takes on the cable that is plugged [s]."""
    cable = car.cable
    if cable is None:
        offer_w, phases = PHASE_V, 1.0
    else:
        offer_w, phases = ac_offer_w(car, cable), float(cable.phases)
    if cable is not None and cable.dc:
        power_w = cable.power_w_max
    else:
        supply = params.supply
        wall_w = ac_power_limit_w(params, offered_w=offer_w, phases=phases)
        power_w = wall_w * supply.charger_efficiency - supply.charger_loss_w
    missing = max(car.charge_limit - displayed_soc(params, car.state.soc), 0.0)
    energy_wh = missing * net_energy_wh(params, car.state)
    return energy_wh / max(power_w, 1.0) * SECONDS_PER_HOUR + MARGIN_S
