"""The transfer of a file from a mirror: unpacked within bounds as it arrives, and verified.

A transfer may take several tries, which keep what has arrived.
"""

from __future__ import annotations

import hashlib
import time
import zlib
from collections.abc import Iterator

from mnistmlp.data.catalog import DataFile

GZIP_WBITS = 16 + zlib.MAX_WBITS  # tells zlib to expect gzip
PIECE_SIZE = 1 << 16  # bytes; no more is unpacked at once, whatever a gzip bomb holds
MAX_WRAPPINGS = 2  # the .gz file itself, and a layer that a server may have added
MAX_OVERHEAD = (
    1 << 16
)  # bytes of a compressed file beyond 101 % of its content: names, many members


class MirrorError(Exception):
    """A mirror did not deliver the file; another try may help."""

    pause: float | None = None  # seconds that the mirror asks to wait


class RefusalError(MirrorError):
    """A mirror did not deliver the file, and another try would not help."""


class Transfer:
    """The transfer of a file from one mirror.

    Parameters
    ----------
    file : DataFile
    url : str
        Address of the compressed file.
    """

    def __init__(self, file: DataFile, url: str) -> None:
        self.file, self.url = file, url
        self.started = time.monotonic()  # seconds
        self.max_received = 0  # bytes as sent, the most in any try
        self.resumable = True  # until the mirror turns out not to support it
        self.reset()

    def reset(self) -> None:
        """Discard what has arrived."""
        self.received = 0  # bytes as sent
        self.resumed = False
        self.validator = ""  # identifies this version of the file: RFC 9110, section 8.8
        self.content = bytearray()  # unpacked
        self._packed = hashlib.sha256()  # of the bytes as sent, if theirs is the known digest
        self._unpacker = Unpacker(self.file.size + self.file.size // 100 + MAX_OVERHEAD)

    def disable_resuming(self) -> None:
        """Discard what has arrived, and do not try to resume again."""
        self.reset()
        self.resumable = False

    def receive(self, chunk: bytes) -> bool:
        """Unpack bytes as sent; return whether the file is complete.  A surplus is ignored.

        Raises
        ------
        MirrorError
            If it is not the published file.
        """
        self.received += len(chunk)
        self.max_received = max(self.max_received, self.received)
        try:
            return self._unpack(chunk)
        except ValueError as error:
            if not self.resumed:
                raise RefusalError(str(error)) from None
            self.disable_resuming()
            raise MirrorError(f"resumed, but {error}") from None

    def _unpack(self, chunk: bytes) -> bool:
        size, expected = self.file.size, self.file.sha256
        for data in self._unpacker.feed(chunk):
            self.content += data[: size - len(self.content)]
            if expected and len(self.content) == size:
                _compare("", hashlib.sha256(self.content).hexdigest(), expected)
                return True
        return not expected and self._check_packed(chunk)

    def _check_packed(self, chunk: bytes) -> bool:
        """Tell whether the compressed file is complete; ValueError if not the published one."""
        rest = self.file.packed_size - (self.received - len(chunk))
        self._packed.update(chunk[:rest])
        if len(chunk) < rest:
            return False
        _compare("the .gz file has ", self._packed.hexdigest(), self.file.packed_sha256)
        if len(self.content) != self.file.size:
            raise ValueError(f"unpacks to {len(self.content)} bytes, not {self.file.size}")
        return True


def _compare(what: str, found: str, expected: str) -> None:
    if found != expected:
        raise ValueError(f"{what}SHA-256 {found[:12]}…, expected {expected[:12]}…")


class Unpacker:
    """Removes the gzip layers around an IDX file as it streams in.

    A layer is recognised by its first byte, whatever the headers say.  It may
    have several members.

    Parameters
    ----------
    limit : int
        Maximum number of bytes, as sent and within each layer.
    wrappings : int
        Maximum number of layers.
    """

    def __init__(self, limit: int, wrappings: int = MAX_WRAPPINGS) -> None:
        self.limit, self.wrappings = limit, wrappings
        self.received = 0  # bytes
        self.decompressor: zlib._Decompress | None = None  # None for the file itself
        self.inner: Unpacker

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield the unpacked bytes of a chunk in short pieces, so that the caller can stop early.

        Raises
        ------
        ValueError
            If there are more than `limit` bytes, or they are neither gzip nor IDX.
        """
        if chunk and not self.received:
            self._detect_wrapping(chunk)
        self.received += len(chunk)
        if self.received > self.limit:
            raise ValueError(f"endless: more than {self.limit} bytes")
        if self.decompressor is None:
            yield chunk
            return
        for piece in self._unpack(chunk):
            yield from self.inner.feed(piece)

    def _detect_wrapping(self, chunk: bytes) -> None:
        if chunk.startswith(b"\x1f") and self.wrappings:  # only one byte may have arrived
            self.decompressor = zlib.decompressobj(GZIP_WBITS)
            self.inner = Unpacker(self.limit, self.wrappings - 1)
        elif not chunk.startswith(b"\0"):
            raise ValueError(f"neither gzip nor IDX: begins with {chunk[:12]!r}")

    def _unpack(self, packed: bytes) -> Iterator[bytes]:
        """Yield the content of one gzip layer."""
        assert self.decompressor
        piece = b""
        while packed or len(piece) == PIECE_SIZE:  # after a full piece, zlib may hold more
            if self.decompressor.eof:
                self.decompressor = zlib.decompressobj(GZIP_WBITS)
            try:
                piece = self.decompressor.decompress(packed, PIECE_SIZE)
            except zlib.error:
                raise ValueError("damaged gzip stream") from None
            packed = self.decompressor.unconsumed_tail or self.decompressor.unused_data
            yield piece
