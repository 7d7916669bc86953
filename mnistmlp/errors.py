"""The exceptions that this package raises.

MnistMlpError
├── SettingError            a setting that is invalid, alone or combined with another
├── InputError              invalid images or labels (also a ValueError)
├── DataError               a data set that is missing, damaged or of the wrong kind
│   ├── IdxError            a file that is not a valid IDX file
│   ├── MissingDataError    a folder that lacks files of a data set
│   ├── ChangedDataError    a file of a data set that has changed since it was written
│   ├── MixedDataError      a folder that holds files of more than one data set
│   └── DownloadError       a file that no mirror could provide
├── BrainError              a file that is not a brain, or cannot be read
│   ├── MissingBrainError   a brain file that does not exist
│   ├── OtherFormatError    a file whose name says that it has another format
│   └── OtherTaskError      a brain for another kind of images or labels
├── CheckpointError         a file that is not a checkpoint, or cannot be read
├── RecipeError             a file that is not a recipe, or cannot be read
├── StudyError              a study that cannot be opened or reached, or has other settings
├── WriteError              a file that cannot be written
├── MissingExtraError       an optional package that is not installed
├── ClusterError            a cluster that cannot be reached, or cannot train
├── PictureError            a picture that cannot be read, or shows no digit
│   ├── NoInkError          a picture without ink
│   ├── LargePictureError   a picture with too many pixels or bytes
│   ├── OtherKindError      a file that does not seem to be a picture
│   ├── PictureFolderError  a folder instead of a picture
│   └── PictureDeviceError  a device or a socket instead of a picture
└── DivergenceError         a loss or an output that is no longer finite
"""

from __future__ import annotations

import copyreg
import sys
import warnings
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from math import inf
from operator import index
from pathlib import Path
from reprlib import repr as short
from typing import TYPE_CHECKING, Any

from mnistmlp.version import install_command

if TYPE_CHECKING:
    from mnistmlp.arrays import Grey


class MnistMlpError(Exception):
    """Base of all errors that this package raises on purpose.

    Parameters
    ----------
    message : str
        One line: what is wrong, with the file's name and the value.
    hint : str, optional
        One line: how to fix it.
    details : sequence of str
        Further lines, for an error with several causes.
    """

    def __init__(
        self, message: str, *, hint: str | None = None, details: Sequence[str] = ()
    ) -> None:
        super().__init__(message)
        self.hint = hint
        self.details = tuple(details)
        for note in (*details, *([f"hint: {hint}"] if hint else [])):
            self.add_note(note)  # shown in a traceback

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle without `__init__`, whose arguments are not kept."""
        return copyreg.__newobj__, (type(self), *self.args), vars(self)  # type: ignore[attr-defined]


class SettingError(MnistMlpError):
    """A setting that is invalid, alone or combined with another.

    Parameters
    ----------
    setting : str
        Its name, as in `Recipe` or on the command line, with underscores:
        ``learning_rate``.
    message : str
        What is wrong, with the value.
    hint : str, optional
        One line: how to fix it.
    """

    def __init__(self, setting: str, message: str, *, hint: str | None = None) -> None:
        super().__init__(f"{setting}: {message}", hint=hint)
        self.setting = setting
        self.message = message


class InputError(MnistMlpError, ValueError):
    """Invalid images or labels; the message says how to fix them."""


class DataError(MnistMlpError):
    """A data set that is missing, damaged or of the wrong kind.

    Parameters
    ----------
    folder : Path, optional
        Where the data set should be, if downloading or making it may help.
    dataset : str
        The name of the data set.
    """

    def __init__(
        self,
        message: str,
        *,
        folder: Path | None = None,
        dataset: str = "mnist",
        hint: str | None = None,
        details: Sequence[str] = (),
    ) -> None:
        super().__init__(message, hint=hint, details=details)
        self.folder = folder
        self.dataset = dataset


class IdxError(DataError):
    """A file that is not a valid IDX file.

    Parameters
    ----------
    repair : str, optional
        A Python expression for the array that the file should hold.
    """

    def __init__(
        self, message: str, *, folder: Path | None = None, repair: str | None = None
    ) -> None:
        super().__init__(message, folder=folder)
        self.repair = repair


class MissingDataError(DataError):
    """A folder that lacks files of a data set.

    Parameters
    ----------
    folder : Path, optional
        The folder, if the missing files can be added to it.
    dataset : str
        The name of the data set in the folder.
    """


class ChangedDataError(DataError):
    """A file of a data set that has changed since it was written.

    Parameters
    ----------
    dataset : str
        The name of its data set.
    record : Path, optional
        The record of its digest, if the change may be intended.
    """

    def __init__(
        self, message: str, *, folder: Path, dataset: str = "mnist", record: Path | None
    ) -> None:
        super().__init__(message, folder=folder, dataset=dataset)
        self.record = record


class MixedDataError(DataError):
    """A folder that holds files of more than one data set, or would after writing."""


class DownloadError(DataError):
    """A file that no mirror could provide."""


class BrainError(MnistMlpError):
    """A file that is not a brain, or cannot be read."""


class MissingBrainError(BrainError):
    """A brain file that does not exist."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path}: no such file")
        self.path = path


