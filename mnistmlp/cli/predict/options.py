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
    typer.Argument(
        metavar="IMAGE", show_default=False, help="Pictures to recognise; - is standard input."
    ),
]
FilesFrom = Annotated[
    str | None,
    typer.Option(
        parser=options.parse_name,
        metavar="FILE",
        help="Read names of pictures from FILE, one per line; - is standard input.",
        rich_help_panel="Pictures",
    ),
]
Null = Annotated[
    bool,
    typer.Option(
        "--null",
        "-0",
        help="Names in --files-from end with NUL, not with a newline.",
        rich_help_panel="Pictures",
    ),
]
Recursive = Annotated[
    bool,
    typer.Option(
        "--recursive",
        "-r",
        help="Read all pictures in folders and their subfolders, except hidden ones.",
        rich_help_panel="Pictures",
    ),
]
WithFilename = Annotated[
    bool | None,
    typer.Option(
        "--with-filename/--no-filename",
        "-H",
        show_default="if there are several",
        help="Print the source and the confidence with each digit, or leave them out.",
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        parser=options.whole(1, MAX_THREADS),
        metavar="N",
        show_default="as many as there are usable cores",
        help="Number of processes that read pictures of one digit.",
        rich_help_panel="Pictures",
    ),
]
Index = Annotated[
    list[str] | None,
    typer.Option(
        metavar="N",
        help="Image N of the data set; N:M for N to M - 1; : for all; random, or random:K for K "
        "random ones. Repeat it for more.",
        rich_help_panel="Data",
    ),
]
Split = Annotated[
    Literal["test", "train"] | None,
    typer.Option(
        show_default="test",
        help="Images that --index refers to, or that --data takes from a file with both.",
        rich_help_panel="Data",
    ),
]
Data = Annotated[
    Path | None,
    typer.Option(
        parser=options.parse_no_stream,
        metavar="FILE",
        autocompletion=complete_file(".csv", ".tsv", ".npz", ".npy", ".gz"),
        help="Recognise all images in a table (.csv), an archive (.npz), an array (.npy) or IDX "
        "files, as convert reads them.",
        rich_help_panel="Data",
    ),
]
Seed = Annotated[
    int | None,
    typer.Option(
        parser=options.parse_seed,
        metavar="N",
        show_default="a new one each time",
        help="Seed of --index random.",
        rich_help_panel="Data",
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
        help="Brain file, or `pretrained`, the bundled brain. Repeat it to average several.",
        rich_help_panel="Essentials",
    ),
]
Top = Annotated[
    int | None,
    typer.Option(
        parser=options.whole(1, 10),
        metavar="K",
        help="Print the K most likely digits, each with its confidence.",
        rich_help_panel="Essentials",
    ),
]
Reject = Annotated[
    float,
    typer.Option(
        parser=options.number(0, 1),
        metavar="CONFIDENCE",
        help="Print ? if the confidence is lower than this; tsv and csv then have an empty field.",
        rich_help_panel="Essentials",
    ),
]
Numbers = Annotated[
    bool,
    typer.Option(
        "--numbers",
        help="Read pictures of several digits, and print each line of them.",
        rich_help_panel="Essentials",
    ),
]
Invert = Annotated[
    Literal["auto", "yes", "no"],
    typer.Option(
        help="Whether the ink is dark on a light background; auto decides for each picture.",
        rich_help_panel="Pictures",
    ),
]
Centre = Annotated[
    bool,
    typer.Option(
        "--centre/--no-centre",
        help="Crop pictures to the ink and centre it, or scale them as a whole.",
        rich_help_panel="Pictures",
    ),
]
Raw = Annotated[
    bool,
    typer.Option(
        "--raw", help="Use pictures of 28 x 28 pixels as they are.", rich_help_panel="Pictures"
    ),
]
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
        help="What to print: text; a table with one row per image (tsv or csv); jsonl, as --json "
        "does; or a submission to Kaggle.",
    ),
]
Header = Annotated[
    bool, typer.Option("--header", help="Print the column names of tsv or csv first.")
]
Probabilities = Annotated[
    bool, typer.Option("--probabilities", help="Add a column for each digit to tsv or csv.")
]
