"""Wallboxes at the central system, from boot to bill; npm's peers meet it in tests/peers."""

import msgspec
import pytest

from faces.ocpp_scene import HOME, STATION, VERSIONS, House, later, rehearsed
from make import NOON_NS
from vettura.bus.messages import decode, encode
from vettura.bus.messages_energy import ChargingNeeds, Period, Schedule, StationLimit
from vettura.bus.subjects import HOME_BUCKET, charging_needs, schedule
from vettura.energy.bills import Ledger
from vettura.faces.ocpp_times import time_text
from vettura.life.station import StationConfig
from vettura.units import NS_PER_S

MINUTE_NS = 60 * NS_PER_S


@pytest.mark.parametrize("version", VERSIONS)
def test_a_charge_is_seen_measured_and_stored_once(version):
    async def story(clock):
        house = House(clock, entry={"car": "VIN1"})
        async with house.running(), house.connected(version) as station:
            assert (await house.state())[0] == "available"
            await station.status("Occupied")
            state, told = await house.state()
            assert (state, told["vin"]) == ("occupied", "VIN1")
            own_id = await station.start(time_ns=clock.now_ns())
            await clock.sleep(600.0)
            await station.sample(own_id, time_ns=clock.now_ns())
            state, told = await house.state()
            assert (state, told["power_w"], told["energy_wh"]) == ("charging", 7_000.0, 1_500.0)
            await clock.sleep(600.0)
            await station.stop(own_id, time_ns=clock.now_ns())
            await station.status("Available")
            state, told = await house.state()
            assert (state, told["vin"], told["power_w"]) == ("available", "", 0.0)
            return await house.events()

    events = rehearsed(story)
    assert [e.kind for e in events] == ["started", "updated", "ended"]
    assert [e.sequence for e in events] == [0, 1, 2]
    assert [e.meter_wh for e in events] == [1_000.0, 1_500.0, 2_000.0]
    assert {e.vin for e in events} == {"VIN1"}
    assert {e.transaction for e in events} == {events[0].transaction}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_session_cut_in_the_middle_is_billed_once(version):
    """The socket dies, the house restarts, the station says all it kept, some of it twice."""

    async def story(clock):
        first = House(clock)
        async with first.running(), first.connected(version) as station:
            start_ns = clock.now_ns()
            own_id = await station.start(time_ns=start_ns)
        await clock.sleep(3_600.0)
        second = House(clock, first.bus)
        end_ns = start_ns + 30 * MINUTE_NS
        async with second.running(), second.connected(version) as station:
            for _ in range(2):
                assert await station.start(time_ns=start_ns) == own_id
                await station.sample(own_id, time_ns=start_ns + 10 * MINUTE_NS)
                await station.stop(own_id, time_ns=end_ns, meter_wh=3_000)
        third = House(clock, first.bus)
        async with third.running(), third.connected(version) as station:
            await station.stop(own_id, time_ns=end_ns, meter_wh=3_000)
            assert third.outlet.watched.repeated == 1
        return await third.events()

    events = rehearsed(story)
    assert len({(e.transaction, e.sequence) for e in events}) == len(events) == 3
    assert events[-1].is_late
    ledger = Ledger(stations_w={STATION: 11_000.0}, currency="EUR")
    for event in [*events, *events]:
        ledger.take_transaction(event, now_ns=NOON_NS)
    bills = ledger.due(NOON_NS + 10 * 3_600 * NS_PER_S)
    assert [round(bill.energy_wh) for bill in bills] == [2_000]
    assert ledger.due(NOON_NS + 20 * 3_600 * NS_PER_S) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_an_offer_with_a_lease_has_what_is_safe_beneath_it(version):
    async def story(clock):
        house = House(clock)
        async with house.running(), house.connected(version) as station:
            until_ns = later(clock, 60)
            answer = await house.do("offer", power_w=6_900.0, phases=3, until_ns=until_ns)
            assert answer.ok, answer
            limit = msgspec.convert(answer.response, StationLimit)
            assert (limit.limit_w, limit.phases, limit.safe_w) == (6_900.0, 3, 1_380.0)
            assert until_ns - NS_PER_S < limit.until_ns <= until_ns
            await clock.sleep(70.0)
            told = msgspec.convert((await house.do("tell")).response, StationLimit)
            assert told.limit_w == 1_380.0
            return station.profiles()

    most, safe, offer = rehearsed(story)
    assert [p["stackLevel"] for p in (most, safe, offer)] == [0, 0, 1]
    purposes = [p["chargingProfilePurpose"] for p in (most, safe, offer)]
    name = "ChargePointMaxProfile" if version == "1.6" else "ChargingStationMaxProfile"
    assert purposes == [name, "TxDefaultProfile", "TxDefaultProfile"]
    plan, lasting = (
        p["chargingSchedule"] if version == "1.6" else p["chargingSchedule"][0]
        for p in (offer, safe)
    )
    assert plan["duration"] in {59, 60}
    period = plan["chargingSchedulePeriod"][0]
    # Six amperes on one phase are the least that a car takes; on three the same power is none.
    assert lasting["chargingSchedulePeriod"][0]["numberPhases"] == 1
    if version == "1.6":
        # Whoever does not say what it takes is told amperes.
        assert (plan["chargingRateUnit"], period["limit"], period["numberPhases"]) == ("A", 10.0, 3)
    else:
        assert (plan["chargingRateUnit"], period["limit"]) == ("W", 6_900.0)


