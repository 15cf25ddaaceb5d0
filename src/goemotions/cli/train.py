"""``goemotions train``: make a model from its recipe."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from goemotions.cli import options as opt
from goemotions.errors import MissingExtraError

if TYPE_CHECKING:
    from goemotions.evaluation.model_metrics import StoredFigures


def train(
    recipe: Annotated[
        str,
        typer.Argument(
            help="compact, compact-alone (without teachers), multilingual, smollm2, published-24b, a teacher (minilm, "
            "mpnet), or the path of a YAML file."
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
    backbone: Annotated[
        str | None,
        typer.Option(help="The base of an LLM model: a folder, a .gguf file, a hub id.", show_default="the recipe's"),
    ] = None,
    teachers: Annotated[
        Path, typer.Option(help="compact: the folder of what its teachers say of the train texts.")
    ] = Path("teachers"),
    from_scratch: Annotated[
        bool, typer.Option("--from-scratch", help="compact: train its teachers first, into --teachers.")
    ] = False,
    epochs: Annotated[int | None, typer.Option(min=1, help="Instead of the recipe's.")] = None,
    seed: Annotated[int | None, typer.Option(help="Instead of the recipe's.")] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Use only the first rows of each split: a trial run.")
    ] = None,
    device: opt.Device = "auto",
    threads: opt.Threads = None,
) -> None:
    """Train a model (extra "train"); the same command goes on after an interruption.

    Several processes, as `accelerate launch -m goemotions train ...` starts them, share out each step's batches.
    """
    try:
        import torch

        from goemotions.training.recipe import CompactRecipe, HeadRecipe, LlmRecipe, TeacherRecipe, load_recipe
    except ImportError as error:
        raise MissingExtraError("training", "train") from error
    settings = load_recipe(recipe, epochs=epochs, seed=seed)
    if backbone is not None and not isinstance(settings, LlmRecipe):
        raise ValueError(f"--backbone: the recipe {recipe} trains no LLM")
    if threads is not None:
        torch.set_num_threads(threads)
    place = training_device(device)
    folder = output or Path(Path(recipe).stem)
    vectors = cache or folder.absolute().parent / "embeddings"
    show_log()
    if isinstance(settings, LlmRecipe):
        from goemotions.training.embedding_llm import train_llm

        test = train_llm(data, folder, settings, vectors, place, backbone, limit)
    elif isinstance(settings, HeadRecipe):
        from goemotions.training.embedding_head import train_head

        test = train_head(data, folder, settings, vectors, place, limit)
    elif isinstance(settings, TeacherRecipe):
        from goemotions.training.teachers import train_teacher

        train_teacher(data, folder, settings, place, limit)
        test = None  # it ships no model, and test is for what does
    elif isinstance(settings, CompactRecipe):
        from goemotions.evaluation.model_metrics import metrics_of
        from goemotions.training.compact import train_compact
        from goemotions.training.teachers import train_teachers

        if from_scratch:
            train_teachers(settings.teachers, data, teachers, place, limit)
        test = metrics_of(train_compact(data, folder, settings, place, teachers, limit)).test
    else:
        raise ValueError(f"the recipe {recipe} is for `goemotions distill`")
    if test is not None:
        typer.echo(f"{folder}: {summary(test)}", err=True)


def summary(test: StoredFigures) -> str:
    """Return the figures on test in a line."""
    from goemotions.evaluation.formatting import format_figure

    return f"test macro F1 {format_figure(test.macro_f1)}, micro F1 {format_figure(test.micro_f1)}"


def show_log() -> None:
    """Let the training's log appear on stderr, a line a message."""
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
