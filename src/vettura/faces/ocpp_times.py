"""Times as OCPP writes them: RFC 3339, with or without a zone, as stations come up with."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from vettura.units import NS_PER_S

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
TEXT_MAX = 40
_FRACTION = re.compile(r"\.(\d{1,9})\d*")
_NS_MAX = 2**63 - 1


def read_time_ns(text: object) -> int | None:
    """Nanoseconds since the epoch; None for what is no time. Without a zone it is UTC."""
    if not isinstance(text, str) or not 10 <= len(text) <= TEXT_MAX:
        return None
    fraction = _FRACTION.search(text)
    whole = _FRACTION.sub("", text, count=1)
    try:
        moment = datetime.fromisoformat(whole.replace("Z", "+00:00").replace("z", "+00:00"))
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    seconds = (moment - EPOCH) // timedelta(seconds=1)
    ns = seconds * NS_PER_S + (int(fraction[1].ljust(9, "0")) if fraction else 0)
    return ns if 0 <= ns <= _NS_MAX else None


def time_text(time_ns: int) -> str:
    """A time to the millisecond, UTC."""
    moment = EPOCH + timedelta(milliseconds=time_ns // 1_000_000)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
