"""``goemotions predict``: texts as arguments, as lines on standard input, or a column of a table."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from goemotions.cli import options as opt
from goemotions.cli import terminal
from goemotions.cli.model_options import with_model_options
from goemotions.cli.table_options import with_table_options
from goemotions.errors import DataError, counted, counted_of
from goemotions.escaping import for_terminal
from goemotions.files import check_writable
from goemotions.odd_texts import OddTexts
from goemotions.tables.database import is_database
from goemotions.tables.formats import endings
from goemotions.tables.source import ReadOptions, option_name
from goemotions.tables.standard import STANDARD, files_of, is_standard
from goemotions.tables.table import Layout

if TYPE_CHECKING:
    from goemotions.architectures.base import LoadOptions
    from goemotions.classifier import EmotionClassifier
    from goemotions.explaining.explanation import Explanation
    from goemotions.predictions import Prediction, PredictOptions

LINES_AT_ONCE = 512
ONE_CUT = "text was longer than the model reads and was cut; --long-text windows reads it whole"
CUT = "texts were longer than the model reads and were cut; --long-text windows reads them whole"


@with_model_options
@with_table_options
def predict(
    *,
    load: LoadOptions,
    reading: ReadOptions,
    texts: Annotated[
        list[str] | None,
        typer.Argument(help="The texts. Without any, and without --input, they are the lines of standard input."),
    ] = None,
    model: opt.Model = None,
    threshold: opt.Threshold = None,
    top_k: opt.TopK = None,
    all_scores: opt.AllScores = False,
    reliable_only: opt.ReliableOnly = False,
    explain: opt.Explain = False,
    show_language: opt.ShowLanguage = False,
    long_text: opt.LongTexts = opt.LongText.cut,
    input: Annotated[
        str | None,
        typer.Option(
            "--input",
            "-i",
            help="A table: CSV, JSON, Parquet, Excel or SQLite, a folder or a pattern; a database's URL; - is stdin.",
        ),
    ] = None,
    text_column: opt.TextColumn = "text",
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", help="The file to write; its ending says the format. - is standard output."),
    ] = None,
    columns: opt.Columns = Layout.nested,
    prefix: opt.Prefix = "",
    resume: Annotated[bool, typer.Option("--resume", help="Resume an interrupted run of the same command.")] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an output file that is there, once the new one is whole.")
    ] = False,
    raw: Annotated[
        bool,
        typer.Option(
            "--raw",
            help="Keep cells of a CSV output that a spreadsheet would compute; else they begin with an apostrophe.",
        ),
    ] = False,
    as_json: opt.Json = False,
) -> None:
    """Print the emotions of texts, or add them to a table."""
    if (input is None) != (output is None):
        raise ValueError("--input and --output go together")
    if input is not None and texts:
        expanded = "; the shell made files of a pattern: put it into quotes" if all(map(is_file, texts)) else ""
        raise ValueError(f"give texts or --input, not both{expanded}")
    flags = {
        "text-column": text_column != "text",
        "columns": columns is not Layout.nested,
        "prefix": bool(prefix),
        "resume": resume,
        "overwrite": overwrite,
        "raw": raw,
        **dict.fromkeys(map(option_name, reading.given()), True),
    }
    if input is None and any(flags.values()):
        raise ValueError(f"--{next(name for name, given in flags.items() if given)} goes with --input and --output")
    for text in texts or []:
        check_not_a_file(text)
    every, single = opt.parse_thresholds(threshold)
    if output not in (None, STANDARD):
        check_writable(Path(output))
    from goemotions.classifier import EmotionClassifier
    from goemotions.languages import require
    from goemotions.predictions import PredictOptions
    from goemotions.thresholds import resolve

    classifier = EmotionClassifier(model, **vars(load))
    if classifier.base:
        terminal.echo(f"base: {classifier.base}", err=True)
    thresholds = resolve(single, resolve(every, classifier.thresholds))
    if show_language:
        require()
    options = PredictOptions(thresholds, top_k, reliable_only, long_text.value, all_scores, explain, show_language)
    if input is not None and output is not None:
        if resume and (STANDARD in (input, output) or is_database(input)):
            raise ValueError("--resume needs files: a pipe is gone with its run, and a database may have other rows")
        if as_json and output == STANDARD:
            raise ValueError("--json and --output - both write to standard output")
        with files_of(input, output, reading.query, text_column) as files:
            reading = dataclasses.replace(reading, query=None) if is_database(input) else reading
            how = {"resume": resume, "overwrite": overwrite, "layout": columns, "raw": raw, "prefix": prefix}
            predict_file(classifier, files, text_column, options, as_json, reading=reading, **how)
        return
    cut, odd, languages = 0, OddTexts(), Counter[str | None]()
    for block in blocks(texts or stdin_lines()):
        found = print_block(classifier, block, options, as_json)
        cut += sum(prediction.truncated for prediction in found)
        languages.update(prediction.language for prediction in found)
        odd.add(block)
    for note in odd.notes():
        terminal.warn(note)
    note_unread(classifier, cut, languages)


def predict_file(
    classifier: EmotionClassifier,
    files: tuple[Path, Path],
    column: str,
    options: PredictOptions,
    as_json: bool,
    **how: Any,
) -> None:
    """Add emotions to a table; ``files`` are the one to read and the one to write, ``how`` is said to the job."""
    from goemotions.batch.job import predict_table

    source, output = files
    summary = predict_table(classifier, source, column, output, options, **how)
    if as_json:
        print_line(json.dumps({"output": str(output), **dataclasses.asdict(summary)}))
    else:
        shown = "standard output" if is_standard(output) else output
        terminal.echo(f"{shown}: {counted(summary.rows, 'row')}", err=True)
    if summary.null_texts:
        one, many = "has no text: it is kept, without emotions", "have no text: they are kept, without emotions"
        terminal.warn(counted_of(summary.null_texts, summary.rows, "row", one, many))
    note_unread(classifier, summary.truncated, summary.languages)


def note_unread(classifier: EmotionClassifier, cut: int, languages: Mapping[Any, int]) -> None:
    """Say how many texts were cut, and how many are in languages that the model does not read."""
    if cut:
        terminal.warn(counted(cut, ONE_CUT, CUT))
    unread = classifier.unread_note(languages)
    if unread:
        terminal.warn(unread)


def print_block(
    classifier: EmotionClassifier, texts: list[str], options: PredictOptions, as_json: bool
) -> list[Prediction]:
    """Print some texts' emotions, and return them."""
    from rich.console import Console

    from goemotions.annotations import answered_by
    from goemotions.cli import render
    from goemotions.predictions import PredictOptions, is_blank
    from goemotions.thresholds import resolve

    scored = classifier.score(texts, long_text=options.long_text)
    found = classifier.decide(scored, options, texts)
    everything = classifier.decide(scored, PredictOptions(threshold=0.0)) if options.all_scores else None
    thresholds = resolve(options.threshold, classifier.thresholds)
    left_out = classifier.unreliable_labels if options.reliable_only else {}
    considered = [(i, label) for i, label in enumerate(classifier.labels) if label not in left_out]
    explained = explanations(classifier, texts, [prediction.emotions for prediction in found], options)
    console = Console(highlight=False, soft_wrap=True)
    for row, text in enumerate(texts):
        emotions, scores = found[row].emotions, everything[row].emotions if everything else None
        own = thresholds.of(found[row].language)
        scored_as = {label: float(found[row].scores[i]) for i, label in considered}
        none = render.BLANK if is_blank(text) else render.none_found(scored_as, own)
        answered = answered_by(found[row]) if options.show_language else None
        why = explained.get(row)
        if as_json:
            print_line(render.as_json(text, emotions, found[row].truncated, scores, why, answered))
        elif console.is_terminal:
            render.print_bars(console, text, emotions, none, scores, why, answered)
        else:
            print_line(render.as_line(text, emotions, none, scores, why, answered))
    sys.stdout.flush()
    return found


