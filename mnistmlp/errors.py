"""What can go wrong, as exceptions.

MnistMlpError
├── SettingError        a setting that cannot work, alone or beside another
├── DataError           a data set that is missing, damaged or of the wrong kind
│   ├── IdxError        a file that is not the IDX file it should be
│   └── DownloadError   a file that no mirror would give
├── BrainError          a file that is not a brain, or cannot be read or written
│   └── OtherTaskError  a brain for other images or labels than ours
├── CheckpointError     a file that is not a checkpoint, or cannot be read or written
├── MissingExtraError   an optional package that is not installed
├── PictureError        a picture that cannot be read, or shows no digit
└── DivergenceError     numbers that are no longer finite
"""

from __future__ import annotations

from collections.abc import Sequence


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
    """A data set that is missing, damaged or of the wrong kind."""


class IdxError(DataError):
    """A file that is not the IDX file it should be."""


class DownloadError(DataError):
    """A file that no mirror would give."""


class BrainError(MnistMlpError):
    """A file that is not a brain, or cannot be read or written."""


class OtherTaskError(BrainError):
    """A brain for other images or labels than ours."""


class CheckpointError(MnistMlpError):
    """A file that is not a checkpoint, or cannot be read or written."""


class MissingExtraError(MnistMlpError):
    """An optional package that is not installed."""


class PictureError(MnistMlpError):
    """A picture that cannot be read, or shows no digit."""


class DivergenceError(MnistMlpError):
    """Numbers that are no longer finite: a loss in training, or a network's outputs."""
