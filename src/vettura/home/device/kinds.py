"""Every kind of device, and making the models of a home from its file."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias, cast, get_args

from vettura.config import convert_tree
from vettura.errors import InputError
from vettura.home.device.alarm import SmokeAlarmEntry, SmokeAlarmModel
from vettura.home.device.contact import ContactEntry, ContactModel
from vettura.home.device.cover import CoverModel, GarageDoorEntry, ShuttersEntry
from vettura.home.device.entity import DeviceEntry
from vettura.home.device.events import CameraEntry, CameraModel, DoorbellEntry, DoorbellModel
from vettura.home.device.light import LightEntry, LightModel
from vettura.home.device.lock import LockEntry, LockModel
from vettura.home.device.model import Model
from vettura.home.device.motion import MotionEntry, MotionModel
from vettura.home.device.person import PersonModel
from vettura.home.device.phone import PhoneEntry, PhoneModel
from vettura.home.device.scale import ScaleEntry, ScaleModel
from vettura.home.device.scooter import ScooterEntry, ScooterModel
from vettura.home.device.sky import SunModel, WeatherModel
from vettura.home.device.socket import SocketEntry, SocketModel
from vettura.home.device.thermometer import ThermometerEntry, ThermometerModel
from vettura.home.device.thermostat import ThermostatEntry, ThermostatModel
from vettura.home.device.tv import TvEntry, TvModel
from vettura.home.device.vacuum import VacuumEntry, VacuumModel
from vettura.home.device.wearable import BandEntry, WatchEntry, WearableModel
from vettura.home.device.zone import ZoneModel
from vettura.life.household import Household

AnyEntry: TypeAlias = (
    BandEntry
    | CameraEntry
    | ContactEntry
    | DoorbellEntry
    | GarageDoorEntry
    | LightEntry
    | LockEntry
    | MotionEntry
    | PhoneEntry
    | ScaleEntry
    | ScooterEntry
    | ShuttersEntry
    | SmokeAlarmEntry
    | SocketEntry
    | ThermometerEntry
    | ThermostatEntry
    | TvEntry
    | VacuumEntry
    | WatchEntry
)
"""`[[devices]]`: each kind with its options."""

ALONE: Mapping[type[DeviceEntry], Any] = {
    CameraEntry: CameraModel,
    ContactEntry: ContactModel,
    DoorbellEntry: DoorbellModel,
    GarageDoorEntry: CoverModel,
    LightEntry: LightModel,
    LockEntry: LockModel,
    MotionEntry: MotionModel,
    ScooterEntry: ScooterModel,
    ShuttersEntry: CoverModel,
    SmokeAlarmEntry: SmokeAlarmModel,
    SocketEntry: SocketModel,
    ThermometerEntry: ThermometerModel,
    ThermostatEntry: ThermostatModel,
    TvEntry: TvModel,
    VacuumEntry: VacuumModel,
}
"""Models that need to know nothing but their entry."""
THEIRS: Mapping[type[DeviceEntry], Any] = {
    BandEntry: WearableModel,
    PhoneEntry: PhoneModel,
    ScaleEntry: ScaleModel,
    WatchEntry: WearableModel,
}
"""Models that know the people of the household."""


def models_of(household: Household, entries: Sequence[DeviceEntry]) -> list[Model[Any]]:
    """Every virtual device of a home: its people, its places, its sky, and what is listed."""
    phones = {
        entry.person: PhoneModel(entry, household)
        for entry in reversed(entries)
        if isinstance(entry, PhoneEntry)
    }
    own: list[Model[Any]] = [SunModel(household), WeatherModel()]
    for person in household.people:
        phone = phones.get(person.name)
        own.append(PersonModel(household, person, source=phone.tracker if phone else ""))
    own += [ZoneModel(household, place) for place in household.places]
    return [*own, *(_model_of(household, entry) for entry in entries)]


def _model_of(household: Household, entry: DeviceEntry) -> Model[Any]:
    if type(entry) in THEIRS:
        model = THEIRS[type(entry)](entry, household)
    else:
        model = ALONE[type(entry)](entry)
    return cast(Model[Any], model)


def read_devices(tree: object, *, where: str) -> None:
    """Raise `InputError` for the first of `[[devices]]` that is no device, by kind and key.

    Each is read as what it says it is, since of all kinds at once only half could be explained.
    """
    kinds = {str(kind.__struct_config__.tag): kind for kind in get_args(AnyEntry)}
    for index, entry in enumerate(tree if isinstance(tree, list) else []):
        at = f"{where}: devices[{index}]"
        kind = entry.get("kind") if isinstance(entry, dict) else None
        if not isinstance(kind, str) or kind not in kinds:
            close = difflib.get_close_matches(str(kind), kinds, n=1)
            hint = f"did you mean '{close[0]}'?" if close else f"known are {', '.join(kinds)}"
            raise InputError(f"{at}: no kind is called {str(kind)[:40]!r}", hint=hint)
        convert_tree(entry, kinds[kind], where=at)


def check_devices(
    household: Household, entries: Sequence[DeviceEntry], taken: Iterable[str]
) -> None:
    """Raise `InputError` for a device that this home cannot have; `taken` are ids of others."""
    areas, people = household.areas, [person.name for person in household.people]
    sockets = [entry.id for entry in entries if isinstance(entry, SocketEntry)]
    seen = {*taken, *(model.id for model in models_of(household, ())), "scenes"}
    slugs: set[str] = set()
    thermostats = [entry.id for entry in entries if isinstance(entry, ThermostatEntry)]
    if len(thermostats) > 1:
        raise InputError(f"devices: {', '.join(thermostats)} are thermostats", hint="give one")
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
