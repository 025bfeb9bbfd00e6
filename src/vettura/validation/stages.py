"""The model stage by stage, each fed with what was measured before it: where an error comes from.

(a) speed and slope to torque, (b) torque to pack power, (c) current to voltage, (d) heat demand to
heating power. Each returns predicted and measured series, or None where a channel was not logged.
"""

from itertools import pairwise
from statistics import fmean
from typing import NamedTuple

from vettura.car.battery import carry_current
from vettura.car.motor import share_work
from vettura.car.params import Params
from vettura.drive.channels import climate_fault
from vettura.drive.measured import MeasuredTrip
from vettura.drive.replay import DEFAULT_DEGC, STEP_S, Replay, begin_state
from vettura.units import SECONDS_PER_HOUR

NOMINAL_VOLTS = 1.0
"""The pack's voltage over its nominal one."""


class Pair(NamedTuple):
    """Predicted and measured, second by second."""

    predicted: list[float]
    measured: list[float]

    @property
    def error(self) -> float | None:
        """Relative error of the sum; None where it is not positive."""
        total = sum(self.measured)
        return sum(self.predicted) / total - 1.0 if total > 0.0 else None

    @property
    def energy_wh(self) -> tuple[float, float]:
        """Both sums of powers [W] at one a second, as energies [Wh]."""
        hours = STEP_S / SECONDS_PER_HOUR
        return sum(self.predicted) * hours, sum(self.measured) * hours


def centred(values: list[float]) -> list[float]:
    """Means over the span between each reading and the next.

    A step of the model leads from the centre of one second to the centre of the next; the mean of
    what was measured in both is what it must be held against.
    """
    return [0.5 * (before + now) for before, now in pairwise(values)]


def pack_power(driven: Replay, trip: MeasuredTrip) -> Pair | None:
    """Power [W] at the pack's terminals, from speed and slope."""
    measured_w = trip.power_w
    return None if measured_w is None else Pair(driven.power_w, centred(measured_w))


def shaft_power(params: Params, driven: Replay, trip: MeasuredTrip) -> Pair | None:
    """Stage (a): mechanical power [W] at the motor's shaft, from speed and slope."""
    if trip.motor_torque_nm is None:
        return None
    measured_w = [
        torque_nm * params.motor.per_arm * speed_mps
        for torque_nm, speed_mps in zip(trip.motor_torque_nm, trip.speed_mps, strict=True)
    ]
    return Pair(driven.shaft_w, centred(measured_w))


def electric_power(params: Params, trip: MeasuredTrip) -> Pair | None:
    """Stage (b): pack power less measured climate [W], from measured torque and speed."""
    power_w, climate_w = trip.power_w, trip.climate_w
    if trip.motor_torque_nm is None or power_w is None or climate_w is None or climate_fault(trip):
        return None
    driving = zip(trip.motor_torque_nm, trip.speed_mps, strict=True)
    predicted_w = [_drive_w(params, torque_nm, speed_mps) for torque_nm, speed_mps in driving]
    return Pair(predicted_w, [w - c for w, c in zip(power_w, climate_w, strict=True)])


def _drive_w(params: Params, torque_nm: float, speed_mps: float) -> float:
    """What motor and 12 V side take [W] at that torque; a motor at rest is switched off."""
    force_n = torque_nm * params.motor.per_arm
    turning_w = force_n * speed_mps + share_work(params, force_n, speed_mps, NOMINAL_VOLTS).loss_w
    loads_w = params.supply.auxiliary_w + params.supply.accessory_w
    return loads_w + (turning_w if speed_mps > 0.0 else 0.0)


def pack_voltage(params: Params, trip: MeasuredTrip) -> Pair | None:
    """Stage (c): voltage [V] at the terminals, from measured current and battery temperature."""
    if trip.battery_v is None or trip.battery_a is None:
        return None
    state = begin_state(params, trip)
    soc, polarisation_v = state.soc, state.polarisation_v
    predicted_v = []
    for k, current_a in enumerate(trip.battery_a):
        answer = carry_current(
            params.pack,
            soc,
            polarisation_v,
            _battery_degc(trip, k),
            state.capacity_share,
            state.resistance_share,
            -current_a,
            STEP_S,
        )
        soc, polarisation_v = answer.soc, answer.polarisation_v
        predicted_v.append(answer.voltage_v)
    return Pair(predicted_v, trip.battery_v)


def _battery_degc(trip: MeasuredTrip, k: int) -> float:
    column = trip.battery_degc or trip.ambient_degc
    return column[k] if column else DEFAULT_DEGC


def climate_power(modelled: Replay, trip: MeasuredTrip) -> Pair | None:
    """Stage (d): electric power [W] of heater and compressor, from air, cabin and target."""
    if trip.climate_w is None or climate_fault(trip):
        return None
    return Pair(modelled.climate_w, trip.climate_w[1:])


def mean_degc(trip: MeasuredTrip) -> float | None:
    """Mean temperature [°C] of the air outside; None when it was not logged."""
    return fmean(trip.ambient_degc) if trip.ambient_degc else None
