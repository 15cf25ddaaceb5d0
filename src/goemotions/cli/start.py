"""The console script: an interruption ends in one line, also while the modules of the command line are imported."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from goemotions.cli import INTERRUPTED


def main() -> NoReturn:
    """Run the command line and exit, as :func:`goemotions.cli.app.main` says."""
    try:
        from goemotions.cli.app import main as run

        run()
    except BaseException as error:
        if isinstance(error, SystemExit) or not was_interrupted(error):
            raise
    os.write(sys.stderr.fileno(), b"error: interrupted\n")
    sys.exit(INTERRUPTED)


def was_interrupted(error: BaseException | None) -> bool:
    """Return True for an interruption, and for an error that a library made of one."""
    return error is not None and (
        isinstance(error, KeyboardInterrupt)
        or was_interrupted(error.__cause__ or (None if error.__suppress_context__ else error.__context__))
    )
