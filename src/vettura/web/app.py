"""The application: what is built from a bus, two clocks and a household."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar, Request, Response
from litestar.config.compression import CompressionConfig
from litestar.datastructures import State as AppState
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin

from vettura import __version__
from vettura.bus.interface import Bus
from vettura.clock.interface import Clock
from vettura.web import routes
from vettura.web.config import PageConfig
from vettura.web.desk import Desk, Reply
from vettura.web.files import page_files
from vettura.web.guard import HostGuard, add_headers
from vettura.web.live import Live

BODY_BYTES_MAX = 64 * 1024
PATIENCE_S = 8.0
"""How long a command is repeated while nobody answers [real s]."""


def create_app(
    *, bus: Bus, clock: Clock, pace: Clock, page: PageConfig, patience_s: float = PATIENCE_S
) -> Litestar:
    """Build the page's application; it follows the bus while it is served.

    `clock` is the household's, `pace` the viewers': real seconds. `app.state.live` is the ear.
    """
    live = Live(bus=bus, clock=clock, pace=pace, page=page)
    desk = Desk(bus=bus, pace=pace, page=page, live=live, files=page_files(), patience_s=patience_s)

    async def give_desk() -> Desk:
        return desk

    return Litestar(
        route_handlers=routes.HANDLERS,
        dependencies={"desk": Provide(give_desk)},
        before_request=HostGuard(page.hosts),
        before_send=[add_headers],
        exception_handlers={HTTPException: _refused},
        lifespan=[_listening],
        compression_config=CompressionConfig(backend="gzip", exclude_opt_key=routes.READY),
        logging_config=None,
        request_max_body_size=BODY_BYTES_MAX,
        state=AppState({"live": live}),
        openapi_config=OpenAPIConfig(
            title="vettura",
            version=__version__,
            path="/api/schema",
            render_plugins=[JsonRenderPlugin()],
        ),
    )


@asynccontextmanager
async def _listening(app: Litestar) -> AsyncIterator[None]:
    """Follow the bus from the start of the application to its end."""
    live: Live = app.state.live
    task = asyncio.create_task(live.run())
    app.state.listening = task
    try:
        yield
    finally:
        live.close()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _refused(_request: Request[object, object, AppState], error: HTTPException) -> Response[Reply]:
    """Say in one line what was wrong with the request."""
    return Response(Reply(ok=False, reason=error.detail), status_code=error.status_code)
