"""iso15118 0.31.2, its station and its EV unmodified, beside a vettura car and a house's station.

Both ends have a network of their own and nothing but a pair of interfaces between them. A session
takes ten seconds of Java's and the library's waits, so several run side by side: the first test
starts them all, and each waits for its own.
"""

import asyncio
import shutil
import subprocess
from functools import partial

import pytest
import pytest_asyncio

from make import VIN
from peers.iso15118_scene import (
    GIVEN,
    HERE,
    LEAVES_NS,
    SLOWER,
    SPEED,
    THEIR_SPEED,
    can_run,
    our_car,
    our_car_charges,
    our_car_gives,
    our_station,
    their_car,
    their_car_charges,
    their_station,
)
from vettura.bus import paths as at
from vettura.units import NS_PER_S, SECONDS_PER_HOUR

pytestmark = [
    pytest.mark.peer,
    pytest.mark.live,
    pytest.mark.timeout(600),
    pytest.mark.asyncio(loop_scope="module"),
]

AT_ONCE = 3
"""Sessions side by side: each waits more than it works."""
CAPACITY_WH = 73_930.0
GIVES_W = 6_000.0
LAG_NS = round(5.0 * SPEED * NS_PER_S)
"""How old what the car was told last may be: seconds of a busy machine, in the house's time."""
THEIR_STATION = {
    "2-AC": {"edition": "2", "service": "AC", "limit": 0.54, "power_w": 11_000.0},
    "2-DC": {"edition": "2", "service": "DC", "limit": 0.54, "power_w": 10_000.0},
    "20-AC": {"edition": "20", "service": "AC", "limit": 0.54, "power_w": 10_000.0},
    "20-DC": {"edition": "20", "service": "DC", "soc": 0.507, "limit": 0.51, "power_w": 1_000.0},
    "20-AC-dynamic": {
        "edition": "20",
        "service": "AC",
        "limit": 0.54,
        "power_w": 11_000.0,
        "mode": "dynamic",
    },
    "2-AC-contract": {
        "edition": "2",
        "service": "AC",
        "limit": 0.54,
        "power_w": 11_000.0,
        "contract": True,
    },
    "20-DC-certificates": {
        "edition": "20",
        "service": "DC",
        "soc": 0.507,
        "limit": 0.51,
        "power_w": 1_000.0,
        "contract": True,
    },
}
THEIR_STATION_TAKES = {
    "20-AC-both-ways": {"edition": "20", "service": "AC_BPT", "limit": 0.54, "power_w": -5_000.0},
    "20-DC-both-ways": {"edition": "20", "service": "DC_BPT", "limit": 0.5, "power_w": -1_000.0},
    "20-AC-both-ways-certificates": {
        "edition": "20",
        "service": "AC_BPT",
        "limit": 0.54,
        "power_w": -5_000.0,
        "contract": True,
    },
}
BOTH_OURS = {
    "2-AC": {"edition": "2", "service": "AC"},
    "2-DC": {"edition": "2", "service": "DC"},
    "20-AC": {"edition": "20", "service": "AC"},
    "20-DC-dynamic": {"edition": "20", "service": "DC", "mode": "dynamic"},
    "2-AC-contract": {"edition": "2", "service": "AC", "contract": True},
}
BOTH_OURS_GIVE = {
    "20-AC-both-ways": {"edition": "20", "service": "AC_BPT", "mode": "dynamic"},
    "20-DC-both-ways": {"edition": "20", "service": "DC_BPT"},
    "20-DC-both-ways-dynamic-certificates": {
        "edition": "20",
        "service": "DC_BPT",
        "mode": "dynamic",
        "contract": True,
    },
}
THEIR_CAR = {
    "2-AC": ("2", "AC"),
    "2-DC": ("2", "DC"),
    "20-AC": ("20", "AC"),
    "20-DC": ("20", "DC"),
    "20-AC-both-ways": ("20", "AC_BPT"),
    "20-DC-both-ways": ("20", "DC_BPT"),
}
THEY_NEED = {
    "2-AC": {"source": "iso15118-2", "energy_wh": 60.0, "charge_w_max": 22_080.0, "phases": 3},
    "2-DC": {"source": "iso15118-2", "energy_wh": 60_000.0, "soc": 0.1, "capacity_wh": 70_000.0},
    "20-AC": {"source": "iso15118-20", "energy_wh": 10_000.0, "energy_max_wh": 20_000.0},
    "20-DC": {"source": "iso15118-20", "energy_wh": 10_000.0, "charge_w_max": 300_000.0},
    "20-AC-both-ways": {"charge_w_max": 11_000.0, "discharge_w_max": 11_000.0},
    "20-DC-both-ways": {"charge_w_max": 300_000.0, "discharge_w_max": 11_000.0, "is_dc": True},
}
ANSWER_W = (9_000.0, 5_000.0)
ANSWER_BACK_W = (9_000.0, -4_000.0)


