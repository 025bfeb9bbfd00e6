"""Each kind of device over whole days, with what is asked of it."""

import math
from datetime import date, datetime
from typing import get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from home.devices.homes import ROME, at, lived
from life.homes import make_household, make_person
from make import ROOT
from vettura.home.device.alarm import SmokeAlarmEntry
from vettura.home.device.events import CameraEntry, DoorbellEntry
from vettura.home.device.kinds import AnyEntry
from vettura.home.device.phone import PhoneEntry
from vettura.home.device.scale import ScaleEntry
from vettura.home.device.scooter import ScooterEntry
from vettura.home.device.socket import SocketEntry
from vettura.home.device.tv import TvEntry
from vettura.home.device.vacuum import VacuumEntry
from vettura.home.device.wearable import BandEntry, WatchEntry

RIDER = make_person(
    "Luca",
    car="",
    work="school",
    travels_by="scooter",
    leaves_at="07:35",
    shops_per_week=0,
    leisure_per_week=0,
)
HOUSEHOLD = make_household(RIDER)
SOCKET = SocketEntry(id="socket", area="garage")
SCOOTER = ScooterEntry(id="scooter", person="Luca", socket="socket")
TV = TvEntry(id="tv", area="living room", socket="socket")


def numbers(home, entity):
    """All numbers that an entity has told, in order."""
    return [
        float(told.entities[entity].state)
        for _, told in home.heard
        if entity in told.entities and told.entities[entity].state not in {"unknown", "unavailable"}
    ]


def test_a_scooter_runs_down_on_the_way_and_charges_on_its_socket():
    async def script(home):
        await home.clock.sleep(15 * 3600)
        ridden = numbers(home, "sensor.scooter_battery")
        assert ridden[0] == 80
        assert ridden == sorted(ridden, reverse=True)
        assert ridden[-1] < 75
        assert home.state("device_tracker.scooter") == "not_home"
        await home.clock.sleep(6 * 3600)
        assert home.state("device_tracker.scooter") == "home"
        assert (await home.do("scooter", "hands.plug")).ok
        assert home.state("binary_sensor.scooter_charging") == "on"
        assert float(home.state("sensor.socket_power")) == pytest.approx(71.0)
        await home.do("socket", "switch.turn_off")
        assert home.state("binary_sensor.scooter_charging") == "off"
        assert float(home.state("sensor.socket_power")) == 0.0
        await home.do("socket", "switch.turn_on")
        await home.clock.sleep(8 * 3600)
        assert home.state("sensor.scooter_battery") == "100"
        assert home.state("binary_sensor.scooter_charging") == "off"
        assert all(0 <= percent <= 100 for percent in numbers(home, "sensor.scooter_battery"))

    lived(script, SOCKET, SCOOTER, household=HOUSEHOLD)


def test_the_socket_has_counted_what_the_battery_took_and_the_charger_lost():
    async def script(home):
        await home.clock.sleep(21 * 3600)
        before = float(home.state("sensor.scooter_battery"))
        await home.do("scooter", "hands.plug")
        await home.clock.sleep(9 * 3600)
        taken_wh = 275.0 * (100.0 - before) / 100.0
        counted_wh = 1000.0 * float(home.state("sensor.socket_energy"))
        assert counted_wh == pytest.approx(taken_wh / 0.87, rel=0.02)

    lived(script, SOCKET, SCOOTER, household=HOUSEHOLD)


@settings(max_examples=25, deadline=None)
@given(switches=st.lists(st.tuples(st.floats(1, 7200), st.booleans()), max_size=20))
def test_a_meter_never_runs_backwards_whatever_is_switched(switches):
    async def script(home):
        await home.do("scooter", "hands.plug")
        for wait_s, is_on in switches:
            await home.clock.sleep(wait_s)
            await home.do("socket", "switch.turn_on" if is_on else "switch.turn_off")
        energies = numbers(home, "sensor.socket_energy")
        assert energies == sorted(energies)
        assert all(0.0 <= power <= 200.0 for power in numbers(home, "sensor.socket_power"))
        assert all(0 <= soc <= 100 for soc in numbers(home, "sensor.scooter_battery"))

    lived(script, SOCKET, SCOOTER, TV, household=HOUSEHOLD)


