"""A car's needs in the library's words: -2 has physical values with units, -20 rational numbers."""

from iso15118.evcc.controller.interface import ChargeParamsV2
from iso15118.shared.messages import datatypes as any_edition
from iso15118.shared.messages.enums import DCEVErrorCode, EnergyTransferModeEnum
from iso15118.shared.messages.iso15118_2 import datatypes as two
from iso15118.shared.messages.iso15118_20 import ac, common_messages, common_types, dc

from vettura.faces.iso15118_content import exponent_and_value
from vettura.faces.iso15118_heard import PHASE_V
from vettura.units import NS_PER_S, PERCENT

LINE_V = 400.0
AMPS_MAX = 500.0
"""What the contacts of a DC plug carry."""
HEADROOM = 1.2
"""A pack at its fullest over its voltage of now, generously."""
PROFILE_MAX = 23
"""ProfileEntry of -2 has 24 places; the end takes one."""


def physical(kind, quantity, unit):
    """A value of -2 with its unit."""
    exponent, value = exponent_and_value(quantity, "2")
    return kind(multiplier=exponent, value=value, unit=unit)


def rational(quantity):
    """A value of -20; None stays None."""
    if quantity is None:
        return None
    exponent, value = exponent_and_value(quantity, "20")
    return common_types.RationalNumber(exponent=exponent, value=value)


