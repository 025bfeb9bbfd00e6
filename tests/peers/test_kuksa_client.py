"""kuksa-client 0.6.0, unmodified: its command line, both its APIs, as provider, with tokens."""

import os
import re
import signal

import pytest

from make import VIN
from peers.environment import peer, program_of, said_by, talk
from peers.world import FLAP, LATITUDE, MODE, OUTSIDE, SOC, SPEED, WINDOW, Keys, world

pytestmark = [pytest.mark.peer, pytest.mark.live]

VIN_PATH = "Vehicle.VehicleIdentification.VIN"


async def typed(car, folder, *lines, token=None):
    """What the peer's command line answers."""
    options = ["--token_or_tokenfile", token] if token else []
    return await talk(
        program_of("kuksa", "kuksa-client"),
        *options,
        f"grpc://127.0.0.1:{car.port}",
        lines=[*lines, "quit"],
        cwd=folder,
    )


async def test_the_command_line_reads_values_and_metadata(tmp_path):
    async with world(tmp_path) as car:
        said = await typed(
            car,
            tmp_path,
            f"getValue {SPEED}",
            f"getValues {SPEED} {VIN_PATH}",
            f"getMetaData {WINDOW}",
            f"getTargetValue {WINDOW}",
            "getValue Vehicle.Nothing.Here",
        )
    assert f'"path": "{SPEED}"' in said
    assert VIN in said
    assert '"data_type": "UINT8"' in said
    assert '"unit": "percent"' in said
    assert '"max": 100' in said
    assert '"entry_type": "ACTUATOR"' in said
    assert '"code": 404' in said


async def test_the_command_line_wishes_and_the_car_obeys(tmp_path):
    async with world(tmp_path) as car:
        said = await typed(car, tmp_path, f"setTargetValue {WINDOW} 20", f"getTargetValue {WINDOW}")
        assert "OK" in said
        assert re.search(r'"actuator_target": \{\s*"value": 20', said)
        assert await car.until(WINDOW, lambda value: value == 20) == 20
        (audit,) = await car.audits(WINDOW)
    assert (audit.result, audit.role, audit.value) == ("reached", "app", "20")
    assert audit.who.startswith("kuksa")


async def test_the_command_line_is_refused_with_a_reason(tmp_path):
    async with world(tmp_path) as car:
        said = await typed(
            car,
            tmp_path,
            f"setTargetValue {WINDOW} 101",
            f"setTargetValue {SPEED} 3",
            f"setTargetValue {WINDOW} high",
        )
    assert said.count('"error"') >= 2
    assert "OK" not in said


async def test_the_command_line_hears_a_signal_and_a_whole_branch(tmp_path):
    async with world(tmp_path) as car:
        said = await typed(
            car,
            tmp_path,
            f"subscribe -f {WINDOW}",
            "subscribe -f Vehicle",
            f"setTargetValue {WINDOW} 10",
            "shell sleep 3",
        )
        assert said.count("subscriptionId") == 2
    (window,) = tmp_path.glob(f"log_{WINDOW}_*")
    (branch,) = tmp_path.glob("log_Vehicle_*")
    assert re.search(r'"value": 10\b', window.read_text())
    assert WINDOW in branch.read_text()


async def test_the_synchronous_api_reads_wishes_and_hears(tmp_path):
    async with world(tmp_path) as car:
        said = await said_by("kuksa", "apps/kuksa_sync.py", car.port, SPEED, SOC, WINDOW, VIN_PATH)
    server, values, dated, metadata, target, heard, *refused = said
    assert "vettura" in server["name"]
    assert values["values"] == {SPEED: 0.0, SOC: pytest.approx(60.0, abs=1.0), WINDOW: 0} | {
        VIN_PATH: VIN
    }
    assert dated == {"dated": True}
    assert metadata["metadata"][SPEED]["unit"] == "km/h"
    assert metadata["metadata"][WINDOW]["entry_type"] == "ACTUATOR"
    assert target == {"target": 80}
    assert heard["heard"] == sorted(heard["heard"])
    assert len(heard["heard"]) > 3, "a window takes its time"
    codes = [error["refused"]["errors"][0]["error"]["code"] for error in refused]
    assert codes == [400, 400, 404]


async def test_the_asynchronous_api_hears_a_branch_and_both_streams_of_v1(tmp_path):
    branch = "Vehicle.Cabin"
    async with world(tmp_path) as car:
        said = await said_by("kuksa", "apps/kuksa_aio.py", car.port, branch, WINDOW, SPEED)
    first = said[0]["first"]
    assert len(first) > 20
    assert all(path.startswith(branch) for path in first)
    heard = [line["window"] for line in said if "window" in line]
    assert heard[0] == 0
    assert heard[-1] == 30
    assert said[-2] == {"v1": {SPEED: 0.0}}
    assert said[-1] == {"v1_target": {WINDOW: 30}}


@pytest.mark.parametrize("goodbye", ["close", "die"])
async def test_a_provider_takes_an_actuator_over_and_hands_it_back(tmp_path, goodbye):
    async with world(tmp_path) as car:
        async with peer("kuksa", "apps/kuksa_provider.py", car.port, WINDOW) as provider:
            await claimed(car, provider)
            answer = await car.actuate(WINDOW, 60, role="app")
            assert answer.ok
            assert await provider.until(lambda line: line.get("asked") == {WINDOW: 60})
            assert await car.until(WINDOW, lambda value: value == 30) == 30
            await provider.tell(goodbye)
            await provider.process.wait()
        assert await handed_back(car)
        await car.actuate(WINDOW, 44, role="app")
        assert await car.until(WINDOW, lambda value: value == 44) == 44