class Sessions:
    """Every session that some test asks for, a few at a time."""

    def __init__(self, python, folder):
        self.python = python
        self.folder = folder
        self.pki = folder / "pki"
        self._room = asyncio.Semaphore(AT_ONCE)
        self._tasks = {}

    def plan(self, kind, name):
        """Begin that session as soon as there is room."""
        self._tasks[kind, name] = asyncio.create_task(self._run(kind, name))

    async def _run(self, kind, name):
        folder = self.folder / f"{kind}-{name}"
        folder.mkdir()
        async with self._room:
            return await getattr(self, f"_{kind}")(folder, name)

    async def of(self, kind, name):
        return await self._tasks[kind, name]

    def _car(self, run, pki=None):
        return our_car(
            self.python,
            edition=run["edition"],
            service=run["service"],
            mode=run.get("mode", "scheduled"),
            gives_w=GIVES_W,
            slower=SLOWER,
            certificates=str(pki or self.pki) if run.get("contract") else "",
        )

    def _station(self, run):
        contract = run.get("contract", False)
        station = our_station(
            self.python,
            mode=run.get("mode", "scheduled"),
            slower=SLOWER,
            certificates=str(self.pki) if contract else "",
            contract=contract,
            tls13=contract and run["edition"] == "20",
        )
        return lambda volts: station

    def _theirs(self, run):
        environment = {}
        if run.get("contract"):
            environment = {
                "PKI_PATH": f"{self.pki}/",
                "AUTH_MODES": "EIM,PNC",
                "SECC_ENFORCE_TLS": "True",
                "ENABLE_TLS_1_3": str(run["edition"] == "20"),
            }
        station = partial(their_station, self.python, power_w=run["power_w"])
        return (lambda volts: station(volts=volts)), environment

    async def _at_theirs(self, folder, name):
        run = THEIR_STATION[name]
        station, environment = self._theirs(run)
        car = self._car(run)
        told = {"limit": run["limit"], "soc": run.get("soc", 0.5), "speed": THEIR_SPEED}
        return await our_car_charges(folder, station, car, **told, **environment)

    async def _at_theirs_gives(self, folder, name):
        run = THEIR_STATION_TAKES[name]
        station, environment = self._theirs(run)
        car = self._car(run)
        return await our_car_gives(folder, station, car, limit=run["limit"], **environment)

    async def _at_ours(self, folder, name):
        run = BOTH_OURS[name]
        station, car = self._station(run), self._car(run)
        return await our_car_charges(folder, station, car, limit=0.54, answer=ANSWER_W)

    async def _at_ours_gives(self, folder, name):
        run = BOTH_OURS_GIVE[name]
        station, car = self._station(run), self._car(run)
        return await our_car_gives(folder, station, car, limit=0.9, answer=ANSWER_BACK_W)

    async def _theirs_at_ours(self, folder, name):
        edition, service = THEIR_CAR[name]
        car = their_car(self.python, folder, edition=edition, service=service)
        station = self._station({"edition": edition})
        return await their_car_charges(folder, station, car, answer=ANSWER_BACK_W)

    async def _stranger(self, folder, name):
        """A contract below a root that the station does not know."""
        pki = folder / "pki"
        shutil.copytree(self.pki, pki)
        other = folder / "other"
        await asyncio.to_thread(make_certificates, self.python, other)
        for pattern in ("mo*", "contract*"):
            for path in other.rglob(pattern):
                shutil.copy(path, pki / path.relative_to(other))
        run = BOTH_OURS["2-AC-contract"]
        return await our_car_charges(folder, self._station(run), self._car(run, pki), limit=0.6)


