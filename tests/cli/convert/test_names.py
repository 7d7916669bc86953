"""Sources whose ten classes are words."""

import csv
import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mnistmlp.arrays import Bytes
from mnistmlp.data.datasets import load_dataset
from tests.cli.conftest import Run
from tests.conftest import names as list_names

NAMES = ("ant", "bee", "cat", "dog", "elk", "fox", "hen", "owl", "pig", "yak")  # in order
ROWS = 40


@pytest.fixture
def drawn() -> tuple[Bytes, list[str]]:
    """Images that are all different, and the word for each, in an order of their own."""
    rng = np.random.default_rng(3)
    images = np.zeros((ROWS, 28, 28), np.uint8)
    images[:, 6:22, 8:20] = rng.integers(1, 256, (ROWS, 16, 12), np.uint8)
    return images, [NAMES[7 * k % 10] for k in range(ROWS)]


def write_csv(path: Path, images: Bytes, words: list[str], header: bool = True) -> None:
    opener: Any = gzip.open if path.suffix == ".gz" else open
    with opener(path, "wt", newline="") as file:
        rows = csv.writer(file)
        if header:
            rows.writerow(["label", *(f"pixel{k}" for k in range(784))])
        for image, word in zip(images, words, strict=True):
            rows.writerow([word, *image.ravel()])


def check(folder: str, split: Any, images: Bytes, words: list[str]) -> None:
    data = load_dataset(folder, split)
    assert (data.images == images).all()
    assert data.class_names == NAMES
    assert [NAMES[label] for label in data.labels] == words
    assert Path(folder, "labels.txt").read_text() == "".join(f"{name}\n" for name in NAMES)


@pytest.mark.parametrize("header", [True, False])
def test_tables_of_two_splits(run: Run, drawn: tuple[Bytes, list[str]], header: bool) -> None:
    images, words = drawn
    Path("in").mkdir()
    write_csv(Path("in/train.csv.gz"), images, words, header)
    write_csv(Path("in/test.csv"), images[:9], words[:9], header)  # not all classes
    result = run("convert", "in", "out")
    assert (result.exit_code, result.stdout) == (0, "out\n")
    assert "        4  ant\n" in result.stderr
    check("out", "train", images, words)
    check("out", "test", images[:9], words[:9])
    again = run("convert", "in/test.csv", "other", "--split", "0.5:0.5")
    assert "9 classes, where this network has ten: 'ant', 'bee', " in again.stderr
    assert (again.exit_code, again.stdout, list_names()) == (1, "", ["in", "out"])


def test_folders_of_pictures(run: Run, drawn: tuple[Bytes, list[str]]) -> None:
    images, words = drawn
    for split in ("train", "test"):
        for k, (image, word) in enumerate(zip(images, words, strict=True)):
            folder = Path("in", split, word)
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(folder / f"{k}.png")
    assert run("convert", "in", "out", "--raw").exit_code == 0
    for split in ("train", "test"):
        check("out", split, images, words)
    assert run("convert", "in/train", "single", "--raw").exit_code == 0
    check("single", "train", images, words)
    Path("in/train/zoo").mkdir()
    Image.fromarray(images[0]).save("in/train/zoo/x.png")
    result = run("convert", "in", "more", "--raw")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("error: in: more than ten classes, where this network has ten:")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("header", ["file,label\n", ""])
def test_a_list_of_pictures(run: Run, drawn: tuple[Bytes, list[str]], header: str) -> None:
    images, words = drawn
    Path("in").mkdir()
    for k, image in enumerate(images):
        Image.fromarray(image).save(f"in/{k}.png")
    lines = (f"{k}.png,{word}\n" for k, word in enumerate(words))
    Path("in/train.csv").write_text(header + "".join(lines))
    assert run("convert", "in", "out", "--raw").exit_code == 0
    check("out", "train", images, words)


def test_wrong_rows_are_named(run: Run, drawn: tuple[Bytes, list[str]]) -> None:
    images, words = drawn
    write_csv(Path("train.csv"), images, [*words[:3], "", *words[4:]])
    result = run("convert", "train.csv", "out")
    assert result.stderr.splitlines()[:2] == [
        f"error: train.csv: 1 of {ROWS} rows is wrong",
        "  train.csv:5: no label",
    ]
    write_csv(Path("train.csv"), images, [*words[:3], "zoo", *words[4:]])
    result = run("convert", "train.csv", "out", "--skip-bad")
    assert result.exit_code == 1
    assert "train.csv: more than ten classes, where this network has ten: " in result.stderr
    write_csv(Path("train.csv"), images, [word.replace("cat", "c" * 41) for word in words])
    assert "a name of 41 characters, more than 40" in run("convert", "train.csv", "out").stderr
    assert not Path("out").exists()


def test_names_that_are_there_are_kept(run: Run, drawn: tuple[Bytes, list[str]]) -> None:
    images, words = drawn
    write_csv(Path("train.csv"), images, words)
    write_csv(Path("digits.csv"), images, [str(NAMES.index(word)) for word in words])
    Path("out").mkdir()
    Path("out/labels.txt").write_text("something else")
    result = run("convert", "train.csv", "out")
    assert result.stderr.startswith("error: TARGET: out/labels.txt exists\n")
    assert list_names("out") == ["labels.txt"]
    assert run("convert", "train.csv", "out", "--force", "--quiet").exit_code == 0
    assert Path("out/labels.txt.bak").read_text() == "something else"
    assert run("convert", "out", "again", "--quiet").exit_code == 0  # a folder's names go along
    check("again", "train", images, words)
    assert run("convert", "out", "png", "--to", "png", "--quiet").exit_code == 0
    assert run("convert", "png", "back", "--raw", "--quiet").exit_code == 0
    check("back", "train", images, words)
    assert "class names are not written" in run("convert", "out", "out.csv").stderr
    refused = run("convert", "digits.csv", "out", "--limit", 5)
    assert refused.exit_code == 2
    assert run("convert", "digits.csv", "out", "--force").exit_code == 0
    assert load_dataset("out", "train").class_names is None


def test_predict_reads_labels_of_a_table_by_name(
    run: Run, drawn: tuple[Bytes, list[str]], small: Path
) -> None:
    images, words = drawn
    write_csv(Path("train.csv"), images, words)
    result = run("predict", "--brain", "pretrained", "--data", "train.csv", "--json")
    assert result.exit_code == 0
    assert '"label"' not in result.stdout  # the brain has no such classes
