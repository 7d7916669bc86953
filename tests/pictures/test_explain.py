import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnistmlp.errors import NoInkError, WriteError
from mnistmlp.pictures.explain import (
    describe_reading,
    fit_into_square,
    panels,
    refused_panels,
    write_explanation,
    write_refusal,
)
from mnistmlp.pictures.images import Reading, examine_picture


@pytest.fixture
def reading() -> Reading:
    picture = Image.new("L", (200, 100), 255)
    picture.paste(0, (90, 20, 110, 80))
    picture.save("picture.png")
    return examine_picture(Path("picture.png"))


def test_steps_and_facts(reading: Reading) -> None:
    steps = panels(reading, 50)
    assert [title for title, _ in steps] == ["picture", "ink", "28 x 28"]
    assert [levels.shape for _, levels in steps] == [(50, 50), (50, 50), (28, 28)]
    assert steps[0][1][25, 25] < 30
    assert steps[1][1][25, 25] > 225
    assert describe_reading(reading).startswith("dark ink on a light background, 2")
    ready = Reading(reading.image, reading.grey)
    assert len(panels(ready, 50)) == 2
    assert describe_reading(ready) == "already 28 x 28, unchanged"


def test_the_steps_up_to_a_refusal() -> None:
    grey = np.full((50, 100), 200, np.float32)
    grey[:, 70:] = 100  # the edge of a shadow
    Image.fromarray(grey.astype(np.uint8)).save("picture.png")
    with pytest.raises(NoInkError, match="no ink found") as found:
        examine_picture(Path("picture.png"))
    error = pickle.loads(pickle.dumps(found.value))  # another process may have read it
    assert error.reason.startswith("what stands out is too wide")
    steps = refused_panels(error, 40)
    assert [title for title, _ in steps] == ["picture", "what stands out"]
    assert (steps[0][1][20, [5, 35]] == (200, 100)).all()
    assert np.ptp(steps[1][1][12:28]) > 50
    write_refusal(Path("steps.png"), error)
    with Image.open("steps.png") as page:
        assert page.size == (16 + 3 * (224 + 16), 28 + 224 + 28 + 16)
    with pytest.raises(WriteError):
        write_refusal(Path("none/steps.png"), error)


def test_fit_keeps_the_aspect() -> None:
    field = fit_into_square(np.full((10, 40), 200, np.float32), 20)
    assert field.shape == (20, 20)
    assert (field == 200).sum() == 20 * 5


def test_the_picture(reading: Reading) -> None:
    probabilities = np.eye(10, dtype=np.float32)[3]
    write_explanation(Path("steps.png"), reading, probabilities)
    with Image.open("steps.png") as page:
        assert page.mode == "RGB"
        blue = (np.asarray(page) == (32, 96, 192)).all(axis=2)
    rows = np.flatnonzero(blue.any(axis=1))
    assert rows.mean() == pytest.approx(28 + 3.5 * 224 / 10, abs=2)  # the bar of 3
    write_explanation(Path("more.png"), reading, probabilities, [("upright", reading.image[::-1])])
    with Image.open("steps.png") as before, Image.open("more.png") as after:
        step = 224 + 16
        pixels = np.asarray(after)
        assert after.size == (before.width + step, before.height)
        seen, turned = (pixels[28:252, 16 + n * step :][:, :224] for n in (2, 3))
        np.testing.assert_array_equal(turned, seen[::-1])
        np.testing.assert_array_equal(
            pixels[:240, 16 + 4 * step :], np.asarray(before)[:240, 16 + 3 * step :]
        )
    with pytest.raises(WriteError, match=r"none/steps\.png: cannot be written: no such folder"):
        write_explanation(Path("none/steps.png"), reading, probabilities)
