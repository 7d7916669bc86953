import io
import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from mnistmlp.brains.brain import load_brain
from mnistmlp.core.metrics import committee
from mnistmlp.core.normalization import normalise
from mnistmlp.data.datasets import load_dataset
from tests.cli.conftest import Run, Start, without_normalisation
from tests.cli.predict.conftest import piped, sources
from tests.test_layers import loaded_by_command


def test_one_image_prints_the_digit_alone(run: Run, small: Path, brain: Path) -> None:
    labels = load_dataset(small, "test").labels
    for index in (0, 42, 299):
        result = run("predict", "--brain", brain, "--data-dir", small, "--index", index)
        assert (result.exit_code, result.stdout, result.stderr) == (0, f"{labels[index]}\n", "")


def test_several_print_a_line_each_in_order(run: Run, small: Path, brain: Path) -> None:
    args = ["--index", "7", "--index", "3:5", "--split", "train"]
    result = run("predict", "--brain", brain, "--data-dir", small, *args)
    rows = [line.split("\t") for line in result.stdout.splitlines()]
    assert [row[0] for row in rows] == ["train:7", "train:3", "train:4"]
    labels = load_dataset(small, "train").labels
    assert [int(row[1]) for row in rows] == labels[[7, 3, 4]].tolist()
    assert all(0.5 < float(row[2]) <= 1 for row in rows)


def test_json_lines(run: Run, small: Path, brain: Path, picture: Path) -> None:
    result = run("predict", "--brain", brain, "--data-dir", small, "--index", "0:100", "--json")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(lines) == 100
    data, loaded = load_dataset(small, "test"), load_brain(brain)
    expected = committee([loaded.network], data.images[:100], [loaded.temperature])
    np.testing.assert_allclose([line["probabilities"] for line in lines], expected, rtol=1e-6)
    assert [line["index"] for line in lines] == list(range(100))
    assert [line["label"] for line in lines] == data.labels[:100].tolist()
    for line in lines:
        assert list(line) == [
            "source", "digit", "confidence", "probabilities",
            "dataset", "index", "split", "label",
        ]  # fmt: skip
        assert line["confidence"] == max(line["probabilities"])
        assert line["digit"] == line["probabilities"].index(line["confidence"])
    line = json.loads(run("predict", "--brain", brain, picture, "--json").stdout)
    assert list(line) == ["source", "digit", "confidence", "probabilities"]
    assert line["source"] == "digit.png"


def test_pictures_and_standard_input(run: Run, brain: Path, picture: Path) -> None:
    one = run("predict", "--brain", brain, picture).stdout
    assert one.strip() in "0123456789"
    piped = run("predict", "--brain", brain, "-", input=picture.read_bytes())
    assert (piped.exit_code, piped.stdout) == (0, one)
    both = run("predict", "--brain", brain, "-", picture, input=picture.read_bytes())
    assert [line.split("\t")[:2] for line in both.stdout.splitlines()] == [
        ["-", one.strip()],
        ["digit.png", one.strip()],
    ]


def test_pipes(run: Run, brain: Path, picture: Path) -> None:
    plain = run("predict", "--brain", brain, picture).stdout
    with piped(picture.read_bytes()) as name:
        result = run("predict", "--brain", brain, name)
    assert (result.exit_code, result.stdout, result.stderr) == (0, plain, "")
    with piped(b"") as name:
        result = run("predict", "--brain", brain, name, picture)
    assert (result.exit_code, sources(result.stdout)) == (1, ["digit.png"])
    assert result.stderr == f"error: {name}: empty\n"


@pytest.mark.parametrize("name", ["/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"])
def test_standard_input_by_its_name(start: Start, brain: Path, picture: Path, name: str) -> None:
    process = start("predict", "--brain", brain, name)
    stdout, stderr = process.communicate(picture.read_bytes(), timeout=60)
    assert (process.returncode, len(stdout), stderr) == (0, 2, b"")
    ours, theirs = pty.openpty()
    process = start("predict", "--brain", brain, name, stdin=theirs)
    stdout, stderr = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert (process.returncode, stdout) == (1, b"")
    assert stderr.decode().splitlines() == [
        f"error: {name}: neither a file nor a pipe",
        "hint: mnistmlp predict - reads standard input",
    ]


