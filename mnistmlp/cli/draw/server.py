"""A server of one page, to this machine only."""

from __future__ import annotations

import contextlib
import secrets
import socket
import socketserver
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any

ADDRESS = "127.0.0.1"  # of this machine, for itself
TIMEOUT = 60.0  # seconds for which a client may be silent
MAX_CONNECTIONS = 16  # at once; a browser opens up to six
HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class PageServer(socketserver.ThreadingTCPServer):
    """A server of one page, at a port that was free and a path that cannot be guessed.

    It listens once it is made.  Each connection has a thread, which does not
    keep the program from ending; of too many, the oldest is closed, so that
    clients that never finish keep no other out.

    Unlike `http.server.HTTPServer` it does not look up this machine's name,
    which may take long.

    Parameters
    ----------
    page : bytes
        HTML in UTF-8.

    Raises
    ------
    OSError
        If no port can be opened.
    """

    daemon_threads = True

    def __init__(self, page: bytes) -> None:
        super().__init__((ADDRESS, 0), _Handler)
        self.page = page
        self.host = f"{ADDRESS}:{self.server_address[1]}"
        self.path = f"/{secrets.token_urlsafe()}"
        self.connections: list[Any] = []  # sockets, the oldest first

    @property
    def url(self) -> str:
        """The address of the page."""
        return f"http://{self.host}{self.path}"

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer a connection in a thread."""
        self.connections.append(request)
        if len(self.connections) > MAX_CONNECTIONS:
            with contextlib.suppress(OSError):
                self.connections.pop(0).shutdown(socket.SHUT_RDWR)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection."""
        with contextlib.suppress(ValueError):  # it was the oldest of too many
            self.connections.remove(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore a client that went away."""


class _Handler(BaseHTTPRequestHandler):
    """The answer to one request; the connection is closed after it, as in HTTP/1.0."""

    server: PageServer
    timeout = TIMEOUT

    def do_GET(self) -> None:
        """Answer with the page, or with nothing.

        A page of another site reaches this server by a name that it has bound to
        this machine's address (DNS rebinding), but then that name is the Host.
        """
        hosts = self.headers.get_all("Host")
        if self.path != self.server.path or hosts != [self.server.host]:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        self._answer(HTTPStatus.OK, self.server.page)

    def do_HEAD(self) -> None:
        """Answer as to GET, without the page."""
        self.do_GET()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer a request that is invalid, or for anything but the page."""
        self._answer(code, b"")

    def _answer(self, code: int, body: bytes) -> None:
        self.send_response_only(code)
        for name, value in (HEADERS | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Log nothing: stderr is for the user."""
