"""What a rehearsal may not touch: sockets, pipes, subprocesses and threads."""

from collections.abc import Callable
from typing import NoReturn

from vettura.errors import ForbiddenInRehearsalError

# The event loop's methods that reach out of the process or of the thread.
FORBIDDEN = (
    *("run_in_executor", "set_default_executor", "getaddrinfo", "getnameinfo"),
    *("create_connection", "create_server", "create_datagram_endpoint", "start_tls", "sendfile"),
    *("create_unix_connection", "create_unix_server", "connect_accepted_socket"),
    *("sock_accept", "sock_connect", "sock_recv", "sock_recv_into", "sock_recvfrom"),
    *("sock_recvfrom_into", "sock_sendall", "sock_sendto", "sock_sendfile"),
    *("add_reader", "add_writer", "connect_read_pipe", "connect_write_pipe"),
    *("subprocess_exec", "subprocess_shell"),
)


def forbidden(what: str) -> ForbiddenInRehearsalError:
    """Return the error that refuses `what`."""
    return ForbiddenInRehearsalError(
        f"a rehearsal has no sockets, processes or threads: {what} is refused",
        hint="rehearse with the in-memory bus and simulated devices, or run live",
    )


def refuse(what: str) -> Callable[..., NoReturn]:
    """Return a method that refuses every call of `what`."""

    def refused(*_args: object, **_named: object) -> NoReturn:
        raise forbidden(what)

    return refused
