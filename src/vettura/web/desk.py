"""What the addresses of the page's API share."""

import msgspec
from litestar import Response

from vettura.bus.interface import Bus
from vettura.bus.messages import Answer, Outcome, Refusal
from vettura.clock.interface import Clock
from vettura.web.config import PageConfig
from vettura.web.files import File
from vettura.web.live import Live

WHO = "page"


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an order, or why the request was not one."""

    ok: bool
    reason: str = ""
    code: Refusal = ""
    """Why not, for programs."""
    state: Outcome = ""
    """`reached` when it is done, `accepted` when it takes time."""


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """What the addresses need, kept in the application's state."""

    bus: Bus
    pace: Clock
    page: PageConfig
    live: Live
    files: dict[str, File]
    patience_s: float


def replied(answer: Answer) -> Response[Reply]:
    """What became of an order, as the page is told."""
    reply = Reply(ok=answer.ok, reason=answer.reason, code=answer.code, state=answer.state)
    return Response(reply, status_code=200 if answer.ok else 409)


def said_no(status: int, reason: str) -> Response[Reply]:
    """Why a request was no order."""
    return Response(Reply(ok=False, reason=" ".join(reason.split())), status_code=status)
