"""Answers on stdout: text for people and the shell, and tables and JSON for programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mnistmlp.cli import console
from mnistmlp.cli.predict.wanted import UNSURE, Format, Wanted
from mnistmlp.errors import SettingError

if TYPE_CHECKING:
    from mnistmlp.arrays import Array
    from mnistmlp.cli.predict.recognise import Recognised

TABLES = ("tsv", "csv")
COLUMNS = ("digit", "confidence")  # after the one that names the image
OF_DIGITS = tuple(f"p{digit}" for digit in range(10))
OF_NUMBERS = ("source", "number", "confidence")
OF_KAGGLE = ("ImageId", "Label")


class Output:
    """Lines on stdout, below a header if there is one."""

    def __init__(self, header: str | None) -> None:
        self.header = header

    def print(self, lines: str) -> None:
        """Print lines, after the header if they are the first."""
        self.print_header()
        print(lines, flush=True)

    def print_header(self) -> None:
        """Print the header, unless it has been printed."""
        if self.header is not None:
            print(self.header, flush=True)
            self.header = None


# --- The format --------------------------------------------------------------


def choose_format(form: Format | None, *, as_json: bool) -> Format:
    """Return the format that --format and --json ask for."""
    if as_json and form not in (None, "jsonl"):
        raise SettingError("json", f"cannot be used with --format {form}")
    return form or ("jsonl" if as_json else "text")


def check_format(wanted: Wanted, *, header: bool, no_filename: bool) -> None:
    """Raise SettingError if an option is given that the format has no place for."""
    form, table = wanted.form, wanted.form in TABLES
    if header and form in ("text", "jsonl"):
        raise SettingError("header", "needs --format tsv or csv")
    if wanted.probabilities and not table:
        raise SettingError("probabilities", "needs --format tsv or csv")
    if not (table or form == "kaggle"):
        return
    if wanted.top:
        hint = "--probabilities gives each digit a column" if table else None
        raise SettingError("top", f"cannot be used with --format {form}", hint=hint)
    if no_filename:
        raise SettingError("no_filename", f"cannot be used with --format {form}")
    if form == "kaggle" and wanted.reject:
        message = "leaves digits out, and --format kaggle needs a label for every image"
        raise SettingError("reject", message)
    if form == "kaggle" and not wanted.by_index:
        message = "kaggle numbers the images of --data or --index; pictures have names"
        raise SettingError("format", message, hint="--format csv")


def make_header(wanted: Wanted, *, header: bool, numbers: bool) -> str | None:
    """Return the names of the columns, or None if they are not to be printed."""
    if wanted.form == "kaggle":
        return ",".join(OF_KAGGLE)
    if not header:
        return None
    if numbers:
        return make_row(OF_NUMBERS, wanted.form)
    name = "index" if wanted.by_index else "source"
    of_digits = OF_DIGITS if wanted.probabilities else ()
    columns = ("digit", "name", "confidence") if wanted.class_names else COLUMNS
    return make_row((name, *columns, *of_digits), wanted.form)


def make_row(fields: Sequence[Any], form: Format) -> str:
    """Return the fields of a row as a line of text.

    In TSV, which has no quotes, what would break a line or a column is escaped.
    """
    if form == "tsv":
        return "\t".join(console.escape(str(field)) for field in fields)
    text = io.StringIO()
    csv.writer(text).writerow(fields)  # ends in CRLF, so that a CR within a name is quoted
    return text.getvalue().removesuffix("\r\n")


def write_probability(probability: float) -> str:
    """Return a probability as tables have it."""
    return f"{probability:.6g}"


# --- Pictures of one digit, and images ---------------------------------------


def write_answer(result: Recognised, wanted: Wanted) -> str:
    """Return what is printed on stdout about an image."""
    match wanted.form:
        case "jsonl":
            return _document(result, wanted)
        case "kaggle":
            digit = int(result.probabilities.argmax())
            return make_row((result.origin["index"] + 1, digit), "csv")
        case "tsv" | "csv":
            return make_row(_fields(result, wanted), wanted.form)
    return _lines(result, wanted)


def is_confident(result: Recognised, reject: float) -> bool:
    """Tell whether a digit is named.

    If unsure ones are rejected, one of several is not, and none in a picture unlike a digit.
    """
    doubtful = result.count > 1 or result.odd
    return bool(result.probabilities.max() >= reject) and not (reject and doubtful)


def _document(result: Recognised, wanted: Wanted) -> str:
    digit = _digit(result, wanted)
    named = {"name": None if digit is None else wanted.name(digit)} if wanted.class_names else {}
    return json.dumps(
        {
            "source": result.source,
            "digit": digit,
            **named,
            "confidence": float(result.probabilities.max()),
            "probabilities": result.probabilities.tolist(),
            **({"several": result.count} if result.count > 1 else {}),
            **({"odd": True} if result.odd else {}),
            **result.origin,
        }
    )


def _fields(result: Recognised, wanted: Wanted) -> Sequence[Any]:
    """Return the fields of a row; that of a digit that is rejected is empty."""
    name = result.origin["index"] if wanted.by_index else result.source
    digit, probabilities = _digit(result, wanted), result.probabilities
    confidence = write_probability(probabilities.max())
    rest = map(write_probability, probabilities if wanted.probabilities else ())
    answer = ["" if digit is None else digit]
    if wanted.class_names:
        answer.append("" if digit is None else wanted.name(digit))
    return name, *answer, confidence, *rest


def _digit(result: Recognised, wanted: Wanted) -> int | None:
    """Return the digit, or None if it is rejected."""
    return int(result.probabilities.argmax()) if is_confident(result, wanted.reject) else None


def _lines(result: Recognised, wanted: Wanted) -> str:
    """Return the digit alone, or lines of source, digit and confidence."""
    likeliest = _rank_digits(result.probabilities, wanted.top or 1)
    confident = is_confident(result, wanted.reject)
    if wanted.top is None and not wanted.named:
        return wanted.name(likeliest[0]) if confident else UNSURE
    source = f"{console.escape(result.source)}\t" if wanted.named else ""
    if not confident:
        return f"{source}{UNSURE}\t{result.probabilities.max():.4f}"
    return "\n".join(
        f"{source}{wanted.name(digit)}\t{result.probabilities[digit]:.4f}" for digit in likeliest
    )


def _rank_digits(probabilities: Array, count: int) -> list[int]:
    return [int(digit) for digit in (-probabilities).argsort(kind="stable")[:count]]
