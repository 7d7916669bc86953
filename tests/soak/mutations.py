"""Ways to damage a valid file, drawn from a seeded generator."""

from __future__ import annotations

import gzip
import io
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np

from tests.soak.samples import Sample

NUMBERS = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
TOKENS = (  # JSON, and what some take for it
    *("null", "true", "false", "0", "-1", "1", "2", "0.5", "-0.0", "1e-320", "1e300", "1e999"),
    *("NaN", "-Infinity", "9" * 400, "9" * 5000, str(2**31), str(2**40), str(2**53), str(2**64)),
    *('""', '"x"', '"relu"', '"\\u001b[2J"', '"\\ud800"', '"\\udc9b31m"', '"\\u202e\\n"', "'x'"),
    *('"' + "y" * 100_000 + '"', "[]", "{}", "[[]]", "[null]", "[" * 900 + "]" * 900),
    *('{"a":' * 30 + "1" + "}" * 30, "[1099511627776]", "[20, -1]", "[0]", '["20"]', "[true]"),
    *("[" + "1," * 5000 + "1]", '{"digests": 1}', '{"digests": {}}', "[1e999]", "[2.5]", "2.0"),
)
DESCRIPTIONS = (
    *("'<f4'", "'>f4'", "'<f8'", "'>f8'", "'<f2'", "'>f2'", "'<f16'", "'<i8'", "'|b1'", "'|O'"),
    *("'<U9'", "'>U9'", "'<U0'", "'|V8'", "'|S4'", "'<M8[s]'", "'<m8'", "'<c8'", "'a3'", "'f'"),
    *("[('a', '<f4'), ('b', '|O')]", "('<f4', (3, 3))", "('<f4', (1000000, 1000000))", "''"),
    *("[('\\x1b[2J', '<f8')]", "'\\d'", "None", "1", "{}", "'<U1000000000'", "'O8'", "'f4,f4'"),
)
SHAPES = (
    *("()", "(0,)", "(1,)", "(10, 1)", "(-1, 784)", "(-8, -784)", "(True, 784)", "(8, 784, 1)"),
    *("(8L, 784L)", "(8.0, 784)", "('8', 784)", "[8, 784]", "None", "8", "(1,)*9", "(8, 784"),
    *("(1099511627776, 784)", f"({10**400}, 1)", f"({2**63}, {2**63})", "(0, 99999999999999)"),
    *("(" * 300 + ")" * 300, "(" + "1, " * 70 + ")", "(784, 8)", "(6272,)", "(1, 6272)"),
)
PATCHES = (np.nan, -np.inf, np.inf, 1e-310, 1e-42, 3e38, -3e38, 1e308, 60000.0, 0.0, -0.0)


def mutate(sample: Sample, others: list[Sample], rng: Random) -> tuple[str, bytes]:
    """Return what was done to a file, and what came of it."""
    ways: list[tuple[str, Callable[[], bytes]]] = [
        ("bytes", lambda: scramble(sample.content, rng)),
        ("splice", lambda: splice(sample.content, rng.choice(others).content, rng)),
        ("run", lambda: insert_run(sample.content, rng)),
    ]
    if sample.kind in ("brain", "checkpoint"):
        ways += 4 * [("archive", lambda: change_archive(sample.content, rng))]
        ways += [("members", lambda: add_members(sample.content, rng))]
    elif sample.name.endswith(".gz"):
        ways += 2 * [("unpacked", lambda: _in_gzip(sample.content, rng))]
    elif sample.name.endswith(".png"):
        ways += 2 * [("chunks", lambda: _in_chunks(sample.content, rng))]
    name, way = rng.choice(ways)
    return name, way()


def scramble(content: bytes, rng: Random) -> bytes:
    """Flip bits, put in numbers, cut, repeat, leave out: one to four times."""
    data = bytearray(content)
    for _ in range(rng.randint(1, 4)):
        if not data:
            break
        near_an_end = rng.choice((rng.randrange(min(len(data), 200)), len(data) - 1))
        place = rng.choice((rng.randrange(len(data)), near_an_end))
        size = rng.choice((1, 2, 4, 8, rng.randint(1, 200)))
        match rng.randrange(8):
            case 0 | 1:
                data[place] ^= 1 << rng.randrange(8)
            case 2:
                data[place] = rng.randrange(256)
            case 3 | 4:
                order = rng.choice(("little", "big"))
                width = rng.choice((2, 4))
                number = rng.choice(NUMBERS) % (1 << 8 * width)
                data[place : place + width] = number.to_bytes(width, order)  # type: ignore[arg-type]
            case 5:
                del data[place:]
            case 6:
                data[place:place] = data[place : place + size]
            case 7:
                del data[place : place + size]
    return bytes(data)


def splice(one: bytes, other: bytes, rng: Random) -> bytes:
    """Return the beginning of one file and the end of another."""
    return one[: rng.randrange(len(one))] + other[rng.randrange(len(other)) :]


def insert_run(content: bytes, rng: Random) -> bytes:
    """Put in a few bytes again and again: some of the file's own, or what many formats skip."""
    place = rng.randrange(len(content))
    own = content[place : place + rng.randint(1, 40)]
    unit = rng.choice((own, own, b"\xff", b"\xff\xda", b"\0", b" ", b"#\n", b"9"))
    times = rng.choice((1_000, 30_000, 1_000_000)) // len(unit)
    return content[:place] + unit * times + content[place:]


def _in_gzip(content: bytes, rng: Random) -> bytes:
    packed = gzip.compress(scramble(gzip.decompress(content), rng), mtime=0)
    return packed + rng.choice((b"", b"", bytes(9), b"garbage", packed))


