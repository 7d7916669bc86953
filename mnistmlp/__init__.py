"""A multilayer perceptron for MNIST in pure NumPy.

    >>> import mnistmlp
    >>> folder = mnistmlp.default_folder()
    >>> mnistmlp.download_dataset(folder)
    >>> data = mnistmlp.load_dataset(folder, "train")
    >>> training = mnistmlp.fit(mnistmlp.RECIPES["modern"], data.images, data.labels)

The public names are imported on first use (PEP 562), so that `import
mnistmlp` itself loads nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from mnistmlp.version import __version__ as __version__

if TYPE_CHECKING:
    from mnistmlp.brains.brain import PRETRAINED as PRETRAINED
    from mnistmlp.brains.brain import Brain as Brain
    from mnistmlp.brains.brain import describe as describe
    from mnistmlp.brains.brain import load_brain as load_brain
    from mnistmlp.brains.brain import save_brain as save_brain
    from mnistmlp.brains.checkpoint import Checkpoint as Checkpoint
    from mnistmlp.brains.checkpoint import load_checkpoint as load_checkpoint
    from mnistmlp.brains.checkpoint import save_checkpoint as save_checkpoint
    from mnistmlp.brains.provenance import Provenance as Provenance
    from mnistmlp.core.backpropagation import Workspace as Workspace
    from mnistmlp.core.backpropagation import backpropagate as backpropagate
    from mnistmlp.core.metrics import Evaluation as Evaluation
    from mnistmlp.core.metrics import committee as committee
    from mnistmlp.core.metrics import evaluate as evaluate
    from mnistmlp.core.network import Network as Network
    from mnistmlp.data.datasets import Dataset as Dataset
    from mnistmlp.data.datasets import load_dataset as load_dataset
    from mnistmlp.data.download import download_dataset as download_dataset
    from mnistmlp.data.folder import default_folder as default_folder
    from mnistmlp.data.idx import read_idx as read_idx
    from mnistmlp.data.idx import write_idx as write_idx
    from mnistmlp.data.synthetic import make_digits as make_digits
    from mnistmlp.errors import BrainError as BrainError
    from mnistmlp.errors import ChangedDataError as ChangedDataError
    from mnistmlp.errors import CheckpointError as CheckpointError
    from mnistmlp.errors import DataError as DataError
    from mnistmlp.errors import DivergenceError as DivergenceError
    from mnistmlp.errors import DownloadError as DownloadError
    from mnistmlp.errors import IdxError as IdxError
    from mnistmlp.errors import LargePictureError as LargePictureError
    from mnistmlp.errors import MissingBrainError as MissingBrainError
    from mnistmlp.errors import MissingDataError as MissingDataError
    from mnistmlp.errors import MissingExtraError as MissingExtraError
    from mnistmlp.errors import MixedDataError as MixedDataError
    from mnistmlp.errors import MnistMlpError as MnistMlpError
    from mnistmlp.errors import NoInkError as NoInkError
    from mnistmlp.errors import OtherFormatError as OtherFormatError
    from mnistmlp.errors import OtherTaskError as OtherTaskError
    from mnistmlp.errors import PictureDeviceError as PictureDeviceError
    from mnistmlp.errors import PictureError as PictureError
    from mnistmlp.errors import PictureFolderError as PictureFolderError
    from mnistmlp.errors import SettingError as SettingError
    from mnistmlp.errors import WriteError as WriteError
    from mnistmlp.exchange.onnx import export_onnx as export_onnx
    from mnistmlp.exchange.safetensors import export_safetensors as export_safetensors
    from mnistmlp.exchange.safetensors import import_safetensors as import_safetensors
    from mnistmlp.pictures.images import read_picture as read_picture
    from mnistmlp.pictures.numbers.reading import NumberReading as NumberReading
    from mnistmlp.pictures.numbers.reading import read_number as read_number
    from mnistmlp.training.loop import fit as fit
    from mnistmlp.training.optim import SGD as SGD
    from mnistmlp.training.optim import Adam as Adam
    from mnistmlp.training.recipes import RECIPES as RECIPES
    from mnistmlp.training.recipes import Recipe as Recipe
    from mnistmlp.training.state import EpochReport as EpochReport
    from mnistmlp.training.state import TrainingResult as TrainingResult
    from mnistmlp.training.state import TrainingState as TrainingState

_MODULES = {
    "brains.brain": (
        "PRETRAINED",
        "Brain",
        "describe",
        "load_brain",
        "save_brain",
    ),
    "brains.checkpoint": (
        "Checkpoint",
        "load_checkpoint",
        "save_checkpoint",
    ),
    "brains.provenance": ("Provenance",),
    "core.backpropagation": (
        "Workspace",
        "backpropagate",
    ),
    "core.metrics": (
        "Evaluation",
        "committee",
        "evaluate",
    ),
    "core.network": ("Network",),
    "data.datasets": (
        "Dataset",
        "load_dataset",
    ),
    "data.download": ("download_dataset",),
    "data.folder": ("default_folder",),
    "data.idx": (
        "read_idx",
        "write_idx",
    ),
    "data.synthetic": ("make_digits",),
    "errors": (
        "BrainError",
        "ChangedDataError",
        "CheckpointError",
        "DataError",
        "DivergenceError",
        "DownloadError",
        "IdxError",
        "LargePictureError",
        "MissingBrainError",
        "MissingDataError",
        "MissingExtraError",
        "MixedDataError",
        "MnistMlpError",
        "NoInkError",
        "OtherFormatError",
        "OtherTaskError",
        "PictureDeviceError",
        "PictureError",
        "PictureFolderError",
        "SettingError",
        "WriteError",
    ),
    "exchange.onnx": ("export_onnx",),
    "exchange.safetensors": (
        "export_safetensors",
        "import_safetensors",
    ),
    "pictures.images": ("read_picture",),
    "pictures.numbers.reading": ("NumberReading", "read_number"),
    "training.loop": ("fit",),
    "training.state": ("EpochReport", "TrainingResult", "TrainingState"),
    "training.optim": (
        "SGD",
        "Adam",
    ),
    "training.recipes": (
        "RECIPES",
        "Recipe",
    ),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}

__all__ = ["__version__", *_HOME]


def __getattr__(name: str) -> Any:
    """Import a public name from its module."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
