"""The energy view with the real services behind it: a whole vettura in a process."""

import re

import pytest
from playwright.sync_api import expect

from browser.conftest import Open
from house.process import house
from house.test_live import VIN
from make import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.live]

ENERGY = f"""
[energy]
tariff = {{ type = "fixed", per_kwh = 0.31 }}

[[energy.panels]]
peak_w = 6000.0

[energy.battery]
capacity_wh = 10000.0

[[energy.goals]]
vin = "{VIN}"
gives = true
"""


def planned_home(folder):
    """The example household, with panels, a battery and a tariff; its faces stay shut."""
    text = (ROOT / "examples" / "casa.toml").read_text("utf-8")
    text = re.split(r"^\[energy\]", text.split("[faces.")[0], flags=re.MULTILINE)[0]
    (folder / "home.toml").write_text(text + ENERGY)
    scenes = (ROOT / "examples" / "casa-scenes.yaml").read_text("utf-8")
    (folder / "casa-scenes.yaml").write_text(scenes)
    return folder / "home.toml"


def test_a_goal_is_set_by_the_slider_and_the_real_planner_answers(
    tmp_path, open_page: Open
) -> None:
    with house(tmp_path / "data", "--speed", "60", home=planned_home(tmp_path)) as casa:
        page = open_page(f"{casa.url}/energy")
        card = page.locator(f'.goal[data-vin="{VIN}"]')
        expect(card.locator(".answer")).not_to_be_empty(timeout=30_000)
        expect(page.locator("#slot-words p")).to_have_count(3, timeout=30_000)
        slider = card.get_by_role("slider", name="goal in percent")
        slider.fill("71")
        expect(card.locator(".big b").first).to_have_text("71")
        expect(card.locator(".answer")).to_contain_text("As you asked", timeout=15_000)
        told = casa.get("/api/state")["energy"]["goals"][VIN]
        assert (told["soc"], told["source"]) == (0.71, "owner")
        sun = page.locator('.station [data-mode="sun"]')
        sun.click()
        expect(sun).to_have_attribute("aria-pressed", "true")
        plan = casa.get("/api/energy/plan")
        assert {one["kind"] for one in plan["storages"]} == {"car", "battery"}
        car = next(one for one in plan["storages"] if one["id"] == VIN)
        assert all(car["reasons"][at]["text"] for at in car["why"])
