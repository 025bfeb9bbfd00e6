"""Believable messages of a home that plans its energy: one spring day, worked out from the hour.

A market with a dear evening, a sunny noon, a home battery, a car that leaves at seven and comes
back at six. What each storage does follows from simple rules, so that flows balance in each slot
and reasons say what the figures show; it is made for looking at the page, not for planning.
"""

import math
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from vettura.bus.messages_energy import (
    Bill,
    ChargingNeeds,
    EnergyNote,
    EnergyPlan,
    Forecast,
    GoalState,
    Mode,
    ModeState,
    Prices,
    Reason,
    Saved,
    Shortfall,
    SiteMeter,
    StoragePlan,
)
from vettura.units import NS_PER_S

SLOT_S, COUNT = 900, 192
SLOT_NS, SLOT_H = SLOT_S * NS_PER_S, SLOT_S / 3600.0
DAY_NS = 86_400 * NS_PER_S
ZONE = ZoneInfo("Europe/Rome")
CAR_WH, BATTERY_WH = 73_600.0, 10_000.0
SOC = 0.63
CHEAP, DEAR = 0.235, 0.33
"""Below it the car charges, above it the stores feed the house [EUR/kWh]."""


def hour_of(time_ns: int) -> float:
    """Hours since midnight on that home's clock."""
    local = datetime.fromtimestamp(time_ns / NS_PER_S, UTC).astimezone(ZONE)
    return local.hour + local.minute / 60 + local.second / 3600


def price_at(hour: float) -> float:
    """EUR/kWh that the house pays: dear at eight and at twenty, cheap by night and at noon."""
    morning = 0.09 * math.exp(-(((hour - 8) / 1.6) ** 2))
    evening = 0.17 * math.exp(-(((hour - 20) / 2.0) ** 2))
    noon = -0.05 * math.exp(-(((hour - 13.5) / 2.4) ** 2))
    night = -0.045 * math.exp(-(((hour - 3) / 2.2) ** 2))
    return round(0.265 + morning + evening + noon + night, 4)


def sun_at(hour: float, *, day: int = 0) -> float:
    """Watts of 6 kWp; the second day is half cloudy."""
    share = max(0.0, math.sin(math.pi * (hour - 6.2) / 13.0)) if 6.2 < hour < 19.2 else 0.0
    ripple = 1.0 - 0.10 * math.sin(hour * 7.0) ** 2
    return 4_900.0 * share**1.3 * ripple * (1.0, 0.55, 0.8)[day % 3]


def load_at(hour: float) -> float:
    """Watts of a house without its car."""
    meals = 900 * math.exp(-(((hour - 7.3) / 0.7) ** 2)) + 600 * math.exp(-((hour - 13) ** 2))
    evening = 1_150 * math.exp(-(((hour - 19.8) / 1.5) ** 2))
    return 290.0 + meals + evening


