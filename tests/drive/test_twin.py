"""The twin: it learns a car from its telemetry, survives what telemetry is like, and remembers."""

import asyncio
import math

import msgspec
import pytest

from drive.truth import changed, cycle, drive
from make import NOON_NS, VIN, make_params
from vettura.bus.memory import MemoryBus
from vettura.bus.messages import SignalFrame, Twin, decode, encode
from vettura.bus.paths import (
    ALTITUDE,
    BATTERY,
    BATTERY_DEGC,
    CLIMATE_POWER,
    OUTSIDE_DEGC,
    SPEED,
)
from vettura.bus.subjects import CARS_BUCKET, car_signals, car_twin
from vettura.car.catalogue import load_car
from vettura.clock import rehearse
from vettura.clock.chance import random_stream
from vettura.drive.calibrate_knobs import auxiliary_w_of
from vettura.drive.twin import TwinConfig, TwinService
from vettura.drive.twin_memory import (
    decode_memory,
    encode_memory,
    new_memory,
    new_trip,
)
from vettura.drive.twin_model import TwinModel
from vettura.drive.twin_range import consumption_wh_per_m, range_of
from vettura.drive.twin_senses import Senses
from vettura.errors import InputError
from vettura.units import KMH_PER_MPS, NS_PER_S, PERCENT

CAR = "bmw-i3-60ah"
DAY_NS = 86_400 * NS_PER_S


def frames_of(trip, start_ns=NOON_NS, climate_w=0.0):
    """What a car says while it drives that trip, once a second, and a minute's rest after it."""
    for k in range(len(trip.time_s)):
        values = {
            SPEED: trip.speed_mps[k] * KMH_PER_MPS,
            BATTERY + "CurrentPower": trip.battery_v[k] * trip.battery_a[k],
            BATTERY + "CurrentVoltage": trip.battery_v[k],
            BATTERY + "CurrentCurrent": trip.battery_a[k],
            BATTERY + "StateOfCharge.Current": PERCENT * trip.soc[k],
            BATTERY_DEGC: trip.battery_degc[k],
            OUTSIDE_DEGC: trip.ambient_degc[k],
            ALTITUDE: trip.elevation_m[k],
            CLIMATE_POWER: climate_w,
        }
        yield SignalFrame(time_ns=start_ns + k * NS_PER_S, values=values)
    end_ns = start_ns + len(trip.time_s) * NS_PER_S
    rest = {**values, SPEED: 0.0, BATTERY + "CurrentPower": 0.0, BATTERY + "CurrentCurrent": 0.0}
    for k in range(0, 300, 60):
        yield SignalFrame(time_ns=end_ns + k * NS_PER_S, values=rest)


def days_of(truth, days=12):
    """Morning and evening, warm and cold, in town and out of it, with hills."""
    fast = cycle("wltc3b")[1022:]
    for day in range(days):
        speeds = (cycle("udds")[:700], fast, cycle("hwfet"))[day % 3]
        ambient = (22.0, -3.0, 12.0, 28.0, 3.0)[day % 5]
        heat = 1_500.0 if ambient < 10.0 else 0.0
        trip = drive(truth, speeds, ambient=ambient, hills_m=12.0, climate_w=heat)
        yield from frames_of(trip, NOON_NS + day * DAY_NS, heat)


def follow(model, frames):
    senses = Senses()
    for frame in frames:
        seconds = senses.hear(frame, frame.time_ns)
        if seconds is None:
            model.void()
            continue
        for second in seconds:
            model.live(second)
    return senses


def believed(model):
    belief = model.memory.belief
    return {n: (belief.mean[k], belief.sd(k)) for k, n in enumerate(model.memory.names)}


@pytest.fixture(scope="module")
def learnt():
    params = make_params(CAR)
    truth = changed(params, rolling=1.2, mass_kg=150.0, aux_w=500.0, capacity=0.88)
    model = TwinModel(params)
    follow(model, days_of(truth))
    return params, truth, model


