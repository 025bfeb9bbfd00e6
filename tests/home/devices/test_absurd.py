"""Whatever is asked of a device, and whatever it finds in its memory, it goes on."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from home.devices.homes import MONDAY, lived
from make import ROOT
from vettura.bus.messages_home import EntityState
from vettura.home.device.kinds import models_of
from vettura.home.device.model import Changing, Giving
from vettura.home.device.world import World
from vettura.house import load_home

CASA = load_home(ROOT / "examples" / "casa.toml")
MODELS = models_of(CASA.household, CASA.devices)
ACTIONS = sorted(
    {
        action
        for model in MODELS
        for entity in model.about.entities.values()
        for action in entity.actions
    }
    | {service for model in MODELS for service in model.about.services}
    | {"hands.plug", "hands.unplug", "hands.leave_behind", "hands.take_along", "hands.press"}
    | {"hands.test", "homeassistant.toggle", "homeassistant.turn_on", "homeassistant.turn_off"}
)
KEYS = (
    "brightness", "brightness_pct", "brightness_step", "color_temp", "kelvin", "position",
    "temperature", "hvac_mode", "preset_mode", "volume_level", "source", "is_volume_muted",
    "media_content_id", "fan_speed", "message", "title", "seconds", "entity_id",
)  # fmt: skip
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(("on", "heat", "away", "50", "nan", "quiet", "TV")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
wishes = st.tuples(
    st.sampled_from(CASA.devices),
    st.sampled_from(ACTIONS) | st.text(max_size=30),
    st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=10), values, max_size=3),
    st.floats(0, 4000),
)


def is_sound(state):
    numbers = [value for value in state.attributes.values() if isinstance(value, float)]
    return state.state != "nan" and all(map(math.isfinite, numbers))


@settings(max_examples=15, deadline=None)
@given(asked=st.lists(wishes, max_size=10))
def test_whatever_is_asked_is_done_or_refused_in_one_line(asked):
    async def script(home):
        for entry, action, data, wait_s in asked:
            answer = await home.do(entry.id, action, data=data)
            assert answer.ok or (answer.reason and "\n" not in answer.reason)
            await home.clock.sleep(wait_s)
        assert all(is_sound(state) for state in home.service.states.values())

    lived(script, *CASA.devices, household=CASA.household)


kept_states = st.builds(
    EntityState,
    state=st.text(max_size=20)
    | st.sampled_from(("on", "off", "nan", "inf", "-1e308", "1e308", "opening", "cleaning", ""))
    | st.floats().map(str),
    attributes=st.dictionaries(
        st.sampled_from(
            (
                "brightness", "color_temp_kelvin", "current_position", "temperature",
                "current_temperature", "structure_temperature", "preset_mode", "volume_level",
                "source", "battery_level", "minutes_left", "fan_speed", "event_type", "count",
            )
        ),
        values,
    ),
)  # fmt: skip


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.id)
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_whatever_a_device_finds_in_its_memory_it_begins(model, data):
    entities = st.sampled_from(sorted(model.about.entities))
    kept = data.draw(st.dictionaries(entities, kept_states))
    world = World(CASA.household, seed=7)
    world.now_ns = MONDAY
    state = model.begun(kept, world)
    for wait_s in (0, 1, 3_600, 90_000):
        world.now_ns = MONDAY + wait_s * 10**9
        if isinstance(model, Changing):
            state = model.passed(state, world)
            assert model.next_ns(state, world) > 0
        if isinstance(model, Giving):
            world.learn(model.gives(state))
        assert all(is_sound(told) for told in model.told(state).values())