@pytest.mark.parametrize("version", VERSIONS)
def test_no_older_default_outlives_a_lease(version):
    """Beneath the profile of a charge there may lie a default that holds longer than its lease."""

    async def story(clock):
        house = House(clock)
        async with house.running(), house.connected(version) as station:
            await house.do("offer", power_w=9_000.0)
            own_id = await station.start(time_ns=clock.now_ns())
            await clock.sleep(1.0)
            station.heard.clear()
            await house.do("offer", power_w=4_140.0, until_ns=later(clock, 20))
            said = [action for action, _ in station.heard]
            profiles = station.profiles()
            station.heard.clear()
            await house.do("offer", power_w=5_000.0, until_ns=later(clock, 20))
            return own_id, said, profiles, [action for action, _ in station.heard]

    own_id, said, profiles, again = rehearsed(story)
    assert said.count("ClearChargingProfile") == 1
    assert str(profiles[-1]["transactionId"]) == own_id
    assert again == ["SetChargingProfile"]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_charge_that_begins_is_told_what_holds(version):
    async def story(clock):
        house = House(clock)
        async with house.running(), house.connected(version) as station:
            await house.do("offer", power_w=4_140.0, until_ns=later(clock, 600))
            own_id = await station.start(time_ns=clock.now_ns())
            await clock.sleep(1.0)
            return own_id, station.profiles()[-1]

    own_id, profile = rehearsed(story)
    assert profile["chargingProfilePurpose"] == "TxProfile"
    assert str(profile["transactionId"]) == own_id


def test_a_station_that_knows_no_profile_of_a_charge_gets_a_default():
    def answer(payload):
        is_tx = payload["csChargingProfiles"]["chargingProfilePurpose"] == "TxProfile"
        return {"status": "Rejected" if is_tx else "Accepted"}

    async def story(clock):
        house = House(clock)
        answers = {"SetChargingProfile": answer}
        async with house.running(), house.connected("1.6", answers=answers) as station:
            await station.start(time_ns=clock.now_ns())
            assert (await house.do("offer", power_w=4_140.0)).ok
            return [p["chargingProfilePurpose"] for p in station.profiles()]

    assert rehearsed(story)[-2:] == ["TxProfile", "TxDefaultProfile"]


def test_who_does_not_answer_may_do_the_more_of_both():
    """Load management must count on what was asked for and on what held before."""

    async def story(clock):
        house = House(clock)
        async with house.running(), house.connected("2.0.1") as station:
            await house.do("offer", power_w=2_000.0, until_ns=later(clock, 600))
            station.answers["SetChargingProfile"] = lambda _: None
            answer = await house.do("offer", own_id="x", power_w=9_000.0, until_ns=later(clock, 60))
            assert not answer.ok
            assert answer.code == "busy"
            assert msgspec.convert(answer.response, StationLimit).limit_w == 9_000.0
            await clock.sleep(20.0)
            again = await house.do("offer", own_id="x", power_w=9_000.0, until_ns=later(clock, 60))
            assert not again.ok
            return answer, again

    rehearsed(story)


def test_a_rejected_offer_leaves_what_held():
    async def story(clock):
        house = House(clock)
        async with house.running(), house.connected("2.0.1") as station:
            await house.do("offer", power_w=2_000.0)
            station.answers["SetChargingProfile"] = {"status": "Rejected"}
            answer = await house.do("offer", power_w=9_000.0)
            assert not answer.ok
            assert "rejects" in answer.reason
            return msgspec.convert(answer.response, StationLimit).limit_w

    assert rehearsed(story) == 2_000.0


@pytest.mark.parametrize(
    ("data", "word"),
    [
        ({"power_w": 12_000.0}, "0 to 11000"),
        ({"power_w": -1.0}, "0 to 11000"),
        ({"power_w": "much"}, "offer"),
        ({}, "offer"),
    ],
)
def test_an_offer_that_cannot_be_is_refused(data, word):
    async def story(clock):
        house = House(clock)
        async with house.running(), house.connected("1.6"):
            return await house.do("offer", **data)

    answer = rehearsed(story)
    assert not answer.ok
    assert word in answer.reason


