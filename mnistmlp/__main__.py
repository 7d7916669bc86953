"""Run the command line: ``python -m mnistmlp``, and what `mnistmlp` itself calls."""

import atexit
import gc
import sys


def main() -> None:
    """Run, and exit with the code of the outcome."""
    gc.set_threshold(50_000)  # most of what a start makes stays: looking for garbage costs 5 %
    atexit.register(gc.freeze)  # and at the end nothing needs to be looked at: 13 %
    try:
        from mnistmlp.cli.app import app
    except KeyboardInterrupt:
        sys.exit(130)
    app(prog_name="mnistmlp")


if __name__ == "__main__":
    main()
