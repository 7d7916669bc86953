"""Requests to mirrors: the time that they may take, certificates, and passwords."""

import base64
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path

import certifi
import pytest

from mnistmlp.data import web
from mnistmlp.data.web import CA_VARIABLES, hide_login
from mnistmlp.errors import MnistMlpError
from tests.faulty_server import PACKED, Answer, Mirror, download, failures, fetch, serving

# of 127.0.0.1, signed by itself, from 2000 to 2099, made for these tests alone
CERTIFICATE = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgZp9xE/47omUkLGmc
rJMO/DiiI0tN+sHxP9EQE6YodaShRANCAAQGxsUdzc2QCFGbsvEk3XpD/H7I+03O
V5Z2xbRBv1aTxR69ndgmfiBowBtxaSRKpyUVmlTEFest7rmXMNaeFqXR
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBUTCB+KADAgECAgEBMAoGCCqGSM49BAMCMA8xDTALBgNVBAMMBHRlc3QwIBcN
MDAwMTAxMDAwMDAwWhgPMjEwMDAxMDEwMDAwMDBaMA8xDTALBgNVBAMMBHRlc3Qw
WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQGxsUdzc2QCFGbsvEk3XpD/H7I+03O
V5Z2xbRBv1aTxR69ndgmfiBowBtxaSRKpyUVmlTEFest7rmXMNaeFqXRo0MwQTAP
BgNVHREECDAGhwR/AAABMA8GA1UdEwEB/wQFMAMBAf8wHQYDVR0OBBYEFFjHBX22
UCHqkFQnrT/fcc3b84XqMAoGCCqGSM49BAMCA0gAMEUCIC9awC9oBD4UufKHaXhF
bXrgP4TUiaJSNnAB9GUW66bLAiEAicZtp4ODcoT5xdppdQltV5685AQLiP9BMS+e
1Lo0IME=
-----END CERTIFICATE-----
"""


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    path = tmp_path / "certificate.pem"
    path.write_text(CERTIFICATE)
    return path


@pytest.fixture
def secure(certificate: Path) -> Iterator[Mirror]:
    """A web server with TLS, whose certificate nobody trusts."""
    with serving(certificate) as mirror:
        yield mirror


def request_threads() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name == "request"]


# --- Time --------------------------------------------------------------------

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
REDIRECT = b"HTTP/1.1 302 Found\r\nLocation: x\r\n"


def dripping(head: bytes, drip: bytes, piece: int = 1) -> Answer:
    """Return an answer that goes on forever, a few bytes at a time."""
    return Answer(drip, head=head, endless=True, piece=piece, pause=0.02)


DRIPS = {
    "status line": dripping(b"HTTP/1.1 200 ", b"x"),
    "header": dripping(OK + b"X: ", b"x"),
    "headers": dripping(OK, b"X: x\r\n"),
    "answers that announce another": dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "such answers, at full speed": Answer(
        b"HTTP/1.1 100 Continue\r\n\r\n" * 100, head=b"", endless=True
    ),
    "header of a redirect": dripping(REDIRECT + b"X: ", b"x"),
    "slow redirects": dripping(b"", REDIRECT + b"Content-Length: 0\r\n\r\n", piece=4),
    "size of the first chunk": dripping(CHUNKED, b"0"),
    "size of a later chunk": dripping(CHUNKED + b"1\r\n\x1f\r\n", b"0"),
    "remark on a chunk": dripping(CHUNKED + b"1;", b"x"),
    "trailers": dripping(CHUNKED + b"0\r\n", b"X: x\r\n"),
}


@pytest.mark.usefixtures("_short_times")
@pytest.mark.parametrize("answer", DRIPS.values(), ids=DRIPS)
def test_a_mirror_that_drips_is_given_up(
    mirror: Mirror, second: Mirror, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mnistmlp.data.download.PAUSES", ())
    mirror.answers.append(answer)
    second.answer(PACKED)
    assert failures(mirror.url) == ["timed out"]
    fetch(mirror.url, second.url)
    for thread in request_threads():
        thread.join(10)
    assert request_threads() == []


@pytest.mark.usefixtures("_short_times")
def test_small_chunks_are_too_slow(mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "READ_TIMEOUT", 30)
    mirror.answers.append(dripping(CHUNKED, b"1\r\n\0\r\n"))
    assert failures(mirror.url)[0].startswith("too slow: ")


@pytest.mark.usefixtures("_short_times")
def test_headers_that_drip_within_tls(
    secure: Mirror, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    secure.answers.append(DRIPS["headers"])
    assert failures(secure.url) == ["timed out"]
    for thread in request_threads():
        thread.join(10)
    assert request_threads() == []


@pytest.fixture
def shaking_hands() -> Iterator[str]:
    """The address of a server that never comes to the end of its side of the TLS handshake."""
    ended = threading.Event()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.sendall(b"\x16\x03\x03\x40\0")  # a record of 16 kB
            while not ended.wait(0.02):
                self.request.sendall(b"\0")

        def finish(self) -> None:
            self.request.close()

    class Server(socketserver.ThreadingTCPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            pass

    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        yield f"https://127.0.0.1:{server.server_address[1]}/"
        ended.set()
        server.shutdown()


@pytest.mark.usefixtures("_short_times")
def test_a_tls_handshake_that_drips_is_given_up(shaking_hands: str) -> None:
    assert "timed out" in failures(shaking_hands)[0]


@pytest.mark.usefixtures("_short_times")
def test_a_name_that_is_not_resolved_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()

    def resolve(*_: object, **__: object) -> None:
        ended.wait(20)
        raise OSError

    monkeypatch.setattr("socket.getaddrinfo", resolve)
    assert failures("http://mirror.invalid/") == ["timed out"]
    ended.set()


@pytest.mark.usefixtures("_short_times")
def test_a_transfer_has_an_end(mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "TRANSFER_TIMEOUT", 0.36)
    monkeypatch.setattr(web, "READ_TIMEOUT", 30)
    monkeypatch.setattr(web, "MIN_RATE", 0)
    mirror.answer(PACKED, piece=5, pause=0.02)
    assert failures(mirror.url) == ["too slow: not complete after 0.0001 h"]
    assert len(mirror.asked) == 1


# --- Certificates ------------------------------------------------------------


@pytest.mark.parametrize("variable", CA_VARIABLES)
@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_a_ca_bundle_that_is_none_is_named(
    secure: Mirror, second: Mirror, variable: str, content: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    bundle = Path("bundle.pem").resolve()
    if content is not None:
        bundle.write_text(content)
    monkeypatch.setenv(variable, str(bundle))
    second.answer(PACKED)
    assert failures(secure.url) == [f"{variable} does not name a certificate file: {bundle}"]
    fetch(secure.url, second.url)


def test_a_ca_bundle_is_used(
    secure: Mirror, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CURL_CA_BUNDLE", str(certificate))
    secure.answer(PACKED)
    fetch(secure.url)


def test_a_ca_bundle_does_not_matter_without_tls(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/none")
    mirror.answer(status=404)
    assert failures(mirror.url) == ["HTTP 404 Not Found"]


def test_a_certificate_that_is_not_trusted(secure: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    untrusted = "its certificate is not trusted: self-signed certificate"
    assert failures(secure.url) == [untrusted]
    bundle = certifi.where()  # requests' own
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    assert failures(secure.url) == [f"{untrusted} (checked by REQUESTS_CA_BUNDLE={bundle})"]
    assert secure.asked == []


# --- Passwords ---------------------------------------------------------------


def login(mirror: Mirror) -> list[str]:
    """Return the user name and password in each request to a mirror."""
    found = [each["Authorization"] or "" for each in mirror.requests]
    return [base64.b64decode(each.removeprefix("Basic ")).decode() for each in found]


def with_login(url: str, login: str = "me:s%40cr%2Ft%E2%82%AC") -> str:
    return url.replace("//", f"//{login}@")


def test_a_password_is_sent(mirror: Mirror) -> None:
    mirror.answer(PACKED)
    fetch(with_login(mirror.url))
    assert login(mirror) == ["me:s@cr/t€"]


def test_a_password_is_sent_to_the_same_host_alone(mirror: Mirror, second: Mirror) -> None:
    mirror.answer(status=302, Location="elsewhere")
    mirror.answer(status=302, Location=f"{second.url}/elsewhere")
    second.answer(PACKED)
    fetch(with_login(mirror.url))
    assert (login(mirror), login(second)) == (["me:s@cr/t€"] * 2, [""])


SECRETS = (
    "s3cr3t",
    "s%33cr%33t",
    "s3cr3t%E2%82%AC",
    "s3/cr3t",
    "s3cr 3t",
    "s3cr@3t",
    "s3cr?3t",
    "s3:cr3t",
)


def assert_hidden(text: str) -> None:
    assert not [part for part in ("u5er", "s3", "cr", "3t") if part in text]


@pytest.mark.usefixtures("_short_times")
@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize(
    "url",
    ["http://{}127.0.0.1:1/", "http://{}127.0.0.1:99999/", "http://{}a..b/", "http://{}[::1/",
     "ftp://{}127.0.0.1/", "http:/{}127.0.0.1/", "{}127.0.0.1", "file://{}localhost/none"],
)  # fmt: skip
def test_a_password_is_not_printed(url: str, secret: str) -> None:
    with pytest.raises(MnistMlpError, match="mirror") as caught:
        download(Path("data"), mirrors=[url.format(f"u5er:{secret}@")])
    printed = " ".join([str(caught.value), *caught.value.details])
    assert url.format("***@").removeprefix("http:/") in printed
    assert_hidden(printed)


@pytest.mark.usefixtures("_short_times")
@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("proxy", ["127.0.0.1:1", "127.0.0.1:99999", "a..b"])
def test_the_password_of_a_proxy_is_not_printed(
    proxy: str, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://u5er:{secret}@{proxy}")
    assert_hidden(failures("http://mirror.invalid/")[0])


def test_a_password_in_a_redirect_is_not_printed(mirror: Mirror) -> None:
    mirror.answer(status=302, Location="ftp://u5er:s3cr3t@127.0.0.1/x")
    assert_hidden(failures(mirror.url)[0])


@pytest.mark.parametrize(
    "url", ["file:///me@work/a:b@c", "http://host/me@work", "http://host:80/", "http://host", ""]
)
def test_an_address_without_a_password_is_shown_whole(url: str) -> None:
    assert hide_login(url) == url
