"""The world pushes the right way: what makes driving harder never makes it cheaper, for any car.

Over whole cycles that the car follows all along: one that is left behind drives slower, and slower
is cheaper. Where physics turns an effect round, the claim says so and stops there.
"""

from itertools import pairwise

import pytest
from msgspec.structs import replace

from car.drives import MILD, drive, settled
from make import ALL_CARS
from vettura.car import Inputs, load_car, params_of
from vettura.car.relations import driven_mass_kg
from vettura.drive.cycles import cycle_names, load_cycle

SPECS = {car: load_car(car) for car in ALL_CARS}
CARS = {car: params_of(spec) for car, spec in SPECS.items()}
CYCLES = {name: load_cycle(name).speed_mps for name in cycle_names()}
CHARGES = (0.95, 0.5)
"""Nearly full, where regeneration is refused, and half."""
everywhere = pytest.mark.parametrize("cycle", CYCLES)


def rises(drives, what="terminal_wh"):
    """True when every drive takes more than the one before it, and all followed their trace."""
    return never_falls(drives, what) and all(
        getattr(a, what) < getattr(b, what) for a, b in pairwise(drives)
    )


def never_falls(drives, what="terminal_wh"):
    """True when no drive takes less than the one before it, and all followed their trace."""
    assert all(one.missed_s == 0.0 and one.broken == 0.0 for one in drives)
    return all(getattr(a, what) <= getattr(b, what) for a, b in pairwise(drives))


def over(cycle, cars, worlds, soc=0.5):
    """The same drive for cars that differ, or for one in worlds that do."""
    return [
        drive(params, settled(params, soc, world.ambient_degc), CYCLES[cycle], world)
        for params in cars
        for world in worlds
    ]


@everywhere
@pytest.mark.parametrize("soc", CHARGES)
def test_a_heavier_car_never_uses_less(cycle, soc):
    for car, spec in SPECS.items():
        mass_kg = driven_mass_kg(spec)
        more = [params_of(spec, mass_kg=mass_kg * (1.0 + k)) for k in (0.0, 0.01, 0.05, 0.2, 0.4)]
        assert rises(over(cycle, more, [MILD], soc)), car


@everywhere
@pytest.mark.parametrize("soc", CHARGES)
@pytest.mark.parametrize("figure", ["c_n_per_mps2", "b_n_per_mps", "a_n"])
def test_a_blunter_or_stiffer_car_never_uses_less(cycle, soc, figure):
    """More drag, more loss that grows with speed, or more rolling resistance."""
    for car, params in CARS.items():
        value = getattr(params.road, figure)
        more = [
            params._replace(road=params.road._replace(**{figure: value + k * max(value, 0.1)}))
            for k in (0.0, 0.01, 0.1, 0.5)
        ]
        assert rises(over(cycle, more, [MILD], soc)), car


@everywhere
@pytest.mark.parametrize("soc", CHARGES)
@pytest.mark.parametrize(
    ("what", "values"),
    [
        ("grade", (-0.04, -0.01, 0.0, 0.001, 0.01, 0.03)),
        ("headwind_mps", (-8.0, -2.0, 0.0, 0.1, 2.0, 8.0)),
        ("rain_mm_per_h", (0.0, 0.1, 1.0, 3.9)),
        ("accessories", (0.0, 0.1, 1.0)),
        ("pressure_pa", (75_000.0, 95_000.0, 101_325.0, 104_000.0)),
        ("slipstream", (0.3, 0.1, 0.0)),
    ],
)
def test_uphill_into_the_wind_wet_lit_or_in_thicker_air_no_car_uses_less(cycle, soc, what, values):
    worlds = [MILD._replace(**{what: value}) for value in values]
    for car, params in CARS.items():
        assert rises(over(cycle, [params], worlds, soc)), car


@everywhere
@pytest.mark.parametrize("soc", CHARGES)
@pytest.mark.parametrize("climate", [0.0, 1.0])
def test_in_colder_air_no_car_uses_less(cycle, soc, climate):
    """Car and air alike, from 20 °C down: warmer than that a cabin or battery may need cooling.

    At -15 °C a few small packs cannot give what the town cycle asks; they are left out there.
    """
    colder = (20.0, 15.0, 10.0, 5.0, 0.0, -5.0, -10.0, -15.0)
    worlds = [Inputs(ambient_degc=degc, climate_on=climate) for degc in colder]
    for car, params in CARS.items():
        *drives, coldest = over(cycle, [params], worlds, soc)
        drives += [coldest] if coldest.missed_s == 0.0 else []
        assert rises(drives), car
        assert never_falls(drives, "climate_wh"), car  # a heater at its limit takes no more