async def claimed(car, provider):
    """Wish until the provider, which tells nobody that it is ready, hears of it."""
    asked = None
    while asked is None:
        await car.actuate(WINDOW, 2, role="app")
        try:
            asked = await car.pace.wait_for(provider.next(), 1.0)
        except TimeoutError:
            continue
    assert "asked" in asked


async def handed_back(car):
    """Wish until the car's own window moves again."""
    for wish in range(1, 60):
        await car.actuate(WINDOW, wish, role="app")
        await car.pace.sleep(0.5)
        if (await car.signals())[WINDOW] == wish:
            return True
    return False


EVERYTHING = dict.fromkeys(
    [
        "authorize",
        "read",
        "read place",
        "metadata",
        "subscribe",
        "subscribe place",
        "actuate",
        "publish",
        "provide",
    ],
    0,
)
UNKNOWN = dict.fromkeys(EVERYTHING, 16)
READ_SPEED = EVERYTHING | {"read place": 403, "subscribe place": 7} | {
    "actuate": 403, "publish": 7, "provide": 7
}  # fmt: skip
ACTUATE = EVERYTHING | {"publish": 7, "provide": 7}
PROVIDE = EVERYTHING | {"read place": 403, "subscribe place": 7, "read": 403} | {
    "subscribe": 7, "actuate": 403
}  # fmt: skip


@pytest.mark.parametrize("kind", ["ed25519", "es256", "rs256"])
async def test_a_token_lets_in_as_far_as_it_says(tmp_path, kind):
    keys = Keys(tmp_path)
    async with world(tmp_path, token_keys=keys.files) as car:

        async def tried(token):
            (results,) = await said_by(
                "kuksa", "apps/kuksa_tokens.py", car.port, token, SPEED, LATITUDE, WINDOW
            )
            return results

        assert await tried(keys.token(f"read:{SPEED}", kind=kind)) == READ_SPEED
        assert await tried(keys.token("read actuate:Vehicle.Cabin", kind=kind)) == ACTUATE
        assert await tried(keys.token(f"provide:{WINDOW}", kind=kind)) == PROVIDE
        assert await tried(keys.token("read actuate provide", kind=kind)) == EVERYTHING


async def test_no_token_an_old_one_and_a_forged_one_open_nothing(tmp_path):
    keys = Keys(tmp_path)
    async with world(tmp_path, token_keys=keys.files) as car:
        for token in (
            "",
            keys.token("read", lasts_s=60, age_s=120),
            keys.token("read", forged=True),
            "no token at all",
        ):
            (results,) = await said_by(
                "kuksa", "apps/kuksa_tokens.py", car.port, token, SPEED, LATITUDE, WINDOW
            )
            assert results == UNKNOWN


async def test_a_token_that_names_an_actuator_grants_what_apps_may_not_else(tmp_path):
    """How the car drives is for whoever sits in it, unless a token says otherwise by name."""
    keys = Keys(tmp_path)
    async with world(tmp_path, token_keys=keys.files) as car:
        wish = f"setTargetValue {MODE} SPORT"
        refused = await typed(car, tmp_path, wish, token=keys.token("read actuate"))
        granted = await typed(car, tmp_path, wish, token=keys.token(f"read actuate:{MODE}"))
        assert (await car.signals())[MODE] == "SPORT"
        first, second = await car.audits(MODE, 2)
    assert '"code": 403' in refused
    assert "OK" in granted
    assert (first.result, first.code) == ("refused", "scope")
    assert (second.result, second.who) == ("reached", "kuksa:peer")


async def test_a_flap_that_must_stay_shut_while_driving_stays_shut(tmp_path):
    async with world(tmp_path) as car:
        await car.drive(top_mps=4.0, hold_s=60)
        await car.until(SPEED, lambda value: value > 1.0)
        said = await typed(car, tmp_path, f"setTargetValue {FLAP} true")
        assert (await car.signals())[FLAP] is False
        (audit,) = await car.audits(FLAP)
    assert (audit.result, audit.code) == ("refused", "interlock")
    assert "OK" not in said
    assert audit.reason in said


async def test_a_stream_ends_with_its_token(tmp_path):
    keys = Keys(tmp_path)
    async with world(tmp_path, token_keys=keys.files) as car:
        token = keys.token("read", lasts_s=5)
        async with peer("kuksa", "apps/kuksa_stream.py", car.port, token, SPEED) as stream:
            assert await stream.next() == {"heard": {SPEED: 0.0}}
            assert await stream.until(lambda line: "ended" in line) == {"ended": 16}


async def test_a_stream_goes_on_when_the_bus_has_died(tmp_path):
    async with (
        world(tmp_path) as car,
        peer("kuksa", "apps/kuksa_stream.py", car.port, "", WINDOW) as stream,
    ):
        assert await stream.next() == {"heard": {WINDOW: 0}}
        os.kill(car.server.pid, signal.SIGKILL)
        await car.actuate(WINDOW, 10, role="app")
        assert await stream.until(lambda line: line["heard"] == {WINDOW: 10})


async def test_a_value_that_is_published_once_stands_for_a_while(tmp_path):
    """Then the car speaks for itself again: what anybody says once is no control unit."""
    async with (
        world(tmp_path) as car,
        peer("kuksa", "apps/kuksa_stream.py", car.port, "", OUTSIDE) as stream,
    ):
        own = (await stream.next())["heard"][OUTSIDE]
        said = await said_by("kuksa", "apps/kuksa_publish.py", car.port, OUTSIDE, "33.5")
        assert said == [{"now": 33.5}]
        assert await stream.until(lambda line: line["heard"] == {OUTSIDE: 33.5})
        assert await car.until(OUTSIDE, lambda value: value == 33.5) == 33.5
        again = await stream.until(lambda line: line["heard"] != {OUTSIDE: 33.5})
        assert abs(again["heard"][OUTSIDE] - own) < 2.0
