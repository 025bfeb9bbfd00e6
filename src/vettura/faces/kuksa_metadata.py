"""What a signal is, in the messages of each protocol. Made once for each signal and kept."""

import math
from functools import cache

from vettura.bus.signals import Signal
from vettura.faces.kuksa_catalogue import Listed
from vettura.faces.kuksa_values import SHAPES
from vettura.faces.kuksa_wire import SDV, V1, V2, Proto, enum_number, make

_MS_PER_S = 1000.0


@cache
def metadata_v2(listed: Listed) -> Proto:
    """`kuksa.val.v2.Metadata`."""
    signal = listed.signal
    message = make(
        V2,
        "Metadata",
        path=signal.path,
        id=listed.id,
        data_type=_data_type(V2, signal),
        entry_type=enum_number(V2, "EntryType", f"ENTRY_TYPE_{signal.kind.upper()}"),
        description=signal.description,
        unit=signal.unit,
    )
    low, high = _bounds(signal)
    field = SHAPES[signal.datatype.removesuffix("[]")].field
    if low is not None:
        setattr(message.min, field, low)
    if high is not None:
        setattr(message.max, field, high)
    if signal.allowed:
        message.allowed_values.string_array.values.extend(signal.allowed)
    if 0.0 < signal.period_s < math.inf:
        message.min_sample_interval.interval_ms = round(signal.period_s * _MS_PER_S)
    return message


@cache
def metadata_v1(listed: Listed) -> Proto:
    """`kuksa.val.v1.Metadata`."""
    signal = listed.signal
    message = make(
        V1,
        "Metadata",
        data_type=_data_type(V1, signal),
        entry_type=enum_number(V1, "EntryType", f"ENTRY_TYPE_{signal.kind.upper()}"),
        description=signal.description,
    )
    if signal.unit:
        message.unit = signal.unit
    if signal.allowed:
        message.value_restriction.string.allowed_values.extend(signal.allowed)
    low, high = _bounds(signal)
    if low is None and high is None:
        return message
    field = SHAPES[signal.datatype.removesuffix("[]")].field
    kind = "unsigned" if field[0] == "u" else "signed" if field[0] == "i" else "floating_point"
    restriction = getattr(message.value_restriction, kind)
    if low is not None:
        restriction.min = low
    if high is not None:
        restriction.max = high
    return message


@cache
def metadata_sdv(listed: Listed) -> Proto:
    """`sdv.databroker.v1.Metadata`."""
    signal = listed.signal
    word = signal.datatype.upper().replace("[]", "_ARRAY").replace("BOOLEAN", "BOOL")
    return make(
        SDV,
        "Metadata",
        id=listed.id,
        name=signal.path,
        data_type=enum_number(SDV, "DataType", word),
        change_type=enum_number(SDV, "ChangeType", signal.change.upper()),
        description=signal.description,
    )


def _data_type(package: str, signal: Signal) -> int:
    word = signal.datatype.upper().replace("[]", "_ARRAY")
    return enum_number(package, "DataType", f"DATA_TYPE_{word}")


def _bounds(signal: Signal) -> tuple[float | int | None, float | int | None]:
    """Lowest and highest value, as whole numbers where the type is one; None without a bound."""
    is_whole = "int" in signal.datatype
    found: list[float | int | None] = []
    for bound in (signal.min, signal.max):
        if not math.isfinite(bound):
            found.append(None)
        else:
            found.append(int(bound) if is_whole else bound)
    return found[0], found[1]
