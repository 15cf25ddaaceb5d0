"""Make README's table and the pages ``quality.md``, ``italian.md``, ``behaviour.md`` and ``rivals.md`` under ``docs``.

``python benchmarks/pages.py`` writes them from the results of runs; a test fails while they differ from what this
makes. A model joins by being in the catalogue and measured by ``benchmarks/quality.py`` and
``benchmarks/behaviour.py``.
"""

from __future__ import annotations

import re
from pathlib import Path

from page_behaviour import behaviour_page
from page_italian import chance, italian_page
from page_parts import (
    HALVES,
    OFFICIAL,
    RESULTS,
    SETS,
    Results,
    always,
    config,
    overall,
    ranked,
    read_results,
    results,
)
from page_rivals import rivals_page, rivals_table

from goemotions.catalog import bundled, shipped
from goemotions.evaluation.figures import HALF
from goemotions.evaluation.formatting import Markdown, Table, format_figure, format_number
from goemotions.evaluation.ladder import MEASURED, PUBLISHED
from goemotions.evaluation.model_metrics import read_metrics
from goemotions.evaluation.unreliable import MAX_WIDTH, MIN_POSITIVES

ROOT = Path(__file__).parent.parent
MADE = "<!-- made by benchmarks/pages.py -->"
RECIPES = {  # measured, but not shipped
    "use-head": ("a small network on a frozen encoder, `goemotions train use-head`", "1.6 M", "dev, per label"),
}
SIZES = {"smollm2": Markdown("135 M in 4 bit, 1.3 M trained, on `compact`'s states")}  # where the card has none
TRANSLATED = {OFFICIAL: "English", "goemotions-ru": "Russian", "goemotions-ko": "Korean"}


def readme_block(found: dict[str, Results]) -> str:
    """Return the part of README between the markers: the rivals' table, and what it leaves out in words."""
    own = {
        model: format_number(sets.reports[OFFICIAL].figures.own.overall.macro_f1.value) for model, sets in found.items()
    }
    default, best = shipped().default, PUBLISHED[0]
    others = ", ".join(f"`{model}` has {figure}" for model, figure in own.items() if model != default)
    few = ", ".join(config(default)["unreliable_labels"])
    return "\n\n".join(
        [
            rivals_table(),
            f"The best published figure with thresholds from dev is {best.macro_f1}, of a model of {best.size} "
            f"parameters; `{default}` has {own[default]} with {config(default)['about']['parameters']}, {others}.",
            f"**Unreliable labels**: {few} are too rare in the test split for their figures to be known well; "
            "`reliable_only=True` leaves them out.",
        ]
    )


def beside_others(found: dict[str, Results]) -> str:
    """Return the shipped models beside published ones and what a recipe makes, on the official test."""
    rows = []
    for model, sets in found.items():
        test, about = sets.reports[OFFICIAL], config(model).get("about", {})
        size = about.get("parameters", SIZES.get(model, ""))
        figures = [overall(test, "macro_f1"), overall(test, "micro_f1")]
        rows.append([Markdown(f"**`{model}`, {where(model)}**"), size, "dev, per label", *figures])
        metrics = read_metrics(config(model))
        without = metrics.test_without_train_duplicates if metrics else None
        if without and model == shipped().default:
            seen = test.data.rows - without.rows
            title = f"the same, without the {seen} test comments that also stand in train"
            rows.append([title, "", "", format_figure(without.macro_f1), format_figure(without.micro_f1)])
    rows += [[Markdown(title), *cells, *figures_of(name)] for name, (title, *cells) in RECIPES.items()]
    rows += [[rung.name, rung.size, rung.thresholds, rung.macro_f1, rung.micro_f1] for rung in PUBLISHED]
    default = shipped().default
    at_half = overall(found[default].reports[OFFICIAL], "macro_f1", HALF)
    few = ", ".join(f"{label} ({support})" for label, support in config(default)["unreliable_labels"].items())
    return "\n\n".join(
        [
            Table("", ["", "parameters", "thresholds from", "macro F1", "micro F1"], rows).markdown(),
            f"With one threshold of 0.5 for all labels `{default}` has macro F1 {at_half}. "
            "Most published figures for this data set choose their thresholds on the test split, or leak test texts "
            "into training; beside those, ours looks worse than it is. A single human rater agrees with the released "
            f"labels at about macro F1 {MEASURED[-1].macro_f1}. [Italian](italian.md) and [rivals](rivals.md) have "
            "pages of their own.",
            f"**Unreliable labels**: {few}, with their positives in the test split. Those with fewer than "
            f"{MIN_POSITIVES}, or whose F1 has an interval wider than {MAX_WIDTH:g}, are listed: neither their "
            "threshold nor their F1 is known well. `reliable_only=True` leaves them out.",
        ]
    )


def figures_of(recipe: str) -> list[str]:
    """Return macro and micro F1 on the official test of a model that a recipe makes."""
    test = read_results(RESULTS / f"{recipe}.json").reports[OFFICIAL]
    return [overall(test, "macro_f1"), overall(test, "micro_f1")]


