"""The KUKSA face over a real socket, before a scripted car: what each call answers."""

import asyncio

import pytest

from faces.kuksa_scene import (
    LOCK,
    NOT_OURS,
    SDV,
    SOC,
    SPEED,
    V1,
    V2,
    VIN_PATH,
    WINDOW,
    Client,
    refusal,
    request_of,
    scene,
    until,
)
from make import VIN
from vettura.bus.messages import Actuate, Answer
from vettura.errors import InputError
from vettura.faces.config import KuksaConfig
from vettura.faces.kuksa_grpc import grpc

Code = grpc.StatusCode


async def test_v2_tells_values_by_path_and_by_number_and_unset_ones_as_unset():
    async with scene() as (_, face, client):
        one = await client.ask(V2, "GetValue", signal_id={"path": SPEED})
        number = face.hub.catalogue.ids[SOC]
        several = await client.ask(
            V2, "GetValues", signal_ids=[{"id": number}, {"path": NOT_OURS}, {"path": VIN_PATH}]
        )
    assert one.data_point.value.float == 3.5
    assert one.data_point.timestamp.seconds > 0
    soc, unknown, vin = several.data_points
    assert soc.value.float == 60.0
    assert not unknown.HasField("value")
    assert vin.value.string == VIN


async def test_v2_errors_are_status_codes():
    async with scene() as (_, _, client):
        cases = {
            "unknown": client.ask(V2, "GetValue", signal_id={"path": "Vehicle.Nothing"}),
            "branch": client.hear(V2, "Subscribe", signal_paths=["Vehicle.Cabin"]).read(),
            "long": client.ask(V2, "GetValue", signal_id={"path": "V" * 1001}),
            "unsaid": client.ask(V2, "GetValue"),
            "buffer": client.hear(V2, "Subscribe", signal_paths=[SPEED], buffer_size=1001).read(),
            "nothing": client.hear(V2, "SubscribeById").read(),
            "type": client.ask(V2, "Actuate", signal_id={"path": WINDOW}, value={"string": "high"}),
            "root": client.ask(V2, "ListMetadata", root="Vehicle.Nothing"),
            "pattern": client.ask(V2, "ListMetadata", root="Vehicle.Ca*n"),
        }
        codes = {name: (await refusal(call))[0] for name, call in cases.items()}
    invalid, missing = Code.INVALID_ARGUMENT, Code.NOT_FOUND
    assert codes == {
        "unknown": missing,
        "branch": missing,
        "long": invalid,
        "unsaid": invalid,
        "buffer": invalid,
        "nothing": invalid,
        "type": invalid,
        "root": missing,
        "pattern": invalid,
    }


async def test_a_subscription_begins_with_everything_and_goes_on_with_changes():
    async with scene() as (car, _, client):
        stream = client.hear(V2, "Subscribe", signal_paths=[SPEED, SOC, NOT_OURS])
        first = await stream.read()
        await car.tell(SPEED=4.5, SOC=60.0)
        second = await stream.read()
    assert set(first.entries) == {SPEED, SOC, NOT_OURS}
    assert not first.entries[NOT_OURS].HasField("value")
    assert {path: point.value.float for path, point in second.entries.items()} == {SPEED: 4.5}


async def test_the_same_by_number_and_in_the_words_of_v1_and_sdv():
    async with scene() as (car, face, client):
        ids = face.hub.catalogue.ids
        by_id = client.hear(V2, "SubscribeById", signal_ids=[ids[SPEED]])
        v1 = client.hear(
            V1, "Subscribe", entries=[{"path": "Vehicle.Cabin.Door.*.*.IsLocked", "fields": [2, 3]}]
        )
        sdv = client.hear(SDV, "Subscribe", query=f"SELECT {SPEED}, {SOC}")
        firsts = [await stream.read() for stream in (by_id, v1, sdv)]
        await car.tell(SPEED=4.5, LOCK=False)
        seconds = [await stream.read() for stream in (by_id, v1, sdv)]
        await car.aim({LOCK: False})
        target = await v1.read()
    assert firsts[0].entries[ids[SPEED]].value.float == 3.5
    assert LOCK in {update.entry.path for update in firsts[1].updates}
    assert seconds[0].entries[ids[SPEED]].value.float == 4.5
    assert seconds[1].updates[0].entry.value.bool is False
    assert list(seconds[1].updates[0].fields) == [2]
    assert target.updates[0].entry.actuator_target.bool is False
    assert {path: p.float_value for path, p in seconds[2].fields.items()} == {SPEED: 4.5, SOC: 60.0}


