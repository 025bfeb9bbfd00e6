"""Run by udsoncan's own Python: a UDS tester over can-isotp on python-can, one JSON line."""

import json
import sys

import can
import isotp
import udsoncan
from udsoncan.client import Client
from udsoncan.connections import PythonIsoTpConnection


class Number(udsoncan.DidCodec):
    def __init__(self, size, resolution, *, signed=False):
        self.size, self.resolution, self.signed = size, resolution, signed

    def decode(self, payload):
        return int.from_bytes(payload, "big", signed=self.signed) * self.resolution

    def __len__(self):
        return self.size


class Cells(udsoncan.DidCodec):
    def decode(self, payload):
        return [int.from_bytes(payload[k : k + 2], "big") / 1000 for k in range(0, len(payload), 2)]

    def __len__(self):
        raise self.ReadAllRemainingData


DIDS = {
    0xF190: udsoncan.AsciiCodec(17),
    0x1000: Number(2, 0.01),
    0x1003: Number(2, 0.02),
    0x1004: Number(4, 0.01, signed=True),
    0x1007: Number(2, 0.1, signed=True),
    0x100E: Cells(),
    0x1201: Number(4, 1),
    0x2222: Number(1, 1),
}


def codes(answer):
    return [[dtc.id, dtc.status.get_byte_as_int()] for dtc in answer.service_data.dtcs]


def refused(call, *arguments):
    try:
        call(*arguments)
    except udsoncan.exceptions.NegativeResponseException as error:
        return error.response.code_name
    return ""


def ask(client, clear):
    told = {"session": client.change_session(3).service_data.session_echo}
    told["vin"] = client.read_data_by_identifier([0xF190]).service_data.values[0xF190]
    some = client.read_data_by_identifier([0x1000, 0x1003, 0x1004, 0x1007, 0x1201])
    told["values"] = {f"{did:04X}": value for did, value in some.service_data.values.items()}
    told["cells"] = client.read_data_by_identifier([0x100E]).service_data.values[0x100E]
    told["codes"] = codes(client.get_dtc_by_status_mask(0xFF))
    told["count"] = client.get_number_of_dtc_by_status_mask(0xFF).service_data.dtc_count
    client.tester_present()
    told["unknown_did"] = refused(client.read_data_by_identifier, [0x2222])
    told["routine"] = refused(client.start_routine, 0x0203)
    told["security"] = refused(client.request_seed, 1)
    if clear:
        client.clear_dtc(0xFFFFFF)
        told["codes_after"] = codes(client.get_dtc_by_status_mask(0xFF))
    return told


def main(port, clear="no"):
    bus = can.Bus("239.74.163.2", "udp_multicast", port=int(port), hop_limit=0)
    address = isotp.Address(isotp.AddressingMode.Normal_11bits, rxid=0x7E8, txid=0x7E0)
    notifier = can.Notifier(bus, [])
    stack = isotp.NotifierBasedCanStack(bus=bus, notifier=notifier, address=address)
    config = {**udsoncan.configs.default_client_config, "data_identifiers": DIDS}
    with Client(PythonIsoTpConnection(stack), config=config) as client:
        sys.stdout.write(json.dumps(ask(client, clear == "clear")) + "\n")
    notifier.stop()
    bus.shutdown()


main(*sys.argv[1:])
