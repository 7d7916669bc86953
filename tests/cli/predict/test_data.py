"""Images straight from a file."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from mnistmlp.cli.predict.answers import Output
from mnistmlp.data.catalog import SPLITS
from mnistmlp.data.datasets import Dataset, load_dataset
from tests.cli.conftest import Run
from tests.conftest import peak_memory
from tests.data.convert.samples import HEAD, table, write

PIXELS = HEAD.partition(",")[2]


@pytest.fixture
def data(small: Path) -> Dataset:
    return load_dataset(small, "test")


@pytest.fixture
def by_index(run: Run, small: Path, brain: Path) -> list[str]:
    """The rows of all test images, as --index gives them."""
    common = ["predict", "--brain", brain, "--data-dir", small, "--index", ":"]
    return run(*common, "--format", "csv", "--probabilities").stdout.splitlines()


def test_every_form_gives_the_answers_of_the_data_set(
    run: Run, small: Path, brain: Path, data: Dataset, by_index: list[str]
) -> None:
    images, labels = data.images, data.labels
    np.savez_compressed("both.npz", x_train=images[:7], y_train=labels[:7], x_test=images)
    np.save("x.npy", images.reshape(-1, 784))
    for source in (
        write("test.csv", table(images, None, head=PIXELS)),
        write("train.csv", table(images, labels)),
        "both.npz",
        "x.npy",
        small / SPLITS["test"][0].name,
    ):
        common = ["predict", "--brain", brain, "--data", source]
        result = run(*common, "--format", "csv", "--probabilities")
        assert (result.exit_code, result.stdout.splitlines()) == (0, by_index), source


def test_a_submission_to_kaggle(run: Run, brain: Path, data: Dataset, by_index: list[str]) -> None:
    write("test.csv", table(data.images, None, head=PIXELS))
    result = run("predict", "--brain", brain, "--data", "test.csv", "--format", "kaggle")
    head, *rows = result.stdout.splitlines()
    assert (result.exit_code, result.stderr, head) == (0, "", "ImageId,Label")
    digits = [line.split(",")[1] for line in by_index]
    assert rows == [f"{number},{digit}" for number, digit in enumerate(digits, 1)]


def test_what_names_an_image(run: Run, brain: Path, data: Dataset) -> None:
    write("train.csv", table(data.images[:2], data.labels[:2]))
    common = ["predict", "--brain", brain, "--data", "train.csv"]
    names = [line.split("\t")[0] for line in run(*common).stdout.splitlines()]
    assert names == ["train.csv[0]", "train.csv[1]"]
    assert len(run(*common, "--no-filename").stdout) == 4
    first, second = map(json.loads, run(*common, "--json").stdout.splitlines())
    assert list(first) == ["source", "digit", "confidence", "probabilities", "index", "label"]
    assert (second["index"], second["label"]) == (1, data.labels[1])
    shown = run(*common, "--show").stderr
    assert f"label {data.labels[0]}: right" in shown


def test_a_file_with_both_sets(run: Run, brain: Path, data: Dataset) -> None:
    images, labels = data.images, data.labels
    np.savez("both.npz", x_train=images[:3], y_train=labels[:3], x_test=images[:5])
    common = ["predict", "--brain", brain, "--data", "both.npz"]
    result = run(*common)
    assert result.stdout.count("\n") == 5
    assert result.stderr == "note: both.npz: using the test set; --split train selects the other\n"
    result = run(*common, "--split", "train")
    assert (result.stdout.count("\n"), result.stderr) == (3, "")
    np.savez("one.npz", x_test=images[:5])
    result = run("predict", "--brain", brain, "--data", "one.npz", "--split", "train")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: --split: one.npz holds no train set")


def test_wrong_rows_are_named_and_the_others_keep_their_place(
    run: Run, brain: Path, data: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mnistmlp.data.convert.files.CHUNK", 1 << 16)  # several blocks
    lines = table(data.images, None, head=PIXELS).splitlines()
    wrong = [1, 2, 50, 51, 120, 299, 300]  # of the lines after the header, from 1
    for number in wrong:
        lines[number] = "7,x"
    write("test.csv", "\n".join(lines))
    result = run("predict", "--brain", brain, "--data", "test.csv", "--format", "kaggle")
    assert result.exit_code == 1
    ids = [int(line.split(",")[0]) for line in result.stdout.splitlines()[1:]]
    assert ids == [number for number in range(1, 301) if number not in wrong]
    error, *rows, more = result.stderr.splitlines()
    assert error == "error: test.csv: 7 of 300 rows are wrong"
    assert rows == [f"  test.csv:{n + 1}: 2 columns, expected 784" for n in wrong[:5]]
    assert more == "  and 2 more"


def test_other_classes_are_named(run: Run, brain: Path, data: Dataset) -> None:
    write("letters.csv", table(data.images[:9], np.arange(20, 29)))
    result = run("predict", "--brain", brain, "--data", "letters.csv", "--format", "csv")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "labels from 20 to 28 in 9 rows; this network has ten classes" in result.stderr


def test_images_that_look_wrong_are_warned_of_once(run: Run, brain: Path) -> None:
    images = np.zeros((2500, 28, 28), np.uint8)
    images[:, 4:24, 12:16] = 255
    np.save("upright.npy", images)
    np.save("odd.npy", 255 - images.swapaxes(1, 2))
    common = ["predict", "--brain", brain, "--data"]
    assert run(*common, "upright.npy").stderr == ""
    light = "warning: odd.npy: a light background, where MNIST's is black: try --invert yes"
    turned = "warning: odd.npy: the images look transposed, as EMNIST's are: digits wider than tall"
    command = "hint: mnistmlp convert odd.npy NEW-FOLDER --transpose"
    hint = f"{command}, then --data NEW-FOLDER/{SPLITS['train'][0].name}"
    assert run(*common, "odd.npy").stderr.splitlines() == [light, turned, hint]
    assert run(*common, "odd.npy", "--invert", "yes").stderr.splitlines() == [turned, hint]
    assert run("convert", "odd.npy", "NEW-FOLDER", "--transpose").exit_code == 0
    source = hint.rpartition(" ")[2]
    result = run(*common, source, "--invert", "yes", "--format", "csv")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == run(*common, "upright.npy", "--format", "csv").stdout
    result = run(*common, "upright.npy", "--invert", "yes")
    assert result.stderr == f"{light.replace('odd', 'upright').replace('try', 'leave out')}\n"


def test_what_is_no_file_of_images(run: Run, brain: Path) -> None:
    write("words.txt", "one two\n")
    write("head.csv", f"{PIXELS}\n")
    write("pickle.npy", b"\x80\4x")
    Path("pictures").mkdir()
    for source, error in (
        ("none.csv", "none.csv: no such file or folder"),
        ("words.txt", "words.txt: columns 'one', 'two' …, expected label and pixel0 to pixel783"),
        ("head.csv", "head.csv: no images"),
        ("pickle.npy", "pickle.npy: not a table: a pickle, which is never opened"),
        (brain, f"{brain}: no images: "),
        ("pictures", "pictures: no tables, archives or IDX files in this folder"),
    ):
        result = run("predict", "--brain", brain, "--data", source, "--format", "kaggle")
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.startswith(f"error: {error}")
    assert result.stderr.splitlines()[1] == "hint: for pictures: mnistmlp predict -r pictures"


def test_a_picture_is_no_file_of_images(run: Run, brain: Path) -> None:
    Path("7.png").touch()
    result = run("predict", "--brain", brain, "--data", "7.png")
    assert result.exit_code == 1
    assert result.stderr == "error: 7.png: is a picture by its name\nhint: mnistmlp predict 7.png\n"
    result = run("predict", "--brain", brain, "--data", "-")
    assert (result.exit_code, "'--data': - is not a file" in result.stderr) == (2, True)


def test_a_folder_of_images(run: Run, brain: Path, small: Path) -> None:
    words = ["predict", "--brain", brain, "--format", "csv"]
    result = run(*words, "--data", small)
    assert result.stderr == f"note: {small}: using the test set; --split train selects the other\n"
    assert result.stdout == run(*words, "--data-dir", small, "--index", ":").stdout


def test_what_is_taken_for_a_picture(run: Run, brain: Path, data: Dataset) -> None:
    write("test.csv", table(data.images[:2], None, head=None))
    result = run("predict", "--brain", brain, "test.csv")
    _, hint = result.stderr.splitlines()
    assert (result.exit_code, hint) == (1, "hint: mnistmlp predict --data test.csv")
    write("notes.txt", "a,b\n1,2\n")
    result = run("predict", "--brain", brain, "notes.txt", "-", input=b"1,2")
    assert "hint" not in result.stderr
    result = run("predict", brain, "--data", "test.csv")
    assert result.stderr == f"error: --data: cannot be used with pictures\nhint: --brain {brain}\n"


def test_memory_stays_the_same(
    run: Run, brain: Path, data: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mnistmlp.data.convert.files.CHUNK", 1 << 16)
    lines = table(data.images[:20], None, head=None)
    for name, count in (("a.csv", 5), ("b.csv", 50)):
        write(name, lines * count)
    words = ["predict", "--brain", brain, "--format", "kaggle", "--data"]
    monkeypatch.setattr(Output, "print", lambda self, lines: None)
    run(*words, "a.csv")
    peaks = [peak_memory(lambda name=name: run(*words, name)) for name in ("a.csv", "b.csv")]  # type: ignore[misc]
    assert peaks[1] < 1.2 * peaks[0]


CHANGES = st.lists(
    st.tuples(st.integers(0, 4000), st.integers(0, 40), st.binary(max_size=8)), max_size=4
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(CHANGES, st.sampled_from(["test.csv", "test.npz"]))
def test_any_bytes_are_read_or_refused_in_a_line(
    run: Run, brain: Path, changes: list[tuple[int, int, bytes]], name: str
) -> None:
    pixels = np.full((4, 28, 28), 30, np.uint8)
    np.savez("test.npz", x_test=pixels)
    write("test.csv", table(pixels, np.arange(4)))
    content = bytearray(Path(name).read_bytes())
    for at, size, new in changes:
        begin = at * len(content) // 4000
        content[begin : begin + size] = new
    write(name, bytes(content))
    result = run("predict", "--brain", brain, "--data", name, "--format", "csv")
    assert result.exit_code in (0, 1)
    errors = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == result.exit_code, result.stderr
    assert all(re.fullmatch(r"\d+,\d,[\d.e-]+", line) for line in result.stdout.splitlines())


@pytest.mark.parametrize("option", ["--raw", "--recursive", "--no-centre", "--dataset=fashion"])
def test_what_does_not_go_with_it(run: Run, brain: Path, small: Path, option: str) -> None:
    result = run("predict", "--brain", brain, "--data", small, option)
    name = option.split("=")[0]
    assert (result.exit_code, result.stderr) == (2, f"error: --data: cannot be used with {name}\n")
