"""What the energy service has heard of house, stations and cars: the newest of each. No I/O."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, final

from vettura.bus import subjects
from vettura.bus.messages import MeterValue, SignalFrame, Today, Weather, decode
from vettura.bus.messages_energy import (
    AirForecast,
    CalendarDrives,
    ChargingNeeds,
    Forecast,
    Prices,
    SiteMeter,
)
from vettura.bus.messages_home import DeviceState
from vettura.bus.paths import (
    CABLE,
    CHARGE_LIMIT,
    DISPLAYED_SOC,
    OUTSIDE_DEGC,
    RANGE,
    STATION,
)
from vettura.energy.gather import CarNow
from vettura.units import NS_PER_S, PERCENT

News: TypeAlias = Literal["", "look", "plan"]
"""What follows from a message: nothing, a look at stations and battery, or a new plan."""

SITE_SILENT_NS = 90 * NS_PER_S
"""A meter that says nothing for so long is not to be followed."""
AHEAD_NS = 120 * NS_PER_S
"""What claims to be later than now by more than this has a wrong clock."""
PRICE_TOLERANCE = 1e-9
MORE_S = 6 * 3_600
"""Prices that reach further by less than this are no news."""
RANGE_M_MIN, SOC_MIN = 1_000.0, 0.05
OFF_W, OFF_SHARE = 1_500.0, 0.5
"""So far, and by that share of it, the house must be from its forecast to be news."""


@final
@dataclass(slots=True, kw_only=True)
class Heard:
    """The newest of everything; `silent_ns` is how long a meter may say nothing."""

    home: str
    stations: tuple[str, ...]
    silent_ns: int = SITE_SILENT_NS
    prices: Prices | None = None
    forecasts: dict[str, Forecast] = field(default_factory=dict)
    """sun, load."""
    air: AirForecast | None = None
    calendar: CalendarDrives | None = None
    site: SiteMeter | None = None
    site_ns: int = 0
    """When the house's meter spoke last, by the service's clock."""
    today: Today | None = None
    weather: Weather | None = None
    needs: dict[str, ChargingNeeds] = field(default_factory=dict)
    meters: dict[str, MeterValue] = field(default_factory=dict)
    plugged: dict[str, str] = field(default_factory=dict)
    """Vin by station; empty for a cable that hangs on the wall."""
    cars: dict[str, CarNow] = field(default_factory=dict)
    looked_wh: dict[str, tuple[float, float]] = field(default_factory=dict)
    """What the station's counters showed when a car was looked at last, by vin."""
    ignored: list[tuple[str, str]] = field(default_factory=list)
    """About what, and a line for a person, until somebody takes them."""

    def patterns(self) -> dict[str, list[str]]:
        """What to listen to, and which keys of the bucket `home` keep the latest of it."""
        home = self.home
        forecasts = [subjects.forecast(home, what) for what in ("sun", "load", "air")]
        needs = [subjects.charging_needs(home, station) for station in self.stations]
        states = [subjects.device_state(home, station) for station in self.stations]
        return {
            subjects.prices(home): [subjects.prices(home)],
            subjects.forecast(home, "*"): forecasts,
            subjects.energy_calendar(home): [subjects.energy_calendar(home)],
            subjects.site_meter(home): [],
            subjects.charging_needs(home, "*"): needs,
            subjects.meter(home, "*"): [],
            subjects.today(home): [subjects.today(home)],
            subjects.weather(home): [subjects.weather(home)],
            **{state: [state] for state in states},
        }

    def take(self, subject: str, data: bytes, *, now_ns: int) -> News:
        """Take a message; `InputError` names one that cannot be read."""
        levels = subject.split(".")
        if levels[0] == "home":
            return self._take_home(levels, data, subject)
        match levels[2]:
            case "prices":
                return self._take_prices(decode(data, Prices, where=subject))
            case "forecast" if levels[3] == "air":
                self.air = decode(data, AirForecast, where=subject)
                return ""
            case "forecast":
                return self._take_forecast(levels[3], decode(data, Forecast, where=subject))
            case "calendar":
                before, self.calendar = self.calendar, decode(data, CalendarDrives, where=subject)
                is_same = before is not None and before.drives == self.calendar.drives
                return "" if is_same else "plan"
            case "site":
                return self._take_site(decode(data, SiteMeter, where=subject), now_ns)
            case "needs":
                return self._take_needs(decode(data, ChargingNeeds, where=subject))
            case "meter":
                return self._take_meter(levels[3], decode(data, MeterValue, where=subject))
        return ""

    def _take_home(self, levels: list[str], data: bytes, subject: str) -> News:
        if levels[2] == "today":
            self.today = decode(data, Today, where=subject)
            return "plan"
        if levels[2] == "weather":
            self.weather = decode(data, Weather, where=subject)
            return ""
        return self._take_station(levels[2], decode(data, DeviceState, where=subject))

    def _take_prices(self, told: Prices) -> News:
        before, self.prices = self.prices, told
        return "" if before is not None and _is_same(before, told) else "plan"

    def _take_forecast(self, what: str, told: Forecast) -> News:
        before = self.forecasts.get(what)
        self.forecasts[what] = told
        return "plan" if before is None or _differs(before, told) else ""

    def _take_site(self, told: SiteMeter, now_ns: int) -> News:
        if self.site is not None and told.time_ns < self.site.time_ns:
            self.ignored.append(("meter", "a reading of the house's meter came late"))
            return ""
        if told.time_ns > now_ns + AHEAD_NS:
            self.ignored.append(("meter", "the house's meter lives in the future: not followed"))
            return ""
        self.site, self.site_ns = told, now_ns
        return "look"

    def _take_needs(self, told: ChargingNeeds) -> News:
        before = self.needs.get(told.station)
        self.needs[told.station] = told
        if before is None and told.vin == self.plugged.get(told.station):
            # The station has said so; what is new is what the car wants beyond that.
            return "plan" if told.departure_ns is not None or told.energy_min_wh else ""
        return "plan" if before is None or _wants(before) != _wants(told) else ""

    def _take_meter(self, station: str, told: MeterValue) -> News:
        before = self.meters.get(station)
        if before is not None and told.time_ns < before.time_ns:
            return ""
        self.meters[station] = told
        return ""

    def _take_station(self, station: str, told: DeviceState) -> News:
        for entity in told.entities.values():
            vin = entity.attributes.get("vin")
            if isinstance(vin, str) and self.plugged.get(station) != vin:
                self.plugged[station] = vin
                return "plan"
        return ""

    def look_at(self, vin: str, frame: SignalFrame) -> None:
        """Take what a car says of itself."""
        values = frame.values
        soc = _number(values.get(DISPLAYED_SOC), -1.0) / PERCENT
        if not 0.0 <= soc <= 1.0:
            self.ignored.append(("car", f"{vin} says no charge that can be"))
            return
        range_m = _number(values.get(RANGE), 0.0)
        limit = _number(values.get(CHARGE_LIMIT), PERCENT) / PERCENT
        is_telling = range_m > RANGE_M_MIN and soc > SOC_MIN
        station = str(values.get(STATION, "")) if values.get(CABLE) else ""
        self.cars[vin] = CarNow(
            soc=soc,
            limit_soc=min(max(limit, 0.0), 1.0) or 1.0,
            station=station if station in self.stations else "",
            range_m=range_m if is_telling else 0.0,
            degc=_number(values.get(OUTSIDE_DEGC), self.ambient_degc),
        )
        meter = self.meters.get(station)
        self.looked_wh[vin] = (meter.energy_wh, meter.given_wh) if meter else (0.0, 0.0)

    @property
    def ambient_degc(self) -> float:
        """The air outside."""
        return self.weather.ambient_degc if self.weather is not None else 15.0

    def degc_at(self, time_ns: int) -> float:
        """The air outside at that time, as forecast; as it is now where nobody forecasts it."""
        air = self.air
        if air is None or not air.middle_degc:
            return self.ambient_degc
        slot = (time_ns - air.start_ns) // (air.slot_s * NS_PER_S)
        return air.middle_degc[min(max(slot, 0), len(air.middle_degc) - 1)]

    def fresh_site(self, now_ns: int) -> SiteMeter | None:
        """The house's meter, unless it has fallen silent."""
        is_fresh = self.site is not None and now_ns - self.site_ns <= self.silent_ns
        return self.site if is_fresh else None

    def is_off(self, *, load_w: float, sun_w: float, now_ns: int) -> bool:
        """Whether the house is far from what was forecast [W]."""
        site = self.fresh_site(now_ns)
        if site is None:
            return False
        gap_w = abs((site.load_w - site.sun_w) - (load_w - sun_w))
        return gap_w > max(OFF_W, OFF_SHARE * max(load_w, sun_w, site.load_w, site.sun_w))

    def taken_notes(self) -> Iterable[tuple[str, str]]:
        """What was ignored since this was asked last."""
        notes, self.ignored = self.ignored, []
        return notes


