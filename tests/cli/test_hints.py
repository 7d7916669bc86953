from pathlib import Path

import pytest

from mnistmlp.cli.hints import hint_for
from mnistmlp.data.folder import cache_folder
from mnistmlp.errors import (
    BrainError,
    ChangedDataError,
    DataError,
    DivergenceError,
    DownloadError,
    IdxError,
    MissingBrainError,
    MissingDataError,
    MixedDataError,
    MnistMlpError,
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
        (PictureFolderError("x"), "mnistmlp predict --recursive FOLDER"),
        (DataError("x"), None),
        (IdxError("x"), None),
        (IdxError("x", folder=FOLDER), "mnistmlp download --data-dir 'my data' --force"),
        (MissingDataError("x", folder=None), None),
        (MissingDataError("x", folder=FOLDER), "mnistmlp download --data-dir 'my data'"),
        (
            MissingDataError("x", folder=FOLDER, synthetic=True),
            "mnistmlp download --dataset synthetic --data-dir 'my data'",
        ),
        (
            ChangedDataError("x", folder=FOLDER, record=None),
            "mnistmlp download --data-dir 'my data'",
        ),
        (
            ChangedDataError("x", folder=FOLDER, record=None, synthetic=True),
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
            "the files are kept in the cache",
        ),
    ],
)
def test_each_kind_of_error_has_its_hint(error: MnistMlpError, hint: str | None) -> None:
    assert hint_for(error) == hint


def test_the_cache_folder_needs_no_option() -> None:
    folder = cache_folder()
    assert hint_for(IdxError("x", folder=folder)) == "mnistmlp download --force"
    assert hint_for(ChangedDataError("x", folder=folder, record=None)) == "mnistmlp download"


def test_files_that_no_mirror_gives_can_be_put_there_by_hand() -> None:
    hint = str(hint_for(DownloadError("x", folder=FOLDER)))
    assert hint.startswith("put train-images-idx3-ubyte.gz, ")
    assert "into my data by hand" in hint
    assert "--dataset synthetic" in hint
