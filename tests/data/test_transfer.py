import gzip
from collections.abc import Callable
from functools import partial

import pytest

from mnistmlp.data.transfer import PIECE_SIZE, Unpacker
from tests.conftest import peak_memory
from tests.faulty_server import CONTENT

compress = partial(gzip.compress, mtime=0)  # so that test ids stay the same
PACKED = compress(CONTENT)
MEMBERS = compress(CONTENT[:1000]) + compress(b"") + compress(CONTENT[1000:])


def unpack(packed: bytes, step: int, limit: int = 10_000) -> bytes:
    unpacker = Unpacker(limit)
    chunks = (packed[start : start + step] for start in range(0, len(packed), step))
    return b"".join(piece for chunk in chunks for piece in unpacker.feed(chunk))


@pytest.mark.parametrize("step", [1, 7, 10_000])
@pytest.mark.parametrize("packed", [CONTENT, PACKED, compress(PACKED), MEMBERS, compress(MEMBERS)])
def test_gzip_layers_are_removed_for_any_chunk_size(packed: bytes, step: int) -> None:
    assert unpack(packed, step) == CONTENT


@pytest.mark.parametrize(
    ("packed", "reason"),
    [
        (b"<html>", "neither gzip nor IDX: begins with b'<html>'"),
        (compress(b"<html>"), "neither gzip nor IDX: begins with b'<html>'"),
        (compress(compress(PACKED)), "neither gzip nor IDX: begins with b'.x1f.x8b"),
        (b"\x1f\x8bnonsense", "damaged gzip stream"),
        (PACKED[:-8] + bytes(8), "damaged gzip stream"),
        (PACKED + b"garbage", "damaged gzip stream"),
        (bytes(10_001), "endless: more than 10000 bytes"),
        (compress(b"") * 501, "endless: more than 10000 bytes"),
        (compress(compress(b"") * 501), "endless: more than 10000 bytes"),
    ],
)
@pytest.mark.parametrize("step", [100, 100_000])
def test_other_bytes_are_refused(packed: bytes, reason: str, step: int) -> None:
    with pytest.raises(ValueError, match=reason):
        unpack(packed, step)


@pytest.mark.parametrize("wrap", [bytes, compress])
def test_a_gzip_bomb_is_unpacked_piece_by_piece(wrap: Callable[[bytes], bytes]) -> None:
    bomb = wrap(compress(bytes(20_000_000), 1))
    sizes: list[int] = []
    taken = peak_memory(lambda: sizes.extend(map(len, Unpacker(10**8).feed(bomb))))
    assert sum(sizes) == 20_000_000
    assert max(sizes) == PIECE_SIZE
    assert taken < 10**6
