"""The addresses that evcc's optimiser has, so that evcc can be pointed here as it is."""

import msgspec
from litestar import MediaType, Response, get, post
from litestar.params import RawBody

from vettura.errors import InputError, VetturaError

EVCC_BODY_BYTES_MAX = 1024 * 1024


class Said(msgspec.Struct, frozen=True):
    """What evcc's optimiser says when there is no schedule."""

    message: str


@post(
    "/optimize/charge-schedule",
    status_code=200,
    sync_to_thread=True,
    request_max_body_size=EVCC_BODY_BYTES_MAX,
    summary="Plan as evcc's optimiser does",
)
def charge_schedule(body: RawBody) -> Response[bytes]:
    """Take a request to evcc's optimiser and answer in its form.

    400: the request is none, with a line that names what is wrong. 500: nothing keeps its rules.
    """
    # Only who asks for a plan waits for what plans.
    from vettura.energy.evcc import read_request
    from vettura.energy.evcc_answer import answer

    try:
        given = msgspec.json.encode(answer(read_request(body)))
    except InputError as error:
        return _json(msgspec.json.encode(Said(error.message)), 400)
    except VetturaError as error:
        return _json(msgspec.json.encode(Said(f"Optimization failed: {error.message}")), 500)
    return _json(given, 200)


@get("/optimize/health", summary="Whether plans can be asked for", sync_to_thread=False)
def optimize_health() -> dict[str, str]:
    """Say that it is there."""
    return {"status": "healthy", "message": "vettura plans"}


def _json(content: bytes, status: int) -> Response[bytes]:
    return Response(content, status_code=status, media_type=MediaType.JSON)


EVCC_HANDLERS = [charge_schedule, optimize_health]
