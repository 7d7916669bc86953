import os
import socket
from pathlib import Path

import pytest
from PIL import Image

from mnistmlp.cli.predict.folders import MAX_NAMED, SUFFIXES
from mnistmlp.pictures.decoding import FORMATS
from tests.cli.conftest import Run
from tests.cli.predict.conftest import sources

NOTHING = "no pictures in a supported format (PNG, JPEG, GIF, BMP, WEBP, TIFF, PPM)"


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
    assert lines[:3] == [
        f"error: deep: {NOTHING}",
        "  left out: deep/self",
        "error: none: no such file",
    ]
    assert lines[3].endswith("a: file name too long")
    assert len(lines) == 4


def test_every_folder_without_pictures_is_named(run: Run, brain: Path, pictures: list[str]) -> None:
    for name in ("empty", "texts", "photos"):
        Path(name).mkdir()
    for number in range(MAX_NAMED + 2):
        Path(f"texts/{number}.txt").touch()
    Path("photos/IMG_1.HEIC").touch()
    names = ["empty", pictures[0], "texts", "photos"]
    result = run("predict", "--brain", brain, "-r", *names)
    assert (result.exit_code, sources(result.stdout)) == (1, pictures[:1])
    assert result.stderr.splitlines() == [
        f"error: empty: {NOTHING}",
        f"error: texts: {NOTHING}",
        f"  left out: {', '.join(f'texts/{n}.txt' for n in range(MAX_NAMED))} and 2 more",
        f"error: photos: {NOTHING}",
        "  left out: photos/IMG_1.HEIC",
        "hint: save such files as PNG or JPEG first",
    ]


def test_photographs_that_are_not_read_are_not_passed_over_in_silence(
    run: Run, brain: Path, pictures: list[str]
) -> None:
    Path("pictures/even/IMG_1.HEIC").touch()
    result = run("predict", "--brain", brain, "-r", "pictures")
    assert (result.exit_code, len(sources(result.stdout))) == (0, len(pictures))
    assert result.stderr == "warning: pictures: not read: pictures/even/IMG_1.HEIC\n"


def test_what_systems_keep_beside_the_pictures_is_left_out(
    run: Run, brain: Path, pictures: list[str]
) -> None:
    for folder in ("", "__MACOSX/", "@eaDir/", "$RECYCLE.BIN/", ".thumbnails/"):
        Path(f"pictures/{folder}").mkdir(exist_ok=True)
        Path(f"pictures/{folder}._01.png").write_bytes(b"\0\5\x16\7")
        Path(f"pictures/{folder}.DS_Store").touch()
        Path(f"pictures/{folder}Thumbs.db").touch()
    for folder in ("__MACOSX/", ".thumbnails/"):
        Path(f"pictures/{folder}01.png").touch()
    result = run("predict", "--brain", brain, "-r", "pictures")
    assert (result.exit_code, result.stderr) == (0, "")
    assert len(sources(result.stdout)) == len(pictures)
    hidden = Path("pictures").rename(".pictures")  # one that is named is read
    assert len(sources(run("predict", "--brain", brain, "-r", hidden).stdout)) == len(pictures)


def test_endings_of_names(run: Run, brain: Path, picture: Path) -> None:
    with Image.open(picture) as image:
        image.convert("RGB").save("7.JFIF", "JPEG")
        image.save("7.dib", "BMP")
    picture.rename("7.Png")
    result = run("predict", "--brain", brain, "-r", ".")
    assert (result.exit_code, result.stderr) == (0, "")
    assert sources(result.stdout) == ["7.JFIF", "7.Png", "7.dib"]


def test_every_ending_that_pillow_knows_for_these_formats_is_read() -> None:
    known = {suffix for suffix, kind in Image.registered_extensions().items() if kind in FORMATS}
    assert known <= set(SUFFIXES)


@pytest.mark.parametrize("kind", ["pipe", "socket", "link to a device"])
def test_what_is_no_file_is_left_out(run: Run, brain: Path, picture: Path, kind: str) -> None:
    Path("folder").mkdir()
    picture.rename("folder/1.png")
    with socket.socket(socket.AF_UNIX) as listener:
        if kind == "pipe":
            os.mkfifo("folder/2.png")
        elif kind == "socket":
            listener.bind("folder/2.png")
        else:
            Path("folder/2.png").symlink_to("/dev/zero")
        Path("folder/3.png").symlink_to("none")  # broken: perhaps by mistake
        result = run("predict", "--brain", brain, "-r", "folder")
    assert (result.exit_code, sources(result.stdout)) == (1, ["folder/1.png"])
    assert result.stderr == "error: folder/3.png: no such file\n"


def test_standard_input_is_no_folder(run: Run, brain: Path, picture: Path) -> None:
    Path("-").mkdir()
    result = run("predict", "--brain", brain, "-r", "-", input=picture.read_bytes())
    assert (result.exit_code, sources(result.stdout)) == (0, ["-"])
