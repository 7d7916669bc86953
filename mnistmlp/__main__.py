"""Run the command line: ``python -m mnistmlp``, and what `mnistmlp` itself calls."""

import atexit
import gc
import signal
import sys


def main() -> None:
    """Run, and exit with the code of the outcome."""
    gc.set_threshold(50_000)  # what a start makes stays: looking for garbage took 5 % of `predict`
    atexit.register(gc.freeze)  # and looking at all of it once more at the end 13 %
    try:
        from mnistmlp.cli.app import app
        from mnistmlp.cli.interrupt import terminate

        if signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
            signal.signal(signal.SIGTERM, terminate)
    except KeyboardInterrupt:
        sys.exit(130)
    app(prog_name="mnistmlp")


if __name__ == "__main__":
    main()
