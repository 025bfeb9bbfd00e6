"""A virtual wallbox at a central system: at ours in memory, and at one that a test scripts."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from faces.ocpp_scene import HOME, VERSIONS, House, Scripted, rehearsed, wires
from make import NOON_NS
from vettura.bus.memory import MemoryBus
from vettura.bus.messages import Answer, MeterValue, decode, encode
from vettura.bus.messages_energy import ChargingNeeds
from vettura.bus.messages_home import DeviceAction, DeviceState, EntityState
from vettura.bus.subjects import HOME_BUCKET, charging_needs, device_do, device_state, meter
from vettura.faces.config import OcppPointConfig
from vettura.faces.ocpp_point import OcppPointFace
from vettura.faces.ocpp_times import time_text
from vettura.life.station import StationConfig
from vettura.units import NS_PER_S

BOX = "box"
WALLBOX = StationConfig(id=BOX)
TWO_WAY = StationConfig(id=BOX, dc=True, power_w_max=10_000.0, discharge_power_w_max=8_000.0)


class Behind:
    """A station of the home that a test moves; it obeys offers at once."""

    def __init__(self, bus, clock):
        self.bus, self.clock = bus, clock
        self.vin, self.power_w, self.energy_wh = "", 0.0, 5_000.0
        self.offers = []
        self.refuses = Answer(ok=True)

    async def run(self):
        ear = await self.bus.subscribe(device_do(HOME, BOX))
        async for message in ear:
            action = decode(message.data, DeviceAction, where="do")
            self.offers.append(action.data)
            await self.bus.respond(message, encode(self.refuses))

    async def plug(self, vin):
        self.vin = vin
        attributes = {"vin": vin, "energy_wh": self.energy_wh}
        word = "occupied" if vin else "available"
        state = DeviceState(
            time_ns=self.clock.now_ns(),
            entities={"sensor.box": EntityState(state=word, attributes=attributes)},
        )
        bucket = await self.bus.bucket(HOME_BUCKET)
        await bucket.put(device_state(HOME, BOX), encode(state))
        await self.clock.sleep(0.5)

    async def flow(self, power_w, energy_wh):
        self.power_w, self.energy_wh = power_w, energy_wh
        value = MeterValue(time_ns=self.clock.now_ns(), power_w=power_w, energy_wh=energy_wh)
        await self.bus.publish(meter(HOME, BOX), encode(value))
        await self.clock.sleep(0.5)


class Scene:
    """A virtual wallbox and the station behind it."""

    def __init__(self, clock, version, *, station=WALLBOX, bus=None, **config):
        self.clock, self.version = clock, version
        self.bus = bus or MemoryBus(clock)
        self.behind = Behind(self.bus, clock)
        wanted = OcppPointConfig(station=BOX, url="ws://nobody/ocpp", version=version, **config)
        self.point = OcppPointFace(self.bus, clock, clock, wanted, HOME, station)

    @asynccontextmanager
    async def running(self):
        self.point.state = await self.point._behind.recall()
        jobs = [self.behind.run(), self.point._behind.run(), self.point._steer()]
        tasks = [asyncio.create_task(job) for job in [*jobs, self.point._sample()]]
        await self.clock.sleep(0.5)
        try:
            yield self
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    @asynccontextmanager
    async def at_central(self, **answers):
        """At a central system that a test scripts."""
        ours, theirs = wires()
        central = Central(theirs, self.version, self.clock)
        central.answers |= answers
        tasks = [
            asyncio.create_task(self.point.converse(ours)),
            asyncio.create_task(central.run()),
        ]
        await self.clock.sleep(1.0)
        try:
            yield central
        finally:
            theirs.close()
            await asyncio.gather(*tasks)


class Central(Scripted):
    """A central system that says yes to all, and numbers charges from 7."""

    def __init__(self, wire, version, clock):
        super().__init__(wire, version)
        accepted = {"status": "Accepted"}
        now = {"currentTime": time_text(clock.now_ns())}
        info = {"idTagInfo": accepted} if version == "1.6" else {"idTokenInfo": accepted}
        self.answers = {
            "BootNotification": accepted | now | {"interval": 300},
            "Heartbeat": now,
            "Authorize": info,
            "StatusNotification": {},
            "MeterValues": {},
            "StartTransaction": info | {"transactionId": 7},
            "StopTransaction": {},
            "TransactionEvent": {},
            "NotifyEVChargingNeeds": {"status": "Accepted"},
            "NotifyReport": {},
            "ReportChargingProfiles": {},
        }

    def said(self, action):
        return [payload for name, payload in self.heard if name == action]

    def words(self):
        key = "status" if self.version == "1.6" else "connectorStatus"
        return [told[key] for told in self.said("StatusNotification")]

    def begun(self):
        if self.version == "1.6":
            return self.said("StartTransaction")
        return [e for e in self.said("TransactionEvent") if e["eventType"] == "Started"]

    def ended(self):
        if self.version == "1.6":
            return self.said("StopTransaction")
        return [e for e in self.said("TransactionEvent") if e["eventType"] == "Ended"]

    def own_id(self):
        return 7 if self.version == "1.6" else self.begun()[0]["transactionInfo"]["transactionId"]

    def profile(self, limit, *, purpose="TxDefaultProfile", stack=0, **more):
        """A SetChargingProfile of one power."""
        schedule = {
            "chargingRateUnit": "W",
            "startSchedule": time_text(NOON_NS),
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}],
        } | more
        told = {
            "stackLevel": stack,
            "chargingProfilePurpose": purpose,
            "chargingProfileKind": "Absolute",
        }
        if purpose == "TxProfile":
            told["transactionId"] = self.own_id()
        if self.version == "1.6":
            told |= {"chargingProfileId": stack + 1, "chargingSchedule": schedule}
            return {"connectorId": 1, "csChargingProfiles": told}
        told |= {"id": stack + 1, "chargingSchedule": [{"id": 1, **schedule}]}
        return {"evseId": 1, "chargingProfile": told}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_plugged_car_begins_a_charge_that_is_told_to_its_end(version):
    async def story(clock):
        scene = Scene(clock, version, meter_s=60)
        async with scene.running(), scene.at_central() as central:
            await scene.behind.plug("VIN1")
            await scene.behind.flow(7_000.0, 5_100.0)
            await clock.sleep(130.0)
            await scene.behind.flow(0.0, 5_500.0)
            await scene.behind.plug("")
            return central

    central = rehearsed(story)
    assert len(central.said("Authorize")) == len(central.begun()) == len(central.ended()) == 1
    if version == "1.6":
        assert central.words() == ["Available", "Preparing", "Charging", "SuspendedEV", "Available"]
        assert central.said("StopTransaction")[0]["meterStop"] == 5_500
        assert len(central.said("MeterValues")) >= 3
    else:
        assert central.words() == ["Available", "Occupied", "Available"]
        events = central.said("TransactionEvent")
        assert [event["seqNo"] for event in events] == list(range(len(events)))
        assert {event.get("offline", False) for event in events} == {False}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_limit_is_obeyed_and_falls_back_when_its_time_is_over(version):
    async def story(clock):
        scene = Scene(clock, version)
        async with scene.running(), scene.at_central() as central:
            await scene.behind.plug("VIN1")
            await central.ask("SetChargingProfile", central.profile(2_000.0))
            lasting = {"duration": 120, "startSchedule": time_text(clock.now_ns())}
            told = central.profile(6_000.0, purpose="TxProfile", stack=1, **lasting)
            assert (await central.ask("SetChargingProfile", told))["status"] == "Accepted"
            await clock.sleep(130.0)
            cleared = {"id": 1} if version == "1.6" else {"chargingProfileId": 1}
            assert (await central.ask("ClearChargingProfile", cleared))["status"] == "Accepted"
            await clock.sleep(1.0)
            return [offer["power_w"] for offer in scene.behind.offers]

    assert rehearsed(story) == [0.0, 11_000.0, 2_000.0, 6_000.0, 2_000.0, 11_000.0]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_charge_while_nobody_listens_is_told_late_and_once(version):
    """Also over a restart of the house, and with an answer that gets lost."""

    async def story(clock):
        scene = Scene(clock, version)
        async with scene.running():
            async with scene.at_central() as central:
                await scene.behind.plug("VIN1")
                first = central.own_id()
                central.answers["StopTransaction"] = lambda _: None
                central.answers["TransactionEvent"] = lambda _: None
            await scene.behind.flow(0.0, 9_000.0)
            await scene.behind.plug("")
            await clock.sleep(600.0)
        again = Scene(clock, version, bus=scene.bus)
        async with again.running(), again.at_central() as central:
            await clock.sleep(5.0)
            return first, central, again.point.state

    first, central, state = rehearsed(story)
    ends = central.ended()
    assert len(ends) == 1
    assert not central.begun()
    assert state.queue == []
    assert state.numbers == {}
    if version == "1.6":
        assert (ends[0]["transactionId"], ends[0]["meterStop"]) == (7, 9_000)
    else:
        assert ends[0]["offline"]
        assert ends[0]["transactionInfo"]["transactionId"] == first


@pytest.mark.parametrize("version", VERSIONS)
def test_a_charge_begins_and_ends_from_afar(version):
    async def story(clock):
        scene = Scene(clock, version, auto_start=False)
        async with scene.running(), scene.at_central() as central:
            if version == "1.6":
                start = ("RemoteStartTransaction", {"idTag": "CARD"})
            else:
                token = {"idToken": "CARD", "type": "Central"}
                start = ("RequestStartTransaction", {"remoteStartId": 5, "idToken": token})
            assert (await central.ask(*start))["status"] == "Rejected"
            await scene.behind.plug("VIN1")
            assert not central.begun()
            assert (await central.ask(*start))["status"] == "Accepted"
            await clock.sleep(1.0)
            name = "RemoteStopTransaction" if version == "1.6" else "RequestStopTransaction"
            stop = {"transactionId": central.own_id()}
            assert (await central.ask(name, stop))["status"] == "Accepted"
            await clock.sleep(1.0)
            assert (await central.ask(name, stop))["status"] == "Rejected"
            return central, [offer["power_w"] for offer in scene.behind.offers]

    central, offers = rehearsed(story)
    assert offers == [0.0, 11_000.0, 0.0]
    end = central.ended()[0]
    assert (end.get("reason") or end["transactionInfo"]["stoppedReason"]) == "Remote"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_card_that_is_refused_gives_nothing(version):
    async def story(clock):
        scene = Scene(clock, version)
        info = "idTagInfo" if version == "1.6" else "idTokenInfo"
        refusal = {info: {"status": "Invalid"}}
        async with scene.running(), scene.at_central(Authorize=refusal) as central:
            await scene.behind.plug("VIN1")
            await clock.sleep(5.0)
            return central.begun(), scene.behind.offers

    begun, offers = rehearsed(story)
    assert begun == []
    assert [offer["power_w"] for offer in offers] == [0.0]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_reset_ends_the_charge_and_boots_again(version):
    async def story(clock):
        scene = Scene(clock, version)
        async with scene.running():
            async with scene.at_central() as central:
                await scene.behind.plug("VIN1")
                kind = "Hard" if version == "1.6" else "Immediate"
                assert (await central.ask("Reset", {"type": kind}))["status"] == "Accepted"
                await clock.sleep(1.0)
                ends = central.ended()
            async with scene.at_central() as central:
                await clock.sleep(1.0)
                return ends, central.said("BootNotification"), central.begun()

    ends, boots, begun = rehearsed(story)
    assert len(ends) == len(boots) == len(begun) == 1
    if version != "1.6":
        assert boots[0]["reason"] == "RemoteReset"


@pytest.mark.parametrize("version", VERSIONS)
def test_settings_are_read_and_changed(version):
    async def story(clock):
        scene = Scene(clock, version)
        async with scene.running(), scene.at_central() as central:
            if version == "1.6":
                told = await central.ask("GetConfiguration", {})
                change = {"key": "MeterValueSampleInterval", "value": "17"}
                await central.ask("ChangeConfiguration", change)
                bad = await central.ask("ChangeConfiguration", change | {"value": "x"})
                return told["configurationKey"], bad["status"], scene.point.settings.meter_s
            asked = {
                "component": {"name": "SampledDataCtrlr"},
                "variable": {"name": "TxUpdatedInterval"},
            }
            told = await central.ask("GetVariables", {"getVariableData": [asked]})
            await central.ask(
                "SetVariables", {"setVariableData": [asked | {"attributeValue": "17"}]}
            )
            wrong = {"setVariableData": [asked | {"attributeValue": "x"}]}
            bad = (await central.ask("SetVariables", wrong))["setVariableResult"][0]
            await central.ask("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})
            await clock.sleep(1.0)
            assert central.said("NotifyReport")[0]["reportData"]
            return told["getVariableResult"], bad["attributeStatus"], scene.point.settings.meter_s

    told, bad, meter_s = rehearsed(story)
    assert told
    assert (bad, meter_s) == ("Rejected", 17)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_composite_schedule_is_told(version):
    async def story(clock):
        scene = Scene(clock, version)
        async with scene.running(), scene.at_central() as central:
            await scene.behind.plug("VIN1")
            await central.ask("SetChargingProfile", central.profile(2_000.0, duration=3_600))
            place = {"connectorId": 1} if version == "1.6" else {"evseId": 1}
            return await central.ask("GetCompositeSchedule", place | {"duration": 7_200})

    answer = rehearsed(story)
    plan = answer["chargingSchedule" if version == "1.6" else "schedule"]
    assert [p["limit"] for p in plan["chargingSchedulePeriod"]] == [2_000.0, 11_000.0]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "message", ["StatusNotification", "Heartbeat", "MeterValues", "BootNotification"]
)
def test_what_is_triggered_is_told(version, message):
    async def story(clock):
        scene = Scene(clock, version)
        async with scene.running(), scene.at_central() as central:
            central.heard.clear()
            answer = await central.ask("TriggerMessage", {"requestedMessage": message})
            assert answer["status"] == "Accepted"
            await clock.sleep(1.0)
            return central.said(message)

    assert len(rehearsed(story)) == 1


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
def test_what_the_car_wants_is_told(version):
    async def story(clock):
        scene = Scene(clock, version)
        async with scene.running(), scene.at_central() as central:
            await scene.behind.plug("VIN1")
            needs = ChargingNeeds(
                time_ns=clock.now_ns(),
                station=BOX,
                vin="VIN1",
                soc=0.4,
                capacity_wh=80_000.0,
                energy_wh=30_000.0,
                charge_w_max=10_000.0,
                discharge_w_max=8_000.0,
                is_dc=True,
            )
            bucket = await scene.bus.bucket(HOME_BUCKET)
            await bucket.put(charging_needs(HOME, BOX), encode(needs))
            await clock.sleep(1.0)
            return central.said("NotifyEVChargingNeeds")[0]["chargingNeeds"]

    told = rehearsed(story)
    assert told["dcChargingParameters"]["energyAmount"] == 30_000
    assert told["requestedEnergyTransfer"] == ("DC_BPT" if version == "2.1" else "DC")
    if version == "2.1":
        assert told["v2xChargingParameters"]["maxDischargePower"] == 8_000.0


def test_power_is_taken_out_of_the_car_in_2_1():
    async def story(clock):
        scene = Scene(clock, "2.1", station=TWO_WAY)
        async with scene.running(), scene.at_central() as central:
            await scene.behind.plug("VIN1")
            rows = [
                {
                    "startPeriod": 0,
                    "operationMode": "CentralSetpoint",
                    "setpoint": -5_000.0,
                    "dischargeLimit": -5_000.0,
                }
            ]
            told = central.profile(0.0, chargingSchedulePeriod=rows)
            await central.ask("SetChargingProfile", told)
            await clock.sleep(1.0)
            return scene.behind.offers[-1]

    assert rehearsed(story) == {"power_w": -5_000.0, "phases": 3}


def test_where_the_house_shares_its_fuse_profiles_are_rejected_and_it_is_said():
    async def story(clock):
        scene = Scene(clock, "1.6")
        scene.behind.refuses = Answer(ok=False, reason="the house plans", code="conflict")
        async with scene.running(), scene.at_central() as central:
            return await central.ask("SetChargingProfile", central.profile(2_000.0))

    assert rehearsed(story) == {"status": "Rejected"}


@pytest.mark.parametrize("version", VERSIONS)
def test_our_wallbox_charges_at_our_central_system(version):
    async def story(clock):
        house = House(clock)
        scene = Scene(clock, version, station=WALLBOX, bus=house.bus)
        async with house.running(), scene.running():
            async with _joined(house, scene) as link:
                await scene.behind.plug("VIN1")
                await scene.behind.flow(7_000.0, 5_100.0)
                await clock.sleep(1.0)
                until_ns = clock.now_ns() + 600 * NS_PER_S
                answer = await house.do("offer", power_w=4_140.0, until_ns=until_ns)
                assert answer.ok, answer
                await clock.sleep(1.0)
                offers = [offer["power_w"] for offer in scene.behind.offers]
                assert house.outlet.watched.status() == "charging"
                assert link.unit == "W"
            await clock.sleep(600.0)
            await scene.behind.flow(0.0, 5_600.0)
            await scene.behind.plug("")
            await clock.sleep(300.0)
            async with _joined(house, scene):
                await clock.sleep(5.0)
                return offers, await house.events()

    offers, events = rehearsed(story)
    assert offers[-1] == 4_140.0
    assert [events[0].kind, events[-1].kind] == ["started", "ended"]
    assert len({(e.transaction, e.sequence) for e in events}) == len(events)
    assert len({e.transaction for e in events}) == 1
    assert events[-1].meter_wh == 5_600.0
    assert events[-1].is_late


@asynccontextmanager
async def _joined(house, scene):
    from vettura.faces.ocpp_link import Link

    ours, theirs = wires()
    link = Link(
        "garage",
        ours,
        house.clock,
        house.clock,
        scene.version,
        [house.outlet],
        house.face,
        house.face.tally,
    )
    tasks = [asyncio.create_task(link.run()), asyncio.create_task(scene.point.converse(theirs))]
    await house.clock.sleep(7.0)
    try:
        yield link
    finally:
        theirs.close()
        await asyncio.gather(*tasks)
