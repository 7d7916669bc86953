"""Unpacking what a server sends as it comes, with a bound: gzip, gzip twice, or plain."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

GZIP = 16 + zlib.MAX_WBITS  # zlib's word for a gzip wrapping
PIECE = 1 << 16  # bytes: no more is unpacked at once, whatever a bomb holds
WRAPPINGS = 2  # the .gz file itself, and one that a server on the way may have put around it


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
