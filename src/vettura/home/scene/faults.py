"""What goes wrong while scenes run; each ends one step or run, never the house."""


class Fault(Exception):  # noqa: N818  it is told to people as what it is
    """Something in a scene did not work; the text says what."""


class RenderFault(Fault):
    """A template failed."""


class ConditionFault(Fault):
    """A condition cannot be told: what it asks for is not there or is no number."""


class CallFault(Fault):
    """An action was not done; `continue_on_error` goes on all the same."""


class WrongCallFault(CallFault):
    """An action that cannot be done as it is written; nothing goes on from there."""