def test_a_changed_car_is_learnt_within_the_stated_uncertainty(learnt):
    params, truth, model = learnt
    assert model.memory.stretches > 20
    said = believed(model)
    true = {
        "rolling": 1.2,
        "mass": truth.road.mass_kg / params.road.mass_kg,
        "auxiliary": 500.0 / auxiliary_w_of(params),
        "capacity": 0.88,
        "resistance": 1.0,
        "drag": 1.0,
    }
    for name, share in true.items():
        mean, sd = said[name]
        assert abs(mean - share) < 2.0 * sd, name
    assert said["capacity"][0] == pytest.approx(0.88, abs=0.03)
    assert said["rolling"][0] > 1.06
    assert said["mass"][0] > 1.03


def test_the_range_holds_the_truth_and_narrows_with_what_is_learnt(learnt):
    params, truth, model = learnt
    trace = cycle("hwfet")
    truly = consumption_wh_per_m(truth, trace, ambient_degc=15.0)
    real = range_of(truth, new_memory(), soc=0.7, wh_per_m=truly)
    seen = consumption_wh_per_m(model.fitted(), trace, ambient_degc=15.0)
    memory = new_trip(model.memory, model.memory.time_ns + DAY_NS)
    after = range_of(model.fitted(), memory, soc=0.7, wh_per_m=seen)
    blind = consumption_wh_per_m(params, trace, ambient_degc=15.0)
    before = range_of(params, new_memory(), soc=0.7, wh_per_m=blind)
    assert after.low_m < real.distance_m < after.high_m
    assert abs(after.distance_m / real.distance_m - 1.0) < 0.05
    assert abs(before.distance_m / real.distance_m - 1.0) > 0.15
    assert after.sigma < before.sigma


def test_an_aged_battery_is_told_apart_from_cold_tyres():
    params = make_params(CAR)
    aged, stiff = TwinModel(params), TwinModel(params)
    follow(aged, days_of(changed(params, capacity=0.8, resistance=1.6), days=10))
    stiff_car = params._replace(road=params.road._replace(tyre_per_k=0.03))
    follow(stiff, days_of(stiff_car, days=10))
    assert believed(aged)["capacity"][0] == pytest.approx(0.8, abs=0.03)
    assert believed(aged)["resistance"][0] == pytest.approx(1.6, rel=0.12)
    assert believed(aged)["tyre_cold"][0] == pytest.approx(1.0, abs=0.1)
    assert believed(stiff)["capacity"][0] == pytest.approx(1.0, abs=0.03)
    assert believed(stiff)["resistance"][0] == pytest.approx(1.0, abs=0.06)
    assert believed(stiff)["tyre_cold"][0] > 1.15
    assert aged.memory.ageing[-1].capacity < aged.memory.ageing[0].capacity
    assert aged.memory.ageing[-1].capacity_sd < aged.memory.ageing[0].capacity_sd


def test_late_doubled_absurd_and_missing_values_are_survived_and_counted():
    params = make_params(CAR)
    chance, model, bad = random_stream(7, "spoil"), TwinModel(params), []
    for frame in days_of(params, days=4):
        dice = chance.random()
        if dice < 0.05:
            frame.values[BATTERY + "CurrentPower"] = chance.choice(
                [math.nan, math.inf, -1e9, "none", True, ["a"]]
            )
        if 0.05 < dice < 0.10:
            frame.values[SPEED] = chance.choice([math.nan, -5.0, 9e9, "fast"])
        if 0.10 < dice < 0.15:
            frame.values.clear()
        bad.append(frame)
        if 0.15 < dice < 0.2:
            bad.append(frame)
        if 0.2 < dice < 0.25:
            bad.append(msgspec.structs.replace(frame, time_ns=frame.time_ns - 5 * NS_PER_S))
    senses = follow(model, bad)
    assert senses.late > 50
    assert senses.absurd > 50
    assert model.memory.stretches > 5
    assert all(math.isfinite(x) for x in model.memory.mean)
    for name, (mean, sd) in believed(model).items():
        assert abs(mean - 1.0) < 2.5 * max(sd, 0.02), name


def test_a_frame_from_the_far_future_stops_nothing():
    senses = Senses()
    senses.hear(SignalFrame(time_ns=NOON_NS, values={SPEED: 0.0}), NOON_NS)
    far = SignalFrame(time_ns=NOON_NS + 400 * DAY_NS, values={SPEED: 0.0})
    assert senses.hear(far, NOON_NS) == []
    then = NOON_NS + 60 * NS_PER_S
    assert len(senses.hear(SignalFrame(time_ns=then, values={SPEED: 0.0}), then)) == 1
    assert (senses.late, senses.gaps) == (1, 0)


