"""A house with one living car, and a charging cable to a station: who speaks over it is chosen."""

import asyncio
import json
import shutil
import subprocess
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from msgspec.structs import replace

from drive.alive import all_signals, hearing, tell
from make import NOON_NS, ROOT, VIN
from peers.environment import clean_environment, place_of, running
from vettura.bus import paths as at
from vettura.bus.embedded import EmbeddedServer
from vettura.bus.messages import ChargeLimit, Plug, Session, SignalFrame, Unplug, decode, encode
from vettura.bus.messages_energy import ChargingNeeds, GoalState, Period, Schedule
from vettura.bus.nats import NatsBus
from vettura.bus.subjects import (
    CARS_STREAM,
    CARS_STREAM_SUBJECTS,
    HOME_BUCKET,
    car_sessions,
    car_signals,
    charging_needs,
    goal,
    schedule,
)
from vettura.car.catalogue import load_car
from vettura.car.spec import Figure
from vettura.clock import WallClock
from vettura.drive import CarConfig, CarService
from vettura.faces.iso15118_content import power_at
from vettura.house.build import prepare
from vettura.house.clockwork import ClockService
from vettura.units import NS_PER_S

HERE = ROOT / "tools" / "iso15118"
APPS = ROOT / "tests" / "peers" / "apps"
STATION = "wallbox"
OUTLET_W = 7_000.0
CANNOT = 69
SPEED = 240.0
"""House seconds in a real one: an hour of charging in a quarter of a minute."""
THEIR_SPEED = 100.0
"""The library's station has a schedule of an hour, from which on it gives nothing."""
SLOW = 30.0
"""Where nothing of ours flows."""
SLOWER = 40
"""A machine that runs several of these at once answers late; see `codec.be_patient`."""
LEAVES_NS = NOON_NS + 9 * 3_600 * NS_PER_S
SESSION_S = 120.0


