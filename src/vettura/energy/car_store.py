"""A car as a store behind a cable: what it holds, takes, gives and loses, by its own model."""

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import final

from vettura.car.battery import open_circuit_v
from vettura.car.charge import pack_soc
from vettura.car.params import Params
from vettura.car.relations import resting_state
from vettura.car.state import Inputs, State
from vettura.car.step import step
from vettura.units import SECONDS_PER_HOUR

SIX_AMPERE_W = 1_380.0
"""One phase of 6 A, 230 V: the least that IEC 61851-1 lets a station offer."""
TAPER_FROM = 0.97
"""Displayed charge from which the last of an AC charge takes an ever smaller current
(`vettura.car.charge`), down to 6 % of it."""
TAPER_LEFT = 0.06
_POINTS = 100
_LOOKED_AT = 0.5
_MILD_DEGC = 15.0
_LOOKS = 30
_STEP_S = 60.0


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CarStore:
    """One car at one station; power is at the wall [W], energy is the cells' own [Wh]."""

    capacity_wh: float
    """From empty to full display."""
    energies_wh: tuple[float, ...]
    """Held at 0, 1, ..., 100 % of the display: the open-circuit voltage over charge, summed."""
    charge_w_max: float
    charge_w_min: float
    charge_gain: float
    charge_loss_w: float
    """Into the cells: gain times the wall's power, less the loss while anything flows."""
    discharge_w_max: float
    """0 for a car or a station that gives nothing back."""
    discharge_gain: float
    """Wall over cells."""
    standby_w: float
    """What the parked car takes from its cells."""

    @property
    def charge_efficiency(self) -> float:
        """Cells over wall at full power, as a dispatcher gives it in minutes of a slot."""
        return self.into_cells_w(self.charge_w_max) / self.charge_w_max

    @property
    def taper(self) -> tuple[tuple[float, float], ...]:
        """The end of a charge as a straight cut: (intercept [W], slope [W/Wh])."""
        low_wh, high_wh = self.energy_at(TAPER_FROM), self.capacity_wh
        slope = (TAPER_LEFT - 1.0) * self.charge_w_max / (high_wh - low_wh)
        return ((self.charge_w_max - slope * low_wh, slope),)

    def into_cells_w(self, wall_w: float) -> float:
        """Power that reaches the cells of what the wall gives; 0 below the charger's own loss."""
        return max(self.charge_gain * wall_w - self.charge_loss_w, 0.0) if wall_w > 0.0 else 0.0

    def wall_w(self, cells_w: float) -> float:
        """What the wall must give for that power to reach the cells."""
        return (cells_w + self.charge_loss_w) / self.charge_gain

    def limit_w(self, energy_wh: float) -> float:
        """What the car takes at the wall when it holds that much."""
        intercept_w, slope = self.taper[0]
        return min(self.charge_w_max, max(intercept_w + slope * energy_wh, 0.0))

    def energy_at(self, displayed: float) -> float:
        """Energy [Wh] held at a displayed charge, 0 to 1."""
        place = min(max(displayed, 0.0), 1.0) * _POINTS
        index = min(int(place), _POINTS - 1)
        low, high = self.energies_wh[index], self.energies_wh[index + 1]
        return low + (place - index) * (high - low)

    def soc_at(self, energy_wh: float) -> float:
        """Displayed charge, 0 to 1, of a car that holds that much [Wh]."""
        index = min(max(bisect_right(self.energies_wh, energy_wh) - 1, 0), _POINTS - 1)
        low, high = self.energies_wh[index], self.energies_wh[index + 1]
        return min(max((index + (energy_wh - low) / (high - low)) / _POINTS, 0.0), 1.0)


def car_store(
    params: Params, *, power_w_max: float, phases: float, gives_w_max: float = 0.0
) -> CarStore:
    """The car at a station of that power [W] and that many phases.

    `gives_w_max` is what a bidirectional station takes back [W]. Efficiencies are read off the
    car's own step at half charge and 15 °C, at two powers each.
    """
    taken_w = _taken_w(params, power_w_max, phases)
    least_w = min(SIX_AMPERE_W, taken_w)
    most = _into_cells_w(params, power_w_max, phases)
    least = _into_cells_w(params, least_w, 1.0)
    gain = (most - least) / (taken_w - least_w) if taken_w > least_w else most / taken_w
    return CarStore(
        capacity_wh=_energies(params)[-1],
        energies_wh=_energies(params),
        charge_w_max=taken_w,
        charge_w_min=least_w,
        charge_gain=gain,
        charge_loss_w=gain * taken_w - most,
        discharge_w_max=gives_w_max,
        discharge_gain=_given_share(params, gives_w_max) if gives_w_max > 0.0 else 1.0,
        standby_w=params.supply.standby_w,
    )


def _energies(params: Params) -> tuple[float, ...]:
    """Energy above the empty display at every hundredth of it [Wh], by the trapezoidal rule."""
    pack = params.pack
    volts = [open_circuit_v(pack, pack_soc(params, k / _POINTS)) for k in range(_POINTS + 1)]
    share = (pack.soc_full - pack.soc_empty) / _POINTS * pack.capacity_c / SECONDS_PER_HOUR
    held = [0.0]
    for low, high in pairwise(volts):
        held.append(held[-1] + 0.5 * (low + high) * share)
    return tuple(held)


def _rested(params: Params) -> State:
    return resting_state(params, displayed_soc=_LOOKED_AT, ambient_degc=_MILD_DEGC)


def _taken_w(params: Params, offered_w: float, phases: float) -> float:
    inputs = Inputs(
        awake=0.0, ambient_degc=_MILD_DEGC, ac_power_w=offered_w, ac_phases=float(phases)
    )
    return step(params, _rested(params), inputs, _STEP_S).flows.wall_power_w


def _into_cells_w(params: Params, offered_w: float, phases: float) -> float:
    """Mean chemical power [W] over half an hour at such an offer."""
    inputs = Inputs(
        awake=0.0, ambient_degc=_MILD_DEGC, ac_power_w=offered_w, ac_phases=float(phases)
    )
    return -_chemical_w(params, inputs)


def _given_share(params: Params, wall_w: float) -> float:
    """Share of what leaves the cells that reaches the wall."""
    able = params._replace(supply=params.supply._replace(outlet_power_max_w=wall_w))
    inputs = Inputs(awake=0.0, ambient_degc=_MILD_DEGC, outlet_power_w=wall_w, outlet_reserve=0.0)
    return wall_w / (_chemical_w(able, inputs) - params.supply.standby_w)


def _chemical_w(params: Params, inputs: Inputs) -> float:
    state, sum_w = _rested(params), 0.0
    for _ in range(_LOOKS):
        done = step(params, state, inputs, _STEP_S)
        state = done.state
        sum_w += done.flows.chemical_power_w
    return sum_w / _LOOKS
