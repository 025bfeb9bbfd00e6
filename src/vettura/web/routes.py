"""The addresses of the page's API."""

from collections.abc import AsyncIterator

import msgspec
from litestar import MediaType, Request, Response, get, post
from litestar.datastructures import State as AppState
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, RawBody
from litestar.response import Stream

from vettura.bus import subjects
from vettura.bus.ask import ask
from vettura.bus.messages import Command, Verb
from vettura.bus.orders import VERBS, read_speed, read_verb
from vettura.errors import BusError, InputError
from vettura.web.desk import WHO, Desk, Reply, replied, said_no
from vettura.web.events import squeezed, viewer_events
from vettura.web.routes_energy import ENERGY_HANDLERS
from vettura.web.routes_evcc import EVCC_HANDLERS
from vettura.web.routes_home import HOME_HANDLERS
from vettura.web.state import State

AnyRequest = Request[object, object, AppState]
READY = "is_ready"
"""Marks answers that are compressed where they are made."""


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """How the page's server is.

    `frame_age_s` counts real seconds since any car spoke and is null before the first frame;
    `rejected` counts messages that could not be read.
    """

    bus_up: bool
    frame_age_s: float | None
    rejected: int


@get(["/", "/{name:path}"], include_in_schema=False, opt={READY: True})
async def page_file(
    request: AnyRequest, desk: NamedDependency[Desk], name: FromPath[str] = ""
) -> Response[bytes]:
    """Send the page or one of its files; unchanged ones are not sent again."""
    file = desk.files.get(name.lstrip("/"))
    if file is None:
        return Response(b"there is no such page", status_code=404, media_type=MediaType.TEXT)
    headers = {"etag": file.etag, "cache-control": "no-cache", "vary": "accept-encoding"}
    if request.headers.get("if-none-match") == file.etag:
        return Response(b"", status_code=304, headers=headers, media_type=file.media_type)
    if _takes_gzip(request):
        headers["content-encoding"] = "gzip"
        return Response(file.gzipped, headers=headers, media_type=file.media_type)
    return Response(file.body, headers=headers, media_type=file.media_type)


@get("/api/state", summary="Everything the page knows, now")
async def state(desk: NamedDependency[Desk]) -> Response[State]:
    """Return the snapshot: the same as the first event of `/api/events`."""
    return Response(desk.live.snapshot(), headers={"cache-control": "no-store"})


@get(
    "/api/events",
    media_type="text/event-stream",
    opt={READY: True},
    summary="Server-sent events: `snapshot` (a State), then `delta` (a Change)",
)
async def events(
    request: AnyRequest, desk: NamedDependency[Desk], after: FromQuery[int | None] = None
) -> Stream:
    """Stream changes, at most ten a second, with rising ids.

    Who comes back with `Last-Event-ID` (or `?after=`) gets what was missed, or a new snapshot
    when that is no longer known. `beat` events only say that the line is alive.
    """
    last = request.headers.get("last-event-id", "")
    last_id = int(last) if last.isascii() and last.isdigit() and len(last) < 20 else after
    stream: AsyncIterator[bytes] = viewer_events(desk.live, last_id=last_id)
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    if _takes_gzip(request):
        stream = squeezed(stream)
        headers["content-encoding"] = "gzip"
    return Stream(stream, media_type="text/event-stream", headers=headers)


@post(
    "/api/cars/{vin:str}/do/{verb:str}",
    status_code=200,
    summary="Ask a car for something",
    description="The body holds the verb's arguments, named and united as on the bus. Verbs: "
    + "; ".join(f"{name}({', '.join(kind.__struct_fields__)})" for name, kind in VERBS.items())
    + ". 409: the car refuses and says why. 503: nobody could be reached.",
)
async def order(
    desk: NamedDependency[Desk], vin: FromPath[str], verb: FromPath[str], body: RawBody
) -> Response[Reply]:
    """Send one command to one car and return its answer."""
    if vin not in {car.vin for car in desk.page.cars}:
        return said_no(404, f"no car with VIN {vin[:40]} here")
    if verb not in VERBS:
        return said_no(404, f"a car does not know {verb[:40]!r}; it knows {', '.join(VERBS)}")
    try:
        wish = read_verb(verb, body)
    except InputError as error:
        return said_no(400, f"{verb}: {error}")
    return await _asked(desk, subjects.car_do(vin, verb), wish)


@post("/api/clock", status_code=200, summary="Set how fast the house's clock runs")
async def clock(desk: NamedDependency[Desk], body: RawBody) -> Response[Reply]:
    """Take `{"factor": 60}`: seconds of the house's clock in one real second."""
    try:
        wish = read_speed(body)
    except InputError as error:
        return said_no(400, f"clock: {error}")
    return await _asked(desk, subjects.house_do(desk.page.home, "speed"), wish)


@get("/health", summary="How the server is")
async def health(desk: NamedDependency[Desk]) -> Response[Health]:
    """Say whether the bus is up and how old the newest frame is."""
    told = Health(
        bus_up=desk.live.bus_up,
        frame_age_s=desk.live.frame_age_s(),
        rejected=desk.live.rejected,
    )
    return Response(told, headers={"cache-control": "no-store"})


async def _asked(desk: Desk, subject: str, verb: Verb) -> Response[Reply]:
    command = Command(id=desk.pace.new_id("page"), verb=verb, who=WHO, role="owner")
    try:
        answer = await ask(desk.bus, desk.pace, subject, command, patience_s=desk.patience_s)
    except (BusError, InputError) as error:
        return said_no(503, f"no answer: {error}")
    return replied(answer)


def _takes_gzip(request: AnyRequest) -> bool:
    return "gzip" in request.headers.get("accept-encoding", "")


HANDLERS = [
    *[page_file, state, events, order, clock, health],
    *HOME_HANDLERS,
    *ENERGY_HANDLERS,
    *EVCC_HANDLERS,
]
