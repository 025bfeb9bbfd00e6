"""What a person can do to a car and its cable; every deed comes to an answer, never to an error."""

from typing import final

from vettura.bus.ask import ask
from vettura.bus.interface import Bus
from vettura.bus.messages import (
    Answer,
    Command,
    Unplug,
    Verb,
    decode,
    encode,
)
from vettura.bus.messages_home import DeviceAction
from vettura.bus.subjects import car_do, device_do
from vettura.clock.interface import Clock
from vettura.errors import BusError, InputError
from vettura.home.sight import CarSeen
from vettura.life.station import StationConfig

WHO = "household"
STATION_PATIENCE_S = 6.0
"""The station first asks the car."""


@final
class Hands:
    """Sends commands to one car, and actions to the station at home when there is one."""

    def __init__(
        self, bus: Bus, clock: Clock, *, home: str, vin: str, station: StationConfig | None
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._home = home
        self._vin = vin
        self._station = station

    async def tell(self, verb: Verb) -> Answer:
        """Give the car one command."""
        name = str(verb.__struct_config__.tag)
        command = Command(id=self._clock.new_id(WHO), verb=verb, who=WHO, role="local")
        try:
            return await ask(self._bus, self._clock, car_do(self._vin, name), command)
        except (BusError, InputError) as error:
            return Answer(ok=False, reason=error.message)

    async def plug(self) -> Answer:
        """Put the station's cable into the car."""
        return await self._act("connect")

    async def unplug(self, car: CarSeen) -> Answer:
        """Take the cable out: at the station at home, at the car for any other."""
        if self._station is not None and car.station == self._station.id:
            answer = await self._act("disconnect")
            if answer.ok:
                return answer
        return await self.tell(Unplug())

    async def _act(self, action: str) -> Answer:
        if self._station is None:
            return Answer(ok=False, reason="there is no station at home")
        wish = DeviceAction(
            id=self._clock.new_id(WHO), action=action, data={"vin": self._vin}, who=WHO
        )
        subject = device_do(self._home, self._station.id)
        try:
            reply = await self._bus.request(subject, encode(wish), timeout_s=STATION_PATIENCE_S)
            return decode(reply.data, Answer, where=f"answer from {subject}")
        except (BusError, InputError) as error:
            return Answer(ok=False, reason=error.message)
