"""Take the pictures that stand in `docs/`: a running house, seen on a desk and on a phone.

`.venv/bin/python tools/screenshots.py` starts the example household at 600 times real time, waits
for a drive and for a charge, and photographs the page in Debian's Chromium.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

from playwright.sync_api import Page, ViewportSize, sync_playwright

ROOT = Path(__file__).parents[1]
VIN = "LNBSCPBA0RA000055"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SPEED, MODE = "Vehicle.Speed", "Vehicle.Private.Vettura.Mode"
SOC = "Vehicle.Powertrain.TractionBattery.StateOfCharge.Displayed"
FAST_KMH, LATE_PERCENT = 60.0, 77.0
POLL_MS, SETTLE_MS = 100, 2_500
START = "2026-05-12T07:00:00"
"""A Tuesday in May: light at the commute, dark at the evening's charge."""

Ready: TypeAlias = Callable[[dict[str, Any]], bool]


def main() -> int:
    """Write `page-desktop-light.png`, `page-phone-dark.png` and the same of the home to `docs/`."""
    with TemporaryDirectory() as data:
        command = [sys.executable, "-m", "vettura", "run", "--port", "0", "--json", "--data", data]
        house = subprocess.Popen(  # noqa: S603  our own command
            [*command, "--speed", "600", "--start", START], stdout=subprocess.PIPE, cwd=ROOT
        )
        try:
            assert house.stdout is not None
            url = json.loads(house.stdout.readline())["url"]
            _photograph(url)
        finally:
            house.terminate()
            house.wait(timeout=30)
    return 0


def _photograph(url: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        desk: ViewportSize = {"width": 1280, "height": 900}
        phone: ViewportSize = {"width": 390, "height": 1290}
        page = browser.new_page(viewport=desk, color_scheme="light", device_scale_factor=1.5)
        _shoot(page, url, "page-desktop-light", lambda s: float(s[SPEED]) > FAST_KMH, full=True)
        page = browser.new_page(viewport=phone, color_scheme="dark", device_scale_factor=2)
        _shoot(page, url, "page-phone-dark", _charges_at_night, full=False)
        browser.close()


def _charges_at_night(signals: dict[str, Any]) -> bool:
    """The evening's charge is nearly done when the sun has set."""
    return bool(signals[MODE] == "CHARGING" and signals[SOC] > LATE_PERCENT)


def _shoot(page: Page, url: str, name: str, ready: Ready, *, full: bool) -> None:
    """Wait until the car is as wished, slow its clock down, and photograph it and its home."""
    page.goto(url)
    while not ready(_signals(page)):
        page.wait_for_timeout(POLL_MS)
    _clock(page, 1)
    page.wait_for_timeout(SETTLE_MS)
    page.screenshot(path=ROOT / "docs" / f"{name}.png", full_page=full)
    page.goto(f"{url}home")
    page.wait_for_timeout(SETTLE_MS)
    page.screenshot(path=ROOT / "docs" / f"{name.replace('page', 'home')}.png", full_page=full)
    _clock(page, 600)
    page.close()


def _signals(page: Page) -> dict[str, Any]:
    state = page.evaluate("async () => await (await fetch('/api/state')).json()")
    signals: dict[str, Any] = state["cars"][VIN]["signals"]
    return {SPEED: 0.0, MODE: "", **signals}


def _clock(page: Page, factor: int) -> None:
    page.evaluate(
        """factor => fetch('/api/clock', {method: 'POST',
            headers: {'content-type': 'application/json'}, body: JSON.stringify({factor})})""",
        factor,
    )


if __name__ == "__main__":
    sys.exit(main())
