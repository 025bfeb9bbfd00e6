"""What the panels of the virtual house really give, under the weather of `life.weather`."""

from collections.abc import Sequence

import numpy as np

from vettura.bus.messages import Weather
from vettura.energy.config import PanelConfig
from vettura.energy.panels import Air, Where, angles_at, angles_over, panel_w, panels_over
from vettura.energy.problem import Array
from vettura.energy.slots import Slots
from vettura.life.places import Place
from vettura.life.weather_series import WeatherSeries, weather_over


def panels_truth_w(panels: Sequence[PanelConfig], place: Place, weather: Weather) -> float:
    """What all roofs give [W] at the weather's instant and place; some 10 µs for each roof.

    It depends on nothing else: with `life.weather.weather_at` it is a pure function of time and
    seed, and the year's `panels_truth_over` is the same one.
    """
    angles = angles_at(weather.time_ns, place.longitude_deg)
    air = Air(weather.sun_w_per_m2, weather.ambient_degc, weather.wind_mps)
    return sum(panel_w(panel, angles, air, place.latitude_deg) for panel in panels)


def panels_truth_over(
    panels: Sequence[PanelConfig], place: Place, slots: Slots, weather: WeatherSeries
) -> Array:
    """What all roofs give [W] in the middle of each slot, under the weather of that instant."""
    angles = angles_over(slots, place.longitude_deg)
    air = Air(weather.sun_w_per_m2, weather.ambient_degc, weather.wind_mps)
    total = np.zeros(slots.count)
    for panel in panels:
        total += panels_over(panel, angles, air, place.latitude_deg)
    return total


def weather_of_slots(slots: Slots, place: Place, *, seed: int) -> WeatherSeries:
    """The weather of a seed around a place, in the middle of each slot."""
    middles = slots.start_ns + slots.slot_ns // 2 + slots.slot_ns * np.arange(slots.count)
    return weather_over(
        middles,
        latitude_deg=place.latitude_deg,
        longitude_deg=place.longitude_deg,
        elevation_m=place.elevation_m,
        seed=seed,
    )


def where(place: Place) -> Where:
    """The place as the sun sees it."""
    return Where(place.latitude_deg, place.longitude_deg)