class Day:
    """The messages at one instant of the home's clock [ns since the epoch]."""

    def __init__(self, now_ns: int, vin: str, station: str = "wallbox") -> None:
        self.now_ns, self.vin, self.station = now_ns, vin, station
        self.start_ns = now_ns // SLOT_NS * SLOT_NS
        self.times = [self.start_ns + k * SLOT_NS for k in range(COUNT)]
        self.hours = [hour_of(one) for one in self.times]
        first = datetime.fromtimestamp(self.start_ns / NS_PER_S, ZONE).date()
        self.days = [
            (datetime.fromtimestamp(one / NS_PER_S, ZONE).date() - first).days for one in self.times
        ]

    def leave_ns(self) -> int:
        """The next seven o'clock at which the car leaves."""
        return next(t for t, hour in zip(self.times, self.hours, strict=True) if hour == 7.0)

    def prices(self, **changed: object) -> Prices:
        known = next((k for k, day in enumerate(self.days) if day == 2), COUNT)
        known = min(known, COUNT)
        paid = [price_at(hour) for hour in self.hours]
        spread = [0.0 if k < known else 0.012 + 0.0009 * (k - known) for k in range(COUNT)]
        told = {
            "time_ns": self.now_ns,
            "start_ns": self.start_ns,
            "slot_s": SLOT_S,
            "currency": "EUR",
            "import_per_wh": [one / 1000 for one in paid],
            "export_per_wh": [0.079 / 1000] * COUNT,
            "carbon_g_per_wh": [0.2 + price * 0.4 for price in paid],
            "known": known,
            "low_per_wh": [(p - s) / 1000 for p, s in zip(paid, spread, strict=True)],
            "high_per_wh": [(p + 1.3 * s) / 1000 for p, s in zip(paid, spread, strict=True)],
            "source": "day-ahead, zone NORD",
        }
        return Prices(**{**told, **changed})  # type: ignore[arg-type]

    def forecast(self, what: str) -> Forecast:
        if what == "sun":
            middle = [sun_at(h, day=d) for h, d in zip(self.hours, self.days, strict=True)]
            low, high = [0.62 * w for w in middle], [min(5_100.0, 1.25 * w) for w in middle]
        else:
            middle = [load_at(hour) for hour in self.hours]
            low, high = [0.72 * w for w in middle], [1.45 * w for w in middle]
        return Forecast(
            time_ns=self.now_ns,
            start_ns=self.start_ns,
            slot_s=SLOT_S,
            low_w=low,
            middle_w=middle,
            high_w=high,
            source="clear sky and weather" if what == "sun" else "the last four weeks",
        )

    def goal(self, **changed: object) -> GoalState:
        told = {
            "time_ns": self.now_ns,
            "vin": self.vin,
            "soc": 0.78,
            "by_ns": self.leave_ns(),
            "early_ns": self.leave_ns() - 3600 * NS_PER_S,
            "floor_soc": 0.2,
            "source": "trip",
            "text": "Giulia to the office and back, 38 km, with a margin for cold",
        }
        return GoalState(**{**told, **changed})  # type: ignore[arg-type]

    def needs(self) -> ChargingNeeds:
        return ChargingNeeds(
            time_ns=self.now_ns,
            station=self.station,
            vin=self.vin,
            soc=SOC,
            capacity_wh=CAR_WH,
            charge_w_max=11_000.0,
            discharge_w_max=6_000.0,
            source="car",
        )

    def mode(self, mode: Mode = "plan") -> ModeState:
        return ModeState(time_ns=self.now_ns, station=self.station, mode=mode)

    def site(self, *, car_w: float | None = None, battery_w: float | None = None) -> SiteMeter:
        """What flows now; what the car and the battery take can be said."""
        hour = hour_of(self.now_ns)
        sun, load = sun_at(hour), load_at(hour)
        surplus = sun - load
        battery = max(-2_400.0, min(2_400.0, surplus)) if battery_w is None else battery_w
        car = 0.0 if car_w is None else car_w
        return SiteMeter(
            time_ns=self.now_ns,
            grid_w=load + car + battery - sun,
            sun_w=sun,
            load_w=load,
            stations_w=car,
            battery_w=battery,
            battery_soc=0.62,
            import_wh=4.2e6,
            export_wh=2.1e6,
            sun_wh=6.6e6,
            source="virtual",
        )

    def plan(self, **changed: object) -> EnergyPlan:
        car, battery = _Store(CAR_WH, SOC), _Store(BATTERY_WH, 0.62)
        goal, floor = 0.74 * CAR_WH, 0.2 * CAR_WH
        leave_ns = self.leave_ns()
        flows: dict[str, list[float]] = {"import": [], "export": [], "load": [], "sun": []}
        here: list[bool] = []
        for time_ns, hour, day in zip(self.times, self.hours, self.days, strict=True):
            sun, load, price = sun_at(hour, day=day), load_at(hour), price_at(hour)
            is_here = not 7.0 <= hour < 18.0 or datetime.fromtimestamp(
                time_ns / NS_PER_S, ZONE
            ).weekday() in {5, 6}
            if not is_here:
                car.drive(5_900.0 / 44)
            wants = car.wh < max(goal, floor) or time_ns > leave_ns
            left = car.act(sun, load, price, is_here=is_here, wants=wants, limit_w=7_400.0)
            left = battery.balance(left, price)
            here.append(is_here)
            flows["sun"].append(sun)
            flows["load"].append(load)
            flows["import"].append(max(0.0, -left))
            flows["export"].append(max(0.0, left))
        paid = [price_at(hour) / 1000 for hour in self.hours]
        cost = sum(i * p for i, p in zip(flows["import"], paid, strict=True)) * SLOT_H
        told = {
            "time_ns": self.now_ns,
            "start_ns": self.start_ns,
            "slot_s": SLOT_S,
            "currency": "EUR",
            "origin": "planner",
            "import_w": flows["import"],
            "export_w": flows["export"],
            "load_w": flows["load"],
            "sun_w": flows["sun"],
            "import_per_wh": paid,
            "export_per_wh": [0.079 / 1000] * COUNT,
            "marginal_per_wh": paid,
            "storages": [
                car.told(self.vin, "car", here),
                battery.told("battery", "battery", [True] * COUNT),
            ],
            "cost": cost,
            "took_s": 0.004,
        }
        return EnergyPlan(**{**told, **changed})  # type: ignore[arg-type]

    def shortfall(self, missing_wh: float = 4_300.0, *, goal: str = "") -> Shortfall:
        return Shortfall(
            goal=goal or f"{self.vin}: 80 %", by_ns=self.leave_ns(), missing_wh=missing_wh
        )

    def bills(self, count: int = 34) -> list[Bill]:
        """One charge every two days or so, up to yesterday."""
        return [self.bill(number, count) for number in range(count)]

    def bill(self, number: int, count: int = 34) -> Bill:
        end_ns = self.start_ns - int((count - number) * 1.9 * DAY_NS) + 11 * 900 * NS_PER_S
        energy = 9_000.0 + 1_700.0 * (number * 7 % 11)
        sun = energy * (0.12 * (number % 6))
        cost = (energy - sun) / 1000 * 0.223 + sun / 1000 * 0.079
        return Bill(
            id=f"{self.station}:{number}",
            station=self.station,
            vin=self.vin,
            start_ns=end_ns - (3 + number % 4) * 3600 * NS_PER_S,
            end_ns=end_ns,
            energy_wh=energy,
            given_wh=1_400.0 if number % 5 == 2 else 0.0,
            sun_wh=sun,
            cost=cost,
            plugged_cost=energy / 1000 * 0.342,
            carbon_g=(energy - sun) * 0.24,
            plugged_carbon_g=energy * 0.33,
            currency="EUR",
            note="meter was offline for 12 min, estimated" if number == 20 else "",
        )

    def saved(self) -> Saved:
        bills = self.bills()
        return Saved(
            time_ns=self.now_ns,
            since_ns=bills[0].start_ns,
            currency="EUR",
            charges=len(bills),
            energy_wh=sum(one.energy_wh for one in bills),
            sun_wh=sum(one.sun_wh for one in bills),
            given_wh=sum(one.given_wh for one in bills),
            cost=sum(one.cost for one in bills),
            plugged_cost=sum(one.plugged_cost for one in bills),
            carbon_g=sum(one.carbon_g for one in bills),
            plugged_carbon_g=sum(one.plugged_carbon_g for one in bills),
        )

    def note(self, text: str, about: str = "prices") -> EnergyNote:
        return EnergyNote(time_ns=self.now_ns, about=about, text=text)


