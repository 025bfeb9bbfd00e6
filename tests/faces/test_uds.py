"""The control unit: services of ISO 14229-1, byte by byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faces.diagnosed_car import BATTERY, CELLS, FACTS, KNOWN, VIN, sample_value
from vettura.bus.signals import signal_table
from vettura.faces.obd_codes import trouble_code
from vettura.faces.uds import S3_S, Unit
from vettura.faces.uds_dids import did_table, identity_dids, read_did

EXTENDED = bytes.fromhex("1003")


def ask(request, values=KNOWN, *, before=(), functional=False, now_s=1.0):
    unit = Unit(FACTS)
    for earlier in before:
        unit.respond(bytes.fromhex(earlier), values, now_s=1.0)
    reply = unit.respond(bytes.fromhex(request), values, now_s=now_s, functional=functional)
    return reply.data.hex(" ").upper()


@pytest.mark.parametrize(
    ("request_hex", "wanted"),
    [
        ("10 01", "50 01 03 E8 01 F4"),
        ("10 03", "50 03 03 E8 01 F4"),
        ("10 83", ""),
        ("10 02", "7F 10 12"),
        ("10", "7F 10 13"),
        ("3E 00", "7E 00"),
        ("3E 80", ""),
        ("3E 01", "7F 3E 12"),
        ("11 01", "7F 11 22"),
        ("11 07", "7F 11 12"),
        ("22 F1 86", "62 F1 86 01"),
        ("22 10 00", "62 10 00 19 14"),
        ("22 10 04", "62 10 04 FF FF E8 18"),
        ("22 F4 0D", "62 F4 0D 57"),
        ("22 FF FF", "7F 22 31"),
        ("22 F1", "7F 22 13"),
        ("22", "7F 22 13"),
        ("19 01 FF", "59 01 2F 01 00 02"),
        ("19 01 00", "59 01 2F 01 00 00"),
        ("19 02 08", "59 02 2F 0A 80 00 2F 90 01 00 2F"),
        ("19 02 50", "59 02 2F"),
        ("19 0A", "59 0A 2F 0A 80 00 2F 90 01 00 2F"),
        ("19 06 0A 80 00 FF", "59 06 0A 80 00 2F"),
        ("19 04 90 01 00 FF", "59 04 90 01 00 2F"),
        ("19 04 12 34 56 FF", "7F 19 31"),
        ("19 02", "7F 19 13"),
        ("19 55", "7F 19 12"),
        ("19", "7F 19 13"),
        ("14 12 34 56", "7F 14 31"),
        ("14 FF", "7F 14 13"),
        ("2E F1 90 00", "7F 2E 7F"),
        ("31 01 02 03", "7F 31 7F"),
        ("27 01", "7F 27 11"),
        ("2F 10 00 03", "7F 2F 7F"),
        ("BA", "7F BA 11"),
        ("01 0D", "41 0D 57"),
        ("", ""),
    ],
)
def test_a_request_is_answered_with_these_bytes(request_hex, wanted):
    assert ask(request_hex) == wanted


@pytest.mark.parametrize(
    ("request_hex", "wanted"),
    [
        ("2E F1 90 00", "7F 2E 31"),
        ("2E F1", "7F 2E 13"),
        ("2F 10 00 03", "7F 2F 31"),
        ("31 01 02 03", "7F 31 31"),
        ("31 09 02 03", "7F 31 12"),
        ("22 F1 86", "62 F1 86 03"),
    ],
)
def test_in_the_extended_session_the_refusal_is_about_the_thing_itself(request_hex, wanted):
    assert ask(request_hex, before=["10 03"]) == wanted


def test_a_session_ends_when_the_tester_keeps_silent():
    assert ask("22 F1 86", before=["10 03"], now_s=1.0 + S3_S) == "62 F1 86 03"
    assert ask("22 F1 86", before=["10 03"], now_s=1.1 + S3_S) == "62 F1 86 01"


def test_a_call_to_all_units_is_not_answered_by_the_one_that_was_not_meant():
    for request in ("BA", "10 02", "22 FF FF", "2E F1 90 00"):
        assert ask(request, functional=True) == ""
    assert ask("22 F1", functional=True) == "7F 22 13"


def test_a_standing_car_lets_its_unit_reset_and_one_that_says_nothing_does_not():
    assert ask("11 01", {**KNOWN, "Vehicle.IsMoving": False}) == "51 01"
    assert ask("11 01", {}) == "7F 11 22"


def test_several_identifiers_come_in_one_answer_and_unknown_ones_are_left_out():
    assert ask("22 10 00 FF FF 12 00") == "62 10 00 19 14 12 00 22 24"


def test_the_vin_and_every_cell_come_in_long_answers():
    assert bytes.fromhex(ask("22 F1 90"))[3:].decode() == VIN
    cells = bytes.fromhex(ask("22 10 0E"))[3:]
    millivolts = [int.from_bytes(cells[k : k + 2], "big") for k in range(0, len(cells), 2)]
    assert millivolts == [round(1000 * volts) for volts in CELLS]
    assert ask("22" + " 10 0E" * 12) == "7F 22 14"


def test_a_clear_asks_the_car_for_the_group_or_the_one_code():
    unit = Unit(FACTS)
    for request, codes in (("14FFFFFF", ("P0A80", "B1001")), ("14900100", ("B1001",))):
        reply = unit.respond(bytes.fromhex(request), KNOWN, now_s=0.0)
        assert (reply.data, reply.clears) == (b"\x54", codes)
        assert reply.refused == bytes([0x7F, 0x14, 0x22])


@pytest.mark.parametrize(
    ("text", "number", "failure"),
    [("P0A80", 0x0A80, 0), ("C1234-1C", 0x5234, 0x1C), ("B1001", 0x9001, 0), ("u3fff", 0xFFFF, 0)],
)
def test_a_code_has_the_bits_of_the_standard(text, number, failure):
    code = trouble_code(text)
    assert (code.number, code.failure_type) == (number, failure)


@pytest.mark.parametrize("text", ["", "X0123", "P4123", "P012", "P01234", "P0123-1", "-P0123"])
def test_what_is_no_code_is_left_out(text):
    assert trouble_code(text) is None


def test_every_identifier_reads_a_signal_of_the_car_and_gives_it_back():
    for did, row in did_table().items():
        assert row.path in signal_table(), row
        value = sample_value(row.path)
        if row.form.endswith("list"):
            value = [1.25, -2.0] if row.form[0] == "s" else [1.25, 2.0]
        data = read_did(did, {row.path: value}, FACTS)
        assert data, row
        if row.form[0] in "us" and not row.form.endswith("list"):
            raw = int.from_bytes(data, "big", signed=row.form[0] == "s")
            assert abs(raw * row.resolution + row.offset - value) <= row.resolution / 2 + 1e-9
        assert read_did(did, {}, FACTS) == identity_dids(FACTS).get(did)


def test_a_value_that_does_not_fit_is_unknown():
    path = BATTERY + "CurrentVoltage"
    assert read_did(0x1003, {path: -1.0}, FACTS) is None
    assert read_did(0x1003, {path: 1e6}, FACTS) is None
    assert read_did(0x100E, {BATTERY + "CellVoltage.CellVoltages": [3.7, "?"]}, FACTS) is None


@given(st.lists(st.binary(max_size=64), max_size=8), st.booleans())
def test_whatever_is_asked_is_answered_as_the_standard_frames_it(requests, functional):
    unit = Unit(FACTS)
    for request in requests:
        reply = unit.respond(request, KNOWN, now_s=0.0, functional=functional)
        assert len(reply.data) <= 4095
        if reply.data:
            assert reply.data[0] in {0x7F, (request[0] + 0x40) & 0xFF}
