"""``goemotions predict --engine ray``: a data set scored on a cluster."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import typer

from goemotions.batch.annotate import PredictOptions
from goemotions.catalog import find_model
from goemotions.checkpoint import read_config

SHOWN = 3  # of many reasons


def own_thresholds(model: str | None) -> dict[str, float]:
    """The model's thresholds, without loading its weights."""
    return dict(read_config(find_model(model)).thresholds)


def predict_dataset(
    model: str | None,
    load: Mapping[str, Any],
    source: str,
    text_column: str,
    output: str,
    options: PredictOptions,
    ray: Mapping[str, Any],
    as_json: bool,
) -> None:
    """Score a data set, or with ``dry_run`` say what it would take; ``ray`` holds the command's Ray options."""
    from goemotions.batch.cluster import run
    from goemotions.batch.cluster.nodes import ClusterOptions
    from goemotions.batch.cluster.tally import Grouping

    cluster = ClusterOptions(
        ray["address"], ray["actors"], ray["actor_cpus"], ray["actor_gpus"] or 0.0, ray["fragment_rows"]
    )
    grouping = Grouping(ray["group_by"], ray["time_column"], ray["period"] or "month", ray["time_unit"])
    changed = {name: value for name, value in load.items() if value not in (None, False, "auto")}
    arguments = {"model": model, "options": options, "grouping": grouping, **changed}
    if ray["dry_run"]:
        work, config = run.make_work(source, output, text_column, **arguments)
        show_estimate(work, config, cluster, ray["cpu_price"], ray["gpu_price"], as_json)
        return
    with only_ours_printed():
        report = run.predict_dataset(source, output, text_column, cluster=cluster, **arguments)
    if as_json:
        values = dataclasses.asdict(report)
        values["tally"].pop("cells")
        print(json.dumps({"output": output, **values.pop("tally"), **values}))
    show_report(report, output, grouping.time)


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


def show_estimate(
    work: Any, config: Any, cluster: Any, cpu_price: float | None, gpu_price: float | None, as_json: bool
) -> None:
    from goemotions.batch.cluster.estimate import estimate

    with only_ours_printed():
        found = estimate(work, config, cluster, cpu_price, gpu_price)
    if as_json:
        print(json.dumps(dataclasses.asdict(found)))
        return
    print(f"{found.rows:,} rows in {found.fragments:,} fragments")
    each = f"{found.texts_per_s:,.0f} texts/s each, from {found.sample_rows:,} texts"
    print(f"{found.actors.number} actors of {found.actors.cpus} CPUs and {found.actors.gpus:g} GPUs: {each}")
    took = f"{found.hours:,.1f} hours" if found.hours > 1 else f"{found.hours * 60:,.1f} minutes"
    print(f"{took}, start-up left out: {found.cpu_hours:,.2f} CPU hours, {found.gpu_hours:,.2f} GPU hours")
    if found.cost is not None:
        print(f"cost {found.cost:,.2f}, in the prices' currency")
    if found.files_unreadable:
        note(f"{found.files_unreadable:,} files are not readable as Parquet and are not counted")


def show_report(report: Any, output: str, time_column: str | None = None) -> None:
    """
    Raises:
        typer.Exit: with status 1, if fragments failed or files could not be read.
    """
    tally = report.tally
    if report.new_files > 0:
        note(f"{report.new_files:,} files came to the input after this job began, and are not in it")
    for name, reason in list(report.made_again.items())[:SHOWN]:
        note(f"{name} was made again: {reason}")
    if len(report.made_again) > SHOWN:
        note(f"{len(report.made_again):,} files of the output were damaged and were made again")
    for path, reason in list(report.unreadable.items())[:SHOWN]:
        note(f"{path}: {reason}")
    for number, reason in list(report.failed.items())[:SHOWN]:
        note(f"fragment {number}: {reason}")
    if report.failed:
        share = f"{len(report.failed):,} of {report.fragments:,} fragments failed"
        typer.secho(f"error: {share}; the same command tries them again", err=True, fg="red")
        raise typer.Exit(1)
    typer.echo(f"{output}: {tally.rows:,} rows in {report.fragments:,} files; summary in {output}/_job", err=True)
    if tally.dead:
        note(f"{tally.dead:,} rows could not be scored: they stand in {output}/_job/dead-letters, with the reason")
    if tally.null_texts:
        note(f"{tally.null_texts:,} rows have no text: they are kept, without emotions")
    if tally.truncated:
        note(f"{tally.truncated:,} texts were longer than the model reads and were cut")
    if time_column and tally.rows_without_time:
        note(f"{tally.rows_without_time:,} rows have no time that can be read in {time_column!r}: counted as (unknown)")
    if report.unreadable:
        typer.secho(f"error: {len(report.unreadable):,} input files are not Parquet", err=True, fg="red")
        raise typer.Exit(1)


def note(message: str) -> None:
    typer.secho(f"warning: {message}", err=True, fg="yellow")
