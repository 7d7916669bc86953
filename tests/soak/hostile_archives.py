"""Archives that would fool a reader that believes what they say."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.soak import mutations as m

FIELDS = {  # of an entry of the central directory, by offset and form
    "version": (6, "<H"),
    "flags": (8, "<H"),
    "method": (10, "<H"),
    "CRC": (16, "<I"),
    "packed size": (20, "<I"),
    "size": (24, "<I"),
    "length of the name": (28, "<H"),
    "length of the rest": (30, "<H"),
    "disk": (34, "<H"),
    "place": (42, "<I"),
}
END_FIELDS = {"entries": (10, "<H"), "size": (12, "<I"), "place": (16, "<I"), "comment": (20, "<H")}


def zip_tricks(content: bytes) -> dict[str, bytes]:
    members = m.members_of(content)
    first = min(members)
    deflated = m.packed(members, zipfile.ZIP_DEFLATED)
    bomb = bytes(90_000_000)
    tricks = {
        "may have a comment": content[:-2] + b"\x03\0abc",
        "may come behind other bytes": b"#!/bin/sh\n" + content,
        "an archive in the archive": m.packed({"brain.npz": content}),
        "an archive for an array": m.packed(members | {first: content}),
        "bomb": m.packed(members | {first: bomb}, zipfile.ZIP_DEFLATED),
        "bomb that claims little": _claims(m.packed({**members, first: bomb}, 8), first, 90_000),
        "array in a bomb that claims little": _claims(
            m.packed({**members, first: members[first] + bomb}, 8), first, len(members[first])
        ),
        "header in a bomb": _claims(
            m.packed({**members, first: _endless_header()}, 8), first, 50_000
        ),
        "bzip2": m.packed(members, zipfile.ZIP_BZIP2),
        "LZMA": m.packed(members, zipfile.ZIP_LZMA),
        "sixty thousand members": m.packed({f"w{i}.npy": b"" for i in range(1, 60_001)}),
        "many members": many_members(200_000),
        "many members, said to be one": many_members(200_000, said=1),
        "many layers": m.packed(
            {f"{k}{i}.npy": m.array(np.ones((1, 1))) for k in "wb" for i in range(1, 3000)}
        ),
        "twice the name": _renamed(m.packed(members | {"x" * len(first): members[first]}), first),
        "name with NUL": content.replace(first.encode(), first[:-1].encode() + b"\0"),
        "name that climbs": m.packed({"../../" + k: v for k, v in members.items()}),
        "name that moves the cursor": m.packed({"\x1b[2J\x07" + k: v for k, v in members.items()}),
        "ZIP64": _zip64(content, 1 << 62, 1 << 62),
        "ZIP64 of a size that could be": _zip64(content, 3 << 30, 0),
        "end alone": content[content.rindex(b"PK\5\6") :],
        "end thirty thousand times": content[content.rindex(b"PK\5\6") :] * 30_000,
    }
    values = (0, 1, 0x41, 0x2040, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)
    for base, packing in ((content, "stored"), (deflated, "deflated")):
        start = base.index(b"PK\1\2")
        end = base.rindex(b"PK\5\6")
        for where, fields in ((start, FIELDS), (end, END_FIELDS)):
            for field, (offset, form) in fields.items():
                for value in values:
                    data = bytearray(base)
                    most = 0xFFFF if form == "<H" else 0xFFFFFFFF
                    struct.pack_into(form, data, where + offset, min(value, most))
                    tricks[f"may have {field} {value:x} at {where}, {packing}"] = bytes(data)
    return tricks


def many_members(count: int, said: int | None = None) -> bytes:
    """Return a ZIP64 archive of empty members, whatever number it says."""
    name = b"w%07d.npy"
    files = bytearray()
    for number in range(count):
        files += struct.pack("<IHHHHHIIIHH", 0x04034B50, 20, *[0] * 7, 12, 0) + name % number
    entries = bytearray()
    for number in range(count):
        entries += struct.pack(
            "<IHHHHHHIIIHHHHHII", 0x02014B50, 20, 20, *[0] * 7, 12, *[0] * 5, 42 * number
        )
        entries += name % number
    place, said = len(files), count if said is None else said
    record = (0x06064B50, 44, 45, 45, 0, 0, said, said, len(entries), place)
    return b"".join(
        (files, entries, struct.pack("<IQHHIIQQQQ", *record),
         struct.pack("<IIQI", 0x07064B50, 0, place + len(entries), 1),
         b"PK\5\6" + bytes(4) + b"\xff" * 12 + b"\0\0")
    )  # fmt: skip


def _claims(content: bytes, name: str, size: int) -> bytes:
    """Let a member claim another size than it unpacks to."""
    data = bytearray(content)
    place = data.index(b"PK\1\2")
    while data[place + 46 : place + 46 + len(name)] != name.encode():
        place = data.index(b"PK\1\2", place + 1)
    struct.pack_into("<I", data, place + 24, size)
    return bytes(data)


def _renamed(content: bytes, name: str) -> bytes:
    return content.replace(b"x" * len(name), name.encode())


def _endless_header() -> bytes:
    return b"\x93NUMPY\2\0" + struct.pack("<I", 0xFFFFFFF0) + b" " * 80_000_000


def _zip64(content: bytes, size: int, place: int) -> bytes:
    """Add a ZIP64 end of the central directory."""
    end = content.rindex(b"PK\5\6")
    record = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, 9, 9, size, place)
    locator = struct.pack("<IIQI", 0x07064B50, 0, end, 1)
    return content[:end] + record + locator + content[end:-22] + b"PK\5\6" + b"\xff" * 16 + b"\0\0"


def array_tricks(content: bytes) -> dict[str, bytes]:
    members = m.members_of(content)
    first = next(name for name in members if name in ("w1.npy", "parameters.npy"))
    header, body = m.header_and_body(members[first])
    shape = header.partition("(")[2].partition(")")[0]
    headers = {
        **{f"type {each}": header.replace("'<f4'", each) for each in m.DESCRIPTIONS},
        **{f"shape {each[:20]}": header.replace("(" + shape + ")", each) for each in m.SHAPES},
        "deep header": "(" * 4000 + ")" * 4000,
        "deep header of signs": "-" * 9000 + "1",
        "header that calls": "__import__('os').system('touch sprung')",
        "header with more": header.replace("}", "'more': 1, }"),
        "header with NUL": header.replace("shape", "sh\0pe"),
        "header that moves the cursor": header.replace("'<f4'", "'\x1b[2J'"),
        "header with an escape": header.replace("'<f4'", r"'\d<f4'"),
        "long header": header + " " * 60_000,
        "empty header": "",
        "header beyond Latin 1": header.replace("shape", "shäpe√"),
    }
    found = {
        f"may have {what}, version {version}": m.packed(
            members | {first: m.with_header(text.strip(), body, version)}
        )
        for what, text in headers.items()
        for version in ((1, 0), (2, 0), (3, 0))
        if len(text.encode()) < 65_000
    }
    found["huge length of a header"] = m.packed(
        members | {first: b"\x93NUMPY\2\0\xff\xff\xff\xff" + body}
    )
    numbers = np.load(io.BytesIO(members[first]))
    for patch in m.PATCHES:
        for kind in ("<f2", ">f4", "<f8", ">f8"):
            with np.errstate(all="ignore"):
                other = numbers.astype(kind)
                other[..., 0] = patch
            found[f"may have {patch} in {kind}"] = m.packed(members | {first: m.array(other)})
    signalling = numbers.copy()
    signalling.reshape(-1).view("u4")[:] = 0x7FA00000
    found["signalling NaN"] = m.packed(members | {first: m.array(signalling)})
    found["may have Fortran order"] = m.packed(
        members | {first: m.array(np.asfortranarray(numbers))}
    )
    for name in members:
        found[f"may have nothing for {name}"] = m.packed(members | {name: b""})
        found[f"no {name}"] = m.packed({k: v for k, v in members.items() if k != name})
        empty = m.array(np.zeros((0, 784), np.float32))
        found[f"nothing in {name}"] = m.packed(members | {name: empty})
        objects = io.BytesIO()
        np.save(objects, np.array([{}, print], object), allow_pickle=True)
        found[f"objects in {name}"] = m.packed(members | {name: objects.getvalue()})
    if "meta.npy" in members and first == "w1.npy":
        found["may have no meta"] = found.pop("no meta.npy")
    return found


def meta_tricks(content: bytes) -> dict[str, bytes]:
    members = m.members_of(content)
    meta = m.meta_of(members)

    def with_text(text: str) -> bytes:
        return m.packed(members | {"meta.npy": m.array(np.array(text))}, zipfile.ZIP_DEFLATED)

    whole = np.random.default_rng(0).integers(33, 90, 25_000_000, np.uint32).tobytes()
    found = {
        "no JSON": with_text("{'a': 1}"),
        "empty meta": with_text(" "),
        "meta of many lists": with_text("[" + "[]," * 1_300_000 + "[]]"),
        "may have a long history of nothing": with_text(
            json.dumps(meta)[:-1] + ', "more": [' + "{}," * 80_000 + "0]}"
        ),
        "deep meta": with_text("[" * 100_000),
        "100 MB of meta": m.packed(members | {"meta.npy": m.text_array(whole)}),
        "100 MB of meta, packed": m.packed(
            members | {"meta.npy": m.text_array(b" \0\0\0" * 25_000_000)}, zipfile.ZIP_DEFLATED
        ),
        "characters that are none": m.packed(
            members | {"meta.npy": m.text_array(b"\xff\xff\xff\x7f" * 9)}
        ),
        "half a character": m.packed(members | {"meta.npy": m.text_array(b"\0\xd8\0\0" * 9)}),
        "bytes for text": m.packed(members | {"meta.npy": m.array(np.array(b"{}"))}),
        "may have a key twice": with_text(json.dumps(meta)[:-1] + ', "seed": 3, "seed": 2}'),
    }
    for path in _paths(meta):
        for token in m.TOKENS:
            other = json.loads(json.dumps(meta))
            at = other
            for key in path[:-1]:
                at = at[key]
            at[path[-1]] = "@@"
            text = json.dumps(other).replace('"@@"', token)
            found[f"may have {token[:20]} in {path}"] = with_text(text)
    return found


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the ways to all values, of lists to the first."""
    keys = list(value) if isinstance(value, dict) else [0] if isinstance(value, list) else []
    for key in keys:
        if value:
            yield (*path, key)
            yield from _paths(value[key], (*path, key))
