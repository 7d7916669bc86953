"""Give a brain without validation images the temperature of its twin, which held some out.

    python calibrate.py TWIN BRAIN

The temperature is fitted on the images that the twin held out, at the end of
MNIST's training images, and written to BRAIN.
"""

from __future__ import annotations

import sys
from pathlib import Path

from mnistmlp.brains.brain import load_brain
from mnistmlp.brains.file import write_brain
from mnistmlp.brains.meta import Meta
from mnistmlp.core.calibration import calibrate
from mnistmlp.core.metrics import evaluate, probabilities
from mnistmlp.data.datasets import load_dataset
from mnistmlp.data.folder import default_folder


def main() -> None:
    """Fit the temperature, print what it does to the twin, and write it."""
    twin, brain = (load_brain(Path(name)) for name in sys.argv[1:])
    networks = {(each.network.sizes, each.network.normalization) for each in (twin, brain)}
    if not (twin.meta and brain.meta) or len(networks) > 1:
        sys.exit("these are not twins")
    data = load_dataset(default_folder(), "train")
    count = twin.meta.recipe["validation"]
    images, labels = data.images[-count:], data.labels[-count:]
    temperature = calibrate(probabilities(twin.network.outputs(images)), labels)
    found = evaluate([twin.network], images, labels, [temperature])
    print(
        f"temperature {temperature}: on the {count:,} images, accuracy {found.accuracy:.2%}, "
        f"calibration error {found.calibration_error_before:.2%} before, "
        f"{found.calibration_error:.2%} after"
    )
    meta = brain.meta.raw | {"temperature": temperature}
    path = Path(sys.argv[2])
    write_brain(path, brain.network, Meta.parse(meta, path))


if __name__ == "__main__":
    main()
