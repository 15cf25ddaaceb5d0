"""``goemotions distill``: a small student of another model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from goemotions.cli import options as opt
from goemotions.cli import terminal
from goemotions.cli.model_options import with_model_options
from goemotions.cli.train import refuse_cache_of_vectors, show_log, training_device
from goemotions.errors import MissingExtraError

if TYPE_CHECKING:
    from goemotions.architectures.base import LoadOptions


@with_model_options
def distill(
    *,
    load: LoadOptions,
    model: Annotated[str, typer.Argument(help="The teacher: a shipped model, a model directory or a hub id.")],
    output: Annotated[Path, typer.Argument(help="The model directory to write.")],
    data: Annotated[
        Path, typer.Option(help="The folder with train.tsv, dev.tsv and test.tsv, or one that `data import` wrote.")
    ],
    cache: Annotated[
        Path | None,
        typer.Option(help="The folder of the embedding cache.", show_default="embeddings, beside the output"),
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="The number of epochs, in place of the recipe's.")] = None,
    seed: Annotated[int | None, typer.Option(help="The seed, in place of the recipe's.")] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Use only the first rows of each split: a trial run.")
    ] = None,
    as_json: opt.Json = False,
) -> None:
    """Train a small network on sentence embeddings to decide as another model does (extra "train")."""
    try:
        import torch

        from goemotions.classifier import EmotionClassifier
        from goemotions.training.distillation import distill
        from goemotions.training.recipe import StudentRecipe
        from goemotions.training.recipe_file import load_recipe
    except ImportError as error:
        raise MissingExtraError("distillation", "train") from error
    recipe = load_recipe("student", epochs=epochs, seed=seed)
    if not isinstance(recipe, StudentRecipe):
        raise TypeError("the recipe student is not one of a student")
    refuse_cache_of_vectors(cache, data)
    teacher = EmotionClassifier(model, **vars(load))
    if load.threads is not None:
        torch.set_num_threads(load.threads)
    show_log()
    vectors = cache or output.absolute().parent / "embeddings"
    found = distill(teacher, data, output, recipe, vectors, training_device(load.device), limit, load.threads)
    if as_json:
        terminal.echo(json.dumps(found.as_dict()))
        return
    speed = "" if found.speed is None else f", {found.speed:.0f} times as fast from embeddings"
    terminal.echo(
        f"{output}: decides as its teacher with micro F1 {found.micro_f1:.3f}, the same labels in {found.exact:.1%} "
        f"of test rows{speed}",
        err=True,
    )
