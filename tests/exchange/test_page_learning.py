"""The page learns as the package does: gradients, digits to learn from, files to save."""

from __future__ import annotations

import base64
import io
import json
import math
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from mnistmlp.arrays import Array, Bytes
from mnistmlp.brains.brain import Brain, load_brain
from mnistmlp.core.backpropagation import Workspace, backpropagate
from mnistmlp.core.network import Network
from mnistmlp.data.idx import read_idx
from mnistmlp.data.synthetic import make_digits
from mnistmlp.exchange.digits import COUNT, LEVEL, SEED
from mnistmlp.exchange.html import write_page
from tests.browser import collect_troubles
from tests.exchange.conftest import encoded, random_brain

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A page of a tiny network: the tests here call its functions with networks of their own."""
    path = tmp_path_factory.mktemp("page") / "page.html"
    write_page(path, random_brain(5), "b.npz")
    page, troubles = browser.new_page(), list[str]()
    collect_troubles(page, path, troubles)
    page.goto(path.as_uri())
    page.evaluate(SETUP)
    yield page
    page.close()
    assert troubles == []


SETUP = """() => {
    window.networkOf = ([brain, weights]) => {
        const parameters = new Float32Array(fromBase64(weights).buffer);
        return { ...brain, parameters, layers: layerMatrices(parameters, brain.sizes) };
    };
    window.imagesOf = (text) => {
        const bytes = fromBase64(text);
        return Array.from({ length: bytes.length / 784 }, (_, i) =>
            bytes.subarray(784 * i, 784 * (i + 1)));
    };
    window.toText = (bytes) =>
        btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}"""


def given(brain: Brain) -> list[Any]:
    """Return what `networkOf` makes a network in the page of."""
    network = brain.network
    output = {"mse": "sigmoid", "cross-entropy": "softmax"}[network.loss]
    facts = {
        "sizes": network.sizes,
        "activation": network.activation,
        "output": output,
        "normalization": network.normalization,
        "temperature": brain.temperature,
    }
    return [facts, encoded(network.parameters.tobytes())]


def batch(count: int = 32) -> tuple[Bytes, Bytes]:
    return make_digits(count, 7)


def gradient_of(network: Network, images: Bytes, labels: Bytes) -> tuple[float, Array]:
    """Return the loss and its gradient as the package computes them."""
    work = Workspace(network, len(images))
    inputs = np.ones((785, len(images)), network.parameters.dtype)
    inputs[:-1] = images.reshape(-1, 784).T / 255
    targets = np.eye(10, dtype=network.parameters.dtype)[labels].T
    return backpropagate(network, work, inputs, targets), work.gradient


KINDS = [(a, loss) for a in ("sigmoid", "tanh", "relu") for loss in ("mse", "cross-entropy")]


@pytest.mark.parametrize(("activation", "loss"), KINDS)
def test_the_gradient_is_that_of_the_package(page: Page, activation: str, loss: str) -> None:
    brain = random_brain(20, 15, activation=activation, loss=loss, scale=0.1)
    images, labels = batch()
    expected, gradient = gradient_of(brain.network, images, labels)
    found = page.evaluate(
        """([network, images, labels]) => {
            const { loss, gradient } = backpropagate(networkOf(network), imagesOf(images), labels);
            return { loss, gradient: Array.from(gradient) };
        }""",
        [given(brain), encoded(images.tobytes()), labels.tolist()],
    )
    assert found["loss"] == pytest.approx(expected, rel=1e-5)
    assert np.abs(gradient).max() > 0.01
    np.testing.assert_allclose(found["gradient"], gradient, rtol=1e-5, atol=1e-5)


def test_a_step_goes_down_the_gradient(page: Page) -> None:
    brain = random_brain(20, 15, activation="sigmoid", loss="mse", scale=0.1)
    images, labels = batch(1)
    _, gradient = gradient_of(brain.network, images, labels)
    found = page.evaluate(
        """([given, images, labels]) => {
            const network = networkOf(given);
            descend(network, backpropagate(network, imagesOf(images), labels).gradient, 0.5);
            return network.layers.flatMap(({ weights }) => Array.from(weights));
        }""",
        [given(brain), encoded(images.tobytes()), labels.tolist()],
    )
    expected = brain.network.parameters - 0.5 * gradient
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_a_loss_is_finite_where_a_probability_is_none(page: Page) -> None:
    brain = random_brain(5, scale=30.0)
    images, _ = batch(8)
    losses = page.evaluate(
        """([network, images]) => Array.from({ length: 10 }, (_, digit) =>
            backpropagate(networkOf(network), imagesOf(images).slice(0, 1), [digit]).loss)""",
        [given(brain), encoded(images.tobytes())],
    )
    assert np.isfinite(losses).all()
    assert max(losses) > 80


@pytest.mark.parametrize(("activation", "bound"), [("sigmoid", True), ("relu", False)])
def test_new_weights_are_drawn_as_the_package_draws_them(
    page: Page, activation: str, bound: bool
) -> None:
    found = page.evaluate(
        """(activation) => newNetwork(
            { activation, output: "softmax", normalization: "none" }, [784, 40, 30, 10]
        ).layers.map(({ weights }) => Array.from(weights))""",
        activation,
    )
    for flat, (fan_out, fan_in) in zip(found, [(40, 784), (30, 40), (10, 30)], strict=True):
        matrix = np.array(flat).reshape(fan_out, fan_in + 1)
        weights, biases = matrix[:, :-1], matrix[:, -1]
        assert not biases.any()
        variance = 2 / (fan_in + fan_out) if bound else 2 / fan_in
        assert weights.var() == pytest.approx(variance, rel=0.25)
        assert abs(weights.mean()) < 5 * np.sqrt(variance / weights.size)
        if bound:
            assert np.abs(weights).max() <= np.sqrt(3 * variance)


# --- Digits in the page ------------------------------------------------------


def test_the_digits_in_the_page_are_those_that_were_made(page: Page) -> None:
    found = page.evaluate(
        """async () => {
            const digits = await loadDigits(element("digits").textContent);
            const images = joined(digits.map(({ image }) => image));
            return [digits.map(({ label }) => label), toText(images)];
        }"""
    )
    images, labels = make_digits(COUNT, SEED)
    assert found[0] == labels.tolist()
    shown = np.frombuffer(base64.b64decode(found[1]), np.uint8).reshape(images.shape)
    assert np.abs(shown.astype(int) - images).max() <= LEVEL // 2
    assert set(np.unique(shown).tolist()) == set(range(0, 256, LEVEL))


def test_a_network_learns_from_the_digits_in_the_page(page: Page) -> None:
    found = page.evaluate(
        """async () => {
            let state = 1; // Park and Miller, 1988
            const random = () => (state = (48271 * state) % 2147483647) / 2147483647;
            const kind = { activation: "relu", output: "softmax", normalization: "none" };
            const digits = await loadDigits(element("digits").textContent);
            const fresh = newNetwork(kind, [784, 20, 20, 10], random);
            const training = new Training(fresh, digits, random);
            const before = training.heldOut.map(({ image }) => image);
            let steps = 0;
            while (training.epochs < 5) training.step(), steps++;
            return { curve: training.curve, steps, heldOut: training.heldOut.length,
                shared: training.examples.some(({ image }) => before.includes(image)) };
        }"""
    )
    assert (found["heldOut"], found["steps"], found["shared"]) == (60, 5 * 24, False)
    assert found["curve"][0] < 0.3
    assert found["curve"][-1] > 0.45


# --- Files -------------------------------------------------------------------


def saved(page: Page, path: Path, script: str, argument: Any) -> Path:
    path.write_bytes(base64.b64decode(page.evaluate(script, argument)))
    return path


def test_examples_become_idx_files(page: Page, tmp_path: Path) -> None:
    images, labels = batch(3)
    files = page.evaluate(
        """([images, labels]) => Object.entries(encodeExamples(
            imagesOf(images).map((image, i) => ({ image, label: labels[i] }))
        )).map(([name, bytes]) => [name, toText(bytes)])""",
        [encoded(images.tobytes()), labels.tolist()],
    )
    for name, text in files:
        (tmp_path / name).write_bytes(base64.b64decode(text))
    np.testing.assert_array_equal(read_idx(tmp_path / "train-images-idx3-ubyte"), images)
    np.testing.assert_array_equal(read_idx(tmp_path / "train-labels-idx1-ubyte"), labels)


IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
DAMAGED = "the zip file is damaged"
MANY = "there can be at most 5,000 drawings"
OPEN = """async (files) => {
    const said = [];
    for (const [text, room] of files)
        said.push(await readDrawings(new File([fromBase64(text)], "x.zip"), room).then(
            (examples) => examples.map(({ image, label }) => [label, ...image]),
            (error) => (error instanceof Refusal ? error.message : word("damagedZip"))));
    return said;
}"""


def idx(*shape: int, data: bytes | None = None, kind: int = 8) -> bytes:
    """Return an IDX file; without data, of so many zeros as its shape says."""
    zeros = bytes(math.prod(shape)) if data is None else data
    return struct.pack(f">4B{len(shape)}I", 0, 0, kind, len(shape), *shape) + zeros


def zipped(images: bytes = idx(2, 28, 28), labels: bytes = idx(2), method: int = 8) -> bytes:
    """Return an archive of two IDX files."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr(IMAGES, images)
        archive.writestr(LABELS, labels)
    return file.getvalue()


