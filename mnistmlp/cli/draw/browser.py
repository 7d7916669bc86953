"""Opening a page in the user's browser."""

from __future__ import annotations

import subprocess
import sys

from mnistmlp.cli import console

OPEN = "import sys, webbrowser; sys.exit(not webbrowser.open(sys.argv[1]))"
PATIENCE = 10  # seconds; a browser that runs in the foreground is left to itself after that


def open_in_browser(url: str) -> None:
    """Open a page in the user's browser, or say that there is none.

    A process of its own does so: some browsers write to stdout, read the
    terminal, or end when they are closed.
    """
    command = [sys.executable, "-I", "-c", OPEN, url]  # -I: no module from the user's folder
    null = subprocess.DEVNULL
    try:
        subprocess.run(
            command,
            stdin=null,
            stdout=null,
            stderr=null,
            start_new_session=True,
            check=True,
            timeout=PATIENCE,
        )
    except subprocess.TimeoutExpired:
        return
    except (OSError, subprocess.CalledProcessError):
        console.note("no browser found; open the page yourself")
