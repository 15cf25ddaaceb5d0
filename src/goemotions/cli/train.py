"""``goemotions train``: make a model from its recipe."""

from __future__ import annotations

import logging
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from goemotions.cli import options as opt
from goemotions.cli import terminal
from goemotions.errors import MissingExtraError

if TYPE_CHECKING:
    from goemotions.evaluation.model_metrics import StoredFigures


def train(
    recipe: Annotated[
        str,
        typer.Argument(
            help="compact, compact-alone (without teachers), compact-everyday, multilingual, use-head, smollm2, "
            "published-24b, a teacher (minilm, mpnet, e5), or the path of a YAML file."
        ),
    ],
    data: Annotated[
        Path,
        typer.Option(help="The folder with train.tsv, dev.tsv and test.tsv, or one that `data import` wrote."),
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The model directory to write.", show_default="the recipe's name"),
    ] = None,
    cache: Annotated[
        Path | None,
        typer.Option(help="The folder of the embedding cache.", show_default="embeddings, beside the output"),
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option(
            help="The sentence encoder, instead of the recipe's: compact or a model directory, for its states; "
            "use-multilingual-v3; use-v4; or the folder or https address of a SavedModel, which is a program and runs "
            "with your rights.",
            show_default="the recipe's",
        ),
    ] = None,
    backbone: Annotated[
        str | None,
        typer.Option(help="The base of an LLM model: a folder, a .gguf file or a hub id.", show_default="the recipe's"),
    ] = None,
    teachers: Annotated[
        Path | None,
        typer.Option(
            help="For a recipe with teachers: the folder with what they say of the train texts.",
            show_default="teachers",
        ),
    ] = None,
    from_scratch: Annotated[
        bool, typer.Option("--from-scratch", help="For a recipe with teachers: train them first, into --teachers.")
    ] = False,
    sources: Annotated[
        list[Path] | None,
        typer.Option(
            help="A folder where the recipe's further texts and tables of pieces are looked for; may be repeated.",
            show_default="corpus, then the folder that --data lies in",
        ),
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="The number of epochs, in place of the recipe's.")] = None,
    seed: Annotated[int | None, typer.Option(help="The seed, in place of the recipe's.")] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Use only the first rows of each split: a trial run.")
    ] = None,
    device: opt.Device = "auto",
    threads: opt.Threads = None,
) -> None:
    """Train a model (extra "train"); the same command continues after an interruption.

    Several processes, as `accelerate launch -m goemotions train ...` starts them, share out each step's batches.
    """
    try:
        from goemotions.training.recipe_file import load_recipe
    except ImportError as error:
        raise MissingExtraError("training", "train") from error
    settings = load_recipe(recipe, epochs=epochs, seed=seed)
    given = {
        "cache": cache,
        "encoder": encoder,
        "backbone": backbone,
        "teachers": teachers,
        "from_scratch": from_scratch or None,
        "sources": sources,
    }
    refuse_unused(recipe, settings.options, given)
    if encoder is not None:
        settings = load_recipe(recipe, epochs=epochs, seed=seed, encoder=encoder)
    refuse_cache_of_vectors(cache, data)
    try:  # after the mistakes that can be said without the seconds that it takes
        import torch

        from goemotions.training.trainers import TrainingOptions
        from goemotions.training.trainers import train as run
    except ImportError as error:
        raise MissingExtraError("training", "train") from error
    if threads is not None:
        torch.set_num_threads(threads)
    folder = output or Path(Path(recipe).stem)
    options = TrainingOptions(
        data,
        folder,
        training_device(device),
        cache=cache or folder.absolute().parent / "embeddings",
        backbone=backbone,
        teachers=teachers or Path("teachers"),
        from_scratch=from_scratch,
        sources=sources or [Path("corpus"), data.absolute().parent],
        limit=limit,
    )
    show_log()
    test = run(settings, options)
    if test is not None:
        terminal.echo(f"{folder}: {summary(test)}", err=True)


def refuse_unused(recipe: str, options: Collection[str], given: Mapping[str, object]) -> None:
    """Check that a recipe makes use of every option that is given.

    Raises:
        ValueError: an option that was given and that the recipe makes no use of.
    """
    for name, value in given.items():
        if value is not None and name not in options:
            option = name.replace("_", "-")
            raise ValueError(f"--{option}: the recipe {recipe} makes no use of it: leave it out")


def refuse_cache_of_vectors(cache: Path | None, data: Path) -> None:
    """Check that a cache has texts to embed.

    Raises:
        ValueError: a cache of embeddings for a corpus that is embedded already.
    """
    from goemotions.data.embedding_corpus import DESCRIPTION

    if cache is not None and (data / DESCRIPTION).exists():
        raise ValueError(f"--cache: {data} holds vectors, no texts to embed: leave it out")


def summary(test: StoredFigures) -> str:
    """Return the figures on test in a line."""
    from goemotions.evaluation.formatting import format_figure

    return f"test macro F1 {format_figure(test.macro_f1)}, micro F1 {format_figure(test.micro_f1)}"


def show_log() -> None:
    """Let the training's log appear on stderr, a line per message."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    log = logging.getLogger("goemotions.training")
    log.addHandler(handler)
    log.setLevel(logging.INFO)


def training_device(name: str) -> Any:
    """The torch device by ``--device``; of several processes, each one's own card."""
    import torch

    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and "LOCAL_RANK" in os.environ:
        name = f"cuda:{os.environ['LOCAL_RANK']}"
    return torch.device(name)
