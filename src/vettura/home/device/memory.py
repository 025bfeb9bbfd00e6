"""What devices were when the house stopped."""

from collections.abc import Iterable, Mapping

import structlog

from vettura.bus.interface import Bus
from vettura.bus.messages import decode
from vettura.bus.messages_home import DeviceAbout, DeviceState, EntityState
from vettura.bus.patience import patiently
from vettura.bus.subjects import HOME_BUCKET, device_about, device_state
from vettura.clock.interface import Clock
from vettura.errors import InputError
from vettura.home.device.entity import MAKER

log = structlog.get_logger()

Kept = dict[str, Mapping[str, EntityState]]


async def recalled(bus: Bus, clock: Clock, home: str) -> Kept:
    """The last told states of the devices that are ours, by device and entity id.

    Without their memory devices would begin anew, so this waits for a bus that is away.
    """
    return await patiently(clock, lambda: _recalled(bus, home))


def removed(kept: Kept, living: set[str]) -> Iterable[tuple[str, DeviceAbout]]:
    """What to say of devices that are kept but no longer there: they have no entities."""
    for device in kept:
        if device not in living:
            yield device, DeviceAbout(name=device, manufacturer=MAKER)


async def _recalled(bus: Bus, home: str) -> Kept:
    bucket = await bus.bucket(HOME_BUCKET)
    begin, end = device_about(home, "*").split("*")
    kept: Kept = {}
    for key in await bucket.keys():
        if not (key.startswith(begin) and key.endswith(end)):
            continue
        device = key[len(begin) : -len(end)]
        entry, told = await bucket.get(key), await bucket.get(device_state(home, device))
        try:
            if entry is None or entry.value is None:
                continue
            about = decode(entry.value, DeviceAbout, where=key)
            if about.manufacturer != MAKER or not about.entities:
                continue
            kept[device] = {}
            if told is not None and told.value is not None:
                kept[device] = decode(told.value, DeviceState, where=key).entities
        except InputError as error:
            log.warning("device_memory_unreadable", device=device, error=error.message)
    return kept
