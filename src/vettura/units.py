"""Constants of nature and conversions between what is kept inside and what people read.

Inside, everything is SI, plus watt-hours and degrees Celsius (`docs/glossary.md`).
Only `faces/`, `web/` and `cli/` convert.
"""

GRAVITY_MPS2 = 9.80665
"""Standard gravity [m/s²], 3rd CGPM, 1901."""

GAS_CONSTANT_J_PER_MOL_K = 8.314462618
"""Molar gas constant [J/(mol·K)], CODATA 2018."""

DRY_AIR_J_PER_KG_K = 287.05
"""Specific gas constant of dry air [J/(kg·K)], ISO 2533 standard atmosphere."""

STANDARD_PRESSURE_PA = 101_325.0
"""Sea-level pressure [Pa], ISO 2533."""

ZERO_DEGC_IN_K = 273.15
SECONDS_PER_HOUR = 3600.0
NS_PER_S = 1_000_000_000
W_PER_KW = 1000.0
WH_PER_KWH = 1000.0
M_PER_KM = 1000.0
M_PER_MILE = 1609.344
PERCENT = 100.0
KMH_PER_MPS = 3.6
RPM_PER_RADPS = 9.549296585513721
"""Revolutions per minute in one radian per second: 60 / (2π)."""
W_PER_HP = 745.6998715822702
"""Mechanical horsepower [W]: 550 ft·lbf/s."""

PHASE_V = 230.0
"""Between a phase and neutral in Europe [V] (EN 50160)."""
PHASE_A_MIN = 6.0
"""A car draws no less on each phase [A], or nothing (IEC 61851-1, table A.8)."""
