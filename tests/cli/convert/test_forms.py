"""Images written in the forms of other tools."""

import errno
import gzip
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnistmlp.data.catalog import MNIST
from mnistmlp.data.datasets import load_dataset
from mnistmlp.data.idx import write_idx
from tests.cli.conftest import Run
from tests.conftest import names
from tests.data.convert.samples import HEAD, IMAGES, LABELS, read_all, read_one, table, write


@pytest.mark.parametrize(
    ("target", "options", "written", "back"),
    [
        ("out/mnist.csv", [], ["out/mnist-train.csv", "out/mnist-test.csv"], ["out"]),
        ("out/mnist.npz", [], ["out/mnist.npz"], ["out/mnist.npz"]),
        ("png", ["--to", "png"], ["png"], ["png", "--raw"]),
    ],
)
def test_round_trips_are_the_same_to_the_byte(
    run: Run, small: Path, target: str, options: list[str], written: list[str], back: list[str]
) -> None:
    Path("out").mkdir()
    result = run("convert", small, target, *options, "--quiet")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == written
    source, *raw = back
    assert run("convert", source, "new", *raw, "--quiet").exit_code == 0
    for file in MNIST:
        assert Path("new", file.name).read_bytes() == (small / file.name).read_bytes()


def test_one_set_has_the_very_name(run: Run) -> None:
    np.savez("some.npz", x_test=IMAGES, y_test=LABELS)
    result = run("convert", "some.npz", "out.csv")
    assert (result.exit_code, result.stdout, names()) == (0, "out.csv\n", ["out.csv", "some.npz"])
    assert Path("out.csv").read_text() == table()
    assert result.stderr.splitlines()[-1] == (
        "out.csv: a test set, which convert will read as a train set because of its name"
    )
    assert len(run("convert", "some.npz", "test.csv").stderr.splitlines()) == 3
    write("k.csv", table(labels=None, head=None))
    assert run("convert", "k.csv", "K.CSV.gz").stdout == "K.CSV.gz\n"
    text = gzip.decompress(Path("K.CSV.gz").read_bytes()).decode()
    assert text == table(labels=None, head=HEAD.partition(",")[2])


def test_a_set_that_is_divided_becomes_two_tables(run: Run) -> None:
    write("all.csv", table())
    result = run("convert", "all.csv", "half.csv.gz", "--split", "0.5:0.5")
    assert result.stdout.splitlines() == ["half-train.csv.gz", "half-test.csv.gz"]
    assert [len(read_one(name).images) for name in result.stdout.split()] == [6, 6]


def test_pictures_by_class(run: Run) -> None:
    write("train.csv", table())
    write("test.csv", table(labels=None, head=None))
    result = run("convert", ".", "png", "--to", "png", "--invert")
    assert (result.exit_code, result.stdout) == (0, "png\n"), result.stderr
    assert result.stderr.splitlines()[0] == "test.csv: left out: no labels"
    assert names("png") == ["train"]
    found = sorted(path.relative_to("png/train").as_posix() for path in Path("png").rglob("*.png"))
    assert found == sorted(f"{label}/{index:05}.png" for index, label in enumerate(LABELS))
    picture = Image.open(f"png/train/{LABELS[3]}/00003.png")
    assert picture.mode == "L"
    np.testing.assert_array_equal(np.asarray(picture), 255 - IMAGES[3])


