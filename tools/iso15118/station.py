"""A house's station as the EVSE of ISO 15118: waits for whatever car, talks, and asks the house.

    PYTHONPATH=src .peers/iso15118/bin/python tools/iso15118/station.py --station wallbox \
        --home casa

Runs at the station's end of `cable.py`. Prints JSON lines: needs, schedule, state, ended.
"""

import argparse
import asyncio
import os
import sys

SERVICES = {"AC": 1, "DC": 2, "AC_BPT": 5, "DC_BPT": 6}
MODES = {"scheduled": [1, 2], "dynamic": [2, 1]}


def arguments():
    """What it was told."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--bus", default="nats://127.0.0.1:4222", help="the house's NATS server")
    parser.add_argument("--home", required=True)
    parser.add_argument("--station", required=True, help="its id in the house")
    parser.add_argument("--power-w-max", type=float, default=11_000.0)
    parser.add_argument("--phases", type=int, choices=[1, 3], default=3)
    parser.add_argument("--fallback-w", type=float, default=1_380.0, help="without a schedule")
    parser.add_argument("--services", nargs="+", choices=list(SERVICES), default=list(SERVICES))
    parser.add_argument("--mode", choices=list(MODES), default="scheduled", help="preferred")
    parser.add_argument("--wait-s", type=float, default=3.0, help="for the house's schedule")
    parser.add_argument("--certificates", default="", help="a folder of certificates.py: use TLS")
    parser.add_argument("--contract", action="store_true", help="offer Plug & Charge too")
    parser.add_argument("--tls13", action="store_true", help="and ask for the car's certificate")
    parser.add_argument("--interface", default="v2g")
    parser.add_argument("--slower", type=float, default=1.0, help="stretch the time limits by this")
    parser.add_argument("--log", choices=["none", "error", "warning", "info"], default="error")
    return parser.parse_args()


def main():
    """Serve until stopped."""
    options = arguments()
    os.environ["LOG_LEVEL"] = "ERROR" if options.log == "none" else options.log.upper()
    os.environ["MESSAGE_LOG_JSON"] = str(options.log == "info")
    os.environ["ENABLE_TLS_1_3"] = str(options.tls13)
    if options.certificates:
        os.environ["PKI_PATH"] = options.certificates.rstrip("/") + "/"
    asyncio.run(serve(options))


async def serve(options):
    """Join the house, then answer every car that is plugged in."""
    from codec import HearingCodec, be_patient
    from iso15118.secc import SECCHandler
    from station_side import HouseStation

    from house import House

    be_patient(options.slower)
    house = await House.join(options.bus, options.home, name=f"iso15118 {options.station}")
    await house.follow_station(options.station)
    station = HouseStation(
        house,
        station=options.station,
        power_w_max=options.power_w_max,
        fallback_w=options.fallback_w,
        phases=options.phases,
        services=[SERVICES[name] for name in options.services],
        modes=MODES[options.mode],
        wait_s=options.wait_s,
    )
    codec = HearingCodec(station.hear)
    handler = SECCHandler(exi_codec=codec, evse_controller=station, config=config_of(options))
    try:
        await handler.start(options.interface)
    finally:
        await house.leave()
        codec.close()


def config_of(options):
    """The library's own settings of a station."""
    from iso15118.secc.secc_settings import Config
    from iso15118.shared.messages.enums import AuthEnum, Protocol
    from iso15118.shared.settings import load_shared_settings

    load_shared_settings()
    auth = [AuthEnum.EIM, AuthEnum.PNC] if options.contract else [AuthEnum.EIM]
    return Config(
        iface=options.interface,
        log_level=options.log,
        enforce_tls=bool(options.certificates),
        free_charging_service=True,
        allow_cert_install_service=False,
        supported_protocols=[
            Protocol.ISO_15118_20_AC,
            Protocol.ISO_15118_20_DC,
            Protocol.ISO_15118_2,
        ],
        supported_auth_options=auth,
    )


if __name__ == "__main__":
    sys.exit(main())
