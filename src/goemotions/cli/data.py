"""``goemotions data``: fetch, prepare and look at a corpus, embed it, and exchange embedded ones."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from goemotions.cli import options as opt
from goemotions.cli import terminal
from goemotions.cli.column_options import with_column_options
from goemotions.cli.render_data import print_inspection
from goemotions.cli.table_options import with_table_options
from goemotions.errors import counted
from goemotions.tables.source import ReadOptions

if TYPE_CHECKING:
    from goemotions.data.corpus import Corpus
    from goemotions.data.embedding_corpus import EmbeddingCorpus
    from goemotions.data.tables import Columns
    from goemotions.evaluation.vectors import LeakCheck

data_app = typer.Typer(help="Fetch, prepare, inspect and embed a corpus.", no_args_is_help=True)

Output = Annotated[Path, typer.Option("--output", "-o", help="The folder to write.")]
Cache = Annotated[Path, typer.Option(help="The folder of the embedding cache; every encoder has its own part of it.")]
EncoderName = Annotated[
    str,
    typer.Option(
        help="compact (or a model directory), for its states; use-multilingual-v3, use-v4, or the folder or https "
        "address of a SavedModel, which is a program and runs as you: name only one you trust."
    ),
]
Folder = Annotated[Path, typer.Argument(help="The folder with train.tsv, dev.tsv and test.tsv.")]
LabelSet = Annotated[
    str | None, typer.Option(help='A file with a label name per line, or "goemotions".', show_default="what occurs")
]
Embedded = Annotated[Path, typer.Argument(help="A corpus (then --cache too), or a folder that import wrote.")]
VectorCache = Annotated[Path | None, typer.Option("--cache", help="The embedding cache with the corpus's vectors.")]
DType = Annotated[opt.VectorFormat, typer.Option(help="The format of numbers in the cache.")]


@data_app.command()
def download(
    folder: Annotated[Path, typer.Argument(help="Where to put train.tsv, dev.tsv and test.tsv.")],
    source: Annotated[
        str | None,
        typer.Option("--from", help="A folder, or the address of one, to take them from.", show_default="the authors'"),
    ] = None,
) -> None:
    """Fetch the official GoEmotions splits and check them; an interrupted download is resumed."""
    from goemotions.data.download import SOURCE, download

    for path in download(folder, source or SOURCE):
        terminal.echo(str(path))


@data_app.command()
@with_column_options
@with_table_options
def prepare(
    *,
    reading: ReadOptions,
    columns: Columns,
    source: Annotated[Path, typer.Argument(help="A folder with train, dev and test, or one table.")],
    output: Output,
    merge: Annotated[bool, typer.Option("--merge", help="Put all splits together and split them again.")] = False,
    shares: Annotated[str, typer.Option(help="The shares of train, dev and test in a new split.")] = "0.8,0.1,0.1",
    seed: Annotated[int, typer.Option(help="The seed of a new split.")] = 0,
    id_column: Annotated[str | None, typer.Option(help="The column with ids.", show_default="numbered")] = None,
    label_set: LabelSet = None,
    as_json: opt.Json = False,
) -> None:
    """Write a corpus in the form that training reads: its own splits, or new ones.

    New splits are stratified by label, and texts that are nearly the same stay on one side.
    """
    from goemotions.data.prepare import PrepareOptions, prepare

    columns = dataclasses.replace(columns, id=id_column)
    options = PrepareOptions(merge, parse_shares(shares), seed, columns, read_label_set(label_set), reading)
    description = prepare(source, output, options)
    if as_json:
        terminal.echo(json.dumps(description))
        return
    rows = ", ".join(f"{name} {count:,}" for name, count in description["rows"].items())
    terminal.echo(f"{output}: {rows} rows, {description['labels']} labels", err=True)
    near = ", ".join(f"{name} {count:,}" for name, count in description["near_duplicates"].items() if count)
    if near:
        terminal.warn(f"nearly the same texts across splits: {near}; --merge splits again without them")
    if description["rows_without_text"]:
        terminal.warn(
            counted(
                description["rows_without_text"], "row without a text was left out", "rows without a text were left out"
            )
        )


@data_app.command()
def inspect(
    folder: Folder,
    plots: Annotated[Path | None, typer.Option(help="Also write plots into this folder (extra report).")] = None,
    as_json: opt.Json = False,
) -> None:
    """Show label counts, which labels go together, lengths, and duplicates within and across splits."""
    from goemotions.data.corpus import read_corpus
    from goemotions.data.inspection import inspect_corpus

    corpus = read_corpus(folder, trainable=False)
    facts = inspect_corpus(corpus)
    if as_json:
        terminal.echo(json.dumps(facts, ensure_ascii=False))
    else:
        print_inspection(facts)
    if plots is not None:
        from goemotions.data.plots import plot_corpus

        for path in plot_corpus(corpus, facts, plots):
            terminal.echo(str(path), err=True)


@data_app.command()
def embed(
    folder: Folder,
    cache: Cache,
    encoder: EncoderName = "use-multilingual-v3",
    dtype: DType = opt.VectorFormat.float32,
    threads: opt.Threads = None,
    as_json: opt.Json = False,
) -> None:
    """Compute the vectors of a corpus's texts and keep them; those in the cache already are left, so it resumes."""
    from goemotions.data.corpus import read_corpus
    from goemotions.data.embed import fill, open_cache
    from goemotions.encoders import find_encoder

    corpus = read_corpus(folder, trainable=False)
    found = find_encoder(encoder, threads=threads)
    vectors = open_cache(cache, found, dtype.value)
    texts = all_texts(corpus)
    new = fill(vectors, found, texts)
    truncated = int(vectors.read(texts)[1].sum())
    if as_json:
        figures = {"texts": len(texts), "computed": new, "truncated": truncated, "folder": str(vectors.folder)}
        terminal.echo(json.dumps(figures | vectors.key.as_dict()))
    else:
        terminal.echo(f"{vectors.folder}: {counted(len(texts), 'text')}, {new:,} of them computed now", err=True)
    if truncated:
        terminal.warn(counted(truncated, "text was", "texts were") + " longer than the encoder reads: cut")


