"""What the page is told about the household when it is built."""

import msgspec


class CarOnPage(msgspec.Struct, frozen=True, kw_only=True):
    """One car that the page shows."""

    vin: str
    name: str
    model: str = ""


class PlaceOnPage(msgspec.Struct, frozen=True, kw_only=True):
    """A pin of the map. Latitude and longitude [degrees]."""

    name: str
    kind: str
    latitude_deg: float
    longitude_deg: float


class PageConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The household that one page is about.

    `home` is its id on the bus, `timezone` an IANA name. `hosts` are further names under which
    the page may be opened; addresses, `localhost` and names of the local network always may.
    """

    home: str
    title: str
    timezone: str
    cars: list[CarOnPage]
    places: list[PlaceOnPage] = []
    stations: list[str] = []
    hosts: list[str] = []
    has_energy: bool = False
    """Whether the home file plans energy; who is heard to plan counts as well."""
