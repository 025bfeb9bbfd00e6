"""The page as a person meets it, in a real browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import Open, ServedPage

pytestmark = pytest.mark.browser

WEIGHT_BYTES_MAX = 100 * 1024
REQUESTS_MAX = {"": 12, "home": 12, "energy": 19}
"""The energy view reads plan, outlook and bills apart, and has more parts that are not shared."""
CONTRAST_MIN = 4.5


@pytest.mark.parametrize(
    ("view", "shown"),
    [("", "#soc"), ("home", "#rooms .tile small"), ("energy", "#saved-money")],
)
def test_the_page_is_light(planned: ServedPage, chromium, view: str, shown: str) -> None:
    context = chromium.new_context()
    page = context.new_page()
    session = context.new_cdp_session(page)
    sizes: dict[str, float] = {}
    requests: list[str] = []
    session.on("Network.requestWillBeSent", lambda e: requests.append(e["request"]["url"]))
    session.on(
        "Network.loadingFinished", lambda e: sizes.update({e["requestId"]: e["encodedDataLength"]})
    )
    session.send("Network.enable")
    page.goto(planned.url + view)
    expect(page.locator(shown).first).not_to_have_text("–")
    state_bytes = len(context.request.get(f"{planned.url}api/state").body())
    context.close()
    asked = [url for url in requests if not url.startswith("data:")]
    assert len(asked) <= REQUESTS_MAX[view], asked
    assert sum(sizes.values()) + state_bytes / 2 <= WEIGHT_BYTES_MAX


def test_pressing_climate_is_answered(parked: ServedPage, open_page: Open) -> None:
    page = open_page(parked.url)
    button = page.locator("[data-do=climate]")
    expect(button).to_have_attribute("aria-pressed", "false")
    button.click()
    expect(page.locator("#toasts")).to_contain_text("Climate is on")
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#hero")).to_have_attribute("data-climate", "heat")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "false")
    assert "climate" in parked.car.obeyed


def test_a_refusal_shows_the_cars_reason(driving: ServedPage, open_page: Open) -> None:
    page = open_page(driving.url)
    page.locator("[data-do=lock]").click()
    expect(page.locator("#toasts .refused")).to_have_text(
        "The doors stay locked while the car moves"
    )


def test_what_the_car_is_told_and_by_whom_is_shown_with_its_end(open_page: Open) -> None:
    with ServedPage("driving") as served:
        page = open_page(served.url)
        rows = page.locator("#told li")
        expect(rows).to_have_count(6)
        expect(rows.nth(1)).to_contain_text("Driver side window position · 40")
        expect(rows.nth(1)).to_contain_text("MQTT · the window's motor is jammed")
        page.locator("[data-do=flap]").click()
        expect(rows.first).to_contain_text("This page · the flap stays closed")
        expect(rows.first).to_have_attribute("data-result", "refused")
        expect(rows).to_have_count(6)


def test_the_keyboard_reaches_and_sets_everything(parked: ServedPage, open_page: Open) -> None:
    page = open_page(parked.url)
    page.locator("#limit").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#limit-value")).to_have_text("79 %")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#limit-value")).to_have_text("80 %")
    page.locator("#warmer").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#target")).to_have_text("21.5°")
    page.locator("#cooler").press("Space")
    expect(page.locator("#target")).to_have_text("21.0°")
    nameless = page.evaluate(
        """[...document.querySelectorAll("button, input")].filter((one) =>
             !one.getAttribute("aria-label") && !one.textContent.trim()).length"""
    )
    assert nameless == 0


def test_the_speed_of_the_clock_can_be_chosen(open_page: Open) -> None:
    with ServedPage("parked") as served:
        page = open_page(served.url)
        before = page.locator("#clock").text_content()
        page.locator("[data-factor='600']").click()
        expect(page.locator("#clock")).not_to_have_text(str(before))
        expect(page.locator("[data-factor='600']")).to_have_attribute("aria-pressed", "true")


def test_driving_shows_speed_trip_and_turning_wheels(driving: ServedPage, open_page: Open) -> None:
    page = open_page(driving.url)
    expect(page.locator("#status")).to_have_text("Driving to Office")
    expect(page.locator("#drive")).to_be_visible()
    expect(page.locator("#speed")).to_have_text(re.compile(r"^\d+$"))
    expect(page.locator("#trip-left")).to_contain_text("km to go")
    expect(page.locator(".wheels .spin").first).to_have_attribute("transform", re.compile("rotate"))


def test_charging_shows_power_and_time(charging: ServedPage, open_page: Open) -> None:
    page = open_page(charging.url, dark=True)
    expect(page.locator("#status")).to_contain_text("Charging at Home")
    expect(page.locator("#charge-facts")).to_contain_text("10.0 kW")
    expect(page.locator("#flow-words")).to_have_text("10.6 kW from the wall")
    expect(page.locator("#hero")).to_have_attribute("data-night", "true")
    assert page.locator(".plot canvas").count() == 2


@pytest.mark.parametrize("view", ["", "home"])
@pytest.mark.parametrize("width", [320, 390, 768, 1100, 1440, 1920])
def test_nothing_scrolls_sideways_or_is_cut_off(
    driving: ServedPage, open_page: Open, width: int, view: str
) -> None:
    page = open_page(driving.url + view, width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    cut = page.evaluate(
        """[...document.querySelectorAll(".card *, .controls *, .bar *, .hero p, .hero h1")]
             .filter((one) => one instanceof HTMLElement && one.children.length === 0)
             .filter((one) => one.offsetWidth > 0 && !one.closest(".plot, .skip"))
             .filter((one) => one.getBoundingClientRect().right > innerWidth + 0.5
                           || one.getBoundingClientRect().left < -0.5)
             .map((one) => one.outerHTML)"""
    )
    assert cut == []


def test_dark_and_light_follow_the_system_and_the_button(
    parked: ServedPage, open_page: Open
) -> None:
    dark, light = "rgb(10, 15, 18)", "rgb(243, 245, 244)"
    page = open_page(parked.url, dark=True)
    expect(page.locator("body")).to_have_css("background-color", dark)
    page.locator("#theme").click()
    expect(page.locator("body")).to_have_css("background-color", light)
    page.reload()
    expect(page.locator("body")).to_have_css("background-color", light)


@pytest.mark.parametrize(("view", "last"), [("", "#timeline li"), ("home", ".scene")])
@pytest.mark.parametrize("dark", [False, True])
def test_words_stand_out_from_their_ground(
    charging: ServedPage, open_page: Open, dark: bool, view: str, last: str
) -> None:
    page = open_page(charging.url + view, dark=dark, reduced_motion="reduce")
    page.wait_for_selector(last)
    assert pale_words(page) == []


def test_calm_viewers_see_no_motion(driving: ServedPage, open_page: Open) -> None:
    page = open_page(driving.url, reduced_motion="reduce")
    first = page.locator("#speed").text_content()
    expect(page.locator("#speed")).not_to_have_text(str(first))
    assert page.locator(".wheels .spin").first.get_attribute("transform") is None


def test_the_page_says_when_the_bus_is_away_and_when_it_is_back(open_page: Open) -> None:
    with ServedPage("parked") as served:
        page = open_page(served.url)
        banner = page.locator("#banner")
        expect(banner).to_be_hidden()
        served.set_bus(up=False)
        expect(banner).to_contain_text("The bus is away, the car goes on. Reconnecting…")
        served.set_bus(up=True)
        expect(banner).to_be_hidden()


def test_the_page_resumes_by_itself_when_the_server_was_away(open_page: Open) -> None:
    with ServedPage("driving") as served:
        page = open_page(served.url)
        with served.stopped():
            expect(page.locator("#banner")).to_contain_text("Connection lost")
        expect(page.locator("#banner")).to_be_hidden()
        last = page.locator("#trip-left").text_content()
        expect(page.locator("#trip-left")).not_to_have_text(str(last))


def pale_words(page: Page) -> list[str]:
    """Texts on plain grounds whose contrast (WCAG 2.1) is below the limit."""
    return page.evaluate(
        """(minimum) => {
          const channels = (text) => text.match(/[\\d.]+/g).map(Number);
          const light = (rgb) => rgb.slice(0, 3)
            .map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
            .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
          const groundOf = (one) => {
            for (let at = one; at; at = at.parentElement) {
              const ground = channels(getComputedStyle(at).backgroundColor);
              if (ground.length < 4 || ground[3] === 1) return ground;
            }
            return [255, 255, 255];
          };
          return [...document.querySelectorAll("main *, header *, footer *")]
            .filter((one) => !one.closest(".hero, svg, .plot canvas, [hidden], [data-away=true]"))
            .filter((one) => [...one.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
            .map((one) => {
              const [a, b] = [light(channels(getComputedStyle(one).color)), light(groundOf(one))]
                .sort((x, y) => y - x);
              return { words: one.textContent.trim(), ratio: (a + 0.05) / (b + 0.05) };
            })
            .filter(({ ratio }) => ratio < minimum)
            .map(({ words, ratio }) => `${words}: ${ratio.toFixed(2)}`);
        }""",
        CONTRAST_MIN,
    )
