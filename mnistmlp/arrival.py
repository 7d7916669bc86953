"""What has come of a file from a mirror, in one try or several, unpacked and verified."""

from __future__ import annotations

import hashlib

from mnistmlp.datasets import DataFile
from mnistmlp.unpacking import Unpacker

OVERHEAD = 1 << 16  # bytes of a packed file beyond 101 % of its content: names, many members


class MirrorError(Exception):
    """A mirror did not give the file; it may do so at another try."""

    pause: float | None = None  # seconds that it asked to wait


class RefusalError(MirrorError):
    """A mirror did not give the file, and another try would not help."""


class Arrival:
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
