"""Model cards: the README.md of a model directory, made from its ``config.json`` so that no figure is typed by hand.

The sections are those of the published system's card. What is not a figure (what the model is, how it was trained, its
limits) is prose that whoever made the model puts into the config's key ``about``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from huggingface_hub import EvalResult, ModelCardData

from goemotions.checkpoint import config_bytes, copy_directory, read_config
from goemotions.escaping import for_markdown
from goemotions.evaluation.card_facts import About, CardFacts, card_facts
from goemotions.evaluation.formatting import format_figure, format_number
from goemotions.evaluation.model_metrics import F1OfRows, StoredFigures, metrics_of
from goemotions.evaluation.provenance import DataFile, TunedOn
from goemotions.evaluation.report import Report
from goemotions.evaluation.unreliable import MAX_WIDTH, MIN_POSITIVES
from goemotions.records import to_json
from goemotions.stored_thresholds import spoken

WARNING = """\
- **Do not judge people by it.** It rates the words of a text, as those who labelled its training data read them. It
  does not know what a person feels, and must not decide about hiring, credit, health, policing or discipline."""
GOEMOTIONS_ID = "google-research-datasets/go_emotions"
UNMEASURED = "Not measured yet: `goemotions evaluate MODEL DATA --store` writes the figures here."


def card(config: Mapping[str, Any]) -> str:
    """Return the card of a model, from its ``config.json``."""
    facts = card_facts(config)
    about = facts.about or About()
    sections = {
        "Use": use(facts, about),
        "Results": results(facts),
        "Low-support labels": low_support(facts),
        "Limits": "\n".join([WARNING, *(f"- {limit}" for limit in about.limits)]),
        "Training": training(facts, about),
        "Citation": " ".join(about.citation),
    }
    body = "\n\n".join(f"## {title}\n\n{text}" for title, text in sections.items() if text)
    summary = about.summary or f"Multi-label emotion classification with {len(facts.labels)} labels."
    return f"{front_matter(facts, about)}\n# {for_markdown(facts.name)}\n\n{summary}\n\n{body}\n"


def card_of(directory: Path, config: Mapping[str, Any]) -> str:
    """Return the card for a directory whose config is to be ``config``.

    A card that is there and was not made by :func:`card` (the config has no prose) keeps its text; only the sections
    with figures are put in before its limits, or replaced.
    """
    path = directory / "README.md"
    if "about" in config or not path.is_file():
        return card(config)
    facts = card_facts(config)
    figures = {"Results": results(facts), "Low-support labels": low_support(facts)}
    first, *others = f"\n{path.read_text(encoding='utf-8')}".split("\n## ")
    kept = [part for part in others if part.split("\n")[0].strip() not in figures]
    made = [f"{title}\n\n{text}\n" for title, text in figures.items() if text]
    place = next((i for i, part in enumerate(kept) if part.startswith("Limits")), len(kept))
    parts = [first.removeprefix("\n"), *kept[:place], *made, *kept[place:]]
    return "\n\n## ".join(part.strip() for part in parts) + "\n"


def front_matter(facts: CardFacts, about: About) -> str:
    """Return the hub's metadata of a card, with its ``model-index``."""
    origin, figures = facts.origin, eval_results(facts)
    languages = list(about.language)
    data = ModelCardData(
        language=languages[0] if len(languages) == 1 else languages or None,
        license=about.license or ("apache-2.0" if origin.goemotions else None),
        library_name=about.library,
        pipeline_tag="text-classification",
        tags=["emotion", *(["goemotions"] if origin.goemotions else []), "multi-label", *about.tags],
        base_model=about.base_model or facts.base_model,
        datasets=[GOEMOTIONS_ID] if origin.goemotions else None,
        model_name=facts.name if figures else None,
        eval_results=figures or None,
    )
    return f"---\n{data.to_yaml().rstrip()}\n---\n"


def eval_results(facts: CardFacts) -> list[EvalResult]:
    """Return the figures on test as the hub's ``model-index`` takes them; none for a model that is not measured."""
    if facts.metrics is None:
        return []
    origin, test = facts.origin, facts.metrics.test
    figures = {"macro F1": test.macro_f1, "micro F1": test.micro_f1}
    return [
        EvalResult(
            task_type="text-classification",
            dataset_type=GOEMOTIONS_ID if origin.goemotions else "own",
            dataset_name=origin.name,
            dataset_split="test",
            metric_type="f1",
            metric_name=name,
            metric_value=round(figure.value, 4),
        )
        for name, figure in figures.items()
        if figure.value is not None
    ]


def use(facts: CardFacts, about: About) -> str:
    """Return how the model is used, and its labels."""
    labels = f"Labels, in output order: {', '.join(map(for_markdown, facts.labels))}."
    if about.use:
        return f"{about.use}\n\n{labels}"
    return f"""\
```python
from goemotions import EmotionClassifier

clf = EmotionClassifier("MODEL_DIR")
clf.predict(["I can't believe how amazing that was!"])  # label: probability, highest first
clf.predict(texts, threshold=0.35)  # more sensitive; 0.7 more conservative; 0 gives every label
clf.predict(texts, reliable_only=True)  # without the low-support labels below
```

{labels}"""


