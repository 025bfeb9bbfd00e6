"""Outside programs, each in an environment of its own, run as processes beside the test.

What runs there lies in `apps/`, a folder with nothing in it that a peer's package could be
mistaken for.

`make peers` makes the environments from hash-pinned locks, `.peers/<name>`; a test whose peer is
not there skips and says so. A peer's script prints JSON lines and nothing else; what a person
would type is typed by `talk`.
"""

import asyncio
import json
import os
import re
import shutil
import subprocess
from contextlib import asynccontextmanager

import pytest

from make import ROOT

PEERS = ROOT / ".peers"
HERE = ROOT / "tests" / "peers"
PATIENCE_S = 60.0
"""How long a peer may take before a test gives up: generous, for a busy machine."""
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def place_of(name):
    """The folder of a peer's environment; skips the test when nobody has made it."""
    place = PEERS / name
    if not place.exists():
        pytest.skip(f"no {place.relative_to(ROOT)} here; `make peers` makes it")
    return place


def python_of(name):
    """The Python that a peer's own packages are installed for."""
    return place_of(name) / "bin" / "python"


def program_of(name, program):
    """A program that a peer's packages brought along."""
    return place_of(name) / "bin" / program


def node():
    """Node, and where the packages of `tests/peers/node` are installed."""
    found = shutil.which("node")
    if not found:
        pytest.skip("no 'node' here; Debian has it: apt-get install nodejs npm")
    return found, place_of("node") / "node_modules"


def clean_environment(**more):
    """Our environment without what would make a peer import our packages instead of its own."""
    ours = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV"))}
    return ours | {"PYTHONUNBUFFERED": "1"} | more


def command_of(name, script, arguments):
    """The words that run `tests/peers/<script>` with a peer's own program."""
    if name == "node":
        return [node()[0], str(HERE / script), *map(str, arguments)]
    return [str(python_of(name)), str(HERE / script), *map(str, arguments)]


def environment_of(name):
    """What a peer's process finds in its environment."""
    return clean_environment(**({"NODE_PATH": str(node()[1])} if name == "node" else {}))


def run_to_end(name, script, *arguments):
    """Run a peer's script and return what it printed, as bytes; for what needs no car."""
    done = subprocess.run(
        command_of(name, script, arguments),
        env=environment_of(name),
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


class Peer:
    """A running outside program that prints JSON lines."""

    def __init__(self, process):
        self.process = process

    async def line(self):
        """The next line it prints, as it is."""
        async with asyncio.timeout(PATIENCE_S):
            line = await self.process.stdout.readline()
        if not line:
            raise AssertionError((await self.process.stderr.read()).decode()[-4_000:])
        return line.decode().rstrip()

    async def next(self):
        """The next line it prints, read as JSON."""
        return json.loads(await self.line())

    async def until(self, accept):
        """The first line that `accept` takes."""
        while True:
            line = await self.next()
            if accept(line):
                return line

    async def tell(self, text):
        """Type a line into it."""
        self.process.stdin.write(f"{text}\n".encode())
        await self.process.stdin.drain()

    async def all(self):
        """Everything it prints until it ends, which it does well."""
        async with asyncio.timeout(PATIENCE_S):
            out, errors = await self.process.communicate()
        assert self.process.returncode == 0, errors.decode()[-4_000:]
        return [json.loads(line) for line in out.splitlines()]


def peer(name, script, *arguments, **environment):
    """A peer's script at work while the block lasts."""
    command = command_of(name, script, arguments)
    return running(command, environment=environment_of(name) | environment)


@asynccontextmanager
async def running(command, *, environment=None):
    """Any outside program at work while the block lasts."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment or clean_environment(),
        limit=2**24,
    )
    try:
        yield Peer(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def said_by(name, script, *arguments):
    """Everything that a peer's script prints, run to its end beside the test's own services."""
    async with peer(name, script, *arguments) as running:
        return await running.all()


async def talk(program, *arguments, lines=(), cwd=None, **environment):
    """Type `lines` into a program with a prompt; returns what it wrote, without colours."""
    process = await asyncio.create_subprocess_exec(
        str(program),
        *map(str, arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=cwd,
        env=clean_environment(**environment),
    )
    try:
        async with asyncio.timeout(PATIENCE_S):
            out, _ = await process.communicate("".join(f"{line}\n" for line in lines).encode())
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return COLOUR.sub("", out.decode())
