"""kuksa-client 0.6.0, unmodified: its command line, both its APIs, as provider, with tokens."""

import re

import pytest

from make import VIN
from peers.environment import peer, program_of, said_by, talk
from peers.world import FLAP, LATITUDE, SOC, SPEED, WINDOW, Keys, world

pytestmark = [pytest.mark.peer, pytest.mark.live]

VIN_PATH = "Vehicle.VehicleIdentification.VIN"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


async def typed(car, folder, *lines, token=None):
    """What the peer's command line answers, without its colours."""
    options = ["--token_or_tokenfile", token] if token else []
    said = await talk(
        program_of("kuksa", "kuksa-client"),
        *options,
        f"grpc://127.0.0.1:{car.port}",
        lines=[*lines, "quit"],
        cwd=folder,
    )
    return COLOUR.sub("", said)


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
        await car.actuate(WINDOW, 2)
        try:
            asked = await car.pace.wait_for(provider.next(), 1.0)
        except TimeoutError:
            continue
    assert "asked" in asked


async def handed_back(car):
    """Wish until the car's own window moves again."""
    for wish in range(1, 60):
        await car.actuate(WINDOW, wish)
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
    "subscribe": 7, "metadata": 403, "actuate": 403
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


async def test_a_token_that_names_an_actuator_grants_it(tmp_path):
    """An app may not open the flap of somebody else's car, unless it was told so by name."""
    keys = Keys(tmp_path)
    async with world(tmp_path, token_keys=keys.files) as car:
        token = keys.token(f"read actuate:{FLAP}")
        said = await typed(car, tmp_path, f"setTargetValue {FLAP} true", token=token)
        assert "OK" in said
        assert await car.until(FLAP, bool) is True
