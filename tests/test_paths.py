"""A file or folder is named by a `str`, a `Path`, or anything with `__fspath__`."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mnistmlp import (
    Brain,
    Checkpoint,
    InputError,
    Network,
    default_folder,
    download_dataset,
    export_onnx,
    export_safetensors,
    import_safetensors,
    initialise,
    load,
    load_brain,
    load_checkpoint,
    load_dataset,
    read_idx,
    read_number,
    read_picture,
    save_checkpoint,
    train,
    write_idx,
)
from mnistmlp.data.catalog import SPLITS, DataFile
from tests.conftest import blobs, few_steps

pytestmark = few_steps

BRAIN = Brain(Network((784, 20, 10), "relu", "cross-entropy"))
initialise(BRAIN.network, np.random.default_rng(0))
ARRAY = np.arange(6, dtype=np.uint8)


class Named:
    """A path that knows its name alone."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __fspath__(self) -> str:
        return self.name


def checkpoint() -> Checkpoint:
    kept: list[Checkpoint] = []

    def keep(reached: Checkpoint) -> None:
        kept.append(reached)

    train("classic", blobs(20, seed=1), epochs=1, validation=0, on_checkpoint=keep)
    return kept[0]


def draw_digit() -> None:
    """Write a picture of a one."""
    picture = np.full((60, 60), 255, np.uint8)
    picture[10:50, 27:33] = 0
    Image.fromarray(picture).save("it", "png")


def lay_dataset() -> None:
    Path("it").mkdir()
    for split, files in SPLITS.items():
        for file, array in zip(files, blobs(20, seed=len(split)), strict=True):
            write_idx(f"it/{file.name}", array)


def put_on_mirror() -> DataFile:
    """Put a file on a mirror in a local folder."""
    write_idx("plain", ARRAY, overwrite=True)
    content = Path("plain").read_bytes()
    Path("mirror").mkdir(exist_ok=True)
    Path("mirror/some-idx1-ubyte.gz").write_bytes(gzip.compress(content))
    return DataFile("some-idx1-ubyte", len(content), hashlib.sha256(content).hexdigest())


def download(folder: Any) -> bytes:
    mirror = Path("mirror").absolute().as_uri()
    download_dataset(folder, files=[put_on_mirror()], mirrors=[mirror])
    return Path("it/some-idx1-ubyte").read_bytes()


Setting = tuple[Callable[[], object], Callable[[Any], Any]]
READING: dict[str, Setting] = {  # what is there before, and what reads it
    "load_brain": (lambda: BRAIN.save("it"), lambda p: load_brain(p).predict(blobs(9, 1)[0])),
    "load_checkpoint": (
        lambda: save_checkpoint("it", checkpoint()),
        lambda p: load_checkpoint(p).state.parameters,
    ),
    "import_safetensors": (
        lambda: export_safetensors(BRAIN, "it"),
        lambda p: import_safetensors(p).network.parameters,
    ),
    "read_idx": (lambda: write_idx("it", ARRAY), read_idx),
    "load_dataset": (lay_dataset, lambda p: load_dataset(p, "test").images),
    "load": (lay_dataset, lambda p: load(folder=p)[0].images),
    "read_picture": (draw_digit, read_picture),
    "read_number": (draw_digit, lambda p: read_number(p, BRAIN.predict_proba).text),
    "Brain.read": (draw_digit, lambda p: BRAIN.read(p).probabilities),
    "Brain.read_number": (draw_digit, lambda p: BRAIN.read_number(p).text),
}
WRITING: dict[str, Callable[[Any], object]] = {
    "Brain.save": BRAIN.save,
    "save_checkpoint": lambda p: save_checkpoint(p, checkpoint()),
    "write_idx": lambda p: write_idx(p, ARRAY),
    "export_onnx": lambda p: export_onnx(BRAIN, p),
    "export_safetensors": lambda p: export_safetensors(BRAIN, p),
}
OF_PICTURES = ("read_picture", "read_number", "Brain.read", "Brain.read_number")


@pytest.mark.parametrize("name", READING)
def test_what_is_read_is_named_in_each_way(name: str) -> None:
    prepare, read = READING[name]
    prepare()
    wanted = read(Path("it"))
    for path in ("it", Named("it"), Path("it").absolute(), str(Path("it").absolute())):
        assert np.array_equal(read(path), wanted)


@pytest.mark.parametrize("name", WRITING)
def test_what_is_written_is_named_in_each_way(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    written = []
    for number, path in enumerate(("it", Path("it"), Named("it"))):
        folder = Path(f"{number}")
        folder.mkdir()
        with monkeypatch.context() as patch:
            patch.chdir(folder)
            WRITING[name](path)
        written.append((folder / "it").stat().st_size)
        assert [each.name for each in folder.iterdir()] == ["it"]
    assert len(set(written)) == 1 or name == "save_checkpoint"  # holds times


@pytest.mark.parametrize("path", ["it", Path("it"), Named("it")])
def test_a_folder_to_download_to_is_named_in_each_way(path: Any) -> None:
    wanted = put_on_mirror()
    assert hashlib.sha256(download(path)).hexdigest() == wanted.sha256


@pytest.mark.parametrize("name", [*READING, *WRITING, "download_dataset"])
@pytest.mark.parametrize("path", [b"it", 3, 3.5, ["it"]], ids=repr)
def test_another_name_is_a_type_error(name: str, path: Any) -> None:
    call = READING[name][1] if name in READING else WRITING.get(name, download)
    if name in OF_PICTURES:
        with pytest.raises(InputError, match="a picture is a path or a binary stream, not"):
            call(path)
        return
    with pytest.raises(TypeError, match=f"not .*{type(path).__name__}"):
        call(path)
    assert not Path("it").exists()


def test_an_array_is_no_picture(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("text")
    image: Any = np.zeros((28, 28), np.uint8)
    with pytest.raises(InputError, match="predict takes arrays"):
        BRAIN.read(image)
    with (tmp_path / "text").open() as file, pytest.raises(InputError, match="mode 'rb'"):
        BRAIN.read(file)  # type: ignore[arg-type]


def test_the_default_folder_is_one_that_can_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    lay_dataset()
    monkeypatch.setenv("MNISTMLP_DATA_DIR", "it")
    assert default_folder() == Path("it")
    assert np.array_equal(load()[1].images, load(folder="it")[1].images)
