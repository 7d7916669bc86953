import contextlib
import http.client
import socket
import threading
from collections.abc import Iterator

import pytest

from mnistmlp.cli.draw import server as page_server
from mnistmlp.cli.draw.server import ADDRESS, MAX_CONNECTIONS, PageServer

PAGE = "<!doctype html>é".encode()


@pytest.fixture
def server() -> Iterator[PageServer]:
    """A server of a small page."""
    with PageServer(PAGE) as each:
        threading.Thread(target=each.serve_forever, args=[0.01], daemon=True).start()
        yield each
        each.shutdown()


def ask(
    server: PageServer, path: str, method: str = "GET", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """Send a request, and return the status, the headers and the body of the answer."""
    connection = http.client.HTTPConnection(server.host, timeout=30)
    with contextlib.closing(connection):
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer.status, dict(answer.headers), answer.read()


def connect(server: PageServer) -> socket.socket:
    return socket.create_connection((ADDRESS, server.server_address[1]), timeout=30)


def exchange(server: PageServer, request: str) -> bytes:
    """Send the lines of a request, and read to the end of the answer."""
    with connect(server) as client:
        client.sendall(request.encode())
        return b"".join(iter(lambda: client.recv(65536), b""))


def test_the_page(server: PageServer) -> None:
    status, headers, body = ask(server, server.path)
    assert (status, body) == (200, PAGE)
    assert headers == {
        "Content-Type": "text/html; charset=utf-8",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Content-Length": str(len(PAGE)),
    }
    assert ask(server, server.path, "HEAD") == (200, headers, b"")
    answer = exchange(server, f"HEAD {server.path} HTTP/1.1\r\nHost: {server.host}\r\n\r\n")
    assert answer.endswith(b"\r\n\r\n")


def test_the_path_is_another_each_time(server: PageServer) -> None:
    with PageServer(PAGE) as other:
        assert len(other.path) > 40
        assert other.path != server.path


@pytest.mark.parametrize("path", ["/", "/favicon.ico", "{}/", "{}?x", "/..{}", "*", "http://a{}"])
def test_there_is_nothing_else(server: PageServer, path: str) -> None:
    for method in ("GET", "HEAD"):
        status, _, body = ask(server, path.format(server.path), method)
        assert (status, body) == (404, b"")


@pytest.mark.parametrize("method", ["POST", "PUT", "OPTIONS", "CONNECT", "get"])
def test_it_can_only_be_read(server: PageServer, method: str) -> None:
    status, _, body = ask(server, server.path, method)
    assert (status, body) == (501, b"")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "localhost:{port}", ""])
def test_no_other_site_reaches_it_by_a_name_for_this_machine(server: PageServer, host: str) -> None:
    status, _, body = ask(server, server.path, Host=host.format(port=server.server_address[1]))
    assert (status, body) == (404, b"")


@pytest.mark.parametrize(
    "request_lines",
    [
        "GET {path}\r\n\r\n",
        "GET {path} HTTP/1.0\r\n\r\n",
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nHost: evil.example\r\n\r\n",
        "GET {path} HTTP/9\r\n\r\n",
        "GET {long} HTTP/1.1\r\n\r\n",
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nX: {long}\r\n\r\n",
        "\0\r\n\r\n",
    ],
)
def test_what_is_no_valid_request_gets_no_page(
    server: PageServer, request_lines: str, capfd: pytest.CaptureFixture[str]
) -> None:
    request = request_lines.format(path=server.path, host=server.host, long="x" * 70_000)
    with contextlib.suppress(ConnectionError):  # of what it does not read to the end
        answer = exchange(server, request)
        assert PAGE not in answer
        assert server.path.encode() not in answer
    assert capfd.readouterr() == ("", "")


def test_it_listens_on_this_machine_only(server: PageServer) -> None:
    assert server.socket.getsockname()[0] == "127.0.0.1"


def test_clients_that_never_finish_keep_no_other_out(server: PageServer) -> None:
    clients = [connect(server) for _ in range(3 * MAX_CONNECTIONS)]
    for client in clients:
        with contextlib.suppress(ConnectionError):
            client.sendall(b"GET / HT")
    assert clients[0].recv(1) == b""  # the oldest is closed
    assert ask(server, server.path)[0] == 200
    clients[-1].sendall(b"TP/1.1\r\n\r\n")  # the newest is not
    assert clients[-1].recv(12) == b"HTTP/1.0 404"
    assert len(server.connections) <= MAX_CONNECTIONS
    for client in clients:
        client.close()


def test_a_client_that_goes_away_is_no_news(capfd: pytest.CaptureFixture[str]) -> None:
    with PageServer(bytes(20_000_000)) as server:
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        with connect(server) as client:
            client.sendall(f"GET {server.path} HTTP/1.1\r\nHost: {server.host}\r\n\r\n".encode())
            assert client.recv(12) == b"HTTP/1.0 200"
        for thread in threading.enumerate():
            if "process_request" in thread.name:
                thread.join(30)
        server.shutdown()
    assert capfd.readouterr() == ("", "")


def test_a_silent_client_is_left(server: PageServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_server._Handler, "timeout", 0.1)
    with connect(server) as client:
        client.sendall(b"GET / HT")
        assert client.recv(1) == b""


def test_one_connection_is_one_answer(server: PageServer) -> None:
    request = f"GET {server.path} HTTP/1.1\r\nHost: {server.host}\r\nConnection: keep-alive\r\n\r\n"
    assert exchange(server, 2 * request).count(PAGE) == 1


def test_two_clients_at_once() -> None:
    page = bytes(20_000_000)  # more than the system keeps for a client that does not read
    with PageServer(page) as server:
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        with connect(server) as slow:
            slow.sendall(f"GET {server.path} HTTP/1.1\r\nHost: {server.host}\r\n\r\n".encode())
            assert slow.recv(12) == b"HTTP/1.0 200"
            assert ask(server, server.path)[2] == page
            assert len(b"".join(iter(lambda: slow.recv(1 << 20), b""))) > len(page)
        server.shutdown()