def test_unreadable_pictures_are_reported_and_the_rest_recognised(
    run: Run, brain: Path, picture: Path
) -> None:
    Path("text.png").write_text("a letter")
    Image.new("L", (50, 50), 255).save("blank.png")
    os.mkfifo("fifo")
    names = ["none.png", picture, "text.png", ".", "blank.png", "fifo", picture]
    result = run("predict", "--brain", brain, *names)
    assert result.exit_code == 1
    assert [line.split("\t")[0] for line in result.stdout.splitlines()] == ["digit.png"] * 2
    lines = result.stderr.splitlines()
    assert [line.split(": ")[1] for line in lines if line.startswith("error")] == [
        "none.png", "text.png", ".", "blank.png", "fifo",
    ]  # fmt: skip
    assert lines.count("hint: mnistmlp predict --recursive FOLDER") == 1
    assert "error: fifo: empty" in lines  # nobody writes to it
    assert result.stderr.startswith("error: none.png: no such file\n")


def test_names_do_not_break_the_columns(run: Run, brain: Path, picture: Path) -> None:
    strange = picture.rename("a\tb\nc\x1b[2J.png")
    lines = run("predict", "--brain", brain, strange, strange).stdout.splitlines()
    assert [line.split("\t")[0] for line in lines] == [r"a\tb\nc\x1b[2J.png"] * 2


def test_top(run: Run, brain: Path, small: Path) -> None:
    common = ["predict", "--brain", brain, "--data-dir", small]
    three = run(*common, "--index", 1, "--top", 3).stdout.splitlines()
    likeliest = [line.split("\t") for line in three]
    assert len(likeliest) == 3
    shares = [float(share) for _, share in likeliest]
    assert shares == sorted(shares, reverse=True)
    assert likeliest[0][0] == run(*common, "--index", 1).stdout.strip()
    several = run(*common, "--index", "1:3", "--top", 2).stdout.splitlines()
    assert [line.split("\t")[0] for line in several] == ["test:1"] * 2 + ["test:2"] * 2
    document = json.loads(run(*common, "--index", 1, "--top", 3, "--json").stdout)
    assert len(document["probabilities"]) == 10


@pytest.mark.parametrize(
    ("args", "error"),
    [
        (["--index", "-1"], "--index: '-1' is not a number"),
        (["--index", "x"], "--index: 'x' is not a number"),
        (["--index", "5:5"], "--index: '5:5' is not a number"),
        (["--index", "1:2:3"], "--index: '1:2:3' is not a number"),
        (["--index", "300"], "--index: 300 is not one of the test images, 0 to 299"),
        (["--index", "0:301"], "--index: 300 is not one of the test images, 0 to 299"),
        (["--index", "9" * 30], "--index: '999"),
        (["--index", "random:0"], "--index: 'random:0' is not a number"),
        (["--index", "random:"], "--index: 'random:' is not a number"),
        (["--index", "random:-1"], "--index: 'random:-1' is not a number"),
        (["--index", "random:2:3"], "--index: 'random:2:3' is not a number"),
        (["--index", "Random"], "--index: 'Random' is not a number"),
        (["--index", "random:" + "9" * 30], "--index: 'random:999"),
        (["--index", "random:301"], "--index: random:301 is more than the 300 test images"),
        (["--index", "random", "--index", "300"], "--index: 300 is not one of the test images"),
        (["--index", "3", "--seed", "1"], "--seed: needs --index random"),
        (["a.png", "--seed", "1"], "--seed: needs --index random"),
    ],
)
def test_invalid_indices(run: Run, brain: Path, small: Path, args: list[str], error: str) -> None:
    result = run("predict", "--brain", brain, "--data-dir", small, *args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"error: {error}")


