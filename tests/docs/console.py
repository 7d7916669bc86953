"""The console blocks of a document: their commands, and the output that it shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(
    r"(?:^<!-- (?P<mark>[^\n]*) -->\n)?^```(?P<language>console|sh|bash)\n(?P<body>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
MARKS = ("figures vary", "not compared: ", "not run: ")  # the last two are followed by the reason
NUMBER = re.compile(r"\d(?:[\d,.]*\d)?|(?<= )\.(?= |$)")  # a dot is a 0 in a confusion matrix
CURVE = re.compile("[▁▂▃▄▅▆▇█]+")
TIME = re.compile(r"\d(?:[\d,.]*\d)? (?=s\b|images/s\b|MB\b)")
LAST_DIGITS = re.compile(r"(?<=\b\d\.\d\d)\d+|(?<=\.\d)\d(?=%)")  # of confidences


@dataclass
class Command:
    """A command, and the output that the document shows for it."""

    text: str
    output: list[str] | None = None  # None: it is not compared
    figures_vary: bool = False  # from one machine to the next

    @property
    def fails(self) -> bool:
        """Whether the document shows an error."""
        return any(line.startswith("error: ") for line in self.output or ())

    def gives(self, output: str) -> bool:
        """Whether an output is as the document shows it; `...` stands for any text or lines."""
        if self.output is None:
            return True
        shown = (
            "(?:.*\n)*" if line == "..." else self._make_pattern(line) + "\n"
            for line in self.output
        )
        printed = (self._keep_what_is_stable(line) + "\n" for line in output.splitlines())
        return re.fullmatch("".join(shown), "".join(printed)) is not None

    def _make_pattern(self, line: str) -> str:
        return ".*".join(re.escape(self._keep_what_is_stable(part)) for part in line.split("..."))

    def _keep_what_is_stable(self, line: str) -> str:
        line = LAST_DIGITS.sub("", TIME.sub("0 ", line.rstrip()))
        if self.figures_vary:
            line = CURVE.sub("▁", NUMBER.sub("0", line))
            line = re.sub(" +", " ", line)
        return line


def find_commands(document: Path) -> Iterator[Command]:
    """Yield the commands of a document that can be run, in order."""
    for block in BLOCK.finditer(document.read_text("utf-8")):
        mark = block["mark"] or ""
        if mark.startswith("not run: "):
            continue
        if block["language"] != "console":
            yield Command(block["body"])
            continue
        for text, output in _split(block["body"]):
            compared = not mark.startswith("not compared: ")
            yield Command(text, output if compared else None, mark == "figures vary")


def _split(body: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each command of a console block, which follows a `$`, with the lines below it."""
    for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
        lines = part.splitlines()
        end = next(i for i, line in enumerate(lines) if not line.endswith("\\"))
        yield "\n".join(lines[: end + 1]), lines[end + 1 :]
