"""`vettura miio`: where a running house's devices answer Xiaomi's clients, and what they know."""

import asyncio
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from vettura.bus.messages import decode
from vettura.bus.messages_home import DeviceAbout
from vettura.bus.nats import NatsBus
from vettura.bus.subjects import HOME_BUCKET, device_about
from vettura.cli.house_bus import house_bus
from vettura.cli.output import Row, note, print_json, print_lines, print_table
from vettura.errors import UsageError
from vettura.faces.miio_doors import MiioDoor, kept_doors
from vettura.faces.miio_played import Played
from vettura.faces.miio_spec import Model, model_for, models


def miio(
    device: str = "",
    /,
    *,
    nats: str = "",
    data: Path = Path(".vettura"),
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """List where devices answer Xiaomi's clients, with their tokens; or what one of them knows.

    Parameters
    ----------
    device
        Id of a device: prints its properties and actions instead.
    nats
        URL of the house's bus; the one that runs in `data` when left out.
    data
        Folder that the house keeps its things in.
    json
        Print JSON objects, one a line.
    """
    asyncio.run(_list(nats, data, json) if not device else _show(device, nats, data, json))


async def _list(nats: str, data: Path, json: bool) -> None:
    async with house_bus(nats, data) as bus:
        doors = await _open(bus)
    rows: list[Row] = [
        {
            "device": device,
            "address": door.address,
            "port": door.port,
            "token": door.token,
            "model": door.model,
            "name": door.name,
        }
        for device, door in sorted(doors.items())
    ]
    if json:
        print_json(rows)
    elif rows:
        print_lines(_aligned(rows, ("device", "address", "token", "model")))
    else:
        note("no device answers; the home file needs [faces.miio]")


def _aligned(rows: list[Row], keys: tuple[str, ...]) -> list[str]:
    """Lines that stay whole in a narrow window: a token is copied, not read."""
    widths = {key: max(len(str(row[key])) for row in rows) for key in keys}
    return ["  ".join(f"{row[key]!s:<{widths[key]}}" for key in keys).rstrip() for row in rows]


async def _show(device: str, nats: str, data: Path, json: bool) -> None:
    async with house_bus(nats, data) as bus:
        doors = await kept_doors(bus)
        key = next((key for key in doors if key.partition(".")[2] == device), "")
        if not key:
            known = ", ".join(sorted(key.partition(".")[2] for key in doors)) or "none yet"
            raise UsageError(f"no device '{device}' answers", hint=f"known are {known}")
        home = key.partition(".")[0]
        where = device_about(home, device)
        entry = await (await bus.bucket(HOME_BUCKET)).get(where)
        if entry is None or entry.value is None:
            raise UsageError(f"{device} is gone")
        about = decode(entry.value, DeviceAbout, where=where)
    wish = doors[key].model if doors[key].model in models() else ""
    _print(_known(*model_for(about, wish), about), json)


async def _open(bus: NatsBus) -> dict[str, MiioDoor]:
    doors = await kept_doors(bus)
    return {key.partition(".")[2]: door for key, door in doors.items() if door.port}


def _known(name: str, model: Model, about: DeviceAbout) -> list[Row]:
    """Every property and action, as its numbers or its older name."""
    played = Played(name, model, about)
    rows: list[Row] = [
        {
            "what": f"{siid}.{piid}",
            "name": bound.row.name,
            "kind": bound.row.format,
            "may": "read, set" if bound.row.is_settable else "read",
            "entity": bound.entity or "its own",
        }
        for (siid, piid), bound in sorted(played.rows.items())
    ]
    rows += [
        {"what": prop, "name": bound.row.name, "kind": bound.row.format, "may": "get_prop"}
        | {"entity": bound.entity or "its own"}
        for prop, bound in played.names.items()
    ]
    rows += [
        {"what": f"{siid}.{aiid}", "name": action.name, "kind": "", "may": "do", "entity": entity}
        for (siid, aiid), (action, entity) in sorted(played.actions.items())
    ]
    return rows


def _print(rows: list[Row], json: bool) -> None:
    if json:
        for row in rows:
            print_json(row)
    elif rows:
        print_table("", {key: key for key in rows[0]}, rows)
