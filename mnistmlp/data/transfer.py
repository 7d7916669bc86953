"""A file on its way from a mirror: unpacked within bounds as it comes, and verified.

A transfer may take several tries; what has come stays here between them.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator

from mnistmlp.data.catalog import DataFile

GZIP = 16 + zlib.MAX_WBITS  # zlib's word for a gzip wrapping
PIECE = 1 << 16  # bytes: no more is unpacked at once, whatever a bomb holds
WRAPPINGS = 2  # the .gz file itself, and one that a server on the way may have put around it
OVERHEAD = 1 << 16  # bytes of a packed file beyond 101 % of its content: names, many members


class MirrorError(Exception):
    """A mirror did not give the file; it may do so at another try."""

    pause: float | None = None  # seconds that it asked to wait


class RefusalError(MirrorError):
    """A mirror did not give the file, and another try would not help."""


class Transfer:
    """A file on its way from one mirror.

    Parameters
    ----------
    file : DataFile
    url : str
        Where the mirror has it, compressed.
    """

    def __init__(self, file: DataFile, url: str) -> None:
        self.file, self.url = file, url
        self.furthest = 0  # the most bytes as sent that were ever here
        self.resumable = True  # until the mirror has shown that it cannot
        self.start_over()

    def start_over(self) -> None:
        """Forget what has come."""
        self.received = 0  # bytes as sent
        self.resumed = False
        self.validator = ""  # what tells this version of the file from others: RFC 9110, 8.8
        self.content = bytearray()  # unpacked
        self._unpacker = Unpacker(self.file.size + self.file.size // 100 + OVERHEAD)

    def distrust(self) -> None:
        """Start over, and do not try to resume again."""
        self.start_over()
        self.resumable = False

    def take(self, chunk: bytes) -> bool:
        """Unpack bytes as sent, and tell whether the file is whole; what comes after it is lost.

        Raises
        ------
        MirrorError
            If it is not the published file.
        """
        self.received += len(chunk)
        self.furthest = max(self.furthest, self.received)
        try:
            return self._unpack(chunk)
        except ValueError as error:
            if not self.resumed:
                raise RefusalError(str(error)) from None
            self.distrust()
            raise MirrorError(f"resumed, but {error}") from None

    def _unpack(self, chunk: bytes) -> bool:
        size, expected = self.file.size, self.file.sha256
        for data in self._unpacker.feed(chunk):
            self.content += data[: size - len(self.content)]
            if len(self.content) == size:
                found = hashlib.sha256(self.content).hexdigest()
                if found != expected:
                    raise ValueError(f"SHA-256 {found[:12]}…, expected {expected[:12]}…")
                return True
        return False


class Unpacker:
    """Takes off the gzip wrappings of a stream that holds an IDX file.

    What it is packed in shows by its first byte, whatever the server calls it.
    A wrapping may have several members.

    Parameters
    ----------
    limit : int
        The most bytes that may come, and that may be within any wrapping.
    wrappings : int
        The most that may be around the file.
    """

    def __init__(self, limit: int, wrappings: int = WRAPPINGS) -> None:
        self.limit, self.wrappings = limit, wrappings
        self.fed = 0  # bytes
        self.member: zlib._Decompress | None = None  # None: this is the file itself
        self.inner: Unpacker

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield the unpacked bytes of a chunk in short pieces: whoever has enough stops asking.

        Raises
        ------
        ValueError
            If more than `limit` bytes came, or ones that are neither gzip nor IDX.
        """
        if chunk and not self.fed:
            self._begin(chunk)
        self.fed += len(chunk)
        if self.fed > self.limit:
            raise ValueError(f"endless: more than {self.limit} bytes")
        if self.member is None:
            yield chunk
            return
        for piece in self._unpack(chunk):
            yield from self.inner.feed(piece)

    def _begin(self, chunk: bytes) -> None:
        if chunk.startswith(b"\x1f") and self.wrappings:  # the first byte alone may have come
            self.member = zlib.decompressobj(GZIP)
            self.inner = Unpacker(self.limit, self.wrappings - 1)
        elif not chunk.startswith(b"\0"):
            raise ValueError(f"neither gzip nor IDX: begins with {chunk[:12]!r}")

    def _unpack(self, packed: bytes) -> Iterator[bytes]:
        """Yield what is within one wrapping."""
        assert self.member
        piece = b""
        while packed or len(piece) == PIECE:  # after a full piece there may be more within zlib
            if self.member.eof:
                self.member = zlib.decompressobj(GZIP)
            try:
                piece = self.member.decompress(packed, PIECE)
            except zlib.error:
                raise ValueError("damaged gzip stream") from None
            packed = self.member.unconsumed_tail or self.member.unused_data
            yield piece
