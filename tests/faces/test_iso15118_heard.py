"""What is read from messages that the library's own car and station exchanged (0.31.2, JSON)."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from make import NOON_NS
from vettura.errors import InputError
from vettura.faces.iso15118_content import allowed_now, needs_said
from vettura.faces.iso15118_heard import CarSaid, StationSaid, heard_of_car, heard_of_station
from vettura.units import NS_PER_S

HOUR_NS = 3_600 * NS_PER_S


def two(name, **fields):
    """A message of ISO 15118-2."""
    body = {name: fields}
    return json.dumps({"V2G_Message": {"Header": {"SessionID": "A4D969880A020A17"}, "Body": body}})


def twenty(name, **fields):
    """A message of ISO 15118-20."""
    header = {"SessionID": "5900FB2DCD46CF9E", "TimeStamp": 1_795_843_151}
    return json.dumps({name: {"Header": header, **fields}})


def of_2(value, unit, multiplier=0):
    return {"Multiplier": multiplier, "Unit": unit, "Value": value}


def of_20(value, exponent=0):
    return {"Exponent": exponent, "Value": value}


def car_after(*messages, said=None):
    said = said or CarSaid()
    for message in messages:
        said = heard_of_car(said, message, NOON_NS)
    return said


def station_after(*messages, said=None):
    said = said or StationSaid()
    for message in messages:
        said = heard_of_station(said, message, NOON_NS)
    return said


def test_a_car_of_2_on_ac_says_amount_departure_and_current():
    asked = {
        "DepartureTime": 7_200,
        "EAmount": of_2(60, "Wh", 3),
        "EVMaxVoltage": of_2(400, "V"),
        "EVMaxCurrent": of_2(16_000, "A", -3),
        "EVMinCurrent": of_2(6, "A"),
    }
    said = car_after(
        two("SessionSetupReq", EVCCID="625979CE2C89"),
        two(
            "ChargeParameterDiscoveryReq",
            RequestedEnergyTransferMode="AC_three_phase_core",
            AC_EVChargeParameter=asked,
        ),
    )
    needs = needs_said(said, station="wallbox", now_ns=NOON_NS)
    assert needs.source == "iso15118-2"
    assert needs.vin == ""
    assert needs.departure_ns == NOON_NS + 2 * HOUR_NS
    assert (needs.energy_wh, needs.energy_min_wh, needs.energy_max_wh) == (60_000.0, None, None)
    assert (needs.charge_w_max, needs.charge_w_min, needs.phases) == (11_040.0, 4_140.0, 3)
    assert needs.soc is None
    assert not needs.is_dc


def test_a_car_of_2_on_dc_says_charge_and_capacity_and_0_is_no_departure():
    status = {"EVReady": True, "EVErrorCode": "NO_ERROR", "EVRESSSOC": 10}
    asked = {
        "DepartureTime": 0,
        "DC_EVStatus": status,
        "EVMaximumCurrentLimit": of_2(32_000, "A", -3),
        "EVMaximumPowerLimit": of_2(8_000, "W", 1),
        "EVMaximumVoltageLimit": of_2(50, "V", 1),
        "EVEnergyCapacity": of_2(7_000, "Wh", 1),
        "EVEnergyRequest": of_2(4_200, "Wh", 1),
        "FullSOC": 90,
        "BulkSOC": 80,
    }
    message = two(
        "ChargeParameterDiscoveryReq",
        RequestedEnergyTransferMode="DC_extended",
        DC_EVChargeParameter=asked,
    )
    needs = needs_said(car_after(message), station="hpc", now_ns=NOON_NS)
    assert needs.is_dc
    assert needs.departure_ns is None
    assert (needs.soc, needs.capacity_wh, needs.energy_wh) == (0.1, 70_000.0, 42_000.0)
    assert needs.energy_max_wh == pytest.approx(56_000.0)
    assert needs.charge_w_max == 80_000.0


def test_a_loop_of_2_renews_the_charge_and_says_what_the_car_asks_for():
    message = two(
        "CurrentDemandReq",
        DC_EVStatus={"EVReady": True, "EVErrorCode": "NO_ERROR", "EVRESSSOC": 20},
        EVTargetCurrent=of_2(40, "A"),
        EVTargetVoltage=of_2(50, "V", 1),
        ChargingComplete=False,
    )
    said = car_after(message, said=CarSaid(edition="2", soc=0.1, charge_w_max=80_000.0))
    assert (said.soc, said.flow_w, said.charge_w_max) == (0.2, 20_000.0, 80_000.0)


def test_a_car_of_20_says_all_its_energies_and_what_it_gives_back():
    powers = {
        "EVMaximumChargePower": of_20(11, 3),
        "EVMinimumChargePower": of_20(100),
        "EVMaximumDischargePower": of_20(6, 3),
        "EVMinimumDischargePower": of_20(100),
    }
    energies = {
        "DepartureTime": 7_200,
        "EVTargetEnergyRequest": of_20(10, 3),
        "EVMaximumEnergyRequest": of_20(20, 3),
        "EVMinimumEnergyRequest": of_20(-5, 3),
    }
    said = car_after(
        twenty("SessionSetupReq", EVCCID="LVXSU7CASA0000001"),
        twenty("ServiceSelectionReq", SelectedEnergyTransferService={"ServiceID": 5}),
        twenty("AC_ChargeParameterDiscoveryReq", BPT_AC_CPDReqEnergyTransferMode=powers),
        twenty("ScheduleExchangeReq", Dynamic_SEReqControlMode=energies),
        twenty("AC_ChargeLoopReq", DisplayParameters={"PresentSOC": 0, "ChargingComplete": False}),
    )
    needs = needs_said(said, station="wallbox", now_ns=NOON_NS)
    assert (needs.vin, needs.source) == ("LVXSU7CASA0000001", "iso15118-20")
    assert (needs.energy_wh, needs.energy_max_wh) == (10_000.0, 20_000.0)
    assert needs.energy_min_wh == 0.0
    assert needs.soc == 0.0
    assert (needs.charge_w_max, needs.discharge_w_max) == (11_000.0, 6_000.0)
    assert needs.departure_ns == NOON_NS + 2 * HOUR_NS


def test_what_a_car_gives_back_counts_only_in_a_session_that_goes_both_ways():
    said = CarSaid(edition="20", discharge_w_max=6_000.0, has_asked=True)
    assert needs_said(said, station="wallbox", now_ns=NOON_NS).discharge_w_max is None


def test_what_a_car_means_to_take_is_heard_in_both_editions():
    watts = {"ChargingProfileEntryMaxPower": of_2(11_000, "W")}
    entries = [{"ChargingProfileEntryStart": start_s} | watts for start_s in (0, 900)]
    told = {"ChargeProgress": "Start", "ChargingProfile": {"ProfileEntry": entries}}
    assert car_after(two("PowerDeliveryReq", **told)).profile == ((0, 11e3), (900, 11e3))
    entries = [{"Duration": 600, "Power": of_20(10, 3)}, {"Duration": 60, "Power": of_20(-4, 3)}]
    profile = {"TimeAnchor": 0, "EVPowerProfileEntries": {"EVPowerProfileEntry": entries}}
    said = car_after(twenty("PowerDeliveryReq", EVProcessing="Finished", EVPowerProfile=profile))
    assert said.profile == ((0, 10e3), (600, -4e3))
    assert car_after(twenty("PowerDeliveryReq", EVProcessing="Ongoing"), said=said) == said


def test_powers_of_three_phases_are_one_power():
    powers = {f"EVMaximumChargePower{phase}": of_20(36, 2) for phase in ("", "_L2", "_L3")}
    said = car_after(twenty("AC_ChargeParameterDiscoveryReq", AC_CPDReqEnergyTransferMode=powers))
    assert said.charge_w_max == 10_800.0


def schedule_of_2(*entries):
    told = [
        {"PMax": of_2(power_w, "W"), "RelativeTimeInterval": {"start": start_s} | more}
        for start_s, power_w, more in entries
    ]
    option = {"SAScheduleTupleID": 1, "PMaxSchedule": {"PMaxScheduleEntry": told}}
    return two(
        "ChargeParameterDiscoveryRes",
        ResponseCode="OK",
        SAScheduleList={"SAScheduleTuple": [option]},
        AC_EVSEChargeParameter={"EVSENominalVoltage": of_2(400, "V")},
    )


def test_a_station_of_2_allows_what_its_schedule_says_until_it_ends():
    said = station_after(
        schedule_of_2((0, 11_000, {}), (3_600, 4_000, {}), (7_200, 7_000, {"duration": 3_600}))
    )
    hours = [allowed_now(said, NOON_NS + hour * HOUR_NS).charge_w for hour in range(4)]
    assert hours == [11_000.0, 4_000.0, 7_000.0, 0.0]
    assert allowed_now(said, NOON_NS).discharge_w == 0.0


def test_a_current_in_a_loop_of_2_holds_beside_the_schedule():
    said = station_after(
        schedule_of_2((0, 11_000, {"duration": 86_400})),
        two("ChargingStatusRes", EVSEID="DE1", EVSEMaxCurrent=of_2(10, "A")),
    )
    assert allowed_now(said, NOON_NS).charge_w == pytest.approx(3 * 10 * 400 / 3**0.5)


def powers_of_20(*entries, anchor_s=0):
    told = [{"Duration": length, "Power": of_20(power_w)} for length, power_w in entries]
    return {
        "PowerSchedule": {
            "TimeAnchor": anchor_s,
            "PowerScheduleEntries": {"PowerScheduleEntry": told},
        }
    }


def schedule_of_20(into, out=None):
    option = {"ScheduleTupleID": 1, "ChargingSchedule": into}
    option |= {"DischargingSchedule": out} if out else {}
    return twenty("ScheduleExchangeRes", Scheduled_SEResControlMode={"ScheduleTuple": [option]})


def test_a_station_of_20_allows_both_ways_by_its_two_schedules():
    anchor_s = NOON_NS // NS_PER_S
    message = schedule_of_20(
        powers_of_20((3_600, 10_000), (3_600, 0), anchor_s=anchor_s),
        powers_of_20((3_600, 0), (3_600, 5_000), anchor_s=anchor_s),
    )
    said = station_after(message, said=StationSaid(is_two_way=True))
    powers = [allowed_now(said, NOON_NS + hour * HOUR_NS) for hour in range(3)]
    assert [each.charge_w for each in powers] == [10_000.0, 0.0, 0.0]
    assert [each.discharge_w for each in powers] == [0.0, 5_000.0, 0.0]
    one_way = station_after(message)
    assert allowed_now(one_way, NOON_NS + HOUR_NS).discharge_w == 0.0


def test_a_schedule_anchored_long_ago_begins_now():
    """The library's own station says 1970."""
    said = station_after(schedule_of_20(powers_of_20((3_600, 10_000))))
    assert allowed_now(said, NOON_NS).charge_w == 10_000.0
    assert allowed_now(said, NOON_NS + HOUR_NS).charge_w == 0.0


