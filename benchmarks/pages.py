"""Makes README's quality tables and the pages ``docs/quality.md`` and ``docs/italian.md`` from the results of a run.

``python benchmarks/pages.py`` writes them; a test fails while they differ from what this makes. A model joins by being
in the catalogue and measured by ``benchmarks/quality.py``.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from goemotions.catalog import find_model, shipped
from goemotions.evaluation.model_card import interval
from goemotions.evaluation.reliability import MAX_WIDTH, MIN_POSITIVES
from goemotions.evaluation.tables import Table

ROOT = Path(__file__).parent.parent
RESULTS = Path(__file__).parent / "results" / "quality"
MADE = "<!-- made by benchmarks/pages.py -->"
OFFICIAL = "goemotions-test"
SETS = {
    OFFICIAL: "GoEmotions test, English",
    "goemotions-ru": "the same in Russian, by machine",
    "goemotions-ko": "the same in Korean, by machine",
    "xed-it": "XED, Italian film subtitles, Plutchik's 8",
    "xdailydialog-it": "XDailyDialog, Italian dialogue, 6 emotions",
    "brighter-en": "BRIGHTER, English posts, 5 emotions",
}
PUBLISHED = (  # theirs, from their cards and papers
    (
        "RoBERTa-large, focal loss: the best published with thresholds from dev",
        "355 M",
        "dev, per label",
        "0.533",
        "0.577",
    ),
    ("roberta-base, the hub's most used model for these labels", "125 M", "0.5 for all", "0.450", "0.585"),
    ("BERT-base, the data set's paper", "110 M", "0.3 for all", "0.46", ""),
)


def results() -> dict[str, Any]:
    """By model, those measured, in the catalogue's order."""
    paths = {model: RESULTS / f"{model}.json" for model in shipped().models}
    return {model: json.loads(p.read_text(encoding="utf-8"))["sets"] for model, p in paths.items() if p.exists()}


