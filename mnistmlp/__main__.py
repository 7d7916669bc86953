"""Run the command line as ``python -m mnistmlp``."""

from mnistmlp.cli.app import app

if __name__ == "__main__":
    app(prog_name="mnistmlp")
