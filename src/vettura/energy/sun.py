"""What panels give by place, tilt, azimuth and size: pvlib where it is installed, else by hand.

pvlib comes with the extra `sun` (`pip install vettura[sun]`) and is imported only when a model is
asked for. It is Ineichen's clear sky with the place's own turbidity, Hay and Davies' sky, Faiman's
cell temperature and PVWatts' line; without it Haurwitz' clear sky and the formulas of `panels` do,
which a learned bias makes nearly as good.
"""

import importlib.util
import warnings
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, NamedTuple, ParamSpec, Protocol, final

import numpy as np

from vettura.energy.config import PanelConfig
from vettura.energy.forecast_truth import CLEAR_DEGC, CLEAR_WIND_MPS, panels_clear_w
from vettura.energy.panels import (
    INVERTER_EFFICIENCY,
    POWER_PER_K,
    REFLECTION,
    Air,
    Where,
    angles_over,
    panels_over,
)
from vettura.energy.problem import Array
from vettura.energy.slots import Slots
from vettura.life.places import Place

P = ParamSpec("P")


class Ground(NamedTuple):
    """The weather that is given for each slot."""

    sun_w_per_m2: Array
    """Global, on the horizontal."""
    ambient_degc: Array
    wind_mps: Array


class SunModel(Protocol):
    """What panels give over slots [W]."""

    @property
    def name(self) -> str:
        """For people."""
        ...

    def clear_w(self, slots: Slots) -> Array:
        """Under a clear sky."""
        ...

    def power_w(self, slots: Slots, ground: Ground) -> Array:
        """Under the weather given."""
        ...


def sun_model(panels: Sequence[PanelConfig], place: Place, *, by_hand: bool = False) -> SunModel:
    """The best model there is; `by_hand` asks for the one that needs nothing and costs little."""
    if by_hand or not has_pvlib():
        return FormulaSun(tuple(panels), place)
    return PvlibSun(tuple(panels), place)


def has_pvlib() -> bool:
    """Whether pvlib is installed."""
    return importlib.util.find_spec("pvlib") is not None


MISSING = "pvlib is not installed: a simpler model of the sun stands in (pip install vettura[sun])"


@final
class FormulaSun:
    """The closed formulas of `panels`."""

    name = "formulas"

    def __init__(self, panels: tuple[PanelConfig, ...], place: Place) -> None:
        self._panels = panels
        self._where = Where(place.latitude_deg, place.longitude_deg)

    def clear_w(self, slots: Slots) -> Array:
        """Under Haurwitz' clear sky."""
        return panels_clear_w(self._panels, self._where, slots)

    def power_w(self, slots: Slots, ground: Ground) -> Array:
        """Under the weather given."""
        angles = angles_over(slots, self._where.longitude_deg)
        air = Air(*ground)
        total = np.zeros(slots.count)
        for panel in self._panels:
            total += panels_over(panel, angles, air, self._where.latitude_deg)
        return total


def _quietly(method: Callable[P, Array]) -> Callable[P, Array]:
    """Without warnings about names that pvlib still uses of pandas: nobody here can act on them."""

    @wraps(method)
    def quiet(*args: P.args, **named: P.kwargs) -> Array:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            return method(*args, **named)

    return quiet


@final
class PvlibSun:
    """pvlib's models."""

    name = "pvlib"

    def __init__(self, panels: tuple[PanelConfig, ...], place: Place) -> None:
        import pandas as pd
        import pvlib

        self._pd, self._pvlib = pd, pvlib
        self._panels = panels
        self._location = pvlib.location.Location(
            place.latitude_deg, place.longitude_deg, tz="UTC", altitude=place.elevation_m
        )

    @_quietly
    def clear_w(self, slots: Slots) -> Array:
        """Under Ineichen's clear sky, at 20 °C in a light wind."""
        times = self._times(slots)
        position = self._location.get_solarposition(times)
        sky = self._location.get_clearsky(times, model="ineichen", solar_position=position)
        degc = np.full(slots.count, CLEAR_DEGC)
        wind = np.full(slots.count, CLEAR_WIND_MPS)
        return self._sum_w(times, position, sky, degc, wind)

    @_quietly
    def power_w(self, slots: Slots, ground: Ground) -> Array:
        """Under the weather given; Erbs' model tells beam and diffuse apart."""
        times = self._times(slots)
        position = self._location.get_solarposition(times)
        sun = self._pd.Series(ground.sun_w_per_m2, index=times)
        parts = self._pvlib.irradiance.erbs(sun, position["zenith"], times)
        sky = {"ghi": sun, "dni": parts["dni"], "dhi": parts["dhi"]}
        return self._sum_w(times, position, sky, ground.ambient_degc, ground.wind_mps)

    def _times(self, slots: Slots) -> Any:  # noqa: ANN401  pvlib has no types
        middles = slots.start_ns + slots.slot_ns // 2 + slots.slot_ns * np.arange(slots.count)
        return self._pd.to_datetime(middles, unit="ns", utc=True)

    def _sum_w(
        self,
        times: Any,  # noqa: ANN401
        position: Any,  # noqa: ANN401
        sky: Any,  # noqa: ANN401
        degc: Array,
        wind_mps: Array,
    ) -> Array:
        total = np.zeros(len(times))
        for panel in self._panels:
            total += self._panel_w(panel, times, position, sky, degc, wind_mps)
        return total

    def _panel_w(
        self,
        panel: PanelConfig,
        times: Any,  # noqa: ANN401
        position: Any,  # noqa: ANN401
        sky: Any,  # noqa: ANN401
        degc: Array,
        wind_mps: Array,
    ) -> Array:
        lib = self._pvlib
        zenith, azimuth = position["apparent_zenith"], position["azimuth"]
        plane = lib.irradiance.get_total_irradiance(
            panel.tilt_deg,
            panel.azimuth_deg,
            zenith,
            azimuth,
            sky["dni"],
            sky["ghi"],
            sky["dhi"],
            dni_extra=lib.irradiance.get_extra_radiation(times),
            model="haydavies",
        )
        angle = lib.irradiance.aoi(panel.tilt_deg, panel.azimuth_deg, zenith, azimuth)
        glass = lib.iam.ashrae(angle, b=REFLECTION)
        seen = (plane["poa_direct"] * glass + plane["poa_diffuse"]).fillna(0.0).to_numpy()
        cell_degc = lib.temperature.faiman(seen, degc, wind_mps)
        dc_w = lib.pvsystem.pvwatts_dc(seen, cell_degc, panel.peak_w, POWER_PER_K)
        ac_w = dc_w * (1.0 - panel.losses) * INVERTER_EFFICIENCY
        limit_w = panel.peak_w if panel.inverter_w_max is None else panel.inverter_w_max
        return np.asarray(np.clip(ac_w, 0.0, limit_w))
