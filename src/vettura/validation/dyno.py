"""From a line of the dynamometer's list to a car of ours, and from its cycle to the wall."""

import math
from typing import Literal, TypeAlias, TypeVar

from msgspec import structs

from vettura.car.catalogue import load_car
from vettura.car.params import Params
from vettura.car.relations import params_of, warmed_up
from vettura.car.spec import (
    Battery,
    Body,
    CarSpec,
    Charging,
    CoastDown,
    Drive,
    Figure,
    Motor,
    Table,
)
from vettura.car.trial import charging_efficiency
from vettura.car.trip import Trip
from vettura.drive.cycles import load_cycle
from vettura.drive.simulate import drive_trip
from vettura.units import M_PER_KM
from vettura.validation.dyno_list import DynoTest

T = TypeVar("T")
Axle: TypeAlias = Literal["front", "rear"]
Kind: TypeAlias = Literal["psm", "asm", "eesm"]

W_PER_HP = 745.7
AMBIENT_DEGC = 23.0
"""Of the test cell: 20 to 30 °C (40 CFR 1066.710)."""
SOC_MEAN = 0.55
"""The cars are driven from full to empty (SAE J1634, multi-cycle test)."""
POWER_PER_KG_W = (60.0, 85.0)
"""A rated power below the first figure [W/kg] is a continuous rating; the second is usual then."""
FORCE_PER_KG_N = 5.0
"""Greatest force at the wheels where no torque is listed: about half the weight, as tyres hold."""
ARM_M = 0.036
"""Rolling radius of 0.34 m over a gear of 9.5; the loss relations do not depend on it."""
MAIN_POWER_SHARE = 0.6
REGEN_PER_KG_W, REGEN_MPS2 = 45.0, 2.5
"""Enough for every braking of UDDS and HWFET, which stay under 1.5 m/s²."""
CHARGER_PER_WH_W, CHARGER_MAX_W = 0.15, 11_000.0
"""On-board charger over battery: 6.6 kW at 40 kWh, 11 kW from 73 kWh on."""
SILICON_CARBIDE = {"tesla": 0.0, "lucid": 0.0, "hyundai": 800.0, "kia": 800.0, "genesis": 800.0}
"""Makers whose inverters of 2022 switch silicon carbide, from which voltage class on [V]: Tesla
since 2018 (System Plus teardown SP18413), Lucid (its drive unit, 2020), Hyundai's E-GMP (Hyundai
Motor Group, December 2020)."""
KINDS: dict[str, Kind] = {"PSM": "psm", "ASM": "asm", "EESM": "eesm"}


def spec_of(car: DynoTest) -> CarSpec:
    """The line as a car file: its own figures, and those of the class where it has none."""
    base = load_car("vw-id4-pro")
    power_w = _power_w(car)
    gross_wh = 1000.0 * car.battery_gross_kwh
    return CarSpec(
        id="dynamometer",
        make=car.make,
        model="test car",
        year=2022,
        sources={"list": "the dynamometer's list", "class": "usual for its class"},
        body=_body(base, car),
        drive=Drive(
            wheels=_listed("all" if car.motor_front and car.motor_rear else "rear"),
            power_max_w=_listed(power_w),
            lift_off_regen=_listed(car.lift_off_regen),
            regen_power_max_w=_usual(REGEN_PER_KG_W * car.test_mass_kg),
            regen_deceleration_max_mps2=_usual(REGEN_MPS2),
        ),
        motors=_motors(car, power_w, base.body.wheel_radius_m.value),
        battery=Battery(
            chemistry=_usual("nmc"),
            capacity_gross_wh=_listed(gross_wh),
            capacity_net_wh=_usual(0.95 * gross_wh),
            cells_in_series=_usual(192 if car.pack_volt_class > 600.0 else 96),
        ),
        climate=base.climate,
        charging=Charging(
            ac_power_max_w=_usual(min(CHARGER_PER_WH_W * gross_wh, CHARGER_MAX_W)),
            ac_phases=_usual(1),
            dc_curve=Table(at=[0.0, 1.0], value=[1.5 * gross_wh, 0.3 * gross_wh], source="class"),
        ),
    )


def _body(base: CarSpec, car: DynoTest) -> Body:
    down = CoastDown(
        a_n=car.coef_a_n,
        b_n_per_mps=car.coef_b_n_per_mps,
        c_n_per_mps2=car.coef_c_n_per_mps2,
        test_mass_kg=car.test_mass_kg,
        source="list",
    )
    return structs.replace(base.body, coast_down=down)


def _motors(car: DynoTest, power_w: float, radius_m: float) -> list[Motor]:
    """The rear motor first where there are two; of unlike kinds, the one that is no induction."""
    axles: list[tuple[Axle, str]] = [("rear", car.motor_rear), ("front", car.motor_front)]
    found = [(axle, KINDS[kind.split()[0]]) for axle, kind in axles if kind]
    found.sort(key=lambda motor: motor[1] == "asm")
    shares = [MAIN_POWER_SHARE, 1.0 - MAIN_POWER_SHARE] if len(found) == 2 else [1.0]
    ratio = radius_m / ARM_M
    force_n = FORCE_PER_KG_N * car.test_mass_kg
    switches: Literal["sic", "igbt"] = "sic" if _silicon_carbide(car) else "igbt"
    return [
        Motor(
            axle=_listed(axle),
            kind=_listed(kind),
            inverter=_usual(switches),
            power_max_w=_usual(share * power_w),
            torque_max_nm=_usual(share * force_n * ARM_M),
            gear_ratio=_usual(ratio),
        )
        for (axle, kind), share in zip(found, shares, strict=True)
    ]


def _silicon_carbide(car: DynoTest) -> bool:
    return car.pack_volt_class >= SILICON_CARBIDE.get(car.make.lower(), math.inf)


def _power_w(car: DynoTest) -> float:
    rated_w = car.rated_hp * W_PER_HP
    low, usual = (per_kg * car.test_mass_kg for per_kg in POWER_PER_KG_W)
    return rated_w if rated_w >= low else usual


def _listed(value: T) -> Figure[T]:
    return Figure(value=value, source="list")


def _usual(value: T) -> Figure[T]:
    return Figure(value=value, source="class", estimate=True)


def wall_kwh_100km(car: DynoTest, cycle: str) -> float:
    """Energy at the wall [kWh/100 km] for the cycle, charging loss included, unadjusted."""
    params = params_of(spec_of(car), mass_kg=car.test_mass_kg)
    return 0.1 * at_the_wall(params, load_cycle(cycle))


def at_the_wall(params: Params, trip: Trip) -> float:
    """Energy at the wall [Wh/km] for a trip in the test cell, charging loss included."""
    begin = warmed_up(params, ambient_degc=AMBIENT_DEGC, displayed_soc=SOC_MEAN)
    driven = drive_trip(params, trip, state=begin, ambient_degc=AMBIENT_DEGC)
    used_wh = driven.energy_wh + driven.state.resistive_wh
    stored_wh_per_km = M_PER_KM * used_wh / driven.distance_m
    return stored_wh_per_km / charging_efficiency(params, ambient_degc=AMBIENT_DEGC)