def test_a_scooter_that_is_away_cannot_be_plugged_in():
    async def script(home):
        await home.clock.sleep(10 * 3600)
        answer = await home.do("scooter", "hands.plug")
        assert (answer.ok, answer.reason) == (False, "scooter is not at home")
        assert not (await home.do("scooter", "switch.turn_on")).ok

    lived(script, SOCKET, SCOOTER, household=HOUSEHOLD)


@pytest.mark.parametrize("entry", [BandEntry, WatchEntry])
def test_a_band_sleeps_with_its_wearer_counts_steps_and_is_charged(entry):
    band = entry(id="wrist", person="Luca")

    async def script(home):
        assert home.state("binary_sensor.wrist_asleep") == "on"
        await home.clock.sleep(8 * 24 * 3600)
        changes = home.history("binary_sensor.wrist_asleep")
        assert 8 < len(changes) < 60
        beats = numbers(home, "sensor.wrist_heart_rate")
        assert all(40 < bpm < 130 for bpm in beats)
        assert max(numbers(home, "sensor.wrist_steps")) > 3_000
        assert {s for _, s in home.history("binary_sensor.wrist_worn")} == {"on", "off"}
        charge = numbers(home, "sensor.wrist_battery")
        assert max(charge) >= 95
        assert 0 < min(charge) < 60
        assert {s for _, s in home.history("device_tracker.wrist")} == {"home", "not_home"}
        assert {"bedroom", "kitchen", "not_home"} <= {
            state for _, state in home.history("sensor.wrist_room")
        }

    lived(script, band, household=HOUSEHOLD)


def test_somebody_steps_on_the_scale_on_most_mornings():
    async def script(home):
        await home.clock.sleep(20 * 24 * 3600)
        weights = numbers(home, "sensor.scale_luca_weight")
        assert 10 <= len(weights) <= 20
        assert all(0.85 * 70 < kg < 1.15 * 70 for kg in weights)
        assert home.shows("sensor.scale_weight", "person") == "person.luca"
        measured = datetime.fromisoformat(home.shows("sensor.scale_weight", "measured"))
        assert 4 <= measured.hour <= 9

    lived(script, ScaleEntry(id="scale", area="bathroom"), household=HOUSEHOLD)


def test_a_phone_goes_with_its_owner_and_stands_for_them():
    phone = PhoneEntry(id="phone-luca", person="Luca")

    async def script(home):
        assert home.shows("person.luca", "source") == "device_tracker.phone_luca"
        alarm = datetime.fromisoformat(home.state("sensor.phone_luca_next_alarm"))
        await home.clock.sleep(24 * 3600)
        states = [state for _, state in home.history("device_tracker.phone_luca")]
        assert states[:4] == ["home", "not_home", "school", "not_home"]
        assert [state for _, state in home.history("person.luca")][:4] == states[:4]
        assert {"still", "on_bicycle"} == {
            state for _, state in home.history("sensor.phone_luca_detected_activity")
        }
        woke = [t for t, s in home.history("binary_sensor.phone_luca_is_charging") if s == "off"]
        assert abs(woke[0] / 1e9 - alarm.timestamp()) < 1000
        assert all(
            5 <= percent <= 100 for percent in numbers(home, "sensor.phone_luca_battery_level")
        )

    lived(script, phone, household=HOUSEHOLD)


def test_a_phone_left_at_home_stays_there_and_so_does_its_owner_for_home_assistant():
    phone = PhoneEntry(id="phone-luca", person="Luca")

    async def script(home):
        assert (await home.do("phone-luca", "hands.leave_behind")).ok
        await home.clock.sleep(10 * 3600)
        assert home.state("person.luca") == "home"
        assert not home.world.is_home("Luca")
        assert (await home.do("phone-luca", "hands.take_along")).ok
        assert home.state("person.luca") == "school"

    lived(script, phone, household=HOUSEHOLD)


