"""``goemotions convert``: a base checkpoint to a compact one, for models that read one token."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from goemotions.cli import terminal
from goemotions.errors import MissingExtraError, ModelError


def convert(
    base: Annotated[str, typer.Argument(help="A folder, a .gguf file or a hub id org/name[@revision].")],
    output: Annotated[Path, typer.Argument(help="The folder to write: a base for --backbone.")],
) -> None:
    """Keep the weights that act on one token, in 4 bit (extra "llm"); continues after an interruption."""
    try:
        from goemotions.decoder import convert as converting
        from goemotions.decoder.hub_source import HubSource
        from goemotions.decoder.tensors import TensorSource, open_source
    except ImportError as error:
        raise MissingExtraError("goemotions convert", "llm") from error
    from goemotions.weights.packages import PACKAGES, find_packaged
    from goemotions.weights.repository import HUB_ID

    path = find_packaged(base) if base in PACKAGES else Path(base).expanduser()
    match = HUB_ID.fullmatch(base)
    source: TensorSource
    if path.exists():
        source = open_source(path)
        origin = converting.local_origin(path, source.quantisation)
    elif match is not None:
        source = HubSource(match["repo"], match["revision"])
        origin = converting.Origin(match["repo"], source.revision, source.quantisation)
    else:
        raise ModelError(f"no base {base!r}: no such path, and not a hub id org/name[@revision]")
    converting.convert(source, origin, output)
    size = sum(file.stat().st_size for file in output.iterdir()) / 1e9
    terminal.echo(
        f"{output}: {source.config.num_layers} layers, {size:.2f} GB; use it with --backbone {output}", err=True
    )
