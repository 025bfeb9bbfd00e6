"""One thing that was found, in a form that is printed, drawn and sent as JSON."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Literal, TypeAlias

import msgspec

from vettura.bus.messages_home import Cause

Kind: TypeAlias = Literal[
    "conflict", "loop", "promise", "failure", "missing trigger", "unknown entity", "never true"
]
"""conflict: scenes set one thing against each other; loop: a scene sets itself off; promise: one
was broken; failure: actions were refused; missing trigger: a scene looks at something that does
not set it off; unknown entity: one that nobody brings; never true: what cannot become so."""
MOMENTS_MAX = 300
CHAIN_SHOWN = 5
Seen: TypeAlias = Literal["happened", "possible"]
"""possible: read from the scenes' text alone."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Something about the scenes that their owner should know. Times are ns since the epoch."""

    kind: Kind
    seen: Seen
    title: str
    """One sentence."""
    why: tuple[str, ...] = ()
    """What led to it, one step a line."""
    scenes: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()
    count: int = 1
    moments_ns: tuple[int, ...] = ()
    """When it happened, at most `MOMENTS_MAX` times; none for what never did."""
    where: tuple[str, ...] = ()
    """file:line"""
    replay: str = ""
    """The command that shows the first time again; empty for none."""

    @property
    def first_ns(self) -> int:
        """When it happened first; 0 for never."""
        return self.moments_ns[0] if self.moments_ns else 0


def moments(times_ns: Iterable[int]) -> tuple[int, ...]:
    """The first `MOMENTS_MAX` of them."""
    return tuple(islice(times_ns, MOMENTS_MAX))


def chain_words(cause: Cause) -> str:
    """Who led to it, the first mover first, such as `person.giulia → automation.arriving`."""
    return way_words([*cause.chain, cause.who])


def way_words(names: Sequence[str]) -> str:
    """Names in a row; of a long row the first and the last ones."""
    if len(names) > CHAIN_SHOWN:
        names = [names[0], "…", *names[-CHAIN_SHOWN + 2 :]]
    return " → ".join(names)
