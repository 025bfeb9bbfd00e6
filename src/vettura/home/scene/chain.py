"""Who caused what: the cause of a run, and chains that go round too fast."""

from collections import deque
from typing import final

from vettura.bus.messages_home import Cause
from vettura.units import NS_PER_S

RETURNS_MAX = 10
"""So often may a chain come back to one automation within `RETURNS_NS`."""
RETURNS_NS = 60 * NS_PER_S
CHAIN_MAX = 40
"""Links of a chain that travel: the first mover and the last ones."""
BURST_MAX = 200
BURST_NS = 10 * NS_PER_S
"""Runs of one automation that may begin in so short a time."""


def cause_of(run_id: str, who: str, before: Cause | None) -> Cause:
    """The cause of what a run does; `before` is why it was set off."""
    if before is None:
        return Cause(id=run_id, who=who)
    chain = [*before.chain, before.who]
    if len(chain) > CHAIN_MAX:
        chain = [chain[0], *chain[-CHAIN_MAX + 1 :]]
    return Cause(id=run_id, who=who, hops=before.hops + 1, chain=chain)


@final
class Brake:
    """Refuses runs of one automation that come too fast."""

    def __init__(self) -> None:
        self._begun: deque[int] = deque(maxlen=BURST_MAX)
        self._returned: deque[int] = deque(maxlen=RETURNS_MAX)

    def refusal(self, cause: Cause, now_ns: int) -> str:
        """Why no run may begin now; empty when one may, which is then counted."""
        if cause.who in cause.chain:
            times = self._returned
            if len(times) == RETURNS_MAX and now_ns - times[0] < RETURNS_NS:
                return f"a loop, cut: {_round(cause)}"
            times.append(now_ns)
        times = self._begun
        if len(times) == BURST_MAX and now_ns - times[0] < BURST_NS:
            return f"more than {BURST_MAX} runs in {BURST_NS // NS_PER_S} s"
        times.append(now_ns)
        return ""


def _round(cause: Cause) -> str:
    """The way from the automation back to itself."""
    chain = cause.chain
    begin = len(chain) - 1 - chain[::-1].index(cause.who)
    return " → ".join([*chain[begin:], cause.who])