@pytest.mark.parametrize(
    ("args", "error"),
    [
        (["both.npz", "out.tsv"], "TARGET: out.tsv has a suffix other than .csv, .csv.gz"),
        (["both.npz", "images.png"], "TARGET: images.png has a suffix other than"),
        (["both.npz", "none/out.csv"], "TARGET: "),
        (["both.npz", "taken"], "TARGET: taken is not a folder"),
        (["both.npz", "-"], "invalid value for 'TARGET': - is not a file"),
        (["-", "new"], "invalid value for 'SOURCE': - is not a file"),
        (["both.npz", "n" * 300], "TARGET: "),
        (["both.npz", "latest.csv"], "TARGET: latest-train.csv would be read as the test set"),
        (["both.npz", "both.npz", "--force"], "TARGET: both.npz is the same file as SOURCE"),
        (["both.npz", "out.npz", "--to", "png"], "--to: png needs a folder; out.npz"),
        (["both.npz", "taken", "--to", "png"], "TARGET: taken is not a folder"),
        (["both.npz", "taken/x", "--to", "png"], "TARGET: "),
        (["both.npz", "full", "--to", "png", "--force"], "TARGET: full is not empty"),
        (["x.csv", "new", "--to", "png"], "--to: png sorts pictures by their labels; x.csv has"),
        (["x-test.csv", "out.csv", "--augment", "2"], "--augment: needs training images; x-test"),
        (["x.csv", "out.csv", "--augment", "1000"], "--augment: makes 12,012 images, more than"),
        (["x.csv", "out.csv", "--seed", "2"], "--seed: needs --split or --augment"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    run: Run, args: list[str], error: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mnistmlp.data.convert.parts.MAX_IMAGES", 12_000)
    np.savez("both.npz", x_train=IMAGES, y_train=LABELS, x_test=IMAGES, y_test=LABELS)
    write("x.csv", table(labels=None, head=None))
    write("x-test.csv", table())
    write("taken", b"mine")
    Path("full/train").mkdir(parents=True)
    before = names()
    result = run("convert", *args)
    assert (result.exit_code, result.stdout, names()) == (2, "", before)
    assert result.stderr.startswith(f"error: {error}"), result.stderr


@pytest.mark.parametrize("target", ["own.csv", "own.npz"])
def test_nothing_is_replaced_unasked(run: Run, target: str) -> None:
    write("train.csv", table())
    write(target, b"mine")
    result = run("convert", "train.csv", target)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"TARGET: {target} exists" in result.stderr
    assert Path(target).read_bytes() == b"mine"
    result = run("convert", "train.csv", target, "--force")
    assert result.exit_code == 0
    assert f"kept the old {target} as {target}.bak" in result.stderr
    assert Path(f"{target}.bak").read_bytes() == b"mine"
    np.testing.assert_array_equal(read_one(target).images, IMAGES)


def test_pictures_are_written_all_or_none(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    write("train.csv", table())
    Path("there").mkdir()
    write("there/.hidden", b"mine")
    written = list[object]()

    def encode(image: object) -> bytes:
        written.append(image)
        if len(written) % 5 == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return b"a picture"

    monkeypatch.setattr("mnistmlp.pictures.sheet.encode_image", encode)
    for folder in ("new", "there"):
        result = run("convert", "train.csv", folder, "--to", "png")
        assert (result.exit_code, result.stdout) == (1, "")
        assert f"error: {folder}: cannot be written: no space left on device" in result.stderr
    assert (names(), names("there")) == (["there", "train.csv"], [".hidden"])


def test_warped_copies_of_the_training_images(run: Run) -> None:
    np.savez("both.npz", x_train=IMAGES, y_train=LABELS, x_test=IMAGES, y_test=LABELS)
    for target, seed in (("a", 1), ("b", 1), ("c", 2), ("d.npz", 1)):
        result = run("convert", "both.npz", target, "--augment", "3", "--seed", seed)
        assert result.exit_code == 0, result.stderr
    assert result.stderr.splitlines()[:2] == [
        "train: 48 images from both.npz: 'x_train' and y_train",
        "  of these, 36 are warped copies",
    ]
    train = load_dataset("a", "train")
    images = train.images.reshape(4, *IMAGES.shape)
    np.testing.assert_array_equal(train.labels, np.tile(LABELS, 4))
    np.testing.assert_array_equal(images[0], IMAGES)
    assert len(np.unique(images.reshape(48, -1), axis=0)) == 48
    for copy in images[1:]:  # each is of the image in its place
        away = [np.abs(copy.astype(int) - image).mean(axis=(1, 2)) for image in IMAGES]
        assert (np.argmin(away, axis=0) == np.arange(12)).mean() > 0.5
    np.testing.assert_array_equal(load_dataset("a", "test").images, IMAGES)
    same, other = (load_dataset(folder, "train").images for folder in ("b", "c"))
    assert np.array_equal(same, train.images)
    assert not np.array_equal(other, train.images)
    np.testing.assert_array_equal(read_all("d.npz")[0].images, train.images)


def test_warped_copies_of_a_divided_set(run: Run) -> None:
    write_idx("x-idx3-ubyte", IMAGES)
    write_idx("y-idx1-ubyte", LABELS)
    result = run("convert", ".", "new", "--split", "0.5:0.5", "--augment", "2")
    assert result.exit_code == 0, result.stderr
    assert [len(load_dataset("new", split).labels) for split in ("train", "test")] == [18, 6]


def test_images_and_labels_are_replaced_together_or_not_at_all(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("train.csv", table())
    assert run("convert", "train.csv", "own").exit_code == 0
    write("other.csv", table(255 - IMAGES, LABELS))
    whole = os.fsync

    def fail_for_labels(descriptor: int) -> None:
        if os.fstat(descriptor).st_size < 100:
            raise OSError(errno.ENOSPC, "No space left on device")
        whole(descriptor)

    monkeypatch.setattr("os.fsync", fail_for_labels)
    before = {name: Path("own", name).read_bytes() for name in names("own")}
    for folder in ("own", "new"):
        result = run("convert", "other.csv", folder, "--force")
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.splitlines()[-1].endswith("no space left on device")
        assert "kept" not in result.stderr
    assert {name: Path("own", name).read_bytes() for name in names("own")} == before
    assert "new" not in names()
