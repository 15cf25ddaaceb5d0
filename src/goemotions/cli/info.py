"""``goemotions info``: what a model is, what it was trained on, how good it is, and its limits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from goemotions.cli import options as opt
from goemotions.cli import terminal
from goemotions.errors import counted

if TYPE_CHECKING:
    from goemotions.catalog import Catalog
    from goemotions.checkpoint import ModelConfig
    from goemotions.evaluation.model_metrics import StoredFigures


def info(
    model: Annotated[
        str | None, typer.Argument(help="A model's name, a directory or a hub id; none lists the names.")
    ] = None,
    backbone: opt.Backbone = None,
    as_json: opt.Json = False,
) -> None:
    """Say what a model is and how good it is. Without a name, list the models (--json: with versions)."""
    from goemotions.catalog import find_model, shipped

    if model is None:
        list_shipped(shipped(), as_json)
        return
    from goemotions.checkpoint import read_config
    from goemotions.evaluation.model_metrics import read_metrics

    directory = find_model(model)
    config = read_config(directory)
    if as_json:
        terminal.echo(json.dumps(dict(config.raw), indent=1, ensure_ascii=False))
        return
    console = terminal.table_console()
    describe(console, directory, config, backbone)
    metrics = read_metrics(config.raw)
    if metrics is not None:
        console.print(quality(config, metrics.test))


def list_shipped(catalog: Catalog, as_json: bool) -> None:
    from goemotions.installation import package_command, versions

    missing = {
        name: package_command(package.distribution)
        for name, package in catalog.packages.items()
        if name not in catalog.models
    }
    if as_json:
        models = {"default": catalog.default, "models": catalog.models | catalog.combined, "not_installed": missing}
        terminal.echo(json.dumps(versions() | models, indent=1))
        return
    for name, summary in catalog.models.items():
        terminal.echo(f"{name}{' (default)' if name == catalog.default else ''}: {summary}")
    for name, summary in catalog.combined.items():
        terminal.echo(f"{name}: {summary}")
    for name, command in missing.items():
        terminal.echo(f"{name} (not installed: {command}): {catalog.packages[name].about}")
    terminal.echo("goemotions info NAME says more.", err=True)


def describe(console: Console, directory: Path, config: ModelConfig, backbone: str | None) -> None:
    trained = config.raw.get("trained_on", {})
    size = sum(file.stat().st_size for file in directory.rglob("*") if file.is_file())
    facts = {
        "model": config.name,
        "architecture": config.architecture,
        "directory": str(directory),
        "size": f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.0f} kB",
        "labels": str(len(config.labels)),
        **(llm_facts(directory, config, backbone) if config.hidden_size else encoder_facts(config)),
        **language_facts(directory, config),
        "trained on": f"{trained['dataset']}, {counted(trained['rows'], 'row')}" if trained else "not said",
        "limits": limits(config),
    }
    if config.unreliable_labels:
        few = ", ".join(f"{label} ({support})" for label, support in config.unreliable_labels.items())
        facts["unreliable"] = f"{few}: so few positives in the test split that neither threshold nor F1 is known well"
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in facts.items():
        terminal.add_row(table, name, value)
    console.print(table)


def language_facts(directory: Path, config: ModelConfig) -> dict[str, str]:
    """Return the languages that a model reads, and which have thresholds of their own."""
    from goemotions.data.origin import languages_read
    from goemotions.stored_thresholds import spoken

    facts = {"languages": ", ".join(languages_read(directory, config)) or languages_of_base(directory, config)}
    apart = [spoken(language) for language in sorted(config.thresholds.by_language)]
    if config.members:
        facts["thresholds"] = "those of the model that answers, for the text's language: see `goemotions info` of each"
    elif apart:
        facts["thresholds"] = f"of their own for texts in {', '.join(apart)}; those for all texts below"
    return facts


def languages_of_base(directory: Path, config: ModelConfig) -> str:
    """Return the languages that a fitted model's base reads; of other models, or without it, that none is said."""
    from goemotions.architectures.fitted import find_base
    from goemotions.checkpoint import read_config
    from goemotions.data.origin import languages_read
    from goemotions.errors import ModelError

    name = (config.raw.get("base") or {}).get("model") if config.architecture == "fitted" else None
    try:
        base = find_base(directory, str(name), None) if name else None
        read = languages_read(base, read_config(base)) if base else ()
    except ModelError:
        read = ()
    return f"{', '.join(read)}, which its base reads" if read else "not said"


