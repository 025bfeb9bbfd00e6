"""The services of a home that plans its energy."""

from vettura.bus.interface import Bus
from vettura.car import load_car, params_of
from vettura.clock.interface import Clock
from vettura.energy.bills_service import BillsService
from vettura.energy.config import CarGoalConfig, EnergyConfig
from vettura.energy.gather import CarFacts, store_of
from vettura.energy.inputs_service import InputsService
from vettura.energy.sharing_service import SharingService
from vettura.energy.site_bridge import SiteBridge
from vettura.energy.site_service import EnergyService
from vettura.energy.virtual_site import VirtualSite
from vettura.house.build import Service
from vettura.house.file import CarEntry, HomeFile


def energy_services(
    home: HomeFile, config: EnergyConfig, bus: Bus, clock: Clock, *, seed: int
) -> dict[str, Service]:
    """By name, not yet running."""
    household = home.household
    cars = [_facts(home, config, entry) for entry in home.cars]
    bills = BillsService(
        bus,
        clock,
        household.id,
        currency=config.currency,
        stations=home.stations,
        cars_w=_most_w(home, cars),
    )
    energy = EnergyService(bus, clock, household, config, cars=cars, stations=home.stations)
    inputs = InputsService(bus, clock, household, config, seed=seed)
    planning: dict[str, Service] = {"inputs": inputs, "energy": energy, "bills": bills}
    return planning | _connection(home, config, bus, clock, seed=seed)


def _connection(
    home: HomeFile, config: EnergyConfig, bus: Bus, clock: Clock, *, seed: int
) -> dict[str, Service]:
    """The house's meter, and who keeps its fuse."""
    household, stations = home.household, home.stations
    services: dict[str, Service] = {
        "sharing": SharingService(bus, clock, household.id, stations, config.grid, config.sharing)
    }
    if config.virtual:
        services["site"] = VirtualSite(bus, clock, household, config, stations, seed=seed)
    else:
        services["site"] = SiteBridge(bus, clock, household.id, config, stations)
    return services


def _facts(home: HomeFile, config: EnergyConfig, entry: CarEntry) -> CarFacts:
    spec = load_car(entry.model)
    drivers = [person for person in home.household.people if person.car == entry.vin]
    goals = [goal for goal in config.goals if goal.vin == entry.vin]
    return CarFacts(
        vin=entry.vin,
        name=spec.name,
        params=params_of(spec),
        driver=drivers[0] if drivers else None,
        goal=goals[0] if goals else CarGoalConfig(vin=entry.vin),
    )


def _most_w(home: HomeFile, cars: list[CarFacts]) -> dict[str, float]:
    """What each car takes at the station where it takes most [W]."""
    return {
        facts.vin: max(store_of(facts, station).charge_w_max for station in home.stations)
        for facts in cars
        if home.stations
    }
