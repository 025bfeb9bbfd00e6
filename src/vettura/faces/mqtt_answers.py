"""What a command is answered with, and where to. Pure."""

from typing import NamedTuple

import msgspec

from vettura.bus.messages import Answer
from vettura.faces.mqtt_link import Letter

RESPONSE_BYTES_MAX = 1024
CORRELATION_BYTES_MAX = 1024


class Reply(NamedTuple):
    """To whom an answer goes."""

    vin: str
    what: str
    id: str
    letter: Letter


def answer_json(reply: Reply, answer: Answer) -> bytes:
    """The answer as it travels: what was asked, whether it is done, and why not."""
    return msgspec.json.encode(
        {
            "what": reply.what,
            "ok": answer.ok,
            "reason": answer.reason,
            "code": answer.code,
            "state": answer.state or ("reached" if answer.ok else "refused"),
            "id": reply.id,
        }
    )


def is_safe_response(letter: Letter, root: str, prefix: str) -> bool:
    """Whether the sender named a topic that an answer may go to.

    Not one of ours, where it could be taken for a command or a state, and none of the broker's.
    """
    topic = letter.response_topic
    if not topic or len(topic.encode()) > RESPONSE_BYTES_MAX:
        return False
    if len(letter.correlation) > CORRELATION_BYTES_MAX or any(c in topic for c in "+#\0"):
        return False
    return not topic.startswith("$") and topic.split("/")[0] not in {root, prefix}
