"""The living car on a rehearsed bus: it tells, it obeys once, it remembers, it goes on alone."""

import asyncio

import msgspec

from drive.alive import alive, all_signals, tell
from make import NOON_NS, VIN, make_trip
from vettura.bus.memory import MemoryBus
from vettura.bus.messages import (
    Answer,
    Climate,
    Drive,
    Flap,
    Plug,
    Weather,
    decode,
    encode,
)
from vettura.bus.signals import signal_table
from vettura.bus.subjects import (
    CARS_STREAM,
    CARS_STREAM_SUBJECTS,
    HOME_BUCKET,
    car_do,
    car_sessions,
    car_signals,
    weather,
)
from vettura.clock import rehearse

SOC = "Vehicle.Powertrain.TractionBattery.StateOfCharge.Displayed"
ODOMETER = "Vehicle.TraveledDistance"
MODE = "Vehicle.Private.Vettura.Mode"


def scenario(main, *, seed=1, shuffle=None):
    return rehearse(main, start_ns=NOON_NS, seed=seed, shuffle_seed=shuffle)


def test_a_full_frame_holds_every_signal_of_the_table_and_nothing_else():
    async def main(clock):
        bus = MemoryBus(clock)
        async with alive(bus, clock):
            return await all_signals(bus)

    values = scenario(main)
    assert set(values) == set(signal_table())
    for path, value in values.items():
        row = signal_table()[path]
        if isinstance(value, int | float) and not isinstance(value, bool):
            assert row.min <= value <= row.max, path
        if row.allowed and isinstance(value, str):
            assert value in row.allowed, path


def test_it_speaks_ten_times_a_second_while_driving_and_rarely_asleep():
    async def main(clock):
        bus = MemoryBus(clock)
        ear = await bus.subscribe(car_signals(VIN))
        heard = []

        async def listen():
            async for _ in ear:
                heard.append(clock.monotonic())  # noqa: PERF401  counted while it grows

        listener = asyncio.create_task(listen())
        async with alive(bus, clock):
            await clock.sleep(600)
            asleep = len(heard)
            await tell(bus, clock, Drive(trip=make_trip()))
            before = len(heard)
            await clock.sleep(30)
            driving = len(heard) - before
        listener.cancel()
        return asleep, driving

    asleep, driving = scenario(main)
    assert asleep < 30
    assert 280 <= driving <= 310


def test_the_same_command_is_obeyed_once_however_often_it_arrives():
    async def main(clock):
        bus = MemoryBus(clock)
        async with alive(bus, clock):
            first = await tell(bus, clock, Drive(trip=make_trip()), "same")
            again = await tell(bus, clock, Drive(trip=make_trip()), "same")
            other = await tell(bus, clock, Drive(trip=make_trip()), "other")
            return first, again, other

    first, again, other = scenario(main)
    assert first.ok
    assert again.ok
    assert not other.ok
    assert "already driving" in other.reason


def test_nonsense_is_answered_with_a_reason():
    async def main(clock):
        bus = MemoryBus(clock)
        async with alive(bus, clock):
            replies = []
            too_much = {"id": "x", "verb": {"type": "charge_limit", "soc": 1.2}}
            for data in (b"", b"\xc1", b"{}", msgspec.msgpack.encode(too_much)):
                message = await bus.request(car_do(VIN, "charge_limit"), data)
                replies.append(decode(message.data, Answer, where="answer"))
            return replies

    replies = scenario(main)
    assert all(not reply.ok and reply.reason for reply in replies)
    assert "<= 1.0" in replies[-1].reason
    assert "soc" in replies[-1].reason


def test_a_car_killed_while_driving_wakes_where_it_was_and_arrives():
    async def main(clock):
        bus = MemoryBus(clock)
        async with alive(bus, clock):
            await tell(bus, clock, Drive(trip=make_trip()))
            await clock.sleep(40.0)
            before = await all_signals(bus)
        await clock.sleep(3600.0)
        async with alive(bus, clock):
            woken = await all_signals(bus)
            await clock.sleep(120.0)
            arrived = await all_signals(bus)
        stream = await bus.stream(CARS_STREAM, CARS_STREAM_SUBJECTS)
        return before, woken, arrived, await stream.last(car_sessions(VIN), 10)

    before, woken, arrived, sessions = scenario(main)
    assert woken[MODE] == "DRIVING"
    assert 0 <= woken[ODOMETER] - before[ODOMETER] < 40
    assert abs(woken[SOC] - before[SOC]) < 0.05
    assert arrived["Vehicle.Private.Vettura.Place"] == "work"
    assert len(sessions) == 1


def test_a_charging_car_wakes_charging():
    async def main(clock):
        bus = MemoryBus(clock)
        async with alive(bus, clock):
            await tell(bus, clock, Plug(station="wallbox", power_w_max=11_000.0))
            await clock.sleep(1800.0)
            before = await all_signals(bus)
        async with alive(bus, clock):
            return before, await all_signals(bus)

    before, woken = scenario(main)
    assert woken[MODE] == "CHARGING"
    assert woken[SOC] >= before[SOC] > 60.0
    assert woken["Vehicle.Private.Vettura.WallPower"] > 9_000.0


def test_the_flap_stays_shut_while_driving():
    async def main(clock):
        bus = MemoryBus(clock)
        async with alive(bus, clock):
            await tell(bus, clock, Drive(trip=make_trip()))
            await clock.sleep(10.0)
            return await tell(bus, clock, Flap(open=True), "c2"), await all_signals(bus)

    answer, values = scenario(main)
    assert not answer.ok
    assert "while driving" in answer.reason
    port = "Vehicle.Powertrain.TractionBattery.Charging.ChargingPort.AnyPosition.IsFlapOpen"
    assert values[port] is False


def test_the_car_feels_the_weather_and_warms_its_cabin():
    async def main(clock):
        bus = MemoryBus(clock)
        bucket = await bus.bucket(HOME_BUCKET)
        async with alive(bus, clock):
            air = Weather(
                time_ns=clock.now_ns(),
                ambient_degc=-5.0,
                wind_mps=1.0,
                sun_w_per_m2=0.0,
                condition="snowy",
            )
            await bucket.put(weather("casa"), encode(air))
            await tell(bus, clock, Climate(on=True, target_degc=22.0))
            await clock.sleep(1200.0)
            return await all_signals(bus)

    values = scenario(main)
    assert values["Vehicle.Exterior.AirTemperature"] == -5.0
    assert 20.0 < values["Vehicle.Cabin.HVAC.AmbientAirTemperature"] < 23.0
    assert values["Vehicle.Private.Vettura.ClimatePower"] > 300.0