@everywhere
def test_climate_never_gives_energy(cycle):
    for ambient in (-10.0, 5.0, 20.0, 30.0, 40.0):
        worlds = [Inputs(ambient_degc=ambient, climate_on=on) for on in (0.0, 1.0)]
        for car, params in CARS.items():
            assert rises(over(cycle, [params], worlds)), (car, ambient)


@everywhere
def test_a_heat_pump_never_takes_more_than_a_resistive_heater(cycle):
    for ambient in (-10.0, -5.0, 0.0, 10.0, 18.0):
        world = Inputs(ambient_degc=ambient, climate_on=1.0)
        for car, params in CARS.items():
            pump, wire = (
                params._replace(cabin=params.cabin._replace(heat_pump=share))
                for share in (1.0, 0.0)
            )
            assert never_falls(over(cycle, [pump, wire], [world])), (car, ambient)
            assert never_falls(over(cycle, [pump, wire], [world]), "climate_wh"), (car, ambient)


@everywhere
@pytest.mark.parametrize("ambient", [-10.0, 0.0, 10.0, 20.0, 30.0, 40.0])
def test_an_aged_battery_never_takes_less_out_of_the_cells(cycle, ambient):
    """Terminals and inner loss together. The terminals alone may read up to a few thousandths less
    in the cold: a pack that warms itself needs its heater less and takes more regeneration.
    """
    world = MILD._replace(ambient_degc=ambient)
    for car, params in CARS.items():
        aged = [
            settled(params, 0.5, ambient)._replace(resistance_share=share)
            for share in (1.0, 1.1, 1.5)
        ]
        drives = [drive(params, begin, CYCLES[cycle], world) for begin in aged]
        assert rises(drives, "chemical_wh"), car


@pytest.mark.parametrize("ambient", [-30.0, -20.0, -15.0, 0.0])
def test_a_parked_heat_pump_never_takes_more_than_a_resistive_heater(ambient):
    """Half an hour at rest, also in air too cold for most packs to drive a cycle."""
    world = Inputs(ambient_degc=ambient, climate_on=1.0)
    for car, params in CARS.items():
        pump, wire = (
            drive(
                params._replace(cabin=params.cabin._replace(heat_pump=share)),
                settled(params, 0.9, ambient),
                [0.0] * 1_800,
                world,
            )
            for share in (1.0, 0.0)
        )
        assert never_falls([pump, wire], "climate_wh"), car
        assert pump.state.cabin_degc == wire.state.cabin_degc, car


def with_capacity(spec, share):
    """The same car with a pack of so much more capacity that, as by magic, weighs no more."""
    battery = spec.battery
    gross, net = battery.capacity_gross_wh, battery.capacity_net_wh
    larger = replace(
        battery,
        capacity_gross_wh=replace(gross, value=gross.value * share),
        capacity_net_wh=replace(net, value=net.value * share),
    )
    return params_of(replace(spec, battery=larger), mass_kg=driven_mass_kg(spec))


@pytest.mark.parametrize("ambient", [-10.0, 20.0])
@pytest.mark.parametrize("cycle", ["udds", "hwfet"])
def test_a_larger_pack_of_the_same_mass_never_goes_less_far(cycle, ambient):
    world = MILD._replace(ambient_degc=ambient)
    for car, spec in SPECS.items():
        ranges_m = []
        for share in (1.0, 1.02, 1.2):
            params = with_capacity(spec, share)
            end = params.pack.soc_empty
            begin = settled(params, 1.0, ambient)
            driven = drive(params, begin, CYCLES[cycle], world, laps=100, until_soc=end)
            assert driven.broken == 0.0
            assert driven.state.soc == pytest.approx(end, abs=1e-3), car
            ranges_m.append(driven.state.distance_m)
        assert ranges_m == sorted(ranges_m), car
