"""Promises: broken when what must never be has lasted too long, and only then."""

from textwrap import dedent

import pytest

from home.scene.home import HOME, rehearsed
from home.scene.made import NOON_NS, at, lived
from vettura.bus.messages import decode
from vettura.bus.messages_home import DeviceState, HomeEvent
from vettura.bus.subjects import device_state, home_event
from vettura.home.scene.live_through import Update
from vettura.home.scene.promises import BROKEN_EVENT
from vettura.home.scene.read import read_scenes_text
from vettura.units import NS_PER_S

GARAGE = """
    promise:
      - alias: Garage open while nobody is home
        never:
          - condition: state
            entity_id: cover.garage
            state: open
          - condition: state
            entity_id: person.giulia
            state: not_home
        for: {minutes: 10}
    """


def read(text):
    return read_scenes_text(dedent(text))


def became(*moments):
    return [Update(at(seconds), entity, state, {}) for seconds, entity, state in moments]


def breaks(text, *moments, for_s=86_400):
    """(seconds after noon, promise) of every break."""
    result = lived(read(text), *became(*moments), for_s=for_s)
    assert result.lines == []
    return [
        (round((event.time_ns - NOON_NS) / NS_PER_S, 3), event.data["promise"])
        for event in result.events
        if event.event_type == BROKEN_EVENT
    ]


START = ((0, "cover.garage", "closed"), (0, "person.giulia", "home"))


def test_what_lasts_too_long_breaks_a_promise_once():
    found = breaks(
        GARAGE, *START, (100, "cover.garage", "open"), (200, "person.giulia", "not_home")
    )
    assert found == [(800.0, "Garage open while nobody is home")]


def test_what_ends_in_time_breaks_none():
    gone = ((100, "cover.garage", "open"), (200, "person.giulia", "not_home"))
    assert breaks(GARAGE, *START, *gone, (799, "cover.garage", "closed")) == []


def test_each_time_anew_is_a_break_of_its_own():
    days = [
        (begin + seconds, entity, state)
        for begin in (0, 10_000)
        for seconds, entity, state in (
            (100, "cover.garage", "open"),
            (200, "person.giulia", "not_home"),
            (3_000, "person.giulia", "home"),
        )
    ]
    assert [time_s for time_s, _ in breaks(GARAGE, *START, *days)] == [800.0, 10_800.0]


def test_a_device_that_is_gone_breaks_nothing():
    gone = ((100, "cover.garage", "unavailable"), (200, "person.giulia", "not_home"))
    assert breaks(GARAGE, *START, *gone) == []


LIGHT = """
    promise:
      - alias: Never both
        never:
          - {condition: state, entity_id: light.a, state: "on"}
          - {condition: state, entity_id: light.b, state: "on"}
    """


def test_what_is_over_in_the_same_instant_is_nothing():
    start = ((0, "light.a", "on"), (0, "light.b", "off"))
    swap = ((60, "light.b", "on"), (60, "light.a", "off"))
    assert breaks(LIGHT, *start, *swap) == []
    assert breaks(LIGHT, *start, (60, "light.b", "on"))[0][0] == 60.0


CHARGE = """
    promise:
      - alias: Charged in the morning
        always:
          - {condition: numeric_state, entity_id: sensor.charge, above: 60}
        at: "07:00"
        workday: true
    """
SEVEN_S = 19 * 3600
"""From Monday noon to Tuesday's 07:00."""


def test_a_promise_for_a_time_is_looked_at_then_alone():
    low = ((0, "sensor.charge", "30"), (SEVEN_S - 60, "sensor.charge", "70"))
    assert breaks(CHARGE, *low, (SEVEN_S + 60, "sensor.charge", "20"), for_s=86_400) == []
    assert breaks(CHARGE, (0, "sensor.charge", "30"), for_s=86_400) == [
        (SEVEN_S, "Charged in the morning")
    ]


def test_a_promise_for_working_days_is_not_asked_on_sunday():
    found = breaks(CHARGE, (0, "sensor.charge", "30"), for_s=7 * 86_400)
    # Tuesday to Friday, and Monday again.
    assert [round(time_s / 86_400) for time_s, _ in found] == [1, 2, 3, 4, 7]


def test_templates_promise_too():
    text = """
        promise:
          - alias: No load at night
            never: "{{ states('sensor.power') | float(0) > 100 and now().hour < 6 }}"
            for: {minutes: 5}
        """
    power = ((0, "sensor.power", "0"), (11 * 3600, "sensor.power", "500"))
    assert [time_s for time_s, _ in breaks(text, *power)] == [12 * 3600 + 300.0]


def test_a_break_names_the_states_and_who_brought_them_about():
    text = """
        automation:
          - alias: Air
            trigger: {platform: state, entity_id: binary_sensor.warm, to: "on"}
            action: {service: input_boolean.turn_on, target: {entity_id: input_boolean.open}}
        input_boolean:
          open: {initial: false}
        promise:
          - alias: Closed
            always: {condition: state, entity_id: input_boolean.open, state: "off"}
        """
    moments = became((0, "binary_sensor.warm", "off"), (60, "binary_sensor.warm", "on"))
    result = lived(read(text), *moments, for_s=120)
    (event,) = [one for one in result.events if one.event_type == BROKEN_EVENT]
    told = event.data["states"]["input_boolean.open"]
    assert (told["state"], told["by"]) == ("on", "automation.air")
    assert event.cause.who == "automation.air"
    entity = result.engine.world.states.get("binary_sensor.promise_closed")
    assert (entity.state, entity.attributes["breaks"]) == ("on", 1)


def test_a_broken_promise_sets_automations_off():
    text = (
        GARAGE
        + """
    automation:
      - alias: Tell
        trigger: {platform: event, event_type: vettura_promise_broken}
        action: {service: notify.giulia, data: {message: "{{ trigger.event.data.promise }}"}}
    """
    )
    gone = ((100, "cover.garage", "open"), (200, "person.giulia", "not_home"))
    result = lived(read(text), *became(*START, *gone))
    assert [one.data["message"] for one in result.called] == ["Garage open while nobody is home"]


@pytest.mark.parametrize("name", ["Ärger im Haus", "Ärger im Haus!"])
def test_two_promises_of_one_name_are_two_entities(name):
    text = f"""
        promise:
          - {{alias: "{name}", never: "{{{{ false }}}}"}}
          - {{alias: "Ärger im Haus", never: "{{{{ false }}}}"}}
        """
    states = lived(read(text)).engine.world.states
    assert states.get("binary_sensor.promise_arger_im_haus").state == "off"
    assert states.get("binary_sensor.promise_arger_im_haus_2").state == "off"


def test_a_break_is_told_on_the_bus_and_is_an_entity_of_the_scenes():
    told = []

    async def script(device, clock, bus, heard):
        bus.tap(lambda _time_ns, subject, data: told.append((subject, data)))
        await device.set("light.a", "on")
        await clock.sleep(10.0)

    text = dedent("""
        promise:
          - alias: Dark
            never: {condition: state, entity_id: light.a, state: "on"}
        """)
    rehearsed(text, script, light__a="off")
    (event,) = [
        decode(data, HomeEvent, where="t") for name, data in told if name == home_event(HOME)
    ]
    assert (event.event_type, event.data["promise"]) == (BROKEN_EVENT, "Dark")
    states = [data for name, data in told if name == device_state(HOME, "scenes")]
    entities = decode(states[-1], DeviceState, where="t").entities
    assert entities["binary_sensor.promise_dark"].state == "on"
