"""A charging cable on one machine: two networks with nothing between them but a pair of interfaces.

    python3 tools/iso15118/cable.py [--bus HOST:PORT] STATION... -- CAR...

runs the command STATION at one end and CAR at the other, each in a network namespace of its own
whose only way out is the interface `v2g`. Where `--bus` is given, the house's NATS is at
127.0.0.1:4222 at both ends: a Unix socket leads out, since files know no network namespaces.

It ends when the car's command ends, with its exit code; the station is then told to stop. Needs
root (as a user: `unshare --map-root-user python3 tools/iso15118/cable.py ...`), `ip` of iproute2,
and a kernel with veth.
"""

import argparse
import asyncio
import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

CLONE_NEWNET = 0x4000_0000
"""Of <sched.h>; Python has it from 3.12 on."""
PR_SET_PDEATHSIG = 1
"""Of <sys/prctl.h>."""
INTERFACE = "v2g"
BUS_INSIDE = ("127.0.0.1", 4222)
PATIENCE_S = 10.0
CANNOT = 69
"""EX_UNAVAILABLE of <sysexits.h>: this machine cannot do it."""


class CannotError(Exception):
    """This machine has no such network; the text says what is missing."""


def main() -> int:
    """Run both ends; the car's exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--bus", default="", help="HOST:PORT of the house's NATS server")
    parser.add_argument("--end", default="", help=argparse.SUPPRESS)
    options, words = parser.parse_known_args()
    try:
        if options.end:
            return asyncio.run(_end(options.end, words))
        return asyncio.run(_both(options.bus, *_parted(words)))
    except CannotError as error:
        sys.stderr.write(f"no charging cable on this machine: {error}\n")
        return CANNOT


def _parted(words: list[str]) -> tuple[list[str], list[str]]:
    if "--" not in words[1:-1]:
        raise SystemExit("cable.py: say STATION... -- CAR...")
    middle = words.index("--", 1)
    return words[:middle], words[middle + 1 :]


async def _both(bus: str, station: list[str], car: list[str]) -> int:
    with tempfile.TemporaryDirectory(prefix="v2g-") as folder:
        way_out = str(Path(folder) / "bus") if bus else "-"
        server = await _relay_out(bus, way_out) if bus else None
        ends: list[asyncio.subprocess.Process] = []
        try:
            ends.append(await _spawn(way_out, station))
            ends.append(await _spawn(way_out, car))
            for own, other in (ends, ends[::-1]):
                await _tell(own, f"{other.pid if own is ends[0] else 0}")
            for end in ends:
                await _hear(end, "plugged")
            await _tell(ends[0], "go")
            await _tell(ends[1], "go")
            return await ends[1].wait()
        finally:
            for end in ends:
                await _stop(end)
            if server is not None:
                server.close()


async def _spawn(way_out: str, command: list[str]) -> asyncio.subprocess.Process:
    """An end in a namespace of its own; it says so on a pipe, its command writes on our stdout."""
    heard, said = os.pipe()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        __file__,
        f"--end={way_out},{said}",
        *command,
        stdin=subprocess.PIPE,
        pass_fds=[said],
    )
    os.close(said)
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(heard, "rb")
    )
    process.heard = reader  # type: ignore[attr-defined]
    await _hear(process, "parted")
    return process


async def _hear(process: asyncio.subprocess.Process, word: str) -> None:
    try:
        async with asyncio.timeout(PATIENCE_S):
            line = await process.heard.readline()  # type: ignore[attr-defined]
    except TimeoutError:
        line = b"nothing in time"
    if line.decode().strip() != word:
        raise CannotError(line.decode().strip() or "one end of it died")


async def _tell(process: asyncio.subprocess.Process, word: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{word}\n".encode())
    await process.stdin.drain()


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
        try:
            async with asyncio.timeout(PATIENCE_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


async def _end(told: str, command: list[str]) -> int:
    """One end: leave the network, get the interface, open the way to the bus, run the command."""
    _die_with_parent()
    way_out, _, descriptor = told.rpartition(",")
    with os.fdopen(int(descriptor), "w", buffering=1) as say:
        try:
            _leave()
            say.write("parted\n")
            other = int(sys.stdin.readline())
            if other:
                pair = ["peer", "name", INTERFACE, "netns", str(other)]
                _ip("link", "add", INTERFACE, "type", "veth", *pair)
            say.write("plugged\n")
            sys.stdin.readline()
            _up(is_station=bool(other))
        except CannotError as error:
            say.write(f"{error}\n")
            return CANNOT
    server = await _relay_in(way_out) if way_out != "-" else None
    process = await asyncio.create_subprocess_exec(
        *command, stdin=subprocess.DEVNULL, preexec_fn=_die_with_parent
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _end_it, process)
    code = await process.wait()
    if server is not None:
        server.close()
    return code


def _end_it(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.terminate()


def _die_with_parent() -> None:
    """Whoever kills the first of us kills all; nothing is left behind in a hidden network."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _leave() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET):
        reason = os.strerror(ctypes.get_errno())
        raise CannotError(f"no network namespace: {reason}")


def _up(*, is_station: bool) -> None:
    """Addresses at once: nobody else is on this link, so none has to be asked for."""
    number = 1 if is_station else 2
    _ip("link", "set", "lo", "up")
    _ip("link", "set", INTERFACE, "addrgenmode", "none")
    _ip("link", "set", INTERFACE, "up")
    _ip("addr", "add", f"fe80::{number}/64", "dev", INTERFACE, "nodad")


def _ip(*words: str) -> None:
    program = shutil.which("ip")
    if program is None:
        raise CannotError("no `ip`; Debian has it: apt-get install iproute2")
    command = [program, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise CannotError(f"ip {' '.join(words)}: {done.stderr.strip()}")


async def _relay_out(bus: str, path: str) -> asyncio.Server:
    host, _, port = bus.removeprefix("nats://").rpartition(":")

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _join(reader, writer, asyncio.open_connection(host, int(port)))

    return await asyncio.start_unix_server(take, path)


async def _relay_in(path: str) -> asyncio.Server:
    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _join(reader, writer, asyncio.open_unix_connection(path))

    return await asyncio.start_server(take, *BUS_INSIDE)


async def _join(reader, writer, opening) -> None:  # type: ignore[no-untyped-def]
    """Carry bytes both ways until one side is done."""
    try:
        far_reader, far_writer = await opening
    except OSError:
        writer.close()
        return
    await asyncio.wait(
        [
            asyncio.create_task(_carry(reader, far_writer)),
            asyncio.create_task(_carry(far_reader, writer)),
        ],
        return_when=asyncio.FIRST_COMPLETED,
    )
    writer.close()
    far_writer.close()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()


if __name__ == "__main__":
    sys.exit(main())
