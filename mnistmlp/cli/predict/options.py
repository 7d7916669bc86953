"""Options of `predict`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from mnistmlp.cli import options

Images = Annotated[
    list[str] | None,
    typer.Argument(metavar="[IMAGE]...", show_default=False, help="Pictures; - is standard input."),
]
FilesFrom = Annotated[
    str | None,
    typer.Option(
        parser=options.name,
        metavar="FILE",
        help="Read names of pictures from FILE, a line each; - is standard input.",
    ),
]
Null = Annotated[
    bool, typer.Option("--null", "-0", help="Names in --files-from end with a NUL, not a line.")
]
Recursive = Annotated[
    bool, typer.Option("--recursive", "-r", help="Take all pictures in folders, and below.")
]
Index = Annotated[
    list[str] | None,
    typer.Option(metavar="N", help="Image N of the data set, or N:M for N to M - 1; repeatable."),
]
Split = Annotated[Literal["test", "train"], typer.Option(help="Where --index counts.")]
Brains = Annotated[
    list[Path] | None,
    typer.Option(
        "--brain",
        parser=options.file,
        metavar="FILE",
        show_default="brain.npz, or pretrained if there is none",
        help="Brain file, or pretrained: the one that comes along; several are averaged.",
    ),
]
Top = Annotated[
    int | None,
    typer.Option(
        parser=options.whole(1, 10),
        metavar="K",
        help="Print the K likeliest digits, each with its confidence.",
    ),
]
Reject = Annotated[
    float,
    typer.Option(
        parser=options.number(0, 1),
        metavar="PART",
        help="Print ? where the confidence is below this.",
    ),
]
Inverted = Annotated[
    Literal["auto", "yes", "no"],
    typer.Option(help="Whether pictures are dark ink on a light ground; auto looks at each."),
]
Centre = Annotated[
    bool,
    typer.Option(
        "--centre/--no-centre",
        help="Cut pictures to their ink and centre it, or scale them as they are.",
    ),
]
Raw = Annotated[bool, typer.Option("--raw", help="Take pictures of 28 x 28 as they are.")]
Show = Annotated[bool, typer.Option("--show", help="Draw image and probabilities on stderr.")]
Explain = Annotated[
    bool,
    typer.Option("--explain", help="Draw on stderr how a picture became an image of 28 x 28."),
]
ExplainPng = Annotated[
    Path | None,
    typer.Option(
        parser=options.file, metavar="FILE", help="Write the same as a picture, of one picture."
    ),
]
