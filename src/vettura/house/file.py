"""The home file: one TOML tree that says who lives where, with which car and station."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from vettura.car import load_car
from vettura.config import convert_tree, read_bytes, read_toml
from vettura.energy.config import DynamicTariff, EnergyConfig
from vettura.errors import InputError
from vettura.faces.config import FacesConfig, Port
from vettura.home.device.kinds import AnyEntry, check_devices, read_devices
from vettura.home.scene.read import read_scenes
from vettura.life import Household, Place, StationConfig


class CarEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A car of the household."""

    vin: Annotated[str, Meta(pattern=r"^[A-HJ-NPR-Z0-9]{17}$")]
    """Vehicle identification number (ISO 3779): 17 capitals and digits without I, O and Q."""
    model: str
    """Id of a car we ship, or the path of a car file."""
    place: str = "home"
    """Name of the place where it stands when it is new."""
    soc: Annotated[float, Meta(ge=0.05, le=1.0)] = 0.6
    """Displayed charge when it is new, 0 to 1."""


class ClockConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How time runs when the command line does not say."""

    speed: Annotated[float, Meta(gt=0.0, le=10_000.0)] = 1.0
    start: datetime | None = None
    """Local time at which a new life begins; None: now, at `speed` 1."""


class BusConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[bus]`: where the embedded server listens, on this machine only.

    0 takes the port of last time when it is free, else a free one. Whoever meets the house from
    outside, such as Home Assistant, wants a number that stays.
    """

    nats_port: Port = 0
    mqtt_port: Port = 0
    """MQTT 3.1.1."""


class HomeFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole home file."""

    like: str = ""
    """Another home file, found from this one's folder: it has all that this one does not say, by
    whole sections."""
    seed: Annotated[int, Meta(ge=0)] = 0
    """Everything that happens by chance in this home follows from it."""
    clock: ClockConfig = ClockConfig()
    household: Household
    cars: Annotated[list[CarEntry], Meta(min_length=1)]
    stations: list[StationConfig] = []
    devices: Annotated[list[AnyEntry], Meta(max_length=500)] = []
    """Virtual devices, by kind."""
    scenes: Annotated[list[str], Meta(max_length=100)] = []
    """Files of scenes in Home Assistant's YAML, relative to the home file."""
    energy: EnergyConfig | None = None
    """Tariff, sun and goals; None: whoever plugs in charges at once."""
    bus: BusConfig = BusConfig()
    faces: FacesConfig = FacesConfig()


def load_home(path: str | Path) -> HomeFile:
    """Read and check a home file and its scenes; InputError names file, key and remedy."""
    tree = _like_another(read_toml(read_bytes(path), where=str(path)), Path(path))
    read_devices(tree.get("devices"), where=str(path))
    home = convert_tree(tree, HomeFile, where=str(path))
    try:
        _check(home)
    except InputError as error:
        raise InputError(f"{path}: {error.message}", hint=error.hint) from None
    folder = Path(path).parent
    home = replace(home, scenes=[str(folder / name) for name in home.scenes])
    if home.energy is not None:
        home = replace(home, energy=_found_from(home.energy, folder))
    read_scenes(home.scenes)
    return home


def _like_another(tree: dict[str, Any], path: Path) -> dict[str, Any]:
    """The tree with the sections of the file that it is like, where it has none of its own."""
    name = tree.get("like")
    if not isinstance(name, str) or not name:
        return tree
    other = path.parent / name
    if other.parent != path.parent:
        raise InputError(f"{path}: like: {name} lies in another folder", hint="copy it beside")
    base = read_toml(read_bytes(other), where=str(other))
    if base.get("like"):
        raise InputError(f"{path}: like: {name} is itself like another", hint="name that one")
    return base | tree


def _found_from(energy: EnergyConfig, folder: Path) -> EnergyConfig:
    """With the files that it names found from the home file's folder."""

    def found(name: str) -> str:
        return str(folder / name) if name else ""

    tariffs = {
        key: replace(tariff, file=found(tariff.file), token_file=found(tariff.token_file))
        for key, tariff in (("tariff", energy.tariff), ("feed_in", energy.feed_in))
        if isinstance(tariff, DynamicTariff)
    }
    calendar = energy.calendar
    if calendar is not None:
        calendar = replace(calendar, file=found(calendar.file))
    sky = energy.sun_forecast
    if sky is not None:
        sky = replace(sky, file=found(sky.file))
    return replace(energy, calendar=calendar, sun_forecast=sky, **tariffs)


def _check(home: HomeFile) -> None:
    names = [place.name for place in home.household.places]
    for index, car in enumerate(home.cars):
        try:
            load_car(car.model)
        except InputError as error:
            raise InputError(f"cars[{index}].model: {error.message}", hint=error.hint) from None
        if car.place not in names:
            raise InputError(
                f"cars[{index}].place: no place is called '{car.place}'",
                hint=f"known are {', '.join(names)}",
            )
    vins = [car.vin for car in home.cars]
    for vin in vins:
        if vins.count(vin) > 1:
            raise InputError(f"cars: vin {vin} stands twice")
    for person in home.household.people:
        if person.car and person.car not in vins:
            raise InputError(
                f"household.people: {person.name} drives '{person.car}', which no car has as vin",
                hint=f"known are {', '.join(vins)}",
            )
    for index, goal in enumerate(home.energy.goals if home.energy else ()):
        if goal.vin not in vins:
            raise InputError(
                f"energy.goals[{index}].vin: no car has the vin '{goal.vin}'",
                hint=f"known are {', '.join(vins)}",
            )
    _check_ocpp(home)
    check_devices(home.household, home.devices, [station.id for station in home.stations])


def _check_ocpp(home: HomeFile) -> None:
    """Whoever comes as a wallbox, or plays one, is a station that is described."""
    virtual = {station.id: station.virtual for station in home.stations}
    known = ", ".join(virtual) or "none"
    for entry in home.faces.ocpp.stations if home.faces.ocpp else ():
        where = f"faces.ocpp.stations: '{entry.id}'"
        if entry.id not in virtual:
            raise InputError(f"{where} is no station of the home", hint=f"known are {known}")
        if virtual[entry.id]:
            raise InputError(
                f"{where} is a virtual station", hint="say virtual = false in its [[stations]]"
            )
    for point in home.faces.ocpp_points:
        if point.station not in virtual:
            raise InputError(
                f"faces.ocpp_points: no station is called '{point.station}'",
                hint=f"known are {known}",
            )


def place_of(home: HomeFile, car: CarEntry) -> Place:
    """Where a car stands when it is new; `load_home` has checked that the place is there."""
    place = home.household.place(car.place)
    assert place is not None
    return place