def test_a_moving_car_that_falls_silent_teaches_nothing_of_that_road():
    params = make_params(CAR)
    model = TwinModel(params)
    frames = list(frames_of(drive(params, cycle("hwfet"))))
    senses = follow(model, frames[::8])
    assert senses.gaps > 20
    assert model.memory.stretches == 0


def test_a_telemetry_of_speed_alone_teaches_nothing_and_breaks_nothing():
    model = TwinModel(make_params(CAR))
    frames = frames_of(drive(make_params(CAR), cycle("hwfet")))
    follow(model, (msgspec.structs.replace(f, values={SPEED: f.values[SPEED]}) for f in frames))
    assert model.memory.mean == new_memory().mean


def test_a_sensor_gone_mad_is_an_outlier_not_a_lesson():
    params = make_params(CAR)
    model = TwinModel(params)
    follow(model, days_of(params, days=3))
    before = believed(model)
    mad = list(frames_of(drive(params, cycle("hwfet")), NOON_NS + 5 * DAY_NS))
    for frame in mad:
        frame.values[BATTERY + "CurrentPower"] = -400_000.0
    follow(model, mad)
    assert model.memory.outliers > 3
    for name, (mean, _) in believed(model).items():
        assert mean == pytest.approx(before[name][0], abs=0.02), name


def test_a_memory_survives_being_kept():
    params = make_params(CAR)
    model = TwinModel(params)
    follow(model, days_of(params, days=2))
    assert decode_memory(encode_memory(model.memory), where="t") == model.memory


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc1",
        msgspec.msgpack.encode([1, 2]),
        msgspec.msgpack.encode({"names": ["mass"], "mean": [1.0], "covariance": [[1.0]]}),
        encode_memory(msgspec.structs.replace(new_memory(), mean=[math.nan] * 11)),
    ],
)
def test_a_memory_that_cannot_be_is_refused(data):
    with pytest.raises(InputError, match="twin's memory"):
        decode_memory(data, where="t")


async def one_life(clock, bus, frames, told, *, until_ns):
    """A twin lives while those frames arrive, then is killed."""
    service = TwinService(bus, clock, TwinConfig(vin=VIN), load_car(CAR))
    ear = await bus.subscribe(car_twin(VIN))
    task = asyncio.create_task(service.run())
    await clock.sleep(0.01)
    for frame in frames:
        await clock.sleep_until(frame.time_ns)
        await bus.publish(car_signals(VIN), encode(frame))
    await bus.publish(car_signals(VIN), b"no frame")
    await clock.sleep_until(until_ns)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await ear.close()
    told += [decode(m.data, Twin, where="twin") async for m in ear]


def two_lives(seed):
    params = make_params(CAR)
    truth = changed(params, rolling=1.2, mass_kg=150.0, aux_w=500.0, capacity=0.88)
    trips = [
        list(frames_of(drive(truth, cycle("wltc3b")[1022:], hills_m=10.0), NOON_NS + k * DAY_NS))
        for k in (1, 2, 3)
    ]

    async def main(clock):
        bus, told = MemoryBus(clock), []
        await bus.bucket(CARS_BUCKET)
        await one_life(clock, bus, trips[0] + trips[1], told, until_ns=NOON_NS + 5 * DAY_NS // 2)
        first = len(told)
        await one_life(clock, bus, trips[2], told, until_ns=NOON_NS + 4 * DAY_NS)
        return told, first

    return rehearse(main, start_ns=NOON_NS, seed=seed)


def test_on_the_bus_it_tells_remembers_across_a_kill_and_repeats_to_the_byte():
    told, first = two_lives(1)
    assert 0 < first < len(told)
    assert told[first].stretches >= told[first - 1].stretches > 10
    assert told[-1].stretches > told[first - 1].stretches
    last = told[-1]
    assert last.range_low_m < last.range_m < last.range_high_m
    assert last.capacity == pytest.approx(0.88, abs=0.1)
    rolling = next(p for p in last.parameters if p.name == "rolling")
    assert rolling.value > rolling.file_value
    heat_loss = next(p for p in last.parameters if p.name == "heat_loss")
    assert not heat_loss.shown
    assert heat_loss.value == heat_loss.file_value
    again, _ = two_lives(1)
    assert [encode(t) for t in again] == [encode(t) for t in told]