async def test_an_actuation_is_one_command_of_an_app_and_its_target_is_readable():
    async with scene() as (car, _, client):
        await client.ask(V2, "Actuate", signal_id={"path": WINDOW}, value={"uint32": 40})
        update = {"entry": {"path": LOCK, "actuator_target": {"bool": False}}, "fields": [3]}
        reply = await client.ask(V1, "Set", updates=[update])
        sdv = await client.ask(SDV, "SetDatapoints", datapoints={LOCK: {"bool_value": True}})
        got = await client.ask(V1, "Get", entries=[{"path": WINDOW, "view": 2}])
    assert car.verbs(Actuate) == [
        Actuate(path=WINDOW, value=40),
        Actuate(path=LOCK, value=False),
        Actuate(path=LOCK, value=True),
    ]
    assert {(command.role, command.who, command.granted) for command in car.heard} == {
        ("app", "kuksa", False)
    }
    assert not reply.errors
    assert not sdv.errors
    assert got.entries[0].actuator_target.uint32 == 40


@pytest.mark.parametrize(
    ("code", "v2", "v1", "sdv"),
    [
        ("scope", Code.PERMISSION_DENIED, 403, 2),
        ("type", Code.INVALID_ARGUMENT, 400, 4),
        ("range", Code.INVALID_ARGUMENT, 400, 4),
        ("interlock", Code.FAILED_PRECONDITION, 412, 3),
        ("conflict", Code.ABORTED, 409, 3),
        ("unavailable", Code.UNAVAILABLE, 503, 3),
        ("busy", Code.RESOURCE_EXHAUSTED, 429, 3),
    ],
)
async def test_a_refusal_of_the_car_keeps_its_reason(code, v2, v1, sdv):
    async with scene() as (car, _, client):
        car.answer = Answer(ok=False, reason="because", code=code, state="refused")
        wish = {"signal_id": {"path": WINDOW}, "value": {"uint32": 40}}
        status = await refusal(client.ask(V2, "Actuate", **wish))
        update = {"entry": {"path": WINDOW, "actuator_target": {"uint32": 4}}, "fields": [3]}
        reply = await client.ask(V1, "Set", updates=[update])
        errors = await client.ask(SDV, "SetDatapoints", datapoints={WINDOW: {"uint32_value": 4}})
        batch = await refusal(client.ask(V2, "BatchActuate", actuate_requests=[wish]))
        talk = client.talk(V2, "ActuateStream")
        request = request_of(V2, "ActuateStream")
        request.signal_id.path, request.value.uint32 = WINDOW, 4
        await talk.write(request)
        streamed = await refusal(talk)
    assert status == batch == streamed == (v2, "because")
    assert (reply.errors[0].error.code, reply.errors[0].error.message) == (v1, "because")
    assert errors.errors[WINDOW] == sdv


async def test_a_car_that_is_not_there_is_unavailable():
    async with scene() as (_, face, client):
        face.line.patience_s = 0.0
        await face.line.bus.close()
        wish = {"signal_id": {"path": WINDOW}, "value": {"uint32": 40}}
        code, _ = await refusal(client.ask(V2, "Actuate", **wish))
    assert code is Code.UNAVAILABLE


async def test_v1_tells_errors_inside_its_reply_and_answers_branches():
    async with scene() as (_, _, client):
        branch = await client.ask(V1, "Get", entries=[{"path": "Vehicle.Cabin.Door", "view": 1}])
        missing = await client.ask(V1, "Get", entries=[{"path": "Vehicle.Nothing"}])
        wrong = await client.ask(V1, "Get", entries=[{"path": "Vehicle.Ca*"}])
        sensor = await client.ask(
            V1,
            "Set",
            updates=[{"entry": {"path": SPEED, "actuator_target": {"float": 1}}, "fields": [3]}],
        )
        metadata = await client.ask(V1, "Get", entries=[{"path": WINDOW, "view": 3}])
    paths = {entry.path for entry in branch.entries}
    assert {LOCK, WINDOW} <= paths
    assert all(path.startswith("Vehicle.Cabin.Door.") for path in paths)
    assert missing.errors[0].error.code == 404
    assert missing.error.code == 404
    assert wrong.errors[0].error.code == 400
    assert sensor.errors[0].error.code == 400
    assert metadata.entries[0].metadata.value_restriction.unsigned.max == 100


async def test_a_query_with_a_condition_tells_only_when_it_holds():
    async with scene() as (car, _, client):
        query = f"SELECT {SPEED} AS v, ({SOC} > 50) AS full WHERE {SPEED} > 10 AND NOT {LOCK}"
        stream = client.hear(SDV, "Subscribe", query=query)
        reading = asyncio.ensure_future(stream.read())
        await car.tell(SPEED=20.0)
        await car.tell(LOCK=False)
        first = await reading
        wrong = await refusal(client.hear(SDV, "Subscribe", query="SELECT FROM").read())
    assert first.fields["v"].float_value == 20.0
    assert first.fields["full"].bool_value is True
    assert wrong[0] is Code.INVALID_ARGUMENT


