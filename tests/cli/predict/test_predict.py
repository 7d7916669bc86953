import io
import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnistmlp.arrays import Bytes
from mnistmlp.brains.brain import load_brain, save_brain
from mnistmlp.core.metrics import committee
from mnistmlp.core.normalization import normalise
from mnistmlp.data.datasets import load_dataset
from tests.cli.conftest import Run, Start, without_normalisation
from tests.test_layers import loaded_by_command


@pytest.fixture
def picture(small: Path) -> Path:
    """A test image as a PNG: image 0, made larger."""
    image = load_dataset(small, "test").images[0]
    Image.fromarray(image).resize((280, 280)).save("digit.png")
    return Path("digit.png")


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
    assert result.stderr.startswith("error: none.png: No such file or directory\n")


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


def test_show_draws_on_stderr(run: Run, brain: Path, small: Path) -> None:
    common = ["predict", "--brain", brain, "--data-dir", small, "--index", 0, "--show"]
    plain = run(*common)
    assert plain.stdout == run(*common[:-1]).stdout
    lines = plain.stderr.splitlines()
    assert len(lines) == 15
    assert max(map(len, lines)) <= 80
    assert {character for line in lines[1:] for character in line[:28]} <= set(" ▄▀█")
    best = next(line for line in lines if line.endswith("<"))
    assert best.split()[-2].endswith("%")
    assert f" {plain.stdout.strip()} " in best
    given = {"FORCE_COLOR": "1", "COLORTERM": "truecolor", "TERM": "xterm-256color"}
    coloured = run(*common, env=given).stderr
    assert "\x1b[38;2;" in coloured
    assert run(*common, env=given | {"NO_COLOR": "1"}).stderr == plain.stderr


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ([], "--index: no image given"),
        (["--index", "-1"], "--index: '-1' is not a number"),
        (["--index", "x"], "--index: 'x' is not a number"),
        (["--index", "5:5"], "--index: '5:5' is not a number"),
        (["--index", "1:2:3"], "--index: '1:2:3' is not a number"),
        (["--index", "300"], "--index: 300 is past the test images, 0 to 299"),
        (["--index", "0:301"], "--index: 300 is past the test images, 0 to 299"),
        (["--index", "9" * 30], "--index: '999"),
    ],
)
def test_invalid_indices(run: Run, brain: Path, small: Path, args: list[str], error: str) -> None:
    result = run("predict", "--brain", brain, "--data-dir", small, *args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"error: {error}")


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
    assert stderr.startswith(b"error: -: not a picture")


def test_recognising_an_image_of_the_data_set_loads_no_more_than_it_needs(
    brain: Path, small: Path
) -> None:
    loaded = loaded_by_command("predict", "--brain", brain, "--data-dir", small, "--index", 7)
    assert "numpy" in loaded
    assert not loaded & {"rich", "requests", "PIL", "threadpoolctl"}


@pytest.fixture
def pictures(small: Path) -> list[str]:
    """Twelve test images as PNGs, in folders."""
    paths = [Path(f"pictures/{'even' if i % 2 == 0 else 'odd'}/{i:02}.png") for i in range(12)]
    for path, image in zip(paths, load_dataset(small, "test").images[:12], strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).resize((112, 112)).save(path)
    return [str(path) for path in paths]


def sources(stdout: str) -> list[str]:
    return [line.split("\t")[0] for line in stdout.splitlines()]


def test_names_from_a_file(run: Run, brain: Path, pictures: list[str]) -> None:
    Path("names").write_text("\n".join(pictures[1:]))
    result = run("predict", "--brain", brain, pictures[0], "--files-from", "names")
    assert (result.exit_code, result.stderr) == (0, "")
    assert sources(result.stdout) == pictures
    null = "\0".join([*pictures, ""])
    same = run("predict", "--brain", brain, "--files-from", "-", "-0", input=null)
    assert same.stdout == result.stdout
    one = run("predict", "--brain", brain, "--files-from", "-", input=pictures[0])
    assert one.stdout == result.stdout.splitlines(keepends=True)[0]
    nothing = run("predict", "--brain", brain, "--files-from", "-", input="")
    assert (nothing.exit_code, nothing.stdout) == (0, "")


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (None, "list: No such file or directory"),
        (b"a" * 200_000, "list: not a list of names"),
        (b"none.png\n", "none.png: No such file or directory"),
    ],
)
def test_a_faulty_list_does_not_stop_the_other_pictures(
    run: Run, brain: Path, pictures: list[str], content: bytes | None, error: str
) -> None:
    if content:
        Path("list").write_bytes(content)
    result = run("predict", "--brain", brain, pictures[0], "--files-from", "list")
    assert result.exit_code == 1
    assert sources(result.stdout) == pictures[:1]
    assert result.stderr == f"error: {error}\n"


def test_a_list_with_crlf_and_with_standard_input(
    run: Run, brain: Path, pictures: list[str]
) -> None:
    listed = f"{pictures[0]}\r\n-\r\n{pictures[1]}\r\n"
    result = run("predict", "--brain", brain, "--files-from", "-", input=listed)
    assert sources(result.stdout) == pictures[:2]
    assert result.stderr == "error: -: standard input holds the list\n"


def test_folders(run: Run, brain: Path, pictures: list[str]) -> None:
    Path("pictures/notes.txt").touch()
    result = run("predict", "--brain", brain, "--recursive", "pictures", pictures[0])
    assert (result.exit_code, result.stderr) == (0, "")
    assert sources(result.stdout) == [*pictures[::2], *pictures[1::2], pictures[0]]


