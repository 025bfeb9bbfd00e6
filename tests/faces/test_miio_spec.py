"""The table of models: whole, and read both ways it says the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faces.miio_scene import ABOUTS, STATES
from vettura.bus.messages_home import DeviceAction, EntityState
from vettura.errors import InputError
from vettura.faces.miio_played import FIRST_OWN_SIID
from vettura.faces.miio_real import entity_id, orders, readable, states
from vettura.faces.miio_spec import Property, model_for, models
from vettura.faces.miio_values import checked, order, ours, wired
from vettura.words.car import ENTITIES

ROWS = [(name, row) for name, model in models().items() for row in model.properties]
SETTABLE = [(name, row) for name, row in ROWS if row.of and row.do]


def test_the_cars_rows_are_entities_of_the_car():
    car = models()["vettura.car.v1"]
    known = {f"{entity.component}/{entity.key}" for entity in ENTITIES}
    assert {one.of for one in (*car.properties, *car.actions)} <= known


def wires(row):
    """Values that a client may set."""
    if row.words:
        dos = row.do if isinstance(row.do, dict) else row.words
        return st.sampled_from([row.words[word] for word in dos])
    if row.format == "bool":
        return st.booleans()
    if row.format == "int":
        return st.integers(int(row.low or 0), int(row.high or 1000))
    return st.floats(row.low or 0.0, row.high or 1000.0).map(lambda number: round(number, 1))


@pytest.mark.parametrize("name", models())
def test_a_model_is_whole(name):
    model = models()[name]
    numbers = [(row.siid, row.piid) for row in model.properties if not row.prop]
    names = [row.prop for row in model.properties if row.prop]
    assert len(set(numbers)) == len(numbers)
    assert len(set(names)) == len(names)
    for row in model.properties:
        assert bool(row.prop) != bool(row.siid and row.piid)
        assert row.of or row.own is not None
        assert row.siid < FIRST_OWN_SIID
        assert isinstance(row.do, dict) or bool(row.do) == bool(row.key)
        if isinstance(row.do, dict):
            assert row.do.keys() <= row.words.keys()
    for action in model.actions:
        assert bool(action.method) != bool(action.siid and action.aiid)
        assert action.do or set(action.sets) <= set(names)
    assert model.source


@pytest.mark.parametrize(("name", "row"), SETTABLE, ids=lambda one: getattr(one, "name", one))
@given(st.data())
def test_what_a_client_sets_is_what_it_reads_when_the_home_obeys(name, row, data):
    wire = data.draw(wires(row))
    action, given_data = order(row, checked(row, wire))
    assert "." in action
    if row.field == "state":
        words = row.do if isinstance(row.do, dict) else {}
        state = next((w for w in words if words[w] == action), given_data.get(row.key))
        told = EntityState(state=str(state))
    else:
        told = EntityState(state="on", attributes={row.field: given_data[row.key]})
    assert wired(row, told) == wire


@given(st.one_of(st.none(), st.text(), st.integers(), st.floats(), st.lists(st.integers())))
def test_any_value_is_passed_or_refused(value):
    for _, row in ROWS:
        try:
            wire = checked(row, value)
        except InputError:
            continue
        assert isinstance(wire, bool | int | float | str)


@given(st.text(), st.one_of(st.none(), st.text(), st.floats(), st.lists(st.text()), st.integers()))
def test_any_state_is_told_or_unknown(state, value):
    for _, row in ROWS:
        told = EntityState(state=state, attributes={row.field: value})
        wire = wired(row, told)
        assert wire is None or isinstance(wire, bool | int | float | str)
        if wire is not None:
            ours(row, wire)


@pytest.mark.parametrize("device", ABOUTS.keys() - {"giulia"})
def test_each_device_of_the_home_is_played_by_a_model_that_suits(device):
    name, model = model_for(ABOUTS[device])
    assert {
        "desk": "philips.light.bulb",
        "scooter-charger": "chuangmi.plug.m1",
        "colours": "philips.light.bulb",
        "blind": "lumi.curtain.hagl05",
        "robot": "mijia.vacuum.v2",
        "fan": "dmaker.fan.1c",
        "scale": "vettura.scale.v1",
        "car": "vettura.car.v1",
    }[device] == name
    assert any(row.of for row in model.properties)


def test_a_device_like_no_other_gets_a_model_of_our_own():
    assert model_for(ABOUTS["giulia"])[0] == "vettura.person.v1"
    assert model_for(ABOUTS["desk"], "yeelink.light.color3")[0] == "yeelink.light.color3"


def act(action, model="philips.light.bulb", state=None, **data):
    entity = entity_id(models()[model].properties[0].of, "d-1")
    wanted = DeviceAction(id="a", action=action, entity=entity, data=data)
    return orders("d-1", models()[model], wanted, state, older=False)


def test_an_action_means_settings_of_the_real_device():
    assert [(one.row.name, one.value) for one in act("light.turn_on").settings] == [("on", True)]
    lit = act("light.turn_on", brightness_pct=40, color_temp_kelvin=9000, transition=2)
    assert [(one.row.name, one.value) for one in lit.settings] == [
        ("on", True),
        ("brightness", 40),
        ("color-temperature", 5700),
    ]
    dark = act("light.toggle", state=EntityState(state="on"))
    assert [one.value for one in dark.settings] == [False]
    sent = act("vacuum.start", "mijia.vacuum.v2")
    assert [one.name for one in sent.actions] == ["start"]
    for bad in (("light.fly", {}), ("light.turn_on", {"brightness": "much"})):
        with pytest.raises(InputError):
            act(bad[0], **bad[1])


def test_a_real_device_is_told_in_the_homes_words():
    model = models()["lumi.curtain.hagl05"]
    rows = readable(model, older=False)
    values = {("cover", "state"): 0, ("cover", "current_position"): 30}
    told = states("d", rows, values)["cover.d"]
    assert (told.state, told.attributes) == ("open", {"current_position": 30})
    values = {("cover", "state"): 1, ("cover", "current_position"): 30}
    assert states("d", rows, values)["cover.d"].state == "opening"
    dark = states(
        "d", readable(models()["philips.light.bulb"], older=True), {("light", "state"): "off"}
    )
    assert dark["light.d"] == EntityState(state="off")
    assert states("d", rows, {})["cover.d"].state == "unknown"


def test_the_scenes_states_are_known_on_the_wire():
    row = Property(name="x", siid=1, piid=1, of="sensor", format="float")
    assert wired(row, STATES["scale"]["sensor.scale"]) == 71.4
    assert wired(row, EntityState(state="nan")) is None
