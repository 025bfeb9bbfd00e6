"""A house that is recorded and played again says the same at the same times."""

import asyncio
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from make import NOON_NS, ROOT, VIN
from vettura.bus.ask import ask
from vettura.bus.memory import MemoryBus
from vettura.bus.messages import (
    Answer,
    Command,
    Lock,
    SignalFrame,
    Weather,
    decode,
    encode,
)
from vettura.bus.messages_home import DeviceState
from vettura.bus.recording import Recorded, Recording, RecordingWriter, recorded
from vettura.bus.subjects import HOME_BUCKET, car_do, car_get, car_signals, device_state, weather
from vettura.clock import rehearse
from vettura.errors import NoResponderError, UsageError
from vettura.house import load_home, rehearse_home
from vettura.house.build import prepare
from vettura.house.player import Player
from vettura.house.recorder import Recorder, Tape, heard_subjects

ALL = heard_subjects(is_all=True)
S = 1_000_000_000


def frame(after_s=0.0, *, full=False, **values):
    time_ns = NOON_NS + round(after_s * S)
    paths = {f"Vehicle.{path}": value for path, value in values.items()}
    data = encode(SignalFrame(time_ns=time_ns, values=paths, full=full))
    return recorded(time_ns, car_signals(VIN), data)


def session_of(path, messages):
    path.unlink(missing_ok=True)
    writer = RecordingWriter(path, is_synced=False)
    for message in messages:
        writer.add(message)
    writer.close()
    return path


def read(path):
    with Recording(path) as recording:
        return list(recording.messages())


