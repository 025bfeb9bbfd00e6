"""What is known of a charging station before it runs."""

from typing import Literal

import msgspec

from vettura.life.limits import check_range, check_token


class StationConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A wallbox on the house's connection: its id on the bus and what it can give."""

    id: str
    power_w_max: float = 11_000.0
    phases: Literal[1, 3] = 3

    def __post_init__(self) -> None:
        check_token("station.id", self.id)
        # One phase of 6 A is the least IEC 61851-1 allows; three of 32 A are the most on AC.
        check_range("station.power_w_max", self.power_w_max, low=1_380, high=22_200)