def make_certificates(python, folder):
    subprocess.run([python, str(HERE / "certificates.py"), str(folder)], check=True, timeout=60)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sessions(request, tmp_path_factory):
    python = can_run()
    told = Sessions(python, tmp_path_factory.mktemp("iso15118"))
    await asyncio.to_thread(make_certificates, python, told.pki)
    for item in request.session.items:
        callspec = getattr(item, "callspec", None)
        if item.path == request.path and callspec and "kind" in callspec.params:
            told.plan(callspec.params["kind"], callspec.params["name"])
    yield told
    for task in told._tasks.values():
        task.cancel()
    await asyncio.gather(*told._tasks.values(), return_exceptions=True)


def each(kind, table):
    return pytest.mark.parametrize(("kind", "name"), [(kind, name) for name in table])


def ended_well(outcome):
    assert outcome.code == 0, outcome.log
    (end,) = [line for line in outcome.events("ended") if "well" in line]
    assert end["well"], outcome.log
    assert not outcome.events("ignored")
    assert not outcome.events("refused")


def has_charged_as_agreed(outcome, limit):
    """The car's own account is the sum of what it was told over the cable, and what it wanted."""
    charge = outcome.charge
    agreed_wh = (
        sum(
            power_w * (min(end, charge.end_ns) - max(start, charge.start_ns)) / NS_PER_S
            for start, end, power_w in outcome.flows()
            if start < charge.end_ns and end > charge.start_ns
        )
        / SECONDS_PER_HOUR
    )
    last_w = next(power_w for _, _, power_w in reversed(outcome.flows()) if power_w > 0.0)
    # The car's model takes a minute at rest in one step, the last one at whatever fills it.
    assert charge.energy_wh == pytest.approx(agreed_wh, abs=last_w * 60.0 / SECONDS_PER_HOUR)
    assert charge.soc_end == pytest.approx(limit, abs=2e-3)
    wanted_wh = outcome.events("needs")[0]["energy_wh"]
    gained_wh = (charge.soc_end - charge.soc_start) * CAPACITY_WH
    assert gained_wh == pytest.approx(wanted_wh, rel=0.02, abs=50.0)


def never_beyond(outcome):
    """What flowed never went beyond the house's schedule, of now or of a moment ago."""
    begin_ns = max(outcome.charge.start_ns, outcome.schedules[0].time_ns)
    for time_ns, wall_w in outcome.powers(at.WALL_POWER):
        if time_ns < begin_ns:
            continue
        times = (time_ns, max(time_ns - LAG_NS, begin_ns))
        allowed_w = max(outcome.allowed_w(at_ns) for at_ns in times)
        assert wall_w <= max(allowed_w, 0.0) + 1.0


@each("at_theirs", THEIR_STATION)
async def test_our_car_takes_what_their_station_has_and_it_wants(sessions, kind, name):
    run = THEIR_STATION[name]
    outcome = await sessions.of(kind, name)
    ended_well(outcome)
    has_charged_as_agreed(outcome, run["limit"])
    assert max(power_w for _, _, power_w in outcome.flows()) == run["power_w"]
    asked = outcome.events("needs")[0]
    assert asked["edition"] == run["edition"]
    leaves_ns = asked["time_ns"] + asked["departure_s"] * NS_PER_S
    assert leaves_ns == pytest.approx(LEAVES_NS, abs=LAG_NS)


@each("at_theirs_gives", THEIR_STATION_TAKES)
async def test_our_car_gives_what_their_station_takes(sessions, kind, name):
    run = THEIR_STATION_TAKES[name]
    outcome = await sessions.of(kind, name)
    ended_well(outcome)
    assert run["power_w"] in {power_w for _, _, power_w in outcome.flows()}
    given = {power_w for _, power_w in outcome.powers(GIVEN) if power_w > 0.0}
    assert given == {-run["power_w"]}


