"""Answers in each format."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import Run
from tests.cli.predict.conftest import seven
from tests.pictures.numbers.drawn import draw_lines, save

INDICES = ("--index", "3", "--index", "7")


def read_csv(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def test_a_table_has_a_row_an_image(run: Run, small: Path, brain: Path) -> None:
    common = ["predict", "--brain", brain, "--data-dir", small, *INDICES]
    found = [json.loads(line) for line in run(*common, "--json").stdout.splitlines()]
    for form, delimiter in (("csv", ","), ("tsv", "\t")):
        plain = run(*common, "--format", form).stdout.splitlines()
        rows = [line.split(delimiter) for line in plain]
        assert [row[:2] for row in rows] == [[str(e["index"]), str(e["digit"])] for e in found]
        confidences = [each["confidence"] for each in found]
        np.testing.assert_allclose([float(row[2]) for row in rows], confidences, rtol=1e-5)
        more = run(*common, "--format", form, "--header", "--probabilities").stdout.splitlines()
        head = ["index", "digit", "confidence", *(f"p{digit}" for digit in range(10))]
        assert more[0] == delimiter.join(head)
        for line, begin, each in zip(more[1:], plain, found, strict=True):
            assert line.startswith(begin + delimiter)
            shares = [float(share) for share in line.split(delimiter)[3:]]
            np.testing.assert_allclose(shares, each["probabilities"], rtol=1e-5)


def test_jsonl_is_the_other_name_of_json(run: Run, small: Path, brain: Path) -> None:
    common = ["predict", "--brain", brain, "--data-dir", small, *INDICES]
    lines = run(*common, "--json").stdout
    assert run(*common, "--format", "jsonl").stdout == lines
    assert run(*common, "--format", "jsonl", "--json").stdout == lines
    text = run(*common).stdout
    assert run(*common, "--format", "text").stdout == text != lines


def test_any_name_stays_one_field(run: Run, brain: Path) -> None:
    name = 'a,"b"\t\n\r7.png'
    seven(120).save(name)
    common = ["predict", "--brain", brain, name, name, "--header"]
    rows = read_csv(run(*common, "--format", "csv").stdout)
    assert [row[0] for row in rows] == ["source", name, name]
    lines = run(*common, "--format", "tsv").stdout.splitlines()
    assert lines[0] == "source\tdigit\tconfidence"
    assert [line.split("\t")[0] for line in lines[1:]] == [r'a,"b"\t\n\r7.png'] * 2


def test_a_picture_that_cannot_be_read_has_no_row(run: Run, brain: Path, picture: Path) -> None:
    common = ["predict", "--brain", brain, "--format", "csv", "--header"]
    result = run(*common, "none.png", picture)
    header, row = result.stdout.splitlines()
    assert (result.exit_code, header) == (1, "source,digit,confidence")
    assert row.startswith("digit.png,")
    assert run(*common, "none.png").stdout == f"{header}\n"
    assert run(*common, "--files-from", "-", input="").stdout == f"{header}\n"


def test_a_rejected_digit_is_an_empty_field(run: Run, small: Path, brain: Path) -> None:
    common = ["predict", "--brain", brain, "--data-dir", small, *INDICES, "--reject", "1"]
    assert [row[:2] for row in read_csv(run(*common, "--format", "csv").stdout)] == [
        ["3", ""],
        ["7", ""],
    ]


def test_a_row_for_each_line_of_digits(run: Run) -> None:
    page = save(draw_lines("0110", "10"), "page.png")
    common = ["predict", "--brain", "pretrained", "--numbers", page]
    head, *rows = read_csv(run(*common, "--format", "csv", "--header").stdout)
    assert head == ["source", "number", "confidence"]
    assert [row[:2] for row in rows] == [["page.png", "0110"], ["page.png", "10"]]
    tsv = run(*common, "--format", "tsv").stdout
    assert tsv == "".join("\t".join(row) + "\n" for row in rows)


def test_kaggle_numbers_images_from_1(run: Run, small: Path, brain: Path) -> None:
    common = ["predict", "--brain", brain, "--data-dir", small, *INDICES]
    digits = [row[1] for row in read_csv(run(*common, "--format", "csv").stdout)]
    expected = f"ImageId,Label\n4,{digits[0]}\n8,{digits[1]}\n"
    assert run(*common, "--format", "kaggle").stdout == expected
    assert run(*common, "--format", "kaggle", "--header").stdout == expected


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--format", "csv", "--json"], "--json: cannot be used with --format csv"),
        (["--format", "text", "--json"], "--json: cannot be used with --format text"),
        (["--header"], "--header: needs --format tsv or csv"),
        (["--header", "--json"], "--header: needs --format tsv or csv"),
        (["--probabilities"], "--probabilities: needs --format tsv or csv"),
        (["--probabilities", "--format", "kaggle"], "--probabilities: needs --format tsv or csv"),
        (["--top", "3", "--format", "csv"], "--top: cannot be used with --format csv"),
        (["--no-filename", "--format", "tsv"], "--no-filename: cannot be used with --format tsv"),
        (
            ["--reject", "0.5", "--format", "kaggle"],
            "--reject: leaves digits out, and --format kaggle needs a label for every image",
        ),
        (["a.png", "--format", "kaggle"], "--format: kaggle numbers the images of --data or"),
        (["--data", "x.csv"], "--data: cannot be used with --index"),
    ],
    ids=str,
)
def test_what_a_format_has_no_place_for(
    run: Run, brain: Path, args: list[str], message: str
) -> None:
    result = run("predict", "--brain", brain, "--index", "3", *args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"error: {message}")


def test_all_images_of_a_split(run: Run, small: Path, brain: Path) -> None:
    common = ["predict", "--brain", brain, "--data-dir", small, "--index"]
    everything = run(*common, "0:300").stdout
    assert run(*common, ":").stdout == everything
    lines = everything.splitlines(keepends=True)
    assert run(*common, ":2").stdout == "".join(lines[:2])
    assert run(*common, "298:").stdout == "".join(lines[298:])
    assert run(*common, "299:").stdout == lines[299]  # named: how many was not said
    assert run(*common, ":", "--split", "train").stdout.count("\n") == 1200
    for text, last in (("300:", 300), (":301", 300), ("999:", 999)):
        result = run(*common, text)
        assert result.exit_code == 2
        assert f"--index: {last} is not one of the test images, 0 to 299" in result.stderr
