"""``goemotions batch``: a data set of any size, scored on a Ray cluster."""

from __future__ import annotations

import dataclasses
import json
import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from goemotions.cli import options as opt
from goemotions.cli import terminal
from goemotions.cli.model_options import with_model_options
from goemotions.errors import counted

if TYPE_CHECKING:
    from goemotions.architectures.base import LoadOptions
    from goemotions.batch.cluster.estimate import Estimate
    from goemotions.batch.cluster.run import Report
    from goemotions.reporting.job import JobResults

SHOWN = 3
"""Of many reasons, so many are printed."""


@with_model_options
def batch(
    *,
    load: LoadOptions,
    input: Annotated[
        str,
        typer.Option("--input", "-i", help="A Parquet file, a folder or a pattern, also s3://… and the like."),
    ],
    output: Annotated[
        str,
        typer.Option("--output", "-o", help="The folder to write, also s3://…. A job that was begun there is resumed."),
    ],
    text_column: opt.TextColumn = "text",
    model: opt.Model = None,
    threshold: opt.Threshold = None,
    top_k: opt.TopK = None,
    all_scores: opt.AllScores = False,
    reliable_only: opt.ReliableOnly = False,
    show_language: opt.ShowLanguage = False,
    long_text: opt.LongTexts = opt.LongText.cut,
    prefix: opt.Prefix = "",
    address: Annotated[
        str | None,
        typer.Option(help="The address of the Ray cluster, as HOST:PORT or auto.", show_default="one started here"),
    ] = None,
    actors: Annotated[
        int | None,
        typer.Option(min=1, help="The number of processes that load the model.", show_default="as many as fit"),
    ] = None,
    actor_cpus: Annotated[
        int | None, typer.Option(min=1, help="The CPUs of each such process.", show_default="1; for an LLM a node's")
    ] = None,
    actor_gpus: Annotated[
        float, typer.Option(min=0, help="The GPUs of each such process; a fraction such as 0.5 shares one.")
    ] = 0.0,
    fragment_rows: Annotated[
        int | None, typer.Option(min=1, help="The most rows of an output file.", show_default="16384; for an LLM 4096")
    ] = None,
    group_by: Annotated[str | None, typer.Option(help="A column by which the summary counts.")] = None,
    time_column: Annotated[str | None, typer.Option(help="A column of times by which the summary counts.")] = None,
    time_unit: opt.TimeUnits = None,
    month_first: opt.MonthFirst = None,
    period: Annotated[
        opt.Period, typer.Option(help="The periods by which the summary counts times.")
    ] = opt.Period.month,
    report: Annotated[
        bool, typer.Option("--report", help="Write a page about the results too; implies --all-scores.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say rows, time and cost from a sample, and write nothing.")
    ] = False,
    cpu_price: Annotated[float | None, typer.Option(help="The price of a CPU hour, for --dry-run.")] = None,
    gpu_price: Annotated[float | None, typer.Option(help="The price of a GPU hour, for --dry-run.")] = None,
    as_json: opt.Json = False,
) -> None:
    """Score any number of Parquet files on a Ray cluster, or on one that is started on this machine."""
    if not dry_run and (cpu_price is not None or gpu_price is not None):
        raise ValueError("--cpu-price and --gpu-price go with --dry-run")
    grouping = opt.grouping(group_by, time_column, period, time_unit, month_first, "--time-column")
    from goemotions.batch.cluster import ClusterOptions, run
    from goemotions.catalog import find_model
    from goemotions.checkpoint import read_config
    from goemotions.predictions import PredictOptions
    from goemotions.thresholds import resolve

    every, single = opt.parse_thresholds(threshold)
    thresholds = resolve(single, resolve(every, read_config(find_model(model)).thresholds))
    given: dict[str, Any] = {
        "model": model,
        "options": PredictOptions(
            thresholds, top_k, reliable_only, long_text.value, all_scores or report, show_language=show_language
        ),
        "grouping": grouping,
        "prefix": prefix,
        **vars(load),
    }
    # A job's description names only what was asked for, so that it stays the same when a default changes.
    given = {name: value for name, value in given.items() if value not in (None, False, "", "auto")}
    cluster = ClusterOptions(address, actors, actor_cpus, actor_gpus, fragment_rows)
    if dry_run:
        from goemotions.batch.cluster.estimate import estimate

        with only_ours_printed():
            work, config = run.make_work(input, output, text_column, **given)
            estimated = estimate(work, config, cluster, cpu_price, gpu_price)
        print_estimate(estimated, as_json)
        return
    with only_ours_printed():
        found = run.predict_dataset(input, output, text_column, cluster=cluster, **given)
    if as_json:
        values = dataclasses.asdict(found)
        values["tally"].pop("cells")
        terminal.echo(json.dumps({"output": output, **values.pop("tally"), **values}))
    if report and not found.failed:
        from goemotions.reporting.job import JobResults

        results = JobResults(input, output, text_column, grouping, found.tally.cells, prefix, show_language)
        write_page(results, model, load)
    show_report(found, output, time_column)


