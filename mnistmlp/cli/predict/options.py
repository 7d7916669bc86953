"""Options of `predict`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from mnistmlp.blas import MAX_THREADS
from mnistmlp.cli import options
from mnistmlp.cli.completion import complete_brain, complete_file
from mnistmlp.cli.predict.wanted import Format

Images = Annotated[
    list[str] | None,
    typer.Argument(metavar="IMAGE", show_default=False, help="Pictures; - is standard input."),
]
FilesFrom = Annotated[
    str | None,
    typer.Option(
        parser=options.parse_name,
        metavar="FILE",
        help="Read names of pictures from FILE, one a line; - is standard input.",
    ),
]
Null = Annotated[
    bool,
    typer.Option("--null", "-0", help="Names in --files-from end with NUL, not with a newline."),
]
Recursive = Annotated[
    bool,
    typer.Option(
        "--recursive",
        "-r",
        help="Read all pictures in folders and their subfolders, but for hidden ones.",
    ),
]
WithFilename = Annotated[
    bool | None,
    typer.Option(
        "--with-filename/--no-filename",
        "-H",
        show_default="if there are several",
        help="Print the source and the confidence with each digit, or neither; "
        "-h is not short for that.",
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        parser=options.whole(1, MAX_THREADS),
        metavar="N",
        show_default="as many as there are usable cores",
        help="How many processes read pictures of one digit.",
    ),
]
Index = Annotated[
    list[str] | None,
    typer.Option(
        metavar="N",
        help="Image N of the data set, N:M for N to M - 1, : for all, random for any, or "
        "random:K for any K; repeatable.",
    ),
]
Split = Annotated[
    Literal["test", "train"] | None,
    typer.Option(
        show_default="test",
        help="Which images --index refers to, or --data takes of a file with both.",
    ),
]
Data = Annotated[
    Path | None,
    typer.Option(
        parser=options.parse_no_stream,
        metavar="FILE",
        autocompletion=complete_file(".csv", ".tsv", ".npz", ".npy", ".gz"),
        help="All images of a table (.csv), an archive (.npz), an array (.npy) or IDX files, "
        "as convert reads them.",
    ),
]
Seed = Annotated[
    int | None,
    typer.Option(
        parser=options.whole(0, 2**63 - 1),
        metavar="N",
        show_default="another each time",
        help="Seed of --index random.",
    ),
]
Brains = Annotated[
    list[Path] | None,
    typer.Option(
        "--brain",
        parser=options.parse_file,
        metavar="FILE",
        autocompletion=complete_brain,
        show_default="brain.npz, or pretrained if there is none",
        help="Brain file, or pretrained: the bundled brain; several are averaged.",
    ),
]
Top = Annotated[
    int | None,
    typer.Option(
        parser=options.whole(1, 10),
        metavar="K",
        help="Print the K most likely digits, each with its confidence.",
    ),
]
Reject = Annotated[
    float,
    typer.Option(
        parser=options.number(0, 1),
        metavar="CONFIDENCE",
        help="Print ? if the confidence is lower than this; tsv and csv have an empty field.",
    ),
]
Numbers = Annotated[
    bool,
    typer.Option("--numbers", help="Read pictures of several digits; print each line of them."),
]
Invert = Annotated[
    Literal["auto", "yes", "no"],
    typer.Option(help="Whether ink is dark on a light background; auto decides for each picture."),
]
Centre = Annotated[
    bool,
    typer.Option(
        "--centre/--no-centre",
        help="Crop pictures to their ink and centre it, or scale them whole.",
    ),
]
Raw = Annotated[bool, typer.Option("--raw", help="Use pictures of 28 x 28 pixels as they are.")]
Show = Annotated[
    bool, typer.Option("--show", help="Draw the image and its probabilities on stderr.")
]
Explain = Annotated[
    bool,
    typer.Option("--explain", help="Draw the steps from a picture to its 28 x 28 image on stderr."),
]
ExplainPng = Annotated[
    Path | None,
    typer.Option(
        parser=options.parse_file,
        metavar="FILE",
        help="Write these steps as a PNG file; for one picture only.",
    ),
]
Form = Annotated[
    Format | None,
    typer.Option(
        "--format",
        show_default="text",
        help="What is printed: text; a table with a row an image, tsv or csv; jsonl, as --json; "
        "or a submission to Kaggle.",
    ),
]
Header = Annotated[
    bool, typer.Option("--header", help="Print the names of the columns of tsv or csv first.")
]
Probabilities = Annotated[
    bool, typer.Option("--probabilities", help="Add a column for each digit to tsv or csv.")
]
