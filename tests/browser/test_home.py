"""The home's view as a person meets it: rooms, people and scenes, in a real browser."""

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import Open, ServedPage
from browser.scripted_home import DEVICES

pytestmark = pytest.mark.browser


@pytest.fixture
def served():
    with ServedPage("parked") as page:
        yield page


@pytest.fixture
def view(served: ServedPage, open_page: Open) -> Page:
    page = open_page(f"{served.url}home")
    expect(page.locator("#scene-list .scene")).to_have_count(4)
    return page


def tile(page: Page, entity: str):
    return page.locator(f'.tile[data-entity="{entity}"]')


def told(served: ServedPage) -> list[tuple[str, str, dict]]:
    return [(one.entity, one.action, one.data) for one in served.home.told]


def test_the_two_views_lead_to_each_other(view: Page) -> None:
    current = view.locator(".views [aria-current=page]")
    expect(current).to_have_text("Home")
    view.locator(".views a", has_text="Car").click()
    expect(view.locator("#soc")).to_have_text("63")
    expect(current).to_have_text("Car")
    view.locator(".views a", has_text="Home").click()
    expect(view.locator("#home-name")).to_have_text("Casa Bianchi")


def test_every_room_shows_its_things_and_how_they_are(view: Page) -> None:
    rooms = view.locator("#rooms .room h2")
    expect(rooms).to_have_text(
        [
            "Bathroom",
            "Bedroom",
            "Garage",
            "Hall",
            "Kitchen",
            "Living room",
            "Around the house",
            "Inputs",
        ]
    )
    for entity, words in {
        "light.hall": "80 %",
        "light.kitchen": "Off",
        "climate.thermostat": "20.4 °C · warming · 1140 W",
        "media_player.tv": "Playing · News",
        "cover.shutters": "60 % open",
        "sensor.air_temperature": "19.3 °C · 48 %",
        "lock.front_door": "Locked",
        "binary_sensor.motion": "Movement",
        "vacuum.robot": "Docked · 96 %",
        "sensor.scale": "64.3 kg",
        "event.bell": "Last 17:12",
        "switch.socket": "Not reachable",
    }.items():
        small = tile(view, entity).locator("small")
        expect(small).to_have_text(
            words.replace("1140 W", "1140\u00a0W").replace(" kg", "\u00a0kg")
        )
    expect(view.locator("#home-status")).to_have_text("Giulia at home · 2 lights on · all locked")


def test_pressing_a_switch_is_obeyed_and_seen(served: ServedPage, view: Page) -> None:
    lamp = tile(view, "light.kitchen")
    switch = lamp.get_by_role("switch")
    expect(switch).to_have_attribute("aria-checked", "false")
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "true")
    expect(lamp).to_have_attribute("data-on", "true")
    expect(view.locator("#home-status")).to_contain_text("3 lights on")
    assert told(served) == [("light.kitchen", "light.turn_on", {})]
    action = served.home.told[0]
    assert (action.who, action.cause.who) == ("page", "page")


def test_sliders_buttons_and_steppers_ask_for_what_they_say(served: ServedPage, view: Page) -> None:
    tile(view, "light.hall").get_by_role("slider").press("ArrowLeft")
    expect(tile(view, "light.hall").locator("small")).to_have_text("79 %")
    tile(view, "cover.garage").get_by_role("button", name="Open Garage door").click()
    expect(tile(view, "cover.garage").locator("small")).to_have_text("Opening")
    expect(view.locator("#hero")).to_have_attribute("data-garage", "true")
    tile(view, "lock.front_door").get_by_role("button", name="Unlock Front door").click()
    expect(view.locator("#home-status")).to_contain_text("Front door unlocked")
    tile(view, "climate.thermostat").get_by_role("button", name="half a degree warmer").click()
    expect(tile(view, "climate.thermostat").locator("output")).to_have_text("21.5°")
    tile(view, "vacuum.robot").get_by_role("button", name="Clean Robot").click()
    expect(tile(view, "vacuum.robot").locator("small")).to_contain_text("Cleaning")
    assert told(served) == [
        ("light.hall", "light.turn_on", {"brightness": 201}),
        ("cover.garage", "cover.open_cover", {}),
        ("lock.front_door", "lock.unlock", {}),
        ("climate.thermostat", "climate.set_temperature", {"temperature": 21.5}),
        ("vacuum.robot", "vacuum.start", {}),
    ]


