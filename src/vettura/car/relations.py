"""From a car file to the step's numbers: relations that hold for every car.

What nobody publishes (loss maps, cabin, thermal masses, auxiliary load) follows here from what
everybody publishes (power, torque, mass, size, chemistry). Nothing is tuned to one car.
"""

from itertools import pairwise
from typing import NamedTuple

from vettura.car.params import (
    TABLE_SIZE,
    CabinParams,
    MotorParams,
    PackParams,
    Params,
    RoadParams,
    SupplyParams,
)
from vettura.car.road import REFERENCE_DENSITY
from vettura.car.spec import CarSpec
from vettura.car.state import State
from vettura.car.tables import resample
from vettura.units import GRAVITY_MPS2, SECONDS_PER_HOUR

LOAD_KG = 100.0
"""Driver and luggage: the 75 + 25 kg of Regulation (EU) 2017/1151."""
ROTATING_SHARE = 0.04
"""What motor, gear and wheels add to the inertia; 1.5 to 5 % in coast-down practice (SAE J2263)."""
DRIVELINE_A_N, DRIVELINE_B_N_PER_MPS = 20.0, 1.0
"""Bearings, seals, gear oil and brake pads: what EPA's 2022 target road loads hold beyond the label
of the tyres and the drag of the body, in the median."""
TYRE_PER_K = 0.015
"""Rolling resistance per kelvin of tyre temperature; 0.8 %/K by ISO 28580, about 1.5 %/K with gear
oil and bearings that are cold too."""
GEAR_EFFICIENCY = 0.975
"""One or two helical gear pairs under load."""
EMPTY_BUFFER_SHARE = 0.6
"""Of the capacity that the driver cannot use, what lies below 0 % on the display."""


class Losses(NamedTuple):
    """Loss of motor and inverter at full speed and torque, over the greatest power."""

    idle: float
    speed: float
    torque: float
    torque2: float
    speed2: float


LOSSES = {
    "psm": Losses(0.0030, 0.0015, 0.016, 0.050, 0.0010),
    "asm": Losses(0.0030, 0.0010, 0.022, 0.070, 0.0010),
    "eesm": Losses(0.0030, 0.0010, 0.019, 0.055, 0.0010),
}
"""By motor kind; the shape follows Oak Ridge's teardown maps (Burress, ORNL/TM-2012 and later), the
level is one for all cars: unbiased in the median over EPA's 2022 electric test cars (73 cars, UDDS
and HWFET, 87.5 % from wall to battery). `idle` holds inverter and coolant pump, too."""
SWITCHING = {"igbt": 1.0, "sic": 0.6}
"""Idle and torque loss by the inverter's switches: silicon carbide has no knee voltage and switches
at a fraction of the loss, which counts most at part load (the order of published
comparisons over UDDS: inverter loss more than halved, motor loss as before)."""
SPINNING_REFERENCE_W = 100_000.0
"""Losses of a motor that spins without load grow with its size, and rated power overstates size:
they go by the root of power, equal to the figures above at 100 kW."""


class Chemistry(NamedTuple):
    """What a cell's cathode decides."""

    cell_v: tuple[float, ...]
    """Open-circuit voltage, TABLE_SIZE points over charge."""
    resistance_h: float
    """Pack resistance over V²/Wh at 25 °C [h]."""
    wh_per_kg: float
    """Of a finished pack."""


def _volts(text: str) -> tuple[float, ...]:
    return tuple(float(word) for word in text.split())


CHEMISTRIES = {
    "nmc": Chemistry(
        _volts(
            "3.10 3.43 3.50 3.54 3.57 3.59 3.61 3.63 3.65 3.67 3.70 "
            "3.74 3.79 3.84 3.89 3.93 3.98 4.03 4.07 4.11 4.17"
        ),
        0.0142,
        145.0,
    ),
    "nca": Chemistry(
        _volts(
            "3.00 3.32 3.43 3.49 3.53 3.56 3.59 3.61 3.64 3.67 3.71 "
            "3.76 3.81 3.86 3.91 3.95 3.99 4.03 4.07 4.10 4.17"
        ),
        0.0130,
        155.0,
    ),
    "lfp": Chemistry(
        _volts(
            "2.60 3.05 3.18 3.21 3.23 3.25 3.27 3.285 3.29 3.293 3.296 "
            "3.30 3.306 3.32 3.33 3.332 3.333 3.335 3.337 3.345 3.45"
        ),
        0.0150,
        125.0,
    ),
    "lmo": Chemistry(
        _volts(
            "3.00 3.45 3.57 3.63 3.67 3.70 3.73 3.76 3.79 3.82 3.85 "
            "3.88 3.91 3.94 3.97 4.00 4.03 4.06 4.09 4.13 4.18"
        ),
        0.0145,
        120.0,
    ),
}
"""Voltages read off published low-rate curves, within about 20 mV: NMC (Ecker et al., J.
Electrochem. Soc. 162, 2015), NCA (Kim et al. 2011), LFP (Prada et al. 2013), LMO (ORNL's Leaf
cell). Resistance: 85 mΩ of a 360 V, 21.6 kWh NMC pack, scaled; the others relative to it."""

