"""The bytes of miIO: what is packed is unpacked, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vettura.errors import InputError
from vettura.faces.miio_wire import (
    HELLO,
    PACKET_BYTES_MAX,
    greeting,
    is_hello,
    keys_of,
    pack,
    read_answer,
    read_greeting,
    read_request,
    read_token,
    unpack,
)

TOKENS = st.binary(min_size=16, max_size=16)
NUMBERS = st.integers(0, 2**32 - 1)
TEXTS = st.binary(max_size=1000).map(lambda text: text.rstrip(b"\x00"))


@given(TOKENS, NUMBERS, NUMBERS, TEXTS)
def test_what_is_packed_is_unpacked(token, device, stamp, text):
    keys = keys_of(token)
    data = pack(keys, device=device, stamp=stamp, text=text)
    assert unpack(data, keys) == (device, stamp, text)
    assert len(data) % 16 == 0
    assert not is_hello(data)


@given(TOKENS, TOKENS, TEXTS)
def test_another_token_reads_nothing(token, other, text):
    data = pack(keys_of(token), device=1, stamp=1, text=text)
    if token != other:
        with pytest.raises(InputError):
            unpack(data, keys_of(other))


@given(TEXTS, st.data())
def test_one_bit_that_is_wrong_is_seen(text, data):
    keys = keys_of(bytes(16))
    packet = bytearray(pack(keys, device=7, stamp=9, text=text))
    at = data.draw(st.integers(0, 8 * len(packet) - 1))
    packet[at // 8] ^= 1 << at % 8
    with pytest.raises(InputError):
        unpack(bytes(packet), keys)


@given(st.binary(max_size=PACKET_BYTES_MAX + 64))
def test_garbage_is_refused(data):
    for read in (lambda d: unpack(d, keys_of(bytes(16))), read_request, read_answer):
        with pytest.raises(InputError):
            read(data)


@given(NUMBERS, NUMBERS)
def test_a_greeting_tells_who_and_when_but_no_token(device, stamp):
    data = greeting(device, stamp)
    assert read_greeting(data) == (device, stamp)
    assert data[16:] == b"\xff" * 16


def test_a_hello_is_known_whatever_follows_its_length():
    assert is_hello(HELLO)
    assert is_hello(HELLO[:4] + bytes(28))
    assert not is_hello(HELLO[:31])
    assert not is_hello(HELLO + b"\xff")


@pytest.mark.parametrize("text", ["", "ab", "zz" * 16, "00" * 15, "00" * 17])
def test_a_token_that_is_none_is_refused_and_not_repeated(text):
    with pytest.raises(InputError) as refused:
        read_token(text)
    assert not text or text not in str(refused.value)


def test_a_token_may_stand_alone_in_a_file():
    assert read_token("000102030405060708090a0b0c0d0e0f\n") == bytes(range(16))
