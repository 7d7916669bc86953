import json
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest

from mnistmlp.brains.brain import load_brain
from mnistmlp.cli.evaluate.tables import _confusion_table
from mnistmlp.core.metrics import committee, evaluate
from mnistmlp.core.normalization import normalise
from mnistmlp.data.datasets import load_dataset
from tests.brains.test_brain import make_older
from tests.cli.conftest import Run, without_normalisation
from tests.conftest import save_brain
from tests.core.test_metrics import make_evaluation


def test_json(run: Run, small: Path, brain: Path) -> None:
    result = run("evaluate", brain, "--data-dir", small, "--json")
    document = json.loads(result.stdout)
    assert list(document) == [
        "brains", "dataset", "split", "images", "accuracy", "interval", "loss", "confusion",
        "per_digit", "calibration_error_before", "calibration_error", "most_confused",
    ]  # fmt: skip
    data, loaded = load_dataset(small, "test"), load_brain(brain)
    expected = evaluate([loaded.network], data.images, data.labels, [loaded.temperature])
    assert loaded.temperature != 1
    assert document["calibration_error"] == expected.calibration_error
    assert document["calibration_error_before"] == expected.calibration_error_before
    assert expected.calibration_error != expected.calibration_error_before
    assert (document["brains"], document["split"]) == ([str(brain)], "test")
    assert (document["images"], document["accuracy"]) == (300, expected.accuracy)
    assert (document["loss"], tuple(document["interval"])) == (expected.loss, expected.interval)
    np.testing.assert_array_equal(document["confusion"], expected.confusion)
    assert sum(score["support"] for score in document["per_digit"]) == 300
    assert list(document["per_digit"][0]) == ["digit", "precision", "recall", "f1", "support"]


def test_a_brain_that_normalises_images(run: Run, small: Path, normalised: Path) -> None:
    found = json.loads(run("evaluate", normalised, "--data-dir", small, "--json").stdout)
    data, brain = load_dataset(small, "test"), load_brain(normalised)
    plain = without_normalisation(normalised)
    images = normalise(data.images, normalised.stem)
    for network, given in ((brain.network, data.images), (plain, images)):
        expected = evaluate([network], given, data.labels, [brain.temperature])
        assert (found["accuracy"], found["loss"]) == (expected.accuracy, expected.loss)
    other = evaluate([plain], data.images, data.labels, [brain.temperature])
    assert found["loss"] != other.loss


def test_tables_fit_80_columns_and_read_without_colour(run: Run, small: Path, brain: Path) -> None:
    result = run("evaluate", brain, "--data-dir", small, "--split", "train")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert "\x1b" not in result.stdout
    assert max(len(line.rstrip()) for line in lines[1:]) <= 80
    data = load_dataset(small, "train")
    expected = evaluate([load_brain(brain).network], data.images, data.labels)
    low, high = expected.interval
    assert lines[1].startswith(f"accuracy {expected.accuracy:.2%} (")
    assert f", 95% interval {low:.2%} to {high:.2%}, loss" in lines[1]
    start = next(n for n, line in enumerate(lines) if line.startswith("actual"))
    for digit, line in enumerate(lines[start + 1 : start + 11]):
        cells = line.split()
        counts = [0 if cell == "." else int(cell.strip("[]")) for cell in cells]
        assert counts == [digit, *expected.confusion[digit]]
        assert cells[1 + digit].startswith("[")
        assert sum(cell.startswith("[") for cell in cells) == 1


def test_narrow_terminals_lose_nothing(run: Run, small: Path, brain: Path) -> None:
    wide = run("evaluate", brain, "--data-dir", small).stdout
    assert run("evaluate", brain, "--data-dir", small, env={"COLUMNS": "40"}).stdout == wide


def test_colour_on_a_terminal(run: Run, small: Path, brain: Path) -> None:
    given = {"FORCE_COLOR": "1", "COLORTERM": "truecolor", "TERM": "xterm-256color"}
    coloured = run("evaluate", brain, "--data-dir", small, env=given).stdout
    assert "48;2;" in coloured
    plain = run("evaluate", brain, "--data-dir", small, env=given | {"NO_COLOR": "1"}).stdout
    assert "48;2;" not in plain


def test_several_brains_are_averaged(run: Run, small: Path, brain: Path) -> None:
    make_older(Path("older.npz"))
    document = json.loads(run("evaluate", brain, "older.npz", "--data-dir", small, "--json").stdout)
    data = load_dataset(small, "test")
    brains = [load_brain(path) for path in (brain, Path("older.npz"))]
    networks, temperatures = [b.network for b in brains], [b.temperature for b in brains]
    expected = evaluate(networks, data.images, data.labels, temperatures)
    assert document["accuracy"] == expected.accuracy
    assert document["brains"] == [str(brain), "older.npz"]


