"""The page about a rehearsal as a person meets it, opened from a file in a real browser."""

from dataclasses import replace

import pytest
from playwright.sync_api import Browser, expect

from home.findings.told import Teller
from vettura.home.findings.report import Facts, Rehearsal, report_of
from vettura.home.findings.timeline import timeline_of
from vettura.home.scene.parts import Scenes
from vettura.web.rehearsed_page import rehearsed_page

pytestmark = pytest.mark.browser

ROME = "Europe/Rome"
HOUR_S = 3600.0


def lived() -> Teller:
    """Two days: somebody comes home, and two scenes fight over the shutters each evening."""
    teller = Teller()
    for entity, area in (("light.hall", "hall"), ("cover.bedroom", "bedroom")):
        teller.about(entity, area=area)
    for entity in ("person.giulia", "automation.arriving", "automation.night", "automation.cool"):
        teller.about(entity)
    teller.about("sensor.hall", area="hall", device_class="temperature", unit_of_measurement="°C")
    teller.state(0.0, "person.giulia", "not_home")
    teller.state(0.0, "light.hall", "off")
    teller.state(0.0, "cover.bedroom", "open")
    for day in (0.0, 24 * HOUR_S):
        for hour in range(1, 14):
            teller.state(day + hour * HOUR_S - 60.0, "sensor.hall", f"{20 + hour % 3}")
        teller.state(day + 10 * HOUR_S, "person.giulia", "home")
        arrived = teller.run(day + 10 * HOUR_S + 1, "automation.arriving", chain=("person.giulia",))
        teller.state(day + 10 * HOUR_S + 2, "light.hall", "on", arrived)
        close, opened = (f"cover.{verb}_cover" for verb in ("close", "open"))
        teller.run(day + 14 * HOUR_S, "automation.night", (close, "cover.bedroom"))
        teller.run(day + 14 * HOUR_S + 1, "automation.cool", (opened, "cover.bedroom"))
        teller.state(day + 15 * HOUR_S, "person.giulia", "not_home")
        teller.state(day + 15 * HOUR_S, "light.hall", "off")
    teller.until(40 * HOUR_S)
    return teller


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> str:
    story = lived().story
    # A hostile name: it must be shown, not obeyed.
    light = story.entities["light.hall"]
    named = replace(light, about=type(light.about)(name="</script><b id=evil>Hall"))
    story.entities["light.hall"] = named
    facts = Facts(
        home="casa",
        title="Casa <i>Ferrero</i>",
        timezone=ROME,
        start_ns=story.start_ns,
        end_ns=story.end_ns,
        seed=7,
        people=1,
    )
    report = report_of(Rehearsal(story=story, scenes=Scenes(), timezone=ROME), facts)
    path = tmp_path_factory.mktemp("page") / "rehearsed.html"
    path.write_text(rehearsed_page(report, timeline_of(story, ROME)), "utf-8")
    return path.as_uri()


@pytest.fixture
def opened(chromium: Browser, address: str):
    """Open the page at a width; afterwards nothing may have failed or been asked for."""
    faults: list[str] = []
    contexts = []

    def open_at(width: int = 1280, *, dark: bool = False, **options):
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            **options,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
        page.on("request", lambda r: None if r.url == address else faults.append(r.url))
        page.goto(address)
        page.wait_for_selector("#lanes svg")
        return page

    yield open_at
    for context in contexts:
        context.close()
    assert faults == []


def test_the_page_says_what_was_found_and_draws_the_day(opened) -> None:
    page = opened()
    expect(page.locator("h1")).to_have_text("Casa <i>Ferrero</i>")
    expect(page.locator(".sentence")).to_contain_text("1 conflict")
    finding = page.locator(".finding[data-kind=conflict]")
    expect(finding).to_contain_text("cover.bedroom against each other")
    groups = page.locator("#lanes .group").all_text_contents()
    assert groups == ["People", "Scenes", "Bedroom", "Hall"]
    assert page.locator("#lanes circle.fired").count() == 3
    assert page.locator("#lanes .flag").count() == 1
    assert page.locator("#evil").count() == 0


def test_a_moment_of_a_finding_leads_to_its_hour(opened) -> None:
    page = opened()
    page.locator(".moments button").nth(1).click()
    expect(page.locator("#shown")).to_have_text("Tuesday 3 March, 21:00 – 22:00")
    expect(page.locator("[data-hours='1']")).to_have_attribute("aria-pressed", "true")
    page.locator("#on").click()
    expect(page.locator("#shown")).to_have_text("Tuesday 3 March, 22:00 – 23:00")
    page.locator("[data-hours='24']").click()
    expect(page.locator("#shown")).to_have_text("Tuesday 3 March")
    page.locator("#back").click()
    expect(page.locator("#shown")).to_have_text("Monday 2 March")


def test_pointing_at_a_band_tells_who_did_it(opened) -> None:
    page = opened()
    band = page.locator("#lanes rect.scene[data-tip]").first
    band.hover()
    expect(page.locator("#tip")).to_contain_text("</script><b id=evil>Hall: on")
    expect(page.locator("#tip")).to_contain_text("person.giulia → automation.arriving")


def test_tapping_a_mark_tells_what_set_it_off(opened) -> None:
    page = opened(390, has_touch=True)
    page.locator("#lanes circle.fired").first.tap()
    expect(page.locator("#tip")).to_contain_text("Arriving: finished")
    expect(page.locator("#tip")).to_contain_text("state of something")


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_reaches_beyond_the_page(opened, width: int, dark: bool) -> None:
    page = opened(width, dark=dark)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    wide = page.evaluate(
        """() => [...document.querySelectorAll('#lanes text')].filter((one) =>
            one.getBoundingClientRect().right > innerWidth + 1).map((one) => one.textContent)"""
    )
    assert wide == []
