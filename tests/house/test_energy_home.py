"""A day and a night in a home whose charging is planned, from its file to its bills."""

from dataclasses import dataclass, field
from datetime import datetime

import pytest

from make import ROOT
from vettura.bus.messages import MeterValue, decode
from vettura.bus.messages_energy import Bill, EnergyPlan, GoalState, Saved, SiteMeter
from vettura.home.mishaps import Mishap
from vettura.house import load_home, rehearse_home
from vettura.house.rehearsal import start_ns_of
from vettura.units import NS_PER_S

EXAMPLE = ROOT / "examples" / "casa-energy.toml"
START = datetime(2026, 3, 2, 20)  # noqa: DTZ001  local to the home
HOUR_NS = 3_600 * NS_PER_S
HOURS = 11.6


@dataclass
class Told:
    """What was heard of the home's energy."""

    start_ns: int = 0
    log: str = ""
    plans: list = field(default_factory=list)
    bills: list = field(default_factory=list)
    goals: list = field(default_factory=list)
    saved: list = field(default_factory=list)
    site: list = field(default_factory=list)
    meter: list = field(default_factory=list)

    def hear(self, _time_ns, subject, data):
        levels = subject.split(".")
        if levels[0] != "energy":
            return
        kinds = {
            "plan": (EnergyPlan, self.plans),
            "bill": (Bill, self.bills),
            "goal": (GoalState, self.goals),
            "saved": (Saved, self.saved),
            "site": (SiteMeter, self.site),
            "meter": (MeterValue, self.meter),
        }
        if levels[2] in kinds:
            kind, heard = kinds[levels[2]]
            heard.append(decode(data, kind, where=subject))

    def charged_wh(self, begin_h, end_h):
        """What the station gave between two hours after midnight."""
        midnight_ns = self.start_ns - START.hour * HOUR_NS
        counts = [
            value.energy_wh
            for value in self.meter
            if midnight_ns + begin_h * HOUR_NS <= value.time_ns <= midnight_ns + end_h * HOUR_NS
        ]
        return counts[-1] - counts[0] if counts else 0.0


def lived(*, hours=HOURS, mishaps=()):
    home, told = load_home(EXAMPLE), Told()
    told.start_ns = start_ns_of(home, START)
    done = rehearse_home(
        home,
        seed=1,
        start=START,
        duration_s=3600.0 * hours,
        taps=[told.hear],
        mishaps=mishaps,
    )
    told.log = done.log_sha256
    return told


@pytest.fixture(scope="module")
def night():
    return lived()


def test_the_car_that_comes_home_waits_for_the_cheap_hours_and_is_full_by_morning(night):
    # Little, and what of it the home battery spares: its sun of tomorrow is worth less.
    assert night.charged_wh(20, 22.9) < 1_000.0
    assert night.charged_wh(23, 31) > 15_000.0
    assert {plan.origin for plan in night.plans} == {"planner"}
    assert night.goals[-1].is_possible


def test_it_is_billed_once_and_for_less_than_at_once(night):
    charged = [bill for bill in night.bills if bill.energy_wh > 1_000.0]
    assert len(charged) == 1
    (bill,) = charged
    assert bill.cost == pytest.approx(bill.energy_wh * 0.19e-3, rel=0.02)
    assert bill.plugged_cost > 1.3 * bill.cost
    assert night.saved[-1].cost == pytest.approx(sum(one.cost for one in night.bills))
    assert bill.note == ""


def test_the_fuse_holds_and_the_balance_is_kept(night):
    for meter in night.site:
        assert meter.grid_w <= 3 * 25.0 * 230.0
        sides = meter.load_w + meter.stations_w + meter.battery_w
        assert meter.grid_w + meter.sun_w == pytest.approx(sides, abs=1.0)


def test_the_same_seed_gives_the_same_log(night):
    assert lived(hours=1.5).log == lived(hours=1.5).log


@pytest.mark.long
def test_a_house_that_is_stopped_at_night_goes_on_and_bills_once():
    midnight_ns = start_ns_of(load_home(EXAMPLE), START) + 4 * HOUR_NS
    restart = Mishap(
        ill="restart",
        from_ns=midnight_ns,
        until_ns=midnight_ns + 300 * NS_PER_S,
        what="",
        text="restart",
    )
    told = lived(mishaps=[restart])
    assert told.charged_wh(23, 31) > 15_000.0
    assert len({bill.id for bill in told.bills}) == len(told.bills)
    assert sum(bill.energy_wh > 1_000.0 for bill in told.bills) == 1
