"""The library's station controller, led by a house: needs go to the bus, power comes from it.

Giving back needs this one: of two limits that both are set the library's own drops the giving one.
"""

import asyncio
import time
from dataclasses import replace

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificates
from iso15118.secc.controller.interface import (
    AuthorizationResponse,
    EVSEControllerInterface,
)
from iso15118.shared.messages.datatypes import (
    PVEVSEMaxCurrentLimit,
    PVEVSEMaxPowerLimit,
    PVEVSEMaxVoltageLimit,
    PVEVSEPresentCurrent,
    PVEVSEPresentVoltage,
)
from iso15118.shared.messages.enums import (
    AuthorizationStatus,
    ControlMode,
    CpState,
    EnergyTransferModeEnum,
    IsolationLevel,
    Protocol,
    ServiceV20,
)
from iso15118.shared.messages.iso15118_2.datatypes import MeterInfo
from iso15118.shared.messages.iso15118_20.common_messages import (
    DynamicScheduleExchangeResParams,
    Service,
    ServiceList,
)
from iso15118.shared.messages.iso15118_20.common_types import MeterInfo as MeterInfo20
from iso15118.shared.security import CertPath, load_cert, verify_certs
from station_words import (
    AMPS_MAX,
    VOLTS_MAX,
    ac_loop_of_20,
    ac_parameters_of_2,
    ac_parameters_of_20,
    ac_status_of_2,
    amps_of_2,
    dc_loop_of_20,
    dc_parameters_of_2,
    dc_parameters_of_20,
    dc_status_of_2,
    parameter_sets,
    physical,
    rational,
    schedule_of_2,
    schedule_of_20,
)

from house import say
from vettura.errors import InputError
from vettura.faces.iso15118_content import (
    ENTRIES_MAX,
    entries_of,
    horizon_s,
    needs_said,
    power_at,
    price_levels,
)
from vettura.faces.iso15118_heard import CarSaid, heard_of_car

AC, DC, AC_BPT, DC_BPT = 1, 2, 5, 6
TWO_WAY = (ServiceV20.AC_BPT, ServiceV20.DC_BPT)
ANSWER_S = 1.2
"""A station of -2 answers within 1.5 s (table 109); the rest is for the codec."""
LOOK_S = 0.02
LOOPS = ("ChargingStatus", "CurrentDemand", "ACChargeLoop", "DCChargeLoop")
MINUTE_NS = 60_000_000_000


