"""Serving the page inside a loop that already runs: no signal handlers, no log lines."""

import asyncio
import errno
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from litestar import Litestar

from vettura.errors import EnvironmentFault

BACKLOG = 128
PORT_MAX = 65_535


def claim_port(host: str, port: int) -> socket.socket:
    """Take the port, so that nothing else starts when it is not to be had.

    Port 0 takes a free one; `claimed.getsockname()` tells which.
    """
    if not 0 <= port <= PORT_MAX:
        raise EnvironmentFault(f"there is no port {port}", hint=f"choose one from 1 to {PORT_MAX}")
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as error:
        raise EnvironmentFault(
            f"cannot listen on {host}:{port}: {error}", hint="give an address of this machine"
        ) from None
    claimed = socket.socket(family, socket.SOCK_STREAM)
    try:
        claimed.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        claimed.bind(address)
        claimed.listen(BACKLOG)
    except OSError as error:
        claimed.close()
        if error.errno == errno.EADDRINUSE:
            raise EnvironmentFault(
                f"port {port} on {host} is in use",
                hint=f"choose another one with --port, for example --port {port + 1}",
            ) from None
        raise EnvironmentFault(
            f"cannot listen on {host}:{port}: {error.strerror}",
            hint="choose another port with --port, above 1023",
        ) from None
    claimed.setblocking(False)
    return claimed


async def serve(
    app: Litestar,
    *,
    host: str,
    port: int,
    on_ready: Callable[[str], None] = lambda _: None,
    claimed: socket.socket | None = None,
) -> None:
    """Serve until cancelled; open event streams end at once.

    `claimed` is what `claim_port` gave, if it was called before; `on_ready` is told the address of
    the page as soon as it can be opened. Raises what made the application fall over.
    """
    listener = claimed or claim_port(host, port)
    server = _Server(_config(app), lambda: on_ready(_address(listener)))
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await asyncio.shield(running)
    finally:
        app.state.live.close()
        server.should_exit = True
        try:
            await asyncio.gather(running, return_exceptions=True)
        finally:
            listener.close()
    # The server ends by itself only when the ear has fallen over: then this raises.
    app.state.listening.result()


def _config(app: Litestar) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        lifespan="on",
        loop="none",
        http="h11",
        ws="none",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=2,
        backlog=BACKLOG,
    )


class _Server(uvicorn.Server):
    """Uvicorn without its hands on the process: signals stay with whoever started us."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so; fall over together with the application's ear."""
        await super().startup(sockets=sockets)
        listening: asyncio.Task[None] = self.config.app.state.listening  # type: ignore[union-attr]
        listening.add_done_callback(self._ear_ended)
        self._on_ready()

    def _ear_ended(self, _task: asyncio.Task[None]) -> None:
        self.should_exit = True


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:  # noqa: S104  compared, not bound
        host = "localhost"
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
