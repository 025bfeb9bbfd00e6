"""The library's own EV, its simulator unmodified: `iso15118_car.py CONFIG TOOLS SLOWER`."""

import asyncio
import sys

from iso15118.evcc import EVCCHandler
from iso15118.evcc.controller.simulator import SimEVController
from iso15118.evcc.evcc_config import load_from_file
from iso15118.shared.exificient_exi_codec import ExificientEXICodec
from iso15118.shared.settings import load_shared_settings


async def main(config_file, tools, slower):
    sys.path.insert(0, tools)
    from codec import be_patient

    be_patient(slower)
    load_shared_settings()
    config = await load_from_file(config_file)
    handler = EVCCHandler(
        evcc_config=config,
        iface="v2g",
        exi_codec=ExificientEXICodec(),
        ev_controller=SimEVController(config),
    )
    await handler.start()


asyncio.run(main(sys.argv[1], sys.argv[2], float(sys.argv[3])))
