"""Panels by pvlib and by hand, beside pvlib's own chain, a TMY and what is published."""

from datetime import UTC, datetime

import numpy as np
import pytest

from make import SHARED
from vettura.energy.config import PanelConfig
from vettura.energy.slots import Slots
from vettura.energy.sun import FormulaSun, Ground, PvlibSun, has_pvlib, sun_model
from vettura.life.places import Place
from vettura.units import NS_PER_S

PLACE = Place(name="turin", kind="home", latitude_deg=45.0, longitude_deg=8.0, elevation_m=250.0)
SOUTH = (PanelConfig(peak_w=1_000.0, tilt_deg=30.0, azimuth_deg=180.0),)
OFFSET_H = 0.1761
"""When within each hour the file's irradiance was seen from space."""


@pytest.fixture(scope="module")
def tmy():
    """The typical year, its slots centred on the instant of each value."""
    path = SHARED / "data" / "tmy_turin" / "tmy_45N_8E_2005_2023.csv"
    if not path.exists():
        pytest.skip("../shared/data/tmy_turin is not here")
    rows = [line.split(",") for line in path.read_text("utf-8").splitlines()]
    table = np.array(
        [[float(cell) for cell in row[1:]] for row in rows if len(row) == 10 and row[0][0] == "2"]
    )
    assert table.shape == (8760, 9)
    begin = int(datetime(2023, 1, 1, tzinfo=UTC).timestamp())
    start_ns = int((begin + (OFFSET_H - 0.5) * 3600.0) * NS_PER_S)
    slots = Slots(start_ns=start_ns, slot_s=3600, count=8760)
    return slots, Ground(table[:, 2], table[:, 0], table[:, 6]), table


@pytest.fixture(scope="module")
def pvlib():
    if not has_pvlib():
        pytest.skip("pvlib is not installed (the extra `sun`)")
    return PvlibSun


def test_a_south_roof_near_turin_yields_what_pvgis_gives(tmy):
    """PVGIS gives some 1,300 to 1,450 kWh/kWp a year around 45 N 8 E, losses of 14 % included."""
    slots, ground, _ = tmy
    by_hand = FormulaSun(SOUTH, PLACE).power_w(slots, ground)
    assert 1_280.0 < by_hand.sum() / 1_000.0 < 1_450.0


def test_pvlib_and_the_formulas_agree(tmy, pvlib):
    slots, ground, _ = tmy
    library = pvlib(SOUTH, PLACE).power_w(slots, ground)
    by_hand = FormulaSun(SOUTH, PLACE).power_w(slots, ground)
    assert by_hand.sum() == pytest.approx(library.sum(), rel=0.03)
    assert np.corrcoef(by_hand, library)[0, 1] > 0.998
    clear, plain = (model(SOUTH, PLACE).clear_w(slots) for model in (pvlib, FormulaSun))
    assert plain.sum() == pytest.approx(clear.sum(), rel=0.10)
    assert np.corrcoef(clear, plain)[0, 1] > 0.995


def test_the_sum_of_a_year_is_that_of_pvlibs_own_chain(tmy, pvlib, recwarn):
    import pandas as pd
    from pvlib.location import Location
    from pvlib.modelchain import ModelChain
    from pvlib.pvsystem import Array, FixedMount, PVSystem
    from pvlib.temperature import TEMPERATURE_MODEL_PARAMETERS

    slots, ground, table = tmy
    middles = slots.start_ns + slots.slot_ns // 2 + slots.slot_ns * np.arange(slots.count)
    times = pd.to_datetime(middles, unit="ns", utc=True)
    system = PVSystem(
        arrays=[
            Array(
                FixedMount(surface_tilt=30, surface_azimuth=180),
                module_parameters={"pdc0": 1_000.0, "gamma_pdc": -0.0035},
                temperature_model_parameters=TEMPERATURE_MODEL_PARAMETERS["sapm"][
                    "open_rack_glass_polymer"
                ],
            )
        ],
        inverter_parameters={"pdc0": 1_000.0 / 0.96, "eta_inv_nom": 0.96},
    )
    chain = ModelChain.with_pvwatts(system, Location(45.0, 8.0, tz="UTC", altitude=250.0))
    weather = pd.DataFrame(
        {
            "ghi": table[:, 2],
            "dni": table[:, 3],
            "dhi": table[:, 4],
            "temp_air": table[:, 0],
            "wind_speed": table[:, 6],
        },
        index=times,
    )
    chain.run_model(weather)
    ours = pvlib(SOUTH, PLACE).power_w(slots, ground)
    theirs = chain.results.ac.fillna(0.0).to_numpy()
    assert ours.sum() == pytest.approx(theirs.sum(), rel=0.04)
    assert np.corrcoef(ours, theirs)[0, 1] > 0.99
    recwarn.clear()


def test_nothing_at_night_and_no_more_than_the_inverter_gives(tmy):
    slots, ground, _ = tmy
    small = (PanelConfig(peak_w=1_000.0, inverter_w_max=600.0),)
    power = FormulaSun(small, PLACE).power_w(slots, ground)
    assert power.max() == 600.0
    assert power.min() == 0.0
    assert not power[ground.sun_w_per_m2 == 0.0].any()


def test_a_house_of_its_own_world_needs_no_pvlib():
    assert isinstance(sun_model(SOUTH, PLACE, by_hand=True), FormulaSun)


def test_where_pvlib_is_missing_the_formulas_stand_in(monkeypatch):
    monkeypatch.setattr("vettura.energy.sun.has_pvlib", lambda: False)
    assert isinstance(sun_model(SOUTH, PLACE), FormulaSun)
