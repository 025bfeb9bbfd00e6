"""Advertisements as Xiaomi's Bluetooth devices send them, made from what they measure.

The scale's bytes are those of its weight profile (0x181d: flags, 1/200 kg, date); MiBeacon (0xfe95)
is frame control, product, counter, address, then an object: type, length, value. Encrypted ones are
AES-CCM with the bindkey over the object, the nonce made of address, product, counter and random
bytes. Sources: xiaomi-ble's own parser; the ble_monitor project.
"""

import json
import struct

from cryptography.hazmat.primitives.ciphers.aead import AESCCM

SCALE = "5C:CA:D3:4E:DC:B4"
THERMOMETER = "4C:65:A8:D0:11:22"
DOOR = "E4:AA:EC:33:44:55"
MOTION = "E4:AA:EC:33:44:66"
NIGHT_LIGHT = "50:EC:50:11:22:33"
BINDKEY = bytes.fromhex("3541a8ea2b0c8f2a1c2a4a9e1c0d5e77")

_LYWSDCGQ, _MCCGQ02HL, _RTCGQ02LM, _MUE4094RT = 0x01AA, 0x098B, 0x0A8D, 0x07F6
_PLAIN, _ENCRYPTED = 0x5050, 0x5858


def line(address, **service_data):
    """A line of JSON as somebody with a radio writes it."""
    told = {uuid.removeprefix("u"): data.hex() for uuid, data in service_data.items()}
    return json.dumps({"address": address, "rssi": -61, "service_data": told}).encode() + b"\n"


def weighed(kg, *, address=SCALE, stable=True, removed=False):
    """The Mi Smart Scale's advertisement for a weight."""
    flags = 0x02 | (0x20 if stable else 0) | (0x80 if removed else 0)
    return line(
        address, u181d=struct.pack("<BHHBBBBB", flags, round(kg * 200), 2026, 3, 2, 7, 1, 0)
    )


def beacon(product, address, kind, value, *, counter=1, bindkey=None):
    """A MiBeacon of one object, encrypted when there is a bindkey."""
    mac = bytes.fromhex(address.replace(":", ""))[::-1]
    body = struct.pack("<HB", kind, len(value)) + value
    control = _ENCRYPTED if bindkey else _PLAIN
    head = struct.pack("<HHB", control, product, counter) + mac
    if bindkey:
        extra = b"\x00\x00\x01"
        nonce = mac + head[2:5] + extra
        sealed = AESCCM(bindkey, tag_length=4).encrypt(nonce, body, b"\x11")
        body = sealed[:-4] + extra + sealed[-4:]
    return line(address, ufe95=head + body)


def measured(degc, humidity, *, counter=1, address=THERMOMETER):
    """The round thermometer's advertisement: tenths of a degree and of a percent."""
    value = struct.pack("<hH", round(10 * degc), round(10 * humidity))
    return beacon(_LYWSDCGQ, address, 0x100D, value, counter=counter)


def door(is_open, *, counter=1, address=DOOR, bindkey=BINDKEY):
    """The door sensor's advertisement, encrypted."""
    value = bytes([0 if is_open else 1])
    return beacon(_MCCGQ02HL, address, 0x1019, value, counter=counter, bindkey=bindkey)


def moved(*, counter=1, address=MOTION, bindkey=BINDKEY):
    """The motion sensor's advertisement when something moves in the light."""
    value = (256).to_bytes(3, "little")
    return beacon(_RTCGQ02LM, address, 0x000F, value, counter=counter, bindkey=bindkey)


def passed(*, counter=1, address=NIGHT_LIGHT):
    """The night light's advertisement: it tells a movement and never that it is over."""
    return beacon(_MUE4094RT, address, 0x0003, b"\x00", counter=counter)
