"""Run the command line: ``python -m mnistmlp``, and what `mnistmlp` itself calls."""

import sys


def main() -> None:
    """Run, and exit with the code of the outcome."""
    try:
        from mnistmlp.cli.app import app
    except KeyboardInterrupt:
        sys.exit(130)
    app(prog_name="mnistmlp")


if __name__ == "__main__":
    main()
