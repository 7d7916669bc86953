"""Downloads from faulty mirrors: each fault and how it is handled."""

import gzip
import socket
import time
from collections.abc import Iterator
from email.utils import formatdate

import pytest

from mnistmlp.data import download as module
from tests.faulty_server import CONTENT, FILE, PACKED, Answer, Mirror, failures, fetch

pytestmark = pytest.mark.usefixtures("_short_times")
HTML = b"<html>Please log in</html>"
WRONG = CONTENT[:-1] + b"!"
CUT = len(PACKED) // 2
TAG = {"ETag": '"1"'}


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Record the pauses instead of sleeping."""
    pauses: list[float] = []
    monkeypatch.setattr(module, "PAUSES", (0.5, 1.0))
    monkeypatch.setattr("time.sleep", pauses.append)
    return pauses


# the answer to every request, the reported failure, the number of tries
FAULTS = {
    "403": (Answer(status=403), "HTTP 403 Forbidden", 1),
    "404": (Answer(status=404), "HTTP 404 Not Found", 1),
    "204": (Answer(status=204), "HTTP 204 No Content", 1),
    "500": (Answer(status=500), "HTTP 500 Internal Server Error", 3),
    "503": (Answer(status=503), "HTTP 503 Service Unavailable", 3),
    "429, come back later": (
        Answer(status=429, headers={"Retry-After": "3600"}),
        "HTTP 429 Too Many Requests, try again in 3600 s",
        1,
    ),
    "redirect to nowhere": (Answer(status=302), "HTTP 302 Found", 1),
    "redirect loop": (
        Answer(status=301, headers={"Location": f"{FILE.name}.gz"}),
        "more than 5 redirects",
        6,
    ),
    "redirect with an endless body": (
        Answer(HTML, 307, {"Location": f"{FILE.name}.gz"}, endless=True),
        "more than 5 redirects",
        6,
    ),
    "redirect to a file": (
        Answer(status=302, headers={"Location": "file:///etc/hostname"}),
        "No connection adapters were found for 'file:///etc/hostname'",
        1,
    ),
    "disconnect in the middle": (
        Answer(PACKED, cut=CUT),
        "the connection ended too early",
        3,
    ),
    "truncated, with a length that fits": (
        Answer(gzip.compress(CONTENT[:100])),
        f"ended after 100 of {FILE.size} bytes (uncompressed)",
        3,
    ),
    "wrong bytes": (Answer(gzip.compress(WRONG)), "SHA-256 ", 1),
    "HTML with status 200": (
        Answer(HTML),
        "neither gzip nor IDX: begins with b'<html>Please'",
        1,
    ),
    "HTML, packed": (
        Answer(gzip.compress(HTML), headers={"Content-Encoding": "gzip"}),
        "neither gzip nor IDX: begins with b'<html>Please'",
        1,
    ),
    "nothing": (Answer(), f"ended after 0 of {FILE.size} bytes (uncompressed)", 3),
    "damaged gzip": (Answer(b"\x1f\x8bnonsense"), "damaged gzip stream", 1),
    "gzip bomb": (Answer(gzip.compress(bytes(20_000_000), 1)), "SHA-256 ", 1),
    "bomb that unpacks to nothing": (
        Answer(gzip.compress(gzip.compress(b"") * 100_000)),
        "endless: more than ",
        1,
    ),
    "endless body": (Answer(bytes(1000), endless=True), "SHA-256 ", 1),
    "endless body that unpacks to nothing": (
        Answer(gzip.compress(b"") * 1000, endless=True),
        "endless: more than ",
        1,
    ),
    "another range": (
        Answer(PACKED, 206, {"Content-Range": f"bytes 7-99/{len(PACKED)}"}),
        "sent another part of the file than requested",
        3,
    ),
}


@pytest.mark.parametrize(("answer", "reason", "tries"), FAULTS.values(), ids=FAULTS)
def test_the_next_mirror_is_tried(
    mirror: Mirror, second: Mirror, answer: Answer, reason: str, tries: int
) -> None:
    mirror.answers.append(answer)
    second.answer(PACKED)
    assert failures(mirror.url)[0].startswith(reason)
    assert len(mirror.asked) == tries
    fetch(mirror.url, second.url)
    assert (len(mirror.asked), len(second.asked)) == (2 * tries, 1)


# answers that never end by themselves, and the reported failure
STALLS = {
    "before the headers": (Answer(silent=True), "timed out"),
    "after the headers": (Answer(PACKED, cut=0, stalls=True), "timed out"),
    "in the body": (Answer(PACKED, cut=CUT, stalls=True), "timed out"),
    "dripping": (Answer(PACKED, piece=1, pause=0.05), "too slow: "),
    "dripping, endless": (
        Answer(gzip.compress(b""), piece=1, pause=0.05, endless=True),
        "too slow",
    ),
}


@pytest.mark.parametrize(("answer", "reason"), STALLS.values(), ids=STALLS)
def test_a_stalled_transfer_is_given_up(
    mirror: Mirror, second: Mirror, answer: Answer, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAUSES", ())
    mirror.answers.append(answer)
    second.answer(PACKED)
    start = time.monotonic()
    assert failures(mirror.url)[0].startswith(reason)
    fetch(mirror.url, second.url)
    assert time.monotonic() - start < 8  # the server itself waits for 10 s


@pytest.fixture
def unreachable() -> Iterator[str]:
    """An address that never answers, because its connection queue is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server, socket.socket() as first:
        first.connect(server.getsockname())
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