def _in_chunks(content: bytes, rng: Random) -> bytes:
    """Damage a PNG within its chunks, and make their checksums right."""
    chunks, place = [], 8
    while place < len(content):
        size = int.from_bytes(content[place : place + 4], "big")
        chunks.append((content[place + 4 : place + 8], content[place + 8 : place + 8 + size]))
        place += 12 + size
    at = rng.randrange(len(chunks))
    kind, body = chunks[at]
    if kind == b"IDAT" and rng.random() < 0.5:
        body = zlib.compress(scramble(zlib.decompress(body), rng))
    else:
        body = scramble(body, rng)
    chunks[at] = (kind, body)
    if rng.random() < 0.2:
        chunks.insert(rng.randrange(len(chunks)), rng.choice(chunks))
    return content[:8] + b"".join(png_chunk(*chunk) for chunk in chunks)


def png_chunk(kind: bytes, body: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


# --- Archives -----------------------------------------------------------------

Members = dict[str, bytes]


def members_of(content: bytes) -> Members:
    """Return the members of an archive."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(members: Members, method: int = zipfile.ZIP_STORED) -> bytes:
    """Return an archive of members; the same bytes for the same members."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return stream.getvalue()


def array(content: np.ndarray[Any, Any]) -> bytes:
    """Return an array as a member."""
    stream = io.BytesIO()
    np.lib.format.write_array(stream, content)
    return stream.getvalue()


def with_header(header: str, body: bytes, version: tuple[int, int] = (1, 0)) -> bytes:
    """Return an array with a header as it is given."""
    text = header.encode("utf8") + b"\n"
    form = "<BBH" if version < (2, 0) else "<BBI"
    return b"\x93NUMPY" + struct.pack(form, *version, len(text)) + text + body


def text_array(text: bytes) -> bytes:
    """Return a string in UTF-32, valid or not, as a member."""
    shape = f"{{'descr': '<U{len(text) // 4}', 'fortran_order': False, 'shape': ()}}"
    return with_header(shape.ljust(117), text)


def header_and_body(member: bytes) -> tuple[str, bytes]:
    """Return the header of an array of version 1, and what follows it."""
    end = 10 + int.from_bytes(member[8:10], "little")
    return member[10:end].decode(), member[end:]


def meta_of(members: Members) -> dict[str, Any]:
    """Return the object in ``meta``."""
    meta: dict[str, Any] = json.loads(np.load(io.BytesIO(members["meta.npy"])).item())
    return meta


def change_archive(content: bytes, rng: Random) -> bytes:
    """Damage an archive within: a member's header, numbers, name, or a value of ``meta``."""
    members = members_of(content)
    for _ in range(rng.choice((1, 1, 1, 2))):
        name = rng.choice(sorted(members))
        match rng.randrange(8):
            case 0 | 1 | 2 if "meta.npy" in members:
                members["meta.npy"] = _other_meta(members, rng)
            case 3:
                members[name] = _other_header(members[name], rng)
            case 4:
                members[name] = _other_numbers(members[name], rng)
            case 5:
                members[rng.choice(("w3.npy", "w0.npy", "../x", "w1", "\x1b[2J"))] = members[name]
            case 6 if len(members) > 1:
                del members[name]
            case _:
                members[name] = scramble(members[name], rng)
    return packed(members, rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)))


def add_members(content: bytes, rng: Random) -> bytes:
    """Add so many members to an archive that its directory is large, or too large."""
    many = {f"w{number}.npy": b"" for number in range(100, rng.choice((300, 5_000, 20_000)))}
    return packed(many | members_of(content))


def _other_meta(members: Members, rng: Random) -> bytes:
    """Put another value somewhere into ``meta``."""
    try:
        meta: Any = meta_of(members)
    except Exception:  # damaged already
        meta = {}
    if not isinstance(meta, dict):
        meta = {}
    at: Any = meta
    while at:
        keys = list(at) if isinstance(at, dict) else range(len(at))
        key = rng.choice(keys)
        if not isinstance(at[key], dict | list) or not at[key] or rng.random() < 0.3:
            break
        at = at[key]
    if not at:
        return array(np.array(rng.choice(TOKENS)))
    if isinstance(at, dict) and rng.random() < 0.1:
        del at[key]
    else:
        at[key] = "@@"
    text = json.dumps(meta).replace('"@@"', rng.choice(TOKENS))
    return array(np.array(text))


def _other_header(member: bytes, rng: Random) -> bytes:
    try:
        header, body = header_and_body(member)
    except UnicodeDecodeError:
        return member
    if rng.random() < 0.5:
        shape = rng.choice(SHAPES)
        header = re.sub(r"'shape': [^)]*\)", lambda _: f"'shape': {shape}", header)
    elif rng.random() < 0.8:
        kind = rng.choice(DESCRIPTIONS)
        header = re.sub(r"'descr': '[^']*'", lambda _: f"'descr': {kind}", header)
    else:
        header = header.replace("False", rng.choice(("True", "None", "1", "'x'")))
    return with_header(header.rstrip(), body, rng.choice(((1, 0), (1, 0), (2, 0), (3, 0), (9, 9))))


def _other_numbers(member: bytes, rng: Random) -> bytes:
    try:
        content = np.load(io.BytesIO(member))
        with np.errstate(all="ignore"):
            content.reshape(-1)[rng.randrange(content.size)] = rng.choice(PATCHES)
    except Exception:  # of another type, or damaged already
        return scramble(member, rng)
    return array(content)
