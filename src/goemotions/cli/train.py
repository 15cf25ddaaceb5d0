"""``goemotions train``: make a model from its recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from goemotions.cli import options as opt
from goemotions.errors import MissingExtraError, nearest

RECIPES = ("compact",)


def train(
    recipe: Annotated[str, typer.Argument(help=f"What to train: {', '.join(RECIPES)}.")],
    data: Annotated[Path, typer.Option(help="The folder with the official train.tsv, dev.tsv and test.tsv.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The model directory to write.", show_default="the recipe's name"),
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Instead of the recipe's.")] = None,
    seed: Annotated[int | None, typer.Option(help="Instead of the recipe's.")] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Use only the first rows of each split: a trial run.")
    ] = None,
    device: opt.Device = "auto",
    threads: opt.Threads = None,
) -> None:
    """Train a model (extra "train"); the same command goes on after an interruption."""
    if recipe not in RECIPES:
        raise ValueError(f"no recipe {recipe!r}{nearest(recipe, RECIPES)}; there are: {', '.join(RECIPES)}")
    try:
        import torch

        from goemotions.evaluation.model_card import interval
        from goemotions.training.compact import train_compact
        from goemotions.training.recipe import load_recipe
    except ImportError as error:
        raise MissingExtraError("training", "train") from error
    if threads is not None:
        torch.set_num_threads(threads)
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    folder = output or Path(recipe)
    settings = load_recipe(recipe, epochs=epochs, seed=seed)
    result = train_compact(data, folder, settings, torch.device(device), limit)
    overall = result["figures"]["labels"]["at"]["own"]["overall"]
    figures = ", ".join(f"{name} F1 {interval(overall[f'{name}_f1'])}" for name in ("macro", "micro"))
    typer.echo(f"{folder}: test {figures}", err=True)
