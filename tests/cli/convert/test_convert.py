"""The command, from a table to a folder."""

import os
import tempfile
from pathlib import Path

import numpy as np
import pytest

from mnistmlp.arrays import Bytes
from mnistmlp.cli.convert.report import report_images
from mnistmlp.data.catalog import MNIST
from mnistmlp.data.convert.parts import Images, Wrong
from mnistmlp.data.datasets import load_dataset
from mnistmlp.data.folder import default_folder
from mnistmlp.data.idx import read_idx
from tests.cli.conftest import Run, Start
from tests.cli.terminal import read_terminal
from tests.conftest import names
from tests.data.convert.samples import HEAD, IMAGES, LABELS, table, write

TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS = (file.name for file in MNIST)
OF_TEST = (TEST_IMAGES, TEST_LABELS)


def test_a_table_becomes_a_folder_and_is_reported(run: Run) -> None:
    result = run("convert", write("train.csv", table()), "new")
    assert (result.exit_code, result.stdout) == (0, "new\n"), result.stderr
    first, digits, counts = result.stderr.splitlines()
    assert first == "train: 12 images from train.csv"
    assert digits.split() == [str(k) for k in range(10)]
    assert counts.split() == [str(k) for k in np.bincount(LABELS, minlength=10)]
    data = load_dataset("new", "train")
    np.testing.assert_array_equal(data.images, IMAGES)
    np.testing.assert_array_equal(data.labels, LABELS)
    assert run("convert", "train.csv", "quiet", "--quiet").stderr == ""


def test_large_counts_stay_apart(capsys: pytest.CaptureFixture[str]) -> None:
    labels = np.repeat(np.arange(10, dtype=np.uint8), 100_000)
    report_images(Images("train", "x", labels, labels, Wrong(), []))
    assert capsys.readouterr().err.splitlines()[2].split() == ["100,000"] * 10


def test_a_round_trip_is_the_same_to_the_byte(run: Run, small: Path) -> None:
    Path("tables").mkdir()
    for name, images, labels in (("train", *MNIST[:2]), ("test", *MNIST[2:])):
        pixels, answers = (read_idx(small / file.name) for file in (images, labels))
        write(f"tables/{name}.csv", table(pixels, answers))
    assert run("convert", "tables", "new").exit_code == 0
    for file in MNIST:
        assert Path("new", file.name).read_bytes() == (small / file.name).read_bytes()


def test_without_labels_only_images_are_written(run: Run) -> None:
    write("test.csv", table(labels=None, head=HEAD.partition(",")[2]))
    result = run("convert", "test.csv", "new")
    assert result.stderr.splitlines()[1].startswith("  no labels: only the images are written")
    assert names("new") == [TEST_IMAGES]
    write(f"new/{TEST_LABELS}", b"of other images")
    assert run("convert", "test.csv", "new", "--force").exit_code == 0
    assert names("new") == sorted([TEST_IMAGES, *(f"{each}.bak" for each in OF_TEST)])


def test_wrong_rows_are_refused_or_left_out(run: Run) -> None:
    lines = table(np.tile(IMAGES, (50, 1, 1)), np.tile(LABELS, 50)).splitlines()
    for row in range(10, 17):
        lines[row] = "7,x"
    write("train.csv", "\n".join(lines))
    result = run("convert", "train.csv", "new")
    assert (result.exit_code, result.stdout, names()) == (1, "", ["train.csv"])
    error, *rows, more, hint = result.stderr.splitlines()
    assert error == "error: train.csv: 7 of 600 rows are wrong"
    assert rows == [f"  train.csv:{n}: 2 columns, expected 785" for n in range(11, 16)]
    assert (more, hint) == ("  and 2 more", "hint: --skip-bad leaves them out")
    result = run("convert", "train.csv", "new", "--skip-bad")
    assert result.exit_code == 0
    assert result.stderr.splitlines()[0] == "warning: train.csv: 7 wrong rows left out"
    assert len(load_dataset("new", "train").images) == 593


def test_a_table_of_wrong_rows_only_is_refused(run: Run) -> None:
    write("train.csv", f"{HEAD}\n7,x\n8,y\n")
    result = run("convert", "train.csv", "new", "--skip-bad")
    assert (result.exit_code, names()) == (1, ["train.csv"])
    assert result.stderr.startswith("error: train.csv: 2 of 2 rows are wrong\n")
    assert "hint" not in result.stderr


def test_a_set_is_divided_at_random(run: Run) -> None:
    write("train.csv", table())
    for folder, seed in (("a", 1), ("b", 1), ("c", 2)):
        result = run("convert", "train.csv", folder, "--split", "0.75:0.25", "--seed", seed)
        assert result.exit_code == 0
    train, test = load_dataset("a", "train"), load_dataset("a", "test")
    assert (len(train.labels), len(test.labels)) == (9, 3)
    both = np.concatenate([train.images, test.images]).reshape(12, -1)
    assert {row.tobytes() for row in both} == {image.tobytes() for image in IMAGES}
    same, other = (load_dataset(folder, "test").images for folder in ("b", "c"))
    assert np.array_equal(same, test.images)
    assert not np.array_equal(other, test.images)
    assert run("convert", "train.csv", "d", "--split", "0.99:0.01").exit_code == 1
    assert (
        "--seed: needs --split or --augment"
        in run("convert", "train.csv", "d", "--seed", "1").stderr
    )
    write("test.csv", table())
    result = run("convert", ".", "d", "--split", "0.5:0.5")
    assert result.exit_code == 2
    assert "divides one set with labels; . has train.csv and test.csv" in result.stderr
    write("test.csv", table(labels=None, head=None))
    result = run("convert", ".", "d", "--split", "0.5:0.5")
    assert result.stderr.splitlines()[0] == "test.csv: left out: no labels"


