"""The energy view as a person meets it: power, plan, goals, stations and books, in a browser."""

import csv
import io
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import Open, ServedPage
from browser.scripted_car import VIN
from browser.test_page import pale_words
from vettura.bus.messages_energy import SetGoal, SetMode

pytestmark = pytest.mark.browser
EVENING = "2026-03-10T20:05:00+01:00"


@pytest.fixture
def served():
    """A home of its own, for who changes something."""
    with ServedPage("charging", EVENING, plans=True, car_w=-1_300.0) as page:
        yield page


@pytest.fixture(scope="module")
def evening():
    with ServedPage("charging", EVENING, plans=True, car_w=-1_300.0) as page:
        yield page


@pytest.fixture(scope="module")
def noon():
    with ServedPage("charging", "2026-03-10T13:05:00+01:00", plans=True, car_w=1_900.0) as page:
        yield page


@pytest.fixture
def view(evening: ServedPage, open_page: Open) -> Page:
    return opened(open_page, evening)


@pytest.fixture
def own(served: ServedPage, open_page: Open) -> Page:
    return opened(open_page, served)


def opened(open_page: Open, served: ServedPage, **options: object) -> Page:
    page = open_page(f"{served.url}energy", **options)
    expect(page.locator("#bills tbody tr")).to_have_count(8)
    expect(page.locator("#plan-chart svg")).to_be_visible()
    return page


def goal(page: Page):
    return page.locator(f'.goal[data-vin="{VIN}"]')


def chip(page: Page, name: str):
    return page.locator(f'.powers [data-of="{name}"]')


def test_power_says_how_much_and_which_way_without_colour(view: Page) -> None:
    expect(chip(view, "car")).to_contain_text("1.3 kW")
    expect(chip(view, "car")).to_contain_text("feeds the house")
    expect(chip(view, "battery")).to_contain_text("giving, 62 %")
    expect(chip(view, "sun")).to_contain_text("dark")
    expect(chip(view, "grid")).to_contain_text("delivered")
    expect(view.locator("#power-words")).to_have_text(
        re.compile(
            r"The sun gives 0.0 kilowatts, .* the car gives 1.3 kilowatts, .* go to the grid"
        )
    )
    flows = view.locator('[data-of="car"][data-flows="true"] .arrow')
    expect(flows).to_have_attribute("transform", re.compile("rotate"))


def test_dots_run_with_the_power_and_stand_for_calm_viewers(
    noon: ServedPage, open_page: Open
) -> None:
    page = opened(open_page, noon)
    dots = page.locator('[data-of="car"] .stream')
    expect(dots).to_have_attribute("stroke-dashoffset", re.compile(r"^-\d"))
    calm = opened(open_page, noon, reduced_motion="reduce")
    expect(calm.locator('[data-of="car"][data-flows="true"]')).to_have_count(1)
    assert calm.locator('[data-of="car"] .stream').get_attribute("stroke-dashoffset") is None


def test_every_slot_says_why_by_keyboard(view: Page) -> None:
    words = view.locator("#slot-words p")
    expect(words).to_have_count(3)
    expect(words.nth(0)).to_contain_text("20:00–20:15")
    expect(words.nth(1)).to_contain_text("dearer than charging again by night")
    chart = view.locator("#plan-chart")
    chart.focus()
    view.keyboard.press("ArrowRight")
    expect(words.nth(0)).to_contain_text("20:15–20:30")
    for _ in range(2):
        view.keyboard.press("PageUp")
    expect(words.nth(0)).to_contain_text("Wed 11 Mar, 02:15–02:30")
    expect(words.nth(1)).to_contain_text("takes 7.4 kW")
    expect(words.nth(1)).to_contain_text("among the cheapest hours before 07:00")
    expect(chart).to_have_attribute("aria-valuenow", "25")
    expect(chart).to_have_attribute(
        "aria-valuetext", re.compile(r"02:15–02:30.*Aria, takes 7.4 kW.*cheapest hours")
    )
    view.keyboard.press("End")
    expect(chart).to_have_attribute("aria-valuenow", "191")
    view.keyboard.press("Escape")
    expect(words.nth(0)).to_contain_text("20:00–20:15")


