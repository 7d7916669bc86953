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

if TYPE_CHECKING:
    from mnistmlp.backpropagation import Workspace as Workspace
    from mnistmlp.backpropagation import backpropagate as backpropagate
    from mnistmlp.brain import PRETRAINED as PRETRAINED
    from mnistmlp.brain import Brain as Brain
    from mnistmlp.brain import describe as describe
    from mnistmlp.brain import load_brain as load_brain
    from mnistmlp.brain import save_brain as save_brain
    from mnistmlp.checkpoint import Checkpoint as Checkpoint
    from mnistmlp.checkpoint import load_checkpoint as load_checkpoint
    from mnistmlp.checkpoint import save_checkpoint as save_checkpoint
    from mnistmlp.core import Network as Network
    from mnistmlp.datasets import Dataset as Dataset
    from mnistmlp.datasets import default_folder as default_folder
    from mnistmlp.datasets import load_dataset as load_dataset
    from mnistmlp.download import download_dataset as download_dataset
    from mnistmlp.errors import BrainError as BrainError
    from mnistmlp.errors import CheckpointError as CheckpointError
    from mnistmlp.errors import DataError as DataError
    from mnistmlp.errors import DivergenceError as DivergenceError
    from mnistmlp.errors import DownloadError as DownloadError
    from mnistmlp.errors import IdxError as IdxError
    from mnistmlp.errors import MissingExtraError as MissingExtraError
    from mnistmlp.errors import MnistMlpError as MnistMlpError
    from mnistmlp.errors import OtherTaskError as OtherTaskError
    from mnistmlp.errors import PictureError as PictureError
    from mnistmlp.errors import SettingError as SettingError
    from mnistmlp.export.onnx import export_onnx as export_onnx
    from mnistmlp.export.safetensors import export_safetensors as export_safetensors
    from mnistmlp.idx import read_idx as read_idx
    from mnistmlp.idx import write_idx as write_idx
    from mnistmlp.images import read_picture as read_picture
    from mnistmlp.importing import import_safetensors as import_safetensors
    from mnistmlp.metrics import Evaluation as Evaluation
    from mnistmlp.metrics import committee as committee
    from mnistmlp.metrics import evaluate as evaluate
    from mnistmlp.optim import SGD as SGD
    from mnistmlp.optim import Adam as Adam
    from mnistmlp.provenance import Provenance as Provenance
    from mnistmlp.recipes import RECIPES as RECIPES
    from mnistmlp.recipes import Recipe as Recipe
    from mnistmlp.synthetic import make_digits as make_digits
    from mnistmlp.training import EpochReport as EpochReport
    from mnistmlp.training import State as State
    from mnistmlp.training import Training as Training
    from mnistmlp.training import fit as fit

__version__ = "0.1.0"

_MODULES = {
    "backpropagation": ("Workspace", "backpropagate"),
    "brain": ("PRETRAINED", "Brain", "describe", "load_brain", "save_brain"),
    "checkpoint": ("Checkpoint", "load_checkpoint", "save_checkpoint"),
    "core": ("Network",),
    "datasets": ("Dataset", "default_folder", "load_dataset"),
    "download": ("download_dataset",),
    "errors": (
        "BrainError",
        "CheckpointError",
        "DataError",
        "DivergenceError",
        "DownloadError",
        "IdxError",
        "MissingExtraError",
        "MnistMlpError",
        "OtherTaskError",
        "PictureError",
        "SettingError",
    ),
    "export.onnx": ("export_onnx",),
    "export.safetensors": ("export_safetensors",),
    "idx": ("read_idx", "write_idx"),
    "images": ("read_picture",),
    "importing": ("import_safetensors",),
    "metrics": ("Evaluation", "committee", "evaluate"),
    "optim": ("SGD", "Adam"),
    "provenance": ("Provenance",),
    "recipes": ("RECIPES", "Recipe"),
    "synthetic": ("make_digits",),
    "training": ("EpochReport", "State", "Training", "fit"),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}

__all__ = ["__version__", *_HOME]


def __getattr__(name: str) -> Any:
    """Import a public name from its module."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
