"""The library's own station, its simulator unmodified: `iso15118_station.py POWER_W VOLTS`.

Its data context, made for its own unit tests, says 10 W at 1 V; here it says what it is told. A
negative power is what it takes from a car.
"""

import asyncio
import sys

from iso15118.secc import SECCHandler
from iso15118.secc.controller.interface import ServiceStatus
from iso15118.secc.controller.simulator import SimEVSEController
from iso15118.secc.secc_settings import Config
from iso15118.shared.exificient_exi_codec import ExificientEXICodec


async def main(power_w, volts):
    config = Config()
    config.load_envs()
    station = SimEVSEController()
    context = station.get_evse_data_context()
    context.present_voltage = context.nominal_voltage = volts
    limits = context.session_limits.ac_limits
    limits.max_charge_power = max(power_w, 0.0)
    limits.max_discharge_power = max(-power_w, 0.0)
    limits.max_charge_power_l2 = limits.max_charge_power_l3 = 0
    limits.max_discharge_power_l2 = limits.max_discharge_power_l3 = 0
    await station.set_status(ServiceStatus.STARTING)
    handler = SECCHandler(exi_codec=ExificientEXICodec(), evse_controller=station, config=config)
    await handler.start(config.iface)


asyncio.run(main(float(sys.argv[1]), float(sys.argv[2])))
