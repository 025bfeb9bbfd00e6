"""What a car tells the world: signal frames now, samples for its history."""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

import structlog

from vettura.bus.interface import Bus
from vettura.bus.messages import Sample, SignalFrame, SignalValue, encode
from vettura.bus.paths import TIMESTAMP
from vettura.bus.signals import Changes
from vettura.bus.subjects import car_signals
from vettura.car.charge import displayed_soc
from vettura.car.params import Params
from vettura.car.spec import CarSpec
from vettura.clock.interface import Clock
from vettura.drive.living import CHARGING, DRIVING, PARKED, Air, Living, range_m
from vettura.drive.pace import rates
from vettura.drive.signals import Words, make_of, signal_values
from vettura.drive.signals_motion import iso
from vettura.errors import BusError
from vettura.units import NS_PER_S

log = structlog.get_logger()

Values: TypeAlias = Mapping[str, SignalValue]

SAMPLE_S = {DRIVING: 10.0, CHARGING: 60.0, PARKED: 600.0}
"""How often a point of history is taken, by what the car does; also whenever that changes."""


class Telling:
    """Puts a living car into frames and samples; remembers what it has said."""

    def __init__(self, bus: Bus, clock: Clock, params: Params, spec: CarSpec, vin: str) -> None:
        self._bus = bus
        self._clock = clock
        self._params = params
        self._make = make_of(params, spec, vin)
        self._words = Words(params, self._make)
        self._changes = Changes()
        self._has_forgotten = False
        self._full_ns = self._said_ns = 0
        self._sampled_ns = 0
        self._sampled_mode = ""

    def full_frame(self, car: Living, air: Air, provided: Values) -> SignalFrame:
        """Everything, for one who asks; what others were told is not touched.

        `provided`: what providers from outside say, which stands in place of the model's values.
        """
        values = signal_values(self._params, self._make, car, air)
        values.update(provided)
        return SignalFrame(time_ns=car.time_ns, values=values, full=True)

    async def publish(
        self, car: Living, air: Air, provided: Values, *, is_asked: bool = False
    ) -> None:
        """Say what changed; everything now and then. `is_asked`: somebody waits for an answer."""
        now_s = car.time_ns / NS_PER_S
        often = rates(car, self._clock.resolution_s)
        full = car.time_ns - self._full_ns >= often.full_s * NS_PER_S
        whole = full or self._has_forgotten
        if whole:
            values = self._words.full(car, air)
        else:
            values = self._words.due(car, air, often, is_asked=is_asked)
        values.update(provided)
        self._has_forgotten = False
        if full:
            self._full_ns = car.time_ns
            told = self._changes.full(values, now_s)
        else:
            told = self._changes.since(values, now_s, exact=provided)
        if not told and car.time_ns - self._said_ns >= often.beat_s * NS_PER_S:
            told = {TIMESTAMP: iso(car.time_ns)}
        await self._send(car.vin, SignalFrame(time_ns=car.time_ns, values=told, full=full))

    async def pass_on(self, vin: str, time_ns: int, provided: Values) -> None:
        """Say what providers have said; the car itself is left as it is."""
        told = self._changes.since(provided, time_ns / NS_PER_S, exact=provided)
        await self._send(vin, SignalFrame(time_ns=time_ns, values=told))

    def forget(self, paths: Iterable[str]) -> None:
        """These have changed hands: the next frame says what they are."""
        self._changes.forget(paths)
        self._has_forgotten = True

    async def _send(self, vin: str, frame: SignalFrame) -> None:
        if not frame.values:
            return
        self._said_ns = frame.time_ns
        try:
            await self._bus.publish(car_signals(vin), encode(frame))
        except BusError as error:
            # The next full frame tells everything again.
            log.debug("frame_lost", car=vin, error=error.message)

    def sample(self, car: Living, air: Air) -> Sample | None:
        """A point of history when one is due, else None."""
        waited_ns = car.time_ns - self._sampled_ns
        if car.mode == self._sampled_mode and waited_ns < SAMPLE_S[car.mode] * NS_PER_S:
            return None
        self._sampled_ns, self._sampled_mode = car.time_ns, car.mode
        return Sample(
            time_ns=car.time_ns,
            soc=displayed_soc(self._params, car.state.soc),
            speed_mps=car.state.speed_mps,
            battery_power_w=car.flows.battery_power_w,
            cabin_degc=car.state.cabin_degc,
            ambient_degc=air.ambient_degc,
            range_m=range_m(self._params, car),
            odometer_m=car.state.distance_m,
            mode=car.mode,
            wall_power_w=car.flows.wall_power_w,
        )
