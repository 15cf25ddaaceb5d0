"""A page for each of the 28 labels: what it means, what it is confused with, figures with intervals, and examples.

The words are in ``labels.yaml``, the figures in the stored evaluation of the default model; the model itself is asked
for its answers to the examples.
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from goemotions import LABELS, EmotionClassifier
from goemotions.catalog import shipped
from goemotions.escaping import for_markdown
from goemotions.labels import EKMAN, SENTIMENT

DOCS = Path(__file__).parent.parent
CONFUSED = 4  # of each label, the labels that are given most beyond what people gave
TITLES = {"precision": "precision: of those given", "recall": "recall: of those there are", "f1": "F1 of the two"}


def words() -> dict[str, dict[str, Any]]:
    """Return what ``labels.yaml`` says of each label."""
    found: dict[str, dict[str, Any]] = yaml.safe_load((DOCS / "site" / "labels.yaml").read_text(encoding="utf-8"))
    return found


def stored_report() -> dict[str, Any]:
    """Return the stored evaluation of the default model on the official test."""
    path = DOCS / "reports" / f"{shipped().default}.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def label_pages() -> dict[str, str]:
    """Return the pages by their paths in the site."""
    report, said = stored_report(), words()
    classifier = EmotionClassifier()
    pages = {"labels/index.md": overview(report, said)}
    for label in LABELS:
        pages[f"labels/{label}.md"] = label_page(label, report, said[label], classifier)
    return pages


def overview(report: Mapping[str, Any], said: Mapping[str, Any]) -> str:
    """Return the page that lists all labels, with a picture of their F1."""
    own = report["figures"]["labels"]["at"]["own"]["labels"]
    support = report["figures"]["labels"]["support"]
    rows = [
        f"| [{label}]({label}.md) | {said[label]['means']} | {interval(own[label]['f1'])} | {support[label]:,} |"
        for label in LABELS
    ]
    return "\n".join(
        [
            "# The 28 labels\n",
            f"F1 of `{report['model']['name']}` on the official test, {report['data']['rows']:,} comments, with 95 % "
            "intervals: a wide bar means that nobody knows how well the label is found, because few texts have it.\n",
            picture({label: own[label]["f1"] for label in LABELS}),
            "\n| label | what it says | F1 | texts |\n|---|---|---|---|",
            *rows,
            "",
        ]
    )


def label_page(label: str, report: Mapping[str, Any], said: Mapping[str, Any], classifier: EmotionClassifier) -> str:
    """Return the page of one label."""
    names = list(report["data"]["labels"])
    figures = report["figures"]["labels"]
    own, ranking = figures["at"]["own"]["labels"][label], figures["ranking"]["labels"][label]
    groups = {
        title: next((name for name, members in known.items() if label in members), "")
        for title, known in (("sentiment", SENTIMENT), ("Ekman's six", EKMAN))
    }
    unreliable = report["unreliable"].get(label)
    parts = [f"# {label}\n", f"**{said['means']}**\n", f"{said['near']}\n"]
    if any(groups.values()):
        parts.append(f"Groups: {', '.join(f'{name} ({title})' for title, name in groups.items() if name)}.\n")
    if unreliable:
        parts.append(
            f'!!! warning "Unreliable"\n    {unreliable[0].upper()}{unreliable[1:]}. '
            "`reliable_only=True` leaves the label out.\n"
        )
    parts += [
        "## What it is confused with\n",
        *confused(label, names, report["confusion"], report["together"]),
        "\n## How well it is found\n",
        f"`{report['model']['name']}`, official test, {figures['support'][label]:,} of {report['data']['rows']:,} "
        f"texts, at its threshold of {report['thresholds']['own'][label]:g}; 95 % intervals.\n",
        "| figure | value |\n|---|---|",
        *(f"| {title} | {interval(own[name])} |" for name, title in TITLES.items()),
        f"| average precision, over all thresholds | {interval(ranking['average_precision'])} |",
        "\n## Examples\n",
        "Written for this project, none from the data set. What the model says is asked when this page is made.\n",
        *examples(label, said, classifier),
        "",
    ]
    return "\n".join(parts)


def confused(
    label: str, names: Sequence[str], given: Sequence[Sequence[float]], true: Sequence[Sequence[float]]
) -> list[str]:
    """Return a line for each label that is given to this label's texts most beyond what people gave."""
    i = names.index(label)
    beyond = sorted(((given[i][j] - true[i][j], j) for j in range(len(names)) if j != i), reverse=True)
    lines = [f"Of the texts that people gave {label}, the model gives", ""]
    for _, j in beyond[:CONFUSED]:
        lines.append(f"- [{names[j]}]({names[j]}.md) to {given[i][j] * 100:.0f} % (people: {true[i][j] * 100:.0f} %)")
    return lines


def examples(label: str, said: Mapping[str, Any], classifier: EmotionClassifier) -> list[str]:
    """Return a table of typical and borderline texts, with what the model says of them."""
    rows = [(text, "typical") for text in said["typical"]] + [(text, why) for text, why in said["borderline"]]
    answers = classifier.predict([text for text, _ in rows])
    lines = ["| text | kind | what the model says |", "|---|---|---|"]
    for (text, what), found in zip(rows, answers, strict=True):
        shown = ", ".join(
            f"{'**' * (name == label)}{name}{'**' * (name == label)} {p:.2f}" for name, p in found.items()
        )
        lines.append(f"| {for_markdown(text)} | {for_markdown(what)} | {shown or 'nothing reaches its threshold'} |")
    return lines


def interval(figure: Mapping[str, float | None]) -> str:
    """Return a figure with its interval."""
    value, low, high = (figure[name] for name in ("value", "low", "high"))
    if value is None:
        return "not known"
    return f"{value:.2f}" if low is None or high is None else f"{value:.2f} ({low:.2f} to {high:.2f})"


def picture(figures: Mapping[str, Mapping[str, float]]) -> str:
    """Return a drawing of figures with their intervals, best first, in the colours of the page."""
    ordered = sorted(figures, key=lambda label: -figures[label]["value"])
    step, left, wide = 20, 120, 480
    height = step * len(ordered) + 24
    lines = [
        f'<svg class="intervals" viewBox="0 0 {left + wide + 20} {height}" role="img" aria-label="F1 of each label">'
    ]
    for tick in range(0, 11, 2):
        x = left + wide * tick / 10
        lines.append(f'<line class="grid" x1="{x:.0f}" x2="{x:.0f}" y1="0" y2="{height - 18}"/>')
        lines.append(f'<text x="{x:.0f}" y="{height - 4}" text-anchor="middle">{tick / 10:.1f}</text>')
    for row, label in enumerate(ordered):
        y = step * row + step // 2
        low, value, high = (left + wide * figures[label][name] for name in ("low", "value", "high"))
        lines.append(f'<text x="{left - 8}" y="{y + 4}" text-anchor="end">{html.escape(label)}</text>')
        lines.append(f'<line class="range" x1="{low:.0f}" x2="{high:.0f}" y1="{y}" y2="{y}"/>')
        lines.append(f'<circle cx="{value:.0f}" cy="{y}" r="5"/>')
    return "".join([*lines, "</svg>"])
