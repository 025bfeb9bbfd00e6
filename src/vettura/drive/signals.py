"""The car as VSS signals, in VSS units: the one place where a living car is put into words."""

from vettura.bus.messages import SignalValue
from vettura.bus.signals import VSS_VERSION
from vettura.car.battery import open_circuit_v
from vettura.car.charge import displayed_soc
from vettura.car.chemistry import mean_v
from vettura.car.params import Params
from vettura.car.spec import CarSpec
from vettura.drive.living import Air, Living, is_awake, net_energy_wh, range_m
from vettura.units import KMH_PER_MPS, NS_PER_S, PERCENT, RPM_PER_RADPS, W_PER_KW, WH_PER_KWH

BATTERY = "Vehicle.Powertrain.TractionBattery."
CHARGING = BATTERY + "Charging."
PORT = CHARGING + "ChargingPort.AnyPosition."
HVAC = "Vehicle.Cabin.HVAC."
MOTOR = "Vehicle.Powertrain.ElectricMotor."
OURS = "Vehicle.Private.Vettura."
DOORS = tuple(
    f"Vehicle.Cabin.Door.{row}.{side}."
    for row in ("Row1", "Row2")
    for side in ("DriverSide", "PassengerSide")
)
PARK_GEAR, DRIVE_GEAR = 126, 127
"""VSS: 126 is park, 127 is drive."""

Values = dict[str, SignalValue]


def signal_values(params: Params, identity: Values, car: Living, air: Air) -> Values:
    """Every signal of the car now, by path; `identity` is what never changes."""
    return {
        **identity,
        **_motion(params, car),
        **_battery(params, car),
        **_charging(params, car),
        **_body(car),
        "Vehicle.Exterior.AirTemperature": round(air.ambient_degc, 1),
        **_ours(car),
    }


def identity_values(params: Params, spec: CarSpec, vin: str) -> Values:
    """The attributes of the car, by path."""
    battery, drive = spec.battery, spec.drive
    return {
        "Vehicle.VehicleIdentification.Brand": spec.make,
        "Vehicle.VehicleIdentification.Model": spec.model,
        "Vehicle.VehicleIdentification.VIN": vin,
        "Vehicle.VehicleIdentification.Year": spec.year,
        "Vehicle.VersionVSS.Major": VSS_VERSION[0],
        "Vehicle.VersionVSS.Minor": VSS_VERSION[1],
        "Vehicle.CurbWeight": round(spec.body.kerb_mass_kg.value),
        "Vehicle.Length": round(1000.0 * spec.body.length_m.value),
        "Vehicle.Height": round(1000.0 * spec.body.height_m.value),
        "Vehicle.Powertrain.Type": "ELECTRIC",
        MOTOR + "MaxPower": round(drive.power_max_w.value / W_PER_KW),
        MOTOR + "MaxTorque": round(spec.motors[0].torque_max_nm.value),
        BATTERY + "GrossCapacity": round(battery.capacity_gross_wh.value / WH_PER_KWH),
        BATTERY + "NetCapacity": round(battery.capacity_net_wh.value / WH_PER_KWH),
        BATTERY + "NominalVoltage": round(mean_v(params.pack.ocv_v)),
        PORT + "SupportedInletTypes": ["IEC_TYPE_2_AC", "IEC_TYPE_2_CCS_DC"],
    }


def _motion(params: Params, car: Living) -> Values:
    state, flows, progress = car.state, car.flows, car.progress
    since_m = state.distance_m - progress.start_m if progress else 0.0
    elapsed_s = progress.elapsed_ns / NS_PER_S if progress else 0.0
    driving = progress is not None
    share = flows.motor_torque_nm / (params.motor.force_max_n * params.motor.arm_m)
    gear = DRIVE_GEAR if driving else PARK_GEAR
    return {
        "Vehicle.Speed": round(state.speed_mps * KMH_PER_MPS, 2),
        "Vehicle.IsMoving": state.speed_mps > 0.0,
        "Vehicle.Acceleration.Longitudinal": round(flows.acceleration_mps2, 2),
        "Vehicle.TraveledDistance": round(state.distance_m),
        "Vehicle.TraveledDistanceSinceStart": round(since_m),
        "Vehicle.TripDuration": round(elapsed_s, 1),
        "Vehicle.AverageSpeed": round(since_m / elapsed_s * KMH_PER_MPS, 2) if elapsed_s else 0.0,
        "Vehicle.CurrentLocation.Latitude": round(car.latitude_deg, 7),
        "Vehicle.CurrentLocation.Longitude": round(car.longitude_deg, 7),
        "Vehicle.CurrentLocation.Altitude": round(car.altitude_m, 1),
        "Vehicle.CurrentLocation.Heading": round(car.heading_deg, 1),
        "Vehicle.Chassis.Accelerator.PedalPosition": round(PERCENT * min(max(share, 0.0), 1.0)),
        "Vehicle.Chassis.Brake.PedalPosition": round(
            min(PERCENT, PERCENT * flows.brake_power_w / params.drive.power_max_w)
        ),
        "Vehicle.Chassis.ParkingBrake.IsEngaged": not driving,
        "Vehicle.Powertrain.Transmission.CurrentGear": gear,
        "Vehicle.Powertrain.Transmission.SelectedGear": gear,
        "Vehicle.Powertrain.Transmission.IsParkLockEngaged": not driving,
        "Vehicle.Powertrain.Range": round(range_m(params, car)),
        "Vehicle.Powertrain.AccumulatedBrakingEnergy": round(state.regenerated_wh / WH_PER_KWH, 3),
        MOTOR + "Power": round(flows.motor_power_w / W_PER_KW),
        MOTOR + "Torque": round(flows.motor_torque_nm),
        MOTOR + "Speed": round(flows.motor_speed_radps * RPM_PER_RADPS),
    }