@each("at_ours", BOTH_OURS)
async def test_our_car_takes_what_its_house_says_through_our_station(sessions, kind, name):
    outcome = await sessions.of(kind, name)
    ended_well(outcome)
    has_charged_as_agreed(outcome, 0.54)
    never_beyond(outcome)
    flows = [power_w for _, _, power_w in outcome.flows() if power_w > 0.0]
    assert flows[0] == pytest.approx(ANSWER_W[0], abs=3.0)
    assert flows[-1] == pytest.approx(ANSWER_W[1], abs=3.0)
    needs = outcome.needs[0]
    edition = BOTH_OURS[name]["edition"]
    assert needs.source == f"iso15118-{edition}"
    assert needs.vin == ("" if edition == "2" else VIN)
    assert needs.departure_ns == pytest.approx(LEAVES_NS, abs=LAG_NS)
    assert needs.energy_wh == pytest.approx(0.04 * CAPACITY_WH, rel=0.02)
    if BOTH_OURS[name].get("contract"):
        told = outcome.events("authorized")
        assert {line["token"] for line in told} == {"ITVETC00000001"}


@each("at_ours_gives", BOTH_OURS_GIVE)
async def test_our_car_gives_back_what_its_house_says_through_our_station(sessions, kind, name):
    outcome = await sessions.of(kind, name)
    ended_well(outcome)
    never_beyond(outcome)
    needs = outcome.needs[-1]
    assert (needs.vin, needs.discharge_w_max) == (VIN, GIVES_W)
    assert needs.departure_ns == pytest.approx(LEAVES_NS, abs=LAG_NS)
    assert needs.soc == pytest.approx(0.5, abs=0.1)
    told = [(start, end) for start, end, power_w in outcome.flows() if power_w < 0.0]
    given = [(at_ns, power_w) for at_ns, power_w in outcome.powers(GIVEN) if power_w > 0.0]
    assert {power_w for _, power_w in given} == {4_000.0}
    turn_ns = outcome.schedules[0].periods[1].start_ns
    assert turn_ns <= told[0][0] <= told[-1][1]
    assert turn_ns <= given[0][0]
    # Until somebody unplugged it, ten minutes later.
    assert told[-1][1] - given[0][0] >= 500 * NS_PER_S


@each("theirs_at_ours", THEIR_CAR)
async def test_their_car_says_what_it_needs_and_hears_our_house(sessions, kind, name):
    outcome = await sessions.of(kind, name)
    assert outcome.code == 0, (outcome.events("state")[-1:], outcome.events("ended"), outcome.log)
    edition, service = THEIR_CAR[name]
    needs = outcome.needs[0] if "both" not in name else outcome.needs[-1]
    told = {key: getattr(needs, key) for key in THEY_NEED[name]}
    assert told == THEY_NEED[name]
    if edition == "20":
        assert needs.departure_ns == pytest.approx(needs.time_ns + 7_200 * NS_PER_S, abs=4 * LAG_NS)
    states = [line["state"] for line in outcome.events("state")]
    assert states[-1] == "SessionStop"
    # Their EV copies the schedule that it was offered into what it means to take.
    offered = outcome.events("schedule")[-1]["entries"]
    assert offered[0][1] == ANSWER_BACK_W[0]
    assert offered[1][1] == (ANSWER_BACK_W[1] if service.endswith("BPT") else 0)
    if service != "DC" or edition == "20":
        (profile,) = outcome.events("profile")
        into = [[start_s, max(power_w, 0)] for start_s, power_w in offered]
        assert profile["entries"][: len(into)] == into


@each("stranger", ["2-AC-contract"])
async def test_a_contract_below_a_strange_root_is_refused(sessions, kind, name):
    outcome = await sessions.of(kind, name)
    assert outcome.code == 1
    assert outcome.events("contract_refused")
    assert not [power_w for _, _, power_w in outcome.flows() if power_w > 0.0]
