"""The highest import of a month so far, as those bill it who charge for peaks. Pure."""

from typing import NamedTuple

from vettura.bus.messages_energy import SiteMeter
from vettura.life.local_time import local_date
from vettura.units import NS_PER_S, SECONDS_PER_HOUR

QUARTER_NS = 900 * NS_PER_S
SLACK_NS = 120 * NS_PER_S
"""A quarter of an hour is judged by readings that lie so near its ends."""


class Watch(NamedTuple):
    """The quarter of an hour that is on, and what the counter showed at its beginning."""

    quarter: int = -1
    begin_ns: int = 0
    import_wh: float = 0.0


def watched(watch: Watch, meter: SiteMeter) -> tuple[Watch, float | None]:
    """Go on with a reading; also the mean import of the quarter that it ends [W], if it does."""
    quarter = meter.time_ns // QUARTER_NS
    if quarter == watch.quarter:
        return watch, None
    after = Watch(quarter, meter.time_ns, meter.import_wh)
    length_ns = meter.time_ns - watch.begin_ns
    if watch.quarter < 0 or abs(length_ns - QUARTER_NS) > SLACK_NS:
        return after, None
    taken_wh = meter.import_wh - watch.import_wh
    if taken_wh < 0.0:
        return after, None
    return after, taken_wh * SECONDS_PER_HOUR * NS_PER_S / length_ns


def highest(
    so_far: tuple[str, float], power_w: float, *, time_ns: int, timezone: str
) -> tuple[str, float]:
    """The month and its peak [W], with one more quarter of an hour; each month begins anew."""
    month = f"{local_date(time_ns, timezone):%Y-%m}"
    return month, max(power_w, so_far[1] if so_far[0] == month else 0.0)
