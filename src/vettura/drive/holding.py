"""What a car on the road looks at only now and then, where its clock is coarse."""

from typing import final

from vettura.car.conditions import Conditions, conditions_of
from vettura.car.params import Params
from vettura.car.state import Inputs, State, Step
from vettura.car.step import advance, step
from vettura.drive.simulate import HOLD_S
from vettura.units import NS_PER_S

_FOLLOWED = tuple(
    Inputs._fields.index(name)
    for name in (
        "ambient_degc",
        "sun_w_per_m2",
        "awake",
        "climate_on",
        "cabin_target_degc",
        "rain_mm_per_h",
        "recirculation",
        "people",
        "precondition",
    )
)
"""What conditions follow at once when it changes: weather, and what somebody does."""
HOLD_NS = int(HOLD_S * NS_PER_S)


@final
class Holding:
    """Steps a moving car under conditions that are at most ten seconds old (decision 5)."""

    def __init__(self) -> None:
        self._held: Conditions | None = None
        self._until_ns = 0
        self._followed: tuple[float, ...] = ()

    def step(
        self, params: Params, state: State, inputs: Inputs, *, time_ns: int, dt_ns: int
    ) -> Step:
        """One step of the car from `time_ns` [ns]; a second or longer is held for, a tenth not."""
        dt_s = dt_ns / NS_PER_S
        if dt_ns < NS_PER_S:
            return step(params, state, inputs, dt_s)
        followed = tuple(inputs[index] for index in _FOLLOWED)
        held = self._held
        is_old = not self._until_ns - HOLD_NS <= time_ns < self._until_ns
        if held is None or is_old or followed != self._followed:
            held = self._held = conditions_of(params, state, inputs, HOLD_S)
            self._until_ns, self._followed = time_ns + HOLD_NS, followed
        return advance(params, state, inputs, held, dt_s)
