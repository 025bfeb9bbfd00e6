"""What travels: frames are read once for all who hear them."""

import pytest

from vettura.bus.messages import SignalFrame, decode, decode_frame, encode
from vettura.errors import InputError


def test_a_frame_is_read_once_for_all_who_hear_it():
    data = encode(SignalFrame(time_ns=1, values={"Vehicle.Speed": 3.5}))
    assert decode_frame(data, where="here") is decode_frame(data, where="there")
    assert decode_frame(data, where="here") == decode(data, SignalFrame, where="here")


@pytest.mark.parametrize("data", [b"", b"\xc1", b"\x90", b"\xff" * 40])
def test_nonsense_instead_of_a_frame_is_one_line(data):
    for _ in range(2):
        with pytest.raises(InputError, match="here: not a SignalFrame"):
            decode_frame(data, where="here")
