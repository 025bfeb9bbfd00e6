"""The twin on the bus: it follows a car's telemetry and tells what it has learnt of the car."""

import msgspec
import structlog
from msgspec.structs import replace

from vettura.bus.interface import Bucket, Bus, Message
from vettura.bus.messages import (
    Twin,
    TwinAgeing,
    TwinParameter,
    decode_frame,
    encode,
)
from vettura.bus.patience import patiently
from vettura.bus.subjects import CARS_BUCKET, car_signals, car_twin
from vettura.car.relations import params_of
from vettura.car.spec import CarSpec
from vettura.clock.interface import Clock
from vettura.drive.calibrate_fit import SHOWN_REDUCTION
from vettura.drive.calibrate_knobs import CAPACITY, KNOBS, NAMES, RESISTANCE
from vettura.drive.twin_memory import Memory, decode_memory, encode_memory
from vettura.drive.twin_model import TwinModel
from vettura.drive.twin_range import Range, consumption_wh_per_m, range_of
from vettura.drive.twin_senses import Senses
from vettura.errors import BusError, InputError
from vettura.units import NS_PER_S

log = structlog.get_logger()

QUEUE_LIMIT = 10_000
TELL_S = 600.0
"""A range is told again after this long at the latest, while the car is heard."""
MODELLED_S = 1_800.0
"""On a long trip its consumption is modelled anew this often, else once at its end."""
SOC_STEP, AMBIENT_STEP_K = 0.005, 3.0
"""Charge and warmth must change by this much for the range to be told anew."""
AGEING_TOLD = 60


class TwinConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose twin."""

    vin: str


class TwinService:
    """The twin of one car. `run()` never returns by itself."""

    def __init__(self, bus: Bus, clock: Clock, config: TwinConfig, spec: CarSpec) -> None:
        self._bus = bus
        self._clock = clock
        self._vin = config.vin
        self._senses = Senses()
        self._model = TwinModel(params_of(spec))
        self._unreadable = 0
        self._told_ns = 0
        self._told_soc = -1.0
        self._modelled_ns = 0
        self._modelled_degc: float | None = None
        self._is_outdated = False
        """Roads were learnt from since the consumption of late was modelled."""
        self._wh_per_m = 0.0

    async def run(self) -> None:
        """Recall what was learnt, then follow the car until cancelled."""
        bucket = await patiently(self._clock, lambda: self._bus.bucket(CARS_BUCKET))
        await self._recall(bucket)
        subject = car_signals(self._vin)
        ear = await patiently(self._clock, lambda: self._bus.subscribe(subject, limit=QUEUE_LIMIT))
        async for message in ear:
            driven = self._model.memory.stretches
            if self._hear(message):
                self._is_outdated = self._is_outdated or self._model.memory.stretches > driven
                await self._keep(bucket)
                await self._tell()
            elif self._is_due():
                await self._tell()

    async def _recall(self, bucket: Bucket) -> None:
        entry = await patiently(self._clock, lambda: bucket.get(self._key))
        if entry is None or entry.value is None:
            return
        try:
            self._model.memory = decode_memory(entry.value, where=f"twin {self._vin}")
        except InputError as error:
            log.warning("twin_memory_unreadable", car=self._vin, error=error.message)

    @property
    def _key(self) -> str:
        return f"{self._vin}.twin"

    def _hear(self, message: Message) -> bool:
        """Take a frame; True when something was learnt."""
        try:
            frame = decode_frame(message.data, where=message.subject)
        except InputError as error:
            self._unreadable += 1
            log.debug("frame_unreadable", car=self._vin, error=error.message)
            return False
        seconds = self._senses.hear(frame, self._clock.now_ns())
        if seconds is None:
            self._model.void()
            return False
        learnt = False
        for second in seconds:
            learnt = self._model.live(second) or learnt
        return learnt

    def _is_due(self) -> bool:
        soc = self._model.soc
        if soc is None:
            return False
        waited_s = (self._senses.time_ns - self._told_ns) / NS_PER_S
        return waited_s >= TELL_S and abs(soc - self._told_soc) >= SOC_STEP

    def _memory(self) -> Memory:
        """With what this process has counted on top of those before it."""
        memory, senses = self._model.memory, self._senses
        return replace(
            memory,
            late=memory.late + senses.late,
            absurd=memory.absurd + senses.absurd,
            gaps=memory.gaps + senses.gaps,
        )

    async def _keep(self, bucket: Bucket) -> None:
        self._model.memory = self._memory()
        self._senses.late = self._senses.absurd = self._senses.gaps = 0
        try:
            await bucket.put(self._key, encode_memory(self._model.memory))
        except BusError as error:
            # The next stretch brings all of it again.
            log.info("twin_memory_waits", car=self._vin, error=error.message)

    async def _tell(self) -> None:
        model, soc = self._model, self._model.soc
        if soc is None:
            return
        self._told_ns, self._told_soc = self._senses.time_ns, soc
        fitted = model.fitted()
        if self._is_consumption_due():
            self._modelled_ns, self._modelled_degc = self._senses.time_ns, model.ambient_degc
            self._is_outdated = False
            self._wh_per_m = consumption_wh_per_m(
                fitted, model.memory.trace_mps, ambient_degc=model.ambient_degc
            )
        reach = range_of(fitted, model.memory, soc=soc, wh_per_m=self._wh_per_m)
        told = self._message(reach)
        try:
            await self._bus.publish(car_twin(self._vin), encode(told))
        except BusError as error:
            log.debug("twin_not_told", car=self._vin, error=error.message)

    def _is_consumption_due(self) -> bool:
        """Whether the roads of late must be driven anew: that takes longer than all else here."""
        degc = self._modelled_degc
        if degc is None or abs(self._model.ambient_degc - degc) >= AMBIENT_STEP_K:
            return True
        waited_s = (self._senses.time_ns - self._modelled_ns) / NS_PER_S
        return self._is_outdated and (waited_s >= MODELLED_S or not self._model.on_trip)

    def _message(self, reach: Range) -> Twin:
        memory = self._memory()
        parameters = [self._parameter(memory, k) for k in range(len(KNOBS))]
        return Twin(
            time_ns=self._senses.time_ns,
            parameters=parameters,
            range_m=reach.distance_m,
            range_low_m=reach.low_m,
            range_high_m=reach.high_m,
            wh_per_m=reach.wh_per_m,
            stretches=memory.stretches,
            capacity=memory.mean[NAMES.index(CAPACITY)],
            capacity_sd=memory.belief.sd(NAMES.index(CAPACITY)),
            resistance=memory.mean[NAMES.index(RESISTANCE)],
            resistance_sd=memory.belief.sd(NAMES.index(RESISTANCE)),
            ageing=[
                TwinAgeing(
                    time_ns=p.time_ns,
                    capacity=p.capacity,
                    capacity_sd=p.capacity_sd,
                    resistance=p.resistance,
                    resistance_sd=p.resistance_sd,
                )
                for p in memory.ageing[-AGEING_TOLD:]
            ],
            outliers=memory.outliers,
            late=memory.late,
            absurd=memory.absurd,
            gaps=memory.gaps,
            unreadable=self._unreadable,
        )

    def _parameter(self, memory: Memory, index: int) -> TwinParameter:
        knob = KNOBS[index]
        file_value = knob.read(self._model.params)
        sd = memory.belief.sd(index)
        shown = sd <= (1.0 - SHOWN_REDUCTION) * knob.prior_sd
        return TwinParameter(
            name=knob.name,
            file_value=file_value,
            value=file_value * memory.mean[index] if shown else file_value,
            sd=file_value * (sd if shown else knob.prior_sd),
            shown=shown,
        )
