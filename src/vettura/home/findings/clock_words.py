"""Instants as the clock on the wall shows them."""

from datetime import datetime

from vettura.life.local_time import zone
from vettura.units import NS_PER_S


def local(time_ns: int, timezone: str) -> datetime:
    """An instant as the clock on the wall shows it."""
    return datetime.fromtimestamp(time_ns // NS_PER_S, zone(timezone))


def local_words(time_ns: int, timezone: str) -> str:
    """For people: `Mon 2 Mar, 18:04:05`."""
    shown = local(time_ns, timezone)
    return f"{shown:%a} {shown.day} {shown:%b}, {shown:%H:%M:%S}"
