"""Pictures in folders by digit, and lists of pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnistmlp.arrays import Bytes
from mnistmlp.data.catalog import MNIST
from mnistmlp.data.datasets import load_dataset
from mnistmlp.pictures.images import read_picture
from tests.cli.conftest import Run
from tests.conftest import blobs, names
from tests.pictures.drawings import draw_page

IMAGES, LABELS = blobs(30, seed=3)


def save(images: Bytes, labels: Bytes, folder: str) -> None:
    """Write images into folders by digit, named by their index."""
    for index, (image, label) in enumerate(zip(images, labels, strict=True)):
        path = Path(folder, str(label), f"{index}.png")
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)


def test_folders_by_digit_come_back_in_the_order_of_the_indices(run: Run) -> None:
    save(IMAGES, LABELS, "png/training")
    save(IMAGES[:20], LABELS[:20], "png/testing")
    save(IMAGES[:5], LABELS[:5], "png/validation")
    result = run("convert", "png", "new", "--raw")
    assert (result.exit_code, result.stdout) == (0, "new\n"), result.stderr
    assert result.stderr.splitlines()[:3] == [
        "png/validation: left out: a validation set",
        "train: 30 images from png/training",
        "  pictures, as they are",
    ]
    for split, count in (("train", 30), ("test", 20)):
        data = load_dataset("new", split)  # type: ignore[arg-type]
        np.testing.assert_array_equal(data.images, IMAGES[:count])
        np.testing.assert_array_equal(data.labels, LABELS[:count])
    run("convert", "png/training", "some", "--raw", "--limit", "7", "--split", "0.6:0.4")
    assert [len(load_dataset("some", s).labels) for s in ("train", "test")] == [4, 3]


def test_pictures_are_read_as_predict_reads_them(run: Run) -> None:
    for digit, what in ((4, "four"), (7, "seven")):
        Path(f"scans/{digit}/more").mkdir(parents=True)
        draw_page(what).save(f"scans/{digit}/more/a.png")
    assert run("convert", "scans", "new").exit_code == 0
    data = load_dataset("new", "train")
    assert data.labels.tolist() == [4, 7]
    for image, digit in zip(data.images, data.labels, strict=True):
        assert np.array_equal(image, read_picture(f"scans/{digit}/more/a.png"))


@pytest.mark.parametrize(
    ("head", "row", "suffix"),
    [
        ("file,label,kind\n", "{name},{label},drawing", "csv"),
        ("Digit\tFilename\n", "{label}\t{name}", "tsv"),
        ("", "{name},{label}", "csv"),
        ("", '{label},"{name}"\r', "csv"),
    ],
)
def test_a_list_of_names_and_labels(run: Run, head: str, row: str, suffix: str) -> None:
    Path("set").mkdir()
    for index, image in enumerate(IMAGES):
        Image.fromarray(image).save(f"set/{index}.png")
    rows = [row.format(name=f"{k}.png", label=label) for k, label in enumerate(LABELS)]
    Path(f"set/labels.{suffix}").write_text(head + "\n".join(rows))
    for source in ("set", f"set/labels.{suffix}"):
        result = run("convert", source, f"new-{len(source)}", "--raw", "--quiet")
        assert (result.exit_code, result.stderr) == (0, "")
        data = load_dataset(f"new-{len(source)}", "train")
        np.testing.assert_array_equal(data.images, IMAGES)
        np.testing.assert_array_equal(data.labels, LABELS)


def test_wrong_pictures_and_rows_are_named(run: Run) -> None:
    Image.fromarray(IMAGES[0]).save("0.png")
    Image.new("L", (30, 28)).save("1.png")
    rows = ["file,label", "0.png,3", "1.png,4", "none.png,5", "0.png,x", "0.png", ",1"]
    Path("labels.csv").write_text("\n".join(rows))
    result = run("convert", "labels.csv", "new", "--raw")
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "error: labels.csv: 5 of 6 pictures are wrong",
        "  labels.csv:5: label 'x', not 0 to 9",
        "  labels.csv:6: not a name and a label",
        "  labels.csv:7: no picture name",
        "  1.png: 30 x 28 pixels, not 28 x 28",
        "  none.png: no such file",
        "hint: --skip-bad leaves them out",
    ]
    Path("labels.csv").write_text("\n".join([*rows[:2], "0.png,12"]))
    result = run("convert", "labels.csv", "new", "--raw", "--skip-bad")
    assert result.exit_code == 0
    assert result.stderr.splitlines()[:2] == [
        "warning: labels.csv: 1 wrong picture left out",
        "  labels.csv:3: label 12, not 0 to 9",
    ]
    assert load_dataset("new", "train").labels.tolist() == [3]


@pytest.mark.parametrize(
    ("folders", "error"),
    [
        (["0", "1", "10"], "png: folders other than 0 to 9, the ten classes: 10"),
        (["0", "A", "B"], "png: folders other than 0 to 9, the ten classes: A, B"),
        (["cat", "dog"], "png: 2 classes, where this network has ten: 'cat', 'dog'"),
        (["train/0", "training/0"], "png/train and png/training are both train sets"),
    ],
)
def test_other_classes_are_refused(run: Run, folders: list[str], error: str) -> None:
    for name in folders:
        Path("png", name).mkdir(parents=True)
        Image.fromarray(IMAGES[0]).save(Path("png", name, "a.png"))
    result = run("convert", "png", "new")
    assert (result.exit_code, names()) == (1, ["png"])
    assert result.stderr.startswith(f"error: {error}")
    assert [line[:5] for line in result.stderr.splitlines()][1:] in ([], ["hint:"])


def test_a_digit_without_pictures(run: Run) -> None:
    save(IMAGES[:1], LABELS[:1], "png")
    Path("png", str((LABELS[0] + 1) % 10)).mkdir()
    result = run("convert", "png", "new", "--raw")
    assert result.exit_code == 0
    assert f"  png/{(LABELS[0] + 1) % 10}: an empty folder" in result.stderr.splitlines()


def test_pictures_without_a_label_are_not_passed_over_in_silence(run: Run) -> None:
    save(IMAGES[:3], LABELS[:3], "png/train")
    Path("png/more").mkdir()
    for folder in ("png", "png/train"):
        Path(folder, "a.png").touch()
    result = run("convert", "png", "new", "--raw")
    assert result.stderr.splitlines()[:5] == [
        "png/more: left out: no folders 0 to 9",
        "png: left out: 1 picture in no folder of a digit",
        "train: 3 images from png/train",
        "  pictures, as they are",
        "  png/train: left out: 1 picture in no folder of a digit",
    ]


def test_options_for_pictures(run: Run) -> None:
    Path("ink/7").mkdir(parents=True)
    draw_page("seven").resize((28, 28)).save("ink/7/a.png")
    grey = np.asarray(Image.open("ink/7/a.png").convert("L"))
    assert run("convert", "ink", "as-is", "--raw").exit_code == 0
    assert np.array_equal(load_dataset("as-is", "train").images[0], grey)
    assert run("convert", "ink", "inverted", "--raw", "--invert").exit_code == 0
    assert np.array_equal(load_dataset("inverted", "train").images[0], 255 - grey)
    np.savez("train.npz", x=IMAGES, y=LABELS)
    result = run("convert", "train.npz", "new", "--raw")
    assert result.exit_code == 2
    assert "--raw: needs pictures; train.npz holds none" in result.stderr
    assert MNIST[0].name not in names()