def test_a_refusal_shows_the_reason_and_changes_nothing(served: ServedPage, view: Page) -> None:
    served.home.refuses = "the fuse is out"
    switch = tile(view, "light.kitchen").get_by_role("switch")
    switch.click()
    expect(view.locator("#toasts .refused")).to_have_text("The fuse is out")
    expect(switch).to_have_attribute("aria-checked", "false")


def test_what_happens_by_itself_is_seen(served: ServedPage, view: Page) -> None:
    served.do(served.home.tell("contact", binary_sensor__contact="on"))
    expect(tile(view, "binary_sensor.contact").locator("small")).to_have_text("Open")
    served.do(served.home.tell("smoke", binary_sensor__smoke="on"))
    expect(tile(view, "binary_sensor.smoke")).to_have_attribute("data-alarm", "true")
    expect(view.locator("#home-status")).to_have_text("Smoke alarm: smoke!")


def test_people_are_where_they_are(served: ServedPage, view: Page) -> None:
    giulia = view.locator('[data-person="person.giulia"]')
    expect(giulia.locator(".hint")).to_have_text("At home, kitchen")
    expect(giulia.locator(".facts")).to_contain_text("6412")
    expect(view.locator('[data-person="person.marco"] .hint')).to_contain_text("At Office since")
    served.do(served.home.tell("band-giulia", binary_sensor__band_giulia_asleep="on"))
    expect(giulia.locator(".hint")).to_have_text("Asleep at home")
    served.do(served.home.tell("person_giulia", person__giulia="not_home"))
    expect(giulia.locator(".hint")).to_contain_text("Away since")
    expect(view.locator("#home-status")).to_contain_text("Nobody at home")


def test_scenes_are_switched_run_and_looked_into(served: ServedPage, view: Page) -> None:
    expect(view.locator("#scenes-words")).to_have_text("4 scenes, 1 switched off")
    night = view.locator('[data-scene="automation.good_night"]')
    expect(night.locator("small")).to_have_text("Has not run yet")
    night.get_by_role("switch").click()
    expect(view.locator("#scenes-words")).to_have_text("4 scenes")
    night.locator(".scene-words").click()
    expect(night.locator(".traces")).to_contain_text("Nothing to show yet")
    night.get_by_role("button", name="Run Good night now").click()
    expect(night.locator("small")).to_contain_text("ran")
    trace = night.locator(".trace")
    expect(trace).to_have_count(1)
    expect(trace.locator("em")).to_have_text("finished")
    expect(trace.locator("li b")).to_have_text(
        ["Trigger 1", "Condition 1", "Action 1, choose 2, step 1"]
    )
    assert told(served) == [
        ("automation.good_night", "automation.turn_on", {}),
        ("automation.good_night", "automation.trigger", {"skip_condition": True}),
    ]
    smoke = view.locator('[data-scene="automation.smoke"] small')
    expect(smoke).to_contain_text("was not let run · by state of binary_sensor.smoke")


def test_the_keyboard_reaches_everything_and_all_of_it_has_a_name(view: Page) -> None:
    tile(view, "light.hall").get_by_role("switch").press("Space")
    expect(tile(view, "light.hall").locator("small")).to_have_text("Off")
    nameless = view.evaluate(
        """[...document.querySelectorAll("button, input, select")].filter((one) =>
             !one.getAttribute("aria-label") && !one.textContent.trim()).length"""
    )
    assert nameless == 0


def test_the_scene_is_whole() -> None:
    assert all(about.entities for about in DEVICES.values())
