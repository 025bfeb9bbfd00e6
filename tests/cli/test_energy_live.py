"""`vettura energy show`, `goal`, `mode` beside a real bus on which an energy service lives."""

import asyncio
import json
import shlex
import tomllib
from contextlib import asynccontextmanager
from datetime import datetime

import msgspec
import pytest

from energy.energy_home import CAR, HOUSEHOLD, STATION_CONFIG
from make import ROOT, make_params
from vettura.bus import subjects
from vettura.bus.embedded import EmbeddedServer
from vettura.bus.messages import SignalFrame, encode
from vettura.bus.messages_energy import Prices
from vettura.bus.nats import NatsBus
from vettura.bus.paths import CABLE, CHARGE_LIMIT, DISPLAYED_SOC, RANGE, STATION
from vettura.cli.app import run_command
from vettura.cli.energy_live import instant_ns
from vettura.clock import WallClock
from vettura.energy.config import CarGoalConfig, EnergyConfig
from vettura.energy.gather import CarFacts
from vettura.energy.site_service import EnergyService
from vettura.errors import UsageError
from vettura.house.build import prepare
from vettura.units import NS_PER_S

NOON_NS = 1_772_449_200 * NS_PER_S


@asynccontextmanager
async def planned_house(folder):
    """A bus, prices, a car that answers, and the energy service."""
    pace = WallClock()
    async with EmbeddedServer(folder, pace=pace) as server:
        bus = await NatsBus.connect(server.url, clock=pace, name="test")
        await prepare(bus)
        now_ns = pace.now_ns() // (3600 * NS_PER_S) * 3600 * NS_PER_S
        prices = Prices(
            time_ns=now_ns,
            start_ns=now_ns,
            slot_s=3600,
            currency="EUR",
            import_per_wh=[3e-4] * 48,
            export_per_wh=[8e-5] * 48,
            known=48,
            source="test",
        )
        await (await bus.bucket("home")).put(subjects.prices("casa"), encode(prices))
        facts = CarFacts(
            vin=CAR, name="Car", params=make_params(), goal=CarGoalConfig(vin=CAR, soc=0.6)
        )
        service = EnergyService(
            bus, pace, HOUSEHOLD, EnergyConfig(), cars=[facts], stations=[STATION_CONFIG]
        )
        tasks = [asyncio.create_task(one) for one in (service.run(), answer(bus))]
        try:
            yield server.url
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await bus.close()


async def answer(bus):
    values = {
        DISPLAYED_SOC: 40.0,
        RANGE: 200_000,
        CHARGE_LIMIT: 80,
        CABLE: False,
        STATION: "",
    }
    async for message in await bus.subscribe(subjects.car_get(CAR)):
        frame = SignalFrame(time_ns=0, values=values, full=True)
        await bus.respond(message, encode(frame))


def block(language):
    return (ROOT / "docs" / "energy.md").read_text().split(f"```{language}\n")[1].split("```")[0]


def test_the_settings_of_the_page_are_read():
    config = msgspec.convert(tomllib.loads(block("toml"))["energy"], EnergyConfig)
    assert config.goals[0].soc == 0.8


@pytest.mark.live
async def test_a_goal_and_a_mode_are_set_and_shown(tmp_path, capsys):
    async def typed(*words):
        code = await asyncio.to_thread(run_command, ["energy", *words, "--nats", url])
        heard = capsys.readouterr()
        assert "Traceback" not in heard.err
        return code, heard.out, heard.err

    async def rows(*words):
        for _ in range(100):
            code, out, _ = await typed("show", "--json", *words)
            # The service of this process logs to the same place.
            lines = [line for line in out.splitlines() if line.startswith("{")]
            found = {row["what"]: row for row in map(json.loads, lines)}
            if code == 0 and f"goal of {CAR}" in found:
                return found
        raise AssertionError(out)

    async with planned_house(tmp_path) as url:
        found = await rows()
        assert found[f"goal of {CAR}"]["value"].startswith("60 % by")
        assert found["price"]["value"] == "0.3000 EUR/kWh"
        assert "plan by planner" in found
        code, _, told = await typed("goal", "70", "--by", "23:59", "--floor", "30")
        assert (code, "the goal is set" in told) == (0, True)
        assert (await typed("mode", "now"))[0] == 0
        code, out, _ = await typed("show")
        assert code == 0
        assert "now" in out
        code, _, told = await typed("goal", "170")
        assert (code, "from 0 to 100" in told) == (2, True)
        code, _, told = await typed("goal", "70", "--by", "2020-01-01T07:00")
        assert (code, "that time is past" in told) == (1, True)
        code, _, told = await typed("mode", "now", "--station", "garage")
        assert (code, "it has wallbox" in told) == (2, True)
        for program, *words in map(shlex.split, block("sh").splitlines()):
            assert (program, words[0]) == ("vettura", "energy")
            assert (await typed(*words[1:]))[0] == 0


def test_a_time_without_a_day_is_the_next_one():
    now = datetime.fromtimestamp(NOON_NS / NS_PER_S).astimezone()
    later = f"{(now.hour + 1) % 24:02d}:{now.minute:02d}"
    assert instant_ns(later, NOON_NS) == NOON_NS + 3600 * NS_PER_S
    same = f"{now.hour:02d}:{now.minute:02d}"
    assert instant_ns(same, NOON_NS) == NOON_NS + 24 * 3600 * NS_PER_S
    assert instant_ns("2026-03-03T07:00:00+00:00", NOON_NS) == 1_772_521_200 * NS_PER_S
    with pytest.raises(UsageError, match="is no time"):
        instant_ns("soon", NOON_NS)
