"""Cars as they are in truth, and the trips that their loggers write."""

import math
from itertools import accumulate, pairwise

from vettura.car.relations import resting_state
from vettura.car.road import pressure_at
from vettura.car.state import Inputs
from vettura.car.step import step
from vettura.clock.chance import random_stream
from vettura.drive.calibrate_knobs import auxiliary_w_of, set_shares
from vettura.drive.cycles import load_cycle
from vettura.drive.measured import MeasuredTrip
from vettura.drive.slope import grades


def changed(params, *, rolling=1.0, mass_kg=0.0, aux_w=None, capacity=1.0, resistance=1.0):
    """The car as it is in truth."""
    heavier = 1.0 + mass_kg / params.road.mass_kg
    awake_w = auxiliary_w_of(params)
    return set_shares(
        params,
        {
            "rolling": rolling,
            "mass": heavier,
            "capacity": capacity,
            "resistance": resistance,
            "auxiliary": 1.0 if aux_w is None else aux_w / awake_w,
        },
    )


def drive(truth, speeds, *, name="T", ambient=20.0, hills_m=0.0, climate_w=0.0, noise=0.0, seed=1):
    """A trip of that car as its logger would write it."""
    chance = random_stream(seed, "truth")
    along = [0.0, *accumulate(0.5 * (a + b) for a, b in pairwise(speeds))]
    heights = [300.0 + hills_m * math.sin(x / 900.0) for x in along]
    slopes = grades(speeds, heights)
    state = resting_state(truth, displayed_soc=0.9, ambient_degc=ambient)
    trip_noise = 1.0 + chance.gauss(0.0, noise)
    volts, amps, socs, warmth = [360.0], [-1.0], [state.soc], [ambient]
    for k in range(1, len(speeds)):
        inputs = Inputs(
            speed_mps=speeds[k],
            grade=slopes[k],
            pressure_pa=pressure_at(heights[k]),
            ambient_degc=ambient,
            climate_on=1.0,
            climate_power_w=climate_w,
        )
        state, flows = step(truth, state, inputs, 1.0)
        volts.append(flows.battery_voltage_v)
        amps.append(-flows.battery_current_a * trip_noise)
        socs.append(state.soc)
        warmth.append(state.battery_degc)
    volts[0], amps[0] = volts[1], amps[1]
    count = len(speeds)
    return MeasuredTrip(
        name=name,
        time_s=[float(k) for k in range(count)],
        speed_mps=speeds,
        grade=slopes,
        elevation_m=heights,
        ambient_degc=[ambient] * count,
        battery_v=volts,
        battery_a=amps,
        soc=socs,
        heating_w=[climate_w] * count,
        aircon_w=None,
        battery_degc=warmth,
        cabin_degc=None,
        notes=[],
    )


def cycle(name):
    return list(load_cycle(name).speed_mps)


def a_year_of_trips(truth, *, noise=0.0):
    town, mixed, fast = cycle("udds")[:506], cycle("wltc3b")[:1023], cycle("wltc3b")[1022:]
    return [
        drive(truth, fast, name="A", ambient=28.0, hills_m=12.0, noise=noise, seed=1),
        drive(truth, mixed, name="B", ambient=18.0, hills_m=15.0, noise=noise, seed=2),
        drive(truth, cycle("hwfet"), name="C", ambient=12.0, hills_m=10.0, noise=noise, seed=3),
        drive(truth, town, name="D", ambient=-2.0, climate_w=2_000.0, noise=noise, seed=4),
        drive(truth, fast, name="E", ambient=3.0, climate_w=1e3, noise=noise, seed=5),
    ]


def slow_flat_trips(truth):
    slow = ([0.0] * 5 + [float(v) for v in range(9)] + [8.0] * 240 + [4.0, 0.0]) * 3
    return [drive(truth, slow, name=name, ambient=24.0) for name in ("P", "Q")]