def played(path, *, while_playing=None, record=None, **how):
    """Play a session on a bus of its own; what a tap with all patterns hears goes to `record`."""

    async def main(clock):
        bus = MemoryBus(clock)
        await prepare(bus)
        writer = RecordingWriter(record, is_synced=False) if record else None
        if writer:
            bus.tap(Tape(writer, ALL).hear)
        with Recording(path) as recording:
            player = Player(bus, clock, recording, **how)
            playing = asyncio.create_task(player.run())
            answer = await while_playing(bus, clock, player) if while_playing else None
            waiting = asyncio.create_task(player.ended.wait())
            await asyncio.wait((playing, waiting), return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            if playing.done():
                await playing
            playing.cancel()
        await bus.close()
        if writer:
            writer.close()
        return answer

    with Recording(path) as recording:
        start_ns = recording.first_ns or NOON_NS
    return rehearse(main, start_ns=start_ns, seed=1)


def test_playing_a_recorded_morning_and_recording_that_gives_the_same_bytes(tmp_path):
    first, second = tmp_path / "x.session", tmp_path / "y.session"
    writer = RecordingWriter(first, is_synced=False)
    home = load_home(ROOT / "examples" / "casa.toml")
    rehearse_home(
        home,
        seed=7,
        start=datetime(2026, 3, 2, 7, 14),  # noqa: DTZ001  local to the home
        duration_s=240.0,
        taps=[Tape(writer, ALL).hear],
    )
    writer.close()
    assert writer.count > 200
    played(first, record=second)
    assert read(second) == read(first)
    assert second.read_bytes() == first.read_bytes()


WORDS = st.sampled_from(
    [car_signals(VIN), car_signals("OTHER"), "home.casa.weather", "energy.casa.meter.box"]
)


@given(
    several=st.lists(
        st.tuples(st.integers(0, 10**12), WORDS, st.binary(max_size=60)), min_size=1, max_size=20
    )
)
@settings(max_examples=50, deadline=None)
def test_any_session_comes_back_equal_in_times_subjects_and_payloads(tmp_path_factory, several):
    folder = tmp_path_factory.getbasetemp()
    several.sort(key=lambda one: one[0])
    messages = [recorded(NOON_NS + after, subject, data) for after, subject, data in several]
    first = session_of(folder / "any.session", messages)
    second = folder / "again.session"
    second.unlink(missing_ok=True)
    played(first, record=second)
    assert read(second) == messages


def test_a_car_of_a_session_answers_get_as_of_the_playing_time(tmp_path):
    messages = [
        frame(full=True, Speed=0.0, CurbWeight=1980),
        frame(10, Speed=5.0),
        frame(20, Speed=9.0),
    ]

    async def look(bus, clock, player):
        await clock.sleep_until(NOON_NS + 15 * S)
        return decode((await bus.request(car_get(VIN), b"")).data, SignalFrame, where="")

    seen = played(session_of(tmp_path / "a", messages), while_playing=look)
    assert seen.full
    assert seen.time_ns == NOON_NS + 10 * S
    assert seen.values == {"Vehicle.Speed": 5.0, "Vehicle.CurbWeight": 1980}


def test_a_recording_refuses_every_command(tmp_path):
    messages = [frame(full=True, Speed=0.0), frame(60, Speed=1.0)]

    async def command(bus, clock, player):
        await clock.sleep(1.0)
        return await ask(bus, clock, car_do(VIN, "lock"), Command(id="c1", verb=Lock()))

    answer = played(session_of(tmp_path / "a", messages), while_playing=command)
    assert answer == Answer(
        ok=False, reason="a recording cannot be commanded", code="unavailable", state="refused"
    )


def test_playing_from_the_middle_begins_with_all_that_was_known_then(tmp_path):
    messages = [
        frame(full=True, Speed=0.0, CurbWeight=1980),
        frame(10, Speed=5.0),
        frame(20, Speed=9.0),
    ]
    second = tmp_path / "b"
    played(session_of(tmp_path / "a", messages), record=second, from_ns=NOON_NS + 15 * S)
    heard = [decode(one.data, SignalFrame, where="") for one in read(second)]
    assert [one.full for one in heard] == [True, False]
    assert heard[0].values == {"Vehicle.Speed": 5.0, "Vehicle.CurbWeight": 1980}
    arrivals = [one.arrival_ns for one in read(second)]
    assert arrivals[1] - arrivals[0] == 5 * S


def test_playing_ends_before_the_time_that_was_asked(tmp_path):
    messages = [frame(k, Speed=float(k)) for k in range(10)]
    played(session_of(tmp_path / "a", messages), record=tmp_path / "b", to_ns=NOON_NS + 4 * S)
    assert read(tmp_path / "b") == messages[:4]


def test_as_fast_as_it_goes_no_time_passes(tmp_path):
    messages = [frame(k * 100.0, Speed=float(k)) for k in range(300)]
    played(session_of(tmp_path / "a", messages), record=tmp_path / "b", is_paced=False)
    again = read(tmp_path / "b")
    assert [one.data for one in again] == [one.data for one in messages]
    assert {one.arrival_ns for one in again} == {NOON_NS}


def test_a_session_is_not_played_where_its_car_lives(tmp_path):
    path = session_of(tmp_path / "a", [frame(full=True, Speed=0.0)])

    async def main(clock):
        bus = MemoryBus(clock)
        await prepare(bus)
        ear = await bus.subscribe(car_get(VIN))

        async def live():
            async for question in ear:
                await bus.respond(question, b"")

        living = asyncio.create_task(live())
        with Recording(path) as recording:
            try:
                await Player(bus, clock, recording).run()
            finally:
                living.cancel()

    with pytest.raises(BaseExceptionGroup) as caught:
        rehearse(main, start_ns=NOON_NS, seed=1)
    assert caught.group_contains(UsageError, match="lives on this bus")


def test_what_a_home_keeps_is_kept_again(tmp_path):
    air = Weather(
        time_ns=NOON_NS, ambient_degc=3.0, wind_mps=0.0, sun_w_per_m2=0.0, condition="fog"
    )
    message = recorded(NOON_NS, weather("casa"), encode(air))

    async def look(bus, clock, player):
        await player.ended.wait()
        return (await (await bus.bucket(HOME_BUCKET)).get(weather("casa"))).value

    assert played(session_of(tmp_path / "a", [message]), while_playing=look) == encode(air)


def test_messages_that_are_none_are_played_as_they_are(tmp_path):
    odd = [Recorded(NOON_NS, NOON_NS, car_signals(VIN), b"\xff\xfe"), frame(1, Speed=1.0)]
    played(session_of(tmp_path / "a", odd), record=tmp_path / "b")
    assert read(tmp_path / "b") == odd


def test_a_recorder_begins_with_what_is_there(tmp_path):
    state = DeviceState(time_ns=NOON_NS, entities={})
    whole = frame(full=True, Speed=7.0).data

    async def main(clock):
        bus = MemoryBus(clock)
        await prepare(bus)
        await (await bus.bucket(HOME_BUCKET)).put(device_state("casa", "wallbox"), encode(state))
        await (await bus.bucket("cars")).put(f"{VIN}.state", b"")
        ear = await bus.subscribe(car_get(VIN))
        writer = RecordingWriter(tmp_path / "a", is_synced=False)
        recording = asyncio.create_task(
            Recorder(bus, clock, Tape(writer, heard_subjects(vin=VIN))).run()
        )
        await bus.respond(await ear.next(), whole)
        await clock.sleep(1.0)
        await bus.publish(car_signals(VIN), frame(1.0, Speed=8.0).data)
        await bus.publish(car_signals("OTHER"), b"another car")
        await bus.publish(f"car.{VIN}.samples", b"not asked for")
        await clock.sleep(1.0)
        recording.cancel()
        writer.close()
        await bus.close()

    rehearse(main, start_ns=NOON_NS, seed=1)
    heard = [(one.subject, one.data) for one in read(tmp_path / "a")]
    assert heard == [
        (device_state("casa", "wallbox"), encode(state)),
        (car_signals(VIN), whole),
        (car_signals(VIN), frame(1.0, Speed=8.0).data),
    ]


def test_nobody_answers_for_a_car_before_it_was_heard_of(tmp_path):
    path = session_of(
        tmp_path / "a", [recorded(NOON_NS, "home.casa.x.state", b""), frame(9, Speed=1)]
    )

    async def look(bus, clock, player):
        await clock.sleep(1.0)
        with pytest.raises(NoResponderError):
            await bus.request(car_get(VIN), b"")

    played(path, while_playing=look)