@pytest.mark.parametrize(("target_w", "into_w", "out_w"), [(7_000, 7e3, 0), (-4_000, 0, 4e3)])
def test_a_set_point_of_20_has_a_direction(target_w, into_w, out_w):
    said = station_after(
        twenty(
            "AC_ChargeLoopRes",
            BPT_Dynamic_AC_CLResControlMode={"EVSETargetActivePower": of_20(target_w)},
        ),
        said=StationSaid(is_two_way=True, charge_w_max=11_000.0, discharge_w_max=11_000.0),
    )
    allowed = allowed_now(said, NOON_NS)
    assert (allowed.charge_w, allowed.discharge_w) == (into_w, out_w)


def test_limits_of_dc_hold_both_ways():
    limits = {
        "EVSEMaximumChargePower": of_20(0),
        "EVSEMaximumDischargePower": of_20(1_000),
        "EVSEMaximumVoltage": of_20(500),
    }
    message = twenty("DC_ChargeLoopRes", BPT_Dynamic_DC_CLResControlMode=limits)
    said = station_after(message, said=StationSaid(is_two_way=True))
    allowed = allowed_now(said, NOON_NS)
    assert (allowed.charge_w, allowed.discharge_w) == (0.0, 1_000.0)


@pytest.mark.parametrize("notice", ["StopCharging", "Terminate"])
def test_a_station_that_wants_the_end_says_so(notice):
    status = {"NotificationMaxDelay": 0, "EVSENotification": notice}
    assert station_after(twenty("AC_ChargeLoopRes", EVSEStatus=status)).is_over
    assert not station_after(two("ChargingStatusRes", AC_EVSEStatus={})).is_over


