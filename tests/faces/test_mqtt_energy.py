"""A home's energy on MQTT: words, discovery as pure data, and both ways through a real broker."""

import asyncio
import re
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faces.mqtt_scene import FACTS, VIN, listener, mosquitto
from vettura.bus import subjects
from vettura.bus.memory import MemoryBus
from vettura.bus.messages import Answer, MeterValue, decode, encode
from vettura.bus.messages_energy import (
    EnergyPlan,
    EnergyWish,
    GoalState,
    ModeState,
    Prices,
    Saved,
    SetGoal,
    SetMode,
    SiteMeter,
    StoragePlan,
)
from vettura.clock import WallClock, rehearse
from vettura.faces.config import HomeAssistantConfig, MqttConfig
from vettura.faces.discovery import _ours
from vettura.faces.energy_view import EnergyView, Unclear, wish_of
from vettura.faces.homeassistant import discovery as cars_discovery
from vettura.faces.homeassistant_energy import discovery
from vettura.faces.mqtt_energy import MqttEnergyFace
from vettura.faces.mqtt_topics import EnergyTopics, Topics
from vettura.units import NS_PER_S
from vettura.words.energy import EnergyHome, entities

NOON_NS = 1_772_449_200 * NS_PER_S
HOUR_NS = 3_600 * NS_PER_S
HOME = EnergyHome(
    "casa", "Casa", "EUR", [("su7", VIN)], ["wallbox"], has_sun=True, has_battery=True
)
TOPICS = EnergyTopics("vettura", "casa")
SITE = SiteMeter(
    time_ns=NOON_NS,
    grid_w=-1_200.4,
    sun_w=5_000.0,
    load_w=400.0,
    stations_w=3_000.0,
    battery_w=400.0,
    battery_soc=0.615,
    import_wh=12_345.6,
    export_wh=2_000.0,
    sun_wh=9_000.0,
)
PRICES = Prices(
    time_ns=NOON_NS,
    start_ns=NOON_NS,
    slot_s=3600,
    currency="EUR",
    import_per_wh=[0.3e-3, 0.2e-3],
    export_per_wh=[0.08e-3] * 2,
    known=2,
    source="test",
)
PLAN = EnergyPlan(
    time_ns=NOON_NS,
    start_ns=NOON_NS,
    slot_s=3600,
    currency="EUR",
    origin="planner",
    import_w=[0.0, 0.0, 7_000.0],
    export_w=[0.0] * 3,
    load_w=[0.0] * 3,
    sun_w=[0.0] * 3,
    import_per_wh=[0.0] * 3,
    export_per_wh=[0.0] * 3,
    marginal_per_wh=[0.0] * 3,
    storages=[
        StoragePlan(
            id=VIN,
            kind="car",
            charge_w=[0.0, 0.0, 7_000.0],
            discharge_w=[0.0] * 3,
            energy_wh=[0.0] * 4,
            capacity_wh=70_000.0,
            is_here=[True] * 3,
            reasons=[],
        )
    ],
    cost=1.234,
)
GOAL = GoalState(
    time_ns=NOON_NS,
    vin=VIN,
    soc=0.8,
    by_ns=NOON_NS + HOUR_NS,
    early_ns=NOON_NS,
    floor_soc=0.2,
    source="owner",
    text="not possible by then: 62 %",
    is_possible=False,
)
SAVED = Saved(
    time_ns=NOON_NS,
    since_ns=0,
    currency="EUR",
    charges=2,
    energy_wh=20_000.0,
    sun_wh=5_000.0,
    given_wh=0.0,
    cost=3.0,
    plugged_cost=5.5,
    carbon_g=0.0,
    plugged_carbon_g=0.0,
)
TOLD = {
    subjects.site_meter("casa"): SITE,
    subjects.prices("casa"): PRICES,
    subjects.plan("casa"): PLAN,
    subjects.goal("casa", VIN): GOAL,
    subjects.mode("casa", "wallbox"): ModeState(time_ns=0, station="wallbox", mode="sun"),
    subjects.saved("casa"): SAVED,
    subjects.meter("casa", "wallbox"): MeterValue(time_ns=0, power_w=2_999.6, energy_wh=4_200.0),
}


def configs(**config):
    found = discovery(HOME, TOPICS, HomeAssistantConfig(**config))
    return {topic: msgspec.json.decode(payload) for topic, payload in found.items()}


def viewed(*, now_ns=NOON_NS):
    async def main(clock):
        view = EnergyView(HOME, clock)
        for subject, message in TOLD.items():
            view.take(subject, encode(message))
        return msgspec.json.decode(view.news())

    return rehearse(main, start_ns=now_ns, seed=1)


def test_the_state_says_in_peoples_words_what_the_house_does():
    words = viewed()
    assert words["grid_power"] == -1200
    assert words["grid_import_energy"] == 12.346
    assert words["battery_charge"] == 61.5
    assert words["price"] == 0.3
    assert words["plan"] == "planner"
    assert words["su7_next_charge"] == "2026-03-02T13:00:00+00:00"
    assert (words["su7_goal"], words["su7_goal_missed"]) == (80, True)
    assert (words["wallbox_mode"], words["wallbox_power"]) == ("sun", 3000)
    assert words["saved"] == 2.5
    assert viewed(now_ns=NOON_NS + 3 * HOUR_NS)["price"] is None


def test_every_entity_reads_a_word_that_is_in_the_state():
    words = viewed()
    assert set(words) == {entity.key for entity in entities(HOME)}
    for config in configs().values():
        for key in re.findall(r"value_json\.(\w+)", str(config)):
            assert key in words