def changed(data: bytes, at: int, *values: int) -> bytes:
    return data[:at] + bytes(values) + data[at + len(values) :]


def refused() -> Iterator[tuple[bytes, str]]:
    """Yield files that hold no drawings, and what is said of them."""
    good, stored = zipped(), zipped(method=0)
    entry = good.index(b"PK\1\2")
    yield b"", "it is not a zip file"
    yield b"\x89PNG\r\n\x1a\n" + bytes(100), "it is not a zip file"
    yield good[:-30], DAMAGED
    yield good[: entry - 20] + good[entry:], DAMAGED
    yield changed(stored, stored.index(b"PK\5\6") + 16, 200), DAMAGED
    yield changed(stored, 300, 7), DAMAGED
    yield changed(good, entry + 24, 0, 1), DAMAGED
    yield changed(good, entry + 24, 255), DAMAGED
    yield changed(good, 60, 255, 255), DAMAGED
    strange = f"{IMAGES} is encrypted, or compressed by a method other than deflate"
    yield changed(good, entry + 8, 1), strange
    yield changed(good, entry + 10, 12), strange
    yield changed(good, entry + 24, 255, 255, 255, 255), MANY
    yield zipped(idx(5001, 28, 28), idx(5001)), MANY  # 6 kB
    yield bytes(8_000_000), MANY
    yield good.replace(b"labels", b"babels"), f"it should have one file {LABELS}, but has 0"
    yield zipped(b"\0\0\x08"), f"{IMAGES} is not an IDX file of bytes"
    yield zipped(idx(2, 28, 28, kind=9)), f"{IMAGES} is not an IDX file of bytes"
    yield zipped(labels=idx(2, 1)), f"{LABELS} is not an IDX file of bytes"
    shape = f"{IMAGES} has shape 2 × 20 × 28, expected 2 × 28 × 28"
    yield zipped(idx(2, 20, 28)), shape
    size = f"{IMAGES} has 1,583 bytes, expected 1,584"
    yield zipped(idx(2, 28, 28, data=bytes(1567))), size
    yield zipped(labels=idx(3)), "there are 2 images, but 3 labels"
    yield zipped(labels=idx(2, data=b"\3\12")), "label 10 is not a digit"


