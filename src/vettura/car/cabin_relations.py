"""From a car file to the cabin's numbers: what follows from its size and its year."""

from vettura.car.params import CabinParams
from vettura.car.spec import CarSpec


def cabin_of(spec: CarSpec) -> CabinParams:
    """Cabin and climate of a car: all masses, losses and flows grow with its outer size [m³]."""
    body, climate = spec.body, spec.climate
    room_m3 = body.length_m.value * body.width_m.value * body.height_m.value
    air_j_per_k = 6_000.0 * room_m3
    air_max_w_per_k = 6.7 * room_m3
    return CabinParams(
        air_j_per_k=air_j_per_k,
        air_k_per_j=1.0 / air_j_per_k,
        interior_k_per_j=1.0 / (10_000.0 * room_m3),
        exchange_w_per_k=2.0 * room_m3,
        ua_w_per_k=2.4 * room_m3,
        ua_per_mps=0.036 * room_m3,
        air_min_w_per_k=2.7 * room_m3,
        air_max_w_per_k=air_max_w_per_k,
        air_max_k_per_w=1.0 / air_max_w_per_k,
        sun_m2=0.07 * room_m3,
        heater_power_max_w=climate.heater_power_max_w.value,
        cooling_power_max_w=500.0 * room_m3,
        heat_pump=1.0 if climate.heat_pump.value else 0.0,
        heat_pump_from_degc=-18.0,
    )