Indices = Callable[..., list[int]]


@pytest.fixture
def chosen(run: Run, brain: Path, small: Path) -> Indices:
    """Return the indices of the images that are recognised, each as if it were named."""

    def predict(*words: object) -> list[int]:
        common = ["predict", "--brain", brain, "--data-dir", small, "--json"]
        lines = run(*common, *words).stdout.splitlines()
        found = [json.loads(line)["index"] for line in lines]
        named = [word for index in found for word in ("--index", index)]
        split = ["--split", "train"] if "train" in words else []
        assert run(*common, *named, *split).stdout.splitlines() == lines
        return found

    return predict


def test_random_images(chosen: Indices) -> None:
    assert sorted(chosen("--index", "random:300")) == list(range(300))  # none twice
    assert len({*chosen("--index", "random:20"), *chosen("--index", "random:20")}) > 20
    assert max(chosen("--index", "random:40", "--split", "train", "--seed", 0)) > 300
    (one,) = chosen("--index", "random")
    assert 0 <= one < 300


def test_a_seed_repeats_random_images(chosen: Indices) -> None:
    seeds = [chosen("--index", "random:5", "--seed", seed) for seed in (1, 1, 2)]
    assert seeds[0] == seeds[1] != seeds[2]
    mixed = chosen("--index", 7, "--index", "random:5", "--index", "3:5", "--seed", 1)
    assert mixed == [7, *seeds[0], 3, 4]


def test_how_a_random_image_is_printed(run: Run, brain: Path, small: Path, picture: Path) -> None:
    common = ["predict", "--brain", brain, "--data-dir", small, "--index"]
    assert len(run(*common, "random").stdout) == len("7\n")
    assert [line[:5] for line in run(*common, "random:2").stdout.splitlines()] == ["test:"] * 2
    names = sources(run(*common, "random", picture).stdout)
    assert (names[0], names[1][:5]) == ("digit.png", "test:")


@pytest.mark.parametrize("args", [[], ["--json"], ["-r"], ["--brain", "none.npz"]], ids=str)
def test_without_a_picture_it_says_how_to_name_one(run: Run, args: list[str]) -> None:
    result = run("predict", *args)
    assert (result.exit_code, result.stdout) == (2, "")
    error, hint = result.stderr.splitlines()
    assert error == "error: IMAGE: no picture given"
    assert hint.startswith("hint: mnistmlp predict IMAGE... (- is standard input), or --index N")


def test_a_batch_of_one_is_named_on_demand(run: Run, brain: Path, picture: Path) -> None:
    common = ["predict", "--brain", brain]
    (digit,) = run(*common, picture).stdout.splitlines()
    line, other = run(*common, picture, picture).stdout.splitlines()
    assert line == other
    for option in ("-H", "--with-filename"):
        assert run(*common, option, picture).stdout == f"{line}\n"
        assert run(*common, option, picture, picture).stdout == f"{line}\n{line}\n"
    assert run(*common, "--no-filename", picture, picture).stdout == f"{digit}\n{digit}\n"
    assert run(*common, "--no-filename", "-r", ".").stdout == f"{digit}\n"
    top = run(*common, picture, "--top", 2).stdout
    assert run(*common, "--no-filename", picture, picture, "--top", 2).stdout == 2 * top
    named = "".join(f"{picture}\t{line}" for line in top.splitlines(keepends=True))
    assert run(*common, "-H", picture, "--top", 2).stdout == named
    json_lines = run(*common, picture, "--json").stdout
    for option in ("-H", "--no-filename"):
        assert run(*common, option, picture, "--json").stdout == json_lines
    unsure = run(*common, "--no-filename", picture, picture, "--reject", 1)
    assert unsure.stdout == "?\n?\n"