def test_fail_under(run: Run, small: Path) -> None:
    make_older(Path("brain.npz"))
    accuracy = json.loads(run("evaluate", "--data-dir", small, "--json").stdout)["accuracy"]
    for bound, code in ((accuracy, 0), (accuracy + 0.001, 3), (1.0, 3)):
        result = run("evaluate", "--data-dir", small, "--fail-under", bound)
        assert result.exit_code == code
        assert "accuracy" in result.stdout
        assert (f"is below {bound}" in result.stderr) == (code == 3)


def test_the_pairs_that_are_confused_most_come_last(run: Run, small: Path, fallible: Path) -> None:
    common = ["evaluate", fallible, "--data-dir", small]
    document = json.loads(run(*common, "--json").stdout)
    pairs = [
        {"actual": actual, "predicted": predicted, "count": count}
        for actual, row in enumerate(document["confusion"])
        for predicted, count in enumerate(row)
        if count and actual != predicted
    ]
    worst = sorted(pairs, key=lambda pair: -pair["count"])[:3]
    assert document["most_confused"] == worst != []
    line = run(*common).stdout.splitlines()[-1]
    assert line.startswith(f"most often misread: {worst[0]['actual']} as {worst[0]['predicted']} (")


def test_cells_are_shaded_by_their_share_of_the_row() -> None:
    confusion = np.zeros((10, 10), np.int64)
    confusion[0, 0], confusion[1, 1], confusion[2, [2, 3]] = 10, 1000, 50
    table = _confusion_table(make_evaluation(confusion))
    columns = [list(column.cells) for column in table.columns[1:]]
    styles = [[cell.style for cell in column] for column in columns]  # type: ignore[union-attr]
    assert styles[0][0] == styles[1][1] != styles[2][2]
    assert styles[3][2] not in (styles[2][2], "dim")
    assert styles[5][5] == styles[9][0] == "dim"


def test_a_missing_brain(run: Run, small: Path) -> None:
    result = run("evaluate", "--data-dir", small)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines() == [
        "error: brain.npz: no such file",
        "hint: mnistmlp train --output brain.npz",
    ]


def test_data_of_the_wrong_kind(run: Run, brain: Path, tmp_path: Path) -> None:
    for name in (
        "train-images-idx3-ubyte", "train-labels-idx1-ubyte",
        "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte",
    ):  # fmt: skip
        (tmp_path / name).write_bytes(b"<html>")
    result = run("evaluate", brain, "--data-dir", tmp_path)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: {tmp_path}/t10k-images-idx3-ubyte: not an IDX file")


def test_it_says_how_far_confidence_is_off(run: Run, small: Path, brain: Path) -> None:
    loaded, data = load_brain(brain), load_dataset(small, "test")
    assert loaded.meta
    assert loaded.temperature != 1
    save_brain(Path("plain.npz"), loaded.network, loaded.meta.raw | {"temperature": 1})
    for name in (brain, Path("plain.npz")):
        temperatures = [load_brain(name).temperature]
        found = evaluate([loaded.network], data.images, data.labels, temperatures)
        line = f"confidence is off by {found.calibration_error:.2%} on average"
        before = f"{found.calibration_error_before:.2%} before calibration"
        line += f", {before}" if name == brain else ", uncalibrated"
        assert line in run("evaluate", name, "--data-dir", small).stdout.splitlines()


@pytest.mark.parametrize("reverse", [False, True])
def test_a_committee_is_evaluated_on_calibrated_averages(
    run: Run, small: Path, brain: Path, reverse: bool
) -> None:
    loaded, data = load_brain(brain), load_dataset(small, "test")
    assert loaded.meta
    for name, temperature in (("a.npz", 0.05), ("b.npz", 20)):
        network = deepcopy(loaded.network)
        network.parameters *= 1 if name == "a.npz" else -1  # they disagree: the surer one wins
        save_brain(Path(name), network, loaded.meta.raw | {"temperature": temperature})
    names = ["b.npz", "a.npz"] if reverse else ["a.npz", "b.npz"]
    found = json.loads(run("evaluate", *names, "--json", "--data-dir", small).stdout)
    alone = json.loads(run("evaluate", "a.npz", "--json", "--data-dir", small).stdout)
    assert found["confusion"] == alone["confusion"]
    brains = [load_brain(Path(name)) for name in names]
    mean = committee(
        [each.network for each in brains], data.images, [each.temperature for each in brains]
    )
    right = mean[np.arange(len(data.labels)), data.labels]
    assert found["loss"] == pytest.approx(-np.log(right).mean(), rel=1e-5)
