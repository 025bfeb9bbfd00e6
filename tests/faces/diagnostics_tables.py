"""The tables of docs/diagnostics.md, from the tables of the faces. Run it to print them."""

import sys

from vettura.faces.can_frames import load_dbc
from vettura.faces.obd_pids import PIDS
from vettura.faces.uds_dids import did_table


def pid_rows():
    for pid, row in sorted(PIDS.items()):
        signals = ", ".join(f"`{path}`" for path in row.paths) or "fixed"
        yield f"| {pid:02X} | {row.name} | {signals} |"


def did_rows():
    for did, row in sorted(did_table().items()):
        form = row.form if row.form == "text" else f"{row.form}, {row.resolution:g}"
        yield f"| {did:04X} | {row.name} | {form} | `{row.path}` |"


def message_rows():
    for message in sorted(load_dbc().messages, key=lambda m: m.frame_id):
        names = ", ".join(signal.name for signal in message.signals)
        yield f"| {message.frame_id:03X} | {message.name} | {message.cycle_time} | {names} |"


TABLES = {
    "pids": ("| PID | parameter, in SAE J1979-DA | signals |", 3, pid_rows),
    "dids": ("| DID | what | bytes, resolution in the signal's unit | signal |", 4, did_rows),
    "messages": ("| id | message | ms | signals |", 4, message_rows),
}


def table(name):
    head, columns, rows = TABLES[name]
    return "\n".join([head, "|" + "---|" * columns, *rows()])


if __name__ == "__main__":
    for each in TABLES:
        sys.stdout.write(f"<!-- {each} -->\n{table(each)}\n<!-- end -->\n\n")