def departure_s(needs):
    """Seconds until it leaves; 0 says that nobody knows."""
    if needs.departure_ns is None:
        return 0
    return max((needs.departure_ns - needs.time_ns) // NS_PER_S, 0)


def percent(share):
    """A whole per cent, which is all that ISO 15118 says of a charge."""
    return min(max(round((share or 0.0) * PERCENT), 0), 100)


def status_of_2(needs):
    """What every message of -2 over DC carries."""
    return two.DCEVStatus(
        ev_ready=True, ev_error_code=DCEVErrorCode.NO_ERROR, ev_ress_soc=percent(needs.soc)
    )


def parameters_of_2(needs):
    """ChargeParameterDiscoveryReq of -2."""
    if needs.is_dc:
        return ChargeParamsV2(EnergyTransferModeEnum.DC_EXTENDED, None, _dc_of_2(needs))
    three = needs.phases == 3
    mode = "AC_THREE_PHASE_CORE" if three else "AC_SINGLE_PHASE_CORE"
    phases = needs.phases or 1
    amps = (needs.charge_w_max or 0.0) / PHASE_V / phases
    least = (needs.charge_w_min or 0.0) / PHASE_V / phases
    wanted = two.ACEVChargeParameter(
        departure_time=departure_s(needs),
        e_amount=physical(two.PVEAmount, needs.energy_wh or 0.0, "Wh"),
        ev_max_voltage=physical(two.PVEVMaxVoltage, LINE_V if three else PHASE_V, "V"),
        ev_max_current=physical(two.PVEVMaxCurrent, amps, "A"),
        ev_min_current=physical(two.PVEVMinCurrent, least, "A"),
    )
    return ChargeParamsV2(EnergyTransferModeEnum[mode], wanted, None)


def _dc_of_2(needs):
    power_w, capacity_wh = needs.charge_w_max or 0.0, needs.capacity_wh or 0.0
    full = (needs.soc or 0.0) + (needs.energy_max_wh or 0.0) / max(capacity_wh, 1.0)
    return two.DCEVChargeParameter(
        departure_time=departure_s(needs),
        dc_ev_status=status_of_2(needs),
        ev_maximum_current_limit=physical(any_edition.PVEVMaxCurrentLimit, AMPS_MAX, "A"),
        ev_maximum_power_limit=physical(any_edition.PVEVMaxPowerLimit, power_w, "W"),
        ev_maximum_voltage_limit=physical(any_edition.PVEVMaxVoltageLimit, 1_000.0, "V"),
        ev_energy_capacity=physical(two.PVEVEnergyCapacity, capacity_wh, "Wh"),
        ev_energy_request=physical(two.PVEVEnergyRequest, needs.energy_wh or 0.0, "Wh"),
        full_soc=percent(full),
    )


def demand_of_2(needs, *, power_w, volts):
    """What a loop of -2 over DC asks for."""
    return any_edition.DCEVChargeParams(
        dc_max_current_limit=physical(any_edition.PVEVMaxCurrentLimit, AMPS_MAX, "A"),
        dc_max_power_limit=physical(any_edition.PVEVMaxPowerLimit, needs.charge_w_max or 0.0, "W"),
        dc_max_voltage_limit=physical(any_edition.PVEVMaxVoltageLimit, volts * HEADROOM, "V"),
        dc_energy_capacity=physical(any_edition.PVEVEnergyCapacity, needs.capacity_wh or 0.0, "Wh"),
        dc_target_current=physical(any_edition.PVEVTargetCurrent, power_w / volts, "A"),
        dc_target_voltage=physical(any_edition.PVEVTargetVoltage, volts, "V"),
    )


def profile_of_2(option):
    """The schedule taken as offered: the car's own limits hold anyway."""
    entries = []
    for entry in option.p_max_schedule.schedule_entries[:PROFILE_MAX]:
        when = entry.time_interval
        entries.append(two.ProfileEntryDetails(start=when.start, max_power=entry.p_max))
        if when.duration:
            none = two.PVPMax(multiplier=0, value=0, unit="W")
            end = when.start + when.duration
            entries.append(two.ProfileEntryDetails(start=end, max_power=none))
    return two.ChargingProfile(profile_entries=entries)


def powers_of_20(needs, *, volts):
    """Limits as -20 names them in most of its messages, without those of giving back."""
    told = {
        "ev_max_charge_power": rational(needs.charge_w_max or 0.0),
        "ev_min_charge_power": rational(needs.charge_w_min or 0.0),
    }
    if needs.is_dc:
        told["ev_max_charge_current"] = rational(AMPS_MAX)
        told["ev_max_voltage"] = rational(volts * HEADROOM)
        told["ev_min_voltage"] = rational(volts / HEADROOM)
    return told


def giving_of_20(needs):
    """Limits of giving back."""
    told = {
        "ev_max_discharge_power": rational(needs.discharge_w_max or 0.0),
        "ev_min_discharge_power": rational(0.0),
    }
    if needs.is_dc:
        told["ev_max_discharge_current"] = rational(AMPS_MAX)
    return told


def parameters_of_20(needs, *, volts, gives):
    """AC_ or DC_ChargeParameterDiscoveryReq of -20."""
    told = powers_of_20(needs, volts=volts)
    if needs.is_dc:
        told["ev_min_charge_current"] = rational(0.0)
    if gives:
        told |= giving_of_20(needs)
        if needs.is_dc:
            told["ev_min_discharge_current"] = rational(0.0)
            return dc.BPTDCChargeParameterDiscoveryReqParams(**told)
        return ac.BPTACChargeParameterDiscoveryReqParams(**told)
    kinds = (ac.ACChargeParameterDiscoveryReqParams, dc.DCChargeParameterDiscoveryReqParams)
    return kinds[needs.is_dc](**told)


def energies_of_20(needs):
    """Target, most and least, into the battery."""
    return {
        "ev_target_energy_request": rational(needs.energy_wh or 0.0),
        "ev_max_energy_request": rational(needs.energy_max_wh or 0.0),
        "ev_min_energy_request": rational(needs.energy_min_wh or 0.0),
    }


def wanted_of_20(needs, *, is_dynamic):
    """ScheduleExchangeReq of -20."""
    kind = common_messages.ScheduledScheduleExchangeReqParams
    if is_dynamic:
        kind = common_messages.DynamicScheduleExchangeReqParams
    return kind(departure_time=departure_s(needs), **energies_of_20(needs))


def profile_of_20(option):
    """The schedule of -20 taken as offered; None for the dynamic mode, which has none."""
    entries = [common_messages.EVPowerScheduleEntry(duration=3_600, power=rational(0.0))]
    if option is not None:
        power = option.charging_schedule.power_schedule
        entries = [
            common_messages.EVPowerScheduleEntry(duration=entry.duration, power=entry.power)
            for entry in power.schedule_entry_list.entries
        ]
    confirmed = common_messages.PowerToleranceAcceptance.CONFIRMED
    return common_messages.EVPowerProfile(
        time_anchor=0 if option is None else power.time_anchor,
        entry_list=common_messages.EVPowerScheduleEntryList(entries=entries),
        dynamic_profile=common_messages.DynamicEVPowerProfile() if option is None else None,
        scheduled_profile=None
        if option is None
        else common_messages.ScheduledEVPowerProfile(
            selected_schedule_tuple_id=option.schedule_tuple_id,
            power_tolerance_acceptance=confirmed,
        ),
    )


def ac_loop_of_20(needs, *, is_dynamic, gives, power_w):
    """AC_ChargeLoopReq of -20."""
    told = {"ev_present_active_power": rational(power_w), **energies_of_20(needs)}
    if is_dynamic:
        told |= powers_of_20(needs, volts=PHASE_V) | {
            "departure_time": departure_s(needs),
            "ev_present_reactive_power": rational(0.0),
        }
    kinds = {
        (False, False): ac.ScheduledACChargeLoopReqParams,
        (False, True): ac.BPTScheduledACChargeLoopReqParams,
        (True, False): ac.DynamicACChargeLoopReqParams,
        (True, True): ac.BPTDynamicACChargeLoopReqParams,
    }
    return kinds[is_dynamic, gives](**told, **(giving_of_20(needs) if gives else {}))


def dc_loop_of_20(needs, *, is_dynamic, gives, power_w, volts):
    """DC_ChargeLoopReq of -20: set-points of the car by schedule, limits when the house leads."""
    told = energies_of_20(needs)
    if is_dynamic:
        told |= powers_of_20(needs, volts=volts) | {"departure_time": departure_s(needs)}
    else:
        told |= {
            "ev_target_current": rational(power_w / volts),
            "ev_target_voltage": rational(volts),
        }
    kinds = {
        (False, False): dc.ScheduledDCChargeLoopReqParams,
        (False, True): dc.BPTScheduledDCChargeLoopReqParams,
        (True, False): dc.DynamicDCChargeLoopReqParams,
        (True, True): dc.BPTDynamicDCChargeLoopReqParams,
    }
    return kinds[is_dynamic, gives](**told, **(giving_of_20(needs) if gives else {}))


def display_of_20(needs):
    """What -20 says for people: the only place for a charge over AC."""
    return common_types.DisplayParameters(
        present_soc=percent(needs.soc),
        charging_complete=needs.energy_wh == 0.0,
        battery_energy_capacity=rational(needs.capacity_wh),
    )
