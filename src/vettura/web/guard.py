"""What keeps the page to itself: security headers, and no orders from other people's pages."""

import ipaddress
from urllib.parse import urlsplit

from litestar import Request
from litestar.datastructures import State
from litestar.exceptions import PermissionDeniedException
from litestar.types import Message

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
LOCAL_ENDINGS = (".local", ".lan", ".internal", ".home.arpa", ".localhost")


async def add_headers(message: Message, scope: object) -> None:  # noqa: ARG001
    """Put the security headers on every response."""
    if message["type"] == "http.response.start":
        message["headers"] = [*message["headers"], *HEADERS]


class HostGuard:
    """Refuses requests that a foreign web page sends through its visitor's browser.

    The address bar must show an address, a name of the local network or one of `hosts` (a page
    that makes its own name point here is caught by this), and whoever names an origin must have
    come from this page.
    """

    def __init__(self, hosts: list[str]) -> None:
        self._hosts = {host.lower() for host in hosts}

    async def __call__(self, request: Request[object, object, State]) -> None:
        """Let it pass, or raise."""
        host = request.headers.get("host", "")
        if not self._is_ours(_name(host)):
            raise PermissionDeniedException(f"this page does not answer to the name {host[:80]!r}")
        origin = request.headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != host:
            raise PermissionDeniedException(f"no orders from {origin[:80]!r}")

    def _is_ours(self, name: str) -> bool:
        if "." not in name or name in self._hosts or name.endswith(LOCAL_ENDINGS):
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True


def _name(host: str) -> str:
    """Return the host's name or address without its port, lower case."""
    if host.startswith("["):
        return host[1:].split("]", 1)[0].lower()
    return host.split(":", 1)[0].lower()
