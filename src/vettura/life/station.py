"""What is known of a charging station before it runs."""

from typing import Literal

import msgspec

from vettura.errors import InputError
from vettura.life.limits import check_range, check_token
from vettura.units import PHASE_A_MIN, PHASE_V


class StationConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A wallbox on the house's connection: its id on the bus and what it can give."""

    id: str
    power_w_max: float = 11_000.0
    phases: Literal[1, 3] = 3
    line: Literal[1, 2, 3] = 1
    """The house's phase that its first conductor hangs on: all it uses in one-phase charging."""
    switches_phases: bool = True
    """Whether a station of three phases can go down to one."""
    safe_power_w: float | None = None
    """What it gives without word from who shares the fuse; None: 6 A on the fewest phases."""
    dc: bool = False
    """CHAdeMO or CCS: it turns alternating current into direct current itself."""
    efficiency: float = 0.95
    """Of a DC station, either way; our judgement for boxes of 7 to 22 kW."""
    discharge_power_w_max: float = 0.0
    """What it takes out of a car; 0: one way only. Needs `dc`."""
    virtual: bool = True
    """False: a real one, that a face such as OCPP brings."""

    def __post_init__(self) -> None:
        check_token("station.id", self.id)
        # One phase of 6 A is the least IEC 61851-1 allows; three of 32 A are the most on AC.
        check_range("station.power_w_max", self.power_w_max, low=1_380, high=22_200)
        check_range("station.efficiency", self.efficiency, low=0.5, high=1.0)
        if self.discharge_power_w_max and not self.dc:
            raise InputError(
                "station.discharge_power_w_max needs dc = true",
                hint="cars give to a house through their DC port; leave it out for an AC station",
            )
        most_w = self.power_w_max
        check_range("station.discharge_power_w_max", self.discharge_power_w_max, low=0, high=most_w)
        if self.safe_power_w is not None:
            check_range("station.safe_power_w", self.safe_power_w, low=0, high=self.power_w_max)

    @property
    def phases_min(self) -> int:
        """The fewest phases that it can charge on."""
        return 1 if self.phases == 1 or (self.switches_phases and not self.dc) else self.phases

    @property
    def safe_w(self) -> float:
        """What it gives when who shares the fuse is silent [W]; 0 when that is below 6 A."""
        least_w = PHASE_A_MIN * PHASE_V * self.phases_min
        wanted_w = least_w if self.safe_power_w is None else self.safe_power_w
        return wanted_w if self.dc or wanted_w >= least_w else 0.0

    @property
    def safe_phases(self) -> int:
        """The phases that `safe_w` comes on: as few as carry it."""
        one_phase_w = self.power_w_max / self.phases
        return self.phases_min if self.safe_w <= one_phase_w * self.phases_min else self.phases
