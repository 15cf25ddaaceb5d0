"""The ladder of a figure: what other models and people reach on the official test split of GoEmotions."""

from __future__ import annotations

from dataclasses import dataclass

from goemotions.data.download import FILES
from goemotions.evaluation.formatting import Table, format_figure
from goemotions.evaluation.report import Report


@dataclass(frozen=True)
class Rung:
    """Somebody's figures, as they are published or, where it is said, measured here.

    Attributes:
        size: parameters.
        thresholds: what they were chosen on.
    """

    name: str
    size: str
    thresholds: str
    macro_f1: str
    micro_f1: str


PUBLISHED = (  # from their cards and papers
    Rung(
        "RoBERTa-large, focal loss: the best published with thresholds from dev",
        "355 M",
        "dev, per label",
        "0.533",
        "0.577",
    ),
    Rung("roberta-base, the hub's most used model for these labels", "125 M", "0.5 for all", "0.450", "0.585"),
    Rung("BERT-base, the data set's paper", "110 M", "0.3 for all", "0.46", ""),
)

MEASURED = (
    Rung(
        "a bag of words and word pairs (TF-IDF), a logistic regression per label",
        "",
        "dev, per label",
        "0.471",
        "0.544",
    ),
    Rung("one of the raters against the released labels, which hold the rater's own vote", "", "", "0.567", "0.640"),
)

NOTE = (
    "From the highest macro F1 down, on the same texts (3,835 of them for the rater). The rater is no ceiling: between "
    "independent panels that read the same text micro F1 is 0.667. Figures whose thresholds were chosen on the test "
    "split, as many published ones, are left out."
)


def ladder_table(report: Report) -> Table | None:
    """Return where a model stands among others and people; None for any other data than the official test split."""
    official = next(file for file in FILES if file.name == "test.tsv")
    if report.data.sha256 != official.sha256 or report.data.label_map:
        return None
    found = report.of_labels.own.overall
    rungs = [
        (float(rung.macro_f1), [rung.name, rung.macro_f1, rung.micro_f1, rung.thresholds])
        for rung in (*PUBLISHED, *MEASURED)
    ]
    own = [
        f"{report.model.name}, this report",
        format_figure(found.macro_f1),
        format_figure(found.micro_f1),
        "the model's",
    ]
    rows = [row for _, row in sorted([*rungs, (found.macro_f1.value or 0.0, own)], key=lambda rung: -rung[0])]
    return Table("What is good", ["model", "macro F1", "micro F1", "thresholds from"], rows, NOTE)
