"""A small world for two weeks: one car, made-up prices with a shape, sun at noon, a commute."""

from dataclasses import replace

import numpy as np

from vettura.car import load_car, params_of
from vettura.energy.car_store import car_store
from vettura.energy.forecast import Forecasts
from vettura.energy.local_grid import local_grid
from vettura.energy.need import Consumption, Wish
from vettura.energy.problem import Connection
from vettura.energy.slots import Slots
from vettura.energy.spread import certain
from vettura.energy.tariff import SlotPrices
from vettura.energy.year.world import Absence, CarYear, World
from vettura.units import NS_PER_S

START_NS = 1_704_067_200 * NS_PER_S  # Monday 2024-01-01, 00:00 UTC
HOUR_NS = 3600 * NS_PER_S
STORE = car_store(
    params_of(load_car("nissan-leaf-40kwh")), power_w_max=7_400.0, phases=1.0, gives_w_max=6_000.0
)
TABLE = Consumption((0.0, 20.0), (0.2, 0.15), (0.0, 0.0), 0.06)


def a_commute(day: int, slot_s: int, *, lead_h: float = 0.0) -> Absence:
    """Leaves at 07:30, is back at 17:30, after 60 km; stated `lead_h` hours later than it is."""
    leave_ns = START_NS + round((24 * day + 7.5) * HOUR_NS)
    back_ns = leave_ns + 10 * HOUR_NS
    slot_ns = slot_s * NS_PER_S
    return Absence(
        name="office",
        leave_ns=leave_ns,
        back_ns=back_ns,
        stated_ns=leave_ns + round(lead_h * HOUR_NS),
        first=(leave_ns - START_NS) // slot_ns,
        end=-(-(back_ns - START_NS) // slot_ns),
        distance_m=60_000.0,
        degc=10.0,
        way_factor=1.0,
        used_wh=60_000.0 * 0.175,
    )


def a_world(
    *,
    days: int = 14,
    slot_s: int = 3600,
    sun_w: float = 5_000.0,
    soc: float | None = 0.8,
    absences: tuple[Absence, ...] | None = None,
    **changes: object,
) -> World:
    """The world; `sun_w` is the panels' best."""
    count = days * 86_400 // slot_s
    hour = np.arange(count) * slot_s / 3600.0
    rough = np.random.default_rng(3).normal(0.0, 1.0, days + 1)
    sunny = np.clip(0.6 + 0.3 * rough[(hour // 24).astype(int)], 0.1, 1.0)
    daily = 0.06 * np.sin((hour - 9.0) * np.pi / 6.0) + 0.02 * rough[(hour // 24).astype(int)]
    car = CarYear(
        vin="LEAF",
        store=STORE,
        start_wh=STORE.energy_at(0.6),
        absences=absences or tuple(a_commute(day, slot_s) for day in range(days) if day % 7 < 5),
        consumption=TABLE,
        wish=Wish(soc=soc),
        wear_per_wh=5e-5,
    )
    given = {
        "slots": Slots(start_ns=START_NS, slot_s=slot_s, count=count),
        "timezone": "UTC",
        "load_w": np.full(count, 400.0) + 900.0 * (hour % 24 > 18.0),
        "sun_w": sun_w * sunny * np.clip(np.sin((hour % 24 - 7.0) * np.pi / 10.0), 0.0, 1.0),
        "import_per_wh": (0.28 + daily) / 1000.0,
        "export_per_wh": np.full(count, 8e-5),
        "carbon_g_per_wh": np.full(count, 0.35),
        "connection": Connection(import_w_max=15_000.0, export_w_max=15_000.0),
        "cars": (car,),
        "end_per_wh": 2.6e-4,
    }
    return World(**{**given, **changes})


class Seen:
    """What is known of the small world: prices of 24 hours, the rest as it was a day before.

    `is_perfect` sees everything as it will be.
    """

    def __init__(self, world: World, *, is_perfect: bool = False) -> None:
        self.world, self.is_perfect = world, is_perfect

    def at(self, time_ns: int, count: int) -> Forecasts:
        world, first = self.world, self.world.slots.index(time_ns)
        count = min(count, world.slots.count - first)
        slots = Slots(start_ns=time_ns, slot_s=world.slots.slot_s, count=count)
        ahead = np.arange(first, first + count)
        per_day = 86_400 // world.slots.slot_s
        before = ahead if self.is_perfect else np.maximum(ahead - 2 * per_day, ahead % per_day)
        known = count if self.is_perfect else min(per_day, count)
        price = world.import_per_wh[np.where(np.arange(count) < known, ahead, before)]
        prices = SlotPrices(
            slots=slots,
            import_per_wh=price,
            import_low=price,
            import_high=price,
            export_per_wh=world.export_per_wh[ahead],
            known=known,
            carbon_g_per_wh=None,
        )
        return Forecasts(
            slots=slots,
            grid=local_grid(slots, "UTC"),
            prices=prices,
            sun_w=certain(world.sun_w[before]),
            load_w=certain(world.load_w[ahead]),
            ambient_degc=certain(np.full(count, 10.0)),
        )


def late_stated(world: World, lead_h: float) -> World:
    """The same world whose driver states departures that much too late."""
    (car,) = world.cars
    absences = tuple(
        replace(one, stated_ns=one.leave_ns + round(lead_h * HOUR_NS)) for one in car.absences
    )
    return replace(world, cars=(replace(car, absences=absences),), is_stated_exact=False)
