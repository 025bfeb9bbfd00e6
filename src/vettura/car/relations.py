"""From a car file to the step's numbers: relations that hold for every car.

What nobody publishes (loss maps, cabin, thermal masses, auxiliary load) follows here from what
everybody publishes (power, torque, mass, size, chemistry). Nothing is tuned to one car.
"""

from vettura.car.cabin_relations import cabin_of
from vettura.car.chemistry import CHEMISTRIES, mean_v, pack_params
from vettura.car.drive_relations import drive_params, motor_params
from vettura.car.params import (
    PackParams,
    Params,
    RoadParams,
    SupplyParams,
)
from vettura.car.road import BRAKE_DECELERATION_MPS2, REFERENCE_DENSITY
from vettura.car.spec import CarSpec
from vettura.car.state import State
from vettura.car.tables import resample
from vettura.units import GRAVITY_MPS2

LOAD_KG, OPTIONS_SHARE = 125.0, 0.04
"""People and luggage: 1.3 people of 75 kg, as many as ride in the mean, and 25 kg (the masses of
Regulation (EU) 2017/1151); and what a car that was ordered weighs beyond the lightest one, whose
mass is published (a BMW i3: 1,195 to 1,270 kg)."""
ROTATING_SHARE = 0.04
"""What motor, gear and wheels add to the inertia; 1.5 to 5 % in coast-down practice (SAE J2263)."""
DRIVELINE_A_N, DRIVELINE_B_N_PER_MPS = 20.0, 1.0
"""Bearings, seals, gear oil and brake pads: what EPA's 2022 target road loads hold beyond the label
of the tyres and the drag of the body, in the median."""
TYRE_PER_K = 0.018
"""Rolling resistance per kelvin of tyre temperature: 0.8 %/K of the tyre alone (ISO 28580), 1.6 to
2 %/K where gear oil, bearings and brakes are cold too, as on measured winter trips."""
AUXILIARY_W, ACCESSORY_W, STANDBY_W = 220.0, 200.0, 6.0
"""12 V load: of a car that is driven, by itself (200 to 360 W in the electric cars of FASTSim and
SUMO); of lights, wipers, fans, screens and steering on the road, which a dynamometer test leaves
off; and asleep (about 1 kWh a week)."""
CHARGER_EFFICIENCY, CHARGER_LOSS_W = 0.925, 200.0
"""On-board charger: what passes, and what its electronics, pumps and the waking car take; 91 % in
all at 11 kW and 78 % at 1.4 kW, the order of published charge-loss tests."""
BOOST_POWER_W = 50_000.0
"""What an 800 V car takes at a 400 V station: Porsche Taycan, standard equipment (Porsche 2019)."""


def params_of(spec: CarSpec, *, mass_kg: float | None = None) -> Params:
    """The step's numbers for a car; `mass_kg` None means as usually driven."""
    mass = driven_mass_kg(spec) if mass_kg is None else mass_kg
    main, second = motor_params(spec)
    pack = _pack(spec)
    road = _road(spec, mass)
    return Params(
        road=road,
        drive=drive_params(spec, mass, road.per_inertia, mean_v(pack.ocv_v)),
        motor=main,
        second=second,
        pack=pack,
        cabin=cabin_of(spec),
        supply=_supply(spec),
    )


def driven_mass_kg(spec: CarSpec) -> float:
    """Mass [kg] of the car as it is usually driven: with options, people and luggage."""
    return spec.body.kerb_mass_kg.value * (1.0 + OPTIONS_SHARE) + LOAD_KG


def with_mass(params: Params, mass_kg: float) -> Params:
    """The same car with that mass [kg] on the same tyres: what turns grows with it."""
    inertia_kg = params.road.inertia_kg / params.road.mass_kg * mass_kg
    road = params.road._replace(
        mass_kg=mass_kg,
        inertia_kg=inertia_kg,
        per_inertia=1.0 / inertia_kg,
        brake_max_n=inertia_kg * BRAKE_DECELERATION_MPS2,
    )
    drive = params.drive._replace(push_mps2=params.drive.force_max_n / inertia_kg)
    return params._replace(road=road, drive=drive)


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
    inertia_kg = mass_kg * (1.0 + ROTATING_SHARE)
    return RoadParams(
        mass_kg=mass_kg,
        inertia_kg=inertia_kg,
        per_inertia=1.0 / inertia_kg,
        brake_max_n=inertia_kg * BRAKE_DECELERATION_MPS2,
        a_n=a_n,
        b_n_per_mps=b_n_per_mps,
        c_n_per_mps2=c_n_per_mps2,
        tyre_per_k=TYRE_PER_K,
    )


def _pack(spec: CarSpec) -> PackParams:
    battery, drive = spec.battery, spec.drive
    return pack_params(
        CHEMISTRIES[battery.chemistry.value],
        cells_in_series=battery.cells_in_series.value,
        gross_wh=battery.capacity_gross_wh.value,
        net_wh=battery.capacity_net_wh.value,
        # The motor at full power with its losses, and everything else at once.
        discharge_power_max_w=1.12 * drive.power_max_w.value + 12_000.0,
        charge_power_max_w=max(drive.regen_power_max_w.value, *_dc(spec)),
    )


def _supply(spec: CarSpec) -> SupplyParams:
    charging = spec.charging
    share_w = charging.ac_power_max_w.value / charging.ac_phases.value
    one_phase, boost = charging.ac_power_one_phase_max_w, charging.boost_power_max_w
    outlet, two_way = charging.outlet_power_max_w, charging.dc_discharge_power_max_w
    return SupplyParams(
        auxiliary_w=AUXILIARY_W,
        accessory_w=ACCESSORY_W,
        standby_w=STANDBY_W,
        ac_power_max_w=charging.ac_power_max_w.value,
        charger_loss_w=CHARGER_LOSS_W,
        charger_efficiency=CHARGER_EFFICIENCY,
        dc_power_w=_dc(spec),
        ac_phases=float(charging.ac_phases.value),
        ac_power_one_phase_w=one_phase.value if one_phase else share_w,
        boost_power_w=boost.value if boost else BOOST_POWER_W,
        outlet_power_max_w=outlet.value if outlet else 0.0,
        dc_give_power_max_w=two_way.value if two_way else 0.0,
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


WARM_TYRE_K = 10.0
"""What tyres and gear are warmer than the air of a dynamometer's hall."""


def warmed_up(params: Params, *, ambient_degc: float, displayed_soc: float = 0.9) -> State:
    """A car as a dynamometer gets it: rested, tyres and gear warm from driving."""
    rested = resting_state(params, displayed_soc=displayed_soc, ambient_degc=ambient_degc)
    return rested._replace(tyre_degc=ambient_degc + WARM_TYRE_K)