def test_mirrors_that_cannot_be_reached(
    second: Mirror, unreachable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAUSES", ())
    second.answer(PACKED)
    mirrors = ["http://127.0.0.1:1/", "http://mirror.invalid/", unreachable]
    refused, unknown, silent = failures(*mirrors)
    assert (refused, silent) == ("connection refused", "timed out")
    assert "name" in unknown.lower()  # the exact message is the system's
    fetch(*mirrors, second.url)


# answers that are valid, if unusual
VALID = {
    "slow": Answer(PACKED, piece=20, pause=0.04),
    "unpacked by the server": Answer(CONTENT),
    "packed twice": Answer(gzip.compress(PACKED), headers={"Content-Encoding": "gzip"}),
    "said to be packed twice": Answer(PACKED, headers={"Content-Encoding": "gzip"}),
    "of several members": Answer(gzip.compress(CONTENT[:99]) + gzip.compress(CONTENT[99:])),
    "not compressed at all": Answer(gzip.compress(CONTENT, 0)),
    "more than the file": Answer(gzip.compress(CONTENT + b"!")),
    "endless after the file": Answer(PACKED + HTML, endless=True),
    "a length that is too large": Answer(PACKED, headers={"Content-Length": "9999"}, stalls=True),
    "an invalid length": Answer(PACKED, headers={"Content-Length": "9" * 5000}),
    "in chunks": Answer(
        b"%x\r\n%b\r\n0\r\n\r\n" % (len(PACKED), PACKED),
        headers={"Content-Length": None, "Transfer-Encoding": "chunked"},
    ),
}


@pytest.mark.parametrize("answer", VALID.values(), ids=VALID)
def test_unusual_but_valid_answers_are_accepted(mirror: Mirror, answer: Answer) -> None:
    mirror.answers.append(answer)
    fetch(mirror.url)
    assert len(mirror.asked) == 1


def test_a_redirect_is_followed(mirror: Mirror, second: Mirror) -> None:
    mirror.answer(HTML, 302, Location=f"{second.url}/elsewhere")
    second.answer(PACKED, cut=CUT, ranges=True)
    second.answer(PACKED, ranges=True)
    fetch(mirror.url)
    assert second.asked == ["/data/elsewhere"] * 2
    assert second.requests[1]["Range"] == f"bytes={CUT}-"


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_a_temporary_failure_is_retried(mirror: Mirror, slept: list[float], status: int) -> None:
    mirror.answer(status=status)
    mirror.answer(status=status)
    mirror.answer(PACKED)
    fetch(mirror.url)
    assert slept == [0.5, 1.0]


def test_retry_after_is_heeded(mirror: Mirror, slept: list[float]) -> None:
    mirror.answer(status=503, Retry_After="7")
    mirror.answer(status=503, Retry_After=formatdate(time.time() + 5, usegmt=True))
    mirror.answer(PACKED)
    fetch(mirror.url)
    assert slept[0] == 7
    assert 0 <= slept[1] <= 5
    assert len(mirror.asked) == 3


@pytest.mark.parametrize(
    ("value", "pause"),
    [("0", 0), ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("soon", 0.5), ("-1", 0.5), ("", 0.5)],
)
def test_retry_after_that_is_short_or_invalid(
    mirror: Mirror, slept: list[float], value: str, pause: float
) -> None:
    mirror.answer(status=503, Retry_After=value)
    mirror.answer(PACKED)
    fetch(mirror.url)
    assert slept == [pause]


@pytest.mark.parametrize("value", ["11", "9" * 5000, "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_retry_after_that_is_too_long_is_a_refusal(
    mirror: Mirror, slept: list[float], value: str
) -> None:
    mirror.answer(status=503, Retry_After=value)
    assert failures(mirror.url)[0].startswith("HTTP 503 Service Unavailable, try again in ")
    assert slept == []


@pytest.mark.parametrize(
    ("headers", "if_range"),
    [
        ({"ETag": '"1"', "Last-Modified": "Thu, 01 Jan 1970 00:00:00 GMT"}, '"1"'),
        (
            {"ETag": 'W/"1"', "Last-Modified": "Thu, 01 Jan 1970 00:00:00 GMT"},
            "Thu, 01 Jan 1970 00:00:00 GMT",
        ),
        ({}, None),
    ],
)
def test_a_broken_transfer_is_resumed(
    mirror: Mirror, headers: dict[str, str], if_range: str | None
) -> None:
    mirror.answers += [
        Answer(PACKED, 200, headers, cut=CUT, ranges=True),
        Answer(PACKED, 200, headers, cut=9, ranges=True),
        Answer(PACKED, 200, headers, ranges=True),
    ]
    seen = fetch(mirror.url)
    asked = [(each["Range"], each["If-Range"]) for each in mirror.requests[1:]]
    assert asked == [(f"bytes={CUT}-", if_range), (f"bytes={CUT + 9}-", if_range)]
    assert [each.received for each in seen] == [CUT, CUT + 9, len(PACKED), len(PACKED)]
    assert {each.total for each in seen} == {len(PACKED)}


def test_a_transfer_is_resumed_past_a_length_that_is_too_short(mirror: Mirror) -> None:
    mirror.answer(PACKED, Content_Length=str(CUT), ranges=True)
    mirror.answer(PACKED, ranges=True)
    fetch(mirror.url)
    assert mirror.requests[1]["Range"] == f"bytes={CUT}-"


RIGHT_PART = f"bytes {CUT}-{len(PACKED) - 1}/{len(PACKED)}"
BAD_RESUMES = {
    "all of it": [Answer(PACKED)],
    "the file has changed": [
        Answer(gzip.compress(CONTENT, 1), headers={"ETag": '"2"'}, ranges=True)
    ],
    "nothing there": [Answer(status=416), Answer(PACKED)],
    "another part": [
        Answer(PACKED[:99], 206, {"Content-Range": "bytes 0-98/99"}),
        Answer(PACKED),
    ],
    "a part without a place": [Answer(PACKED[CUT:], 206), Answer(PACKED)],
    "the start, as if it were the rest": [
        Answer(PACKED, 206, {"Content-Range": RIGHT_PART}),
        Answer(PACKED),
    ],
    "the rest of something else": [
        Answer(gzip.compress(WRONG)[CUT:], 206, {"Content-Range": RIGHT_PART}),
        Answer(PACKED),
    ],
}


@pytest.mark.parametrize("answers", BAD_RESUMES.values(), ids=BAD_RESUMES)
def test_a_mirror_that_cannot_resume_starts_over(mirror: Mirror, answers: list[Answer]) -> None:
    mirror.answers += [Answer(PACKED, headers=TAG, cut=CUT), *answers]
    fetch(mirror.url)
    asked = [each["Range"] for each in mirror.requests]
    assert asked == [None, f"bytes={CUT}-", None][: 1 + len(answers)]


def test_resuming_is_not_tried_again_after_it_failed(mirror: Mirror) -> None:
    rest = Answer(gzip.compress(WRONG)[CUT:], 206, {"Content-Range": RIGHT_PART})
    mirror.answers += [Answer(PACKED, cut=CUT), rest, Answer(PACKED, cut=CUT), rest]
    failures(mirror.url)
    assert [each["Range"] for each in mirror.requests] == [None, f"bytes={CUT}-", None]


def test_progress_resets_the_count_of_tries(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MIN_ADVANCE", 20)
    mirror.answer(PACKED, cut=20, ranges=True)
    fetch(mirror.url)
    assert len(mirror.asked) == -(-len(PACKED) // 20)


def test_a_mirror_that_never_gets_further_is_given_up(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MIN_ADVANCE", 20)
    mirror.answer(PACKED, cut=CUT)
    assert failures(mirror.url) == ["the connection ended too early"]
    assert len(mirror.asked) == 3