def test_xargs_can_have_every_batch_named(brain: Path, pictures: list[str]) -> None:
    command = ["xargs", "-n", "3", sys.executable, "-m", "mnistmlp", "predict", "-H"]
    done = subprocess.run(
        [*command, "--brain", str(brain)],
        input="\n".join(pictures[:4]),
        capture_output=True,
        text=True,
        check=True,
    )
    assert sources(done.stdout) == pictures[:4]
    assert {line.count("\t") for line in done.stdout.splitlines()} == {2}


def test_several_brains(run: Run, brain: Path, small: Path) -> None:
    common = ["--data-dir", small, "--index", "0:20"]
    once = run("predict", "--brain", brain, *common).stdout
    assert run("predict", "--brain", brain, "--brain", brain, *common).stdout == once


def test_standard_input_of_a_process(start: Start, brain: Path, picture: Path) -> None:
    process = start("predict", "--brain", brain, "-")
    stdout, stderr = process.communicate(picture.read_bytes(), timeout=60)
    assert (process.returncode, stderr) == (0, b"")
    assert len(stdout) == 2
    process = start("predict", "--brain", brain, "-")
    stdout, stderr = process.communicate(io.BytesIO().getvalue(), timeout=60)
    assert (process.returncode, stdout) == (1, b"")
    assert stderr == b"error: -: empty\n"


def test_recognising_an_image_of_the_data_set_loads_no_more_than_it_needs(
    brain: Path, small: Path
) -> None:
    loaded = loaded_by_command("predict", "--brain", brain, "--data-dir", small, "--index", 7)
    assert "numpy" in loaded
    assert not loaded & {"rich", "requests", "PIL", "threadpoolctl"}


def test_large_pictures_keep_their_place(run: Run, brain: Path, pictures: list[str]) -> None:
    noise = np.random.default_rng(0).integers(200, 255, (900, 700), np.uint8)
    noise[200:700, 330:360] = 20
    Image.fromarray(noise).save("large.png")
    assert Path("large.png").stat().st_size > 2**16
    names = ["large.png", *pictures[:3], "large.png", pictures[3]]
    assert sources(run("predict", "--brain", brain, *names).stdout) == names


def test_reject(run: Run, brain: Path, small: Path) -> None:
    common = ["predict", "--brain", brain, "--data-dir", small, "--index"]
    sure = [float(line.split("\t")[2]) for line in run(*common, "0:50").stdout.splitlines()]
    bound = sum(sorted(set(sure))[10:12]) / 2  # what is printed is rounded: not at one of them
    assert min(sure) < bound < 1
    rows = [
        line.split("\t") for line in run(*common, "0:50", "--reject", bound).stdout.splitlines()
    ]
    assert [row[1] == "?" for row in rows] == [confidence < bound for confidence in sure]
    least = sure.index(min(sure))
    assert run(*common, least, "--reject", bound).stdout == "?\n"
    assert run(*common, least, "--reject", bound, "--top", 3).stdout.startswith("?\t")
    document = json.loads(run(*common, least, "--reject", bound, "--json").stdout)
    assert document["digit"] is None
    assert document["confidence"] == pytest.approx(min(sure), abs=1e-4)


def test_a_brain_that_normalises_images(run: Run, small: Path, normalised: Path) -> None:
    data, loaded = load_dataset(small, "test"), load_brain(normalised)
    Image.fromarray(data.images[0]).save("raw.png")
    common = ["predict", "--brain", normalised, "--json"]
    by_index = run(*common, "--index", "0:100", "--data-dir", small).stdout.splitlines()
    found = [json.loads(line)["probabilities"] for line in by_index]
    plain, images = without_normalisation(normalised), data.images[:100]
    seen = normalise(images, normalised.stem)
    expected = committee([plain], seen, [loaded.temperature])
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert np.abs(committee([plain], images, [loaded.temperature]) - expected).max() > 1e-4
    of_picture = json.loads(run(*common, "raw.png", "--raw").stdout)["probabilities"]
    np.testing.assert_allclose(of_picture, expected[0], rtol=1e-5)


