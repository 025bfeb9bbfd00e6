"""Asking with patience: a command is repeated under the same id until somebody answers."""

from hashlib import sha256

from vettura.bus.interface import Bus
from vettura.bus.messages import Answer, Command, decode, encode
from vettura.bus.messages_energy import EnergyWish
from vettura.bus.messages_home import DeviceAction
from vettura.clock.interface import Clock
from vettura.errors import BusDownError, BusTimeoutError, NoResponderError

RETRY_S = 0.25
"""Pause between two tries [s of `pace`]."""


async def ask(
    bus: Bus,
    pace: Clock,
    subject: str,
    command: Command | DeviceAction | EnergyWish,
    *,
    patience_s: float = 8.0,
) -> Answer:
    """Send `command` to `subject` until it is answered, and return the answer.

    Whoever takes commands obeys one id once, so repeating is safe and a restart of the bus or of
    the receiver loses nothing. After `patience_s` [s of `pace`] the last error is raised: who asks
    then knows that the command was perhaps obeyed, but not answered.
    """
    data = encode(command)
    headers = {"traceparent": traceparent(command.id)}
    deadline_s = pace.monotonic() + patience_s
    while True:
        try:
            reply = await bus.request(subject, data, headers=headers)
        except (BusTimeoutError, BusDownError, NoResponderError):
            if pace.monotonic() + RETRY_S > deadline_s:
                raise
            await pace.sleep(RETRY_S)
        else:
            return decode(reply.data, Answer, where=f"answer from {subject}")


def traceparent(command_id: str) -> str:
    """W3C Trace Context of a command: the same for every try, and for everything it causes."""
    digest = sha256(command_id.encode()).hexdigest()
    return f"00-{digest[:32]}-{digest[32:48]}-01"
