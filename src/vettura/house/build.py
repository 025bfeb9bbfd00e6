"""Joins home file, bus and clock into the services that live in the house."""

from typing import Protocol

from msgspec.structs import replace

from vettura.bus.interface import Bus
from vettura.bus.subjects import (
    AUDIT_STREAM,
    AUDIT_STREAM_MAX_AGE_S,
    AUDIT_STREAM_SUBJECTS,
    CARS_BUCKET,
    CARS_STREAM,
    CARS_STREAM_MAX_AGE_S,
    CARS_STREAM_SUBJECTS,
    ENERGY_STREAM,
    ENERGY_STREAM_MAX_AGE_S,
    ENERGY_STREAM_SUBJECTS,
    HOME_BUCKET,
    HOUSE_BUCKET,
    TRACES_STREAM,
    TRACES_STREAM_MAX_AGE_S,
    TRACES_STREAM_SUBJECTS,
)
from vettura.car import load_car
from vettura.clock.interface import Clock
from vettura.drive import CarConfig, CarService, TwinConfig, TwinService
from vettura.energy import WallboxService
from vettura.home import DevicesService, HabitsService, HouseholdService, World, models_of
from vettura.home.car_device import CarDeviceService, CarFacts
from vettura.home.scene.read import read_scenes
from vettura.home.scene.service import NoScenes, SceneService
from vettura.home.scene.world import HomePlace
from vettura.house.file import CarEntry, HomeFile, place_of
from vettura.life import Household
from vettura.words.car import slugs


class Service(Protocol):
    """Anything that lives on the bus."""

    async def run(self) -> None:
        """Live until cancelled."""
        ...


async def prepare(bus: Bus) -> None:
    """Make the buckets and streams that the services share."""
    for name in (CARS_BUCKET, HOME_BUCKET, HOUSE_BUCKET):
        await bus.bucket(name)
    await bus.stream(CARS_STREAM, CARS_STREAM_SUBJECTS, max_age_s=CARS_STREAM_MAX_AGE_S)
    await bus.stream(AUDIT_STREAM, AUDIT_STREAM_SUBJECTS, max_age_s=AUDIT_STREAM_MAX_AGE_S)
    await bus.stream(ENERGY_STREAM, ENERGY_STREAM_SUBJECTS, max_age_s=ENERGY_STREAM_MAX_AGE_S)
    await bus.stream(TRACES_STREAM, TRACES_STREAM_SUBJECTS, max_age_s=TRACES_STREAM_MAX_AGE_S)


def build(
    home: HomeFile, bus: Bus, clock: Clock, *, seed: int, tells_all: bool = False
) -> dict[str, Service]:
    """Every service of the house by name, not yet running; `tells_all` as scenes take it."""
    household = _people(home)
    services: dict[str, Service] = {}
    for car in home.cars:
        config = _car_config(home, car)
        spec = load_car(car.model)
        services[f"car {car.vin}"] = CarService(bus, clock, config, spec)
        services[f"twin {car.vin}"] = TwinService(bus, clock, TwinConfig(vin=car.vin), spec)
    for station in home.stations:
        services[f"station {station.id}"] = WallboxService(
            bus, clock, household.id, station, is_planned=home.energy is not None
        )
    nearest = home.stations[0] if home.stations else None
    world = World(household, seed=seed)
    devices = DevicesService(bus, clock, world, models_of(household, home.devices))
    habits = HabitsService(bus, clock, devices, home.devices)
    services["devices"] = devices
    services["habits"] = habits
    services["household"] = HouseholdService(
        bus,
        clock,
        household,
        seed=seed,
        station=nearest,
        stations=home.stations,
        devices=devices,
        habits=habits,
    )
    for facts in car_facts(home):
        services[f"car device {facts.vin}"] = CarDeviceService(bus, clock, household, facts)
    if home.energy is not None:
        # numpy and a solver are loaded for homes that plan, not for those that do not.
        from vettura.house.energy import energy_services

        services |= energy_services(home, home.energy, bus, clock, seed=seed)
    services["scenes"] = _scenes(home, bus, clock, seed=seed, tells_all=tells_all)
    return services


def _people(home: HomeFile) -> Household:
    """The household; where charging is planned, a car at home hangs at the cable."""
    if home.energy is None or home.household.plug_below_soc is not None:
        return home.household
    return replace(home.household, plug_below_soc=1.0)


def car_facts(home: HomeFile) -> list[CarFacts]:
    """What the home's devices call each car."""
    specs = [(car.vin, load_car(car.model)) for car in home.cars]
    begin = slugs([(spec.name, vin) for vin, spec in specs])
    return [
        CarFacts(vin=vin, slug=slug, name=spec.name, make=spec.make, model=spec.model)
        for (vin, spec), slug in zip(specs, begin, strict=True)
    ]


def _scenes(home: HomeFile, bus: Bus, clock: Clock, *, seed: int, tells_all: bool) -> Service:
    household = home.household
    if not home.scenes:
        return NoScenes(bus, clock, home=household.id)
    return SceneService(
        bus,
        clock,
        read_scenes(home.scenes),
        HomePlace(
            timezone=household.timezone,
            latitude_deg=household.home.latitude_deg,
            longitude_deg=household.home.longitude_deg,
            elevation_m=household.home.elevation_m,
        ),
        home=household.id,
        seed=seed,
        tells_all=tells_all,
    )


def _car_config(home: HomeFile, car: CarEntry) -> CarConfig:
    place = place_of(home, car)
    return CarConfig(
        vin=car.vin,
        home=home.household.id,
        place=place.name,
        latitude_deg=place.latitude_deg,
        longitude_deg=place.longitude_deg,
        altitude_m=place.elevation_m,
        soc=car.soc,
    )
