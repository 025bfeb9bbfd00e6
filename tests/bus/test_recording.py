"""Recording files: what was written is read, whatever happened to the file in between."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from make import NOON_NS, VIN
from vettura.bus.messages import SignalFrame, encode
from vettura.bus.recording import Recorded, Recording, RecordingWriter, is_session, recorded
from vettura.bus.recording_blocks import HEADER, MAGIC
from vettura.errors import EnvironmentFault, InputError

SUBJECT = f"car.{VIN}.signals"


def message(number=0, data=b"abc"):
    return Recorded(NOON_NS + number, NOON_NS + 10 * number, SUBJECT, data)


def written(path, messages, *, every=0, is_closed=True, dropped=0):
    """A session of these, with a block after each `every` messages."""
    path.unlink(missing_ok=True)
    writer = RecordingWriter(path, is_synced=False)
    for number, one in enumerate(messages, start=1):
        writer.add(one)
        if every and number % every == 0:
            writer.flush()
    if is_closed:
        writer.close(dropped=dropped)
    else:
        writer._file.close()  # As a kill would: no index, no end.
    return writer


def read(path, **window):
    with Recording(path) as session:
        return list(session.messages(**window))


@pytest.fixture
def file(tmp_path):
    return tmp_path / "a.session"


TIMES = st.integers(-(2**63), 2**63 - 1)
MESSAGES = st.lists(
    st.builds(Recorded, TIMES, TIMES, st.text(max_size=40), st.binary(max_size=200)), max_size=30
).map(lambda several: sorted(several, key=lambda one: one.arrival_ns))


@given(messages=MESSAGES, every=st.integers(0, 5), is_closed=st.booleans())
@settings(max_examples=150, deadline=None)
def test_what_was_written_is_read_to_the_byte(tmp_path_factory, messages, every, is_closed):
    path = tmp_path_factory.getbasetemp() / "round.session"
    writer = written(path, messages, every=1 if not is_closed else every, is_closed=is_closed)
    assert read(path) == messages
    with Recording(path) as session:
        assert session.is_whole is is_closed
        assert session.count == len(messages) == writer.count
        assert path.stat().st_size == writer.size
        if messages:
            assert (session.first_ns, session.last_ns) == (messages[0][1], messages[-1][1])


def test_a_file_cut_at_any_byte_is_read_up_to_its_last_whole_block(file):
    messages = [message(k, bytes([k]) * k) for k in range(12)]
    written(file, messages, every=4)
    whole = file.read_bytes()
    seen = set()
    for size in range(len(whole)):
        file.write_bytes(whole[:size])
        if size < len(MAGIC):
            with pytest.raises(InputError, match="not a session"):
                Recording(file)
            continue
        with Recording(file) as session:
            kept = list(session.messages())
            assert not session.is_whole
            assert session.lost_bytes < size
        assert kept == messages[: len(kept)]
        assert len(kept) % 4 == 0
        seen.add(len(kept))
    assert seen == {0, 4, 8, 12}


def test_every_flipped_bit_is_found_and_its_place_named(file):
    written(file, [message(k) for k in range(6)], every=3)
    whole = file.read_bytes()
    for place in range(len(whole) * 8):
        flipped = bytearray(whole)
        flipped[place // 8] ^= 1 << place % 8
        file.write_bytes(flipped)
        with pytest.raises(InputError) as caught:
            read(file)
        assert str(file) in caught.value.message
        assert place // 8 < len(MAGIC) or "damaged at byte" in caught.value.message


def test_bytes_after_the_end_are_found(file):
    written(file, [message()])
    file.write_bytes(file.read_bytes() + b"more")
    with pytest.raises(InputError, match="damaged at byte"):
        Recording(file)


def test_zeros_behind_the_last_block_are_what_a_power_cut_leaves(file):
    written(file, [message(1)], every=1, is_closed=False)
    file.write_bytes(file.read_bytes() + bytes(1000))
    with Recording(file) as session:
        assert list(session.messages()) == [message(1)]
        assert session.lost_bytes == 1000


def test_a_header_cannot_make_the_reader_take_much_memory(file):
    written(file, [message(k) for k in range(6)], every=3, is_closed=False)
    data = bytearray(file.read_bytes())
    HEADER.pack_into(data, len(MAGIC), b"DATA", 2**32 - 1, 2**32 - 1, 3, 0, 0, 0, 0)
    file.write_bytes(data)
    with pytest.raises(InputError, match=f"damaged at byte {len(MAGIC)}"):
        Recording(file)


def test_a_window_has_its_start_and_not_its_end(file):
    messages = [message(k) for k in range(20)]
    written(file, messages, every=6)
    window = {"from_ns": messages[5].arrival_ns, "to_ns": messages[15].arrival_ns}
    assert read(file, **window) == messages[5:15]
    assert read(file, from_ns=messages[19].arrival_ns) == messages[19:]
    assert read(file, to_ns=messages[0].arrival_ns) == []


def test_the_end_says_how_many_were_dropped(file):
    written(file, [message()], dropped=7)
    with Recording(file) as session:
        assert session.dropped == 7


def test_a_message_keeps_its_own_time_and_one_without_has_its_arrivals():
    frame = encode(SignalFrame(time_ns=NOON_NS, values={}))
    assert recorded(5, SUBJECT, frame).time_ns == NOON_NS
    for odd in (b"", b"\xff", b"\x81\xa7time_ns\xcf" + b"\xff" * 8, b"\x81\xa7time_ns\xa1x"):
        assert recorded(5, SUBJECT, odd).time_ns == 5


def test_a_file_that_is_there_is_not_written_over(file):
    file.write_text("mine")
    with pytest.raises(InputError, match="is there already"):
        RecordingWriter(file)
    assert file.read_text() == "mine"


def test_a_folder_that_is_not_there_is_one_clear_line(tmp_path):
    with pytest.raises(EnvironmentFault, match="cannot be written: no such file"):
        RecordingWriter(tmp_path / "none" / "a.session")
    with pytest.raises(InputError, match="no such file"):
        Recording(tmp_path / "none.session")


def test_arrivals_never_go_back(file):
    writer = RecordingWriter(file, is_synced=False)
    writer.add(message(1))
    with pytest.raises(InputError, match="arrived before"):
        writer.add(message(0))
    writer.close()
    writer.close()


def test_a_session_is_known_by_its_first_bytes(file, tmp_path):
    written(file, [])
    assert is_session(file)
    (tmp_path / "trip.csv").write_text("time_s,speed_kmh\n")
    assert not is_session(tmp_path / "trip.csv")
    assert not is_session(tmp_path / "none")
