"""``goemotions serve``: the model over HTTP, and its page."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from goemotions.cli import options as opt
from goemotions.cli.model_options import with_model_options
from goemotions.errors import MissingExtraError

if TYPE_CHECKING:
    from goemotions.architectures.base import LoadOptions


@with_model_options
def serve(
    *,
    load: LoadOptions,
    model: Annotated[
        str | None, typer.Argument(help="A shipped model, a directory or a hub id.", show_default="compact")
    ] = None,
    host: Annotated[str, typer.Option(help="The address to listen on; beyond loopback a key is needed.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port to listen on; 0 lets the system choose.")
    ] = 8080,
    workers: Annotated[int, typer.Option(min=1, help="The number of processes, each with a model of its own.")] = 1,
    api_key_file: Annotated[
        Path | None,
        typer.Option(
            help="A file with the key that clients must give.", show_default="the environment's GOEMOTIONS_API_KEY"
        ),
    ] = None,
    allow_host: Annotated[
        list[str] | None, typer.Option(help="A further name that the server goes by when it has no key; repeatable.")
    ] = None,
    cors_origin: Annotated[
        list[str] | None, typer.Option(help="The origin of a page whose scripts may read answers; repeatable.")
    ] = None,
    max_body: Annotated[str, typer.Option(help="The most bytes of a request.")] = "2MB",
    max_texts: Annotated[int, typer.Option(help="The most texts of a request.")] = 256,
    max_chars: Annotated[int, typer.Option(help="The most characters of a text.")] = 100_000,
    max_connections: Annotated[int, typer.Option(help="The most connections that a worker has open at once.")] = 1024,
    max_batch: Annotated[int, typer.Option(help="The most texts computed together.")] = 64,
    max_batch_tokens: Annotated[int, typer.Option(help="The most tokens computed together.")] = 8192,
    max_wait: Annotated[
        float, typer.Option(help="Seconds for which a text waits for others while a batch is computed.")
    ] = 0.005,
    max_queue: Annotated[int, typer.Option(help="The most texts that wait; more are refused with status 429.")] = 2048,
    deadline: Annotated[float, typer.Option(help="Seconds after which a waiting request is given up.")] = 30.0,
    read_timeout: Annotated[
        float, typer.Option(help="Seconds that a client has to send a request or take an answer.")
    ] = 10.0,
    unready_after: Annotated[
        float, typer.Option(help="Seconds for which a batch may be computed before /ready answers 503.")
    ] = 60.0,
) -> None:
    """Serve a model over HTTP, with a page at /."""
    if any(find_spec(name) is None for name in ("fastapi", "uvicorn", "prometheus_client")):
        raise MissingExtraError("the server", "serve")
    from goemotions.server.settings import Settings, read_key

    settings = Settings(
        model=model,
        load=load,
        host=host,
        port=port,
        workers=workers,
        key=read_key(api_key_file),
        allow_hosts=tuple(allow_host or ()),
        cors_origins=tuple(cors_origin or ()),
        max_body=opt.parse_amount(max_body) or 0,
        max_texts=max_texts,
        max_chars=max_chars,
        max_connections=max_connections,
        max_batch=max_batch,
        max_batch_tokens=max_batch_tokens,
        max_wait=max_wait,
        max_queue=max_queue,
        deadline=deadline,
        read_timeout=read_timeout,
        unready_after=unready_after,
    )
    from goemotions.server.run import serve as run

    run(settings)
