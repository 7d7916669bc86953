import json
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnistmlp.brains.brain import Committee, load_brain
from mnistmlp.core.mistakes import Mistakes
from mnistmlp.data.datasets import load_dataset
from mnistmlp.data.idx import write_idx
from tests.brains.test_brain import make_older
from tests.cli.conftest import Run, Start

CAPTION = re.compile(r"(\d+): (\d) read as (\d), (\d+\.\d\d)%")


def found_by(names: list[Path], folder: Path, split: Any = "test") -> Mistakes:
    brains = [load_brain(name) for name in names]
    classifier = brains[0] if len(brains) == 1 else Committee(brains)
    return classifier.find_mistakes(load_dataset(folder, split))


@pytest.mark.parametrize("split", ["test", "train"])
@pytest.mark.parametrize("count", [1, 2])
def test_they_are_listed(run: Run, small: Path, fallible: Path, count: int, split: str) -> None:
    make_older(Path("older.npz"))
    names = [fallible, Path("older.npz")][:count]
    common = ["evaluate", *names, "--data-dir", small, "--split", split, "--mistakes"]
    expected = found_by(names, small, split)
    assert len(expected) > 0
    listed = run(*common)
    rows = [
        f"{index}\t{label}\t{digit}\t{confidence:.4f}"
        for index, label, digit, confidence in zip(
            expected.indices, expected.labels, expected.digits, expected.confidences, strict=True
        )
    ]
    assert listed.stdout.splitlines() == rows
    documents = [json.loads(line) for line in run(*common, "--json").stdout.splitlines()]
    assert list(documents[0]) == [
        "index", "split", "label", "digit", "confidence", "probabilities",
    ]  # fmt: skip
    assert [document["index"] for document in documents] == expected.indices.tolist()
    assert [document["digit"] for document in documents] == expected.digits.tolist()
    assert {document["split"] for document in documents} == {split}
    for document in documents:
        assert document["confidence"] == document["probabilities"][document["digit"]]


def test_predict_takes_what_is_listed(run: Run, small: Path, fallible: Path) -> None:
    common = ["--data-dir", small, "--json"]
    lines = run("evaluate", fallible, "--mistakes", *common).stdout.splitlines()
    assert lines
    for line in lines:
        listed = json.loads(line)
        predict = ["predict", "--brain", fallible, "--index", listed["index"], *common]
        predicted = json.loads(run(*predict).stdout)
        assert (predicted["digit"], predicted["label"]) == (listed["digit"], listed["label"])
        assert predicted["confidence"] == pytest.approx(listed["confidence"], rel=1e-5)
        assert listed["digit"] != listed["label"]


def test_fail_under_works_without_the_tables(run: Run, small: Path, fallible: Path) -> None:
    result = run("evaluate", fallible, "--data-dir", small, "--mistakes", "--fail-under", 1)
    assert result.exit_code == 3
    assert "is below 1.0" in result.stderr
    assert len(result.stdout.splitlines()) == len(found_by([fallible], small))


def test_a_brain_without_mistakes(run: Run, small: Path, brain: Path, tmp_path: Path) -> None:
    data = load_dataset(small, "test")
    digits = load_brain(brain).predict(data.images)
    write_idx(tmp_path / "t10k-images-idx3-ubyte", data.images)
    write_idx(tmp_path / "t10k-labels-idx1-ubyte", digits.astype(np.uint8))
    common = ["evaluate", brain, "--data-dir", tmp_path]
    result = run(*common, "--mistakes", "--show")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "no mistakes\n")
    result = run(*common, "--show")
    assert (result.stdout.splitlines()[-1], result.stderr) == ("no mistakes", "")


@pytest.mark.parametrize(("columns", "most"), [(40, 2), (80, 2), (117, 3), (118, 4), (149, 5)])
def test_the_worst_are_drawn_as_wide_as_the_terminal(
    run: Run, small: Path, fallible: Path, columns: int, most: int
) -> None:
    common = ["evaluate", fallible, "--data-dir", small]
    expected = found_by([fallible], small)
    result = run(*common, "--show", env={"COLUMNS": str(columns)})
    assert result.stdout == run(*common).stdout
    title, *lines = result.stderr.splitlines()
    assert title == f"mistakes: {2 * most} of {len(expected)}, most confident first"
    assert max(map(len, lines)) == 30 * most - 2
    captions = [CAPTION.findall(line) for line in lines]
    assert [len(each) for each in captions if each] == [most, most]
    shown = [tuple(map(float, each)) for row in captions for each in row]
    first = slice(2 * most)
    percent = np.round(100 * expected.confidences[first].astype(float), 2)
    columns_of = expected.indices[first], expected.labels[first], expected.digits[first], percent
    assert shown == list(zip(*(each.tolist() for each in columns_of), strict=True))
    index = expected.indices[0]
    light = load_dataset(small, "test").images[index] > 127
    drawn = [line[:28] for line in lines[2:16]]
    assert drawn == [
        "".join(" ▄▀█"[2 * a + b] for a, b in zip(*light[n : n + 2].astype(int), strict=True))
        for n in range(0, 28, 2)
    ]


def test_fewer_mistakes_than_fit(run: Run, small: Path, fallible: Path) -> None:
    count = len(found_by([fallible], small))
    result = run("evaluate", fallible, "--data-dir", small, "--mistakes", "--show",
                 env={"COLUMNS": str(30 * count)})  # fmt: skip
    assert result.stderr.startswith(f"mistakes: {count} of {count}, most confident first\n")
    assert len(result.stderr.splitlines()) == 1 + 16


def test_drawings_in_ascii(start: Start, small: Path, fallible: Path) -> None:
    env = os.environ | {"PYTHONIOENCODING": "ascii"}
    process = start("evaluate", fallible, "--data-dir", small, "--mistakes", "--show", env=env)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 0
    lines = stderr.decode("ascii").splitlines()
    assert "\\" not in stderr.decode()
    assert set("".join(lines[-14:])) <= set(" .:+#")
    assert len(stdout.splitlines()) == len(found_by([fallible], small))