def test_on_the_day_a_phone_is_forgotten_its_owner_is_home_for_home_assistant():
    forgets = msgspec.structs.replace(RIDER, leaves_phone_on=(date(2026, 3, 3),))

    async def script(home):
        await home.clock.sleep(3 * 86_400)
        away = [t for t, state in home.history("person.luca") if state == "school"]
        days = [datetime.fromtimestamp(t / 1e9, ROME).date() for t in away]
        assert days == [date(2026, 3, 2), date(2026, 3, 4)]
        assert not home.world.is_home("Luca") or home.state("person.luca") == "home"

    phone = PhoneEntry(id="phone-luca", person="Luca")
    lived(script, phone, household=make_household(forgets))


def test_a_notification_shows_on_the_phone_and_one_without_words_is_refused():
    phone = PhoneEntry(id="phone-luca", person="Luca")
    notify = "notify.mobile_app_phone_luca"

    async def script(home):
        data = {"message": "x" * 400, "title": "Garage", "data": {"tag": "g"}}
        assert (await home.do("phone-luca", notify, data=data)).ok
        assert home.state("sensor.phone_luca_last_notification") == "x" * 255
        assert home.shows("sensor.phone_luca_last_notification", "message") == "x" * 400
        assert home.shows("sensor.phone_luca_last_notification", "count") == 1
        answer = await home.do("phone-luca", notify, data={"title": "Garage"})
        assert answer.reason == f"{notify} needs message"

    lived(script, phone, household=HOUSEHOLD)


def test_a_television_obeys_its_remote_and_goes_dark_without_current():
    async def script(home):
        refused = await home.do("tv", "media_player.volume_set", data={"volume_level": 0.5})
        assert refused.reason == "media_player.tv is off"
        await home.do("tv", "media_player.turn_on")
        await home.do("tv", "media_player.volume_set", data={"volume_level": 0.5})
        await home.do("tv", "media_player.select_source", data={"source": "HDMI 1"})
        assert home.shows("media_player.tv", "volume_level") == 0.5
        assert home.shows("media_player.tv", "source") == "HDMI 1"
        assert float(home.state("sensor.socket_power")) == 95.0
        bad = await home.do("tv", "media_player.select_source", data={"source": "VHS"})
        assert "one of TV, HDMI 1, Films" in bad.reason
        film = {"media_content_id": "film", "media_content_type": "video"}
        await home.do("tv", "media_player.play_media", data=film)
        assert home.state("media_player.tv") == "playing"
        await home.do("tv", "media_player.media_play_pause")
        assert home.state("media_player.tv") == "paused"
        await home.do("socket", "switch.turn_off")
        assert home.state("media_player.tv") == "unavailable"
        assert not (await home.do("tv", "media_player.turn_on")).ok
        await home.do("socket", "switch.turn_on")
        assert home.state("media_player.tv") == "off"

    lived(script, SOCKET, TV)


def test_a_robot_cleans_comes_home_charges_and_finishes_what_it_began():
    async def script(home):
        await home.do("robot", "vacuum.start")
        await home.clock.sleep(12 * 3600)
        states = [state for _, state in home.history("vacuum.robot")]
        assert states == ["docked", *["cleaning", "returning", "docked"] * 2]
        levels = [
            told.entities["vacuum.robot"].attributes["battery_level"]
            for _, told in home.heard
            if "vacuum.robot" in told.entities
        ]
        assert min(levels) >= 12
        assert levels[-1] == 100

    lived(script, VacuumEntry(id="robot", minutes=120))


robot_wishes = st.sampled_from(
    ("start", "pause", "stop", "return_to_base", "clean_spot", "locate", "set_fan_speed")
)


