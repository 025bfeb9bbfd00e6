"""What driving can tell about one car: the parameters that are fitted, and what is known before.

Each is written into `Params` by one small function, so that a change of `Params` is felt here only.
Inside the fit a parameter is the share of the car file's figure: 1 before any evidence.
"""

from collections.abc import Callable
from typing import NamedTuple

from vettura.car.params import LossParams, Params
from vettura.car.relations import with_mass
from vettura.units import SECONDS_PER_HOUR


class Knob(NamedTuple):
    """One parameter that may be fitted."""

    name: str
    title: str
    unit: str
    """Of what `read` gives, times `shown_per_unit`, to a person."""
    shown_per_unit: float
    prior_sd: float
    """Relative to the car file's figure."""
    reason: str
    """Where the prior's width comes from."""
    low: float
    high: float
    """Bounds of what is physically possible, as shares of the car file's figure."""
    needs: str
    """What data would show it."""
    read: Callable[[Params], float]
    write: Callable[[Params, float], Params]


def _rolling(params: Params, value: float) -> Params:
    return params._replace(road=params.road._replace(a_n=value))


def _auxiliary(params: Params, value: float) -> Params:
    supply, share = params.supply, value / auxiliary_w_of(params)
    supply = supply._replace(
        auxiliary_w=share * supply.auxiliary_w, accessory_w=share * supply.accessory_w
    )
    return params._replace(supply=supply)


def auxiliary_w_of(params: Params) -> float:
    """12 V load of a car that is driven: its own, and what people and weather switch on."""
    return params.supply.auxiliary_w + params.supply.accessory_w


def _drag(params: Params, value: float) -> Params:
    return params._replace(road=params.road._replace(c_n_per_mps2=value))


def _tyre(params: Params, value: float) -> Params:
    return params._replace(road=params.road._replace(tyre_per_k=value))


def _losses(params: Params, factor: float) -> Params:
    """Every loss of every motor times `factor`, however many motors the car has."""
    drive = params.drive
    drive = drive._replace(alone=_lossier(drive.alone, factor), both=_lossier(drive.both, factor))
    return params._replace(drive=drive)


def _lossier(losses: LossParams, factor: float) -> LossParams:
    return LossParams(*(factor * value for value in losses))


def _capacity(params: Params, value: float) -> Params:
    return params._replace(pack=params.pack._replace(capacity_c=value, soc_per_c=1.0 / value))


def _resistance(params: Params, value: float) -> Params:
    share = value / params.pack.resistance_ohm
    pack = params.pack._replace(
        resistance_ohm=value, polarisation_ohm=share * params.pack.polarisation_ohm
    )
    return params._replace(pack=pack)


def _heat_loss(params: Params, value: float) -> Params:
    share = value / params.cabin.ua_w_per_k
    cabin = params.cabin._replace(ua_w_per_k=value, ua_per_mps=share * params.cabin.ua_per_mps)
    return params._replace(cabin=cabin)


def _one(_: Params) -> float:
    return 1.0


def _same(params: Params, _: float) -> Params:
    return params


AUXILIARY = "auxiliary"
HEATING = "heating"
CAPACITY = "capacity"
RESISTANCE = "resistance"
HEAT_LOSS = "heat_loss"

KNOBS = (
    Knob(
        "rolling",
        "rolling resistance A",
        "N",
        1.0,
        0.20,
        "tyre labels span a class of 15 %, wear, pressure and winter tyres as much again",
        0.5,
        2.0,
        "any few trips of some kilometres",
        lambda params: params.road.a_n,
        _rolling,
    ),
    Knob(
        "mass",
        "mass",
        "kg",
        1.0,
        0.08,
        "people and luggage between 75 and 350 kg, options of up to 5 % of the kerb mass",
        0.7,
        1.5,
        "hills, or strong acceleration and braking",
        lambda params: params.road.mass_kg,
        with_mass,
    ),
    Knob(
        AUXILIARY,
        "auxiliary load",
        "W",
        1.0,
        0.5,
        "200 to 360 W in other models, up to 600 W with lights, seat heating and wipers",
        0.2,
        4.0,
        "standing with the car awake, or slow trips",
        auxiliary_w_of,
        _auxiliary,
    ),
    Knob(
        "drag",
        "drag C",
        "N/(m/s)²",
        1.0,
        0.09,
        "wind tunnel against road, the frontal area, and the wake of traffic: each about 5 %",
        0.7,
        1.5,
        "speeds above 80 km/h",
        lambda params: params.road.c_n_per_mps2,
        _drag,
    ),
    Knob(
        "losses",
        "drive losses",
        "×",
        1.0,
        0.25,
        "motors of one kind and size differ by about a quarter in their published loss maps",
        0.4,
        2.5,
        "trips both fast and slow, gentle and brisk",
        _one,
        _losses,
    ),
    Knob(
        "tyre_cold",
        "cold-tyre slope",
        "%/K",
        100.0,
        0.35,
        "0.8 to 2 %/K between compounds, more with cold gear oil",
        0.2,
        3.0,
        "trips both below 5 °C and above 15 °C",
        lambda params: params.road.tyre_per_k,
        _tyre,
    ),
    Knob(
        HEATING,
        "heating channel",
        "×",
        1.0,
        0.10,
        "an estimate of the control unit, not a meter: within about 10 %",
        0.5,
        1.5,
        "cold trips with heating logged, standing in part",
        _one,
        _same,
    ),
    Knob(
        HEAT_LOSS,
        "cabin heat loss",
        "W/K",
        1.0,
        0.30,
        "fresh air share, glass and insulation differ by a third between cars of one size",
        0.3,
        3.0,
        "its climate modelled, and cold trips of a quarter of an hour with heating logged",
        lambda params: params.cabin.ua_w_per_k,
        _heat_loss,
    ),
    Knob(
        CAPACITY,
        "battery capacity",
        "Ah",
        1.0 / SECONDS_PER_HOUR,
        0.10,
        "70 to 105 % of new over a battery's life",
        0.5,
        1.2,
        "a trip or a charge over more than 10 % of the charge, with amps and state of charge",
        lambda params: params.pack.capacity_c,
        _capacity,
    ),
    Knob(
        RESISTANCE,
        "battery resistance",
        "mΩ",
        1000.0,
        0.40,
        "cells of one chemistry differ by a third, and resistance may double with age",
        0.3,
        4.0,
        "changing current, with volts, amps and battery temperature",
        lambda params: params.pack.resistance_ohm,
        _resistance,
    ),
)
"""In the order of tables and of the fit. Heat loss is fitted only where the climate is modelled,
the heating channel only where it is taken as measured."""

NAMES = tuple(knob.name for knob in KNOBS)


def knob_named(name: str) -> Knob:
    """The parameter of that name; KeyError when there is none."""
    return KNOBS[NAMES.index(name)]


def set_shares(params: Params, shares: dict[str, float]) -> Params:
    """`params` with each named parameter at that share of its figure there."""
    for name, share in shares.items():
        knob = knob_named(name)
        params = knob.write(params, share * knob.read(params))
    return params
