"""Mean air temperature of every month at a few places: for lives that last years."""

from vettura.life.climate import TURIN

MONTHS_DEGC: dict[str, tuple[float, ...]] = {
    "turin": tuple(month.mean_degc for month in TURIN),
    "seville": (10.9, 12.5, 15.6, 17.3, 20.7, 25.1, 28.2, 27.9, 25.0, 20.2, 15.1, 11.9),
    "helsinki": (-3.1, -3.8, -0.7, 4.4, 10.4, 14.9, 18.1, 16.9, 12.3, 6.6, 2.4, -0.7),
    "phoenix": (13.8, 15.5, 19.1, 22.9, 27.8, 33.0, 35.3, 34.7, 31.8, 24.8, 18.2, 13.2),
}
"""January to December [°C]. Turin: `climate`. Seville airport: AEMET normals 1981 to 2010. Helsinki
Kaisaniemi: FMI normals 1991 to 2020. Phoenix Sky Harbor: NOAA normals 1991 to 2020."""
