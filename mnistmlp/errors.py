"""What can go wrong, as exceptions.

MnistMlpError
├── SettingError            a setting that cannot work, alone or beside another
├── DataError               a data set that is missing, damaged or of the wrong kind
│   ├── IdxError            a file that is not the IDX file it should be
│   ├── ChangedDataError    a downloaded file that has changed since
│   ├── MixedDataError      a folder that holds other data than the data set to be made
│   └── DownloadError       a file that no mirror would give
├── BrainError              a file that is not a brain, or cannot be read
│   ├── MissingBrainError   a brain file that is not there
│   └── OtherTaskError      a brain for other images or labels than ours
├── CheckpointError         a file that is not a checkpoint, or cannot be read
├── WriteError              a file that cannot be written
├── MissingExtraError       an optional package that is not installed
├── PictureError            a picture that cannot be read, or shows no digit
│   └── PictureFolderError  a folder where a picture should be
└── DivergenceError         numbers that are no longer finite
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


class MnistMlpError(Exception):
    """Base of all errors that this package raises on purpose.

    Parameters
    ----------
    message : str
        One line: what is wrong, with the file's name and the value.
    hint : str, optional
        A way out, as one line.
    details : sequence of str
        Further lines, for an error that has several causes.
    """

    def __init__(
        self, message: str, *, hint: str | None = None, details: Sequence[str] = ()
    ) -> None:
        super().__init__(message)
        self.hint = hint
        self.details = tuple(details)


class SettingError(MnistMlpError):
    """A setting that cannot work, alone or beside another.

    Parameters
    ----------
    setting : str
        Its name, as in `Recipe` or as an option of the command line, with
        underscores: ``learning_rate``.
    message : str
        What it must be, and what it was.
    """

    def __init__(self, setting: str, message: str) -> None:
        super().__init__(f"{setting}: {message}")
        self.setting = setting
        self.message = message


class DataError(MnistMlpError):
    """A data set that is missing, damaged or of the wrong kind.

    Parameters
    ----------
    folder : Path, optional
        Where the data set should be, if fetching it may help.
    """

    def __init__(
        self, message: str, *, folder: Path | None = None, details: Sequence[str] = ()
    ) -> None:
        super().__init__(message, details=details)
        self.folder = folder


class IdxError(DataError):
    """A file that is not the IDX file it should be."""


class ChangedDataError(DataError):
    """A downloaded file that has changed since.

    Parameters
    ----------
    record : Path, optional
        The record of its digest, if the change may have been meant.
    """

    def __init__(self, message: str, *, folder: Path, record: Path | None) -> None:
        super().__init__(message, folder=folder)
        self.record = record


class MixedDataError(DataError):
    """A folder that holds other data than the data set to be made in it."""


class DownloadError(DataError):
    """A file that no mirror would give."""


class BrainError(MnistMlpError):
    """A file that is not a brain, or cannot be read."""


class MissingBrainError(BrainError):
    """A brain file that is not there."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path}: no such file")
        self.path = path


class OtherTaskError(BrainError):
    """A brain for other images or labels than ours."""


class CheckpointError(MnistMlpError):
    """A file that is not a checkpoint, or cannot be read."""


class WriteError(MnistMlpError):
    """A file that cannot be written."""


class MissingExtraError(MnistMlpError):
    """An optional package that is not installed."""


class PictureError(MnistMlpError):
    """A picture that cannot be read, or shows no digit."""


class PictureFolderError(PictureError):
    """A folder where a picture should be."""


class DivergenceError(MnistMlpError):
    """Numbers that are no longer finite: a loss in training, or a network's outputs.

    Parameters
    ----------
    learning_rate : float, optional
        That the loss was reached with.
    """

    def __init__(self, message: str, *, learning_rate: float | None = None) -> None:
        super().__init__(message)
        self.learning_rate = learning_rate


@contextmanager
def needs_extra(name: str) -> Iterator[None]:
    """Raise MissingExtraError where the block cannot import the package that an extra names."""
    try:
        yield
    except ImportError as error:
        raise MissingExtraError(
            f"this needs the package {name}: {error}", hint=f"pip install 'mnistmlp[{name}]'"
        ) from None
