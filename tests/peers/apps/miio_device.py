"""Run by python-miio's own Python: a device on python-miio's side of the protocol.

It reads and writes packets with python-miio's own `Message`, so nothing of ours has a say in them.
"""

import datetime
import socket
import sys

from miio.protocol import Message
from saying import say

ADDRESS, TOKEN = sys.argv[1], bytes.fromhex(sys.argv[2])
NUMBER = bytes.fromhex("0badcafe")
BORN = datetime.datetime(1970, 1, 1, 0, 10, tzinfo=datetime.UTC)
PROPERTIES = {(2, 1): False, (2, 6): 31, (5, 6): 1234}


def greeting():
    """The answer to a hello: header alone."""
    stamp = int(BORN.timestamp()).to_bytes(4, "big")
    return bytes.fromhex("2131002000000000") + NUMBER + stamp + b"\xff" * 16


def answer(request):
    """What the plug says."""
    method, params = request["method"], request["params"]
    if method == "miIO.info":
        return {"model": "chuangmi.plug.212a01", "fw_ver": "2.1.0", "mac": "02:00:00:00:00:01"}
    if method == "get_properties":
        return [read(item) for item in params]
    if method == "set_properties":
        return [write(item) for item in params]
    raise ValueError(method)


def read(item):
    """One property, or that there is none."""
    place = item["siid"], item["piid"]
    known = {"code": 0, "value": PROPERTIES[place]} if place in PROPERTIES else {"code": -4003}
    return {**item, **known}


def write(item):
    """Set one property."""
    place = item["siid"], item["piid"]
    say(set=list(place), value=item["value"])
    PROPERTIES[place] = item["value"]
    return {"did": item["did"], "siid": place[0], "piid": place[1], "code": 0}


def packed(request, said):
    """An answer as python-miio builds packets."""
    header = {"length": 0, "unknown": 0, "device_id": NUMBER, "ts": BORN}
    data = {"id": request["id"], "result": said}
    message = {"data": {"value": data}, "header": {"value": header}, "checksum": 0}
    return Message.build(message, token=TOKEN)


def main():
    """Answer until killed."""
    door = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    door.bind((ADDRESS, 0))
    say(port=door.getsockname()[1])
    while True:
        data, sender = door.recvfrom(4096)
        if len(data) == 32:
            say(hello=data[:4].hex())
            door.sendto(greeting(), sender)
            continue
        message = Message.parse(data, token=TOKEN)
        request = message.data.value
        say(method=request["method"], stamp=str(message.header.value.ts))
        door.sendto(packed(request, answer(request)), sender)


main()
