"""What a car is asked to drive: a speed trace over time, and the road over distance."""

from typing import Annotated

import msgspec


class Trip(msgspec.Struct, frozen=True, kw_only=True):
    """One drive from one place to another.

    `speed_mps` holds one wished speed a second, the first at the start. The three road tables
    share one uniform grid of `grid_m` metres, so that a car that falls behind its trace still
    climbs the hill where the hill is. Empty road tables mean a flat road nowhere in particular.
    """

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    origin: str
    destination: str
    speed_mps: list[Annotated[float, msgspec.Meta(ge=0.0, le=100.0)]]
    grid_m: Annotated[float, msgspec.Meta(gt=0.0)] = 100.0
    elevation_m: list[float] = []
    latitude_deg: list[float] = []
    longitude_deg: list[float] = []

    @property
    def duration_s(self) -> float:
        """Seconds from the first to the last point of the trace."""
        return float(max(len(self.speed_mps) - 1, 0))

    @property
    def distance_m(self) -> float:
        """Length of the trace [m] by the trapezoidal rule."""
        pairs = zip(self.speed_mps, self.speed_mps[1:], strict=False)
        return sum(0.5 * (a + b) for a, b in pairs)

    def speed_at(self, seconds: float) -> float:
        """Wished speed [m/s] that many seconds after the start; 0 once the trace has ended."""
        trace = self.speed_mps
        index = int(seconds)
        if index >= len(trace) - 1:
            return 0.0
        share = seconds - index
        return trace[index] + share * (trace[index + 1] - trace[index])

    def grade_at(self, distance_m: float) -> float:
        """Slope of the road there: rise over run."""
        table = self.elevation_m
        if len(table) < 2:
            return 0.0
        index = min(max(int(distance_m / self.grid_m), 0), len(table) - 2)
        return (table[index + 1] - table[index]) / self.grid_m

    def place_at(self, distance_m: float) -> tuple[float, float, float] | None:
        """Latitude [deg], longitude [deg] and elevation [m] there; None without a track."""
        if not self.latitude_deg:
            return None
        return (
            _lookup(self.latitude_deg, distance_m / self.grid_m),
            _lookup(self.longitude_deg, distance_m / self.grid_m),
            _lookup(self.elevation_m, distance_m / self.grid_m) if self.elevation_m else 0.0,
        )


def _lookup(table: list[float], position: float) -> float:
    """Linear interpolation at a fractional index, held at both ends."""
    index = min(max(int(position), 0), len(table) - 1)
    following = min(index + 1, len(table) - 1)
    share = min(max(position - index, 0.0), 1.0)
    return table[index] + share * (table[following] - table[index])
