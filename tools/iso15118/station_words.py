"""What a house's station gives, in the library's words."""

from car_words import physical, rational
from iso15118.shared.messages import datatypes as any_edition
from iso15118.shared.messages.datatypes import EVSENotification
from iso15118.shared.messages.enums import IsolationLevel
from iso15118.shared.messages.iso15118_2 import datatypes as two
from iso15118.shared.messages.iso15118_20 import ac, common_messages, dc

from vettura.faces.iso15118_heard import PHASE_V
from vettura.units import NS_PER_S

VOLTS_MAX, VOLTS_MIN = 920.0, 150.0
AMPS_MAX = 500.0
RIPPLE_A = 1.0
SCHEDULE_ID = 1
RAMP_W_PER_S = 100_000.0
GRID_HZ = 50.0


def ac_status_of_2():
    """Nothing to say."""
    return two.ACEVSEStatus(
        notification_max_delay=0, evse_notification=EVSENotification.NONE, rcd=False
    )


def dc_status_of_2():
    """Ready, cable sound."""
    return any_edition.DCEVSEStatus(
        evse_notification=EVSENotification.NONE,
        notification_max_delay=0,
        evse_isolation_status=IsolationLevel.VALID,
        evse_status_code=any_edition.DCEVSEStatusCode.EVSE_READY,
    )


def amps_of_2(power_w, phases):
    """The current of each phase that brings that power."""
    return physical(two.PVEVSEMaxCurrent, max(power_w, 0.0) / PHASE_V / phases, "A")


def ac_parameters_of_2(power_w, phases):
    """ChargeParameterDiscoveryRes of -2, AC."""
    return two.ACEVSEChargeParameter(
        ac_evse_status=ac_status_of_2(),
        evse_nominal_voltage=physical(two.PVEVSENominalVoltage, PHASE_V, "V"),
        evse_max_current=amps_of_2(power_w, phases),
    )


def dc_parameters_of_2(power_w):
    """ChargeParameterDiscoveryRes of -2, DC."""
    return any_edition.DCEVSEChargeParameter(
        dc_evse_status=dc_status_of_2(),
        evse_maximum_power_limit=physical(any_edition.PVEVSEMaxPowerLimit, power_w, "W"),
        evse_maximum_current_limit=physical(any_edition.PVEVSEMaxCurrentLimit, AMPS_MAX, "A"),
        evse_maximum_voltage_limit=physical(any_edition.PVEVSEMaxVoltageLimit, VOLTS_MAX, "V"),
        evse_minimum_current_limit=physical(any_edition.PVEVSEMinCurrentLimit, 0.0, "A"),
        evse_minimum_voltage_limit=physical(any_edition.PVEVSEMinVoltageLimit, VOLTS_MIN, "V"),
        evse_peak_current_ripple=physical(any_edition.PVEVSEPeakCurrentRipple, RIPPLE_A, "A"),
    )


def schedule_of_2(entries):
    """SAScheduleList of -2: one schedule, what goes into the car."""
    told = [
        two.PMaxScheduleEntry(
            p_max=physical(two.PVPMax, max(entry.power_w, 0.0), "W"),
            time_interval=two.RelativeTimeInterval(
                start=entry.start_s,
                duration=entry.duration_s if entry is entries[-1] else None,
            ),
        )
        for entry in entries
    ]
    schedule = two.PMaxSchedule(schedule_entries=told)
    return [two.SAScheduleTuple(sa_schedule_tuple_id=SCHEDULE_ID, p_max_schedule=schedule)]


def schedule_of_20(entries, now_ns, *, gives, levels):
    """ScheduleExchangeRes of -20: one schedule, and one of giving back in a two-way session."""
    into = [max(entry.power_w, 0.0) for entry in entries]
    out = [max(-entry.power_w, 0.0) for entry in entries]
    discharging = None
    if gives:
        discharging = common_messages.DischargingSchedule(
            **_schedule(entries, out, now_ns, levels, number=2)
        )
    option = common_messages.ScheduleTuple(
        schedule_tuple_id=SCHEDULE_ID,
        charging_schedule=common_messages.ChargingSchedule(
            **_schedule(entries, into, now_ns, levels, number=1)
        ),
        discharging_schedule=discharging,
    )
    return common_messages.ScheduledScheduleExchangeResParams(schedule_tuples=[option])


def _schedule(entries, powers_w, now_ns, levels, *, number):
    anchor = now_ns // NS_PER_S
    told = [
        common_messages.PowerScheduleEntry(duration=entry.duration_s, power=rational(power_w))
        for entry, power_w in zip(entries, powers_w, strict=True)
    ]
    return {
        "power_schedule": common_messages.PowerSchedule(
            time_anchor=anchor,
            schedule_entry_list=common_messages.PowerScheduleEntryList(entries=told),
        ),
        "price_level_schedule": _levels(entries, anchor, levels, number=number),
    }


