"""Requests to mirrors: a time limit in every phase, and no password in any message.

The timeouts of the requests package apply to a single wait.  A mirror that sends a
byte from time to time never exceeds them, whether in a status line, a header, the size
of a chunk or the body.  So a request runs in a thread, and its caller keeps the time.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import queue
import re
import socket
import ssl
import threading
import time
from collections.abc import Generator, Iterator, Mapping
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes, urljoin, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth

from mnistmlp.atomic import cause_of
from mnistmlp.data.transfer import MirrorError, RefusalError, Transfer

# A try without an answer, or without a byte of the body, ends after ANSWER_TIMEOUT or
# READ_TIMEOUT: three tries and two pauses take under 50 s.  One that gets too few bytes ends
# after at most ANSWER_TIMEOUT plus RATE_WINDOW plus READ_TIMEOUT: three take under 190 s.  All
# tries for a file at a mirror, however many, end after TRANSFER_TIMEOUT.
CONNECT_TIMEOUT = 10  # seconds, for each IP address of the host; again for the TLS handshake
ANSWER_TIMEOUT = 15  # seconds until the headers, including name lookup, connections and redirects
READ_TIMEOUT = 15  # seconds without a byte; in the body, without a byte of the file
RATE_WINDOW, MIN_RATE = 30, 1000  # seconds, and bytes per second on average within them
TRANSFER_TIMEOUT = 3 * 3600  # seconds; MNIST's largest file, 9.9 MB, takes 2.75 h at MIN_RATE
MAX_PAUSE = 10  # seconds; a mirror that asks for more is given up
MAX_REDIRECTS = 5
CHUNK = 1 << 16  # bytes
CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")  # the first one set counts
Chunks = Generator[tuple[bytes, int | None], None, None]  # bytes as sent, and their total if known


def read_remote(transfer: Transfer) -> Chunks:
    """Yield the bytes at a web address as sent, or the rest of them.

    Raises
    ------
    MirrorError
        If the mirror does not deliver them, or not in time.
    """
    headers = {"Accept-Encoding": "identity"}  # the file is already compressed
    if transfer.received and transfer.resumable:
        headers["Range"] = f"bytes={transfer.received}-"
        if transfer.validator:
            headers["If-Range"] = transfer.validator
    with contextlib.closing(Request(transfer.url, headers)) as request:
        try:
            response = request.wait_for_answer(ANSWER_TIMEOUT)
            _process_headers(transfer, response)
            length = response.headers.get("Content-Length", "")
            known = length.isdecimal() and len(length) < 16
            total = transfer.received + int(length) if known else None
            for data in _read_body(request, transfer.started + TRANSFER_TIMEOUT):
                yield data, total
        except (OSError, ValueError, urllib3.exceptions.HTTPError) as error:
            raise _failure(error) from None


def _read_body(request: Request, end: float) -> Iterator[bytes]:
    """Yield the bytes of a body as they arrive; raise MirrorError if they are too slow."""
    start, received = time.monotonic(), 0
    while data := request.wait_for_data(READ_TIMEOUT):
        yield data
        received += len(data)
        now = time.monotonic()
        if now > end:
            raise RefusalError(f"too slow: not complete after {TRANSFER_TIMEOUT / 3600:g} h")
        elapsed = now - start
        if elapsed >= RATE_WINDOW:
            if received < MIN_RATE * elapsed:
                raise MirrorError(f"too slow: {received} bytes in {elapsed:.0f} s")
            start, received = now, 0


# --- The request -------------------------------------------------------------


class Request:
    """A request in a thread of its own, so that waiting for it can end at any time.

    Parameters
    ----------
    url : str
        May hold a user name and a password, which are sent to this host alone.
    headers : mapping of str
    method : {'GET', 'HEAD'}
    """

    def __init__(self, url: str, headers: Mapping[str, str], method: str = "GET") -> None:
        self._results: queue.Queue[requests.Response | bytes | Exception] = queue.Queue(maxsize=1)
        self._closed = False
        self._connection: Any = None  # the latest, set before it connects
        self._socket: Any = None  # its socket, once connected, which it may let go of
        arguments = method, url, headers
        threading.Thread(target=self._run, args=arguments, name="request", daemon=True).start()

    def wait_for_answer(self, seconds: float) -> requests.Response:
        """Return the response once its headers have arrived, after redirects."""
        response: requests.Response = self._take(seconds)
        return response

    def wait_for_data(self, seconds: float) -> bytes:
        """Return the next bytes of the body, as sent; none at its end."""
        data: bytes = self._take(seconds)
        return data

    def is_good(self, seconds: float) -> bool:
        """Tell whether the answer is good and arrives within a timeout in seconds."""
        try:
            return self.wait_for_answer(seconds).ok
        except (MirrorError, OSError, ValueError, urllib3.exceptions.HTTPError):
            return False

    def _take(self, seconds: float) -> Any:
        try:
            result = self._results.get(timeout=max(0.0, seconds))
        except queue.Empty:
            raise MirrorError("timed out") from None
        if isinstance(result, Exception):
            raise result
        return result

    def close(self) -> None:
        """Shut down the connection, so that the thread ends whatever it is waiting for."""
        self._closed = True
        with contextlib.suppress(queue.Empty):
            self._results.get_nowait()  # the thread may be waiting for space
        connected = self._socket or getattr(self._connection, "sock", None)
        with contextlib.suppress(OSError, AttributeError):  # TLS within TLS lacks the method
            connected.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]

    # within the thread

    def _run(self, method: str, url: str, headers: Mapping[str, str]) -> None:
        try:
            with self._open(method, url, headers) as response:
                self._put(response)
                while data := response.raw.read1(CHUNK, decode_content=False):
                    self._put(data)
            self._put(b"")
        except Exception as error:  # passed on to the waiting caller
            if not self._closed:
                self._results.put(error)

    def _put(self, result: requests.Response | bytes) -> None:
        self._results.put(result)
        self._check_open()

    def _check_open(self) -> None:
        if self._closed:
            raise MirrorError("no longer waited for")

    def _open(self, method: str, url: str, headers: Mapping[str, str]) -> requests.Response:
        """Request a file, following redirects."""
        url, login = _split_login(url)
        for _ in range(MAX_REDIRECTS + 1):
            with _Session(self._watch) as session:
                timeout = CONNECT_TIMEOUT, READ_TIMEOUT
                response = session.request(
                    method, url, headers=headers, auth=login, timeout=timeout, stream=True
                )
            if not response.is_redirect:
                return response
            response.close()
            target, new_login = _split_login(urljoin(url, response.headers["Location"]))
            same_host = urlsplit(target)[:2] == urlsplit(url)[:2]
            url, login = target, new_login or (login if same_host else None)
        raise RefusalError(f"more than {MAX_REDIRECTS} redirects")

    def _watch(self, kind: Any) -> Any:
        """Return a subclass of connections that `close` can shut down."""
        request = self

        class Watched(kind):  # type: ignore[misc]
            def connect(self) -> None:
                request._connection, request._socket = self, None
                super().connect()
                request._socket = self.sock
                request._check_open()

        return Watched


class _Session(requests.Session):
    """A session that follows no redirects: requests would read the body first, however long."""

    def __init__(self, watch: Any) -> None:
        super().__init__()
        for scheme in ("http://", "https://"):
            self.mount(scheme, _Adapter(watch))

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return None, so that no redirect is followed."""


