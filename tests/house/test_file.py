"""The home file: every mistake is one line that names file, key and remedy."""

import pytest
from msgspec.structs import replace

from make import ROOT, casa_text
from vettura.errors import InputError
from vettura.house import load_home

CASA = casa_text()


def written(tmp_path, text):
    path = tmp_path / "home.toml"
    path.write_text(text, "utf-8")
    return path


def test_the_example_is_sound():
    home = load_home(ROOT / "examples" / "casa.toml")
    assert home.household.people[0].car == home.cars[0].vin
    assert home.stations[0].id == "wallbox"
    assert len(home.devices) == 25
    assert [person.name for person in home.household.people] == ["Giulia", "Marco", "Luca"]


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("model =", "modell =", ["cars[0]", "unknown key 'modell'", "did you mean 'model'?"]),
        ("soc = 0.46", "soc = 46", ["cars[0].soc", "<= 1.0"]),
        ("soc = 0.46", 'soc = "half"', ["cars[0].soc", "float", "str"]),
        ("xiaomi-su7", "batmobile", ["cars[0].model", "no car is called 'batmobile'", "known are"]),
        ('place = "home"', 'place = "moon"', ["cars[0].place", "no place is called 'moon'"]),
        ('vin = "LNB', 'vin = "too short LNB', ["cars[0].vin", "regex"]),
        ("speed = 60", "speed = -1", ["clock.speed", "> 0"]),
        ("Europe/Rome", "Europe/Atlantis", ["Europe/Atlantis"]),
        ('leaves_at = "07:15"', 'leaves_at = "quarter past"', ["leaves_at"]),
        ("power_w_max = 11000.0", "power_kw = 11.0", ["unknown key 'power_kw'"]),
        ("latitude_deg = 45.0246", "latitude_deg = 450246.0", ["latitude_deg"]),
        ("latitude_deg = 45.0246\n", "", ["missing key 'latitude_deg'"]),
        ("seed = 7", "seed = ", ["line 5"]),
        ('kind = "vacuum"', 'kind = "vacum"', ["devices[13]", "'vacum'", "did you mean 'vacuum'?"]),
        ('kind = "vacuum"', 'kind = "oven"', ["devices[13]", "'oven'", "known are band, camera"]),
        ('kind = "vacuum"', "kind = 7", ["devices[13]", "'7'"]),
        ('kind = "vacuum"\n', "", ["devices[13]", "'None'"]),
        ("floor_m2 =", "floor =", ["devices[6]", "unknown key 'floor'", "'floor_m2'?"]),
        ("floor_m2 = 120.0", "floor_m2 = 1.0", ["devices[6]", "floor_m2", ">= 15.0"]),
        ('id = "robot"', 'id = "Robot 1"', ["devices[13]", "'Robot 1'", "small letters"]),
        ('id = "robot"', 'id = "wallbox"', ["devices.wallbox", "taken"]),
        ('id = "robot"', 'id = "sun"', ["devices.sun", "taken"]),
        ('id = "robot"', 'id = "bedroom_air"', ["devices.bedroom_air", "taken"]),
        ('area = "kitchen"', 'area = "cellar"', ["kitchen.area", "'cellar'", "give hall, living"]),
        ('person = "Luca"', 'person = "Lucia"', ["scooter.person", "'Lucia'", "Giulia, Marco, L"]),
        ('socket = "garage-socket"', 'socket = "socket"', ["scooter.socket", "garage-socket"]),
        ('bedroom = "loft"', 'bedroom = "attic"', ["people.Luca.bedroom", "'attic'", "loft"]),
        ('travels_by = "scooter"', 'travels_by = "horse"', ["travels_by", "horse"]),
        ('wakes_at = "06:45"', 'wakes_at = "13:00"', ["people.Luca.wakes_at", "04:00 to 12:00"]),
        ('title = "Casa Ferrero"', 'title = "Casa Ferrero', ["line"]),
    ],
)
def test_a_mistake_is_named_with_its_place_and_remedy(tmp_path, before, after, says):
    assert before in CASA
    path = written(tmp_path, CASA.replace(before, after, 1))
    with pytest.raises(InputError) as caught:
        load_home(path)
    text = str(caught.value)
    assert text.startswith(f"{path}: ")
    for word in says:
        assert word in text
    assert "Traceback" not in text


def test_a_person_who_drives_no_car_of_the_home_is_named(tmp_path):
    path = written(tmp_path, CASA.replace('car = "LNBSCPBA0RA000055"', 'car = "LNBSCPBA0RA000043"'))
    with pytest.raises(InputError, match="Giulia drives 'LNBSCPBA0RA000043'"):
        load_home(path)


def test_a_home_has_one_thermostat_and_every_kind_can_be_had(tmp_path):
    kinds = {device.kind for device in load_home(ROOT / "examples" / "casa.toml").devices}
    assert kinds >= {"light", "lock", "thermostat", "scooter", "phone"}
    path = written(tmp_path, CASA + '\n[[devices]]\nkind = "thermostat"\nid = "second"\n')
    with pytest.raises(InputError, match="thermostat, second are thermostats"):
        load_home(path)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"", b"x" * 2_000_000, b"[" * 5_000])
def test_a_file_that_is_no_home_is_one_clear_line(tmp_path, content):
    path = tmp_path / "home.toml"
    path.write_bytes(content)
    with pytest.raises(InputError, match=str(path)):
        load_home(path)


def test_a_file_that_is_not_there_or_is_a_folder_is_one_clear_line(tmp_path):
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(InputError, match=str(path)):
            load_home(path)


def test_files_of_the_tariff_and_the_calendar_lie_beside_the_home_file(tmp_path):
    text = CASA + (
        '\n[energy]\ntariff = {type = "dynamic", file = "prices.csv", token_file = "token"}\n'
        'feed_in = {type = "fixed", per_kwh = 0.08}\ncalendar = {file = "family.ics"}\n'
    )
    energy = load_home(written(tmp_path, text)).energy
    assert energy.tariff.file == str(tmp_path / "prices.csv")
    assert energy.tariff.token_file == str(tmp_path / "token")
    assert energy.tariff.url == ""
    assert energy.calendar.file == str(tmp_path / "family.ics")


def test_a_home_like_another_says_only_what_differs():
    examples = ROOT / "examples"
    casa, like = load_home(examples / "casa.toml"), load_home(examples / "casa-energy.toml")
    assert (casa.energy, like.like) == (None, "casa.toml")
    assert like.energy is not None
    assert replace(like, energy=None, like="") == casa


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ('like = "none.toml"', "no such file"),
        ('like = "casa-energy.toml"', "is itself like another"),
        ('like = "../examples/casa.toml"', "another folder"),
        ("like = 3", "like"),
    ],
)
def test_a_home_like_none_says_why(tmp_path, text, wrong):
    for name in ("casa.toml", "casa-energy.toml", "casa-scenes.yaml"):
        (tmp_path / name).write_bytes((ROOT / "examples" / name).read_bytes())
    home = tmp_path / "home.toml"
    home.write_text(text, "utf-8")
    with pytest.raises(InputError, match=wrong):
        load_home(home)