def write_page(job: JobResults, model: str | None, load: LoadOptions) -> None:
    """Write the report of a finished job, and say where it is."""
    from goemotions.classifier import EmotionClassifier
    from goemotions.reporting.job import report_of_job, write_job_report
    from goemotions.reporting.report import ReportOptions

    options = ReportOptions(
        grouping=job.grouping,
        command=shlex.join(["goemotions", *sys.argv[1:]]),
    )
    made = report_of_job(EmotionClassifier(model, **vars(load)), job, options, show_progress=True)
    terminal.echo(f"report in {write_job_report(made, job.output)}", err=True)
    for line in made.main.notes():
        terminal.note(line)


@contextmanager
def only_ours_printed() -> Iterator[None]:
    """Drop what others print in the block, while ``sys.stderr`` still reaches the terminal.

    Ray's Python prints to standard output that a node has died, between results for programs, and its C++ writes to the
    process's standard error. Both stand in Ray's log files; what concerns the job is in its outcomes.
    """
    sys.stderr.flush()
    with os.fdopen(os.dup(2), "w", 1, "utf-8", "backslashreplace") as ours, Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
        try:
            with redirect_stdout(nowhere), redirect_stderr(ours):
                yield
        finally:
            os.dup2(ours.fileno(), 2)


def print_estimate(found: Estimate, as_json: bool) -> None:
    if as_json:
        terminal.echo(json.dumps(dataclasses.asdict(found)))
        return
    terminal.echo(f"{counted(found.rows, 'row')} in {counted(found.fragments, 'fragment')}")
    each = f"{found.texts_per_s:,.0f} texts/s each, from {found.sample_rows:,} texts"
    terminal.echo(f"{found.actors.number} actors of {found.actors.cpus} CPUs and {found.actors.gpus:g} GPUs: {each}")
    took = f"{found.hours:,.1f} hours" if found.hours > 1 else f"{found.hours * 60:,.1f} minutes"
    terminal.echo(f"{took}, start-up left out: {found.cpu_hours:,.2f} CPU hours, {found.gpu_hours:,.2f} GPU hours")
    if found.cost is not None:
        terminal.echo(f"cost {found.cost:,.2f}, in the prices' currency")
    if found.files_unreadable:
        terminal.warn(f"files not readable as Parquet, which are not counted: {found.files_unreadable:,}")


def show_report(report: Report, output: str, time_column: str | None = None) -> None:
    """Say what a job did, and what is wrong with its input.

    Raises:
        typer.Exit: with status 1, if fragments failed or files could not be read.
    """
    tally = report.tally
    if report.new_files > 0:
        terminal.warn(f"{counted(report.new_files, 'file')} came to the input after this job began: not in it")
    for name, reason in list(report.made_again.items())[:SHOWN]:
        terminal.warn(f"{name} was made again: {reason}")
    if len(report.made_again) > SHOWN:
        terminal.warn(f"{len(report.made_again):,} files of the output were damaged and were made again")
    for path, reason in list(report.unreadable.items())[:SHOWN]:
        terminal.warn(f"{path}: {reason}")
    for number, reason in list(report.failed.items())[:SHOWN]:
        terminal.warn(f"fragment {number}: {reason}")
    if report.failed:
        share = f"{len(report.failed):,} of {counted(report.fragments, 'fragment')} failed"
        terminal.error(f"{share}; the same command tries them again")
        raise typer.Exit(1)
    terminal.echo(
        f"{output}: {counted(tally.rows, 'row')} in {counted(report.fragments, 'file')}; summary in {output}/_job",
        err=True,
    )
    if tally.dead:
        terminal.warn(
            f"{counted(tally.dead, 'row')} could not be scored: see {output}/_job/dead-letters, with the reason"
        )
    if tally.null_texts:
        one, many = (
            "row has no text: it is kept, without emotions",
            "rows have no text: they are kept, without emotions",
        )
        terminal.warn(counted(tally.null_texts, one, many))
    if tally.truncated:
        one, many = "text was", "texts were"
        terminal.warn(f"{counted(tally.truncated, one, many)} longer than the model reads: truncated")
    if time_column and tally.rows_without_time:
        terminal.warn(
            f"{counted(tally.rows_without_time, 'row has', 'rows have')} no time that can be read in {time_column!r}: "
            "counted as (unknown)"
        )
    if report.unreadable:
        terminal.error(counted(len(report.unreadable), "input file is not Parquet", "input files are not Parquet"))
        raise typer.Exit(1)
