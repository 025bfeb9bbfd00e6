"""What goes through the car's step: what the world does to it, what it remembers, what flowed."""

from typing import NamedTuple


class Inputs(NamedTuple):
    """What people, road, weather and station ask of the car during one step."""

    speed_mps: float = 0.0
    """Wished speed at the end of the step."""
    grade: float = 0.0
    """Rise over run."""
    headwind_mps: float = 0.0
    ambient_degc: float = 20.0
    pressure_pa: float = 101_325.0
    sun_w_per_m2: float = 0.0
    awake: float = 1.0
    """1 when someone is in or around the car, 0 when it sleeps."""
    climate_on: float = 0.0
    cabin_target_degc: float = 21.0
    climate_power_w: float = -1.0
    """Measured electric power of heater and compressor; negative: let the model decide."""
    ac_power_w: float = 0.0
    """What an AC station offers at the wall; 0 when there is none."""
    dc_power_w: float = 0.0
    """What a DC station offers at the inlet; negative: asks the car to give; 0: there is none."""
    charge_limit: float = 1.0
    """Displayed charge at which charging ends, 0 to 1."""
    rain_mm_per_h: float = 0.0
    slipstream: float = 0.0
    """Share of the air's drag that traffic ahead takes off."""
    accessories: float = 1.0
    """1 on the road, 0 on a dynamometer: lights, fans, steering, screens."""
    recirculation: float = 0.0
    """Share of the blown air that is taken from the cabin: 0 is all fresh; 0.9 at most is done."""
    people: float = 1.0
    """On board while the car is awake; each warms the cabin."""
    precondition: float = 0.0
    """1 to warm the battery for fast charging."""
    ac_phases: float = 3.0
    """Phases over which the AC station spreads what it offers."""
    dc_current_max_a: float = 500.0
    """What the DC station's cable carries; 500 A with liquid cooling (IEC 62196-3 CCS, CharIN)."""
    dc_voltage_max_v: float = 1_000.0
    """What the DC station reaches; 500 V in the first CCS generation and CHAdeMO 1."""
    outlet_power_w: float = 0.0
    """What is asked of the car for a tool, a camp or a house; 0 when nothing is."""
    outlet_reserve: float = 0.2
    """Displayed charge below which the car gives nothing away, 0 to 1."""


class State(NamedTuple):
    """What the car remembers from step to step."""

    speed_mps: float
    distance_m: float
    """Odometer."""
    soc: float
    """Charge over nominal capacity, 0 to 1: the pack's own, not the displayed one."""
    polarisation_v: float
    """Voltage over the RC pair; positive after discharge."""
    battery_degc: float
    cabin_degc: float
    interior_degc: float
    """Seats, panels and glass behind the air."""
    tyre_degc: float
    drawn_wh: float
    """Out of the pack's terminals, ever, while not charging at a station."""
    regenerated_wh: float
    """Into the terminals from the motor, ever."""
    auxiliary_wh: float
    """12 V load and climate, ever; part of what was drawn."""
    charged_wh: float
    """Into the terminals from stations, ever."""
    wall_wh: float
    """Taken from stations, ever."""
    resistive_wh: float
    """Lost inside the pack, ever."""
    capacity_share: float
    """Capacity left, over the new pack's: 1 when new."""
    resistance_share: float
    """Resistance over the new pack's: 1 when new."""
    outlet_wh: float
    """Given to what was plugged into the car, ever, at the plug or the DC port."""


class Flows(NamedTuple):
    """What flowed during the step: means over it."""

    wheel_power_w: float
    """At the wheels; negative when braking by the motor."""
    brake_power_w: float
    """Turned to heat by the friction brakes."""
    motor_torque_nm: float
    second_torque_nm: float
    """At the other axle's motor."""
    motor_speed_radps: float
    motor_power_w: float
    """Electric, at the inverters; negative when regenerating."""
    drive_loss_w: float
    """Of it, lost in inverters, motors and gears."""
    climate_power_w: float
    auxiliary_power_w: float
    """12 V load through the DC/DC converter."""
    thermal_power_w: float
    """Heating or cooling the battery."""
    battery_power_w: float
    """At the terminals; positive when discharging."""
    battery_voltage_v: float
    battery_current_a: float
    """Positive when discharging."""
    chemical_power_w: float
    """Open-circuit voltage times current: battery power plus battery heat."""
    battery_heat_w: float
    """Left inside the pack; for a moment negative when the current turns."""
    wall_power_w: float
    """Taken from a station; negative is given to it."""
    charge_power_w: float
    """Into the pack from a station, before the loads that run meanwhile are served; negative is out
    of it."""
    road_load_n: float
    acceleration_mps2: float
    trace_missed: float
    """1 when the car could not follow the wished speed."""
    outlet_power_w: float
    """Given at the plug to what hangs on the car."""
    unserved_power_w: float
    """Asked of the battery beyond what it can give, empty or at its peak: of motor and loads above,
    what in truth stands still."""


class Step(NamedTuple):
    """What a step gives."""

    state: State
    flows: Flows
