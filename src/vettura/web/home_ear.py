"""What the page hears of a home's devices and scenes, and what is kept of them."""

from collections.abc import Callable
from typing import final

from vettura.bus import subjects
from vettura.bus.interface import Bus, Message
from vettura.bus.messages import decode
from vettura.bus.messages_home import DeviceAbout, DeviceState, Trace
from vettura.errors import InputError
from vettura.web.home_mirror import RUNS_MAX, HomeMirror

Take = Callable[[Message], None]


@final
class HomeEar:
    """Brings what devices and scenes say into the mirror."""

    def __init__(self, bus: Bus, home: str, mirror: HomeMirror) -> None:
        self._bus, self._home, self._mirror = bus, home, mirror
        self.rejected = 0
        """Messages that were kept and could not be read."""

    def ears(self) -> list[tuple[str, Take]]:
        """Where to listen, and who takes what is heard."""
        return [
            (subjects.device_about(self._home, "*"), self._on_about),
            (subjects.device_state(self._home, "*"), self._on_state),
            (subjects.trace(self._home), self._on_trace),
        ]

    async def read(self) -> None:
        """Read what is kept: devices, their states, and the last runs of scenes."""
        bucket = await self._bus.bucket(subjects.HOME_BUCKET)
        prefix = f"home.{self._home}."
        takes = {"about": self._on_about, "state": self._on_state}
        # What a device is comes before how it is, as the keys are sorted.
        for key in await bucket.keys():
            levels = key.removeprefix(prefix).split(".")
            if not key.startswith(prefix) or len(levels) != 2 or levels[1] not in takes:
                continue
            entry = await bucket.get(key)
            if entry is not None and entry.value is not None:
                self._take(takes[levels[1]], Message(key, entry.value, {}))
        stream = await self._bus.stream(
            subjects.TRACES_STREAM,
            subjects.TRACES_STREAM_SUBJECTS,
            max_age_s=subjects.TRACES_STREAM_MAX_AGE_S,
        )
        for stored in await stream.last(subjects.trace(self._home), RUNS_MAX):
            self._take(self._on_trace, Message(stored.subject, stored.data, {}))

    def _take(self, take: Take, message: Message) -> None:
        try:
            take(message)
        except InputError:
            self.rejected += 1

    def _on_about(self, message: Message) -> None:
        device = message.subject.split(".")[2]
        self._mirror.take_about(device, decode(message.data, DeviceAbout, where=message.subject))

    def _on_state(self, message: Message) -> None:
        self._mirror.take_state(decode(message.data, DeviceState, where=message.subject))

    def _on_trace(self, message: Message) -> None:
        self._mirror.take_trace(decode(message.data, Trace, where=message.subject))
