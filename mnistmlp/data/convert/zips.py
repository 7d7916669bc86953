"""What untrusted zip archives of arrays (.npz) may claim."""

from __future__ import annotations

import io
import sys
import zipfile

from numpy.lib import format as npy

MAX_DIRECTORY = 1_000_000  # bytes of a zip's central directory; a brain of 101 layers has 11,000
MAX_RATIO = 100  # unpacked to compressed size; 50 for a brain pruned by 99 %
RATIO_EXEMPT_SIZE = 1_000_000  # bytes; up to this unpacked size, any ratio is allowed
COMPRESSION_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
HEADER_READERS = {  # by version of the .npy format
    (1, 0): npy.read_array_header_1_0,
    (2, 0): npy.read_array_header_2_0,
}


class BoundedReader(io.BufferedReader):
    """A file from which no more is read at once than a central directory may have.

    zipfile reads the directory at once, and makes an object for each entry before
    anything else can be checked.  The number of entries that a file claims may be
    a lie, so the bytes are limited.
    """

    limit = MAX_DIRECTORY

    def read(self, size: int | None = -1, /) -> bytes:
        """Read up to `size` bytes; ValueError if that is more than the limit."""
        if size is not None and size > self.limit:
            raise ValueError(f"a central directory of {size:,} bytes, more than {self.limit:,}")
        return super().read(size)

    def lift_limit(self) -> None:
        """Lift the limit once the directory has been read."""
        self.limit = sys.maxsize


def exceeds_ratio(unpacked: int, present: int) -> bool:
    """Tell whether a file of `present` bytes claims to unpack to more than `MAX_RATIO` allows."""
    return unpacked > max(RATIO_EXEMPT_SIZE, MAX_RATIO * present)