def _number(value: object, otherwise: float) -> float:
    return float(value) if isinstance(value, int | float) else otherwise


def _is_same(before: Prices, told: Prices) -> bool:
    """Whether nothing but the time of telling, or hours that are over, has changed."""
    skipped, rest = divmod(told.start_ns - before.start_ns, told.slot_s * NS_PER_S)
    if before.slot_s != told.slot_s or rest or skipped < 0:
        return False
    more_s = (len(told.import_per_wh) + skipped - len(before.import_per_wh)) * told.slot_s
    return more_s <= MORE_S and all(
        abs(old - new) <= PRICE_TOLERANCE
        for old, new in zip(before.import_per_wh[skipped:], told.import_per_wh, strict=False)
    )


def _differs(before: Forecast, told: Forecast) -> bool:
    """Whether the energy of the next day has moved by a tenth, or by a kilowatt-hour."""
    skipped, rest = divmod(told.start_ns - before.start_ns, told.slot_s * NS_PER_S)
    if before.slot_s != told.slot_s or rest or skipped < 0:
        return True
    count = 86_400 // told.slot_s
    was, now = _planned(before)[skipped : skipped + count], _planned(told)[:count]
    hours = told.slot_s / 3_600
    moved_wh = sum(abs(a - b) for a, b in zip(was, now, strict=False)) * hours
    return moved_wh > max(1_000.0, 0.1 * sum(now) * hours)


def _planned(forecast: Forecast) -> list[float]:
    return forecast.mean_w or forecast.middle_w


def _wants(needs: ChargingNeeds) -> tuple[object, ...]:
    is_urgent = bool(needs.energy_min_wh)
    return (needs.vin, needs.departure_ns, is_urgent, needs.is_dc)
