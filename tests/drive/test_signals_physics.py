"""Signals that measure the same thing agree, as they do in a metal car."""

import math
from itertools import pairwise

import pytest
from msgspec.structs import replace

from drive.signal_day import scripted_day, winding_trip
from make import VIN, make_living, make_params
from vettura.bus.messages import Drive, Plug
from vettura.bus.paths import BATTERY, CHARGING, OURS
from vettura.car.catalogue import load_car
from vettura.drive.commands import obey
from vettura.drive.life import advance
from vettura.drive.living import Air
from vettura.drive.signals import make_of, signal_values
from vettura.drive.signals_chassis import WHEELS, tyre_kpa
from vettura.units import NS_PER_S

LOW = "Vehicle.LowVoltageBattery."
HOUR_S = 3_600


@pytest.fixture(scope="module")
def day():
    return list(scripted_day("xiaomi-su7"))


@pytest.fixture(scope="module")
def driven(day):
    return [m for m in day if m.car.state.speed_mps > 1.0]


@pytest.fixture(scope="module")
def charged(day):
    return [m for m in day if m.car.charge is not None and m.car.flows.wall_power_w > 0.0]


def told(params, car, air=None):
    make = make_of(params, load_car("xiaomi-su7"), VIN)
    return signal_values(params, make, car, air or Air())


def slept(params, car, hours, air=None):
    return advance(params, car, air or Air(), None, car.time_ns + hours * HOUR_S * NS_PER_S).car


def test_wheels_turn_as_fast_as_the_car_in_the_mean_and_the_outer_ones_faster(driven):
    for moment in driven:
        values = moment.values
        speeds = [values[wheel + "Speed"] for wheel in WHEELS]
        assert sum(speeds) / 4 == pytest.approx(values["Vehicle.Speed"], abs=0.011)
        turning = values["Vehicle.AngularVelocity.Yaw"]
        if abs(turning) > 1.0:
            assert (speeds[1] > speeds[0]) == (turning > 0.0)


def test_sideways_acceleration_is_speed_times_rate_of_turn(driven):
    for moment in driven:
        values = moment.values
        turn_radps = math.radians(values["Vehicle.AngularVelocity.Yaw"])
        expected = turn_radps * values["Vehicle.Speed"] / 3.6
        assert values["Vehicle.Acceleration.Lateral"] == pytest.approx(expected, abs=0.01)
        assert abs(values["Vehicle.Acceleration.Lateral"]) <= 4.01


def test_turning_adds_up_to_the_change_of_course(driven):
    turned, swung = 0.0, 0.0
    for before, after in pairwise(driven):
        seconds = (after.car.time_ns - before.car.time_ns) / NS_PER_S
        mean = 0.5 * (before.car.curvature_per_m + after.car.curvature_per_m)
        turned -= (
            math.degrees(mean * 0.5 * (before.car.state.speed_mps + after.car.state.speed_mps))
            * seconds
        )
        change = after.car.heading_deg - before.car.heading_deg
        swung += (change + 180.0) % 360.0 - 180.0
    assert turned == pytest.approx(swung, abs=15.0)


def test_the_steering_wheel_is_turned_to_the_side_the_car_turns_to(driven):
    for moment in driven:
        angle = moment.values["Vehicle.Chassis.SteeringWheel.Angle"]
        yaw = moment.values["Vehicle.AngularVelocity.Yaw"]
        assert angle == 0 or angle * yaw >= 0.0


def test_cells_add_up_to_the_pack(day):
    for moment in day:
        values = moment.values
        cells = values[BATTERY + "CellVoltage.CellVoltages"]
        assert sum(cells) == pytest.approx(values[BATTERY + "CurrentVoltage"], abs=0.02)
        top, bottom = (values[f"{BATTERY}CellVoltage.Id{end}"] for end in ("Max", "Min"))
        assert cells[top - 1] == max(cells) == values[BATTERY + "CellVoltage.Max"]
        assert cells[bottom - 1] == min(cells) == values[BATTERY + "CellVoltage.Min"]


def test_battery_sensors_lie_around_their_mean(day):
    for moment in day:
        values = moment.values
        sensors = values[BATTERY + "Temperature.CellTemperature"]
        mean = values[BATTERY + "Temperature.Average"]
        assert sum(sensors) / len(sensors) == pytest.approx(mean, abs=0.1)
        low, high = (values[BATTERY + "Temperature." + end] for end in ("Min", "Max"))
        assert low <= mean <= high


