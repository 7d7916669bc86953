"""The entry point of ``python -m mnistmlp`` and of the command `mnistmlp`."""

import atexit
import gc
import signal
import sys


def main() -> None:
    """Run the command line and exit with its exit code."""
    gc.set_threshold(
        50_000
    )  # objects made at start-up stay alive: collecting took 5 % of `predict`
    atexit.register(gc.freeze)  # and the last collection, at exit, another 13 %
    try:
        from mnistmlp.cli.app import app
        from mnistmlp.cli.interrupt import handle_signals

        handle_signals()
        app(prog_name="mnistmlp")
    except KeyboardInterrupt as interrupt:  # before or after the command itself
        sys.exit(128 + getattr(interrupt, "number", signal.SIGINT))


if __name__ == "__main__":
    main()
