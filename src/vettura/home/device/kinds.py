"""Every kind of device, and making the models of a home from its file."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from vettura.errors import InputError
from vettura.home.device.contact import ContactEntry, ContactModel
from vettura.home.device.cover import CoverModel, GarageDoorEntry, ShuttersEntry
from vettura.home.device.entity import DeviceEntry
from vettura.home.device.light import LightEntry, LightModel
from vettura.home.device.lock import LockEntry, LockModel
from vettura.home.device.model import Model
from vettura.home.device.motion import MotionEntry, MotionModel
from vettura.home.device.person import PersonModel
from vettura.home.device.sky import SunModel, WeatherModel
from vettura.home.device.socket import SocketEntry, SocketModel
from vettura.home.device.thermometer import ThermometerEntry, ThermometerModel
from vettura.home.device.zone import ZoneModel
from vettura.life.household import Household

AnyEntry: TypeAlias = (
    ContactEntry
    | GarageDoorEntry
    | LightEntry
    | LockEntry
    | MotionEntry
    | ShuttersEntry
    | SocketEntry
    | ThermometerEntry
)
"""`[[devices]]`: each kind with its options."""

MODELS: Mapping[type[DeviceEntry], Any] = {
    ContactEntry: ContactModel,
    GarageDoorEntry: CoverModel,
    LightEntry: LightModel,
    LockEntry: LockModel,
    MotionEntry: MotionModel,
    ShuttersEntry: CoverModel,
    SocketEntry: SocketModel,
    ThermometerEntry: ThermometerModel,
}


def models_of(household: Household, entries: Sequence[DeviceEntry]) -> list[Model[Any]]:
    """Every virtual device of a home: its people, its places, its sky, and what is listed."""
    own: list[Model[Any]] = [SunModel(household), WeatherModel()]
    own += [PersonModel(household, person, source="") for person in household.people]
    own += [ZoneModel(household, place) for place in household.places]
    return [*own, *(MODELS[type(entry)](entry) for entry in entries)]


def check_devices(
    household: Household, entries: Sequence[DeviceEntry], taken: Iterable[str]
) -> None:
    """Raise `InputError` for a device that this home cannot have; `taken` are ids of others."""
    areas, people = household.areas, [person.name for person in household.people]
    sockets = [entry.id for entry in entries if isinstance(entry, SocketEntry)]
    seen = {*taken, *(model.id for model in models_of(household, ())), "scenes"}
    slugs: set[str] = set()
    for entry in entries:
        where = f"devices.{entry.id}"
        if entry.id in seen or entry.slug in slugs:
            raise InputError(f"{where}: that id is taken", hint="each must be its own")
        seen.add(entry.id)
        slugs.add(entry.slug)
        _check_known(f"{where}.area", entry.area, areas)
        _check_known(f"{where}.person", getattr(entry, "person", ""), people)
        _check_known(f"{where}.socket", getattr(entry, "socket", ""), sockets)


def _check_known(key: str, value: str, known: Sequence[str]) -> None:
    if value and value not in known:
        raise InputError(f"{key} is {value!r}", hint=f"give {', '.join(known) or 'none'}")