def _battery(params: Params, car: Living) -> Values:
    state, flows = car.state, car.flows
    shown = displayed_soc(params, state.soc)
    energy_kwh = shown * net_energy_wh(params, state) / WH_PER_KWH
    return {
        # VSS counts what flows into the battery as positive.
        BATTERY + "CurrentPower": round(-flows.battery_power_w, 1),
        BATTERY + "CurrentCurrent": round(-flows.battery_current_a, 3),
        BATTERY + "CurrentVoltage": round(
            flows.battery_voltage_v or open_circuit_v(params.pack, state.soc), 2
        ),
        BATTERY + "StateOfCharge.Current": round(PERCENT * state.soc, 3),
        BATTERY + "StateOfCharge.Displayed": round(PERCENT * shown, 3),
        BATTERY + "StateOfCharge.CurrentEnergy": round(energy_kwh, 3),
        BATTERY + "StateOfHealth": round(PERCENT * state.capacity_share, 3),
        BATTERY + "Temperature.Average": round(state.battery_degc, 2),
        BATTERY + "Range": round(range_m(params, car)),
        BATTERY + "AccumulatedChargedEnergy": round(state.charged_wh / WH_PER_KWH, 3),
        BATTERY + "AccumulatedConsumedEnergy": round(state.drawn_wh / WH_PER_KWH, 3),
        BATTERY + "IsPowerConnected": is_awake(car) or car.charge is not None,
        BATTERY + "PowerLoss": round(max(flows.battery_heat_w, 0.0)),
    }


def _charging(params: Params, car: Living) -> Values:
    flows, cable = car.flows, car.cable
    charging = car.charge is not None
    into_w = max(-flows.battery_power_w, 0.0) if charging else 0.0
    missing = max(car.charge_limit - displayed_soc(params, car.state.soc), 0.0)
    left_s = missing * net_energy_wh(params, car.state) / into_w * 3600.0 if into_w > 1.0 else 0.0
    dc = cable is not None and cable.dc
    loss_w = max(flows.wall_power_w - flows.charge_power_w, 0.0) if charging else 0.0
    return {
        CHARGING + "IsCharging": charging,
        CHARGING + "IsDischarging": flows.outlet_power_w > 0.0,
        CHARGING + "StartStopCharging": "START" if charging else "STOP",
        CHARGING + "ChargeLimit": round(PERCENT * car.charge_limit),
        CHARGING + "MaxPower": round(cable.power_w_max / W_PER_KW, 2) if cable else 0.0,
        CHARGING + "TimeToComplete": round(left_s),
        CHARGING + "ChargeRate": round(into_w / car.wh_per_m / 1000.0, 1),
        CHARGING + "ChargeCurrent.DC": round(-flows.battery_current_a, 2)
        if dc and charging
        else 0.0,
        CHARGING + "ChargeVoltage.DC": round(flows.battery_voltage_v, 1)
        if dc and charging
        else 0.0,
        CHARGING + "PowerLoss": round(loss_w),
        CHARGING + "EvseId": cable.station if cable else "",
        PORT + "IsChargingCableConnected": cable is not None,
        PORT + "IsChargingCableLocked": charging,
        PORT + "IsFlapOpen": car.flap_open,
    }


def _body(car: Living) -> Values:
    climate_w = car.flows.climate_power_w
    fan = min(PERCENT, 20.0 + climate_w / 50.0) if car.climate_on else 0.0
    braking = car.progress is not None and (
        car.flows.brake_power_w > 0.0 or car.flows.wheel_power_w < -2_000.0
    )
    return {
        **{door + "IsLocked": car.locked for door in DOORS},
        **{door + "IsOpen": False for door in DOORS},
        "Vehicle.Body.Trunk.Rear.IsLocked": car.locked,
        "Vehicle.Body.Trunk.Rear.IsOpen": False,
        "Vehicle.Body.Horn.IsActive": car.time_ns < car.horn_until_ns,
        "Vehicle.Body.Lights.Hazard.IsSignaling": car.time_ns < car.hazard_until_ns,
        "Vehicle.Body.Lights.Beam.Low.IsOn": car.progress is not None,
        "Vehicle.Body.Lights.Brake.IsActive": "ACTIVE" if braking else "INACTIVE",
        "Vehicle.LowVoltageSystemState": _low_voltage(car),
        HVAC + "AmbientAirTemperature": round(car.state.cabin_degc, 2),
        HVAC + "IsAirConditioningActive": car.climate_on,
        HVAC + "Station.Row1.Driver.Temperature": car.cabin_target_degc,
        HVAC + "Station.Row1.Driver.FanSpeed": round(fan),
    }


def _low_voltage(car: Living) -> str:
    if car.progress is not None:
        return "ON"
    return "ACC" if is_awake(car) else "LOCK" if car.locked else "OFF"


def _ours(car: Living) -> Values:
    progress, flows = car.progress, car.flows
    done = (car.state.distance_m - progress.start_m) / progress.distance_m if progress else 0.0
    return {
        OURS + "Mode": car.mode.upper(),
        OURS + "Place": car.place,
        OURS + "Destination": progress.destination if progress else "",
        OURS + "TripProgress": round(PERCENT * min(done, 1.0), 2),
        OURS + "WheelPower": round(flows.wheel_power_w),
        OURS + "ClimatePower": round(flows.climate_power_w),
        OURS + "AuxiliaryPower": round(flows.auxiliary_power_w),
        OURS + "WallPower": round(flows.wall_power_w),
        OURS + "IsTraceMissed": flows.trace_missed > 0.0,
    }
