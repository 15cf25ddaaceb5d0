"""``goemotions label``: a page on which to label texts by keyboard."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from goemotions.cli import options as opt
from goemotions.cli import terminal
from goemotions.cli.fitting import BaseModel, progress
from goemotions.cli.table_options import with_table_options
from goemotions.errors import MissingExtraError
from goemotions.labelling.order import Order
from goemotions.tables.source import ReadOptions

if TYPE_CHECKING:
    from goemotions.labelling.run import Opened


@with_table_options
def label(
    *,
    reading: ReadOptions,
    file: Annotated[Path, typer.Argument(help="Texts to label: any table.")],
    labels: Annotated[str, typer.Option(help="The labels to choose from: a,b,c.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The table of answers to write; it ends in .csv.")],
    text_column: opt.TextColumn = "text",
    single: Annotated[
        bool, typer.Option("--single/--multi", help="Whether a text has exactly one label or any number.")
    ] = False,
    order: Annotated[
        Order | None,
        typer.Option(
            help="Random order, so that any number of answers is a random sample; uncertain: such as a model is unsure "
            "of first, which made no better models where it was measured; or as they stand.",
            show_default="random; given for a table with the columns row and weight",
        ),
    ] = None,
    label_map: Annotated[
        str | None,
        typer.Option(help="From your labels to the base's, as fit takes it: its answers guide the first choices."),
    ] = None,
    base: BaseModel = "compact",
    label_studio: Annotated[
        Path | None, typer.Option(help="Write the answers so far as tasks of Label Studio (JSON) there, and end.")
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port of the page; 0 lets the system choose.")] = 8081,
    threads: opt.Threads = None,
) -> None:
    """Label texts by keyboard, on a page of this machine; answers are kept, and the same command continues."""
    from goemotions.labelling.run import Job, opened

    named = tuple(name.strip() for name in labels.split(","))
    job = Job(file, output, named, text_column, single, order, label_map, base, threads=threads, reading=reading)
    if label_studio is None and any(find_spec(name) is None for name in ("fastapi", "uvicorn")):
        raise MissingExtraError("the page", "serve")
    with opened(job) as found:
        if label_studio is not None:
            found.write_label_studio(label_studio)
            terminal.echo(f"{label_studio}: {found.said()}", err=True)
            return
        show_page(found, port)
        found.write()
        column = "" if text_column == "text" else f" --text-column {text_column}"
        terminal.echo(f"{output}: {found.said()}; next: goemotions fit {output}{column} --output MODEL", err=True)


def show_page(found: Opened, port: int) -> None:
    """Serve the page until its user stops it."""
    from goemotions.labelling.app import Labelling, create_app
    from goemotions.labelling.run import make_desk
    from goemotions.server.run import run_here
    from goemotions.server.settings import Settings

    with progress() as advance:
        desk = make_desk(found, lambda share: advance("reading texts", share))
    labelling = Labelling(desk, found.texts, found.plan, found.job.output)
    settings = Settings(port=port, max_body=100_000)
    run_here(settings, create_app(settings, labelling))
