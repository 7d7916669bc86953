"""What `make demo` asks before it chooses its data set."""

import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

from mnistmlp.data.download import mirror_answers

CLOSED = "http://127.0.0.1:1"


class Found(BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        self.send_response(200 if self.path == "/data/train-images-idx3-ubyte.gz" else 404)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


def test_one_mirror_that_answers_is_enough() -> None:
    with HTTPServer(("127.0.0.1", 0), Found) as server:
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        assert mirror_answers((CLOSED, f"{url}/data/"))
        assert not mirror_answers((f"{url}/elsewhere",))
        server.shutdown()


def test_silence_and_refusal_are_no_answer() -> None:
    started = time.monotonic()
    assert not mirror_answers((CLOSED, "no address"), within=60)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert not mirror_answers((f"http://127.0.0.1:{silent.getsockname()[1]}",), within=0.2)
    assert time.monotonic() - started < 30
