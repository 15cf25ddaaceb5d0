"""The page ``docs/italian.md``, made from the results of a run."""

from __future__ import annotations

from page_parts import (
    HALVES,
    SETS,
    MappedFigures,
    Results,
    ShortReport,
    always,
    listed,
    overall,
    ranked,
    reads,
)

from goemotions.evaluation.formatting import Markdown, Table, format_figure, format_number

MAPS = {"xed-it": "plutchik", "xdailydialog-it": "dailydialog"}
CLEAR = 0.6
"""The lower end of a ROC AUC from which a ranking is called usable: in six of ten pairs at least, the text with the
label is ranked higher."""

ABOUT = (
    "How well the shipped models read Italian, on two corpora whose labels people gave, beside the same model on the "
    "English GoEmotions test with its labels put into the same groups. 95 % bootstrap intervals of 10,000 resamples; "
    "the thresholds are those that ship, none of them chosen on Italian texts. The columns “Italian thresholds” have "
    "others: tuned on a random half of the Italian texts and measured on the other, by turns, to tell what the "
    "thresholds cost from what the model does not see.",
    "- **XED** (Helsinki-NLP): 3,275 film subtitles. The labels were given to English or Finnish lines and carried "
    "over to their Italian translations, so they are noisy. Every line has a label.\n"
    "- **XDailyDialog**: 7,716 dialogue turns translated by people. 6,301 have no emotion; fear has 17 positives and "
    "disgust 47. Annotators saw the whole dialogue, a model sees one turn.",
    "The maps are `plutchik` and `dailydialog` in `src/goemotions/evaluation/label_maps`: a text is given a group if "
    "any of its labels reaches its own threshold. They were written before any figure was seen. English is the easier "
    "task here: the models were trained on that corpus, and its groups are made of the very labels they learnt. The "
    "difference is therefore of language, kind of text and annotation together, not of language alone; the machine "
    "translations of the GoEmotions test in [quality.md](quality.md) differ in language only.",
)


def italian_page(results: dict[str, Results], made: str) -> str:
    """Return the whole page."""
    parts = ["# Italian", made, *ABOUT, summary(results), *kept(results)]
    for model, sets in results.items():
        note = "" if "it" in reads(model) else " (made for English only)"
        parts += [f"## `{model}`{note}", verdict(sets)]
        for name, map_name in MAPS.items():
            parts += [f"### {SETS[name]}", beside_english(sets.reports[name], sets.english_on_maps[map_name])]
    return "\n\n".join(parts) + "\n"


def summary(results: dict[str, Results]) -> str:
    """Return the table of all models on both sets, and in English."""
    rows = []
    for model, sets in results.items():
        for name, map_name in MAPS.items():
            found, english = sets.reports[name], sets.english_on_maps[map_name]
            rows.append(
                [
                    Markdown(f"`{model}`"),
                    name,
                    overall(found, "macro_f1"),
                    format_figure(english.own.overall.macro_f1),
                    overall(found, "macro_f1", HALVES),
                    ranked(found, "macro_roc_auc"),
                    format_figure(english.ranking.overall.macro_roc_auc),
                    ranked(found, "macro_average_precision"),
                    format_number(chance(found)),
                ]
            )
    header = ["model", "data", "macro F1", "in English", "macro F1, Italian thresholds", "macro ROC AUC", "in English"]
    return Table("", [*header, "mean average precision", "of chance"], rows).markdown()


def kept(results: dict[str, Results]) -> list[str]:
    """Return, in a sentence per model that reads Italian, how much is left."""
    lines = []
    for model, sets in results.items():
        if "it" not in reads(model):
            continue
        shares = []
        for name, map_name in MAPS.items():
            here, english = (
                (figures.ranking.overall.macro_roc_auc.value or 0) - 0.5
                for figures in (sets.reports[name].figures, sets.english_on_maps[map_name])
            )
            shares.append(f"{here / english:.0%} ({name})".replace("%", " %"))
        lines.append(
            f"- `{model}` keeps {' and '.join(shares)} of what its rankings have above chance in English (macro ROC "
            "AUC less 0.5). Its shipped thresholds do not fit every kind of text: set them on labelled texts of your "
            "own (`goemotions tune`), or use the ranking."
        )
    return ["\n".join(lines)] if lines else []


def chance(found: ShortReport) -> float:
    """Return the mean average precision of scores that say nothing."""
    support = [count for count in found.figures.support.values() if count]
    return sum(support) / len(support) / found.data.rows


def verdict(sets: Results) -> str:
    """Say what works, by the intervals: of rankings against chance, of F1 against giving every label."""
    lines = []
    for name in MAPS:
        found = sets.reports[name]
        ranking, rows = found.figures.ranking.labels, found.data.rows
        usable: list[str] = []
        weak: list[str] = []
        none: list[str] = []
        better: dict[str, list[str]] = {"own": [], HALVES: []}
        for label, support in found.figures.support.items():
            low = ranking[label].roc_auc.low or 0
            (usable if low > CLEAR else weak if low > 0.5 else none).append(label)
            for at, names in better.items():
                if (found.figures.at[at].labels[label].f1.low or 0) > always(support, rows):
                    names.append(label)
        lines.append(
            f"- {SETS[name]}. Works, as a ranking (ROC AUC surely above {CLEAR:g}): {listed(usable)}. Hardly (above "
            f"0.5): {listed(weak)}. Not beyond chance: {listed(none)}. As a decision (F1 surely above "
            f"that of giving the label to every text), at the shipped thresholds: {listed(better['own'])}; at Italian "
            f"ones: {listed(better[HALVES])}."
        )
    return "\n".join(lines)


def beside_english(found: ShortReport, english: MappedFigures) -> str:
    """Return a row per label, and one for the mean."""
    figures, rows = found.figures, found.data.rows
    own, halves, other = figures.own, figures.at[HALVES], english.own
    lines = [
        [
            label,
            f"{support:,}",
            *map(format_figure, (own.labels[label].precision, own.labels[label].recall, own.labels[label].f1)),
            format_figure(halves.labels[label].f1),
            format_number(always(support, rows)),
            format_figure(figures.ranking.labels[label].roc_auc),
            format_figure(other.labels[label].f1),
            format_figure(english.ranking.labels[label].roc_auc),
        ]
        for label, support in figures.support.items()
    ]
    mean = [
        Markdown("**macro**"),
        "",
        *map(format_figure, (own.overall.macro_precision, own.overall.macro_recall, own.overall.macro_f1)),
        format_figure(halves.overall.macro_f1),
        "",
        format_figure(figures.ranking.overall.macro_roc_auc),
        format_figure(other.overall.macro_f1),
        format_figure(english.ranking.overall.macro_roc_auc),
    ]
    header = ["label", "positives", "precision", "recall", "F1", "F1, Italian thresholds", "F1 of “always”", "ROC AUC"]
    return Table("", [*header, "English F1", "English ROC AUC"], [*lines, mean]).markdown()
