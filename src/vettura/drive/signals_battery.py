"""Signals of the traction battery, its cells, and the 12 V side. Pure."""

from vettura.bus.paths import BATTERY, CONDITIONING, CURRENT, LOW_VOLTAGE, POWER, VOLTAGE
from vettura.car.battery import open_circuit_v, resistance
from vettura.car.charge import displayed_soc
from vettura.drive.body import value_of
from vettura.drive.faults import BATTERY_SENSOR, CELL_IMBALANCE, WEAK_12V
from vettura.drive.gauges import dcdc_loss_w, low_current_a
from vettura.drive.living import conditions_battery, is_awake, net_energy_wh, range_m
from vettura.drive.signals_names import Look, Values
from vettura.units import PERCENT, SECONDS_PER_HOUR, WH_PER_KWH

CELL_SPREAD_V, CELL_RESISTANCE_SPREAD = 0.002, 0.05
"""How far cells of one pack are apart at rest, and in their resistance: a balanced pack."""
SENSOR_SPREAD_K, SENSOR_SPREAD_K_PER_W = 0.4, 0.0008
"""How far its temperature sensors are apart at rest, and how much further when heat flows."""
FULL_V, EMPTY_V = 12.75, 11.9
FED_V, FED_K_V, FED_REFERENCE_DEGC, FED_MIN_V = 14.2, 0.02, 0.0, 13.5
"""Lead-acid charging voltage: 20 mV less for each kelvin above 0 °C, 13.5 V at least."""
LEADS_OHM = 0.004
WEAK_12V_SHARE, IMBALANCED, SENSOR_GONE_DEGC = 0.3, 25.0, -40.0
"""What faults make of it: charge that a weak 12 V battery holds, cells that have drifted apart by
so many times the usual, and what a broken temperature sensor reads."""
TIME_MAX_S = 4_294_967_295
"""What the signal's type holds."""


def battery_fast(look: Look) -> Values:
    """Power, current and voltage at the terminals; VSS counts what flows in as positive."""
    flows = look.car.flows
    return {
        POWER: round(-flows.battery_power_w, 1),
        CURRENT: round(-flows.battery_current_a, 3),
        VOLTAGE: round(pack_v(look), 2),
    }


def battery_events(look: Look) -> Values:
    """What somebody wished of its temperature."""
    body = look.car.body
    names = ("RequestedMode", "StartTime", "TargetTemperature", "TargetTime")
    return {CONDITIONING + name: value_of(body, CONDITIONING + name) for name in names}


def battery_second(look: Look) -> Values:
    """Charge, cells, and the 12 V side, once a second."""
    params, _, car, _ = look
    state, flows = car.state, car.flows
    shown = displayed_soc(params, state.soc)
    energy_kwh = shown * net_energy_wh(params, state) / WH_PER_KWH
    return {
        BATTERY + "StateOfCharge.Current": round(PERCENT * state.soc, 3),
        BATTERY + "StateOfCharge.Displayed": round(PERCENT * shown, 3),
        BATTERY + "StateOfCharge.CurrentEnergy": round(energy_kwh, 3),
        BATTERY + "IsPowerConnected": is_awake(car)
        or car.charge is not None
        or car.gauges.low_is_fed,
        BATTERY + "PowerLoss": float(round(max(flows.battery_heat_w, 0.0))),
        CONDITIONING + "IsActive": conditions_battery(car),
        CONDITIONING + "IsOngoing": flows.thermal_power_w > 0.0,
        BATTERY + "DCDC.PowerLoss": round(dcdc_loss_w(car.gauges, flows), 1),
        **_extreme_cells(look),
        **_low_voltage(look),
    }


