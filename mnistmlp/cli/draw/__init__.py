"""``mnistmlp draw``."""

from __future__ import annotations

from pathlib import Path
from threading import Thread
from typing import Annotated

import typer

from mnistmlp.atomic import cause_of
from mnistmlp.cli import console
from mnistmlp.cli.brains import brain_file, choose_default_brain, load_named
from mnistmlp.cli.completion import complete_brain
from mnistmlp.cli.draw.browser import open_in_browser
from mnistmlp.cli.interrupt import Terminated
from mnistmlp.cli.options import (
    Force,
    back_up_replaced,
    check_distinct,
    check_target,
    parse_file,
)
from mnistmlp.errors import MnistMlpError, SettingError

SUFFIX = ".html"
EXAMPLES = (
    ("Draw digits in the browser", "mnistmlp draw"),
    ("Write the page of the bundled brain to a file", "mnistmlp draw pretrained -o digits.html"),
)


def draw(
    brain: Annotated[
        Path | None,
        typer.Argument(
            metavar="BRAIN",
            autocompletion=complete_brain,
            show_default="brain.npz, or pretrained if there is none",
            help="Brain file, or `pretrained`, the bundled brain.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            parser=parse_file,
            metavar="FILE",
            help="Write the page to this .html file instead, print its path and exit.",
        ),
    ] = None,
    no_browser: Annotated[
        bool,
        typer.Option(
            "--no-browser", help="Do not open a browser; only print the address or the path."
        ),
    ] = False,
    force: Force = False,
) -> None:
    """Open a page to draw digits on.

    The page is the one that `export` writes.  It is served until Ctrl-C, to this machine
    only, at an address that cannot be guessed.  The address is printed.
    """
    from mnistmlp.exchange.html import make_page, write_page

    if output:
        _check_output(output, brain, force=force)
    name = brain or choose_default_brain()
    loaded = load_named(name)
    if not output:
        _serve(make_page(loaded, name.name), browser=not no_browser)
        return
    back_up_replaced(output)
    write_page(output, loaded, name.name)
    print(output, flush=True)
    if not no_browser:
        open_in_browser(output.resolve().as_uri())


def _check_output(output: Path, brain: Path | None, *, force: bool) -> None:
    """Raise SettingError if the page cannot be written, or would replace the brain."""
    if output.suffix.lower() != SUFFIX:
        raise SettingError("output", f"{output} does not end in {SUFFIX}")
    check_distinct("output", output, {"BRAIN": brain and brain_file(brain)})
    check_target("output", output, force=force)


def _serve(page: str, *, browser: bool) -> None:
    """Serve a page until Ctrl-C, which is the usual end and no failure."""
    from mnistmlp.cli.draw.server import ADDRESS, PageServer

    try:
        server = PageServer(page.encode())
    except OSError as error:
        raise MnistMlpError(
            f"{ADDRESS}: cannot open a port: {cause_of(error)}",
            hint="mnistmlp draw --output page.html",
        ) from None
    with server:
        try:
            print(server.url, flush=True)
            console.note("served to this machine only; press Ctrl-C to stop")
            if browser:
                Thread(target=open_in_browser, args=[server.url], daemon=True).start()
            server.serve_forever()
        except Terminated:
            raise
        except KeyboardInterrupt:
            return
