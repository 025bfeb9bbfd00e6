"""Run by python-OBD's own Python, never imported: one JSON line of what a client reads.

python-OBD is GPL-2.0: it lives in an environment and a process of its own.
"""

import json
import sys

import obd

WANTED = (
    "SPEED AMBIANT_AIR_TEMP CONTROL_MODULE_VOLTAGE HYBRID_BATTERY_REMAINING FUEL_TYPE VIN "
    "BAROMETRIC_PRESSURE ELM_VOLTAGE ELM_VERSION GET_DTC GET_CURRENT_DTC"
)


def plain(value):
    if isinstance(value, bytearray):
        return value.decode()
    return getattr(value, "magnitude", value)


def main(port, *more):
    client = obd.OBD(f"socket://127.0.0.1:{port}")
    told = {"status": client.status(), "protocol": client.protocol_name()}
    told["supported"] = sorted(command.name for command in client.supported_commands)
    for name in [*WANTED.split(), *more]:
        told[name] = plain(client.query(obd.commands[name]).value)
    status = client.query(obd.commands.STATUS).value
    told["STATUS"] = [status.MIL, status.DTC_count]
    client.close()
    sys.stdout.write(json.dumps(told) + "\n")


main(*sys.argv[1:])
