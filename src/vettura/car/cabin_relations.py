"""From a car file to the cabin's numbers: what follows from its size, its year and its heat pump.

Masses, losses and flows grow with the outer size, length times width times height: 11.2 m³ for the
BMW i3 whose measured winter trips (`../shared/data/bmw_i3`, B, without two with broken or unlike
logs) set the level. That car warms by a resistive heater alone: its compressor takes nothing below
14 °C. What its drivers held reads 23 to 25 °C at the sensor; the figures here are those with which
a target of 22 °C takes the measured energy, over trips of 12 to 25 minutes at -1 to 9 °C.
"""

from vettura.car.params import CabinParams
from vettura.car.spec import CarSpec

AIR_J_PER_K = 5_500.0
"""Air, ducts, trim, and the heater's coolant, per m³: trips from cold put 60 to 75 kJ/K in."""
INTERIOR_J_PER_K, EXCHANGE_W_PER_K = 10_000.0, 2.0
"""Seats, panels and glass per m³ (150 to 200 kJ/K in all with the air's: 100 to 150 kg of plastics,
foam and glass), and how slowly the air warms them: in 20 minutes the i3's heater hardly sees them,
while a parked car keeps them warm for an hour."""
UA_W_PER_K, UA_PER_MPS = 2.6, 0.036
"""Shell and leaks per m³, at rest and with speed: 29 and 0.4 W/K in the i3, where 1.1 to 1.5 kW at
3 to 7 °C hold the cabin and 30 to 40 W/K of it are fresh air. In the sun, the parked i3 came to
15 K above the air."""
AIR_MIN_W_PER_K, AIR_MAX_W_PER_K = 3.0, 6.7
"""Blown air per m³: heater power over its rise of temperature is 29 to 41 W/K (100 m³/h)
once the i3 is warm, and 60 to 77 W/K before."""
SUN_M2 = 0.07
"""Glass that the sun sees times what it lets in, per m³: 1.5 m² at half, the usual mid-size car."""
COOLING_W = 500.0
"""Heat out of the cabin at most, per m³: 6 kW in a mid-size car; the i3's compressor peaks at 2.4
to 2.9 kW electric after parking in the sun."""
HEAT_RECOVERY_YEAR = 2020
"""Since about then heat pumps also draw on drive unit and battery (Tesla Model Y 2020, VW ID. 2021,
Hyundai Ioniq 5 2021), which lifts the evaporator to about the outside air and carries them into
deeper cold; our judgement from their makers' descriptions."""
FROM_DEGC, RECOVERING_FROM_DEGC = -15.0, -22.0
"""Coldest air in which a heat pump of either kind still works; it carries all from 10 K warmer."""
EVAPORATOR_K, RECOVERING_EVAPORATOR_K = 8.0, 0.0


def cabin_of(spec: CarSpec) -> CabinParams:
    """Cabin and climate of a car, for cars of 5 to 25 m³ outer size."""
    body, climate = spec.body, spec.climate
    room_m3 = body.length_m.value * body.width_m.value * body.height_m.value
    recovers = spec.year >= HEAT_RECOVERY_YEAR
    return CabinParams(
        air_j_per_k=AIR_J_PER_K * room_m3,
        air_k_per_j=1.0 / (AIR_J_PER_K * room_m3),
        interior_k_per_j=1.0 / (INTERIOR_J_PER_K * room_m3),
        exchange_w_per_k=EXCHANGE_W_PER_K * room_m3,
        ua_w_per_k=UA_W_PER_K * room_m3,
        ua_per_mps=UA_PER_MPS * room_m3,
        air_min_w_per_k=AIR_MIN_W_PER_K * room_m3,
        air_max_w_per_k=AIR_MAX_W_PER_K * room_m3,
        air_max_k_per_w=1.0 / (AIR_MAX_W_PER_K * room_m3),
        sun_m2=SUN_M2 * room_m3,
        heater_power_max_w=climate.heater_power_max_w.value,
        cooling_power_max_w=COOLING_W * room_m3,
        heat_pump=1.0 if climate.heat_pump.value else 0.0,
        heat_pump_from_degc=RECOVERING_FROM_DEGC if recovers else FROM_DEGC,
        evaporator_k=RECOVERING_EVAPORATOR_K if recovers else EVAPORATOR_K,
    )
