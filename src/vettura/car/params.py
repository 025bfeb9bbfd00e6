"""The numbers that make one car differ from another, in the form the step takes them.

Built by `relations.params_of` from a car file; checked there, never in the step.
"""

from typing import NamedTuple

TABLE_SIZE = 21
"""Points of every table over charge: 0, 5, ..., 100 %."""


class RoadParams(NamedTuple):
    """Mass, and what road and air take."""

    mass_kg: float
    """With driver and what is carried."""
    inertia_kg: float
    """Mass plus what the turning parts add."""
    per_inertia: float
    """Its reciprocal [1/kg]."""
    brake_max_n: float
    """What tyres hold when the brakes are pressed hard."""
    a_n: float
    b_n_per_mps: float
    c_n_per_mps2: float
    """Road load A + B·v + C·v², warm tyres, 20 °C, sea level."""
    tyre_per_k: float
    """Share by which A grows for each kelvin that the tyres are colder."""


class MotorParams(NamedTuple):
    """Motor and gear of one axle, seen from the wheels; an axle without has no force.

    With a fixed gear the force at the wheels is torque over `arm_m`, and the road speed is motor
    speed times it, so a loss map over force and road speed is one over torque and speed.
    """

    arm_m: float
    """Wheel radius over gear ratio: road speed for motor speed, torque for force."""
    per_arm: float
    force_max_n: float
    """At the wheels, from its greatest torque."""


class LossParams(NamedTuple):
    """Loss of motors, inverters and gears [W] over force at the wheels and road speed."""

    idle_w: float
    speed_w_per_mps: float
    power: float
    """Share of the power passed through."""
    force2_w_per_n2: float


class DriveParams(NamedTuple):
    """The motors together."""

    power_max_w: float
    force_max_n: float
    """At the wheels, of all motors."""
    push_mps2: float
    """What that gives on a level road without resistance."""
    regen_power_max_w: float
    regen_force_max_n: float
    regen_share: float
    """Of the braking that the motors could take, what the car lets them take."""
    main_share: float
    """Of the force, what the main motor gives when both work."""
    alone: LossParams
    """While the main motor works and the other only turns along."""
    both: LossParams
    """While both work; as `alone` in a car with one."""
    per_nominal_volt: float
    """Reciprocal of the voltage that power and losses hold for [1/V]."""


class Ocv(NamedTuple):
    """Open-circuit voltage [V] over charge (`battery.open_circuit_v`)."""

    c0: float
    c1: float
    c2: float
    c3: float
    c4: float
    c5: float
    c6: float
    c7: float
    """Factors of the powers of charge."""
    empty_v: float
    """What is missing at the empty end."""
    full_v: float
    """What is added at the full end."""


class PackParams(NamedTuple):
    """The traction battery, new; how it aged is in the state."""

    capacity_c: float
    """Charge of the full pack [coulomb]."""
    soc_per_c: float
    """Its reciprocal."""
    soc_empty: float
    soc_full: float
    """The pack's own charge where the display shows 0 and 100 %."""
    ocv_v: Ocv
    """Over the pack's own charge."""
    resistance_ohm: float
    """Ohmic part at 25 °C and half charge."""
    polarisation_ohm: float
    """RC pair's resistance at 25 °C and half charge."""
    polarisation_activated: float
    """Share of that which is charge transfer and grows steeply in the cold."""
    discharge_power_max_w: float
    charge_power_max_w: float
    degc_per_j: float
    """Warming by heat: the reciprocal of its thermal mass."""
    ua_w_per_k: float
    cooling_w: float
    heating_w: float
    """Electric power of its own cooling and heating at full."""


class CabinParams(NamedTuple):
    """Cabin and climate."""

    air_j_per_k: float
    air_k_per_j: float
    """Air with ducts, trim and the heater's own loop, and one over it."""
    interior_k_per_j: float
    """Seats, panels and glass: one over their heat."""
    exchange_w_per_k: float
    """Between air and interior."""
    ua_w_per_k: float
    ua_per_mps: float
    """Loss through the shell to outside at rest [W/K], and its growth with speed."""
    air_min_w_per_k: float
    air_max_w_per_k: float
    """Blown air, flow times its heat: the least while the climate runs, and the most."""
    air_max_k_per_w: float
    """One over the most."""
    sun_m2: float
    """Window area times the share of sunlight it lets in."""
    heater_power_max_w: float
    cooling_power_max_w: float
    """Heat into and out of the cabin at most."""
    heat_pump: float
    """1 with a heat pump, 0 with a resistive heater."""
    heat_pump_from_degc: float
    """Coldest outside air in which it still works."""
    evaporator_k: float
    """Its cold side below the outside air."""


class SupplyParams(NamedTuple):
    """12 V side and charging."""

    auxiliary_w: float
    """12 V load of a car that is awake, by itself."""
    accessory_w: float
    """12 V load of what people and weather switch on."""
    standby_w: float
    """12 V load, asleep."""
    ac_power_max_w: float
    charger_loss_w: float
    charger_efficiency: float
    dc_power_w: tuple[float, ...]
    """DC power at the inlet, TABLE_SIZE points over displayed charge, battery warm."""
    ac_phases: float
    """Phases of the on-board charger."""
    ac_power_one_phase_w: float
    """What it takes when the station has one phase."""
    boost_power_w: float
    """What it takes at a DC station whose voltage lies below the pack's."""
    outlet_power_max_w: float
    """What it gives to a plug at most; 0 without one."""
    dc_give_power_max_w: float
    """What it gives to a two-way DC station at most; 0 when it gives nothing there."""


class Params(NamedTuple):
    """One car."""

    road: RoadParams
    drive: DriveParams
    motor: MotorParams
    """Of the axle that drives most of the time."""
    second: MotorParams
    """Of the other axle."""
    pack: PackParams
    cabin: CabinParams
    supply: SupplyParams
