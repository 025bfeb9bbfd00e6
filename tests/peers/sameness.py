"""Whether two logs of a month say the same, and if not, where they part.

Compared is every action and every event that a scene fired: its microsecond, its order among all
others, who did it, and all its data; so are the runs that began, every change of a helper, and what
is left in the end.
"""

import json
from hashlib import sha256
from itertools import groupby

TARGETS = ("entity_id", "device_id", "area_id")


def actions(lines):
    """What was done, in order."""
    return [_plain(line) for line in lines if line.get("who") and "run" not in line]


def runs(lines):
    """What began when and why, by time and name."""
    return sorted(
        (line["at_us"], line["who"], line["run"])
        for line in lines
        if "run" in line and not line["who"].startswith("script.")
    )


def changes(lines):
    """Every change of a helper, in order."""
    return [
        (line["at_us"], line["entity"], line["state"])
        for line in lines
        if "entity" in line and line["at_us"] > lines[0]["at_us"]
    ]


def left(lines):
    """The states that are left."""
    return next(line["left"] for line in lines if "left" in line)


def parting(ours, theirs, *, around=6):
    """None when both are the same, else where they part, for people."""
    if ours == theirs:
        return None
    pairs = enumerate(zip(ours, theirs, strict=False))
    shorter = min(len(ours), len(theirs))
    index = next((number for number, (one, other) in pairs if one != other), shorter)
    first = max(0, index - around)
    told = [f"they part at {index} of {len(ours)} (ours) and {len(theirs)} (Home Assistant's)"]
    for name, lines in (("ours", ours), ("Home Assistant's", theirs)):
        told += [f"{name}:", *(f"  {line}" for line in lines[first : index + around])]
    return "\n".join(told)


def digest(lines):
    """One word for everything that is compared but the runs."""
    told = [actions(lines), changes(lines), left(lines)]
    return sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def by_who(lines):
    """The same by automation, each in its order."""
    key = lambda line: line["who"]  # noqa: E731
    return {who: list(each) for who, each in groupby(sorted(lines, key=key), key=key)}


def _plain(line):
    data = {key: value for key, value in line["data"].items() if key not in TARGETS}
    what = {key: line[key] for key in ("at_us", "who", "action", "event") if key in line}
    return what | {"data": _as_json(data), "entities": line.get("entities", [])}


def _plain_value(value):
    return sorted(value) if isinstance(value, set | frozenset) else str(value)


def _as_json(value):
    return json.loads(json.dumps(value, default=_plain_value, sort_keys=True))