class OtherFormatError(BrainError):
    """A file that is not a brain, and whose name says that it has another format."""

    def __init__(self, path: Path, kind: str) -> None:
        super().__init__(f"{path}: not a brain file, but by its name {kind}")
        self.path = path


class OtherTaskError(BrainError):
    """A brain for another kind of images or labels."""


class CheckpointError(MnistMlpError):
    """A file that is not a checkpoint, or cannot be read."""


class RecipeError(MnistMlpError):
    """A file that is not a recipe, or cannot be read."""


class StudyError(MnistMlpError):
    """A study of `tune` that cannot be opened or reached, or has other settings."""


class WriteError(MnistMlpError):
    """A file that cannot be written."""


class MissingExtraError(MnistMlpError):
    """An optional package that is not installed."""


class ClusterError(MnistMlpError):
    """A cluster that cannot be reached, or cannot train."""


class PictureError(MnistMlpError):
    """A picture that cannot be read, or shows no digit."""


class NoInkError(PictureError):
    """A picture without ink.

    Parameters
    ----------
    source : str
        The picture's name.
    grey : (h, w) float32
        Its grey levels, 0 to 255.
    contrast : (h, w) float32
        How much each pixel differs from its background, 0 to 255.
    reason : str
        Why it is not taken for ink.
    """

    def __init__(
        self,
        message: str,
        *,
        source: str = "",
        grey: Grey | None = None,
        contrast: Grey | None = None,
        reason: str = "",
        hint: str | None = None,
        details: Sequence[str] = (),
    ) -> None:
        super().__init__(message, hint=hint, details=details)
        self.source = source
        self.grey = grey
        self.contrast = contrast
        self.reason = reason


class LargePictureError(PictureError):
    """A picture with too many pixels or bytes."""


class OtherKindError(PictureError):
    """A file that does not seem to be a picture.

    Parameters
    ----------
    source : str
        The file's name.
    """

    def __init__(
        self,
        message: str,
        *,
        source: str = "",
        hint: str | None = None,
        details: Sequence[str] = (),
    ) -> None:
        super().__init__(message, hint=hint, details=details)
        self.source = source


class PictureFolderError(PictureError):
    """A folder instead of a picture."""


class PictureDeviceError(PictureError):
    """A device or a socket instead of a picture."""


class DivergenceError(MnistMlpError):
    """A training loss or network outputs that are no longer finite.

    Parameters
    ----------
    learning_rate : float, optional
        Learning rate of the training run.
    """

    def __init__(self, message: str, *, learning_rate: float | None = None) -> None:
        super().__init__(message)
        self.learning_rate = learning_rate


def warn(message: str) -> None:
    """Warn the package's caller, at the line of the call."""
    folder, frame, level = str(Path(__file__).parent), sys._getframe(1), 2
    while frame.f_back and frame.f_code.co_filename.startswith(folder):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, stacklevel=level)


def check_whole(setting: str, value: Any, needed: str, least: int, most: float = inf) -> int:
    """Return a whole number as an int; raise SettingError unless it is one within these bounds.

    `needed` completes "… is not".
    """
    with suppress(TypeError):
        if least <= (number := index(value)) <= most:
            return number
    raise SettingError(setting, f"{short(value)} is not {needed}")


def check_choice(setting: str, value: object, choices: Collection[str]) -> None:
    """Raise SettingError unless the value is one of these names."""
    if not isinstance(value, str) or value not in choices:
        raise SettingError(setting, f"{short(value)} is not one of {', '.join(choices)}")


def find_root(error: BaseException) -> BaseException:
    """Return what was the first cause of an exception; SQLAlchemy's have theirs as `orig`."""
    return find_root(by) if (by := error.__cause__ or getattr(error, "orig", None)) else error


@contextmanager
def needs_extra(name: str) -> Iterator[None]:
    """Turn a failed import in the block into a MissingExtraError that names the extra."""
    try:
        yield
    except ImportError as error:
        raise MissingExtraError(
            f"this needs the extra {name}: {error}", hint=install_command(name)
        ) from None
