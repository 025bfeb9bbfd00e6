"""The addresses of the page's API that are about devices and scenes."""

from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, RawBody
from msgspec import Meta

from vettura.bus import subjects
from vettura.bus.ask import ask
from vettura.bus.messages import decode
from vettura.bus.messages_home import DeviceAbout, Trace, first_action
from vettura.errors import BusError, InputError
from vettura.web.desk import WHO, Desk, Reply, replied, said_no

TRACES_READ = 500
"""How far back a scene's last runs are looked for."""
TRACES_SHOWN = 10


class DeviceWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `/api/home/do`: what to ask of one entity."""

    entity: Annotated[str, Meta(max_length=255)]
    action: Annotated[str, Meta(max_length=255)]
    """In Home Assistant's words, such as light.turn_on."""
    data: dict[str, Any] = {}


class Traces(msgspec.Struct, frozen=True, kw_only=True):
    """The last runs of one scene with their steps, newest first."""

    traces: list[Trace]


@post("/api/home/do", status_code=200, summary="Ask a device of the home for something")
async def device_order(desk: NamedDependency[Desk], body: RawBody) -> Response[Reply]:
    """Take `{"entity": "light.hall", "action": "light.turn_on", "data": {"brightness": 80}}`.

    404: nobody has that entity. 400: the entity knows no such action. 409: the device refuses and
    says why. 503: nobody could be reached.
    """
    try:
        wish = _read(body)
    except InputError as error:
        return said_no(400, error.message)
    found = desk.live.device_of(wish.entity)
    if found is None:
        return said_no(404, f"nothing in this home is called {wish.entity[:60]!r}")
    device, about = found
    reason = _unknown(wish, about)
    if reason:
        return said_no(400, reason)
    action = first_action(
        desk.pace.new_id(WHO),
        who=WHO,
        action=wish.action,
        entity=wish.entity,
        data=wish.data,
    )
    subject = subjects.device_do(desk.page.home, device)
    try:
        answer = await ask(desk.bus, desk.pace, subject, action, patience_s=desk.patience_s)
    except (BusError, InputError) as error:
        return said_no(503, f"no answer: {error}")
    return replied(answer)


@get("/api/scenes/{scene:str}/traces", summary="The last runs of a scene, step by step")
async def scene_traces(desk: NamedDependency[Desk], scene: FromPath[str]) -> Response[Traces]:
    """Return up to ten, newest first; none for a scene that never ran."""
    found: list[Trace] = []
    try:
        stream = await desk.bus.stream(
            subjects.TRACES_STREAM,
            subjects.TRACES_STREAM_SUBJECTS,
            max_age_s=subjects.TRACES_STREAM_MAX_AGE_S,
        )
        stored = await stream.last(subjects.trace(desk.page.home), TRACES_READ)
    except BusError:
        stored = []
    for one in reversed(stored):
        try:
            trace = decode(one.data, Trace, where=one.subject)
        except InputError:
            continue
        if trace.scene == scene and len(found) < TRACES_SHOWN:
            found.append(trace)
    return Response(Traces(traces=found), headers={"cache-control": "no-store"})


def _read(body: bytes) -> DeviceWish:
    try:
        wish = msgspec.json.decode(body, type=DeviceWish)
        msgspec.msgpack.encode(wish.data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError) as error:
        raise InputError(str(error) or "not JSON") from None
    return wish


def _unknown(wish: DeviceWish, about: DeviceAbout) -> str:
    """Why an entity cannot be asked for that; empty when it can."""
    known = about.entities[wish.entity].actions
    if wish.action in known:
        return ""
    if not known:
        return f"{wish.entity} only tells"
    return f"{wish.entity} knows no {wish.action[:60]!r}; it knows {', '.join(known)}"


HOME_HANDLERS = [device_order, scene_traces]