def config(model: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((find_model(model) / "config.json").read_text(encoding="utf-8"))
    return found


def overall(found: dict[str, Any], figure: str, at: str = "own") -> str:
    return interval(found["figures"]["at"][at]["overall"][figure])


def readme_block() -> str:
    """The part of README between the markers."""
    rows = []
    for model, sets in results().items():
        test = sets[OFFICIAL]
        size = config(model)["about"].get("parameters", "")
        rows.append(
            [
                f"**`{model}`, in this package**",
                size,
                "dev, per label",
                overall(test, "macro_f1"),
                overall(test, "micro_f1"),
            ]
        )
        without = config(model)["metrics"].get("test_without_train_duplicates")
        if without:
            title = (
                f"the same, without the {test['data']['rows'] - without['rows']} test comments that also stand in train"
            )
            rows.append([title, "", "", interval(without["macro_f1"]), interval(without["micro_f1"])])
    rows += map(list, PUBLISHED)
    default = shipped().default
    test = results()[default][OFFICIAL]
    few = ", ".join(f"{label} ({support})" for label, support in config(default)["unreliable_labels"].items())
    return "\n\n".join(
        [
            Table("", ["", "parameters", "thresholds from", "macro F1", "micro F1"], rows).markdown(),
            f"With one threshold of 0.5 for all labels `{default}` has macro F1 {overall(test, 'macro_f1', '0.5')}. "
            "[docs/quality.md](docs/quality.md) has every figure, also on other kinds of text and other languages.",
            f"**Unreliable labels**: {few}, with their positives in the test split. Those with fewer than "
            f"{MIN_POSITIVES}, or whose F1 has an interval wider than {MAX_WIDTH:g}, are listed: neither their "
            "threshold nor their F1 is known well. `reliable_only=True` leaves them out.",
        ]
    )


def quality_page() -> str:
    parts = [
        "# Quality",
        MADE,
        "Measured by `python benchmarks/quality.py`, 95 % bootstrap intervals of 10,000 resamples, at the thresholds "
        "that ship with each model. On other label sets, labels stand for groups of the model's by a stated map "
        "(`src/goemotions/evaluation/label_maps`).",
    ]
    for model, sets in results().items():
        rows = [
            [
                title,
                f"{sets[name]['data']['rows']:,}",
                overall(sets[name], "macro_f1"),
                overall(sets[name], "micro_f1"),
                interval(sets[name]["figures"]["ranking"]["overall"]["macro_average_precision"]),
                f"{always(sets[name]):.3f}",
                f"{sets[name]['calibration_error']:.3f}",
            ]
            for name, title in SETS.items()
        ]
        header = ["data", "texts", "macro F1", "micro F1", "mean average precision", "of chance", "calibration error"]
        parts += [
            f"## `{model}`",
            Table("", header, rows).markdown(),
            "“Of chance” is the mean average precision of scores that say nothing: the mean frequency of the labels.",
            f"Every figure of the official test, per label, with plots: [reports/{model}.html](reports/{model}.html) "
            f"([Markdown](reports/{model}.md), [JSON](reports/{model}.json)).",
        ]
    return "\n\n".join(parts) + "\n"


def always(found: dict[str, Any]) -> float:
    """Mean frequency of the labels that occur."""
    support = [count for count in found["figures"]["support"].values() if count]
    return sum(support) / len(support) / found["data"]["rows"]


def italian_page() -> str:
    parts = [
        "# Italian",
        MADE,
        "How well the shipped models read Italian, on two corpora whose labels people gave, beside the same model on "
        "the English GoEmotions test with its labels put into the same groups. 95 % bootstrap intervals of 10,000 "
        "resamples; the thresholds are those that ship, tuned on English dev. Nothing was tuned on Italian.",
        "- **XED** (Helsinki-NLP): 3,275 film subtitles. The labels were given to English or Finnish lines and carried "
        "over to their Italian translations, so they are noisy.\n"
        "- **XDailyDialog**: 7,716 dialogue turns translated by people. 6,300 have no emotion; fear has 17 positives "
        "and disgust 47.",
        "The maps are `plutchik` and `dailydialog` in `src/goemotions/evaluation/label_maps`: a text is given a group "
        "if any of its labels reaches its own threshold. They were written before any figure was seen. English is the "
        "easier task here: the models were trained on that corpus, and its groups are made of the very labels they "
        "learnt.",
    ]
    for model, sets in results().items():
        language = config(model)["about"].get("language", "")
        spoken = language if isinstance(language, list) else [language]
        parts += [f"## `{model}` (trained for: {', '.join(spoken)})", verdict(sets, spoken)]
        for name, map_name in (("xed-it", "plutchik"), ("xdailydialog-it", "dailydialog")):
            parts += [f"### {SETS[name]}", beside_english(sets[name], sets["english_on_maps"][map_name])]
    missing = [model for model in ("multilingual",) if model not in results()]
    if missing:
        parts.append(f"Not measured yet: {', '.join(missing)}.")
    return "\n\n".join(parts) + "\n"


def verdict(sets: dict[str, Any], spoken: list[str]) -> str:
    """What works and what does not, by the intervals: do rankings beat chance, and decisions giving every label?"""
    lines = []
    if "it" not in spoken:
        lines.append("- It was not made for Italian: these figures say what comes of using it all the same. Do not.")
    for name in ("xed-it", "xdailydialog-it"):
        found = sets[name]
        ranking, own, rows = found["figures"]["ranking"]["labels"], found["figures"]["at"]["own"], found["data"]["rows"]
        works, better = [], []
        for label, support in found["figures"]["support"].items():
            frequency = support / rows
            if (ranking[label]["roc_auc"]["low"] or 0) > 0.5:
                works.append(label)
            if (own["labels"][label]["f1"]["low"] or 0) > 2 * frequency / (1 + frequency):
                better.append(label)
        lines.append(
            f"- {SETS[name]}: texts with the label rank above the others, beyond chance, for {listed(works)} "
            f"(the interval of ROC AUC is above 0.5). F1 is beyond that of giving the label to every text for "
            f"{listed(better)}. Macro F1 {overall(found, 'macro_f1')}."
        )
    return "\n".join(lines)


def listed(labels: list[str]) -> str:
    return ", ".join(labels) if labels else "no label"


def beside_english(found: dict[str, Any], english: dict[str, Any]) -> str:
    """A row a label, and one for the mean."""
    own, other = found["figures"]["at"]["own"], english["at"]["own"]
    ranking, rows = found["figures"]["ranking"], found["data"]["rows"]
    lines = []
    for label, support in found["figures"]["support"].items():
        frequency, single = support / rows, own["labels"][label]
        lines.append(
            [
                label,
                f"{support:,}",
                interval(single["precision"]),
                interval(single["recall"]),
                interval(single["f1"]),
                f"{2 * frequency / (1 + frequency):.3f}",
                interval(ranking["labels"][label]["roc_auc"]),
                interval(other["labels"][label]["f1"]),
                interval(english["ranking"]["labels"][label]["roc_auc"]),
            ]
        )
    mean = [
        "**macro**",
        "",
        *(interval(own["overall"][f"macro_{figure}"]) for figure in ("precision", "recall", "f1")),
        "",
    ]
    mean += [interval(ranking["overall"]["macro_roc_auc"]), interval(other["overall"]["macro_f1"])]
    mean += [interval(english["ranking"]["overall"]["macro_roc_auc"])]
    header = [
        "label",
        "positives",
        "precision",
        "recall",
        "F1",
        "F1 of “always”",
        "ROC AUC",
        "English F1",
        "English ROC AUC",
    ]
    return Table("", header, [*lines, mean]).markdown()


def replaced(text: str, block: str) -> str:
    """README with the block between its markers."""
    pattern = rf"({re.escape(MADE)}\n).*?(\n<!-- end -->)"
    return re.sub(pattern, lambda found: f"{found[1]}{block}{found[2]}", text, flags=re.DOTALL)


def made() -> dict[Path, str]:
    """Every file, and what it should hold."""
    readme = ROOT / "README.md"
    return {
        readme: replaced(readme.read_text(encoding="utf-8"), readme_block()),
        ROOT / "docs" / "quality.md": quality_page(),
        ROOT / "docs" / "italian.md": italian_page(),
    }


if __name__ == "__main__":
    for path, content in made().items():
        path.write_text(content, encoding="utf-8")
        print(path)