def test_what_is_safe_without_word_is_known_after_a_restart():
    """A station that is away then takes no more room below the fuse than that."""

    async def story(clock):
        house = House(clock)
        async with house.running():
            before = msgspec.convert((await house.do("tell")).response, StationLimit)
            async with house.connected("1.6"):
                await house.do("offer", power_w=5_000.0, until_ns=later(clock, 20))
                await house.state()
        again = House(clock, house.bus)
        async with again.running():
            after = msgspec.convert((await again.do("tell")).response, StationLimit)
            return before.limit_w, after.limit_w

    assert rehearsed(story) == (11_000.0, 1_380.0)


def test_older_offers_are_refused_however_late_they_come():
    async def story(clock):
        house = House(clock)
        async with house.running(), house.connected("1.6"):
            now_ns = clock.now_ns()
            assert (await house.do("offer", power_w=5_000.0, issued_ns=now_ns)).ok
            return await house.do("offer", power_w=9_000.0, issued_ns=now_ns - 1)

    answer = rehearsed(story)
    assert not answer.ok
    assert msgspec.convert(answer.response, StationLimit).limit_w == 5_000.0


@pytest.mark.parametrize("version", VERSIONS)
def test_a_schedule_is_followed_where_nobody_shares_a_fuse(version):
    async def story(clock):
        house = House(clock)
        async with house.running(), house.connected(version) as station:
            now_ns = clock.now_ns()
            periods = [
                Period(start_ns=now_ns, power_w=0.0),
                Period(start_ns=now_ns + 3_600 * NS_PER_S, power_w=11_000.0),
            ]
            told = Schedule(
                id="s",
                time_ns=now_ns,
                station=STATION,
                periods=periods,
                until_ns=now_ns + 7_200 * NS_PER_S,
            )
            await house.bus.publish(schedule(HOME, STATION), encode(told))
            assert (await house.state())[1]["offered_w"] == 0.0
            await clock.sleep(3_700.0)
            assert (await house.state())[1]["offered_w"] == 11_000.0
            return station.profiles()[-1]

    plan = rehearsed(story)["chargingSchedule"]
    plan = plan if version == "1.6" else plan[0]
    assert [p["startPeriod"] for p in plan["chargingSchedulePeriod"]] == [0, 3_600]
    assert plan["duration"] == 7_200


def test_only_a_two_way_station_of_2_1_is_told_to_give():
    station = StationConfig(
        id=STATION, dc=True, power_w_max=10_000.0, discharge_power_w_max=8_000.0, virtual=False
    )

    async def story(clock, version):
        house = House(clock, station=station)
        async with house.running(), house.connected(version) as box:
            await house.do("offer", power_w=-5_000.0, until_ns=later(clock, 600))
            return box.profiles()[-1]["chargingSchedule"]

    newest = rehearsed(lambda clock: story(clock, "2.1"))[0]["chargingSchedulePeriod"][0]
    assert newest["setpoint"] == newest["dischargeLimit"] == -5_000.0
    assert newest["operationMode"] == "CentralSetpoint"
    older = rehearsed(lambda clock: story(clock, "2.0.1"))[0]["chargingSchedulePeriod"][0]
    assert older == {"startPeriod": 0, "limit": 0.0}


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
def test_what_a_car_wants_comes_to_the_bus_and_goes_with_the_car(version):
    async def story(clock):
        house = House(clock, entry={"car": "VIN1"})
        async with house.running(), house.connected(version) as station:
            await station.status("Occupied")
            wanted = {
                "requestedEnergyTransfer": "AC_three_phase",
                "departureTime": time_text(NOON_NS + 3_600 * NS_PER_S),
                "acChargingParameters": {
                    "energyAmount": 20_000,
                    "evMinCurrent": 6,
                    "evMaxCurrent": 16,
                    "evMaxVoltage": 400,
                },
            }
            told = {"evseId": 1, "chargingNeeds": wanted}
            answer = await station.ask("NotifyEVChargingNeeds", told)
            assert answer["status"] == "Processing"
            await clock.sleep(1.0)
            bucket = await house.bus.bucket(HOME_BUCKET)
            entry = await bucket.get(charging_needs(HOME, STATION))
            await station.status("Available")
            await clock.sleep(1.0)
            assert await bucket.get(charging_needs(HOME, STATION)) is None
            return decode(entry.value, ChargingNeeds, where="needs")

    needs = rehearsed(story)
    assert (needs.station, needs.vin, needs.source) == (STATION, "VIN1", f"ocpp{version}")
    assert (needs.energy_wh, needs.phases, needs.charge_w_max) == (20_000.0, 3, 11_040.0)
    assert needs.departure_ns == NOON_NS + 3_600 * NS_PER_S


