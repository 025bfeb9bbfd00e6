"""Limits that both buses share, so that a rehearsal meets the same ones."""

from collections.abc import Sequence

from vettura.bus.subjects_match import check_pattern
from vettura.errors import InputError

MESSAGE_ID_HEADER = "Nats-Msg-Id"
DEDUPE_WINDOW_S = 120.0
"""How long a stream remembers a message id [s]: JetStream's default `duplicate_window`."""
PENDING_MAX = 65_536
"""How many messages a consumer may hold without acknowledging them."""
WATCH_BACKLOG = 65_536
"""How many changes a watch may be behind before it only sees the last of each key."""

_HISTORY_MAX = 64  # JetStream keeps no more of each key.
_MAX_AGE_S_MIN = 0.1  # nats-server takes no shorter `max_age`.


def check_history(history: int) -> None:
    """Raise `InputError` when a bucket cannot keep so many entries of each key."""
    if not 1 <= history <= _HISTORY_MAX:
        raise InputError(
            f"a bucket cannot keep a history of {history}", hint=f"give 1 to {_HISTORY_MAX}"
        )


def check_limits(subjects: Sequence[str], max_age_s: float, max_bytes: int) -> None:
    """Raise `InputError` when no stream can have these subjects and limits [s, bytes]."""
    if isinstance(subjects, str) or not subjects:
        raise InputError("a stream stores a list of subjects, one or more")
    for subject in subjects:
        if check_pattern(subject)[0] in "*>$":
            raise InputError(
                f"a stream cannot store {subject}",
                hint="its first token must be a word, else it would store the server's own traffic",
            )
    if max_age_s and max_age_s < _MAX_AGE_S_MIN:
        raise InputError(
            f"a stream cannot have max_age_s {max_age_s}",
            hint=f"give 0 for no limit, or {_MAX_AGE_S_MIN} or more",
        )
    if max_bytes != -1 and max_bytes < 1:
        raise InputError(
            f"a stream cannot have max_bytes {max_bytes}", hint="give -1 for no limit, or 1 or more"
        )


def check_batch(batch: int) -> None:
    """Raise `InputError` when one cannot pull so many messages."""
    if batch < 1:
        raise InputError(f"cannot pull {batch} messages", hint="give 1 or more")
