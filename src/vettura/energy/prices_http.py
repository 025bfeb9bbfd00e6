"""Asks an address on the net for prices: one request, with a limit on time and size."""

import urllib.error
import urllib.request
from datetime import date, timedelta

from vettura.energy.prices_read import BYTES_MAX
from vettura.errors import InputError

PATIENCE_S = 20.0
WHO = "vettura"


def filled(url: str, today: date) -> str:
    """The address with {today}, {tomorrow} and {after} (the day after that) as dates.

    With `:compact` in the braces a date is written as ENTSO-E wants it: 20240501.
    """
    for name, days in (("today", 0), ("tomorrow", 1), ("after", 2)):
        day = today + timedelta(days=days)
        url = url.replace(f"{{{name}}}", day.isoformat())
        url = url.replace(f"{{{name}:compact}}", f"{day:%Y%m%d}")
    return url


def fetch(url: str, *, token: str = "") -> bytes:
    """The answer's body; InputError when there is none that can be used. Blocks: use a thread."""
    where = url.split("?", maxsplit=1)[0][:80]
    if not url.startswith(("http://", "https://")):
        raise InputError(f"{where}: not an address of http or https")
    headers = {"User-Agent": WHO, "Accept": "application/json, application/xml, text/csv, */*"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(url, headers=headers)  # noqa: S310  checked above
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:  # noqa: S310
            data = answer.read(BYTES_MAX + 1)
    except urllib.error.HTTPError as error:
        error.close()
        raise InputError(f"{where}: answered {error.code} {error.reason}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise InputError(f"{where}: no answer ({str(reason)[:100]})") from None
    return bytes(data)
