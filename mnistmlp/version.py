"""The version of this package, and how to install an extra of it."""

import sys

__version__ = "0.2.0"


def install_command(extra: str) -> str:
    """Return the command that installs an extra for the Python that runs.

    The package itself is installed, so it is taken from there and not looked for on an index.
    """
    from importlib.util import find_spec
    from pathlib import Path
    from shlex import join
    from shutil import which

    requirement, python = f"mnistmlp[{extra}]", sys.executable
    if Path(which("pip") or "").parent == Path(python).parent:  # its environment is activated
        return join(["pip", "install", requirement])
    if find_spec("pip"):
        return join([python, "-m", "pip", "install", requirement])
    return join(["uv", "pip", "install", "--python", python, requirement])  # uv installs no pip