@data_app.command("import")
def import_published(
    output: Output,
    train: Annotated[Path, typer.Option(help="The JSON file of the train split.")],
    dev: Annotated[Path, typer.Option(help="The JSON file of the dev (validation) split.")],
    test: Annotated[Path, typer.Option(help="The JSON file of the test split.")],
    label_set: LabelSet = "goemotions",
    width: Annotated[
        int | None, typer.Option(min=1, help="The length of a vector.", show_default="the first row's")
    ] = None,
) -> None:
    """Read an embedded corpus in the published form, {"X": …, "y": …}, and check every row."""
    from goemotions.data.embedding_corpus import import_corpus

    labels = read_label_set(label_set)
    if labels is None:
        raise ValueError("--label-set: say which labels the columns of y are")
    corpus = import_corpus({"train": train, "dev": dev, "test": test}, output, labels, width)
    rows = ", ".join(f"{name} {len(vectors):,}" for name, (vectors, _) in corpus.splits.items())
    terminal.echo(f"{output}: {rows} rows", err=True)
    check_leaks(corpus)


def check_leaks(corpus: EmbeddingCorpus) -> None:
    """Warn if train holds vectors made from held-out rows, as oversampling before the split does."""
    for name, found in leak_checks(corpus).items():
        if found.leaks:
            terminal.warn(f"{name}: {found}; figures on it are not honest")


def leak_checks(corpus: EmbeddingCorpus) -> dict[str, LeakCheck]:
    """Return the checks of dev and test, as far as they have rows enough."""
    from goemotions.evaluation.vectors import check_vectors

    vectors = {name: rows for name, (rows, _) in corpus.splits.items()}
    return {
        name: check_vectors(vectors["train"], vectors[name])
        for name in ("dev", "test")
        if min(len(vectors["train"]), len(vectors[name])) > 1
    }


@data_app.command()
def leaks(
    folder: Embedded,
    cache: VectorCache = None,
    encoder: EncoderName = "use-multilingual-v3",
    dtype: DType = opt.VectorFormat.float32,
    as_json: opt.Json = False,
) -> None:
    """Look for held-out rows in train, by their vectors: copies, and points made from them; exit 1 if there are."""
    found = leak_checks(read_vectors(folder, cache, encoder, dtype))
    if as_json:
        terminal.echo(json.dumps({name: check.as_dict() for name, check in found.items()}))
    else:
        for name, check in found.items():
            terminal.echo(f"{name}: {check}")
    if any(check.leaks for check in found.values()):
        raise typer.Exit(1)


@data_app.command("export")
def export_published(
    folder: Embedded,
    output: Output,
    cache: VectorCache = None,
    encoder: EncoderName = "use-multilingual-v3",
    dtype: DType = opt.VectorFormat.float32,
) -> None:
    """Write train.json, dev.json and test.json in the published form."""
    from goemotions.data.embedding_corpus import export_corpus

    for path in export_corpus(read_vectors(folder, cache, encoder, dtype), output):
        terminal.echo(str(path))


def read_vectors(folder: Path, cache: Path | None, encoder: str, dtype: opt.VectorFormat) -> EmbeddingCorpus:
    """A folder of vectors, or a corpus of texts with its vectors from the cache.

    Raises:
        ValueError: a corpus of texts and no cache.
    """
    from goemotions.data.embedding_corpus import DESCRIPTION, embedded_corpus, read_embeddings

    if (folder / DESCRIPTION).exists():
        return read_embeddings(folder)
    if cache is None:
        raise ValueError("--cache: say where the vectors are; `goemotions data embed` makes them")
    from goemotions.data.corpus import read_corpus
    from goemotions.encoders import find_encoder

    return embedded_corpus(read_corpus(folder, trainable=False), cache, find_encoder(encoder), dtype.value)


def all_texts(corpus: Corpus) -> list[str]:
    return [text for split in corpus.splits.values() for text in split.texts]


def parse_shares(value: str) -> tuple[float, float, float]:
    """Return the shares of train, dev and test.

    Raises:
        ValueError: not three numbers.
    """
    try:
        train, dev, test = (float(part) for part in value.split(","))
    except ValueError:
        raise ValueError(f"--shares {value!r}: expected three numbers, as 0.8,0.1,0.1") from None
    return train, dev, test


def read_label_set(value: str | None) -> tuple[str, ...] | None:
    """Label names by ``--label-set``; None where it is not given."""
    if value is None:
        return None
    if value == "goemotions":
        from goemotions.labels import LABELS

        return LABELS
    from goemotions.data.corpus import read_label_file

    return read_label_file(Path(value))