def results(facts: CardFacts) -> str:
    """Return the figures on test, or that there are none."""
    metrics = facts.metrics
    if metrics is None:
        return UNMEASURED
    test = metrics.test
    parts = [f"{for_markdown(test.name)}, {test.rows:,} texts; 95 % bootstrap intervals. {thresholds_from(facts)}"]
    parts += [f"**Marked: {for_markdown(mark)}.**" for mark in test.marks]
    parts.append(headline(test, metrics.test_without_train_duplicates))
    parts.append(
        "| label | threshold | precision | recall | F1 | average precision | positives |\n"
        "|---|---|---|---|---|---|---|\n" + "\n".join(label_row(label, test, facts) for label in facts.labels)
    )
    if facts.unreliable:
        parts.append("\\* low support, see below.")
    parts.append(
        f"Probabilities of at least 0.1 are off by {format_figure(test.calibration_error)} on average (expected "
        "calibration error, bins of equal size). With one threshold of 0.5 for all labels macro F1 is "
        f"{format_figure(test.at_half.macro_f1)}."
    )
    return "\n\n".join(parts)


def thresholds_from(facts: CardFacts) -> str:
    """Return a sentence on where the thresholds are from; empty if the config does not say."""
    tuned = facts.provenance.tuned_on
    about = facts.about or About()
    said = f"The thresholds were tuned on {tuning_data(tuned)}." if tuned else about.thresholds
    apart = [
        f"Texts in {spoken(language)} have thresholds of their own, tuned on {tuning_data(own)}."
        for language, own in facts.provenance.tuned_on_by_language.items()
    ]
    return " ".join([said, *apart]).strip()


def tuning_data(tuned: TunedOn) -> str:
    """Return what thresholds were tuned on, and for."""
    forced = f" ({tuned.forced})" if tuned.forced else ""
    return f"{for_markdown(tuned.name + forced)}, for {for_markdown(tuned.objective.replace('f1', 'F1'))}"


def headline(test: StoredFigures, fresh: F1OfRows | None) -> str:
    """Return the table of the figures to read first, also without the texts that stand in train."""
    figures = (test.macro_f1, test.micro_f1, test.macro_average_precision, test.exact_match)
    rows = [["all", *map(format_figure, figures)]]
    if fresh:
        name = f"without the {test.rows - fresh.rows} texts that also stand in train"
        rows.append([name, format_figure(fresh.macro_f1), format_figure(fresh.micro_f1), "", ""])
    lines = ["| | macro F1 | micro F1 | mean average precision | exact match |", "|---|---|---|---|---|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def label_row(label: str, test: StoredFigures, facts: CardFacts) -> str:
    """Return a label's row of the table of figures."""
    figures = test.labels[label]
    mark = " \\*" if label in facts.unreliable else ""
    cells = [
        f"{for_markdown(label)}{mark}",
        format_number(facts.thresholds[label]),
        format_number(figures.precision),
        format_number(figures.recall),
        format_figure(figures.f1),
        format_figure(figures.average_precision),
        f"{figures.support}",
    ]
    return f"| {' | '.join(cells)} |"


def low_support(facts: CardFacts) -> str:
    """Return which labels are known badly, or nothing."""
    few = facts.unreliable
    if not few:
        return ""
    listed = ", ".join(f"{for_markdown(label)} ({support})" for label, support in few.items())
    rarest = min(few, key=lambda label: few[label])
    return (
        "So few texts of the test data have these labels that neither their threshold nor their F1 is known well: "
        f"{listed}. A label is listed if it has fewer than {MIN_POSITIVES} positives, or if the interval of its F1 is "
        f"wider than {MAX_WIDTH:g}. A high or low F1 of {for_markdown(rarest)}, with {few[rarest]} positives, is "
        "mostly chance. "
        "`reliable_only=True` leaves these labels out."
    )


def training(facts: CardFacts, about: About) -> str:
    """Return the data and the settings of the training."""
    trained = facts.provenance.trained_on
    parts = []
    if trained:
        parts.append(f"Data: {for_markdown(trained.dataset)}, {trained.rows:,} texts.")
    if about.training:
        rows = [f"| {name} | {value} |" for name, value in about.training.items()]
        parts.append("\n".join(["| setting | value |", "|---|---|", *rows]))
    if trained and trained.splits:
        rows = [f"| {for_markdown(name)} | `{for_markdown(digest)}` |" for name, digest in trained.splits.items()]
        parts.append("\n".join(["| split | SHA-256 |", "|---|---|", *rows]))
    return "\n\n".join([*parts, *about.notes])


def store(report: Report, directory: Path) -> None:
    """Write a report's figures, unreliable labels and card into the model directory that it is of.

    Raises:
        ValueError: the report is of other labels than the model's, as one made with a label map is.
    """
    config: dict[str, Any] = dict(read_config(directory).raw)
    if list(report.data.labels) != config["emotion_labels"]:
        raise ValueError("figures on mapped labels cannot be stored in the model: they are not of its own labels")
    support = report.of_labels.support
    config["metrics"] = to_json(metrics_of(report))
    config["unreliable_labels"] = {label: support[label] for label in report.unreliable}
    config["tested_on"] = to_json(DataFile(report.data.name, report.data.sha256, report.data.rows))
    files = {"config.json": config_bytes(config), "README.md": card_of(directory, config).encode()}
    copy_directory(directory, directory, files)
