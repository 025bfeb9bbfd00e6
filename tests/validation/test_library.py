"""The cars we ship beside what was published of them."""

from vettura.validation.library import validate_library
from vettura.validation.sections import cars_section


def test_a_car_with_a_coast_down_is_near_its_certificate_and_one_without_says_so():
    report = validate_library(["tesla-model-3-rwd", "xiaomi-su7-max"])
    rows = {(row.car, row.cycle): row for row in report.rows}
    tesla, xiaomi = rows["tesla-model-3-rwd", "udds"], rows["xiaomi-su7-max", "udds"]
    assert abs(tesla.error) < 0.05
    assert xiaomi.error is None
    assert xiaomi.road_load == "estimated"
    spread = (xiaomi.high_wh_per_km - xiaomi.low_wh_per_km) / xiaomi.wh_per_km
    assert 0.15 < spread < 0.3
    assert report.summary().count == 2


def test_the_section_holds_every_car_with_its_interval():
    report = validate_library(["tesla-model-3-rwd", "xiaomi-su7"])
    text = cars_section(report, [])
    assert "Xiaomi SU7 | estimated" in text
    assert "published" in text
