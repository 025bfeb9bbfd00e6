"""Mishaps in a rehearsed house: it goes on, the same each time, and says what was gone."""

from datetime import datetime

import pytest

from make import ROOT
from vettura.bus.messages import decode
from vettura.bus.messages_home import DeviceState
from vettura.bus.subjects import device_state
from vettura.home.mishaps import Mishap
from vettura.house import load_home, rehearse_home
from vettura.house.rehearsal import start_ns_of
from vettura.house.rehearsed import Wanted, live
from vettura.units import NS_PER_S

HOME = load_home(ROOT / "examples" / "casa.toml")
NIGHT = datetime(2026, 3, 3, 1, 0)  # noqa: DTZ001  local to the home: nobody drives
NIGHT_NS = start_ns_of(HOME, NIGHT)


def mishap(ill, what="", from_s=600, until_s=1200):
    return Mishap(
        ill=ill,
        what=what,
        from_ns=NIGHT_NS + from_s * NS_PER_S,
        until_ns=NIGHT_NS + until_s * NS_PER_S,
        text=ill,
    )


def slept(*mishaps, seed=7):
    heard = []
    done = rehearse_home(
        HOME,
        seed=seed,
        start=NIGHT,
        duration_s=1800.0,
        taps=[lambda time_ns, subject, data: heard.append((time_ns, subject, data))],
        mishaps=mishaps,
    )
    return done, heard


def states_of(heard, device):
    subject = device_state("casa", device)
    return [
        ((time_ns - NIGHT_NS) // NS_PER_S, next(iter(message.entities.values())).state)
        for time_ns, name, data in heard
        if name == subject
        for message in [decode(data, DeviceState, where=subject)]
    ]


def test_a_device_that_is_gone_is_unavailable_until_it_is_back():
    _, heard = slept(mishap("offline", "wallbox"))
    states = states_of(heard, "wallbox")
    assert (600, "unavailable") in states
    assert (1200, "charging") in states
    assert states[-1][1] == "charging"


def test_a_house_that_restarts_goes_on_from_what_it_kept():
    done, heard = slept(mishap("restart", from_s=600, until_s=630))
    calm, _ = slept()
    assert done.log_sha256 != calm.log_sha256
    silent = [time_ns for time_ns, _, _ in heard if 601 < (time_ns - NIGHT_NS) / NS_PER_S < 629]
    assert silent == []
    assert (heard[-1][0] - NIGHT_NS) / NS_PER_S > 1500


def test_no_mishap_changes_nothing():
    assert slept()[0] == slept()[0]


@pytest.mark.parametrize("faults", range(3))
def test_the_same_faults_give_the_same_log(faults):
    wanted = Wanted(home=HOME, seed=7, duration_s=3600.0, start=NIGHT, faults=faults)
    first, second = live(wanted), live(wanted)
    assert first.rehearsed == second.rehearsed
    assert first.mishaps == second.mishaps
