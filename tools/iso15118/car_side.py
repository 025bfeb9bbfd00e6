"""The library's EV controller, fed by a vettura car on its house's bus."""

import asyncio
from dataclasses import replace

from car_words import (
    ac_loop_of_20,
    dc_loop_of_20,
    demand_of_2,
    departure_s,
    display_of_20,
    parameters_of_2,
    parameters_of_20,
    physical,
    profile_of_2,
    profile_of_20,
    rational,
    status_of_2,
    wanted_of_20,
)
from iso15118.evcc.controller.interface import EVControllerInterface
from iso15118.shared.messages.datatypes import PVRemainingTimeToBulkSOC, PVRemainingTimeToFullSOC
from iso15118.shared.messages.enums import ControlMode, Protocol, ServiceV20
from iso15118.shared.messages.iso15118_2.datatypes import (
    ChargeProgress,
    DCEVPowerDeliveryParameter,
)
from iso15118.shared.messages.iso15118_20.common_messages import ChargeProgress as Progress20
from iso15118.shared.messages.iso15118_20.common_messages import SelectedEnergyService
from iso15118.shared.network import get_nic_mac_address

from house import say
from vettura.bus import paths as at
from vettura.bus.messages import Actuate, ChargeStart, ChargeStop, Offer
from vettura.errors import InputError
from vettura.faces.iso15118_content import ENOUGH_WH, allowed_now, flow_of, needs_of_car
from vettura.faces.iso15118_heard import StationSaid, heard_of_station

NEWS_W = 5.0
OFFER_MAX_W = 1_000_000.0
PRECHARGED_V = 20.0
"""How near the station must come before the contactors close (IEC 61851-23)."""
TWO_WAY = (ServiceV20.AC_BPT, ServiceV20.DC_BPT)
DIRECT = (ServiceV20.DC, ServiceV20.DC_BPT)
CONTROL_MODES = {"scheduled": ControlMode.SCHEDULED, "dynamic": ControlMode.DYNAMIC}


