"""Every error that vettura raises on purpose, in one tree.

VetturaError
├── UsageError          the caller's mistake: a wrong argument, option or combination
│   └── InputError      a file, a key, a column or a row that cannot be used
├── RefusedError        a command that the car or a device refuses, with its reason
├── EnvironmentFault    the machine lacks something: a free port, a program, a writable folder
├── BusError            the bus failed us
│   ├── BusTimeoutError     no answer in time
│   ├── NoResponderError    nobody listens there
│   ├── BusDownError        no server to talk to
│   └── ConflictError       someone else wrote that key first
└── RehearsalError      a rehearsal that cannot go on
    ├── DeadlockError       every task waits and no timer is set
    ├── LivelockError       the step budget of one instant is spent
    └── ForbiddenInRehearsalError   sockets, threads and processes

The text says what, where and what to do, without a full stop; a hint stands on a line of its own.
`exit_code` is what the command line returns: 1 failed, 2 usage, 3 environment.
"""


class VetturaError(Exception):
    """The root: what we raise on purpose and show as one clear line."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  hint: {self.hint}" if self.hint else self.message


class UsageError(VetturaError):
    """The caller's mistake."""

    exit_code = 2


class InputError(UsageError):
    """Something read from a file, a wire or a person that cannot be used."""


class RefusedError(VetturaError):
    """A command that was understood and refused, with the reason."""


class EnvironmentFault(VetturaError):  # noqa: N818  EnvironmentError is Python's own name
    """The machine lacks something that we need."""

    exit_code = 3


class BusError(VetturaError):
    """The bus failed us."""


class BusTimeoutError(BusError):
    """No answer came in time."""


class NoResponderError(BusError):
    """Nobody listens on that subject."""


class BusDownError(BusError):
    """There is no server to talk to just now."""


class ConflictError(BusError):
    """Someone else wrote that key since we read it."""


class RehearsalError(VetturaError):
    """A rehearsal that cannot go on."""


class DeadlockError(RehearsalError):
    """Every task waits for another and no timer is set."""


class LivelockError(RehearsalError):
    """Tasks kept running without letting time pass."""


class ForbiddenInRehearsalError(RehearsalError):
    """A rehearsed service reached for a socket, a thread or a process."""
