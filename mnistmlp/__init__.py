"""A multilayer perceptron for MNIST in pure NumPy.

    >>> import mnistmlp
    >>> train, test = mnistmlp.load("mnist")
    >>> brain = mnistmlp.train("modern", train)
    >>> brain.evaluate(test).accuracy

The public names are imported on first use (PEP 562), so that `import
mnistmlp` itself loads nothing.  docs/python.md shows what to do with them.
"""

from mnistmlp.version import __version__ as __version__

TYPE_CHECKING = False  # true for type checkers; importing it from typing would take 5 ms

if TYPE_CHECKING:
    from mnistmlp.brains.brain import (
        Brain as Brain,
        Committee as Committee,
        load_brain as load_brain,
        pretrained as pretrained,
    )
    from mnistmlp.brains.checkpoint import (
        Checkpoint as Checkpoint,
        load_checkpoint as load_checkpoint,
        save_checkpoint as save_checkpoint,
    )
    from mnistmlp.brains.classifier import Recognition as Recognition
    from mnistmlp.brains.train import resume as resume, train as train
    from mnistmlp.core.backpropagation import Workspace as Workspace, backpropagate as backpropagate
    from mnistmlp.core.initialization import initialise as initialise
    from mnistmlp.core.metrics import Evaluation as Evaluation
    from mnistmlp.core.mistakes import Mistakes as Mistakes
    from mnistmlp.core.network import Network as Network
    from mnistmlp.data.datasets import Dataset as Dataset, load_dataset as load_dataset
    from mnistmlp.data.download import download_dataset as download_dataset
    from mnistmlp.data.folder import default_folder as default_folder
    from mnistmlp.data.idx import read_idx as read_idx, write_idx as write_idx
    from mnistmlp.data.load import load as load
    from mnistmlp.data.synthetic import make_digits as make_digits
    from mnistmlp.errors import (
        BrainError as BrainError,
        ChangedDataError as ChangedDataError,
        CheckpointError as CheckpointError,
        DataError as DataError,
        DivergenceError as DivergenceError,
        DownloadError as DownloadError,
        IdxError as IdxError,
        InputError as InputError,
        LargePictureError as LargePictureError,
        MissingBrainError as MissingBrainError,
        MissingDataError as MissingDataError,
        MissingExtraError as MissingExtraError,
        MixedDataError as MixedDataError,
        MnistMlpError as MnistMlpError,
        NoInkError as NoInkError,
        OtherFormatError as OtherFormatError,
        OtherKindError as OtherKindError,
        OtherTaskError as OtherTaskError,
        PictureDeviceError as PictureDeviceError,
        PictureError as PictureError,
        PictureFolderError as PictureFolderError,
        SettingError as SettingError,
        WriteError as WriteError,
    )
    from mnistmlp.exchange.onnx import export_onnx as export_onnx
    from mnistmlp.exchange.safetensors import (
        export_safetensors as export_safetensors,
        import_safetensors as import_safetensors,
    )
    from mnistmlp.pictures.images import read_picture as read_picture
    from mnistmlp.pictures.numbers.reading import (
        NumberReading as NumberReading,
        read_number as read_number,
    )
    from mnistmlp.training.batches import Batches as Batches
    from mnistmlp.training.loop import fit as fit
    from mnistmlp.training.optim import (
        SCHEDULES as SCHEDULES,
        SGD as SGD,
        Adam as Adam,
        make_optimizer as make_optimizer,
    )
    from mnistmlp.training.recipes import RECIPES as RECIPES, Recipe as Recipe
    from mnistmlp.training.state import (
        EpochReport as EpochReport,
        TrainingResult as TrainingResult,
        TrainingState as TrainingState,
    )
else:
    _MODULES = {
        "brains.brain": "Brain Committee load_brain pretrained",
        "brains.checkpoint": "Checkpoint load_checkpoint save_checkpoint",
        "brains.classifier": "Recognition",
        "brains.train": "resume train",
        "core.backpropagation": "Workspace backpropagate",
        "core.initialization": "initialise",
        "core.metrics": "Evaluation",
        "core.mistakes": "Mistakes",
        "core.network": "Network",
        "data.datasets": "Dataset load_dataset",
        "data.download": "download_dataset",
        "data.folder": "default_folder",
        "data.idx": "read_idx write_idx",
        "data.load": "load",
        "data.synthetic": "make_digits",
        "errors": (
            "BrainError ChangedDataError CheckpointError DataError DivergenceError "
            "DownloadError IdxError InputError LargePictureError MissingBrainError "
            "MissingDataError MissingExtraError MixedDataError MnistMlpError NoInkError "
            "OtherFormatError OtherKindError OtherTaskError PictureDeviceError PictureError "
            "PictureFolderError SettingError WriteError"
        ),
        "exchange.onnx": "export_onnx",
        "exchange.safetensors": "export_safetensors import_safetensors",
        "pictures.images": "read_picture",
        "pictures.numbers.reading": "NumberReading read_number",
        "training.batches": "Batches",
        "training.loop": "fit",
        "training.optim": "SCHEDULES SGD Adam make_optimizer",
        "training.recipes": "RECIPES Recipe",
        "training.state": "EpochReport TrainingResult TrainingState",
    }
    _HOME = {name: module for module, names in _MODULES.items() for name in names.split()}

    __all__ = ["__version__", *_HOME]

    def __getattr__(name: str) -> object:
        """Import a public name from its module."""
        if name not in _HOME:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        import importlib  # needed only the first time

        value = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
        globals()[name] = value  # found directly the next time
        return value

    def __dir__() -> list[str]:
        """Return the public names, imported or not."""
        return sorted(__all__)