class VetturaCar(EVControllerInterface):
    """One session of one car. What flows is the car's doing: it is offered, and told to give."""

    def __init__(self, house, *, vin, services, mode, gives_w, every_s):
        self.house = house
        self.vin = vin
        self.services = services
        self.mode = CONTROL_MODES[mode]
        self.gives_w = gives_w
        self.every_s = every_s
        self.said = StationSaid()
        self.flow_w = 0.0
        self._told_w = None
        self._is_enabled = False
        self.loops = 0

    @property
    def is_dc(self):
        """Whether it is plugged for DC."""
        return self.services[0] in DIRECT

    @property
    def gives(self):
        """Whether this session goes both ways."""
        return self.services[0] in TWO_WAY

    @property
    def volts(self):
        """Of the battery."""
        return max(float(self.house.values.get(at.VOLTAGE, 0.0)), 1.0)

    def hear(self, message):
        """Take in a message of the station."""
        try:
            self.said = heard_of_station(self.said, message, self.house.now_ns())
        except InputError as error:
            say("ignored", what=error.message)

    def needs(self):
        """What the car needs now."""
        return needs_of_car(
            self.house.values,
            vin=self.vin,
            station=str(self.house.values.get(at.STATION, "")),
            now_ns=self.house.now_ns(),
            goal=self.house.goal,
            is_dc=self.is_dc,
            gives_w=self.gives_w,
        )

    @property
    def power_w(self):
        """What flows into the car now by its own signals."""
        values = self.house.values
        given_w = float(values.get(at.OURS + "Discharging.Power", 0.0))
        return float(values.get(at.WALL_POWER, 0.0)) - given_w

    async def obey(self, flow_w, charge_w):
        """Have the car do that: an offer to take, or a set-point to give."""
        self.flow_w = flow_w
        wish_w = charge_w if flow_w > 0.0 else flow_w
        if self._told_w is not None and abs(wish_w - self._told_w) < NEWS_W:
            return
        if wish_w > 0.0:
            await self._tell(Actuate(path=at.GIVE, value=0.0))
            await self._tell(Offer(power_w_max=min(wish_w, OFFER_MAX_W)))
            await self._tell(ChargeStart())
        else:
            await self._tell(ChargeStop())
            await self._tell(Actuate(path=at.GIVE, value=-wish_w))
        self._told_w = wish_w
        say("flow", power_w=round(wish_w), time_ns=self.house.now_ns())

    async def _tell(self, verb):
        answer = await self.house.tell_car(self.vin, verb)
        if not answer.ok and answer.code != "interlock":
            say("refused", verb=verb.__struct_config__.tag, why=answer.reason)

    async def look(self):
        """Do what the station allows and the car wants; whether to go on."""
        needs = self.needs()
        allowed = allowed_now(self.said, self.house.now_ns())
        flow_w = flow_of(allowed, needs) if self._is_enabled else 0.0
        await self.obey(flow_w, allowed.charge_w)
        if self.said.is_over or not self.house.values.get(at.CABLE, False):
            return False
        return self.gives or needs.energy_wh is None or needs.energy_wh > ENOUGH_WH

    # What both editions ask.

    async def charge_loop_delay(self):
        """Seconds between two loops."""
        return self.every_s

    async def get_evcc_id(self, protocol, iface):
        """The interface's address in -2, the VIN in -20."""
        if protocol in (Protocol.ISO_15118_2, Protocol.DIN_SPEC_70121):
            return get_nic_mac_address(iface).replace(":", "").upper()
        return self.vin

    async def continue_charging(self):
        """Asked after each answer in the charge loop."""
        self.loops += 1
        return await self.look()

    async def ready_to_charge(self):
        """Of DIN 70121, which is not spoken."""
        return True

    async def enable_charging(self, enabled):
        """Contactors: what is not enabled takes and gives nothing."""
        self._is_enabled = enabled
        if not enabled:
            await self.obey(0.0, 0.0)

    async def stop_charging(self):
        """The station's wish."""
        self.said = replace(self.said, is_over=True)

    async def is_charging_complete(self):
        """Whether the car has what it wants."""
        return (self.needs().energy_wh or 0.0) <= ENOUGH_WH

    async def is_bulk_charging_complete(self):
        """The car knows no such border."""
        return False

    async def is_precharged(self, present_voltage_evse):
        """Whether the station's voltage is near enough to close the contactors."""
        return abs(present_voltage_evse.get_decimal_value() - self.volts) <= PRECHARGED_V

    async def get_present_voltage(self):
        """Of the battery."""
        return rational(self.volts)

    async def get_target_voltage(self):
        """What the station shall come to."""
        return rational(self.volts)

    async def welding_detection_has_finished(self):
        """The car's contactors open as told."""
        return True

    async def is_cert_install_needed(self):
        """A contract comes with the car."""
        return False

    async def store_contract_cert_and_priv_key(self, contract_cert, priv_key):
        """No contract is taken over the cable."""

    async def get_prioritised_emaids(self):
        """One contract needs no order."""

    # ISO 15118-2.

    async def get_energy_transfer_mode(self, protocol):
        """How it is plugged."""
        return parameters_of_2(self.needs()).energy_mode

    async def get_charge_params_v2(self, protocol):
        """What it needs."""
        needs = self.needs()
        self.said = replace(self.said, phases=needs.phases or 3)
        _say_needs("2", needs)
        return parameters_of_2(needs)

    async def process_sa_schedules_v2(self, sa_schedules):
        """The first schedule, as it is."""
        option = sa_schedules[0]
        return ChargeProgress.START, option.sa_schedule_tuple_id, profile_of_2(option)

    async def get_dc_charge_params(self):
        """What it asks for now."""
        return demand_of_2(self.needs(), power_w=max(self.flow_w, 0.0), volts=self.volts)

    async def get_dc_ev_status(self):
        """Ready, with its charge."""
        return status_of_2(self.needs())

    async def get_dc_ev_power_delivery_parameter(self):
        """Of PowerDeliveryReq."""
        return DCEVPowerDeliveryParameter(
            dc_ev_status=await self.get_dc_ev_status(),
            bulk_charging_complete=False,
            charging_complete=await self.is_charging_complete(),
        )

    async def get_remaining_time_to_full_soc(self):
        """By the car's own estimate."""
        left_s = float(self.house.values.get(at.CHARGING + "TimeToComplete", 0.0))
        return physical(PVRemainingTimeToFullSOC, left_s, "s")

    async def get_remaining_time_to_bulk_soc(self):
        """No border, no time to it."""
        return physical(PVRemainingTimeToBulkSOC, 0.0, "s")

    # ISO 15118-20.

    async def get_supported_energy_services(self):
        """What it can be charged with; the first is what it is plugged for."""
        return self.services

    async def select_energy_service_v20(self, services):
        """The service it is plugged for, in the control mode it was told."""
        wanted = [each for each in services if each.service == self.services[0]] or services
        sets = wanted[0].parameter_sets
        chosen = next((each for each in sets if self._suits(each)), sets[0])
        parameters = {each.name: each.int_value for each in chosen.parameters}
        phases = 1 if parameters.get("Connector") == 1 else 3
        self.said = replace(self.said, phases=phases, is_two_way=wanted[0].service in TWO_WAY)
        self.mode = ControlMode(parameters["ControlMode"])
        return SelectedEnergyService(
            service=wanted[0].service, is_free=wanted[0].is_free, parameter_set=chosen
        )

    def _suits(self, parameter_set):
        """The wished control mode, and the car names its needs itself."""
        told = {each.name: each.int_value for each in parameter_set.parameters}
        return told.get("ControlMode") == self.mode and told.get("MobilityNeedsMode") == 1

    async def select_vas_services_v20(self, services):
        """No service beside charging."""
        return []

    async def get_charge_params_v20(self, selected_service):
        """Limits."""
        gives = selected_service.service in TWO_WAY
        return parameters_of_20(self.needs(), volts=self.volts, gives=gives)

    async def get_scheduled_se_params(self, selected_energy_service):
        """What it needs, for a schedule."""
        return self._wanted(is_dynamic=False)

    async def get_dynamic_se_params(self, selected_energy_service):
        """What it needs, where the house leads."""
        return self._wanted(is_dynamic=True)

    def _wanted(self, *, is_dynamic):
        needs = self.needs()
        _say_needs("20", needs)
        return wanted_of_20(needs, is_dynamic=is_dynamic)

    async def process_scheduled_se_params(self, scheduled_params, pause):
        """The first schedule, as it is."""
        progress = Progress20.STOP if pause else Progress20.START
        return profile_of_20(scheduled_params.schedule_tuples[0]), progress

    async def process_dynamic_se_params(self, dynamic_params, pause):
        """The house leads."""
        return profile_of_20(None), Progress20.STOP if pause else Progress20.START

    async def get_ac_charge_loop_params_v20(self, control_mode, selected_service):
        """What flows and what it needs."""
        return ac_loop_of_20(
            self.needs(),
            is_dynamic=control_mode == ControlMode.DYNAMIC,
            gives=selected_service in TWO_WAY,
            power_w=self.power_w,
        )

    def _dc_loop(self, *, is_dynamic, gives):
        return dc_loop_of_20(
            self.needs(),
            is_dynamic=is_dynamic,
            gives=gives,
            power_w=self.flow_w,
            volts=self.volts,
        )

    async def get_scheduled_dc_charge_loop_params(self):
        """Set-points of the car."""
        return self._dc_loop(is_dynamic=False, gives=False)

    async def get_dynamic_dc_charge_loop_params(self):
        """Limits of the car."""
        return self._dc_loop(is_dynamic=True, gives=False)

    async def get_bpt_scheduled_dc_charge_loop_params(self):
        """Set-points of the car, both ways."""
        return self._dc_loop(is_dynamic=False, gives=True)

    async def get_bpt_dynamic_dc_charge_loop_params(self):
        """Limits of the car, both ways."""
        return self._dc_loop(is_dynamic=True, gives=True)

    async def get_display_params(self):
        """For people."""
        return display_of_20(self.needs())

    # DIN 70121 is not spoken.

    async def process_sa_schedules_dinspec(self, sa_schedules):
        """Never asked."""
        raise NotImplementedError

    async def get_dc_ev_status_dinspec(self):
        """Never asked."""
        raise NotImplementedError

    async def get_dc_ev_power_delivery_parameter_dinspec(self):
        """Never asked."""
        raise NotImplementedError


def _say_needs(edition, needs):
    say(
        "needs",
        edition=edition,
        time_ns=needs.time_ns,
        departure_s=departure_s(needs),
        energy_wh=needs.energy_wh,
    )


async def until_plugged(house):
    """Wait for the cable."""
    while not house.values.get(at.CABLE, False):
        house.news.clear()
        await house.news.wait()


async def ended(house, patience_s):
    """Wait until the car's charge has ended by its own signals."""
    try:
        async with asyncio.timeout(patience_s):
            while house.values.get(at.IS_CHARGING, False):
                house.news.clear()
                await house.news.wait()
    except TimeoutError:
        say("still_charging")