def test_only_archives_of_drawings_are_opened(page: Page) -> None:
    images, labels = batch(3)
    good = idx(3, 28, 28, data=images.tobytes()), idx(3, data=labels.tobytes())
    wrong = list(refused())
    files = [*((zipped(*good, method), 3) for method in (0, 8)), (zipped(*good), 2)]
    files += [(data, 5000) for data, _ in wrong]
    said = page.evaluate(OPEN, [[encoded(data), room] for data, room in files])
    rows = np.hstack([labels[:, None], images.reshape(3, 784)]).tolist()
    assert said[:3] == [rows, rows, MANY]
    for (data, expected), found in zip(wrong, said[3:], strict=True):
        assert found == expected, data[:60]


@pytest.mark.parametrize("normalization", ["none", "moments"])
@pytest.mark.parametrize("loss", ["mse", "cross-entropy"])
def test_a_brain_is_saved_whole(page: Page, tmp_path: Path, loss: str, normalization: str) -> None:
    brain = random_brain(20, 15, loss=loss, normalization=normalization)
    path = saved(
        page,
        tmp_path / "brain.npz",
        "(given) => toText(encodeBrain(networkOf(given), 12, '1.0'))",
        given(brain),
    )
    read = load_brain(path)
    np.testing.assert_array_equal(read.network.parameters, brain.network.parameters)
    assert repr(read.network) == repr(brain.network)
    assert read.network.normalization == normalization
    meta = read.current_meta
    assert meta
    assert (meta.recipe, meta.epochs, meta.history, meta.seed) == ({"name": "page"}, 12, [], 0)
    assert meta.validation_accuracy is None
    assert meta.trained_on is None
    assert meta.versions == {"mnistmlp": "1.0"}
    read.save(tmp_path / "again.npz")
    json.dumps(meta.raw)