def test_a_station_that_has_said_nothing_allows_nothing():
    allowed = allowed_now(StationSaid(is_two_way=True), NOON_NS)
    assert (allowed.charge_w, allowed.discharge_w) == (0.0, 0.0)


NOT_MESSAGES = ["", "{", "null", "[]", "{}", '{"a": 1, "b": 2}', '{"V2G_Message": 3}', '"x"']


@pytest.mark.parametrize("text", NOT_MESSAGES)
def test_what_is_no_message_is_said_in_one_line(text):
    for hear, said in ((heard_of_car, CarSaid()), (heard_of_station, StationSaid())):
        with pytest.raises(InputError, match="not a message of ISO 15118"):
            hear(said, text, NOON_NS)


FIELDS = st.sampled_from(
    [
        "EVCCID",
        "ServiceID",
        "DepartureTime",
        "EAmount",
        "PresentSOC",
        "EVSENominalVoltage",
        "SAScheduleTuple",
        "ScheduleTuple",
        "EVSEMaxCurrent",
        "RequestedEnergyTransferMode",
        "ChargingSchedule",
        "PMax",
        "PMaxScheduleEntry",
        "RelativeTimeInterval",
        "Value",
        "Exponent",
    ]
)
PLAIN = st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats() | st.just("x")
INNER = PLAIN | st.dictionaries(FIELDS, PLAIN, max_size=3)
ANY = INNER | st.lists(INNER, max_size=2) | st.dictionaries(FIELDS, INNER, max_size=3)
NAMES = st.sampled_from(
    [
        "SessionSetupReq",
        "ServiceSelectionReq",
        "ChargeParameterDiscoveryReq",
        "CurrentDemandReq",
        "ScheduleExchangeReq",
        "AC_ChargeLoopReq",
        "ChargeParameterDiscoveryRes",
        "ScheduleExchangeRes",
        "ChargingStatusRes",
        "DC_ChargeLoopRes",
        "SessionStopReq",
    ]
)


@given(NAMES, st.dictionaries(FIELDS, ANY, max_size=4))
def test_no_message_however_broken_gets_out_of_the_reader(name, fields):
    for text in (twenty(name, **fields), two(name, **fields)):
        for hear, said in ((heard_of_car, CarSaid()), (heard_of_station, StationSaid())):
            with suppress(InputError):
                hear(said, text, NOON_NS)
