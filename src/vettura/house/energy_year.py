"""A home file's year as a world to rehearse charging in: prices, sun, load, weather, drives."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import final

import numpy as np

from vettura.car import Params, load_car, params_of
from vettura.energy.car_store import car_store
from vettura.energy.config import CarGoalConfig, DynamicTariff, EnergyConfig
from vettura.energy.forecast import Forecaster
from vettura.energy.forecast_truth import NationalYear, Truth, read_national
from vettura.energy.forecast_worlds import national_world, virtual_world
from vettura.energy.need import Consumption, Wish
from vettura.energy.prices_market import NO_MARKET
from vettura.energy.problem import Array
from vettura.energy.slots import Slots
from vettura.energy.tariff import connection_of, true_prices
from vettura.energy.year.leavers import stated_late
from vettura.energy.year.world import Absence, CarYear, World
from vettura.errors import InputError
from vettura.house.energy_drives import Ways, absences_of, consumption_of, with_factors
from vettura.house.file import CarEntry, HomeFile
from vettura.life.local_time import day_start_ns, local_date
from vettura.units import NS_PER_S, WH_PER_KWH

HOUR_NS = 3600 * NS_PER_S
END_SHARE = 0.25
"""What is held at the end is worth the price that this share of the year is below."""
GIVES_W = 6_000.0
"""What a bidirectional wallbox gives back, unless the command says otherwise."""
NOTHING_DRIVEN = Consumption((0.0, 20.0), (0.0, 0.0), (0.0, 0.0), 0.0)
PRICES_HINT = (
    "day-ahead prices as CSV (time_utc, price_eur_per_mwh, solar_mw, load_mw): "
    "see docs/energy-year.md; name the file with --prices"
)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class YearWanted:
    """Which year of which home."""

    home: HomeFile
    year: int
    prices: Path | None = None
    slot_s: int = 3600
    seed: int | None = None
    early_leavers: bool = False
    gives_w: float = GIVES_W
    days: int | None = None
    """Only so many from the first of January; None: the whole year."""
    roof_weather: bool = False
    """The panels see the seeded weather of the place instead of the country's sun of those hours,
    which has the true link with prices."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class HomeYear:
    """What is rehearsed, and what can be known of it beforehand."""

    world: World
    foresight: Forecaster
    notes: tuple[str, ...] = ()


def home_year(wanted: YearWanted, *, on_part: Callable[[str], None] = lambda _: None) -> HomeYear:
    """Build the world of a home's year; InputError says what the home file or prices lack."""
    home = wanted.home
    config = home.energy
    if config is None:
        raise InputError(
            "the home file has no [energy]", hint="add tariff, panels and goals: docs/energy.md"
        )
    if not home.stations:
        raise InputError(
            "the home file has no [[stations]]", hint="cars charge at home; add a wallbox"
        )
    seed = home.seed if wanted.seed is None else wanted.seed
    national = _national(wanted, config)
    slots = _slots(wanted, national)
    on_part("weather and sun")
    truth = _truth(wanted, config, national, slots, seed)
    prices = true_prices(config, slots, timezone=home.household.timezone, market=truth.market)
    on_part("drives")
    cars = tuple(_cars(wanted, config, slots, seed))
    world = World(
        slots=slots,
        timezone=home.household.timezone,
        load_w=truth.load_w,
        sun_w=truth.sun_w,
        import_per_wh=prices.import_per_wh,
        export_per_wh=prices.export_per_wh,
        carbon_g_per_wh=prices.carbon_g_per_wh,
        connection=connection_of(config.grid),
        cars=cars,
        battery=config.battery,
        carbon_per_g=config.grid.carbon_per_t / 1e6,
        is_stated_exact=not wanted.early_leavers,
        end_per_wh=_end_per_wh(cars, prices.import_per_wh),
    )
    foresight = Forecaster(truth, config, timezone=home.household.timezone, seed=seed)
    return HomeYear(world=world, foresight=foresight, notes=_notes(config, national, wanted))


def _truth(
    wanted: YearWanted,
    config: EnergyConfig,
    national: NationalYear | None,
    slots: Slots,
    seed: int,
) -> Truth:
    """Sun, load and air; the country's sun where the prices' file has it."""
    place, timezone = wanted.home.household.home, wanted.home.household.timezone
    if national is None or wanted.roof_weather or not national.solar_w.any():
        market = national.market if national else NO_MARKET
        return virtual_world(config, place, slots, timezone=timezone, market=market, seed=seed)
    return national_world(config, place, slots, timezone=timezone, national=national, seed=seed)