def test_entities_have_the_classes_that_the_energy_page_asks_for():
    found = {topic.split("/")[-2]: config for topic, config in configs().items()}
    for key in ("grid_import_energy", "grid_export_energy", "solar_energy", "battery_in_energy"):
        assert found[key]["device_class"] == "energy"
        assert found[key]["state_class"] == "total_increasing"
        assert found[key]["unit_of_measurement"] == "kWh"
    assert found["saved"]["device_class"] == "monetary"
    # A monetary sensor may be a total, and nothing else.
    assert found["saved"]["state_class"] == "total"
    assert found["wallbox_mode"]["options"] == ["plan", "sun", "now", "off"]
    assert found["su7_goal"]["command_topic"] == "vettura/energy/casa/do/su7_goal"
    assert found["grid_power"]["unique_id"] == "vettura_casa_energy_grid_power"


def test_one_message_for_the_device_says_the_same():
    (only,) = configs(by_device=True).values()
    assert len(only["components"]) == len(configs()) == len(entities(HOME))


def test_the_cars_own_discovery_neither_changes_nor_forgets_this():
    own = cars_discovery([FACTS], Topics("vettura", "casa"), HomeAssistantConfig())
    assert not set(own) & set(configs())
    bridge = f'"{Topics("vettura", "casa").bridge}"'
    assert not any(bridge in str(config).replace("'", '"') for config in configs().values())


def test_the_house_does_not_take_its_own_energy_for_somebody_elses_device():
    ours = _ours("homeassistant", None, "casa", [VIN])
    assert all(ours.announced(config) for config in configs().values())
    assert ours.is_told_by("vettura/energy/casa/do/su7_goal")


@pytest.mark.parametrize(
    ("entity", "payload", "verb"),
    [
        ("su7_goal", b"80", SetGoal(vin=VIN, soc=0.8)),
        ("su7_goal", b" 62.5 ", SetGoal(vin=VIN, soc=0.625)),
        ("wallbox_mode", b"sun", SetMode(station="wallbox", mode="sun")),
    ],
)
def test_goals_and_modes_are_understood(entity, payload, verb):
    assert wish_of(HOME, entity, payload) == verb


@given(
    entity=st.sampled_from(["su7_goal", "wallbox_mode", "grid_power", ""]),
    payload=st.one_of(st.binary(max_size=400), st.sampled_from([b"nan", b"101", b"-1", b"fast"])),
)
def test_whatever_is_sent_is_a_wish_or_a_reason(entity, payload):
    found = wish_of(HOME, entity, payload)
    assert isinstance(found, SetGoal | SetMode) or (isinstance(found, Unclear) and found.reason)


def test_a_home_without_sun_and_battery_has_no_such_entities():
    plain = HOME._replace(has_sun=False, has_battery=False)
    keys = {entity.key for entity in entities(plain)}
    assert not keys & {"solar_power", "battery_charge", "battery_in_energy"}


def test_closed_it_translates_for_nobody():
    async def main(clock):
        bus = MemoryBus(clock)
        face = MqttEnergyFace(
            bus,
            clock,
            clock,
            MqttConfig(),
            HOME,
            homeassistant=HomeAssistantConfig(),
            embedded_port=None,
        )
        with suppress(TimeoutError):
            await clock.wait_for(asyncio.gather(face.run_closed(), told(bus, clock)), 60.0)
        return face.sink.count

    async def told(bus, clock):
        await clock.sleep(1.0)
        for subject, message in TOLD.items():
            await bus.publish(subject, encode(message))

    assert rehearse(main, start_ns=NOON_NS, seed=1) == len(entities(HOME)) + 2


@pytest.mark.live
async def test_through_a_real_broker_people_see_the_plan_and_set_a_goal(tmp_path):
    with mosquitto(tmp_path) as port:
        pace = WallClock()
        bus = MemoryBus(pace)
        wishes = []

        async def obey():
            async for message in await bus.subscribe(subjects.energy_do("casa")):
                wishes.append(decode(message.data, EnergyWish, where="wish"))
                note = {"text": "not possible by then: 62 %"}
                await bus.respond(message, encode(Answer(ok=True, response=note)))

        face = MqttEnergyFace(
            bus,
            pace,
            pace,
            MqttConfig(host="127.0.0.1", port=port),
            HOME,
            homeassistant=HomeAssistantConfig(),
            embedded_port=None,
        )
        tasks = [asyncio.create_task(face.run()), asyncio.create_task(obey())]
        try:
            async with listener(port) as ear:
                await face.ready.wait()
                for subject, message in TOLD.items():
                    await bus.publish(subject, encode(message))
                await ear.until(lambda: ear.json(TOPICS.of("state"))["grid_power"] == -1200)
                await ear.until(lambda: ear.last[TOPICS.availability] == b"online")
                await ear.until(
                    lambda: ear.last["homeassistant/select/vettura_casa_energy/wallbox_mode/config"]
                )
                await ear.client.publish(TOPICS.do("su7_goal"), b"90", qos=1)
                await ear.until(lambda: ear.json(TOPICS.of("answer"))["ok"])
                assert "62 %" in ear.json(TOPICS.of("answer"))["text"]
                await ear.client.publish(TOPICS.do("wallbox_mode"), b"sideways", qos=1)
                await ear.until(lambda: not ear.json(TOPICS.of("answer"))["ok"])
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        assert [wish.verb for wish in wishes] == [SetGoal(vin=VIN, soc=0.9)]
        assert wishes[0].role == "owner"
