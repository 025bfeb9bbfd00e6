"""Providers from outside: what they claim, what is asked of them, and what they leave."""

from faces.kuksa_scene import (
    LOCK,
    NOT_OURS,
    SDV,
    SPEED,
    V1,
    V2,
    WINDOW,
    refusal,
    request_of,
    scene,
    until,
)
from vettura.bus.messages import Answer
from vettura.faces.kuksa_callers import Caller
from vettura.faces.kuksa_grpc import grpc

Code = grpc.StatusCode


def providing(*paths):
    request = request_of(V2, "OpenProviderStream")
    for path in paths:
        request.provide_actuation_request.actuator_identifiers.add(path=path)
    return request


def publishing(request_id, **fields):
    """A message of values: number, field and value of each."""
    request = request_of(V2, "OpenProviderStream")
    request.publish_values_request.request_id = request_id
    for number, field, value in fields["values"]:
        point = request.publish_values_request.data_points[number]
        setattr(point.value, field, value)
    return request


async def test_a_provider_that_closes_its_side_goes_on_hearing_wishes_until_it_leaves():
    async with scene() as (car, face, client):
        talk = client.talk(V2, "OpenProviderStream")
        await talk.write(providing(WINDOW))
        await talk.done_writing()
        assert (await talk.read()).HasField("provide_actuation_response")
        (claim,) = car.claims
        assert claim.actuators == [WINDOW]
        answer = await car.wish(claim.provider, WINDOW, 40)
        asked = (await talk.read()).batch_actuate_stream_request.actuate_requests[0]
        unknown = await car.wish(claim.provider, LOCK, True)
        talk.cancel()
        await until(lambda: car.releases, face.line.pace)
    assert answer == Answer(ok=True, state="accepted")
    assert asked.signal_id.id == face.hub.catalogue.ids[WINDOW]
    assert asked.value.uint32 == 40
    assert not unknown.ok
    assert car.releases[0].provider == claim.provider
    assert car.releases[0].paths == [WINDOW]


async def test_two_providers_cannot_hold_one_actuator():
    async with scene() as (_, _, client):
        first, second = (client.talk(V2, "OpenProviderStream") for _ in range(2))
        await first.write(providing(WINDOW))
        await first.read()
        await second.write(providing(WINDOW))
        code, _ = await refusal(_read_to_end(second))
        sensor = client.talk(V2, "OpenProviderStream")
        await sensor.write(providing(SPEED))
        wrong, _ = await refusal(_read_to_end(sensor))
    assert code is Code.ALREADY_EXISTS
    assert wrong is Code.INVALID_ARGUMENT


async def _read_to_end(talk):
    while await talk.read() is not grpc.aio.EOF:
        pass
    if await talk.code() is not Code.OK:
        raise grpc.aio.AioRpcError(
            await talk.code(), grpc.aio.Metadata(), grpc.aio.Metadata(), await talk.details()
        )


async def test_what_a_stream_publishes_goes_to_subscribers_and_to_the_car():
    async with scene() as (car, face, client):
        ids = face.hub.catalogue.ids
        reader = client.hear(V2, "Subscribe", signal_paths=[SPEED])
        await reader.read()
        talk = client.talk(V2, "OpenProviderStream")
        await talk.write(
            publishing(
                7,
                values=[
                    (ids[SPEED], "float", 33.0),
                    (ids[WINDOW], "uint32", 101),
                    (ids[LOCK], "float", 1.0),
                    (1 << 20, "float", 1.0),
                ],
            )
        )
        told = (await reader.read()).entries[SPEED].value.float
        errors = (await talk.read()).publish_values_response
        await until(lambda: car.provided, face.line.pace)
        await car.tell(SPEED=1.0)
        await talk.write(publishing(8, values=[(ids[SPEED], "float", 34.0)]))
        again = (await reader.read()).entries[SPEED].value.float
        await talk.done_writing()
        await _read_to_end(talk)
        await until(lambda: car.releases, face.line.pace)
        mine = (await reader.read()).entries[SPEED].value.float
    assert (told, again, mine) == (33.0, 34.0, 1.0)
    assert errors.request_id == 7
    assert {number: one.code for number, one in errors.status.items()} == {
        ids[WINDOW]: 2,
        ids[LOCK]: 2,
        1 << 20: 3,
    }
    assert car.provided[0].values == {SPEED: 33.0}
    assert car.provided[0].provider == car.claims[0].provider


