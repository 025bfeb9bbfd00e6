"""How many calls a rehearsal may run in one instant, and who spent them."""

from asyncio import Handle
from collections import Counter, deque

from vettura.clock import suspects
from vettura.errors import LivelockError
from vettura.units import NS_PER_S

STEP_BUDGET = 100_000
# Of the last calls before the budget is spent, so many are counted by task.
_WATCHED = 1_000


class StepBudget:
    """`limit` calls for each instant of simulated time."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._spent = 0
        self._runs: Counter[object] = Counter()

    def renew(self) -> None:
        """Begin a new instant."""
        self._spent = 0
        if self._runs:
            self._runs.clear()

    def spend(self, ready: deque[Handle], elapsed_ns: int) -> None:
        """Count the calls that are about to run; raise `LivelockError` when they are too many."""
        self._spent += len(ready)
        if self._spent > self._limit - _WATCHED:
            self._watch(ready, elapsed_ns)

    def _watch(self, ready: deque[Handle], elapsed_ns: int) -> None:
        self._runs.update(suspects.owner(handle) for handle in ready)
        if self._spent <= self._limit:
            return
        text = suspects.busiest(self._runs)
        self.renew()
        raise LivelockError(
            f"{self._limit:,} calls without time passing, {elapsed_ns / NS_PER_S:.9f} s into the "
            f"rehearsal:{text}",
            hint="let them sleep between their steps, or raise the step budget of a large house",
        )
