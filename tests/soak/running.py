"""Running a command of the program, and what comes of it."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import sys
import tempfile
import traceback
import warnings
from functools import partial

from mnistmlp.cli.app import app

ADDRESS_SPACE = 2 << 30  # bytes

End = tuple[int, bytes, bytes, str]  # exit code, both streams, what was raised


def in_process_of_its_own(words: list[str]) -> End:
    """Run a command as a user does."""
    limit = partial(resource.setrlimit, resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    command = [sys.executable, "-m", "mnistmlp", *words]
    done = subprocess.run(
        command, capture_output=True, check=False, preexec_fn=limit, stdin=subprocess.DEVNULL
    )
    return done.returncode, done.stdout, done.stderr, ""


def in_this_process(words: list[str]) -> End:
    """Run a command with its streams, also those of C, sent to files."""
    code, raised = 0, ""
    with contextlib.ExitStack() as stack:
        files = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(2)]
        kept = [os.dup(number) for number in (1, 2)]
        for number, file in zip((1, 2), files, strict=True):
            os.dup2(file.fileno(), number)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("always")
                app(words, prog_name="mnistmlp")
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        except BaseException:
            raised = traceback.format_exc(-3)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for number, other in zip((1, 2), kept, strict=True):
                os.dup2(other, number)
                os.close(other)
        outputs = []
        for file in files:
            file.seek(0)
            outputs.append(file.read())
    return code, outputs[0], outputs[1], raised
