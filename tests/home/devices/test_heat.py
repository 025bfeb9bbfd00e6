"""A house that warms and cools, and its thermostat."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from home.devices.homes import at, lived
from vettura.home.device.contact import ContactEntry
from vettura.home.device.heat import Around, Mass, course_of, house_of, lost_wh
from vettura.home.device.thermometer import ThermometerEntry
from vettura.home.device.thermostat import ThermostatEntry

THERMOSTAT = ThermostatEntry(id="thermostat")
degrees = st.floats(-25, 45)
houses = st.builds(house_of, st.floats(15, 2000), st.sampled_from(("old", "usual", "new")))
arounds = st.builds(
    Around, degrees, st.floats(0, 800), st.floats(-5000, 20000), st.floats(-5e3, 2e4)
)


@settings(max_examples=200, deadline=None)
@given(house=houses, air=degrees, structure=degrees, around=arounds, hours=st.floats(0, 100))
def test_the_book_of_heat_is_closed(house, air, structure, around, hours):
    mass = Mass(air, structure)
    course = course_of(house, mass, around)
    brought_wh = (around.air_w + around.structure_w) * hours
    out_wh = lost_wh(house, around, course.summed(hours), hours)
    stored_wh = house.stored_wh(course.at(hours)) - house.stored_wh(mass)
    scale = max(abs(brought_wh), abs(out_wh), house.stored_wh(Mass(40, 40)))
    assert stored_wh == pytest.approx(brought_wh - out_wh, abs=1e-9 * scale)


@settings(max_examples=100, deadline=None)
@given(house=houses, air=degrees, structure=degrees, around=arounds)
def test_the_exact_course_is_what_small_steps_come_to(house, air, structure, around):
    course, hours, steps = course_of(house, Mass(air, structure), around), 0.5, 2_000
    t1, t2, dt = air, structure, hours / steps
    for _ in range(steps):
        flow = house.coupling_w_per_k * (t2 - t1)
        d1 = flow + around.vent_w_per_k * (around.ambient_degc - t1) + around.air_w
        d2 = -flow + house.loss_w_per_k * (around.ambient_degc - t2) + around.structure_w
        t1 += dt * d1 / house.air_wh_per_k
        t2 += dt * d2 / house.structure_wh_per_k
    end = course.at(hours)
    assert course.at(0.0).air_degc == pytest.approx(air, abs=1e-6)
    assert end.air_degc == pytest.approx(t1, abs=0.05 + 1e-3 * abs(end.air_degc - air))
    assert end.structure_degc == pytest.approx(t2, abs=0.05)


@settings(max_examples=200, deadline=None)
@given(house=houses, air=degrees, structure=degrees, around=arounds, mark=degrees)
def test_a_mark_is_reached_when_the_course_says_so_and_not_before(
    house, air, structure, around, mark
):
    course = course_of(house, Mass(air, structure), around)
    reached = course.reaches_h(mark, 24.0)
    is_below = course.at(0.0).air_degc < mark
    if reached is not None:
        assert course.at(reached).air_degc == pytest.approx(mark, abs=1e-3)
    until = 24.0 if reached is None else reached
    for k in range(100):
        assert (course.at(until * k / 100).air_degc < mark) == is_below or math.isclose(
            course.at(until * k / 100).air_degc, mark, abs_tol=1e-6
        )


def airs(home):
    return [
        told.entities["climate.thermostat"].attributes["current_temperature"]
        for _, told in home.heard
        if "climate.thermostat" in told.entities
    ]


def test_a_thermostat_holds_what_is_wished_in_winter_and_saves_when_it_is_lowered():
    async def script(home):
        await home.clock.sleep(2 * 86_400)
        held = airs(home)[20:]
        assert 19.4 <= min(held) <= max(held) <= 20.8
        used_kwh = float(home.state("sensor.thermostat_energy"))
        assert 10 < used_kwh < 60
        await home.do("thermostat", "climate.set_preset_mode", data={"preset_mode": "away"})
        assert home.shows("climate.thermostat", "temperature") == 16.5
        await home.clock.sleep(2 * 86_400)
        assert float(home.state("sensor.thermostat_energy")) - used_kwh < used_kwh
        await home.do("thermostat", "climate.set_temperature", data={"temperature": 22})
        await home.clock.sleep(86_400)
        assert 21.6 <= home.shows("climate.thermostat", "current_temperature") <= 22.5

    lived(script, THERMOSTAT, start_ns=at(2026, 1, 12))


def test_a_house_whose_heating_is_off_cools_towards_the_air_outside():
    async def script(home):
        await home.do("thermostat", "climate.turn_off")
        assert home.state("climate.thermostat") == "off"
        await home.clock.sleep(4 * 86_400)
        assert home.shows("climate.thermostat", "current_temperature") < 14
        assert home.shows("climate.thermostat", "hvac_action") == "off"
        await home.do("thermostat", "climate.turn_on")
        await home.clock.sleep(60)
        assert home.shows("climate.thermostat", "hvac_action") == "heating"

    lived(script, THERMOSTAT, start_ns=at(2026, 1, 12))


def test_cooling_keeps_a_summer_bearable():
    cooled = ThermostatEntry(id="thermostat", cools=True)

    async def script(home):
        data = {"temperature": 24, "hvac_mode": "cool"}
        assert (await home.do("thermostat", "climate.set_temperature", data=data)).ok
        await home.clock.sleep(5 * 86_400)
        assert max(airs(home)[200:]) < 25.2
        refused = await home.do("thermostat", "climate.set_hvac_mode", data={"hvac_mode": "dry"})
        assert "one of off, heat, cool, heat_cool" in refused.reason

    lived(script, cooled, start_ns=at(2026, 7, 10))


@pytest.mark.parametrize(
    ("action", "data", "says"),
    [
        ("set_temperature", {}, "needs temperature"),
        ("set_temperature", {"temperature": 90}, "from 5 to 30"),
        ("set_temperature", {"temperature": "warm"}, "not 'warm'"),
        ("set_hvac_mode", {"hvac_mode": "cool"}, "one of off, heat"),
        ("set_preset_mode", {}, "needs preset_mode"),
        ("set_preset_mode", {"preset_mode": "party"}, "one of home, away, sleep"),
        ("set_fan_mode", {"fan_mode": "on"}, "does not know"),
    ],
)
def test_what_a_thermostat_cannot_do_it_refuses_in_one_line(action, data, says):
    async def script(home):
        answer = await home.do("thermostat", f"climate.{action}", data=data)
        assert not answer.ok
        assert says in answer.reason
        assert "\n" not in answer.reason

    lived(script, THERMOSTAT)


def test_rooms_follow_the_house_and_a_thermometer_speaks_when_it_has_to():
    async def script(home):
        await home.clock.sleep(2 * 86_400)
        told = home.history("sensor.air_temperature")
        assert 2 < len(told) < 200
        assert all(17 < float(state) < 23 for _, state in told)
        humidity = [float(state) for _, state in home.history("sensor.air_humidity")]
        assert all(15 <= percent <= 90 for percent in humidity)
        assert len(home.history("sensor.outside_temperature")) > 10

    entries = (
        THERMOSTAT,
        ThermometerEntry(id="air", area="bedroom"),
        ThermometerEntry(id="outside", outdoors=True),
        ContactEntry(id="window", area="bedroom", at="window"),
    )
    lived(script, *entries, start_ns=at(2026, 1, 12))
