"""`vettura age`: what the years leave of a car's battery and range."""

from typing import Annotated

from cyclopts import Parameter

from vettura.car.ageing import AGEING
from vettura.car.catalogue import load_car
from vettura.car.relations import params_of
from vettura.cli.output import Row, print_json, print_table
from vettura.drive.lifetime import Life, Year, live_years
from vettura.errors import UsageError
from vettura.life.normals import MONTHS_DEGC
from vettura.units import M_PER_KM, PERCENT

HEADINGS = {
    "year": "year",
    "km": "km",
    "capacity_pct": "capacity %",
    "lost_by_time_pct": "by time",
    "lost_by_use_pct": "by use",
    "resistance_pct": "resistance %",
    "range_km": "range km",
}


def age(
    car: str,
    /,
    *,
    years: int = 10,
    km_per_year: float = 15_000.0,
    place: str = "turin",
    monthly: str = "",
    charge_to: float = 80.0,
    fast_share: float = 0.1,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Live years with a car and print what is left of its battery, year by year.

    It is driven every day and plugged in every night. Range is from full to empty over WLTC class
    3b at the place's mean temperature, cabin heated or cooled to 21 °C.

    Parameters
    ----------
    car
        Id of a car (see `vettura cars`), or the path of a car file.
    years
        How many, 1 to 40.
    km_per_year
        Distance [km], 0 to 200,000.
    place
        turin, seville, helsinki or phoenix.
    monthly
        Instead of a place: twelve mean temperatures [°C], January to December, with commas between.
    charge_to
        Displayed charge at which the daily charge ends [%].
    fast_share
        Share of the energy that comes from DC stations, 0 to 1.
    json
        Print JSON objects, one a year.
    """
    _check("--years", years, low=1, high=40)
    _check("--km-per-year", km_per_year, low=0, high=200_000)
    _check("--charge-to", charge_to, low=20, high=100)
    _check("--fast-share", fast_share, low=0, high=1)
    life = Life(
        m_per_year=km_per_year * M_PER_KM,
        months_degc=_months(place, monthly),
        charge_to=charge_to / PERCENT,
        fast_share=fast_share,
    )
    spec = load_car(car)
    ageing = AGEING[spec.battery.chemistry.value]
    rows = [_row(year) for year in live_years(params_of(spec), ageing, life, years)]
    if json:
        print_json(rows)
        return
    print_table("", HEADINGS, rows)


def _check(option: str, value: float, *, low: float, high: float) -> None:
    if not low <= value <= high:
        raise UsageError(f"{option} {value:g}: must lie between {low:g} and {high:g}")


def _months(place: str, monthly: str) -> tuple[float, ...]:
    if not monthly:
        if place not in MONTHS_DEGC:
            raise UsageError(
                f"--place {place}: not known",
                hint=f"known are {', '.join(MONTHS_DEGC)}; or give --monthly",
            )
        return MONTHS_DEGC[place]
    try:
        months = tuple(float(word) for word in monthly.split(","))
    except ValueError:
        raise UsageError(f"--monthly {monthly}: must be numbers with commas between") from None
    if len(months) != len(MONTHS_DEGC["turin"]):
        raise UsageError(f"--monthly has {len(months)} temperatures: must be 12")
    for degc in months:
        _check("--monthly", degc, low=-40, high=50)
    return months


def _row(year: Year) -> Row:
    health = year.health
    return {
        "year": year.year,
        "km": round(year.distance_m / M_PER_KM),
        "capacity_pct": round(PERCENT * health.capacity_share, 2),
        "lost_by_time_pct": round(PERCENT * health.loss_by_time, 2),
        "lost_by_use_pct": round(PERCENT * health.loss_by_use, 2),
        "resistance_pct": round(PERCENT * health.resistance_share, 2),
        "range_km": round(year.range_m / M_PER_KM, 1),
    }
