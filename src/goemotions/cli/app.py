"""The ``goemotions`` command: its subcommands, and how errors leave it."""

from __future__ import annotations

import errno
import os
import sys
import warnings
from typing import Annotated, NoReturn

import typer

import goemotions
from goemotions.cli import INTERRUPTED, terminal
from goemotions.cli.adapt import adapt
from goemotions.cli.batch import batch
from goemotions.cli.check import check
from goemotions.cli.compare import compare
from goemotions.cli.convert import convert
from goemotions.cli.data import data_app
from goemotions.cli.distill import distill
from goemotions.cli.estimate import estimate, sample
from goemotions.cli.evaluate import evaluate
from goemotions.cli.export import export_app
from goemotions.cli.fit import fit
from goemotions.cli.info import info
from goemotions.cli.label import label
from goemotions.cli.predict import predict
from goemotions.cli.push import push
from goemotions.cli.report import report
from goemotions.cli.serve import serve
from goemotions.cli.train import train
from goemotions.cli.tune import tune
from goemotions.errors import GoEmotionsError

USAGE, FAILURE, CLOSED_PIPE = 2, 1, 141  # the last as shells report SIGPIPE
RESUMES = {"predict": "--resume"} | dict.fromkeys(("batch", "train", "convert", "data"), "the same command")
"""Commands that keep what is finished, and what continues with it."""

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def print_version(wanted: bool) -> None:
    """
    Raises:
        typer.Exit: after the version is printed.
    """
    if wanted:
        terminal.echo(f"goemotions {goemotions.__version__}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Emotions in text: the 28 GoEmotions labels, offline, on any machine."""


app.command()(predict)
app.command()(batch)
app.command()(info)
app.command()(train)
app.command()(label)
app.command()(fit)
app.command()(adapt)
app.command()(estimate)
app.command()(sample)
app.command()(report)
app.command()(evaluate)
app.command()(compare)
app.command()(check)
app.command()(tune)
app.command()(push)
app.command()(convert)
app.command()(distill)
app.command()(serve)
app.add_typer(export_app, name="export")
app.add_typer(data_app, name="data")


def show_warning(message: Warning | str, category: type[Warning], *_: object) -> None:
    terminal.warn(str(message))


def main() -> NoReturn:
    """Run the command line and exit: 0 well, 2 wrong usage, 1 another failure; errors are one line."""
    warnings.showwarning = show_warning  # type: ignore[assignment]
    try:
        # Not app(): Typer's own main would handle an interruption and a closed pipe in ways that vary by version.
        command = typer.main.get_command(app)
        with command.make_context("goemotions", sys.argv[1:]) as context:
            command.invoke(context)
        sys.stdout.flush()
        code = 0
    except typer.Exit as stop:
        code = stop.exit_code
    except SystemExit as stop:
        if not isinstance(stop.__context__, BrokenPipeError):  # what Rich, which prints help, makes of a closed pipe
            raise
        code = closed_pipe()
    except KeyboardInterrupt:
        code = fail(f"interrupted{kept()}", INTERRUPTED)
    except (ValueError, TypeError) as error:
        code = fail(str(error), USAGE)
    except GoEmotionsError as error:
        code = fail(str(error), FAILURE)
    except OSError as error:
        code = closed_pipe() if error.errno == errno.EPIPE else fail(describe(error), FAILURE)
    except Exception as error:
        code = usage_error(error)
    sys.exit(code)


def usage_error(error: Exception) -> int:
    """Show a usage error as Typer does; anything else is a defect of ours and keeps its traceback."""
    show = getattr(error, "show", None)
    if show is None:
        raise error
    show()
    return int(getattr(error, "exit_code", USAGE))


def fail(message: str, code: int) -> int:
    terminal.error(message)
    return code


def describe(error: OSError) -> str:
    reason = error.strerror or str(error)
    hint = ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        hint = f"; free some space{kept()}"
    return f"{reason}{': ' + str(error.filename) if error.filename else ''}{hint}"


def kept() -> str:
    """Return how the command that runs is continued; empty for one that begins again."""
    way = RESUMES.get("".join(sys.argv[1:2]))
    return f"; what is finished is kept: {way} continues" if way else ""


def closed_pipe() -> int:
    """The reader has gone, as in ``| head``: end quietly, also when Python flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return CLOSED_PIPE