PACK_J_PER_KG_K, PACK_UA_W_PER_K_KG = 1_000.0, 0.025
"""Heat of a finished pack, about its cells' own; its loss to the air: a time constant of 11 h."""
CONDITIONING_W_PER_WH = 0.03
"""Electric power for cooling or heating the battery over its capacity: 2 to 3 kW for a big one."""
AUXILIARY_W, STANDBY_W = 300.0, 6.0
"""12 V load of a car that is driven (200 to 360 W in the electric cars of FASTSim and SUMO), and
asleep (about 1 kWh a week)."""
CHARGER_EFFICIENCY, CHARGER_LOSS_W = 0.94, 120.0
"""On-board charger: what passes, and what its electronics and the awake car take; 93 % in all at
11 kW and 85 % at 1.4 kW, the order of published charge-loss tests."""
BOOST_POWER_W = 50_000.0
"""What an 800 V car takes at a 400 V station: Porsche Taycan, standard equipment (Porsche 2019)."""
OHMIC_SHARE, POLARISATION_S = 0.65, 20.0
"""Split of the resistance into an instant part and an RC pair, as in HPPC pulses of 10 to 30 s."""


def params_of(spec: CarSpec, *, mass_kg: float | None = None) -> Params:
    """The step's numbers for a car; `mass_kg` None means kerb mass plus LOAD_KG."""
    mass = spec.body.kerb_mass_kg.value + LOAD_KG if mass_kg is None else mass_kg
    return Params(
        road=_road(spec, mass),
        motor=_motor(spec, mass),
        pack=_pack(spec),
        cabin=_cabin(spec),
        supply=_supply(spec),
    )


def _road(spec: CarSpec, mass_kg: float) -> RoadParams:
    """The coast-down with its A scaled to this mass; or tyres, driveline and drag."""
    body = spec.body
    if body.coast_down is not None:
        down = body.coast_down
        a_n = down.a_n * mass_kg / down.test_mass_kg
        b_n_per_mps, c_n_per_mps2 = down.b_n_per_mps, down.c_n_per_mps2
    else:
        a_n = body.rolling_resistance.value * mass_kg * GRAVITY_MPS2 + DRIVELINE_A_N
        b_n_per_mps = DRIVELINE_B_N_PER_MPS
        area_m2 = body.drag_coefficient.value * body.frontal_area_m2.value
        c_n_per_mps2 = 0.5 * REFERENCE_DENSITY * area_m2
    return RoadParams(
        mass_kg=mass_kg,
        inertia_kg=mass_kg * (1.0 + ROTATING_SHARE),
        a_n=a_n,
        b_n_per_mps=b_n_per_mps,
        c_n_per_mps2=c_n_per_mps2,
        tyre_per_k=TYRE_PER_K,
    )


def _motor(spec: CarSpec, mass_kg: float) -> MotorParams:
    motor = spec.motor
    power_w, torque_nm = motor.power_max_w.value, motor.torque_max_nm.value
    spinning_w = (power_w * SPINNING_REFERENCE_W) ** 0.5
    losses = LOSSES[motor.kind.value]
    switching = SWITCHING[motor.inverter.value]
    return MotorParams(
        wheel_radius_m=spec.body.wheel_radius_m.value,
        gear_ratio=motor.gear_ratio.value,
        gear_efficiency=GEAR_EFFICIENCY,
        torque_max_nm=torque_nm,
        power_max_w=power_w,
        base_speed_radps=power_w / torque_nm,
        loss_idle_w=switching * losses.idle * spinning_w,
        loss_speed_w=losses.speed * spinning_w,
        loss_torque_w=switching * losses.torque * power_w,
        loss_torque2_w=losses.torque2 * power_w,
        loss_speed2_w=losses.speed2 * spinning_w,
        regen_power_max_w=motor.regen_power_max_w.value,
        regen_force_max_n=mass_kg * motor.regen_deceleration_max_mps2.value,
    )