class _Adapter(HTTPAdapter):
    def __init__(self, watch: Any) -> None:
        super().__init__()
        self.watch = watch

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        """Return a pool of watched connections."""
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        pool.ConnectionCls = self.watch(pool.ConnectionCls)
        return pool


# --- The answer --------------------------------------------------------------


def _process_headers(transfer: Transfer, response: requests.Response) -> None:
    """Prepare the transfer from the status and headers of a response, or raise MirrorError."""
    headers = response.headers
    if response.status_code == 206:
        part = re.match(r"bytes (\d+)-", headers.get("Content-Range", ""))
        if not part or part[1] != str(transfer.received):
            transfer.disable_resuming()
            raise MirrorError("sent another part of the file than requested")
        transfer.resumed = transfer.received > 0
    elif response.status_code == 416 and transfer.received:
        transfer.disable_resuming()
        raise MirrorError("HTTP 416: the file is shorter than the part already received")
    elif response.status_code != 200:
        raise _status_error(response)
    else:
        transfer.reset()
        tag = headers.get("ETag", "")  # a weak one, W/"…", must not be used for ranges
        transfer.validator = tag if tag.startswith('"') else headers.get("Last-Modified", "")


def _status_error(response: requests.Response) -> MirrorError:
    """Return the error for a status, which says whether to retry and after which pause."""
    text = f"HTTP {response.status_code} {response.reason}"[:80]
    if response.status_code not in (408, 429) and response.status_code < 500:
        return RefusalError(text)
    failure = MirrorError(text)
    failure.pause = _parse_retry_after(response.headers.get("Retry-After", ""))
    if failure.pause and failure.pause > MAX_PAUSE:
        return RefusalError(f"{text}, try again in {failure.pause:.0f} s")
    return failure


