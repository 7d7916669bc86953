"""Tables, archives and other forms of a few images, for the tests."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mnistmlp.arrays import Bytes
from mnistmlp.data.convert.parts import Images, Part, collect
from mnistmlp.data.convert.sources import find_parts
from tests.conftest import blobs

HEAD = ",".join(["label", *(f"pixel{k}" for k in range(784))])
IMAGES, LABELS = blobs(12, seed=1)
IMAGES[:, 0, 0] = 0  # as in MNIST


def table(
    images: Any = IMAGES, labels: Any = LABELS, *, head: str | None = HEAD, form: str = "%d"
) -> str:
    """Return a table as Kaggle has it."""
    rows = np.asarray(images).reshape(len(images), 784)
    if labels is not None:
        rows = np.column_stack([labels, rows])
    text = io.StringIO()
    np.savetxt(text, rows, form, ",")
    return f"{head}\n{text.getvalue()}" if head else text.getvalue()


def write(name: str, content: str | bytes) -> Path:
    path = Path(name)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def parts_of(source: str | Path) -> Sequence[Part]:
    found = find_parts(Path(source))
    assert found
    return found.parts


def read_one(source: str | Path, **options: Any) -> Images:
    (part,) = parts_of(source)
    return collect(part, **options)


def read_all(source: str | Path) -> list[Images]:
    return [collect(part) for part in parts_of(source)]


def assert_same(found: Images, images: Bytes = IMAGES, labels: Bytes | None = LABELS) -> None:
    assert found.wrong.count == 0, found.wrong
    np.testing.assert_array_equal(found.images, images)
    if labels is None:
        assert found.labels is None
    else:
        np.testing.assert_array_equal(found.labels, labels)