def _pack(spec: CarSpec) -> PackParams:
    battery, motor = spec.battery, spec.motor
    chemistry = CHEMISTRIES[battery.chemistry.value]
    gross_wh = battery.capacity_gross_wh.value
    hidden = 1.0 - battery.capacity_net_wh.value / gross_wh
    ocv_v = tuple(battery.cells_in_series.value * v for v in chemistry.cell_v)
    mean_v = sum(0.5 * (a + b) for a, b in pairwise(ocv_v)) / (TABLE_SIZE - 1)
    resistance_ohm = chemistry.resistance_h * mean_v * mean_v / gross_wh
    pack_kg = gross_wh / chemistry.wh_per_kg
    return PackParams(
        capacity_c=gross_wh / mean_v * SECONDS_PER_HOUR,
        soc_empty=EMPTY_BUFFER_SHARE * hidden,
        soc_full=1.0 - (1.0 - EMPTY_BUFFER_SHARE) * hidden,
        ocv_v=ocv_v,
        resistance_ohm=OHMIC_SHARE * resistance_ohm,
        polarisation_ohm=(1.0 - OHMIC_SHARE) * resistance_ohm,
        polarisation_s=POLARISATION_S,
        # The motor at full power with its losses, and everything else at once.
        discharge_power_max_w=1.12 * motor.power_max_w.value + 12_000.0,
        charge_power_max_w=max(motor.regen_power_max_w.value, *_dc(spec)),
        heat_j_per_k=PACK_J_PER_KG_K * pack_kg,
        ua_w_per_k=PACK_UA_W_PER_K_KG * pack_kg,
        cooling_w=CONDITIONING_W_PER_WH * gross_wh,
        heating_w=CONDITIONING_W_PER_WH * gross_wh,
    )


def _cabin(spec: CarSpec) -> CabinParams:
    body, climate = spec.body, spec.climate
    room_m3 = body.length_m.value * body.width_m.value * body.height_m.value
    return CabinParams(
        air_j_per_k=5_500.0 * room_m3,
        interior_j_per_k=10_000.0 * room_m3,
        exchange_w_per_k=12.0 * room_m3,
        ua_w_per_k=5.0 * room_m3,
        ua_per_mps=0.10 * room_m3,
        sun_m2=0.07 * room_m3,
        heater_power_max_w=climate.heater_power_max_w.value,
        cooling_power_max_w=6_000.0,
        heat_pump=1.0 if climate.heat_pump.value else 0.0,
    )


def _supply(spec: CarSpec) -> SupplyParams:
    charging = spec.charging
    share_w = charging.ac_power_max_w.value / charging.ac_phases.value
    one_phase, boost = charging.ac_power_one_phase_max_w, charging.boost_power_max_w
    outlet = charging.outlet_power_max_w
    return SupplyParams(
        auxiliary_w=AUXILIARY_W,
        standby_w=STANDBY_W,
        ac_power_max_w=charging.ac_power_max_w.value,
        charger_loss_w=CHARGER_LOSS_W,
        charger_efficiency=CHARGER_EFFICIENCY,
        dc_power_w=_dc(spec),
        ac_phases=float(charging.ac_phases.value),
        ac_power_one_phase_w=one_phase.value if one_phase else share_w,
        boost_power_w=boost.value if boost else BOOST_POWER_W,
        outlet_power_max_w=outlet.value if outlet else 0.0,
    )


def _dc(spec: CarSpec) -> tuple[float, ...]:
    return resample(spec.charging.dc_curve.at, spec.charging.dc_curve.value)


def resting_state(params: Params, *, displayed_soc: float, ambient_degc: float) -> State:
    """A car that has stood for a night at that temperature, with that charge on its display."""
    return State(
        speed_mps=0.0,
        distance_m=0.0,
        soc=params.pack.soc_empty + displayed_soc * (params.pack.soc_full - params.pack.soc_empty),
        polarisation_v=0.0,
        battery_degc=ambient_degc,
        cabin_degc=ambient_degc,
        interior_degc=ambient_degc,
        tyre_degc=ambient_degc,
        drawn_wh=0.0,
        regenerated_wh=0.0,
        auxiliary_wh=0.0,
        charged_wh=0.0,
        wall_wh=0.0,
        resistive_wh=0.0,
        capacity_share=1.0,
        resistance_share=1.0,
        outlet_wh=0.0,
    )