def explanations(
    classifier: EmotionClassifier, texts: list[str], emotions: list[dict[str, float]], options: PredictOptions
) -> dict[int, Explanation]:
    """Return explanations, if they are asked for, of the texts that have emotions, by the texts' numbers."""
    rows = [row for row, found in enumerate(emotions) if found and options.explain]
    explained = classifier.explain([texts[row] for row in rows], long_text=options.long_text)
    return dict(zip(rows, explained, strict=True))


def check_not_a_file(text: str) -> None:
    """Refuse a text that is a file's name; a single word may be both, which is said.

    Raises:
        ValueError: the name of a file, with an ending or in a folder.
    """
    if not is_file(text):
        return
    path = Path(text)
    if path.suffix.lower() in endings():
        raise ValueError(f"{text} is a file: its texts are read with --input {text} --output OUTPUT{path.suffix}")
    if path.suffix or len(path.parts) > 1:
        raise ValueError(f"{text} is a file: its lines are read from standard input, goemotions predict < {text}")
    terminal.warn(f"{text!r} is scored as a text; it is also the name of a file here")


def is_file(text: str) -> bool:
    """Return True for the name of a file."""
    try:
        return Path(text).is_file()
    except (OSError, ValueError):  # no name at all: too long, or with a null character
        return False


def print_line(line: str) -> None:
    """To stdout in UTF-8, whatever the terminal's encoding is; exactly, except on a terminal."""
    if sys.stdout.isatty():
        line = for_terminal(line)
    sys.stdout.buffer.write(line.encode("utf-8", "backslashreplace") + b"\n")


def blocks(texts: Iterable[str]) -> Iterator[list[str]]:
    """Texts, some at a time; those before a bad line come before its error."""
    block: list[str] = []
    try:
        for text in texts:
            block.append(text)
            if len(block) == LINES_AT_ONCE:
                yield block
                block = []
    except DataError:
        yield block
        raise
    if block:
        yield block


def stdin_lines() -> Iterator[str]:
    """Lines on standard input, without their ends.

    Raises:
        DataError: bytes that are not UTF-8, with the line.
    """
    if sys.stdin.isatty():
        raise ValueError("no texts: give them as arguments, as lines on standard input, or with --input FILE")
    for number, line in enumerate(sys.stdin.buffer, start=1):
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
        except UnicodeDecodeError:
            advice = "convert it first, as with iconv -t UTF-8, or read a table with --input FILE"
            raise DataError(f"standard input, line {number}: not UTF-8; {advice}") from None
