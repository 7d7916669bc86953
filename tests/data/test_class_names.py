"""The names of classes, in ``labels.txt`` and in the `meta` of brains."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnistmlp.brains.brain import Brain, Committee, load_brain
from mnistmlp.brains.train import train
from mnistmlp.core.network import Network
from mnistmlp.data.catalog import NAMES, find_name_fault
from mnistmlp.data.datasets import Dataset, load_dataset
from mnistmlp.errors import BrainError, DataError, InputError, OtherTaskError, SettingError
from tests.conftest import few_steps, needs_fifos

TEN = ("cat", "dog", "cow", "pig", "hen", "fox", "owl", "bee", "ant", "elk")
FEW: dict[str, Any] = {"hidden": (), "epochs": 1, "validation": 100}


@pytest.fixture
def named(small: Path) -> Path:
    """A copy of the small data set, with names."""
    folder = Path(shutil.copytree(small, "named"))
    (folder / "labels.txt").write_text("\n".join(TEN))
    return folder


@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES)
def test_the_built_in_names_pass_the_check(names: tuple[str, ...]) -> None:
    assert find_name_fault(names) is None


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("\n".join(TEN), TEN),
        ("\ufeff" + "\r\n".join(TEN) + "\r\n\r\n", TEN),
        ("\n".join([*TEN[:9], "白 猫" * 10]), (*TEN[:9], "白 猫" * 10)),
        ("\n".join(map(str, range(10))), None),  # as if there were none
    ],
)
def test_ten_lines_name_the_classes(named: Path, text: str, names: tuple[str, ...] | None) -> None:
    (named / "labels.txt").write_bytes(text.encode())
    data = load_dataset(named, "test")
    assert (data.names, data.class_names) == (names, names)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "labels.txt: 1 names, expected 10, one for each class"),
        ("\n".join(TEN[:9]).encode(), "labels.txt: 9 names, expected 10"),
        ("\n".join([*TEN, "x"]).encode(), "labels.txt: 11 names, expected 10"),
        ("\n".join([*TEN[:4], "", *TEN[5:]]).encode(), "labels.txt:5: an empty name"),
        ("\n".join([*TEN[:4], " \t", *TEN[5:]]).encode(), "labels.txt:5: an empty name"),
        ("\n".join([*TEN[:9], "cat"]).encode(), "labels.txt:10: 'cat' is the name of two classes"),
        ("\n".join(["x" * 41, *TEN[1:]]).encode(), "labels.txt:1: a name of 41 characters"),
        ("\n".join(["x\x1b[2J", *TEN[1:]]).encode(), "labels.txt:1: 'x.x1b.2J' has unprintable"),
        ("\n".join(["x\u202e", *TEN[1:]]).encode(), "labels.txt:1: 'x.u202e' has unprintable"),
        ("\n".join([" cat", *TEN[1:]]).encode(), "labels.txt:1: ' cat' has unprintable"),
        ("\n".join([*TEN[:2], "é"]).encode("latin1"), "labels.txt:3: not UTF-8 text"),
        (bytes(100_000), "labels.txt: 1 names, expected 10"),
    ],
)
def test_other_files_of_names_are_refused(named: Path, text: bytes, message: str) -> None:
    (named / "labels.txt").write_bytes(text)
    with pytest.raises(DataError, match=message) as caught:
        load_dataset(named, "test")
    assert "\n" not in str(caught.value)
    assert "rename the file if it is something else" in str(caught.value.hint)


@needs_fifos
def test_a_pipe_is_no_file_of_names(named: Path) -> None:
    (named / "labels.txt").unlink()
    os.mkfifo(named / "labels.txt")
    with pytest.raises(DataError, match=r"labels.txt: not a regular file"):
        load_dataset(named, "test")


@few_steps
def test_a_brain_keeps_the_names_and_returns_digits(named: Path) -> None:
    data = load_dataset(named, "train")
    brain = train("modern", data, **FEW)
    brain.save("b.npz")
    loaded = load_brain("b.npz")
    assert loaded.class_names == brain.class_names == TEN
    assert loaded.predict(data.images[:3]).dtype.kind == "i"
    result = loaded.evaluate(data)
    assert result.class_names == TEN
    assert result.name(3) == "pig"
    assert Committee([loaded, loaded]).evaluate(data).describe_confusion().count(" as ")
    loaded.network.parameters[0] += 1
    with pytest.warns(UserWarning, match="have changed since training"):
        loaded.save("changed.npz")
    assert load_brain("changed.npz").class_names == TEN
    with pytest.raises(SettingError, match="adds digits to images of other classes"):
        train("modern", data, synthetic=0.1, **FEW)
    digits = train("modern", (data.images, data.labels), **FEW)
    assert digits.meta
    assert "class_names" not in digits.meta.raw


@few_steps
def test_brains_of_different_classes_form_no_committee(named: Path) -> None:
    data = load_dataset(named, "train")
    other = Dataset(data.images, data.labels, "train", TEN[::-1])
    brains = [train("modern", each, **FEW) for each in (data, other)]
    with pytest.raises(OtherTaskError, match="the first of which are cat and elk"):
        Committee(brains)
    unknown = Brain(Network((784, 10), activation="relu", loss="mse"))
    assert Committee([unknown, brains[0]]).class_names == TEN
    assert unknown.evaluate(data).class_names == TEN  # the data's, where the brain's are unknown


@few_steps
@pytest.mark.parametrize(
    "names",
    [[], "cat", 7, None, {}, [*TEN[:9], 9], [*TEN[:9], "cat"], [*TEN[:9], "x\n"], [*TEN, "x"]],
    ids=str,
)
def test_a_file_with_bad_names_is_no_brain(small: Path, names: object) -> None:
    train("modern", load_dataset(small, "train"), **FEW).save("b.npz")
    with np.load("b.npz") as archive:
        arrays = dict(archive)
    meta = json.loads(str(arrays.pop("meta"))) | {"class_names": names}
    np.savez("bad.npz", meta=np.array(json.dumps(meta)), **arrays)
    with pytest.raises(BrainError, match=r"bad.npz: meta has an invalid class_names: ") as caught:
        load_brain("bad.npz")
    assert str(caught.value).isprintable()


def test_names_given_in_python_are_checked(small: Path) -> None:
    data = load_dataset(small, "test")
    with pytest.raises(InputError, match="3 names, expected 10"):
        Dataset(data.images, data.labels, "test", TEN[:3])
    with pytest.raises(InputError, match="the name of class 9: 'cat' is the name of two classes"):
        Dataset(data.images, data.labels, "test", [*TEN[:9], "cat"])
