"""Car files: ours are sound and sourced; a bad one is one clear line."""

import tomllib
from importlib.resources import files

import pytest

from make import ALL_CARS
from vettura.car import load_car, params_of
from vettura.car.battery import open_circuit_v
from vettura.errors import InputError

TEXT = files("vettura.car").joinpath("models", "bmw-i3-60ah.toml").read_text("utf-8")


def test_these_cars_are_there():
    assert ALL_CARS == [
        "audi-e-tron-55",
        "bmw-i3-60ah",
        "bmw-i4-edrive40",
        "byd-atto-3",
        "byd-dolphin",
        "chevrolet-bolt-euv",
        "fiat-500e",
        "ford-f150-lightning",
        "ford-mach-e-rwd",
        "hyundai-ioniq-5-lr-rwd",
        "hyundai-kona-64kwh",
        "kia-ev6-lr-rwd",
        "mercedes-eqs-450",
        "mini-cooper-se",
        "nissan-leaf-24kwh",
        "nissan-leaf-40kwh",
        "nissan-leaf-62kwh",
        "polestar-2-single",
        "porsche-taycan-4s",
        "renault-zoe-r135",
        "tesla-model-3-lr-awd",
        "tesla-model-3-rwd",
        "tesla-model-y-lr-awd",
        "volvo-xc40-twin",
        "vw-id4-pro",
        "xiaomi-su7",
        "xiaomi-su7-max",
        "xiaomi-su7-pro",
        "xiaomi-yu7-max",
    ]


@pytest.mark.parametrize("car", ALL_CARS)
def test_every_figure_has_a_source_and_every_source_is_used(car):
    text = files("vettura.car").joinpath("models", f"{car}.toml").read_text("utf-8")
    tree = tomllib.loads(text)
    used = set()

    def walk(node, path):
        if "value" in node:
            used.add(node["source"])
            assert node["source"] in tree["sources"], path
            judged = tree["sources"][node["source"]].startswith("our judgement")
            assert not judged or node.get("estimate"), f"{path} is judged but not marked"
            return
        if "source" in node:
            used.add(node["source"])
        for key, value in node.items():
            if isinstance(value, dict):
                walk(value, f"{path}.{key}")

    for motor in tree["motors"]:
        walk(motor, "motors")
    for part in ("body", "drive", "battery", "climate", "charging", "published"):
        walk(tree[part], part)
    assert used == set(tree["sources"])


@pytest.mark.parametrize("car", ALL_CARS)
def test_a_car_is_plausible(car):
    spec = load_car(car)
    params = params_of(spec)
    assert spec.id == car
    top_mps = spec.published["top_speed_kmh"].value / 3.6
    rpm = top_mps / params.motor.arm_m * 9.549
    assert 8_500 < rpm < 21_500
    volts = open_circuit_v(params.pack, 0.5)
    assert 300.0 < volts < 450.0 or 650.0 < volts < 900.0
    assert 0.0 <= params.pack.soc_empty < params.pack.soc_full <= 1.0


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("kerb_mass_kg", "kerb_mass_lb", ["body", "unknown key 'kerb_mass_lb'", "'kerb_mass_kg'"]),
        ("{ value = 1195", "{ value = 2634000", ["body.kerb_mass_kg.value", "<= 5000"]),
        ("{ value = 1195", '{ value = "1195 kg"', ["body.kerb_mass_kg.value", "float"]),
        ('"nmc_lmo"', '"lead"', ["battery.chemistry.value", "lead"]),
        ("[body]", "[boddy]", ["unknown key 'boddy'", "'body'"]),
        ("drag_coefficient =", "# drag_coefficient =", ["missing key 'drag_coefficient'"]),
        (', source = "bmw" }', " }", ["missing key 'source'"]),
        (', source = "bmw" }', ', source = "hearsay" }', ["source 'hearsay'", "[sources]"]),
        ("at = [0.0, 0.3,", "at = [0.0, 30.0,", ["charging.dc_curve", "rise"]),
        ("0.62, 1.0]", "0.62, 100.0]", ["charging.dc_curve", "not percent"]),
        ("0.62, 1.0]", "0.62]", ["4 points but 5 values"]),
        ("value = 18800", "value = 28800", ["capacity_net_wh 28800 exceeds"]),
        ("value = 125000", "value = 125", ["drive.power_max_w.value", ">= 5000"]),
    ],
)
def test_a_mistake_in_a_car_file_is_named(tmp_path, before, after, says):
    assert before in TEXT
    path = tmp_path / "mine.toml"
    path.write_text(TEXT.replace(before, after, 1), "utf-8")
    with pytest.raises(InputError) as caught:
        load_car(str(path))
    for word in (str(path), *says):
        assert word in str(caught.value)


def test_an_unknown_car_is_answered_with_those_there_are():
    with pytest.raises(InputError, match="no car is called 'kitt'") as caught:
        load_car("kitt")
    assert "xiaomi-su7" in caught.value.hint