def _national(wanted: YearWanted, config: EnergyConfig) -> NationalYear | None:
    dynamic = [t for t in (config.tariff, config.feed_in) if isinstance(t, DynamicTariff)]
    path = wanted.prices
    if path is None:
        named = next((Path(tariff.file) for tariff in dynamic if tariff.file), None)
        path = named
    if path is None:
        if dynamic:
            raise InputError("the tariff is dynamic, and no prices are given", hint=PRICES_HINT)
        return None
    if not path.is_file():
        raise InputError(f"{path}: no such file of prices", hint=PRICES_HINT)
    return read_national(path)


def _slots(wanted: YearWanted, national: NationalYear | None) -> Slots:
    """The local year, as far as there are prices for it."""
    timezone = wanted.home.household.timezone
    start_ns = day_start_ns(date(wanted.year, 1, 1), timezone)
    end_ns = day_start_ns(date(wanted.year + 1, 1, 1), timezone)
    if national is not None:
        known = national.slots
        first, last = (_year_of(each) for each in (known.start_ns, known.end_ns - HOUR_NS))
        start_ns, end_ns = max(start_ns, known.start_ns), min(end_ns, known.end_ns)
        if start_ns >= end_ns:
            raise InputError(
                f"--year {wanted.year}: the prices are of {first} to {last}", hint=PRICES_HINT
            )
    if wanted.days is not None:
        until = local_date(start_ns, timezone) + timedelta(days=wanted.days)
        end_ns = min(end_ns, day_start_ns(until, timezone))
    slot_ns = wanted.slot_s * NS_PER_S
    return Slots(start_ns=start_ns, slot_s=wanted.slot_s, count=int((end_ns - start_ns) // slot_ns))


def _year_of(time_ns: int) -> int:
    return datetime.fromtimestamp(time_ns // NS_PER_S, tz=UTC).year


def _cars(wanted: YearWanted, config: EnergyConfig, slots: Slots, seed: int) -> Sequence[CarYear]:
    home = wanted.home
    goals = {goal.vin: goal for goal in config.goals}
    return [
        _car(wanted, car, goals.get(car.vin, CarGoalConfig(vin=car.vin)), slots, seed)
        for car in home.cars
    ]


def _car(
    wanted: YearWanted, entry: CarEntry, goal: CarGoalConfig, slots: Slots, seed: int
) -> CarYear:
    home = wanted.home
    params = params_of(load_car(entry.model))
    absences, consumption = _driven(wanted, entry, params, slots, seed)
    station = home.stations[0]
    store = car_store(
        params,
        power_w_max=station.power_w_max,
        phases=station.phases,
        gives_w_max=wanted.gives_w if goal.gives else 0.0,
    )
    return CarYear(
        vin=entry.vin,
        store=store,
        start_wh=store.energy_at(entry.soc),
        wish=Wish(soc=goal.soc, floor_soc=goal.floor_soc),
        wear_per_wh=goal.wear_per_kwh / WH_PER_KWH,
        gives=goal.gives,
        absences=absences,
        consumption=consumption,
    )


def _driven(
    wanted: YearWanted, entry: CarEntry, params: Params, slots: Slots, seed: int
) -> tuple[tuple[Absence, ...], Consumption]:
    """When the car is away, and what is known of how much it takes."""
    household = wanted.home.household
    person = next((p for p in household.people if p.car == entry.vin), None)
    if person is None:
        return (), NOTHING_DRIVEN
    first = local_date(slots.start_ns, household.timezone)
    last = local_date(slots.end_ns - 1, household.timezone)
    days = [first + timedelta(days=k) for k in range((last - first).days + 1)]
    ways = Ways(params)
    absences, used = absences_of(household, person, params, ways, days=days, slots=slots, seed=seed)
    if not used:
        return (), NOTHING_DRIVEN
    consumption = consumption_of(params, person, ways, used)
    found = with_factors(absences, consumption)
    return (stated_late(found, seed=seed, vin=entry.vin) if wanted.early_leavers else found), (
        consumption
    )


def _end_per_wh(cars: Sequence[CarYear], import_per_wh: Array) -> float:
    efficiency = cars[0].store.charge_efficiency if cars else 1.0
    return float(np.quantile(import_per_wh, END_SHARE)) / efficiency


def _notes(
    config: EnergyConfig, national: NationalYear | None, wanted: YearWanted
) -> tuple[str, ...]:
    notes = []
    if config.panels and national is not None and not wanted.roof_weather:
        notes.append(
            "sun: shaped by the country's panels in the same hours, scaled to what these give in a "
            "year at this place"
        )
    if wanted.early_leavers:
        notes.append("drivers leave earlier than they say: two in three by over an hour (ACN-Data)")
    return tuple(notes)
