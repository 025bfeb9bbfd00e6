"""The bus of a house that is running now, for commands that look in from outside."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from vettura.bus.embedded_config import running_url
from vettura.bus.nats import NatsBus
from vettura.bus.subjects import CARS_BUCKET
from vettura.clock import WallClock
from vettura.errors import BusDownError, EnvironmentFault, UsageError

HINT = "start it with `vettura run`, or name its bus with --nats"


@asynccontextmanager
async def house_bus(nats: str, data: Path) -> AsyncIterator[NatsBus]:
    """The bus at `nats`; when that is empty, of the one house that runs in the folder `data`."""
    url = nats or _running_in(data)
    try:
        bus = await NatsBus.connect(url, clock=WallClock(), name="vettura cli")
    except BusDownError as error:
        raise EnvironmentFault(f"no house answers at {url}: {error.message}", hint=HINT) from None
    try:
        yield bus
    finally:
        await bus.close()


def _running_in(data: Path) -> str:
    folders = sorted(path.parent for path in data.glob("*/nats-server.conf"))
    running = {folder.name: url for folder in folders if (url := running_url(folder))}
    if not running:
        raise EnvironmentFault(f"no house is running in {data}", hint=HINT)
    if len(running) > 1:
        raise UsageError(
            f"{len(running)} houses are running in {data}: {', '.join(running)}",
            hint="choose one with --nats: " + ", ".join(running.values()),
        )
    return next(iter(running.values()))


async def which_car(bus: NatsBus, vin: str) -> str:
    """That VIN, when the house has such a car; its only car when `vin` is empty."""
    keys = await (await bus.bucket(CARS_BUCKET)).keys()
    vins = [key.removesuffix(".state") for key in keys if key.endswith(".state")]
    known = ", ".join(vins) or "none yet"
    if vin and vin not in vins:
        raise UsageError(f"this house has no car {vin}", hint=f"its cars are {known}")
    if not vin and len(vins) != 1:
        raise UsageError(f"this house has {len(vins)} cars", hint=f"choose with --car: {known}")
    return vin or vins[0]
