"""Lets the planned mishaps of a rehearsal happen to its services and its bus."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import final

from msgspec.structs import replace

from vettura.bus.interface import Bus
from vettura.bus.memory import Faults, Spell
from vettura.bus.messages import decode, encode
from vettura.bus.messages_home import DeviceState, EntityState
from vettura.bus.subjects import HOME_BUCKET, device_state
from vettura.clock.interface import Clock
from vettura.home.mishaps import Ill, Mishap, Victims
from vettura.house.file import HomeFile
from vettura.house.stage import Stage
from vettura.life.local_time import local_date
from vettura.units import NS_PER_S

UNAVAILABLE = EntityState(state="unavailable")
_GONE = Spell(0.0, 0.0, "", drop=1.0)
_SPELLS: dict[Ill, Spell] = {
    "offline": _GONE,
    "power cut": _GONE,
    "lost": Spell(0.0, 0.0, "", drop=0.3),
    "doubled": Spell(0.0, 0.0, "", duplicate=0.5),
    "delayed": Spell(0.0, 0.0, "", delay_s=(0.2, 4.0)),
}
"""How bad a connection is."""
MAINS = frozenset(
    {"camera", "garage_door", "light", "shutters", "socket", "thermostat", "tv", "vacuum"}
)
"""Kinds of devices that hang on the mains."""
_FAREWELL_S = 1e-3
"""A device is gone so long after a broker would have said so."""


def bus_faults(mishaps: Iterable[Mishap], victims: Victims, start_ns: int) -> Faults:
    """What befalls messages on their way."""
    return Faults(spells=tuple(s for one in mishaps for s in _spells(one, victims, start_ns)))


def victims_of(home: HomeFile) -> Victims:
    """Who and what of a home can be befallen."""
    devices = tuple(entry.id for entry in home.devices)
    stations = tuple(station.id for station in home.stations)
    return Victims(
        home=home.household.id,
        timezone=home.household.timezone,
        devices=(*devices, *stations),
        mains=(*(entry.id for entry in home.devices if entry.kind in MAINS), *stations),
        phones=tuple(person.name for person in home.household.people),
    )


def _spells(mishap: Mishap, victims: Victims, start_ns: int) -> Iterator[Spell]:
    if mishap.ill not in _SPELLS:
        return
    from_s = (mishap.from_ns - start_ns) / NS_PER_S + _FAREWELL_S
    until_s = (mishap.until_ns - start_ns) / NS_PER_S
    for name in devices_of(mishap, victims) or ("",):
        pattern = f"home.{victims.home}.{name}.>" if name else f"home.{victims.home}.>"
        yield _SPELLS[mishap.ill]._replace(from_s=from_s, until_s=until_s, pattern=pattern)


def devices_of(mishap: Mishap, victims: Victims) -> tuple[str, ...]:
    """The devices that a mishap befalls; none when it is the whole home or no device."""
    if mishap.ill == "power cut":
        return victims.mains
    return (mishap.what,) if mishap.what and mishap.ill in _SPELLS else ()


@final
class Misfortune:
    """Stops services and begins them anew, and says which devices are gone, each at its time."""

    def __init__(
        self, bus: Bus, clock: Clock, stage: Stage, mishaps: Sequence[Mishap], victims: Victims
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._stage = stage
        self._mishaps = mishaps
        self._victims = victims

    async def run(self) -> None:
        """Let everything happen, then return."""
        async with asyncio.TaskGroup() as group:
            for mishap in self._mishaps:
                if mishap.ill == "restart":
                    group.create_task(self._restart(mishap))
                elif mishap.ill in ("offline", "power cut"):
                    for device in devices_of(mishap, self._victims):
                        group.create_task(self._be_gone(device, mishap))

    async def _restart(self, mishap: Mishap) -> None:
        await self._clock.sleep_until(mishap.from_ns)
        names = await self._stage.stop(self._stage.known())
        await self._clock.sleep_until(mishap.until_ns)
        self._stage.begin(names)

    async def _be_gone(self, device: str, mishap: Mishap) -> None:
        """What a broker says of a device that is gone, and what it says when it is back."""
        await self._clock.sleep_until(mishap.from_ns)
        kept = await self._kept(device)
        if kept is not None:
            await self._say(device, dict.fromkeys(kept.entities, UNAVAILABLE))
        await self._clock.sleep_until(mishap.until_ns)
        kept = await self._kept(device)
        if kept is not None:
            await self._say(device, kept.entities)

    async def _kept(self, device: str) -> DeviceState | None:
        subject = device_state(self._victims.home, device)
        entry = await (await self._bus.bucket(HOME_BUCKET)).get(subject)
        if entry is None or entry.value is None:
            return None
        return decode(entry.value, DeviceState, where=subject)

    async def _say(self, device: str, entities: dict[str, EntityState]) -> None:
        told = DeviceState(time_ns=self._clock.now_ns(), entities=entities)
        await self._bus.publish(device_state(self._victims.home, device), encode(told))


def forgetful(home: HomeFile, mishaps: Iterable[Mishap]) -> HomeFile:
    """The home, in which phones stay at home on the days on which they are forgotten."""
    days: dict[str, list[date]] = {}
    for one in mishaps:
        if one.ill == "phone":
            day = local_date(one.from_ns, home.household.timezone)
            days.setdefault(one.what, []).append(day)
    people = tuple(
        replace(person, leaves_phone_on=tuple(days.get(person.name, ())))
        for person in home.household.people
    )
    return replace(home, household=replace(home.household, people=people))