def test_every_slot_says_why_under_the_pointer_and_in_a_table_and_all_has_a_name(
    view: Page,
) -> None:
    chart = view.locator("#plan-chart")
    box = chart.bounding_box()
    assert box is not None
    view.mouse.move(box["x"] + box["width"] * 0.15, box["y"] + 40)
    expect(view.locator("#slot-words p").nth(0)).to_contain_text("Wed 11 Mar")
    view.mouse.move(5, 5)
    expect(view.locator("#slot-words p").nth(0)).to_contain_text("20:00–20:15")
    view.locator("#plan-table summary").click()
    rows = view.locator("#plan-table tbody tr")
    expect(rows).to_have_count(192)
    expect(rows.nth(25)).to_contain_text("among the cheapest hours before 07:00")
    nameless = view.evaluate(
        """[...document.querySelectorAll("button, input, a, [role=slider], [role=img]")].filter(
             (one) => !one.getAttribute("aria-label") && !one.getAttribute("aria-labelledby")
                   && !one.closest("label") && !one.textContent.trim()).length"""
    )
    assert nameless == 0


def test_the_slider_sets_the_goal_and_the_answer_appears(served: ServedPage, own: Page) -> None:
    card = goal(own)
    expect(card.locator(".answer")).to_contain_text("For the next trip. Giulia to the office")
    expect(card.get_by_role("button", name="As the trips need")).to_have_attribute(
        "aria-pressed", "true"
    )
    slider = card.get_by_role("slider", name="goal in percent")
    expect(slider).to_have_value("78")
    slider.press("ArrowRight")
    expect(card.locator(".answer")).to_have_text(
        "As you asked. Held from the cheapest hours before"
    )
    expect(card.locator(".big b").first).to_have_text("79")
    expect(card.get_by_role("button", name="By a time")).to_have_attribute("aria-pressed", "true")
    verb = served.energy.wishes[-1].verb
    assert isinstance(verb, SetGoal)
    assert (verb.vin, verb.soc, verb.floor_soc) == (VIN, 0.79, 0.2)
    assert verb.by_ns == served.energy.day.leave_ns()
    card.get_by_label("ready by").fill("06:15")
    expect(card.locator(".range b")).to_have_text("06:15")
    card.get_by_role("slider", name="never below").press("ArrowRight")
    expect(card.locator(".floor-row output")).to_have_text("21 %")
    card.get_by_role("button", name="As the trips need").click()
    expect(card.locator(".answer")).to_contain_text("For the next trip")
    assert served.energy.wishes[-1].verb == SetGoal(vin=VIN, floor_soc=0.21)


def test_what_is_not_possible_and_what_is_refused_is_said(served: ServedPage, own: Page) -> None:
    card = goal(own)
    slider = card.get_by_role("slider", name="goal in percent")
    slider.press("End")
    expect(card.locator(".answer")).to_have_text(
        "Not possible. The cable gives 82 % by then, 13 % less than asked"
    )
    served.energy.refuses = "the battery is being certified"
    slider.press("Home")
    expect(card.locator(".answer")).to_contain_text("Refused: the battery is being certified")
    expect(slider).to_have_value("100")
    expect(card.locator(".big b").first).to_have_text("100")


def test_a_station_charges_as_it_is_told(served: ServedPage, own: Page) -> None:
    sun = own.locator('.station [data-mode="sun"]')
    expect(own.locator('.station [data-mode="plan"]')).to_have_attribute("aria-pressed", "true")
    sun.click()
    expect(sun).to_have_attribute("aria-pressed", "true")
    assert served.energy.wishes[-1].verb == SetMode(station="wallbox", mode="sun")
    served.energy.refuses = "the station is away"
    own.locator('.station [data-mode="off"]').click()
    expect(own.locator("#toasts .refused")).to_have_text("The station is away")
    expect(sun).to_have_attribute("aria-pressed", "true")


def test_what_falls_short_and_what_stands_in_is_one_plain_line(
    served: ServedPage, own: Page
) -> None:
    warnings = own.locator("#warnings li")
    expect(warnings).to_have_count(0)
    day = served.energy.day
    short = [day.shortfall(9_000.0), day.shortfall(), day.shortfall(goal="fuse")]
    served.do(served.energy.plan(shortfalls=short, origin="rule", note="no prices since 13:00"))
    expect(warnings).to_have_text(
        [
            "Not possible: Aria: 80 % by Wed 11 Mar, 07:00 lacks 4.3 kWh.",
            "Not possible: within the fuse until Wed 11 Mar, 07:00, 4.3 kWh too much.",
            "A simple rule stands in for the planner: no prices since 13:00.",
        ]
    )
    served.do(served.energy.note("a price came twice for 02:00"))
    expect(own.locator("#note-list")).to_contain_text("A price came twice for 02:00")