def test_phases_carry_what_the_wall_gives(charged):
    on_ac = [m for m in charged if not m.car.cable.dc]
    assert on_ac
    for moment in on_ac:
        values = moment.values
        power = sum(
            values[f"{CHARGING}ChargeCurrent.Phase{n}"]
            * values[f"{CHARGING}ChargeVoltage.Phase{n}"]
            for n in (1, 2, 3)
        )
        assert power == pytest.approx(values[OURS + "WallPower"], rel=2e-3, abs=2.0)


def test_direct_current_and_voltage_are_what_the_battery_takes(charged):
    on_dc = [m for m in charged if m.car.cable.dc]
    assert on_dc
    for moment in on_dc:
        values = moment.values
        power = values[CHARGING + "ChargeCurrent.DC"] * values[CHARGING + "ChargeVoltage.DC"]
        assert power == pytest.approx(values[BATTERY + "CurrentPower"], rel=2e-3, abs=5.0)


def test_current_is_within_what_owner_station_and_car_allow(charged):
    for moment in charged:
        values = moment.values
        if moment.car.cable.dc:
            continue
        for n in (1, 2, 3):
            amps = values[f"{CHARGING}ChargeCurrent.Phase{n}"]
            assert amps <= 1e-3 + values[OURS + "Charging.StationCurrentLimit"]
            assert amps <= 1e-3 + values[OURS + "Charging.CurrentLimit"]


def test_counted_charge_is_counted_energy_over_voltage(day):
    last, params = day[-1].values, day[-1].params
    volts = last[BATTERY + "NominalVoltage"]
    for what in ("Charged", "Consumed"):
        amp_hours = last[f"{BATTERY}Accumulated{what}Throughput"]
        kwh = last[f"{BATTERY}Accumulated{what}Energy"]
        assert 1000.0 * kwh / amp_hours == pytest.approx(volts, rel=0.06)
    assert params.pack.capacity_c > 0.0


def test_counters_never_go_back(day):
    counted = ("ChargedEnergy", "ChargedThroughput", "ConsumedEnergy", "ConsumedThroughput")
    names = ["Vehicle.TraveledDistance", *(f"{BATTERY}Accumulated{what}" for what in counted)]
    for before, after in pairwise(day):
        assert all(after.values[name] >= before.values[name] for name in names)


def test_a_warm_tyre_has_more_pressure_and_a_high_one_too():
    assert tyre_kpa(250.0, 20.0, 101_325.0) == pytest.approx(250.0)
    assert tyre_kpa(250.0, 50.0, 101_325.0) == pytest.approx(250.0 + 351.325 * 30.0 / 293.15)
    assert tyre_kpa(250.0, 20.0, 80_000.0) == pytest.approx(250.0 + 21.325)


def test_tyres_gain_pressure_on_a_drive(driven):
    first, last = driven[0].values, driven[-1].values
    for wheel in WHEELS:
        warmer = last[wheel + "Tire.Temperature"] - driven[0].air.ambient_degc
        assert warmer > 0.5
        assert last[wheel + "Tire.Pressure"] >= first[wheel + "Tire.Pressure"] - 6


def test_a_leaking_tyre_is_low_and_a_drifted_pack_apart():
    params = make_params()
    good, bad = make_living(), make_living(faults=["tyre_leak", "cell_imbalance"])
    sound, broken = told(params, good), told(params, bad)
    pressure = WHEELS[0] + "Tire.Pressure"
    assert broken[pressure] < sound[pressure] - 50
    apart = [
        v[BATTERY + "CellVoltage.Max"] - v[BATTERY + "CellVoltage.Min"] for v in (sound, broken)
    ]
    assert apart[1] > 10 * apart[0]
    assert broken["Vehicle.Diagnostics.DTCCount"] == len(broken["Vehicle.Diagnostics.DTCList"]) == 2
    assert broken[BATTERY + "ErrorCodes"] == ["P0A80"]


