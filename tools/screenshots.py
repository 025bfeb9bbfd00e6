"""Take the pictures that stand in `docs/`: a running house, seen on a desk and on a phone.

`.venv/bin/python tools/screenshots.py` starts the example household at 600 times real time, waits
for a drive, for a car in the sun and for a charge by night, and photographs the page in Debian's
Chromium.
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
HOME = ROOT / "examples" / "casa-energy.toml"
VIN = "LNBSCPBA0RA000055"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SPEED = "Vehicle.Speed"
PORT = "Vehicle.Powertrain.TractionBattery.Charging.ChargingPort.AnyPosition"
CABLE = f"{PORT}.IsChargingCableConnected"
FAST_KMH, BRIGHT_W, FLOWING_W = 60.0, 900.0, 1_000.0
POLL_MS, SETTLE_MS = 100, 2_500
START = "2026-06-10T07:00:00"
"""A Wednesday in June: light at the commute, dark at the night's charge."""
State: TypeAlias = dict[str, Any]
Ready: TypeAlias = Callable[[State], bool]


def main() -> int:
    """Write `page-`, `home-` and `energy-`, `-desktop-light.png` and `-phone-dark.png`."""
    with TemporaryDirectory() as data:
        command = [sys.executable, "-m", "vettura", "run", str(HOME)]
        command += ["--port", "0", "--json", "--data", f"{data}/kept"]
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
        _shoot(page, url, {"": "page", "home": "home"}, "desktop-light", _drives, full=True)
        _shoot(page, url, {"energy": "energy"}, "desktop-light", _stands_in_the_sun, full=True)
        page.close()
        page = browser.new_page(viewport=phone, color_scheme="dark", device_scale_factor=2)
        views = {"": "page", "home": "home", "energy": "energy"}
        _shoot(page, url, views, "phone-dark", _charges_at_night, full=False)
        browser.close()


def _drives(state: State) -> bool:
    return float(_signals(state)[SPEED]) > FAST_KMH


def _stands_in_the_sun(state: State) -> bool:
    """The car is back at its cable while the roof still gives something."""
    site = state["energy"]["site"] or {}
    is_plugged = bool(_signals(state)[CABLE]) and _signals(state)[SPEED] == 0.0
    return is_plugged and float(site.get("sun_w", 0.0)) > BRIGHT_W


def _charges_at_night(state: State) -> bool:
    site = state["energy"]["site"] or {}
    is_dark = float(site.get("sun_w", 0.0)) == 0.0
    return is_dark and float(site.get("stations_w", 0.0)) > FLOWING_W


def _shoot(
    page: Page, url: str, views: dict[str, str], look: str, ready: Ready, *, full: bool
) -> None:
    """Wait until the home is as wished, slow its clock down, and photograph views of it."""
    page.goto(url)
    while not ready(_state(page)):
        page.wait_for_timeout(POLL_MS)
    _clock(page, 1)
    for view, name in views.items():
        page.goto(f"{url}{view}")
        page.wait_for_timeout(SETTLE_MS)
        page.screenshot(path=ROOT / "docs" / f"{name}-{look}.png", full_page=full)
    _clock(page, 600)


def _state(page: Page) -> State:
    state: State = page.evaluate("async () => await (await fetch('/api/state')).json()")
    return state


def _signals(state: State) -> dict[str, Any]:
    signals: dict[str, Any] = state["cars"][VIN]["signals"]
    return {SPEED: 0.0, CABLE: False, **signals}


def _clock(page: Page, factor: int) -> None:
    page.evaluate(
        """factor => fetch('/api/clock', {method: 'POST',
            headers: {'content-type': 'application/json'}, body: JSON.stringify({factor})})""",
        factor,
    )


if __name__ == "__main__":
    sys.exit(main())
