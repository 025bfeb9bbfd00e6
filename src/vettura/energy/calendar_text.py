"""The lines of an iCalendar file (RFC 5545): unfolded, split into names, parameters and values."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from vettura.errors import InputError
from vettura.life.local_time import zone

LINE_CHARACTERS_MAX = 8_000
EVENTS_MAX = 5_000

_PROPERTY = re.compile(r'([A-Za-z0-9-]+)((?:;[A-Za-z0-9-]+=(?:"[^"]*"|[^";:,]*))*):(.*)', re.DOTALL)
_PARAMETER = re.compile(r';([A-Za-z0-9-]+)=(?:"([^"]*)"|([^";:,]*))')
_DURATION = re.compile(
    r"\+?P(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,7})S)?)?"
)


class Property(NamedTuple):
    """One content line."""

    name: str
    parameters: dict[str, str]
    value: str


Event = dict[str, list[Property]]
"""The properties of a VEVENT by name."""


def events_of(text: str) -> Iterator[Event]:
    """Every VEVENT of the text; what stands inside of one, such as an alarm, is skipped."""
    event: Event | None = None
    inner = count = 0
    for line in _unfolded(text):
        found = _PROPERTY.fullmatch(line[:LINE_CHARACTERS_MAX])
        if not found:
            continue
        name, value = found[1].upper(), found[3]
        if name == "BEGIN" and value.strip().upper() == "VEVENT" and event is None:
            event, inner = {}, 0
        elif event is not None and name == "BEGIN":
            inner += 1
        elif event is not None and name == "END":
            if inner:
                inner -= 1
                continue
            count += 1
            if count > EVENTS_MAX:
                raise InputError(f"more than {EVENTS_MAX} entries", hint="give a smaller calendar")
            yield event
            event = None
        elif event is not None and not inner:
            parameters = {
                key.upper(): quoted or plain for key, quoted, plain in _PARAMETER.findall(found[2])
            }
            event.setdefault(name, []).append(Property(name, parameters, value))


def _unfolded(text: str) -> Iterator[str]:
    """Lines, those that go on with a blank joined to the one before (RFC 5545, 3.1)."""
    whole = ""
    for line in text.splitlines():
        if line[:1] in {" ", "\t"}:
            # What is beyond the limit is cut, so that no line grows for ever.
            whole += line[1:] if len(whole) < LINE_CHARACTERS_MAX else ""
            continue
        if whole:
            yield whole
        whole = line
    if whole:
        yield whole


def text_of(event: Event, name: str) -> str:
    """The text of a property on one line; empty when there is none."""
    if name not in event:
        return ""
    value = event[name][0].value.replace("\\n", " ").replace("\\N", " ")
    plain = re.sub(r"\\([,;\\])", r"\1", value)
    return " ".join("".join(c if c.isprintable() else " " for c in plain).split())


def when_of(found: Property, timezone: str) -> datetime | date:
    """A DATE or DATE-TIME; one without a zone is of `timezone`. InputError when it is neither."""
    text = found.value.strip()
    try:
        if len(text) == 8:
            return datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC).date()
        if text.endswith("Z"):
            return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        place = _zone(found.parameters.get("TZID", ""), timezone)
        return datetime.strptime(text, "%Y%m%dT%H%M%S").replace(tzinfo=place)
    except ValueError:
        raise InputError(f"{found.name} is {text[:40]!r}") from None


def duration_of(found: Property) -> timedelta:
    """A positive DURATION; InputError when it is none."""
    match = _DURATION.fullmatch(found.value.strip())
    if not match:
        raise InputError(f"DURATION is {found.value[:40]!r}")
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)


def _zone(name: str, timezone: str) -> ZoneInfo:
    if not name:
        return zone(timezone)
    # Some programs put a path before the name: /freeassociation.sourceforge.net/Europe/Rome.
    for tried in (name, "/".join(name.split("/")[-2:])):
        try:
            return zone(tried)
        except InputError:
            continue
    raise InputError(f"time zone {name[:40]!r} is not known")