@pytest.mark.parametrize("version", VERSIONS)
def test_the_house_can_ask_a_station_for_all_that_is_served(version):
    async def story(clock):
        house = House(clock)
        async with house.running(), house.connected(version) as station:
            station.answers["UnlockConnector"] = {"status": "Unlocked"}
            refused = [await house.do("stop"), await house.do("connect"), await house.do("fly")]
            assert not any(answer.ok for answer in refused)
            await station.start(time_ns=clock.now_ns())
            name = "HeartbeatInterval" if version == "1.6" else "OCPPCommCtrlr.HeartbeatInterval"
            station.answers["SetVariables"] = {
                "setVariableResult": [
                    {
                        "attributeStatus": "Accepted",
                        "component": {"name": "OCPPCommCtrlr"},
                        "variable": {"name": "HeartbeatInterval"},
                    }
                ]
            }
            station.answers["GetLog"] = {"status": "Accepted", "filename": "log"}
            station.answers["GetDiagnostics"] = {"fileName": "log"}
            station.heard.clear()
            for action, data in {
                "start": {"token": "CARD"},
                "stop": {},
                "reset": {"hard": True},
                "unlock": {},
                "trigger": {"message": "MeterValues"},
                "diagnostics": {"location": "ftp://here/"},
                "availability": {"on": False},
                "composite": {},
                "configure": {"name": name, "value": "60"},
            }.items():
                answer = await house.do(action, **data)
                assert answer.ok, (action, answer)
            return [action for action, _ in station.heard]

    assert len(rehearsed(story)) == 9


def test_a_station_says_what_it_cannot():
    async def story(clock):
        house = House(clock)
        async with house.running(), house.connected("1.6") as station:
            station.answers["RemoteStartTransaction"] = {"status": "Rejected"}
            return await house.do("start")

    assert rehearsed(story).reason == "the station answers Rejected"


def test_the_same_action_is_done_once():
    async def story(clock):
        house = House(clock)
        async with house.running(), house.connected("1.6") as station:
            for _ in range(3):
                assert (await house.do("reset", own_id="r")).ok
            return [action for action, _ in station.heard].count("Reset")

    assert rehearsed(story) == 1


def test_only_tokens_that_are_named_may_charge():
    async def story(clock):
        tokens = [{"id": "Card-1", "vin": "VIN7"}]
        house = House(clock, tokens=msgspec.convert(tokens, list[_token_kind()]))
        async with house.running(), house.connected("1.6") as station:
            verdicts = [
                (await station.ask("Authorize", {"idTag": tag}))["idTagInfo"]["status"]
                for tag in ("CARD-1", "card-2")
            ]
            await station.start(time_ns=clock.now_ns(), token="card-1")
            return verdicts, (await house.state())[1]["vin"]

    assert rehearsed(story) == (["Accepted", "Invalid"], "VIN7")


def _token_kind():
    from vettura.faces.config import OcppTokenConfig

    return OcppTokenConfig


def test_a_contract_is_authorised_by_its_id():
    async def story(clock):
        tokens = msgspec.convert([{"id": "IT*VET*C1"}], list[_token_kind()])
        house = House(clock, tokens=tokens)
        async with house.running(), house.connected("2.0.1") as station:
            told = {"idToken": {"idToken": "IT*VET*C1", "type": "eMAID"}, "certificate": "PEM"}
            return await station.ask("Authorize", told)

    answer = rehearsed(story)
    assert answer["idTokenInfo"]["status"] == answer["certificateStatus"] == "Accepted"


def test_a_station_that_goes_is_unavailable_until_it_is_back():
    async def story(clock):
        house = House(clock)
        async with house.running():
            async with house.connected("1.6"):
                assert (await house.state())[0] == "available"
            assert (await house.state())[0] == "unavailable"
            assert (await house.do("offer", power_w=0.0)).reason == "the station is not connected"
            async with house.connected("2.1", boots=False):
                await clock.sleep(10.0)
                return (await house.state())[0]

    assert rehearsed(story) == "available"


def test_a_station_that_lies_about_its_state_is_known_by_what_flows():
    async def story(clock):
        house = House(clock)
        async with house.running(), house.connected("1.6") as station:
            own_id = await station.start(time_ns=clock.now_ns())
            await station.sample(own_id, time_ns=clock.now_ns())
            await station.status("Available")
            assert (await house.state())[0] == "charging"
            return [e.kind for e in await house.events()]

    assert rehearsed(story) == ["started"]