def test_an_unknown_normalisation_is_refused(run: Run, small: Path, normalised: Path) -> None:
    with np.load(normalised) as archive:
        arrays = dict(archive)
    meta = json.loads(str(arrays["meta"]))
    meta["input"]["normalization"] = "rotate"
    np.savez("odd.npz", **(arrays | {"meta": np.array(json.dumps(meta))}))
    predicting = ["predict", "--index", 0, "--data-dir", small, "--brain"]
    for args in (
        [*predicting, "odd.npz"],
        [*predicting, normalised, "--brain", "odd.npz"],
        ["evaluate", "odd.npz", "--data-dir", small],
        ["info", "odd.npz"],
        ["export", "odd.npz", "odd.onnx"],
    ):
        result = run(*args)
        assert (result.exit_code, result.stdout) == (1, ""), args
        assert result.stderr == "error: odd.npz: meta has unknown normalization 'rotate'\n"


def test_raw_and_no_centre(run: Run, brain: Path, small: Path) -> None:
    data = load_dataset(small, "test")
    Image.fromarray(data.images[0]).save("small.png")
    assert run("predict", "--brain", brain, "small.png", "--raw").stdout == f"{data.labels[0]}\n"
    picture = Image.new("L", (90, 90), 255)
    picture.paste(0, (10, 10, 16, 60))
    picture.save("bar.png")
    placed = run("predict", "--brain", brain, "bar.png", "--no-centre", "--explain")
    assert placed.exit_code == 0
    assert placed.stderr != run("predict", "--brain", brain, "bar.png", "--explain").stderr
    Image.new("L", (30, 28), 255).save("large.png")
    result = run("predict", "--brain", brain, "large.png", "--raw")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "error: large.png: 30 x 28 pixels, not 28 x 28\n"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["-", "-"], "invalid value for 'IMAGE': standard input is named twice"),
        (["-", "--files-from", "-"], "invalid value for 'IMAGE': standard input"),
        (["a.png", "-0"], "--null: needs --files-from"),
        (["a.png", "b.png", "--explain-png", "c.png"], "--explain-png: takes one picture only"),
        (["--index", "3", "--explain-png", "c.png"], "--explain-png: takes one picture only"),
        (["a.png", "--reject", "1.5"], "invalid value for '--reject'"),
    ],
    ids=str,
)
def test_options_that_do_not_go_together(
    run: Run, brain: Path, args: list[str], message: str
) -> None:
    result = run("predict", "--brain", brain, *args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"error: {message}")


def test_a_light_picture_taken_as_it_is_is_warned_of(run: Run, brain: Path) -> None:
    Image.new("L", (28, 28), 255).save("light.png")
    result = run("predict", "--brain", brain, "--raw", "light.png")
    assert result.exit_code == 0
    assert result.stderr.startswith("warning: light.png: a light background, where MNIST's is")
    assert run("predict", "--brain", brain, "--raw", "--invert", "yes", "light.png").stderr == ""


# --- What is no digit --------------------------------------------------------


def test_a_letter_has_a_note(run: Run) -> None:
    page = Image.new("L", (140, 140), 255)
    ImageDraw.Draw(page).text((70, 70), "K", 0, ImageFont.load_default(90), "mm", stroke_width=2)
    page.save("k.png")
    words = ["predict", "--brain", "pretrained", "k.png"]
    result = run(*words)
    assert (result.exit_code, len(result.stdout)) == (0, 2)
    assert result.stderr == "note: k.png: looks more like a letter or a drawing than a digit\n"
    assert run(*words, "--reject", "0.01").stdout == "?\n"
    assert json.loads(run(*words, "--json").stdout)["odd"] is True
    page.resize((28, 28)).save("k.png")
    assert "letter" not in run(*words, "--raw").stderr  # it is taken as it is
