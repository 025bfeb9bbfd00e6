"""A client in another language, made from the public protocol alone, calls every RPC there is."""

import json

import pytest

from peers.environment import peer
from peers.protocols import descriptor_set, packages_of
from peers.world import OTHER_WINDOW, SEAT, SPEED, WINDOW, world

pytestmark = [pytest.mark.peer, pytest.mark.live]

PATHS = {
    "speed": SPEED,
    "window": WINDOW,
    "other": OTHER_WINDOW,
    "seat": SEAT,
    "unknown": "Vehicle.Nothing.Here",
}
SHORT = {"kuksa.val.v1.VAL": "v1", "kuksa.val.v2.VAL": "v2"}
INVALID_ARGUMENT, NOT_FOUND = 3, 5


def every_rpc():
    """The names of all RPCs, as the peers' packages have them."""
    for name in ("kuksa", "velocitas"):
        for package, files in packages_of(name).items():
            for service in (service for file in files for service in file.service):
                full = f"{package}.{service.name}"
                short = SHORT.get(full, f"sdv.{service.name}")
                yield from (f"{short}/{method.name}" for method in service.method)


async def called(car, folder):
    """What each call came to, in order, by RPC."""
    arguments = []
    for name in ("kuksa", "velocitas"):
        file = folder / f"{name}.descriptors"
        file.write_bytes(descriptor_set(name))
        arguments.append(file)
    arguments.append(json.dumps(PATHS))
    said = {}
    async with peer("node", "apps/node_client.js", car.port, *arguments) as node:
        for line in await node.all():
            said.setdefault(line.pop("rpc"), []).append(line)
    return said


async def test_every_rpc_answers_a_client_made_from_the_protocol(tmp_path):
    async with world(tmp_path) as car:
        said = await called(car, tmp_path)
    assert set(said) == set(every_rpc())
    check_v2_reads(said)
    check_v2_wishes(said)
    check_v2_provider(said)
    check_v1(said)
    check_sdv(said)


def check_v2_reads(said):
    assert said["v2/GetServerInfo"][0]["name"]
    (one,) = said["v2/ListMetadata"][0]["metadata"]
    assert (one["path"], one["data_type"], one["unit"]) == (WINDOW, "DATA_TYPE_UINT8", "percent")
    assert said["v2/ListMetadata"][1]["count"] > 1_000
    by_path, by_id, unknown, *_ = said["v2/GetValue"]
    assert by_path["data_point"]["value"]["float"] == 0
    assert by_id["data_point"]["value"]["uint32"] == 0
    assert unknown["code"] == NOT_FOUND
    assert len(said["v2/GetValues"][0]["data_points"]) == 2


def check_v2_wishes(said):
    good, far, sensor, words, seat = said["v2/Actuate"]
    assert "code" not in good
    assert "code" not in seat
    assert {far["code"], sensor["code"], words["code"]} == {INVALID_ARGUMENT}
    assert said["v2/Subscribe"][0]["entries"][WINDOW]["value"]["uint32"] == 12
    assert said["v2/SubscribeById"][0]["entry"]["value"]["uint32"] == 12
    assert said["v2/Subscribe"][1]["code"] == NOT_FOUND, "a branch, so that clients expand it"
    assert "code" not in said["v2/BatchActuate"][0]
    assert "code" not in said["v2/ActuateStream"][0]


def check_v2_provider(said):
    claimed, asked, refused, late = said["v2/OpenProviderStream"]
    assert claimed["claimed"]["action"] == "provide_actuation_response"
    (wish,) = asked["asked"]["batch_actuate_stream_request"]["actuate_requests"]
    assert wish["value"]["uint32"] == 120
    assert refused["request_id"] == 8
    assert [error["code"] for error in refused["status"].values()] == [
        "ERROR_CODE_INVALID_ARGUMENT"
    ]
    assert [v["data_point"]["value"]["uint32"] for v in said["v2/GetValue"][-2:]] == [119, 121]
    assert "code" not in said["v2/PublishValue"][0]
    (wish,) = late["after_half_close"]["batch_actuate_stream_request"]["actuate_requests"]
    assert wish["value"]["uint32"] == 90


def check_v1(said):
    assert said["v1/GetServerInfo"][0]["name"]
    good, unknown = said["v1/Get"]
    assert good["entries"][0]["path"] == WINDOW
    assert good["entries"][0]["metadata"]["unit"] == "percent"
    assert unknown["errors"][0]["error"]["code"] == 404
    wished, refused = said["v1/Set"]
    assert not wished["errors"]
    assert refused["errors"][0]["error"]["code"] == 400
    assert said["v1/Subscribe"][0]["updates"][0]["entry"]["value"]["uint32"] == 2
    streamed, unheard = (line["reply"] for line in said["v1/StreamedUpdate"])
    assert not streamed["errors"]
    assert unheard["errors"][0]["error"]["code"] == 404


def check_sdv(said):
    names = [entry["name"] for entry in said["sdv.Broker/GetMetadata"][0]["list"]]
    assert sorted(names) == sorted([SPEED, WINDOW])
    points, own = said["sdv.Broker/GetDatapoints"]
    assert points[SPEED]["float_value"] == 0
    assert points[PATHS["unknown"]]["failure_value"] == "UNKNOWN_DATAPOINT"
    assert list(said["sdv.Broker/SetDatapoints"][0]["errors"]) == [SPEED]
    heard, refused = said["sdv.Broker/Subscribe"]
    assert heard["fields"][OTHER_WINDOW]["uint32_value"] > 6
    assert refused["code"] == INVALID_ARGUMENT
    assert said["sdv.Collector/RegisterDatapoints"][0]["id"] > 0
    assert not said["sdv.Collector/UpdateDatapoints"][0]["errors"]
    (mood,) = own.values()
    assert mood["string_value"] == "happy"
    streamed, unknown = said["sdv.Collector/StreamDatapoints"]
    assert next(iter(streamed["fields"].values()))["string_value"] == "glad"
    assert list(unknown["errors"].values()) == ["UNKNOWN_DATAPOINT"]