def _parse_retry_after(value: str) -> float | None:
    """Return the seconds to wait from a Retry-After header, a number or date; None if invalid."""
    if value.isdecimal():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


# --- Messages ----------------------------------------------------------------


def _failure(error: Exception) -> MirrorError:
    """Return the error for a failed request, which says whether to retry."""
    by_certificate = isinstance(error, requests.exceptions.SSLError) or type(error) is OSError
    if by_certificate and (reason := _certificate_reason(error)):
        return RefusalError(reason)
    passing = requests.ConnectionError, requests.Timeout, urllib3.exceptions.HTTPError
    final = isinstance(error, ValueError) or not isinstance(error, passing)  # invalid host
    return (RefusalError if final else MirrorError)(_reason(error))


def _innermost(error: BaseException) -> BaseException:
    """Return the innermost cause of an error."""
    while cause := error.__cause__ or error.__context__:
        error = cause
    return error


def _reason(error: BaseException) -> str:
    """Return the message of the innermost cause of an error."""
    error = _innermost(error)
    if isinstance(error, http.client.IncompleteRead):
        return "the connection ended too early"
    if isinstance(error, urllib3.exceptions.LocationParseError | UnicodeError):
        return "its address or the proxy's is invalid"  # the error quotes parts of it
    text = cause_of(error) if isinstance(error, OSError) and error.strerror else str(error)
    text = text or type(error).__name__
    return (hide_login(text) if "//" in text else text)[:200]  # of a proxy, perhaps


def _certificate_reason(error: BaseException) -> str | None:
    """Return what is wrong with a certificate or the trusted ones; None if nothing."""
    variable = next((name for name in CA_VARIABLES if os.environ.get(name)), None)
    bundle = os.environ[variable] if variable else ""
    try:
        if bundle:
            kind = "capath" if Path(bundle).is_dir() else "cafile"
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(**{kind: bundle})
    except OSError:  # ssl.SSLError is one
        return f"{variable} does not name a certificate file: {bundle}"
    cause = _innermost(error)
    if not isinstance(cause, ssl.SSLCertVerificationError):
        return None
    source = f" (checked by {variable}={bundle})" if bundle else ""
    return f"its certificate is not trusted: {cause.verify_message}{source}"


def _split_login(url: str) -> tuple[str, HTTPBasicAuth | None]:
    """Return a URL without its user name and password, and those.

    Raises
    ------
    RefusalError
        If the URL is invalid: requests would quote it.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        invalid = (
            "not a valid address (in a password, write / as %2F, ? as %3F, # as %23, @ as %40)"
        )
        raise RefusalError(invalid) from None
    login, at, host = parts.netloc.rpartition("@")
    if not at:
        return url, None
    name, _, password = map(unquote_to_bytes, login.partition(":"))
    return parts._replace(netloc=host).geturl(), HTTPBasicAuth(name, password)


def hide_login(url: str) -> str:
    """Return text with a URL, valid or not, in which *** hides the user name and password."""
    before, slashes, rest = url.partition("//")
    if not slashes:
        before, rest = "", url
    authority = re.split("[/?#]", rest, maxsplit=1)[0]
    # a password may hold a slash, though it should be %2F
    end = (rest if ":" in authority else authority).rfind("@") + 1
    return before + slashes + "***@" * bool(end) + rest[end:]
