"""The forms a call can take, so that the server and tests can drive every one the same way."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple, Protocol, TypeAlias

from vettura.faces.kuksa_callers import Caller
from vettura.faces.kuksa_hub import Subscription
from vettura.faces.kuksa_wire import Proto

Answering: TypeAlias = Callable[[Proto, Caller], Awaitable[Proto]]
"""One request, one reply."""


class Listening(NamedTuple):
    """A subscription, and how long it lasts."""

    subscription: Subscription
    duration_s: float = 0.0
    """0 for ever [real s]."""


Subscribing: TypeAlias = Callable[[Proto, Caller], Listening]
"""One request, many replies."""


class Talk(Protocol):
    """A client that streams; one object for each call."""

    outbox: asyncio.Queue[bytes | None]
    """Replies for the client, if its call has any before the end; None means there are no more."""

    @property
    def stays(self) -> bool:
        """Whether replies may still come when the client has nothing more to say."""
        ...

    async def take(self, request: Proto) -> None:
        """One message of the client; `Refused` ends the call."""
        ...

    def close(self) -> None:
        """The call is over, however."""
        ...


Talking: TypeAlias = Callable[[Caller], Talk]
Handler: TypeAlias = Answering | Subscribing | Talking
"""Which of them, the table of the protocols says: who streams."""
