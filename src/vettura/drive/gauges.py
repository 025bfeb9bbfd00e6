"""What the car remembers beside its step: warm parts, the 12 V battery, counters. Pure.

None of it feeds back into the step. Temperatures are first-order: a part leans towards where its
loss and its surroundings would leave it.
"""

import msgspec

from vettura.car.params import Params
from vettura.car.state import Flows
from vettura.units import SECONDS_PER_HOUR

LOW_CAPACITY_AH = 50
"""12 V battery: usual sizes are 45 to 60 Ah; no car file gives it."""
LOW_CHARGE_S = 3_600.0
"""Time constant of its charging at constant voltage."""
LOW_REST_V = 12.6
TOP_UP_BELOW, TOP_UP_TO = 0.70, 0.95
"""Asleep, the car wakes its DC/DC converter to charge it between these shares of charge."""
MOTOR_J_PER_K_W = 0.12
"""Heat of motors and inverters over their power: about 50 kg of copper and iron for 200 kW."""
COOLANT_J_PER_K = 35_000.0
"""Ten litres of water and glycol."""
JACKET_W_PER_K, STILL_JACKET_W_PER_K = 150.0, 8.0
"""From motor to coolant, with the pump running and without."""
RADIATOR_W_PER_K, RADIATOR_W_PER_K_MPS, SHUT_RADIATOR_W_PER_K = 25.0, 4.0, 6.0
RADIATOR_OPENS_DEGC = 35.0
"""Below it the valve leads the coolant past the radiator."""
BOX_S = 600.0
"""Time constant of converter and charger in their housings."""
DCDC_K_PER_W, CHARGER_K_PER_W, INLET_K = 0.25, 0.03, 30.0
"""Converter over coolant, charger over air by their loss; DC inlet over air at 500 A."""
DCDC_IDLE_W, DCDC_LOSS_SHARE = 12.0, 0.07
"""A 12 V converter's own need, and what it loses of what passes: 90 to 94 % efficient."""
INLET_A = 500.0


class Gauges(msgspec.Struct, frozen=True, kw_only=True):
    """Beside the step's own state."""

    motor_degc: float = 15.0
    coolant_degc: float = 15.0
    dcdc_degc: float = 15.0
    charger_degc: float = 15.0
    """Of the on-board charger, or of the DC inlet."""
    low_share: float = 0.95
    """Charge of the 12 V battery, 0 to 1."""
    low_is_fed: bool = False
    """Whether the DC/DC converter feeds it."""
    charged_c: float = 0.0
    consumed_c: float = 0.0
    """Through the traction battery, ever: from stations; and to everything else [coulomb]."""


def dcdc_loss_w(gauges: Gauges, flows: Flows) -> float:
    """Lost in the 12 V converter [W]; 0 while it sleeps."""
    if not gauges.low_is_fed:
        return 0.0
    return DCDC_IDLE_W + DCDC_LOSS_SHARE * flows.auxiliary_power_w


def low_current_a(gauges: Gauges, flows: Flows) -> float:
    """Into the 12 V battery [A]; negative while it feeds a sleeping car."""
    if gauges.low_is_fed:
        return LOW_CAPACITY_AH * (1.0 - gauges.low_share) * SECONDS_PER_HOUR / LOW_CHARGE_S
    return -flows.auxiliary_power_w / LOW_REST_V


def read(
    params: Params,
    before: Gauges,
    flows: Flows,
    *,
    ambient_degc: float,
    speed_mps: float,
    is_awake: bool,
    is_pump_broken: bool = False,
    dt_s: float,
) -> Gauges:
    """The gauges `dt_s` later, when these flows held meanwhile."""
    pumped = is_awake or flows.charge_power_w > 0.0
    jacket = JACKET_W_PER_K if pumped else STILL_JACKET_W_PER_K
    motor_degc = _leant(
        before.motor_degc,
        before.coolant_degc + max(flows.drive_loss_w, 0.0) / jacket,
        dt_s * jacket / (MOTOR_J_PER_K_W * params.drive.power_max_w),
    )
    radiator = SHUT_RADIATOR_W_PER_K
    if before.coolant_degc > RADIATOR_OPENS_DEGC and not is_pump_broken:
        radiator = RADIATOR_W_PER_K + RADIATOR_W_PER_K_MPS * speed_mps
    coolant_degc = _leant(
        before.coolant_degc,
        (jacket * motor_degc + radiator * ambient_degc) / (jacket + radiator),
        dt_s * (jacket + radiator) / COOLANT_J_PER_K,
    )
    moved_c = abs(flows.battery_current_a) * dt_s
    charging = flows.charge_power_w > 0.0
    consuming = flows.battery_current_a > 0.0
    return Gauges(
        motor_degc=motor_degc,
        coolant_degc=coolant_degc,
        dcdc_degc=_leant(
            before.dcdc_degc,
            coolant_degc + DCDC_K_PER_W * dcdc_loss_w(before, flows),
            dt_s / BOX_S,
        ),
        charger_degc=_leant(
            before.charger_degc, ambient_degc + _charger_rise_k(flows), dt_s / BOX_S
        ),
        low_share=_low_share(before, flows, dt_s),
        low_is_fed=pumped or _tops_up(before),
        charged_c=before.charged_c + (moved_c if charging and not consuming else 0.0),
        consumed_c=before.consumed_c + (moved_c if consuming else 0.0),
    )


def _charger_rise_k(flows: Flows) -> float:
    loss_w = flows.wall_power_w - flows.charge_power_w
    if loss_w > 0.0:
        return CHARGER_K_PER_W * loss_w
    share = flows.battery_current_a / INLET_A if flows.charge_power_w > 0.0 else 0.0
    return INLET_K * share * share


def _tops_up(gauges: Gauges) -> bool:
    return gauges.low_share < (TOP_UP_TO if gauges.low_is_fed else TOP_UP_BELOW)


def _low_share(gauges: Gauges, flows: Flows, dt_s: float) -> float:
    if gauges.low_is_fed:
        return _leant(gauges.low_share, 1.0, dt_s / LOW_CHARGE_S)
    moved_ah = low_current_a(gauges, flows) * dt_s / SECONDS_PER_HOUR
    return max(gauges.low_share + moved_ah / LOW_CAPACITY_AH, 0.0)


def _leant(value: float, goal: float, steps: float) -> float:
    """Closer to the goal by `steps` time constants, implicitly: stable however long."""
    return value + steps / (1.0 + steps) * (goal - value)
