"""A vettura car as the EV of ISO 15118: waits for its cable, then talks with whatever station.

    PYTHONPATH=src .peers/iso15118/bin/python tools/iso15118/car.py --vin VIN --home casa \
        --service AC

Runs at the car's end of `cable.py`. Prints JSON lines: needs, flow, ended.
"""

import argparse
import asyncio
import os
import sys


def arguments():
    """What it was told."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--bus", default="nats://127.0.0.1:4222", help="the house's NATS server")
    parser.add_argument("--home", required=True)
    parser.add_argument("--vin", required=True)
    parser.add_argument("--edition", choices=["2", "20"], default="20")
    parser.add_argument("--service", choices=["AC", "DC", "AC_BPT", "DC_BPT"], default="AC")
    parser.add_argument("--mode", choices=["scheduled", "dynamic"], default="scheduled")
    parser.add_argument("--gives-w", type=float, default=0.0, help="most that it gives back")
    parser.add_argument("--certificates", default="", help="a folder of certificates.py: use TLS")
    parser.add_argument("--every-s", type=float, default=0.0, help="between two charge loops")
    parser.add_argument("--patience-s", type=float, default=86_400.0, help="for the whole session")
    parser.add_argument("--interface", default="v2g")
    parser.add_argument("--slower", type=float, default=1.0, help="stretch the time limits by this")
    parser.add_argument("--log", choices=["none", "error", "warning", "info"], default="error")
    return parser.parse_args()


def main():
    """One session; 1 when it did not end well."""
    options = arguments()
    os.environ["LOG_LEVEL"] = "ERROR" if options.log == "none" else options.log.upper()
    os.environ["MESSAGE_LOG_JSON"] = str(options.log == "info")
    os.environ["ENABLE_TLS_1_3"] = str(options.edition == "20")
    if options.certificates:
        os.environ["PKI_PATH"] = options.certificates.rstrip("/") + "/"
    return asyncio.run(session(options))


async def session(options):
    """Join the house, wait for the cable, talk, leave."""
    from car_side import VetturaCar, ended, until_plugged
    from codec import HearingCodec, be_patient
    from iso15118.evcc import EVCCHandler
    from iso15118.shared.messages.enums import ServiceV20
    from iso15118.shared.settings import load_shared_settings

    from house import House, say

    load_shared_settings()
    be_patient(options.slower)
    house = await House.join(options.bus, options.home, name=f"iso15118 car {options.vin}")
    car = VetturaCar(
        house,
        vin=options.vin,
        services=[ServiceV20[options.service]],
        mode=options.mode,
        gives_w=options.gives_w,
        every_s=options.every_s,
    )
    over = []

    def hear(message):
        car.hear(message)
        if '"SessionStopRes"' in message:
            over.append(message)

    codec = HearingCodec(hear)
    try:
        await house.follow_car(options.vin)
        say("waits_for_cable", vin=options.vin)
        await until_plugged(house)
        await car.obey(0.0, 0.0)
        say("plugged", station=car.needs().station)
        handler = EVCCHandler(
            evcc_config=config_of(options),
            iface=options.interface,
            exi_codec=codec,
            ev_controller=car,
        )
        async with asyncio.timeout(options.patience_s):
            await until_over(handler)
        await ended(house, 10.0)
    except TimeoutError:
        say("gave_up", patience_s=options.patience_s)
    finally:
        await car.obey(0.0, 0.0)
        say("ended", well=bool(over), loops=car.loops, time_ns=house.now_ns())
        await house.leave()
        codec.close()
    return 0 if over else 1


async def until_over(handler):
    """One session. After a failed one the library waits for ever: it forgets the session first."""
    task = asyncio.create_task(handler.start())
    while not task.done() and hasattr(handler, "comm_session"):
        await asyncio.wait([task], timeout=0.2)
    if not task.done():
        await asyncio.wait([task], timeout=1.0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def config_of(options):
    """The library's own settings of a car."""
    from iso15118.evcc.evcc_config import EVCCConfig

    kind = options.service.partition("_")[0]
    protocol = "ISO_15118_2" if options.edition == "2" else f"ISO_15118_20_{kind}"
    config = EVCCConfig(
        supportedProtocols=[protocol],
        supportedEnergyServices=[options.service],
        useTls=bool(options.certificates),
        enforceTls=bool(options.certificates),
    )
    config.load_raw_values()
    return config


if __name__ == "__main__":
    sys.exit(main())