def test_odd_folders(run: Run, brain: Path, pictures: list[str]) -> None:
    deep = Path("deep/" + "a/" * 500)
    deep.mkdir(parents=True)
    Path("deep/folder.png").mkdir()
    Path("deep/self").symlink_to("../deep")
    names = ["deep", "none", "a" * 5000, pictures[0]]
    result = run("predict", "--brain", brain, "--recursive", *names)
    assert (result.exit_code, sources(result.stdout)) == (1, pictures[:1])
    lines = result.stderr.splitlines()
    assert lines[0] == "error: none: No such file or directory"
    assert lines[1].endswith("a: File name too long")
    assert len(lines) == 2


def test_a_name_is_answered_before_the_next_one_comes(
    start: Start, brain: Path, pictures: list[str]
) -> None:
    process = start("predict", "--brain", brain, "--files-from", "-", stdin=subprocess.PIPE)
    assert process.stdin
    assert process.stdout
    for name in pictures[:3]:
        process.stdin.write(f"{name}\n".encode())
        process.stdin.flush()
        assert process.stdout.readline().decode().split("\t")[0] == name
    assert process.communicate(timeout=60) == (b"", b"")
    assert process.returncode == 0


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


def test_explain(run: Run, brain: Path, picture: Path) -> None:
    plain = run("predict", "--brain", brain, picture)
    result = run("predict", "--brain", brain, picture, "--explain", "--explain-png", "steps.png")
    assert (result.exit_code, result.stdout) == (0, plain.stdout)
    lines = result.stderr.splitlines()
    assert lines[1].split() == ["picture", "ink", "28", "x", "28"]
    assert max(map(len, lines)) <= 80
    assert "light ink on a dark background" in lines[16]
    assert sum(line.endswith("<") for line in lines) == 1
    with Image.open("steps.png") as page:
        assert page.format == "PNG"


def test_explain_of_the_data_set_is_show(run: Run, brain: Path, small: Path) -> None:
    common = ["predict", "--brain", brain, "--data-dir", small, "--index", 0]
    assert run(*common, "--explain").stderr == run(*common, "--show").stderr


def explained(stderr: str, title: str) -> list[str]:
    """Return the lines of the panel with this title, drawn without colour."""
    lines = stderr.splitlines()
    top = next(n for n, line in enumerate(lines) if title in line)
    left = lines[top].index(title)
    return [line[left : left + 28] for line in lines[top + 1 : top + 15]]


def drawn(image: Bytes) -> list[str]:
    """Return an image of 28 x 28 as half blocks."""
    light = (image > 127).astype(int)
    return ["".join(" ▄▀█"[2 * a + b] for a, b in zip(*light[n : n + 2], strict=True))
            for n in range(0, 28, 2)]  # fmt: skip


TITLES = {"deslant": "upright  ", "moments": "upright, one size"}


def test_explain_shows_what_a_network_sees(run: Run, normalised: Path) -> None:
    image = np.zeros((28, 28), np.uint8)
    for row in range(4, 20):
        image[row, 22 - row // 2 : 25 - row // 2] = 255
    Image.fromarray(image).save("slanted.png")
    seen = normalise(image[None], normalised.stem)[0]
    assert drawn(seen) != drawn(image)
    command = ["predict", "--brain", normalised, "slanted.png", "--raw", "--explain"]
    for columns in (80, 120):
        stderr = run(*command, env={"COLUMNS": str(columns)}).stderr
        assert explained(stderr, "28 x 28   ") == drawn(image)
        assert explained(stderr, TITLES[normalised.stem]) == drawn(seen)
        assert max(len(line.rstrip()) for line in stderr.splitlines()) <= 80
        assert sum(line.endswith("<") for line in stderr.splitlines()) == 1


def test_explain_of_the_data_set_shows_what_a_network_sees(
    run: Run, small: Path, normalised: Path
) -> None:
    common = ["predict", "--brain", normalised, "--data-dir", small, "--index", 0]
    image = load_dataset(small, "test").images[0]
    seen = normalise(image[None], normalised.stem)[0]
    stderr = run(*common, "--explain").stderr
    assert explained(stderr, "28 x 28") == drawn(image)
    assert explained(stderr, TITLES[normalised.stem]) == drawn(seen)
    assert "upright" not in run(*common, "--show").stderr


def test_panels_wrap_where_the_terminal_ends(run: Run, normalised: Path, picture: Path) -> None:
    command = ["predict", "--brain", normalised, picture, "--explain"]
    for columns, together in ((80, False), (109, False), (110, True)):
        stderr = run(*command, env={"COLUMNS": str(columns)}).stderr
        titles = stderr.splitlines()[1]
        assert titles.startswith("picture  ")
        assert ("upright" in titles) == together
        assert max(map(len, stderr.splitlines())) == (110 if together else 80)


def test_explain_shows_each_normalisation_once(
    run: Run, brain: Path, normalised: Path, picture: Path
) -> None:
    other = "deslant" if normalised.stem == "moments" else "moments"
    loaded = load_brain(normalised)
    assert loaded.meta
    scaling = loaded.meta.raw["input"] | {"normalization": other}
    save_brain(Path("other.npz"), loaded.network, loaded.meta.raw | {"input": scaling})
    brains = [f"--brain={each}" for each in (brain, normalised, "other.npz", normalised)]
    result = run("predict", *brains, picture, "--explain", "--explain-png", "steps.png")
    titles = [line for line in result.stderr.splitlines() if "upright" in line]
    assert len(titles) == 1
    assert titles[0].split("  ")[0] == TITLES[normalised.stem].strip()
    assert titles[0].count("upright") == 2
    assert max(map(len, result.stderr.splitlines())) <= 80
    run("predict", *brains[:1], picture, "--explain-png", "plain.png")
    with Image.open("steps.png") as page, Image.open("plain.png") as plain:
        assert page.width - plain.width == 2 * (plain.width - 16) / 4


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