def battery_slow(look: Look) -> Values:
    """Warmth, counters and all cells, every ten seconds."""
    params, make, car, _ = look
    gauges, state, flows = car.gauges, car.state, car.flows
    spread_k = SENSOR_SPREAD_K + SENSOR_SPREAD_K_PER_W * max(flows.battery_heat_w, 0.0)
    degrees = [state.battery_degc + spread_k * offset for offset in make.sensors.offsets]
    if BATTERY_SENSOR in car.faults:
        degrees[make.sensors.lowest] = SENSOR_GONE_DEGC
    volts = cell_volts(look)
    drawn_w = flows.battery_power_w
    energy_wh = displayed_soc(params, state.soc) * net_energy_wh(params, state)
    left_s = energy_wh / drawn_w * SECONDS_PER_HOUR if drawn_w > 0.0 else 0.0
    return {
        BATTERY + "Temperature.Average": round(state.battery_degc, 2),
        BATTERY + "Temperature.Max": round(degrees[make.sensors.highest], 2),
        BATTERY + "Temperature.Min": round(degrees[make.sensors.lowest], 2),
        BATTERY + "Temperature.CellTemperature": [round(degc, 1) for degc in degrees],
        BATTERY + "CellVoltage.CellVoltages": [round(volt, 4) for volt in volts],
        BATTERY + "Range": round(range_m(params, car)),
        BATTERY + "TimeRemaining": round(min(left_s, TIME_MAX_S)),
        BATTERY + "AccumulatedChargedEnergy": round(state.charged_wh / WH_PER_KWH, 3),
        BATTERY + "AccumulatedChargedThroughput": round(gauges.charged_c / SECONDS_PER_HOUR, 2),
        BATTERY + "AccumulatedConsumedEnergy": round(state.drawn_wh / WH_PER_KWH, 3),
        BATTERY + "AccumulatedConsumedThroughput": round(gauges.consumed_c / SECONDS_PER_HOUR, 2),
        BATTERY + "DCDC.Temperature": round(gauges.dcdc_degc, 1),
    }


def battery_still(look: Look) -> Values:
    """What ages over months."""
    return {
        BATTERY + "StateOfHealth": round(PERCENT * look.car.state.capacity_share, 3),
        BATTERY + "NetCapacity": round(net_energy_wh(look.params, look.car.state) / WH_PER_KWH),
    }


def pack_v(look: Look) -> float:
    """Voltage at the terminals now, or at rest where nothing has flowed yet."""
    car = look.car
    return car.flows.battery_voltage_v or open_circuit_v(look.params.pack, car.state.soc)


def cell_volts(look: Look) -> list[float]:
    """Every cell's voltage; their sum is the pack's."""
    offsets = look.make.cells.offsets
    mean_v, apart_v = pack_v(look) / len(offsets), _apart_v(look)
    return [mean_v + apart_v * offset for offset in offsets]


def _apart_v(look: Look) -> float:
    """How far the strongest cell is above the mean; negative while much current flows in, when the
    one with the highest resistance is."""
    car = look.car
    met = resistance(
        look.params.pack, car.state.soc, car.state.battery_degc, car.state.resistance_share
    )
    lost_v = car.flows.battery_current_a * met.ohmic_ohm / len(look.make.cells.offsets)
    drifted = IMBALANCED if CELL_IMBALANCE in car.faults else 1.0
    return drifted * CELL_SPREAD_V + CELL_RESISTANCE_SPREAD * lost_v


def _extreme_cells(look: Look) -> Values:
    cells, apart_v = look.make.cells, _apart_v(look)
    mean_v = pack_v(look) / len(cells.offsets)
    top, bottom = cells.highest, cells.lowest
    if apart_v < 0.0:
        top, bottom = bottom, top
    return {
        BATTERY + "CellVoltage.Max": round(mean_v + apart_v * cells.offsets[top], 4),
        BATTERY + "CellVoltage.Min": round(mean_v + apart_v * cells.offsets[bottom], 4),
        # Cells are counted from 1.
        BATTERY + "CellVoltage.IdMax": top + 1,
        BATTERY + "CellVoltage.IdMin": bottom + 1,
    }


def _low_voltage(look: Look) -> Values:
    gauges, flows = look.car.gauges, look.car.flows
    if gauges.low_is_fed:
        warmer_k = max(look.air.ambient_degc - FED_REFERENCE_DEGC, 0.0)
        volts = max(FED_V - FED_K_V * warmer_k, FED_MIN_V)
    else:
        weak = WEAK_12V_SHARE if WEAK_12V in look.car.faults else 1.0
        volts = EMPTY_V + (FULL_V - EMPTY_V) * gauges.low_share * weak
    sag_v = LEADS_OHM * flows.auxiliary_power_w / volts
    return {
        LOW_VOLTAGE + "CurrentVoltage": round(volts - (0.0 if gauges.low_is_fed else sag_v), 2),
        LOW_VOLTAGE + "CurrentCurrent": round(low_current_a(gauges, flows), 2),
    }