async def test_single_publications_hold_their_signal_for_five_seconds(monkeypatch):
    monkeypatch.setattr("vettura.faces.kuksa_providers.LEASE_S", 0.1)
    async with scene() as (car, face, client):
        fields = {"signal_id": {"path": SPEED}, "data_point": {"value": {"float": 5.0}}}
        await client.ask(V2, "PublishValue", **fields)
        await client.ask(V2, "PublishValue", **fields)
        update = {"entry": {"path": LOCK, "value": {"bool": False}}, "fields": [2]}
        assert not (await client.ask(V1, "Set", updates=[update])).errors
        number = face.hub.catalogue.ids[WINDOW]
        reply = await client.ask(SDV, "UpdateDatapoints", datapoints={number: {"uint32_value": 20}})
        assert not reply.errors
        values = await client.ask(
            V2, "GetValues", signal_ids=[{"path": path} for path in (SPEED, LOCK, WINDOW)]
        )
        await until(lambda: sum(len(one.paths) for one in car.releases) == 3, face.line.pace)
        await until(lambda: face.hub.latest[number] == 0, face.line.pace)
    speed, lock, window = values.data_points
    assert (speed.value.float, lock.value.bool, window.value.uint32) == (5.0, False, 20)
    assert [claim.signals for claim in car.claims] == [
        [SPEED],
        [SPEED, LOCK],
        [SPEED, LOCK, WINDOW],
    ]


async def test_what_no_car_models_keeps_its_last_value(monkeypatch):
    monkeypatch.setattr("vettura.faces.kuksa_providers.LEASE_S", 0.1)
    async with scene() as (car, face, client):
        fields = {"signal_id": {"path": NOT_OURS}, "data_point": {"value": {"bool": True}}}
        await client.ask(V2, "PublishValue", **fields)
        await until(lambda: car.releases, face.line.pace)
        got = await client.ask(V2, "GetValue", signal_id={"path": NOT_OURS})
    assert got.data_point.value.bool is True


async def test_a_signal_can_be_registered_and_fed():
    async with scene() as (car, _, client):
        new = {"name": "Vehicle.Mine.Level", "data_type": 10, "change_type": 2}
        reply = await client.ask(SDV, "RegisterDatapoints", list=[new])
        number = reply.results["Vehicle.Mine.Level"]
        talk = client.talk(SDV, "StreamDatapoints")
        message = request_of(SDV, "StreamDatapoints")
        message.datapoints[number].float_value = 4.0
        message.datapoints[99_999].float_value = 4.0
        await talk.write(message)
        errors = (await talk.read()).errors
        got = await client.ask(SDV, "GetDatapoints", datapoints=["Vehicle.Mine.Level"])
        other = await refusal(client.ask(SDV, "RegisterDatapoints", list=[new | {"data_type": 0}]))
    assert got.datapoints["Vehicle.Mine.Level"].float_value == 4.0
    assert dict(errors) == {99_999: 0}
    assert other[0] is Code.INVALID_ARGUMENT
    assert not car.claims


async def test_v1_streams_updates_and_answers_each():
    async with scene() as (car, face, client):
        talk = client.talk(V1, "StreamedUpdate")
        message = request_of(V1, "StreamedUpdate")
        message.updates.add(fields=[2]).entry.path = SPEED
        message.updates[0].entry.value.float = 12.0
        await talk.write(message)
        fine = await talk.read()
        message.updates[0].entry.path = "Vehicle.Nothing"
        await talk.write(message)
        wrong = await talk.read()
        await talk.done_writing()
        await _read_to_end(talk)
        await until(lambda: car.releases, face.line.pace)
    assert not fine.errors
    assert wrong.errors[0].error.code == 404


async def test_a_claim_the_car_refuses_is_refused_to_the_provider():
    async with scene() as (car, _, client):
        car.answer = Answer(ok=False, reason="somebody has it", code="unavailable")
        talk = client.talk(V2, "OpenProviderStream")
        await talk.write(providing(WINDOW))
        refused = await refusal(_read_to_end(talk))
    assert refused == (Code.ALREADY_EXISTS, "somebody has it")


async def test_a_provider_that_reads_nothing_is_no_burden():
    async with scene() as (car, face, _):
        providers = face.broker.providers
        provider = providers.open(Caller())
        window = face.hub.catalogue.by_path(WINDOW)
        await providers.claim(provider, actuators=[window], signals=())
        answers = [await car.wish(provider.name, WINDOW, 40) for _ in range(1001)]
        providers.close(provider)
    assert answers[-2].ok
    assert answers[-1].code == "busy"
    assert providers.lost == 1


async def test_a_claim_is_repeated_while_it_holds(monkeypatch):
    monkeypatch.setattr("vettura.faces.kuksa_providers.HEARTBEAT_S", 0.5)
    async with scene() as (car, face, client):
        talk = client.talk(V2, "OpenProviderStream")
        await talk.write(providing(WINDOW))
        await talk.read()
        await until(lambda: len(car.claims) > 1, face.line.pace)
        talk.cancel()
    assert len(set(map(repr, car.claims))) == 1
