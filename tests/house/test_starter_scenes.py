"""The starter scenes of the example household do what they say, and keep their promises."""

import re
from collections import Counter
from datetime import datetime

import pytest
from msgspec.structs import replace

from make import ROOT
from vettura.bus.messages import decode
from vettura.bus.messages_home import Called, DeviceAbout, HomeEvent, Trace
from vettura.house import load_home, rehearse_home
from vettura.house.file import HomeFile

SCENES = (ROOT / "examples" / "casa-scenes.yaml").read_text("utf-8")
MONDAY = datetime(2026, 3, 2, 0, 0)  # noqa: DTZ001  local to the home
KINDS = {"called": Called, "trace": Trace, "about": DeviceAbout, "event": HomeEvent}
_DOMAINS = (
    "binary_sensor|climate|cover|device_tracker|event|input_boolean|light|lock|media_player|"
    "number|person|sensor|sun|switch|weather|zone"
)
NAMED = set(re.findall(rf"\b(?:{_DOMAINS})\.(?!turn_|set_|open_|close_)[a-z0-9_]+", SCENES)) - {
    "lock.lock",
    "lock.unlock",
    "media_player.volume_set",
}


def lived(home: HomeFile, days: float, *, seed: int = 1, start: datetime = MONDAY):
    """What scenes and devices told, by the last word of the subject."""
    heard = {kind: [] for kind in KINDS}

    def hear(_time_ns, subject, data):
        word = subject.rpartition(".")[2]
        if subject.startswith("home.") and word in KINDS:
            heard[word].append(decode(data, KINDS[word], where=subject))

    rehearse_home(home, seed=seed, start=start, duration_s=days * 86_400, taps=[hear])
    return heard


@pytest.fixture(scope="module")
def casa():
    return load_home(ROOT / "examples" / "casa.toml")


@pytest.fixture(scope="module")
def two_days(casa):
    return lived(casa, 2.0)


def test_every_entity_that_a_scene_names_is_there(two_days):
    there = {name for about in two_days["about"] for name in about.entities}
    assert not NAMED - there


def test_on_ordinary_days_the_ordinary_scenes_run_and_every_action_is_obeyed(two_days):
    ran = Counter(trace.scene for trace in two_days["trace"] if trace.state == "finished")
    assert {
        "automation.leaving",
        "automation.arriving",
        "automation.car_arriving",
        "automation.wake_up_and_warm_the_car",
        "automation.asleep",
        "automation.scooter_and_car_share_the_line",
    } <= ran.keys()
    assert not [trace for trace in two_days["trace"] if trace.state == "failed"]
    assert [(c.action, c.reason) for c in two_days["called"] if not c.ok] == []


def test_on_ordinary_days_every_promise_is_kept(two_days):
    assert [e.data for e in two_days["event"] if e.event_type == "vettura_promise_broken"] == []


def test_smoke_opens_the_ways_out_and_tells_everybody(casa):
    devices = [
        replace(entry, smoke_per_year=365.0) if entry.kind == "smoke_alarm" else entry
        for entry in casa.devices
    ]
    heard = lived(replace(casa, devices=devices), 1.0, start=MONDAY.replace(day=7))
    done = [c for c in heard["called"] if c.scene == "automation.smoke_and_drive_out"]
    actions = [call.action for call in done]
    assert {"lock.unlock", "cover.open_cover", "notify.mobile_app_phone_luca"} <= set(actions)
    assert actions.index("cover.close_cover") > actions.index("cover.open_cover")
    assert all(call.ok for call in done), done
    assert not [e for e in heard["event"] if e.event_type == "vettura_promise_broken"]