@settings(max_examples=40, deadline=None)
@given(wishes=st.lists(st.tuples(robot_wishes, st.floats(0, 9000)), max_size=15))
def test_whatever_is_asked_of_a_robot_its_battery_stays_in_range(wishes):
    async def script(home):
        for action, wait_s in wishes:
            data = {"fan_speed": "quiet"} if action == "set_fan_speed" else {}
            await home.do("robot", f"vacuum.{action}", data=data)
            await home.clock.sleep(wait_s)
            assert 0 <= home.shows("vacuum.robot", "battery_level") <= 100
        await home.do("robot", "vacuum.return_to_base")
        await home.clock.sleep(300)
        assert home.state("vacuum.robot") == "docked"

    lived(script, VacuumEntry(id="robot"))


def test_a_doorbell_rings_when_somebody_comes_and_the_camera_sees_who():
    async def script(home):
        assert home.state("event.bell") == "unknown"
        await home.clock.sleep(14 * 24 * 3600)
        rings = [t for t, s in home.history("event.bell") if s != "unknown"]
        assert 1 <= len(rings) <= 12
        assert all(8 <= datetime.fromtimestamp(t / 1e9, ROME).hour <= 21 for t in rings)
        before = home.state("event.bell")
        assert (await home.do("bell", "hands.press")).ok
        assert home.state("event.bell") > before
        assert home.shows("event.bell", "event_type") == "ring"
        assert home.shows("event.camera", "event_type") == "person"
        seen = {
            told.entities["event.camera"].attributes["event_type"]
            for _, told in home.heard
            if "event.camera" in told.entities
        }
        assert {"person", "motion"} <= seen

    lived(script, DoorbellEntry(id="bell"), CameraEntry(id="camera"), household=HOUSEHOLD)


def test_smoke_comes_when_somebody_cooks_and_goes_again():
    alarm = SmokeAlarmEntry(id="alarm", area="kitchen", smoke_per_year=365)

    async def script(home):
        await home.clock.sleep(7 * 24 * 3600)
        changes = home.history("binary_sensor.alarm")
        assert len(changes) >= 5
        for (begin_ns, state), (end_ns, _) in zip(changes[1::2], changes[2::2], strict=False):
            assert state == "on"
            assert 60 < (end_ns - begin_ns) / 1e9 < 600
        assert (await home.do("alarm", "hands.test", data={"seconds": 5})).ok
        assert home.state("binary_sensor.alarm") == "on"
        await home.clock.sleep(6)
        assert home.state("binary_sensor.alarm") == "off"

    lived(script, alarm, household=HOUSEHOLD)


def test_no_number_is_ever_not_a_number():
    entries = (
        SOCKET,
        SCOOTER,
        TV,
        BandEntry(id="band", person="Luca"),
        ScaleEntry(id="scale", area="bathroom"),
        PhoneEntry(id="phone", person="Luca"),
        VacuumEntry(id="robot"),
    )

    async def script(home):
        await home.clock.sleep(3 * 24 * 3600)
        for _, told in home.heard:
            for entity in told.entities.values():
                values = [entity.state, *entity.attributes.values()]
                assert "nan" not in [str(value) for value in values]
                assert all(math.isfinite(v) for v in values if isinstance(v, float))
        return len(home.heard)

    # The clocks change in that night.
    assert lived(script, *entries, household=HOUSEHOLD, start_ns=at(2026, 3, 28)) < 3 * 2_000


def test_every_kind_is_on_the_page_about_devices_with_its_options():
    page = (ROOT / "docs" / "devices.md").read_text("utf-8")
    for kind in get_args(AnyEntry):
        row = next(
            line
            for line in page.splitlines()
            if f"| `{kind.__struct_config__.tag}`" in line
            or f"`{kind.__struct_config__.tag}` |" in line
        )
        for option in set(kind.__struct_fields__) - {"id", "name", "area"}:
            assert f"`{option}" in row, option
