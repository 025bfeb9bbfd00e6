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
    a_n: float
    b_n_per_mps: float
    c_n_per_mps2: float
    """Road load A + B·v + C·v², warm tyres, 20 °C, sea level."""
    tyre_per_k: float
    """Share by which A grows for each kelvin that the tyres are colder."""


class MotorParams(NamedTuple):
    """Motor, inverter and gear.

    Loss = idle + speed·w + torque·t + torque2·t² + speed2·w² [W], where w is speed over base speed
    and t is torque over greatest torque.
    """

    wheel_radius_m: float
    gear_ratio: float
    gear_efficiency: float
    torque_max_nm: float
    power_max_w: float
    base_speed_radps: float
    """Where the torque limit meets the power limit."""
    loss_idle_w: float
    loss_speed_w: float
    loss_torque_w: float
    loss_torque2_w: float
    loss_speed2_w: float
    regen_power_max_w: float
    regen_force_max_n: float


class PackParams(NamedTuple):
    """The traction battery."""

    capacity_c: float
    """Charge of the full pack [coulomb]."""
    soc_empty: float
    soc_full: float
    """The pack's own charge where the display shows 0 and 100 %."""
    ocv_v: tuple[float, ...]
    """Open-circuit voltage, TABLE_SIZE points over the pack's own charge."""
    resistance_ohm: float
    """Ohmic part at 25 °C and half charge."""
    polarisation_ohm: float
    polarisation_s: float
    """RC pair: resistance at 25 °C, and time constant."""
    discharge_power_max_w: float
    charge_power_max_w: float
    heat_j_per_k: float
    ua_w_per_k: float
    cooling_w: float
    heating_w: float
    """Electric power of its own cooling and heating at full."""


class CabinParams(NamedTuple):
    """Cabin and climate."""

    air_j_per_k: float
    interior_j_per_k: float
    exchange_w_per_k: float
    """Between air and interior."""
    ua_w_per_k: float
    ua_per_mps: float
    """Loss to outside at rest [W/K], and its growth with speed; fresh air included."""
    sun_m2: float
    """Window area times the share of sunlight it lets in."""
    heater_power_max_w: float
    cooling_power_max_w: float
    """Heat into and out of the cabin at most."""
    heat_pump: float
    """1 with a heat pump, 0 with a resistive heater."""


class SupplyParams(NamedTuple):
    """12 V side and charging."""

    auxiliary_w: float
    """12 V load, awake."""
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


class Params(NamedTuple):
    """One car."""

    road: RoadParams
    motor: MotorParams
    pack: PackParams
    cabin: CabinParams
    supply: SupplyParams