class HouseStation(EVSEControllerInterface):
    """One plug of a house. It never gives more than the house's schedule, nor than it can."""

    def __init__(self, house, *, station, power_w_max, fallback_w, phases, services, modes, wait_s):
        super().__init__()
        self.house = house
        self.station = station
        self.power_w_max = power_w_max
        self.fallback_w = fallback_w
        self.phases = phases
        self.services = services
        self.modes = modes
        self.wait_s = wait_s
        self.said = CarSaid()
        self.target_v = 0.0
        self.over = asyncio.Event()
        self._asked_s = None
        self._told = None
        self._telling = set()
        self._state = ""

    def hear(self, message):
        """Take in a message of the car; what it needs goes to the house."""
        now_ns = self.house.now_ns()
        before = self.said
        try:
            self.said = heard_of_car(self.said, message, now_ns)
        except InputError as error:
            say("ignored", what=error.message)
            return
        if self.said.has_asked and not before.has_asked:
            self._asked_s, self._told = time.monotonic(), None
        if self.said.has_asked:
            self._tell(now_ns)
        if self.said.profile != before.profile:
            say("profile", entries=[[start_s, round(w)] for start_s, w in self.said.profile])

    def _tell(self, now_ns):
        needs = needs_said(self.said, station=self.station, now_ns=now_ns)
        departure = None if needs.departure_ns is None else needs.departure_ns // MINUTE_NS
        news = (self.said.soc, departure, replace(self.said, departure_ns=None, flow_w=None))
        if news == self._told:
            return
        if self._told is None:
            say("needs", **_shown(needs))
        self._told = news
        task = asyncio.get_running_loop().create_task(self.house.say_needs(needs))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    def power_w(self):
        """What may flow into the car now; negative is out of it."""
        told_w = power_at(self.house.schedule, self.house.now_ns(), fallback_w=self.fallback_w)
        least_w = -self.power_w_max if self.said.is_two_way else 0.0
        return min(max(told_w, least_w), self.power_w_max)

    def flow_w(self):
        """What flows by the car's word, within what may; nothing before the loop has begun."""
        if self._state not in LOOPS:
            return 0.0
        power_w = self.power_w()
        if self.said.flow_w is None:
            return power_w
        return min(max(self.said.flow_w, min(power_w, 0.0)), max(power_w, 0.0))

    def is_planned(self):
        """Whether the house has answered the car's needs, or was waited for long enough."""
        if self._asked_s is None:
            return True
        waited_s = time.monotonic() - self._asked_s
        schedule = self.house.schedule
        asked_ns = self.house.now_ns() - round(waited_s * self.house.factor * 1e9)
        return waited_s > self.wait_s or (schedule is not None and schedule.time_ns >= asked_ns)

    def entries(self, edition, most):
        """The house's schedule as it is sent."""
        now_ns = self.house.now_ns()
        needs = needs_said(self.said, station=self.station, now_ns=now_ns)
        least = min(ENTRIES_MAX[edition], most or ENTRIES_MAX[edition])
        entries = entries_of(
            self.house.schedule,
            now_ns,
            horizon_s=horizon_s(needs),
            fallback_w=self.fallback_w,
            most=least,
        )
        low_w = -self.power_w_max if self.said.is_two_way else 0.0
        bound = [
            replace(entry, power_w=min(max(entry.power_w, low_w), self.power_w_max))
            for entry in entries
        ]
        say("schedule", entries=[[each.start_s, round(each.power_w)] for each in bound])
        return bound, now_ns

    # What all editions ask.

    async def set_status(self, status):
        """The library's word on itself."""
        say("status", status=status.value)

    async def get_evse_id(self, protocol):
        """By ISO 15118: country, operator, E, number."""
        return "DEVETE1"

    def is_eim_authorized(self):
        """Nobody holds a card before the car speaks."""
        return False

    async def is_authorized(
        self, id_token=None, id_token_type=None, certificate_chain=None, hash_data=None
    ):
        """Who is plugged in at home may charge; a contract must be below the known root.

        The library checks signatures, and leaves a chain below another root to a back end.
        """
        status = AuthorizationStatus.ACCEPTED
        if certificate_chain is not None and not is_below_root(certificate_chain):
            status = AuthorizationStatus.REJECTED
        if id_token:
            say("authorized", token=str(id_token), status=status.value)
        return AuthorizationResponse(authorization_status=status)

    async def get_meter_info_v2(self):
        """What the house's meter of this plug shows."""
        reading = round(self.house.meter_wh)
        return MeterInfo(meter_id=self.station[:32], meter_reading=reading, t_meter=time.time())

    async def get_meter_info_v20(self):
        """What the house's meter of this plug shows."""
        return MeterInfo20(
            meter_id=self.station[:32],
            charged_energy_reading_wh=round(self.house.meter_wh),
            meter_timestamp=time.time(),
        )

    async def get_supported_providers(self):
        """Any."""

    async def set_hlc_charging(self, is_ongoing):
        """The cable's pilot follows by itself."""

    async def get_cp_state(self):
        """The car is ready."""
        return CpState.C2

    async def service_renegotiation_supported(self):
        """Limits change within the loop; no session has to begin again."""
        return False

    async def stop_charger(self):
        """The car ends the flow itself."""

    async def is_contactor_opened(self):
        """Follows at once."""
        return True

    async def is_contactor_closed(self):
        """Follows at once."""
        return True

    async def get_evse_status(self):
        """Nothing to say."""

    async def set_present_protocol_state(self, state):
        """How far the session is."""
        if str(state) != self._state:
            self._state = str(state)
            say("state", state=self._state)

    async def update_data_link(self, action):
        """The cable stays as it is."""

    def ready_to_charge(self):
        """In -20 also: whether the schedule that goes with it is final."""
        return not self.said.has_asked or self.is_planned()

    async def session_ended(self, current_state, reason):
        """The end, well or not."""
        say("ended", state=current_state, why=reason, time_ns=self.house.now_ns())
        self.over.set()

    async def send_display_params(self):
        """The needs have gone to the house already."""

    async def send_rated_limits(self):
        """The needs have gone to the house already."""

    async def get_15118_ev_certificate(self, base64_encoded_cert_installation_req, namespace):
        """No contract is handed out here."""
        raise NotImplementedError

    # ISO 15118-2.

    async def get_supported_energy_transfer_modes(self, protocol):
        """What this plug can."""
        modes = []
        if AC in self.services:
            ac = "AC_THREE_PHASE_CORE" if self.phases == 3 else "AC_SINGLE_PHASE_CORE"
            modes.append(EnergyTransferModeEnum[ac])
        if DC in self.services:
            modes.append(EnergyTransferModeEnum.DC_EXTENDED)
        return modes

    async def get_sa_schedule_list(
        self, ev_data_context, is_free_charging_service, max_schedule_entries, departure_time=0
    ):
        """The house's schedule, waited for here: the library cannot say that it is still at it."""
        by_s = time.monotonic() + min(self.wait_s, ANSWER_S)
        while not self.is_planned() and time.monotonic() < by_s:  # noqa: ASYNC110 - no event
            await asyncio.sleep(LOOK_S)
        entries, _ = self.entries("2", max_schedule_entries)
        return schedule_of_2(entries)

    async def get_sa_schedule_list_dinspec(self, max_schedule_entries, departure_time=0):
        """DIN 70121 is not spoken."""
        raise NotImplementedError

    async def get_ac_evse_status(self):
        """Nothing to say."""
        return ac_status_of_2()

    async def get_dc_evse_status(self):
        """Ready."""
        return dc_status_of_2()

    async def get_ac_charge_params_v2(self):
        """What this plug can at most."""
        return ac_parameters_of_2(self.power_w_max, self.phases)

    async def get_dc_charge_parameters(self):
        """What this plug can at most."""
        return dc_parameters_of_2(self.power_w_max)

    async def get_evse_max_current_limit(self):
        """What may flow now, in each loop."""
        if self.said.is_dc:
            return physical(PVEVSEMaxCurrentLimit, AMPS_MAX, "A")
        return amps_of_2(self.power_w(), self.said.phases or self.phases)

    async def get_evse_max_power_limit(self):
        """What may flow now, in each loop over DC."""
        return physical(PVEVSEMaxPowerLimit, max(self.power_w(), 0.0), "W")

    async def get_evse_max_voltage_limit(self):
        """What this plug can at most."""
        return physical(PVEVSEMaxVoltageLimit, VOLTS_MAX, "V")

    # DC of both editions.

    async def start_cable_check(self):
        """The cable is sound."""

    async def get_cable_check_status(self):
        """The cable is sound."""
        return IsolationLevel.VALID

    async def send_charging_command(
        self, ev_target_voltage, ev_target_current, is_precharge=False, is_session_bpt=False
    ):
        """The rectifier follows at once."""
        self.target_v = ev_target_voltage or self.target_v

    async def get_evse_present_voltage(self, protocol):
        """As the car asked."""
        if protocol == Protocol.ISO_15118_2:
            return physical(PVEVSEPresentVoltage, self.target_v, "V")
        return rational(self.target_v)

    async def get_evse_present_current(self, protocol):
        """What flows over the voltage."""
        amps = self.flow_w() / self.target_v if self.target_v else 0.0
        if protocol == Protocol.ISO_15118_2:
            return physical(PVEVSEPresentCurrent, amps, "A")
        return rational(amps)

    async def is_evse_current_limit_achieved(self):
        """The cable carries more than the power allows."""
        return False

    async def is_evse_voltage_limit_achieved(self):
        """The car asks for less."""
        return False

    async def is_evse_power_limit_achieved(self):
        """Whether the car asks for more than it may have."""
        return self.said.flow_w is not None and self.said.flow_w > self.power_w()

    # ISO 15118-20.

    async def get_energy_service_list(self):
        """What this plug can, of the kind that was agreed."""
        direct = self.get_selected_protocol() == Protocol.ISO_15118_20_DC
        wanted = (DC, DC_BPT) if direct else (AC, AC_BPT)
        services = [each for each in self.services if each in wanted]
        told = [Service(service_id=each, free_service=True) for each in services]
        return ServiceList(services=told)

    async def get_service_parameter_list(self, service_id):
        """Control modes as the house prefers them."""
        return parameter_sets(service_id, self.phases, self.modes)

    async def get_schedule_exchange_params(
        self, selected_energy_service, control_mode, schedule_exchange_req
    ):
        """A schedule, or that the house leads."""
        if control_mode == ControlMode.DYNAMIC:
            return DynamicScheduleExchangeResParams()
        most = schedule_exchange_req.max_supporting_points
        entries, now_ns = self.entries("20", most)
        return schedule_of_20(
            entries,
            now_ns,
            gives=selected_energy_service.service in TWO_WAY,
            levels=price_levels(entries, self.house.prices, now_ns),
        )

    async def get_ac_charge_params_v20(self, energy_service):
        """What this plug can at most."""
        return ac_parameters_of_20(self.power_w_max, gives=energy_service in TWO_WAY)

    async def get_dc_charge_params_v20(self, energy_service):
        """What this plug can at most."""
        return dc_parameters_of_20(self.power_w_max, gives=energy_service in TWO_WAY)

    async def get_ac_charge_loop_params_v20(self, control_mode, selected_service):
        """The house's set-point."""
        return ac_loop_of_20(
            self.power_w(),
            is_dynamic=control_mode == ControlMode.DYNAMIC,
            gives=selected_service in TWO_WAY,
            flow_w=self.flow_w(),
        )

    async def get_dc_charge_loop_params_v20(self, control_mode, selected_service):
        """The house's limits, one direction at a time."""
        return dc_loop_of_20(
            self.power_w(),
            is_dynamic=control_mode == ControlMode.DYNAMIC,
            gives=selected_service in TWO_WAY,
        )


def is_below_root(chain_pem):
    """Whether a contract's chain, leaf first, ends below the mobility operator's root."""
    chain = load_pem_x509_certificates(chain_pem)
    leaf, *above = [each.public_bytes(Encoding.DER) for each in chain[:3]]
    try:
        verify_certs(leaf, above, load_cert(CertPath.MO_ROOT_DER))
    except Exception as error:  # noqa: BLE001 - the library has a class for each defect
        say("contract_refused", why=f"{type(error).__name__}: {error}"[:200])
        return False
    return True


def _shown(needs):
    return {
        name: getattr(needs, name)
        for name in ("source", "vin", "departure_ns", "energy_wh", "soc", "discharge_w_max")
    }