class _Store:
    """A battery that follows a rule, and remembers what it did and why."""

    def __init__(self, capacity_wh: float, soc: float) -> None:
        self.capacity_wh, self.wh = capacity_wh, soc * capacity_wh
        self.energy_wh = [self.wh]
        self.charge_w: list[float] = []
        self.discharge_w: list[float] = []
        self.reasons: list[Reason] = []

    def drive(self, wh: float) -> None:
        self.wh = max(0.1 * self.capacity_wh, self.wh - wh)

    def act(
        self, sun: float, load: float, price: float, *, is_here: bool, wants: bool, limit_w: float
    ) -> float:
        """A car: what is left of the sun after it; below zero is still wanted."""
        surplus, cents = sun - load, f"{price * 100:.1f} ct"
        room_w = (0.8 * self.capacity_wh - self.wh) / SLOT_H
        if not is_here:
            return self._do(0.0, "away", "The car is away", surplus)
        if surplus > 1_400 and room_w > 0:
            power = min(surplus, limit_w, room_w)
            return self._do(power, "sun", "The sun gives more than the house uses", surplus)
        if wants and price < CHEAP and room_w > 0:
            words = f"{cents}/kWh is among the cheapest hours before 07:00"
            return self._do(min(limit_w, room_w), "cheap", words, surplus)
        if price > DEAR + 0.04 and self.wh > 0.35 * self.capacity_wh and surplus < 0:
            words = f"{cents}/kWh from the grid is dearer than charging again by night"
            return self._do(max(surplus, -3_000.0), "house", words, surplus)
        if wants:
            return self._do(0.0, "wait", f"{cents}/kWh now; cheaper hours come", surplus)
        return self._do(0.0, "idle", "There is enough for the next trip", surplus)

    def balance(self, surplus: float, price: float) -> float:
        """A home battery: keeps the sun, and gives when energy is dear."""
        top, bottom = 0.98 * self.capacity_wh, 0.1 * self.capacity_wh
        if surplus > 0 and self.wh < top:
            power = min(surplus, 3_000.0, (top - self.wh) / SLOT_H)
            return self._do(power, "sun", "Kept for the evening", surplus)
        if -5_000 < surplus < 0 and price > 0.29 and self.wh > bottom:
            power = max(surplus, -3_000.0, (bottom - self.wh) / SLOT_H)
            return self._do(power, "house", f"Instead of {price * 100:.1f} ct/kWh", surplus)
        code = "full" if self.wh >= top - 1 else "idle"
        words = "It is full" if code == "full" else "Its energy is worth more later"
        return self._do(0.0, code, words, surplus)

    def told(self, name: str, kind: str, here: list[bool]) -> StoragePlan:
        return StoragePlan(
            id=name,
            kind=kind,
            charge_w=self.charge_w,
            discharge_w=self.discharge_w,
            energy_wh=self.energy_wh,
            capacity_wh=self.capacity_wh,
            is_here=here,
            reasons=self.reasons,
        )

    def _do(self, power: float, code: str, text: str, surplus: float) -> float:
        self.charge_w.append(max(0.0, power))
        self.discharge_w.append(max(0.0, -power))
        self.wh += power * SLOT_H * (0.93 if power > 0 else 1.06)
        self.energy_wh.append(self.wh)
        self.reasons.append(Reason(code=code, text=text))
        return surplus - power
