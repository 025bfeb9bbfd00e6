"""Scenes that live through a recorded time."""

from home.scene.made import at, automation, call, deeds, delay, lived, state_trigger
from vettura.home.scene.live_through import Update
from vettura.home.scene.parts import Scenes

LIGHT = Scenes(
    automations=(
        automation(
            "evening",
            [state_trigger("binary_sensor.door", to=("on",))],
            [
                call("light.turn_on", "light.hall"),
                delay(60.0),
                call("light.turn_off", "light.hall"),
            ],
        ),
    )
)


def test_a_door_that_opens_switches_a_light_on_for_a_minute():
    door = [Update(at(s), "binary_sensor.door", word, {}) for s, word in ((0, "off"), (5, "on"))]
    assert deeds(lived(LIGHT, *door)) == [
        (5.0, "light.turn_on", ("light.hall",)),
        (65.0, "light.turn_off", ("light.hall",)),
    ]


def test_what_the_home_finds_as_it_starts_sets_nothing_off():
    door = [Update(at(s), "binary_sensor.door", word, {}) for s, word in ((-1, "off"), (0, "on"))]
    assert deeds(lived(LIGHT, *door)) == []


def test_an_attribute_alone_is_no_change_of_state():
    door = [
        Update(at(0), "binary_sensor.door", "on", {}),
        Update(at(5), "binary_sensor.door", "on", {"battery": 70}),
    ]
    assert deeds(lived(LIGHT, *door)) == []
