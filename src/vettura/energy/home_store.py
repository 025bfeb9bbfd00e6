"""A home battery of the home file as a storage that plans."""

import numpy as np

from vettura.energy.config import BatteryConfig
from vettura.energy.problem import Storage
from vettura.units import WH_PER_KWH


def home_store(
    config: BatteryConfig, count: int, *, energy_wh: float, value_per_wh: float
) -> Storage:
    """The battery over `count` slots, holding `energy_wh` now.

    Each watt-hour that it holds at the end is worth `value_per_wh`.
    """
    return Storage(
        id=config.id,
        kind="battery",
        capacity_wh=config.capacity_wh,
        energy_wh=energy_wh,
        energy_min_wh=min(config.soc_min * config.capacity_wh, energy_wh),
        energy_max_wh=config.capacity_wh,
        charge_w_max=np.full(count, config.charge_w_max),
        discharge_w_max=np.full(count, config.discharge_w_max),
        used_wh=np.zeros(count),
        charge_efficiency=config.charge_efficiency,
        discharge_efficiency=config.discharge_efficiency,
        wear_per_wh=config.wear_per_kwh / WH_PER_KWH,
        value_per_wh=value_per_wh,
        exports=config.exports,
        feeds_storages=config.feeds_cars,
    )