def _levels(entries, anchor, levels, *, number):
    told = [
        common_messages.PriceLevelScheduleEntry(duration=entry.duration_s, price_level=level)
        for entry, level in zip(entries, levels, strict=True)
    ]
    return common_messages.PriceLevelSchedule(
        id=f"id{number}",
        time_anchor=anchor,
        schedule_id=number,
        num_price_levels=max(1, *levels),
        schedule_entries=common_messages.PriceLevelScheduleEntryList(entries=told),
    )


def ac_parameters_of_20(power_w, *, gives):
    """AC_ChargeParameterDiscoveryRes of -20."""
    told = {
        "evse_max_charge_power": rational(power_w),
        "evse_min_charge_power": rational(0.0),
        "evse_nominal_frequency": rational(GRID_HZ),
        "evse_power_ramp_limit": rational(RAMP_W_PER_S),
    }
    if not gives:
        return ac.ACChargeParameterDiscoveryResParams(**told)
    told |= {
        "evse_max_discharge_power": rational(power_w),
        "evse_min_discharge_power": rational(0.0),
    }
    return ac.BPTACChargeParameterDiscoveryResParams(**told)


def dc_parameters_of_20(power_w, *, gives):
    """DC_ChargeParameterDiscoveryRes of -20."""
    told = {
        **dc_limits_of_20(power_w, gives=gives, gives_w=power_w),
        "evse_min_charge_current": rational(0.0),
        "evse_min_voltage": rational(VOLTS_MIN),
        "evse_power_ramp_limit": rational(RAMP_W_PER_S),
    }
    for old, new in LONG_NAMES.items():
        told[new] = told.pop(old)
    if not gives:
        return dc.DCChargeParameterDiscoveryResParams(**told)
    told["evse_min_discharge_current"] = rational(0.0)
    return dc.BPTDCChargeParameterDiscoveryResParams(**told)


LONG_NAMES = {
    "evse_maximum_charge_power": "evse_max_charge_power",
    "evse_minimum_charge_power": "evse_min_charge_power",
    "evse_maximum_charge_current": "evse_max_charge_current",
    "evse_maximum_voltage": "evse_max_voltage",
}
"""The library names the same fields in two ways."""


def dc_limits_of_20(charge_w, *, gives, gives_w):
    """Limits of a DC loop of -20."""
    told = {
        "evse_maximum_charge_power": rational(charge_w),
        "evse_minimum_charge_power": rational(0.0),
        "evse_maximum_charge_current": rational(AMPS_MAX),
        "evse_maximum_voltage": rational(VOLTS_MAX),
    }
    if gives:
        told |= {
            "evse_max_discharge_power": rational(gives_w),
            "evse_min_discharge_power": rational(0.0),
            "evse_max_discharge_current": rational(AMPS_MAX),
            "evse_min_voltage": rational(VOLTS_MIN),
        }
    return told


def dc_loop_of_20(power_w, *, is_dynamic, gives):
    """DC_ChargeLoopRes of -20: one direction at a time, the other's limit is 0."""
    told = dc_limits_of_20(max(power_w, 0.0), gives=gives, gives_w=max(-power_w, 0.0))
    kinds = {
        (False, False): dc.ScheduledDCChargeLoopResParams,
        (False, True): dc.BPTScheduledDCChargeLoopResParams,
        (True, False): dc.DynamicDCChargeLoopRes,
        (True, True): dc.BPTDynamicDCChargeLoopRes,
    }
    return kinds[is_dynamic, gives](**told)


def ac_loop_of_20(power_w, *, is_dynamic, gives, flow_w):
    """AC_ChargeLoopRes of -20: the set-point carries its direction."""
    kinds = {
        (False, False): ac.ScheduledACChargeLoopResParams,
        (False, True): ac.BPTScheduledACChargeLoopResParams,
        (True, False): ac.DynamicACChargeLoopResParams,
        (True, True): ac.BPTDynamicACChargeLoopResParams,
    }
    return kinds[is_dynamic, gives](
        evse_target_active_power=rational(power_w), evse_present_active_power=rational(flow_w)
    )


def parameter_sets(service_id, phases, modes):
    """ServiceDetailRes of -20: control modes in the order that the house prefers them."""
    is_dc = service_id in (2, 6)
    sets = []
    for number, mode in enumerate(modes, start=1):
        told = {"Connector": 2 if is_dc or phases == 3 else 1, "ControlMode": mode}
        if not is_dc:
            told["EVSENominalVoltage"] = round(PHASE_V)
        told |= {"MobilityNeedsMode": 1, "Pricing": 0}
        if service_id in (5, 6):
            told |= {"BPTChannel": 1, "GeneratorMode": 1}
        if service_id == 5:
            told["GridCodeIslandingDetectionMethod"] = 1
        parameters = [
            common_messages.Parameter(name=name, int_value=value) for name, value in told.items()
        ]
        sets.append(common_messages.ParameterSet(id=number, parameters=parameters))
    return common_messages.ServiceParameterList(parameter_sets=sets)