async def test_metadata_lists_the_whole_tree_with_the_same_numbers_in_all_protocols():
    async with scene() as (_, _, client):
        v2 = await client.ask(V2, "ListMetadata", root="Vehicle")
        sdv = await client.ask(SDV, "GetMetadata")
        part = await client.ask(V2, "ListMetadata", root="Vehicle", filter="Vehicle.Cabin.**")
    assert {one.path: one.id for one in v2.metadata} == {one.name: one.id for one in sdv.list}
    assert len(v2.metadata) > 1263
    assert 0 < len(part.metadata) < len(v2.metadata)


async def test_three_servers_say_who_they_are():
    async with scene() as (_, _, client):
        v1 = await client.ask(V1, "GetServerInfo")
        v2 = await client.ask(V2, "GetServerInfo")
    assert v1.name == v2.name == "vettura"


async def test_a_taken_port_is_replaced_by_a_free_one():
    async with scene() as (_, first, _):
        config = KuksaConfig(port=first.port)
        async with scene(config) as (_, second, client):
            assert second.port not in (0, first.port)
            assert (await client.ask(V2, "GetServerInfo")).name == "vettura"


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "house.example"])
async def test_other_machines_are_let_in_with_tokens_only(host):
    with pytest.raises(InputError, match="without a token"):
        async with scene(KuksaConfig(host=host, port=0)):
            pass


async def test_bytes_that_are_no_message_are_refused_and_counted():
    async with scene() as (_, face, client):
        for method in face._handlers:
            code, _, _ = await face.handle(method, b"\xff\xff\xff\x07\x0a")
            assert code is Code.INVALID_ARGUMENT
        raw = client.channel.unary_unary("/kuksa.val.v2.VAL/GetValue")
        assert (await refusal(raw(b"\xff")))[0] is Code.INVALID_ARGUMENT
        nowhere = client.channel.unary_unary("/kuksa.val.v2.VAL/Nothing")
        assert (await refusal(nowhere(b"")))[0] is Code.UNIMPLEMENTED
    assert face.malformed == len(face._handlers) + 1


async def test_lists_longer_than_the_tree_are_refused():
    async with scene() as (_, _, client):
        many = [{"path": SPEED}] * 5001
        code, _ = await refusal(client.ask(V2, "GetValues", signal_ids=many))
        entries = [{"path": pattern} for pattern in _patterns(200)]
        exhausted, _ = await refusal(client.ask(V1, "Get", entries=entries))
    assert code is Code.INVALID_ARGUMENT
    assert exhausted is Code.RESOURCE_EXHAUSTED


def _patterns(count):
    """Different ways to name everything."""
    levels = ["Vehicle", *["**"] * 1]
    return [".".join([*["**"] * (k % 7), *levels, *["**"] * (k // 7)]) for k in range(count)]


async def test_a_thousand_subscribers_each_hear_a_change_and_leave_nothing_behind():
    async with scene() as (car, face, client):
        streams = [client.hear(V2, "Subscribe", signal_paths=[SPEED]) for _ in range(1000)]
        await asyncio.gather(*(stream.read() for stream in streams))
        assert face.hub.groups == 1
        await car.tell(SPEED=9.0)
        replies = await asyncio.gather(*(stream.read() for stream in streams))
        assert {reply.entries[SPEED].value.float for reply in replies} == {9.0}
        for stream in streams:
            stream.cancel()
        await until(lambda: face.hub.groups == 0, face.line.pace)


async def test_a_subscription_can_be_for_a_time_and_at_a_pace():
    async with scene() as (_, _, client):
        stream = client.hear(
            V2,
            "Subscribe",
            signal_paths=[SPEED],
            filter={"duration_ms": 50, "min_sample_interval": {"interval_ms": 5}},
        )
        heard = [reply async for reply in stream]
        assert await stream.code() is Code.OK
    assert len(heard) == 1


async def test_a_second_client_is_not_held_up_by_one_that_never_reads():
    async with scene() as (car, face, client):
        silent = Client(face.port)
        stalled = [silent.hear(V2, "Subscribe", signal_paths=[SPEED]) for _ in range(20)]
        reader = client.hear(V2, "Subscribe", signal_paths=[SPEED])
        await reader.read()
        await until(lambda: len(face.hub._groups) == 1, face.line.pace)
        for number in range(50):
            await car.tell(SPEED=float(number))
            reply = await reader.read()
        assert reply.entries[SPEED].value.float == 49.0
        for stream in stalled:
            stream.cancel()
        await silent.channel.close()
