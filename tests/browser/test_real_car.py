"""The page with the real car behind it: whole vettura in a process, whole Chromium before it."""

import os
import signal

import pytest

from browser.conftest import Open
from house.process import house
from house.test_live import VIN, server_pid

pytestmark = [pytest.mark.browser, pytest.mark.live]


def test_climate_is_pressed_and_the_real_car_answers(tmp_path, open_page: Open) -> None:
    with house(tmp_path, "--speed", "60") as casa:
        page = open_page(casa.url)
        button = page.locator('button[data-do="climate"]')
        assert button.get_attribute("aria-pressed") == "false"
        button.click()
        page.wait_for_selector('button[data-do="climate"][aria-pressed="true"]')
        hvac = "Vehicle.Cabin.HVAC."
        signals = casa.signals_until(
            VIN, lambda s: s.get(hvac + "AmbientAirTemperature", 0.0) > 16.0
        )
        assert signals[hvac + "IsAirConditioningActive"] is True


def test_the_page_says_that_the_bus_died_and_that_it_is_back(tmp_path, open_page: Open) -> None:
    with house(tmp_path, "--speed", "1") as casa:
        page = open_page(casa.url)
        page.evaluate(
            """() => {
                window.said = [];
                const banner = document.querySelector('#banner');
                new MutationObserver(() => window.said.push(banner.hidden))
                    .observe(banner, {attributes: true, attributeFilter: ['hidden']});
            }"""
        )
        os.kill(server_pid(tmp_path), signal.SIGKILL)
        page.locator('button[data-do="climate"]').click()
        page.wait_for_selector('button[data-do="climate"][aria-pressed="true"]')
        page.wait_for_function("window.said.includes(false) && window.said.at(-1) === true")
