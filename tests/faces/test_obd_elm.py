"""The ELM327's words: what apps send, and what they must get."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faces.diagnosed_car import BATTERY, FACTS, KNOWN, VIN
from vettura.faces.obd_elm import Elm
from vettura.faces.uds import Unit

AMBIENT = "Vehicle.Exterior.AirTemperature"


def chip(*lines):
    elm = Elm(unit=Unit(FACTS))
    for line in ("ATE0", "ATSP6", *lines):
        say(elm, line)
    return elm


def say(elm, line, values=KNOWN):
    said = elm.answer(line.encode(), values, now_s=0.0).text.decode()
    assert said.endswith(">")
    return said.removesuffix(">").rstrip("\r\n")


def data(elm, line, values=KNOWN):
    """The bytes of a short answer."""
    return bytes.fromhex(say(elm, line, values))


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("ATI", "ELM327 v1.5"),
        ("AT@1", "OBDII to RS232 Interpreter"),
        ("at rv", "13.8V"),
        ("ATDPN", "6"),
        ("AT DP", "ISO 15765-4 (CAN 11/500)"),
        *(
            (f"AT{word}", "OK")
            for word in ("M0", "ST32", "AT1", "AL", "CAF1", "FCSH7E0", "FCSD300000", "FCSM1")
        ),
        *((f"AT{word}", "OK") for word in ("SH 7E0", "SH7DF", "CRA 7E8", "CRA", "PC", "D", "AR")),
        ("ATXYZ", "?"),
        ("AT", "?"),
        ("ATSH GGG", "?"),
        ("ATE2", "?"),
        ("hello", "?"),
        ("01 0D FF FF FF FF FF FF", "?"),
        ("0", "?"),
    ],
)
def test_a_word_is_answered_as_the_chip_does(line, wanted):
    assert say(chip(), line) == wanted


def test_a_reset_tells_the_version_and_forgets_what_was_set():
    elm = chip("ATH1", "ATS0")
    assert say(elm, "ATZ") == "\rELM327 v1.5"
    assert say(elm, "ATE0").startswith("ATE0\r")
    assert say(elm, "ATDPN") == "A6"
    assert say(elm, "010D") == "SEARCHING...\r41 0D 57 "
    assert say(elm, "010D") == "41 0D 57 "


def test_echo_and_line_feeds_come_when_asked_for():
    elm = chip("ATE1", "ATL1")
    assert elm.answer(b"010D", KNOWN, now_s=0.0).text == b"010D\r41 0D 57 \r\n\r\n>"


def test_headers_show_the_frames_and_spaces_can_go():
    assert say(chip("ATH1"), "010D") == "7E8 03 41 0D 57 00 00 00 00 "
    assert say(chip("ATH1", "ATS0"), "010D") == "7E803410D5700000000"


def test_a_long_answer_comes_in_numbered_lines_or_as_frames():
    text = f"49 02 01 {VIN.encode().hex(' ').upper()} ".split()
    plain = say(chip(), "0902").split("\r")
    assert plain[0] == "014"
    assert [line[:2] for line in plain[1:4]] == ["0:", "1:", "2:"]
    assert [byte for line in plain[1:4] for byte in line.split()[1:]] == text
    frames = say(chip("ATH1"), "0902").split("\r")
    assert [line[:8] for line in frames[:3]] == ["7E8 10 1", "7E8 21 5", "7E8 22 4"]


def test_without_formatting_the_length_bytes_are_the_clients_business():
    elm = chip("ATCAF0")
    assert say(elm, "02 01 0D") == "03 41 0D 57 00 00 00 00 "
    assert say(elm, "01 0D") == "NO DATA"
    assert say(elm, "07 01 0D") == "NO DATA"


def test_who_calls_another_unit_or_listens_elsewhere_hears_nothing():
    assert say(chip("ATSH7E1"), "010D") == "NO DATA"
    assert say(chip("ATCRA7E9"), "010D") == "NO DATA"
    assert say(chip("ATSH7E0", "ATCRA7E8"), "010D") == "41 0D 57 "
    assert say(chip("ATR0"), "010D") == ""


def test_another_protocol_does_not_reach_the_car_unless_it_may_search():
    assert say(chip("ATSP3"), "010D") == "UNABLE TO CONNECT"
    assert say(chip("ATTPA8"), "010D") == "SEARCHING...\r41 0D 57 "
    assert say(chip("ATSP8"), "ATDPN") == "8"


def test_an_empty_line_repeats_the_last_and_a_digit_tells_the_number_of_answers():
    elm = chip()
    assert say(elm, "01 0D 1") == "41 0D 57 "
    assert say(elm, "") == "41 0D 57 "
    assert Elm(unit=Unit(FACTS)).answer(b"", KNOWN, now_s=0.0).text == b"\r>"


def test_showing_all_ends_with_the_next_byte():
    elm = chip()
    assert elm.answer(b"ATMA", KNOWN, now_s=0.0).text == b""
    assert say(elm, "x") == "STOPPED"
    assert say(elm, "010D") == "41 0D 57 "


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        # The scalings are those of SAE J1979; the right-hand sides were worked out by hand.
        ("0101", "41 01 82 04 00 00"),
        ("010D", "41 0D 57"),
        ("011C", "41 1C 05"),
        ("011F", "41 1F 01 41"),
        ("0133", "41 33 62"),
        ("0142", "41 42 35 FC"),
        ("0146", "41 46 30"),
        ("0149", "41 49 33"),
        ("0151", "41 51 08"),
        ("015B", "41 5B A4"),
        ("0161", "41 61 91"),
        ("0162", "41 62 9B"),
        ("0163", "41 63 01 90"),
        ("01A6", "41 A6 00 01 E2 41"),
        ("01B2", "41 B2 F8"),
        ("03", "43 02 0A 80 90 01"),
        ("07", "47 02 0A 80 90 01"),
        ("0A", "4A 02 0A 80 90 01"),
        ("0906", None),
        ("22100A", "7F 22 31"),
        ("221000", "62 10 00 19 14"),
        ("1001", "50 01 03 E8 01 F4"),
    ],
)
def test_a_parameter_has_the_bytes_of_the_standard(line, wanted):
    got = data(chip("ATSH7E0"), line)
    assert wanted is None or got == bytes.fromhex(wanted)


def test_the_traction_battery_tells_volts_and_amps_out_of_it():
    answer = say(chip("ATS0"), "019A").split("\r")
    got = bytes.fromhex("".join(line.partition(":")[2] for line in answer[1:3]))[:8]
    assert got[:4] == bytes([0x41, 0x9A, 0x0F, 0b011])
    assert int.from_bytes(got[4:6], "big") / 64.0 == KNOWN[BATTERY + "CurrentVoltage"]
    assert int.from_bytes(got[6:8], "big", signed=True) / 10.0 == 61.2


def test_bitmaps_name_what_is_answered_and_nothing_else():
    elm, everything = chip(), set()
    for first in range(0, 0xE0, 0x20):
        text = say(elm, f"01{first:02X}")
        if text == "NO DATA":
            break
        bits = int.from_bytes(bytes.fromhex(text)[2:], "big")
        everything |= {first + 32 - bit for bit in range(32) if bits >> bit & 1}
    answered = {p for p in range(1, 0x100) if say(elm, f"01{p:02X}") != "NO DATA"}
    assert everything == answered
    assert {0x01, 0x0D, 0x20, 0x40, 0x51, 0x5B, 0x9A, 0xA6, 0xB2} <= everything


def test_several_parameters_come_in_one_answer_and_unknown_ones_are_left_out():
    text = say(chip("ATS0"), "010D0C461F")
    assert text == "008\r0:410D5746301F\r1:01410000000000"
    assert say(chip(), "01000D") == "NO DATA"


def test_what_the_car_has_not_told_is_no_data_and_never_zero():
    elm = chip()
    for line in ("010D", "0101", "03", "019A", "0133", "22F195"):
        assert say(elm, line, values={}) == "NO DATA"
    assert say(elm, "ATRV", values={}) == "?"
    assert say(elm, "0146", values={AMBIENT: float("nan")}) == "NO DATA"
    assert data(elm, "0146", values={AMBIENT: -80.0}) == bytes([0x41, 0x46, 0])
    assert data(elm, "0146", values={AMBIENT: 1e9}) == bytes([0x41, 0x46, 255])


def test_a_clear_asks_the_car_and_says_what_the_car_says():
    said = chip().answer(b"04", KNOWN, now_s=0.0)
    assert said.clears == ("P0A80", "B1001")
    assert (said.text, said.refused) == (b"44 \r\r>", b"7F 04 22 \r\r>")
    clean = {**KNOWN, "Vehicle.Diagnostics.DTCList": []}
    assert chip().answer(b"04", clean, now_s=0.0).clears == ()


@given(st.lists(st.binary(max_size=80), max_size=8))
def test_whatever_is_sent_is_answered_in_a_few_lines(lines):
    elm = Elm(unit=Unit(FACTS))
    for line in lines:
        said = elm.answer(line, KNOWN, now_s=0.0)
        assert len(said.text) < 2500
        assert said.text.endswith(b">") or elm.monitoring
