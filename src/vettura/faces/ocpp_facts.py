"""What a wallbox tells a central system, in one form for all versions, and who takes it in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias, final

from vettura.bus.messages_energy import ChargingNeeds, TransactionKind
from vettura.faces.ocpp_meter import Reading

Verdict: TypeAlias = Literal["Accepted", "Blocked", "Expired", "Invalid"]
"""Of a token; the words that all versions share."""
AVAILABLE, OCCUPIED, CHARGING, FAULTED = "available", "occupied", "charging", "faulted"
UNAVAILABLE = "unavailable"
WHOLE = 0
"""The connector that stands for the station itself."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Boot:
    """What a station says it is."""

    vendor: str = ""
    model: str = ""
    serial: str = ""
    firmware: str = ""
    reason: str = ""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """Who wants to charge; compared without regard to case, as the protocol says."""

    id: str
    kind: str = ""
    """eMAID, ISO14443, MacAddress, Central, NoAuthorization; empty in 1.6."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """One event of a transaction."""

    connector: int
    transaction: str
    sequence: int | None
    """None in 1.6, which numbers nothing."""
    kind: TransactionKind
    time_ns: int | None
    reading: Reading
    token: Token | None = None
    reason: str = ""
    is_offline: bool = False
    is_charging: bool | None = None
    """None: it does not say."""
    remote_start: int | None = None


Asked: TypeAlias = tuple[str, dict[str, Any]]
"""An action and its payload, to be sent."""


class Wish(NamedTuple):
    """What the house wants of a connector."""

    connector: int
    transaction: str
    """The one that runs; empty for none."""
    token: str
    """Who shall be charged for."""
    number: int
    """For the answer to be told apart."""
    data: Mapping[str, Any]


class Side(Protocol):
    """Who takes in what a station tells: the central system's end of one connection."""

    interval_s: int
    """How often it shall give a sign of life."""
    energy_unit: str
    """What its meter means by an energy without a unit."""

    def now_text(self) -> str:
        """The home's time, as the protocol writes it."""
        ...

    def booted(self, boot: Boot) -> None:
        """It has started, or has connected anew."""
        ...

    def turned(self, connector: int, status: str, detail: str) -> None:
        """A connector is in another state."""
        ...

    def metered(self, connector: int, reading: Reading, transaction: str) -> None:
        """A meter was read."""
        ...

    def verdict(self, token: Token) -> Verdict:
        """Whether that token may charge."""
        ...

    async def started(self, event: Counted, began: str) -> int:
        """A transaction of 1.6 begins: its number, the same for a start that is told twice."""
        ...

    async def counted(self, event: Counted) -> None:
        """A transaction goes on, or ends; returns once that is stored."""
        ...

    def needs(self, connector: int, needs: ChargingNeeds) -> bool:
        """A car says what it wants; False when no such connector is known."""
        ...

    def noted(self, about: str, text: str) -> None:
        """Something for people: firmware, logs, security, faults."""
        ...