def limits(config: ModelConfig) -> str:
    """Return what a model is not for: what its card says, else what its training data and its encoder do."""
    from goemotions.data.origin import WARNING, model_origin
    from goemotions.encoders.facts import encoder_id, language_limits
    from goemotions.fields import section, texts

    said = texts(section(config.raw, "about"), "limits")
    if said:
        return " ".join([*said, WARNING])
    data = model_origin(config.raw)
    spoken = language_limits(encoder_id(config.raw), data.languages) if config.embed_dim else []
    return " ".join([data.out_of_domain, *spoken, WARNING])


def encoder_facts(config: ModelConfig) -> dict[str, str]:
    from goemotions.languages import NAMES

    if config.members:
        named = (f"{model}: {NAMES.get(language, language)}" for language, model in config.members.items())
        return {"models": "; ".join(named)}
    if config.architecture == "fitted":
        base = config.raw.get("base") or {}
        return {"base": f"{base.get('model', 'not said')}, whose states it reads"}
    if config.embed_dim:
        encoder = config.raw.get("encoder") or {}
        return {"encoder": f"{encoder.get('id', 'not said')} {encoder.get('revision', '')}".strip()}
    return {
        "reads": f"up to {config.max_length} tokens; longer texts are cut, or read in windows",
        "base": config.raw.get("base", {}).get("model", "not said"),
    }


def llm_facts(directory: Path, config: ModelConfig, backbone: str | None) -> dict[str, str]:
    """Return what an ``embedding-llm`` is made of; its base is looked into if it is on disk, not loaded."""
    from goemotions.errors import MissingExtraError, ModelError

    named = (config.raw.get("backbone") or {}).get("id") or config.raw.get("model_name", "not said")
    try:
        from goemotions.architectures.embedding_llm import PUBLISHED_ENCODER, open_parts
        from goemotions.decoder.plan import make_plan
    except MissingExtraError as error:
        if backbone is not None:
            raise
        return encoder_facts(config) | {"base": f"{named}; {error}"}
    encoder = config.raw.get("encoder") or PUBLISHED_ENCODER
    facts = {"encoder": f"{encoder['id']} {encoder.get('revision', '')}".strip()}
    try:
        parts = open_parts(directory, config, backbone)
    except ModelError as error:
        if backbone is not None:
            raise
        return facts | {"base": f"{named}; {error}"}
    elements, base = parts.adapter.elements, parts.source.config
    plan = make_plan(base, parts.source.quantisation == "nf4")
    return facts | {
        "base": f"{parts.backbone}: {parts.source.quantisation}, {base.num_layers} layers of {base.hidden_size}, "
        f"{base.live_weights / 1e9:.2f} G weights that act on one token",
        "adapter": f"rank {parts.adapter.config.rank}, scale {parts.adapter.config.scale:g}; "
        f"{elements['language']:,} language and {elements['vision']:,} vision parameters",
        "head": f"{parts.head.parameters:,} parameters",
        "can learn": f"{elements['live'] + parts.head.parameters:,} of "
        f"{elements['language'] + elements['vision'] + parts.head.parameters:,} parameters: with one token, query, key "
        "and vision weights have no influence",
        "on this machine": plan.why,
    }


def quality(config: ModelConfig, test: StoredFigures) -> Table:
    """Return the figures on the test split, a row per label."""
    from goemotions.evaluation.formatting import format_figure, format_number

    overall = f"macro F1 {format_figure(test.macro_f1)}, micro F1 {format_figure(test.micro_f1)}"
    table = Table(title=f"Test split, {test.rows:,} rows, thresholds tuned on dev: {overall}", title_justify="left")
    for column in ("label", "threshold", "precision", "recall", "F1 (95 % interval)", "positives"):
        table.add_column(column, justify="left" if column == "label" else "right")
    for label, figures in test.labels.items():
        terminal.add_row(
            table,
            label + (" *" if label in config.unreliable_labels else ""),
            format_number(config.thresholds[label]),
            format_number(figures.precision),
            format_number(figures.recall),
            format_figure(figures.f1),
            str(figures.support),
        )
    if config.unreliable_labels:
        table.caption = "* unreliable"
    return table