def can_run():
    """The library's Python; skips where it, Java or the kernel's networks are missing."""
    python = place_of("iso15118") / "bin" / "python"
    if not shutil.which("java"):
        pytest.skip("no 'java' here; Debian has it: apt-get install openjdk-17-jre-headless")
    command = [sys.executable, str(HERE / "cable.py"), "true", "--", "true"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode == CANNOT:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    return str(python)


@dataclass(kw_only=True)
class Outcome:
    """What came of a session."""

    said: list = field(default_factory=list)
    code: int = -1
    log: str = ""
    charges: list = field(default_factory=list)
    needs: list = field(default_factory=list)
    frames: list = field(default_factory=list)
    schedules: list = field(default_factory=list)

    def events(self, name):
        return [line for line in self.said if line["event"] == name]

    def powers(self, path):
        """(time, value) of a signal, as it was heard."""
        return [(f.time_ns, f.values[path]) for f in self.frames if path in f.values]

    @property
    def charge(self):
        """The one in which something was charged: a cable may tick over before and after."""
        return max(self.charges, key=lambda session: session.energy_wh)

    def allowed_w(self, time_ns):
        """What the house's newest schedule of that time says."""
        newest = [told for told in self.schedules if told.time_ns <= time_ns][-1]
        return power_at(newest, time_ns, fallback_w=0.0)

    def flows(self):
        """What the car was told over the cable to take or give: (from, until, W)."""
        told = [(line["time_ns"], line["power_w"]) for line in self.events("flow")]
        ends = [time_ns for time_ns, _ in told[1:]]
        return [(start, end, w) for (start, w), end in zip(told, ends, strict=False)]


class House:
    """One living car, NATS, the house's clock; and who answers a station's question."""

    def __init__(self, bus, clock, url):
        self.bus = bus
        self.clock = clock
        self.url = url
        self._count = 0

    async def tell(self, verb):
        self._count += 1
        answer = await tell(self.bus, self.clock, verb, f"scene-{self._count}", patience_s=7_200.0)
        assert answer.ok, answer.reason

    async def aims(self, *, soc=0.9, floor_soc=0.3):
        """The house knows when the car leaves, and what for."""
        aim = GoalState(
            time_ns=self.clock.now_ns(),
            vin=VIN,
            soc=soc,
            by_ns=LEAVES_NS,
            early_ns=LEAVES_NS,
            floor_soc=floor_soc,
            source="trip",
            text="to the lake",
        )
        await (await self.bus.bucket(HOME_BUCKET)).put(goal("casa", VIN), encode(aim))

    async def answers(self, needs, *steps_w, step_s):
        """Wait for what the car needs, then say what the station shall give; that schedule."""
        while not needs:
            await WallClock().sleep(0.02)
        now_ns = self.clock.now_ns()
        begin_ns = now_ns // NS_PER_S * NS_PER_S
        periods = [
            Period(start_ns=begin_ns + index * step_s * NS_PER_S, power_w=float(power_w))
            for index, power_w in enumerate(steps_w)
        ]
        told = Schedule(
            id=f"s{now_ns}",
            time_ns=now_ns,
            station=STATION,
            periods=periods,
            until_ns=LEAVES_NS,
        )
        await self.bus.publish(schedule("casa", STATION), encode(told))
        await self.bus.settle()
        return told

    async def signals(self):
        return await all_signals(self.bus)

    async def until(self, accept):
        """Wait until the car's signals are so."""
        while not accept(await self.signals()):
            await WallClock().sleep(0.1)

    async def charges(self):
        """Every charge that has ended, oldest first."""
        stream = await self.bus.stream(CARS_STREAM, CARS_STREAM_SUBJECTS)
        kept = await stream.last(car_sessions(VIN), 50)
        told = [decode(message.data, Session, where="session") for message in kept]
        return [session for session in told if session.kind == "charge"]


@asynccontextmanager
async def casa(folder, *, soc=0.5, speed=SPEED):
    """NATS, the house's clock and a living car that can give 7 kW."""
    pace, clock = WallClock(), WallClock(speed=speed, start_ns=NOON_NS)
    spec = load_car("xiaomi-su7")
    outlet = Figure(value=OUTLET_W, source=next(iter(spec.sources)))
    spec = replace(spec, charging=replace(spec.charging, outlet_power_max_w=outlet))
    where = {"latitude_deg": 45.0, "longitude_deg": 7.6, "altitude_m": 300.0}
    config = CarConfig(vin=VIN, home="casa", place="home", soc=soc, **where)
    async with EmbeddedServer(folder, pace=pace) as server:
        bus = await NatsBus.connect(server.url, clock=pace, name="iso15118 scene")
        await prepare(bus)
        services = [ClockService(bus, clock, pace, "casa"), CarService(bus, clock, config, spec)]
        tasks = [asyncio.create_task(service.run()) for service in services]
        yield House(bus, clock, server.url)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await bus.close()


def our_car(python, **options):
    """The vettura car as EV."""
    return [
        python,
        str(HERE / "car.py"),
        "--vin",
        VIN,
        "--home",
        "casa",
        *_words(options | {"every_s": 0.3}),
    ]


def our_station(python, **options):
    """Our station."""
    words = ["--station", STATION, "--home", "casa", *_words(options)]
    return [python, str(HERE / "station.py"), *words]


def their_station(python, *, power_w, volts):
    """The library's own station."""
    return [python, str(APPS / "iso15118_station.py"), str(power_w), str(volts)]


def their_car(python, folder, *, edition, service, loops=3):
    """The library's own EV."""
    kind = service.partition("_")[0]
    mode = {"AC": "AC_THREE_PHASE_CORE", "DC": "DC_EXTENDED"}[kind]
    config = {
        "supportedProtocols": ["ISO_15118_2" if edition == "2" else f"ISO_15118_20_{kind}"],
        "supportedEnergyServices": [service],
        "useTls": False,
        "energyTransferMode": mode.replace("THREE_PHASE_CORE", "three_phase_core").replace(
            "EXTENDED", "extended"
        ),
        "chargeLoopCycle": loops,
    }
    path = folder / "car.json"
    path.write_text(json.dumps(config))
    return [python, str(APPS / "iso15118_car.py"), str(path), str(HERE), str(SLOWER)]


def _words(options):
    for name, value in options.items():
        if value is False or value == "":
            continue
        yield f"--{name.replace('_', '-')}"
        if value is not True:
            yield str(value)


@asynccontextmanager
async def cable(house, station, car, **environment):
    """Both ends at work while the block lasts."""
    command = [sys.executable, str(HERE / "cable.py"), "--bus", house.url, *station, "--", *car]
    ours = {
        "PYTHONPATH": str(ROOT / "src"),
        "JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto",
        "NETWORK_INTERFACE": "v2g",
        "AUTH_MODES": "EIM",
        "LOG_LEVEL": "ERROR",
        "MESSAGE_LOG_JSON": "False",
    }
    async with running(command, environment=clean_environment(**ours | environment)) as peer:
        yield peer


async def hear_out(peer, outcome):
    """Every event that is printed until both ends are done, and how it ended."""
    try:
        async with asyncio.timeout(SESSION_S):
            await _take(peer.process.stdout, outcome)
            outcome.code = await peer.process.wait()
    except TimeoutError:
        outcome.log += f"not over after {SESSION_S:g} s"
        peer.process.kill()
    outcome.log += (await peer.process.stderr.read()).decode()[-2_000:]


async def _take(stream, outcome):
    async for line in stream:
        text = line.decode()
        if text.startswith("{"):
            outcome.said.append(json.loads(text))
        else:
            # The library logs on the standard output.
            outcome.log += text


@asynccontextmanager
async def listening(bus, outcome):
    """Signals and needs go into the outcome."""
    async with (
        hearing(bus, car_signals(VIN), SignalFrame) as frames,
        hearing(bus, charging_needs("casa", STATION), ChargingNeeds) as needs,
    ):
        outcome.frames, outcome.needs = frames, needs
        yield


async def our_car_charges(
    folder, station, car, *, limit, soc=0.5, speed=SPEED, answer=(), **environment
):
    """Plugged in, it takes what it may until it has what it wants, and the session ends by itself.

    `station` is called with the battery's voltage; `answer` is what the house says of the station:
    a power, and another one when half of what is wanted is there.
    """
    outcome = Outcome()
    async with casa(folder, soc=soc, speed=speed) as house:
        await house.aims()
        await house.tell(ChargeLimit(soc=limit))
        volts = (await house.signals())[at.VOLTAGE]
        async with (
            listening(house.bus, outcome),
            cable(house, station(volts), car, **environment) as peer,
        ):
            outcome.said.append(await peer.until(lambda line: line["event"] == "waits_for_cable"))
            await house.tell(Plug(station=STATION, power_w_max=11_000.0, dc="DC" in str(car)))
            for number, power_w in enumerate(answer):
                if number:
                    half = 100.0 * (soc + limit) / 2.0
                    await house.until(lambda values: values[at.DISPLAYED_SOC] >= half)  # noqa: B023
                told = await house.answers(outcome.needs, power_w, step_s=1_800)
                outcome.schedules.append(told)
            await hear_out(peer, outcome)
            outcome.charges = await house.charges()
    return outcome


async def our_car_gives(folder, station, car, *, limit, answer=(), step_s=1_800, **environment):
    """Plugged in, it gives back for ten minutes of the house's time; then somebody unplugs it."""
    outcome = Outcome()
    async with casa(folder) as house:
        await house.aims()
        await house.tell(ChargeLimit(soc=limit))
        volts = (await house.signals())[at.VOLTAGE]
        async with (
            listening(house.bus, outcome),
            cable(house, station(volts), car, **environment) as peer,
        ):
            outcome.said.append(await peer.until(lambda line: line["event"] == "waits_for_cable"))
            await house.tell(Plug(station=STATION, power_w_max=11_000.0, dc="DC" in str(car)))
            if answer:
                outcome.schedules.append(await house.answers(outcome.needs, *answer, step_s=step_s))
            async with asyncio.timeout(SESSION_S):
                await house.until(lambda values: values[GIVEN] > 0.0)
            await house.clock.sleep(600.0)
            await house.tell(Unplug())
            await hear_out(peer, outcome)
            outcome.charges = await house.charges()
    return outcome


async def their_car_charges(folder, station, car, *, answer, **environment):
    """The library's EV at our station: its needs reach the house, whose schedule reaches it."""
    outcome = Outcome()
    async with (
        casa(folder, speed=SLOW) as house,
        listening(house.bus, outcome),
        cable(house, station(400.0), car, **environment) as peer,
    ):
        told = await house.answers(outcome.needs, *answer, step_s=1_800)
        outcome.schedules.append(told)
        await hear_out(peer, outcome)
    return outcome


GIVEN = at.OURS + "Discharging.Power"