def where(model: str) -> str:
    """Return which package a model is in."""
    catalog = bundled()
    return "in this package" if model in catalog.models else f"in `{catalog.packages[model].distribution}`"


def quality_page(found: dict[str, Results]) -> str:
    """Return the whole page."""
    parts = [
        "# Quality",
        MADE,
        "Measured by `python benchmarks/quality.py`, 95 % bootstrap intervals of 10,000 resamples, at the thresholds "
        "that ship with each model. On other label sets, labels stand for groups of the model's by a stated map "
        "(`src/goemotions/evaluation/label_maps`). The intervals say what other texts of the same kind would change, "
        "not what another seed of the training would.",
        "“Own thresholds” were tuned on a random half of that data and measured on the other, by turns: what labelled "
        "texts of that kind would buy without training. “Of chance” is the mean average precision of scores that say "
        "nothing: the mean frequency of the labels. The calibration error is over predictions of at least 0.1.",
        "## Beside other models",
        "The official test split, 5,427 comments in English.",
        beside_others(found),
    ]
    for model, sets in found.items():
        parts += [f"## `{model}`", overview(sets)]
        parts.append(
            f"Every figure of the official test, per label, with plots: [reports/{model}.html](reports/{model}.html) "
            f"([Markdown](reports/{model}.md), [JSON](reports/{model}.json))."
        )
        parts += ["### Posts: BRIGHTER's test part, by label", LEARNT, beside_own(sets)]
        parts += ["### In translation, by label: F1 and average precision", in_translation(sets)]
    return "\n\n".join(parts) + "\n"


LEARNT = (
    "All three models have learnt from BRIGHTER's English train part, `smollm2` by the states of `compact`; nobody has "
    "learnt from this test part."
)


def overview(sets: Results) -> str:
    """Return a row per data set."""
    rows = []
    for name, title in SETS.items():
        found = sets.reports[name]
        rows.append(
            [
                title,
                f"{found.data.rows:,}",
                overall(found, "macro_f1"),
                overall(found, "micro_f1"),
                "" if name == OFFICIAL else overall(found, "macro_f1", HALVES),
                ranked(found, "macro_average_precision"),
                format_number(chance(found)),
                format_figure(found.calibration_error),
            ]
        )
    header = [
        "data",
        "texts",
        "macro F1",
        "micro F1",
        "macro F1, own thresholds",
        "mean average precision",
        "of chance",
    ]
    return Table("", [*header, "calibration error"], rows).markdown()


def beside_own(sets: Results) -> str:
    """Return BRIGHTER beside the official test on the same five groups of labels."""
    found, english = sets.reports["brighter-en"], sets.english_on_maps["brighter"]
    rows = []
    for label, support in found.figures.support.items():
        own, ranking = found.figures.own.labels[label], found.figures.ranking.labels[label]
        rows.append(
            [
                label,
                f"{support:,}",
                *map(format_figure, (own.precision, own.recall, own.f1)),
                format_number(always(support, found.data.rows)),
                format_figure(ranking.roc_auc),
                format_figure(english.own.labels[label].f1),
                format_figure(english.ranking.labels[label].roc_auc),
            ]
        )
    header = ["label", "positives", "precision", "recall", "F1", "F1 of “always”", "ROC AUC"]
    return Table("", [*header, "GoEmotions F1", "GoEmotions ROC AUC"], rows).markdown()


def in_translation(sets: Results) -> str:
    """Return F1 and average precision of each label in English, Russian and Korean."""
    rows = []
    for label, count in sets.reports[OFFICIAL].figures.support.items():
        row = [label, f"{count:,}"]
        for name in TRANSLATED:
            figures = sets.reports[name].figures
            row += [
                format_figure(figures.own.labels[label].f1),
                format_figure(figures.ranking.labels[label].average_precision),
            ]
        rows.append(row)
    header = [f"{language}, {figure}" for language in TRANSLATED.values() for figure in ("F1", "AP")]
    return Table("", ["label", "positives", *header], rows).markdown()


def replaced(text: str, block: str) -> str:
    """Return README with the block behind the mark."""
    pattern = rf"({re.escape(MADE)}\n).*?(\n<!-- end -->)"
    return re.sub(pattern, lambda found: f"{found[1]}{block}{found[2]}", text, flags=re.DOTALL)


def made() -> dict[Path, str]:
    """Return every file, and what it should hold."""
    found, readme = results(), ROOT / "README.md"
    return {
        readme: replaced(readme.read_text(encoding="utf-8"), readme_block(found)),
        ROOT / "docs" / "quality.md": quality_page(found),
        ROOT / "docs" / "italian.md": italian_page(found, MADE),
        ROOT / "docs" / "behaviour.md": behaviour_page(MADE),
        ROOT / "docs" / "rivals.md": rivals_page(MADE),
    }


def write() -> None:
    """Write every file, and print its path."""
    for path, content in made().items():
        path.write_text(content, encoding="utf-8")
        print(path)


if __name__ == "__main__":
    write()