def test_the_12_volt_battery_is_fed_awake_and_sags_asleep():
    params = make_params()
    awake = slept(params, make_living(climate_on=True, climate_until_ns=2**62), 1)
    fed = told(params, awake)
    assert 13.5 <= fed[LOW + "CurrentVoltage"] <= 14.2
    assert fed[LOW + "CurrentCurrent"] > 0.0
    asleep = slept(params, replace(awake, climate_on=False), 2)
    later = slept(params, asleep, 10)
    soon, late = told(params, asleep), told(params, later)
    assert 12.0 < late[LOW + "CurrentVoltage"] < soon[LOW + "CurrentVoltage"] < 13.0
    assert soon[LOW + "CurrentCurrent"] < 0.0


def test_a_car_that_sleeps_for_a_week_keeps_its_12_volt_battery_alive():
    params, car = make_params(), make_living()
    volts, fed = [], 0
    for _ in range(7 * 24):
        car = slept(params, car, 1)
        volts.append(told(params, car)[LOW + "CurrentVoltage"])
        fed += car.gauges.low_is_fed
    assert min(volts) > 12.2
    assert 1 < fed < 60


def test_a_drive_warms_motor_and_coolant_and_a_night_cools_them():
    params, trip = make_params(), winding_trip(seconds=900, top_mps=30.0)
    car, _ = obey(params, make_living(), Drive(trip=trip))
    hot = advance(params, car, Air(), trip, car.time_ns + 700 * NS_PER_S).car
    assert hot.gauges.motor_degc > hot.gauges.coolant_degc > 17.0
    assert hot.gauges.motor_degc < 110.0
    cold = slept(params, advance(params, hot, Air(), trip, hot.time_ns + 400 * NS_PER_S).car, 24)
    assert cold.gauges.motor_degc == pytest.approx(15.0, abs=2.0)


def test_wet_and_dark_the_low_beam_is_lit_and_by_day_the_running_lamps():
    params, trip = make_params(), winding_trip()
    car, _ = obey(params, make_living(), Drive(trip=trip))
    low, day = "Vehicle.Body.Lights.Beam.Low.IsOn", "Vehicle.Body.Lights.Running.IsOn"
    for air, beams in ((Air(sun_w_per_m2=400.0), False), (Air(), True),
                       (Air(sun_w_per_m2=400.0, rain_mm_per_h=1.0), True)):  # fmt: skip
        values = told(params, car, air)
        assert (values[low], values[day]) == (beams, not beams)


def test_hard_braking_on_snow_engages_the_abs_and_on_a_dry_road_not():
    params = make_params()
    car = make_living()
    braking = replace(
        car,
        state=car.state._replace(speed_mps=20.0),
        flows=car.flows._replace(acceleration_mps2=-5.0, brake_power_w=50_000.0),
    )
    engaged = "Vehicle.ADAS.ABS.IsEngaged"
    assert told(params, braking, Air(rain_mm_per_h=1.0, ambient_degc=-3.0))[engaged]
    assert not told(params, braking, Air())[engaged]


def test_what_a_charge_came_to_is_still_told_after_it():
    params = make_params()
    car, _ = obey(params, make_living(latitude_deg=45.1), Plug(station="w", power_w_max=11_000.0))
    done = slept(params, car, 5)
    values = told(params, done)
    assert done.charge is None
    assert values[CHARGING + "Location.Latitude"] == 45.1
    assert 8.0 < values[CHARGING + "AveragePower"] <= 11.0


def test_brake_lamps_and_pedal_tell_of_braking_and_of_nothing_else(driven):
    lamp, pedal = "Vehicle.Body.Lights.Brake.IsActive", "Vehicle.Chassis.Brake.PedalPosition"
    slowing = [m.values for m in driven if m.values["Vehicle.Acceleration.Longitudinal"] < -1.0]
    pushing = [m.values for m in driven if m.values["Vehicle.Acceleration.Longitudinal"] > 0.1]
    assert slowing
    assert pushing
    assert all(v[lamp] == "ACTIVE" and v[pedal] > 0 for v in slowing)
    assert all(v[lamp] == "INACTIVE" and v[pedal] == 0 for v in pushing)


def test_the_driver_signals_when_pulling_out_and_before_arriving(day):
    left = "Vehicle.Body.Lights.DirectionIndicator.Left.IsSignaling"
    right = "Vehicle.Body.Lights.DirectionIndicator.Right.IsSignaling"
    trip = [m for m in day if m.car.progress is not None]
    assert trip[1].values[left]
    assert trip[-1].values[right]
    assert not any(m.values[left] and m.values[right] for m in trip)
