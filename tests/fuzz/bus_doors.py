"""What arrives on the bus, at the page and from files of sessions."""

import typing

import msgspec

from fuzz.entries import Door, scratch, text
from make import NOON_NS, VIN
from vettura.bus import messages
from vettura.bus.messages import (
    Actuate,
    Answer,
    Audit,
    Claim,
    Command,
    Plug,
    Provided,
    SignalFrame,
    Targets,
    Verb,
    Weather,
    Wire,
    decode,
    encode,
)
from vettura.bus.orders import VERBS, read_fields, read_speed, read_verb
from vettura.bus.recording import Recording, recorded
from vettura.bus.recording_blocks import (
    DATA,
    END,
    INDEX,
    INDX,
    MAGIC,
    TAIL,
    pack_message,
    pack_segment,
)
from vettura.bus.signals import read_value, signal_table
from vettura.cli.export_rows import Seen, long_lines, mqtt_lines
from vettura.errors import InputError, VetturaError

FRAME = SignalFrame(
    time_ns=NOON_NS,
    values={"Vehicle.Speed": 12.5, "Vehicle.IsMoving": True, "Vehicle.Diagnostics.DTCList": ["P0"]},
    full=True,
)
KINDS = sorted(
    (kind for kind in vars(messages).values() if isinstance(kind, type) and issubclass(kind, Wire)),
    key=lambda kind: kind.__name__,
)


def bus() -> Door:
    """`decode` of every kind of message."""
    number = {kind: bytes([index]) for index, kind in enumerate(KINDS)}
    said = (
        FRAME,
        Targets(time_ns=1, values={"Vehicle.Cabin.Door.Row1.DriverSide.IsLocked": True}),
        Provided(time_ns=1, provider="bench", values={"Vehicle.Speed": 1}),
        Answer(ok=False, reason="why", code="busy", state="refused"),
        Audit(id="a", time_ns=1, end_ns=2, who="x", role="app", what="lock", result="reached"),
        Weather(time_ns=1, ambient_degc=3.0, wind_mps=1.0, sun_w_per_m2=0.0, condition="fog"),
        Command(id="c", verb=Actuate(path="Vehicle.Speed", value=[1.0, "a"]), granted=True),
        Command(id="c", verb=Claim(provider="bench", actuators=["Vehicle.Speed"])),
        Command(id="c", verb=Plug(station="s", power_w_max=11_000.0)),
        *(Command(id="c", verb=kind()) for kind in typing.get_args(Verb) if _is_bare(kind)),
    )
    samples = tuple(number[type(one)] + encode(one) for one in said)

    def feed(data: bytes) -> bool:
        kind = KINDS[(data[0] if data else 0) % len(KINDS)]
        try:
            message = decode(data[1:], kind, where="here")
        except InputError:
            return False
        encode(message)
        return True

    return Door("bus", samples, feed)


def _is_bare(kind: type[msgspec.Struct]) -> bool:
    return not any(field.required for field in msgspec.structs.fields(kind))


def page() -> Door:
    """Orders of the page and words of the command line."""
    bodies = {
        "climate": b'{"on":true,"target_degc":21.5}',
        "charge_limit": b'{"soc":0.8}',
        "set": b'{"path":"Vehicle.Speed","value":["a",1.5]}',
        "plug": b'{"station":"s","power_w_max":11000,"dc":false,"phases":3}',
        "claim": b'{"provider":"b","actuators":["Vehicle.Speed"]}',
        "precondition": b'{"ready_at_ns":1772452800000000000}',
        "lock": b"",
    }
    names = sorted(VERBS)
    signals = list(signal_table().values())
    samples = tuple(
        bytes([names.index(name), index]) + body
        for name, body in bodies.items()
        if name in VERBS
        for index in (0, 60, 200)
    ) + tuple(bytes([0, index]) + b"12.5" for index in range(0, 250, 5))

    def feed(data: bytes) -> bool:
        first, second = (*data[:2], 0, 0)[:2]
        name, rest = names[first % len(names)], data[2:]
        accepted = 0
        for read in (
            lambda: read_verb(name, rest),
            lambda: read_speed(rest),
            lambda: read_fields(name, [text(rest)[:2000]]),
            lambda: read_value(signals[second % len(signals)], text(rest)[:2000]),
        ):
            try:
                read()
                accepted += 1
            except InputError:
                pass
        return accepted > 0

    return Door("page", samples, feed)


def recording() -> Door:
    """Session files: as they are, and behind checksums that are right."""
    several = [recorded(NOON_NS, f"car.{VIN}.signals", encode(FRAME)) for _ in range(3)]
    raw = b"".join(map(pack_message, several))
    segment = pack_segment(DATA, raw, messages=3, first_ns=NOON_NS, last_ns=NOON_NS)
    index = INDEX.pack(len(segment) - 40, len(raw), 3, NOON_NS, NOON_NS)
    end = END.pack(len(MAGIC) + len(segment), 3, 0)
    whole = MAGIC + segment + pack_segment(INDX, index) + pack_segment(TAIL, end)
    samples = (b"w" + whole, b"c" + whole[:-60], b"d" + raw, b"i" + index, b"t" + end)
    file = scratch() / "a.session"

    def content(data: bytes) -> bytes:
        kind, rest = data[:1], data[1:]
        if kind == b"d":
            return MAGIC + pack_segment(DATA, rest, messages=3, first_ns=1, last_ns=2)
        if kind == b"i":
            return MAGIC + segment + pack_segment(INDX, rest) + pack_segment(TAIL, end)
        if kind == b"t":
            return MAGIC + segment + pack_segment(INDX, index) + pack_segment(TAIL, rest)
        return rest

    def feed(data: bytes) -> bool:
        file.write_bytes(content(data))
        try:
            with Recording(file) as opened:
                messages_ = list(opened.messages())
                list(long_lines(messages_, None, Seen()))
                list(mqtt_lines(messages_, None, Seen(), root="vettura"))
        except VetturaError:
            return False
        return opened.is_whole

    return Door("recording", samples, feed)


DOORS = {"bus": bus, "page": page, "recording": recording}
