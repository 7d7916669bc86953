from pathlib import Path

import pytest

from mnistmlp.cli.hints import hint_for
from mnistmlp.data.folder import cache_folder, cache_folder_of
from mnistmlp.errors import (
    BrainError,
    ChangedDataError,
    DataError,
    DivergenceError,
    DownloadError,
    IdxError,
    LargePictureError,
    MissingBrainError,
    MissingDataError,
    MixedDataError,
    MnistMlpError,
    OtherFormatError,
    OtherKindError,
    PictureDeviceError,
    PictureFolderError,
)

FOLDER = Path("my data")


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (MnistMlpError("x", hint="its own"), "its own"),
        (BrainError("x"), None),
        (DivergenceError("x"), None),
        (DivergenceError("x", learning_rate=600), "try a smaller one, such as --learning-rate 60"),
        (
            DivergenceError("x", learning_rate=0.5),
            "try a smaller one, such as --learning-rate 0.05",
        ),
        (MissingBrainError(Path("my brain.npz")), "mnistmlp train --output 'my brain.npz'"),
        (PictureDeviceError("x"), "mnistmlp predict - reads standard input"),
        (
            LargePictureError("x"),
            "make it smaller, with ImageMagick for example: magick FILE -resize 1000x1000 NEW.png",
        ),
        (OtherKindError("x", source="none.csv"), None),
        (PictureFolderError("x"), "mnistmlp predict --recursive FOLDER"),
        (DataError("x"), None),
        (IdxError("x"), None),
        (IdxError("x", folder=FOLDER), "mnistmlp download --data-dir 'my data' --force"),
        (MissingDataError("x", folder=None), None),
        (MissingDataError("x", folder=FOLDER), "mnistmlp download --data-dir 'my data'"),
        (
            MissingDataError("x", folder=FOLDER, dataset="synthetic"),
            "mnistmlp download --dataset synthetic --data-dir 'my data'",
        ),
        (
            ChangedDataError("x", folder=FOLDER, record=None),
            "mnistmlp download --data-dir 'my data'",
        ),
        (
            ChangedDataError("x", folder=FOLDER, record=None, dataset="synthetic"),
            "mnistmlp download --dataset synthetic --data-dir 'my data'",
        ),
        (
            ChangedDataError("x", folder=FOLDER, record=FOLDER / "digests.json"),
            "mnistmlp download --data-dir 'my data' "
            "(if the change is intended: rm 'my data/digests.json')",
        ),
        (
            MixedDataError("x"),
            "use another folder, or none: without --data-dir and MNISTMLP_DATA_DIR "
            "the files go to the cache; or leave out --dataset to use these as they are",
        ),
    ],
)
def test_each_kind_of_error_has_its_hint(error: MnistMlpError, hint: str | None) -> None:
    assert hint_for(error) == hint


A_BRAIN = "a brain is an .npz file written by train, or pretrained, the bundled brain"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("model", "mnistmlp train --output model"),
        ("models/model", "mnistmlp train --output models/model"),
        ("missing.onnx", A_BRAIN),
        ("page.HTML", A_BRAIN),
        ("brain.npz.bak", A_BRAIN),
        ("none/brain.npz", A_BRAIN),  # nothing can be written there
        ("digits", "did you mean digits-1.npz?"),
        ("digits-1", "did you mean digits-1.npz?"),
        ("digits_1.npz", "did you mean digits-1.npz?"),
        ("digits-1.onnx", "did you mean digits-1.npz?"),
        ("digits-1.npz.npz", "did you mean digits-1.npz?"),
        ("a.npz", "mnistmlp train --output a.npz"),  # and not b.npz
        ("models/yuor brain.npz", "did you mean 'models/your brain.npz'?"),
        ("pretrianed", "did you mean pretrained?"),
        ("pretrained.npz", "did you mean pretrained?"),
    ],
)
def test_a_brain_that_is_not_there(name: str, hint: str) -> None:
    Path("models").mkdir()
    for each in ("b.npz", "digits-1.npz", "models/your brain.npz"):
        Path(each).touch()
    assert hint_for(MissingBrainError(Path(name))) == hint


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("my model.safetensors", "mnistmlp import 'my model.safetensors' 'my model.npz'"),
        ("brain.npz.ckpt", "mnistmlp train --resume brain.npz.ckpt"),
        ("model.onnx", A_BRAIN),
        (
            "model.pt",
            "in PyTorch: safetensors.torch.save_file(model.float().state_dict(), "
            "'model.safetensors')",
        ),
    ],
)
def test_a_file_of_another_format(name: str, hint: str) -> None:
    assert hint_for(OtherFormatError(Path(name), "something else")) == hint


def test_the_cache_folder_needs_no_option() -> None:
    folder = cache_folder()
    assert hint_for(IdxError("x", folder=folder)) == "mnistmlp download --force"
    made = IdxError("x", folder=cache_folder_of("synthetic"))
    assert hint_for(made) == "mnistmlp download --dataset synthetic --force"
    assert hint_for(ChangedDataError("x", folder=folder, record=None)) == "mnistmlp download"


def test_the_cache_folder_is_named_where_the_variable_names_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MNISTMLP_DATA_DIR", "own")
    folder = cache_folder()
    hint = hint_for(MissingDataError("x", folder=folder))
    assert hint == f"mnistmlp download --data-dir {folder}"


def test_files_that_no_mirror_gives_can_be_put_there_by_hand() -> None:
    hint = str(hint_for(DownloadError("x", folder=FOLDER)))
    assert hint.startswith("put train-images-idx3-ubyte.gz, ")
    assert "into my data by hand" in hint
    assert "--dataset synthetic" in hint