@pytest.mark.parametrize("there", [TRAIN_IMAGES, f"{TRAIN_LABELS}.gz", "train-images.idx3-ubyte"])
def test_nothing_is_replaced_unasked(run: Run, there: str) -> None:
    write("train.csv", table())
    Path("own").mkdir()
    write(f"own/{there}", b"mine")
    result = run("convert", "train.csv", "own")
    assert (result.exit_code, result.stdout, names("own")) == (2, "", [there])
    assert f"TARGET: own/{there} exists\nhint: name another folder, or" in result.stderr
    result = run("convert", "train.csv", "own", "--force")
    assert result.exit_code == 0
    assert f"kept the old own/{there} as own/{there}.bak" in result.stderr
    assert Path("own", f"{there}.bak").read_bytes() == b"mine"
    assert names("own") == sorted([TRAIN_IMAGES, TRAIN_LABELS, f"{there}.bak"])
    np.testing.assert_array_equal(load_dataset("own", "train").images, IMAGES)


def test_a_folder_that_download_has_filled_is_left_alone(run: Run) -> None:
    write("train.csv", table())
    Path("own").mkdir()
    write("own/digests.json", "{}")
    result = run("convert", "train.csv", "own", "--force")
    assert result.exit_code == 2
    assert "own belongs to `mnistmlp download`" in result.stderr
    (default_folder() / "x").mkdir(parents=True)
    Path("link").symlink_to(default_folder())
    result = run("convert", "train.csv", "link/x/..")
    assert (result.exit_code, names(str(default_folder()))) == (2, ["x"])


def bars() -> tuple[Bytes, Bytes]:
    """Return images of upright bars, and their labels."""
    images = np.zeros((40, 28, 28), np.uint8)
    images[:, 4:24, 12:16] = 255
    return images, np.ones(40, np.uint8)


def test_doubts_are_named_with_the_option_that_helps(run: Run) -> None:
    images, labels = bars()
    write("train.csv", table(255 - images.swapaxes(1, 2), labels))
    result = run("convert", "train.csv", "a")
    assert result.stderr.splitlines()[-3:] == [
        "warning: all images have a light background, where MNIST's is black",
        "warning: the images look transposed, as EMNIST's are: digits wider than tall",
        "hint: mnistmlp convert train.csv NEW-FOLDER --invert --transpose",
    ]
    for given in ("--invert", "--transpose"):  # the hint keeps what was right
        result = run("convert", "train.csv", f"one{given}", given)
        assert result.stderr.splitlines()[-1].endswith("NEW-FOLDER --invert --transpose")
    result = run("convert", "train.csv", "b", "--invert", "--transpose")
    assert "warning" not in result.stderr
    np.testing.assert_array_equal(load_dataset("b", "train").images, images)
    write("upright.csv", table(images, labels))
    result = run("convert", "upright.csv", "d", "--transpose")
    assert result.stderr.splitlines()[-1] == (
        "hint: mnistmlp convert upright.csv NEW-FOLDER, without --transpose"
    )


def test_no_room_for_temporary_files(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez_compressed("train.npz", x=IMAGES, y=LABELS)
    write("train.csv", table())
    whole = tempfile.TemporaryFile
    monkeypatch.setattr(
        "tempfile.TemporaryFile",
        lambda **options: whole(**options) if options else open("/dev/full", "r+b"),  # noqa: SIM115, PTH123
    )
    for source in ("train.csv", "train.npz"):
        result = run("convert", source, "new")
        assert (result.exit_code, "new" in names()) == (1, False)
        assert result.stderr.endswith(": cannot be written: no space left on device\n")


@pytest.mark.slow
def test_a_contact_sheet_on_a_terminal(run: Run, start: Start) -> None:
    write("train.csv", table(np.tile(IMAGES, (200, 1, 1)), np.tile(LABELS, 200)))
    lines = read_terminal(start, "convert", "train.csv", "new")
    assert lines[0] == "train: 2,400 images from train.csv"
    digits = [str(digit) for digit in np.unique(LABELS)]
    sheets = lines[3:-1]
    assert " ".join(line for line in sheets if "▀" not in line).split() == digits
    assert max(map(len, lines)) <= 80
    assert len(sheets) == 8 * -(-len(digits) // 5)  # five images a row, of seven lines and a title
    env = os.environ | {"TERM": "dumb"}
    _, plain = start("convert", "train.csv", "dumb", env=env).communicate(timeout=60)
    assert plain.decode().splitlines() == lines[:3]