def test_prices_and_forecasts_say_how_sure_they_are_and_charges_come_as_csv(view: Page) -> None:
    expect(view.locator("#prices-words")).to_contain_text("published until Thu 12 Mar, 00:00")
    for kind in (".price-band", ".price.expected"):
        assert view.locator(f"#prices-chart path{kind}").count() >= 1
    for kind in (".sun-band", ".load-band", ".sun-line", ".load-line"):
        assert view.locator(f"#forecast-chart path{kind}").count() >= 1
    months = view.locator("#months tbody tr")
    expect(months.first).to_contain_text("March 2026")
    first = view.locator("#bills tbody tr").first
    expect(first.locator("td").nth(4)).to_have_text(re.compile(r"^€\d+\.\d\d$"))
    view.get_by_role("button", name="Show 34 charges").click()
    expect(view.locator("#bills tbody tr")).to_have_count(34)
    with view.expect_download() as download:
        view.locator("#csv").click()
    assert download.value.suggested_filename == "charges-casa.csv"
    text = Path(download.value.path()).read_bytes().decode()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(rows) == 34
    assert sum(float(row["energy (kWh)"]) for row in rows) == pytest.approx(586.5, abs=0.1)
    expect(view.locator("#saved-money")).to_have_text(re.compile(r"^€\d+\.\d\d$"))
    expect(view.locator("#saved-facts")).to_contain_text("kg less")


def test_nothing_scrolls_sideways_or_lies_on_something_else(
    noon: ServedPage, open_page: Open
) -> None:
    page = opened(open_page, noon)
    for width in (320, 390, 768, 1000, 1440, 1920):
        page.set_viewport_size({"width": width, "height": 900})
        drawn = f"document.querySelector('#plan-chart svg').getAttribute('width') <= {width}"
        page.wait_for_function(drawn)
        check_fits(page, width)


def check_fits(page: Page, width: int) -> None:
    """Nothing is cut off at the sides, and no words of the picture lie on others."""
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    cut = page.evaluate(
        """[...document.querySelectorAll(".card *, .bar *, .hero p, .hero h1, .powers li")]
             .filter((one) => one instanceof HTMLElement && one.children.length === 0)
             .filter((one) => one.offsetWidth > 0)
             .filter((one) => !one.closest(".scroller, .skip, .unseen, caption"))
             .filter((one) => one.getBoundingClientRect().right > innerWidth + 0.5
                           || one.getBoundingClientRect().left < -0.5)
             .map((one) => one.outerHTML)"""
    )
    assert cut == []
    covered = page.evaluate(
        """(() => {
          const boxes = [...document.querySelectorAll(".powers li, .hero h1, .status, .outside")]
            .filter((one) => one.offsetWidth > 0)
            .map((one) => {
              const range = document.createRange();
              range.selectNodeContents(one);
              const box = one.matches("li") ? one : range;
              return { words: one.textContent, ...box.getBoundingClientRect().toJSON() };
            });
          const meets = (a, b) => a.left < b.right - 1 && b.left < a.right - 1
            && a.top < b.bottom - 1 && b.top < a.bottom - 1;
          return boxes.flatMap((a, at) => boxes.slice(at + 1)
            .filter((b) => meets(a, b)).map((b) => `${a.words} / ${b.words}`));
        })()"""
    )
    assert covered == []


@pytest.mark.parametrize("dark", [False, True])
def test_words_stand_out_from_their_ground(served: ServedPage, open_page: Open, dark: bool) -> None:
    page = opened(open_page, served, dark=dark, reduced_motion="reduce")
    served.do(served.energy.plan(shortfalls=[served.energy.day.shortfall()]))
    expect(page.locator("#warnings li")).to_have_count(1)
    page.locator("#plan-table summary").click()
    assert pale_words(page) == []


def test_a_home_without_energy_says_how_to_begin(open_page: Open) -> None:
    with ServedPage("parked") as served:
        page = open_page(f"{served.url}energy")
        expect(page.locator("#absent")).to_be_visible()
        expect(page.locator("#absent")).to_contain_text("[energy]")
        expect(page.locator("#energy-grid")).to_be_hidden()
        page.locator(".views a", has_text="Car").click()
        expect(page.locator("#soc")).to_have_text("63")
        expect(page.locator("#plan-link")).to_be_hidden()


def test_car_and_home_tell_of_the_plan_in_a_line(evening: ServedPage, open_page: Open) -> None:
    page = open_page(evening.url)
    expect(page.locator("#plan-link")).to_contain_text("78 % by 07:00, charges")
    page.locator(".views a", has_text="Home").click()
    expect(page.locator("#strip-facts")).to_contain_text("From the car")
    page.locator("#strip a").click()
    expect(page.locator("#saved-money")).not_to_have_text("–")


def test_the_view_comes_back_after_the_server_was_away(served: ServedPage, own: Page) -> None:
    with served.stopped():
        expect(own.locator("#banner")).to_contain_text("Connection lost")
        served.do(served.energy.become(soc=0.66))
    expect(own.locator("#banner")).to_be_hidden()
    expect(goal(own).locator(".big b").first).to_have_text("66")
