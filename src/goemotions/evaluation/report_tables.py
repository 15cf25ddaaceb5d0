"""The tables of a report, once for all forms it is written in."""

from __future__ import annotations

from goemotions.errors import counted
from goemotions.evaluation.figures import LabelCalibration
from goemotions.evaluation.formatting import Table, format_figure, format_number
from goemotions.evaluation.report import LABELS, Report

THRESHOLDS = {"own": "the model's thresholds", "0.5": "0.5 for all", "given": "the given thresholds"}
FIGURES = {
    "macro_f1": "macro F1",
    "micro_f1": "micro F1",
    "weighted_f1": "weighted F1",
    "macro_precision": "macro precision",
    "micro_precision": "micro precision",
    "weighted_precision": "weighted precision",
    "macro_recall": "macro recall",
    "micro_recall": "micro recall",
    "weighted_recall": "weighted recall",
    "exact_match": "exact match",
    "hamming_loss": "Hamming loss",
}
RANKING = {
    "macro_average_precision": "macro average precision",
    "micro_average_precision": "micro average precision",
    "weighted_average_precision": "weighted average precision",
    "macro_roc_auc": "macro ROC AUC",
    "micro_roc_auc": "micro ROC AUC",
    "weighted_roc_auc": "weighted ROC AUC",
    "lrap": "label ranking average precision",
}
CONFUSIONS = 15
ROLL_UPS = {"ekman": "Ekman's emotions", "sentiment": "Sentiments"}


def overall_table(report: Report) -> Table:
    """Return the figures of all labels, a column per choice of thresholds."""
    at = report.of_labels.at
    rows = [
        [title, *(format_figure(getattr(found.overall, figure)) for found in at.values())]
        for figure, title in FIGURES.items()
    ]
    return Table("Overall", ["", *(THRESHOLDS[name] for name in at)], rows)


def ranking_table(report: Report) -> Table:
    """Return the figures of all labels that do not depend on thresholds."""
    found = report.of_labels.ranking.overall
    note = "These do not depend on thresholds. The last is over texts that have a label."
    rows = [[title, format_figure(getattr(found, name))] for name, title in RANKING.items()]
    return Table("Ranking", ["", "figure"], rows, note)


def label_table(report: Report, view: str = LABELS, title: str = "By label") -> Table:
    """Return a row per label, or per group of labels."""
    figures = report.figures[view]
    thresholds = report.thresholds["own"] if view == LABELS and not report.data.label_map else None
    header = ["label", "positives", *(["threshold"] if thresholds else [])]
    header += ["precision", "recall", "F1", "average precision", "ROC AUC"]
    rows = []
    for label, support in figures.support.items():
        own, ranking = figures.own.labels[label], figures.ranking.labels[label]
        star = " *" if view == LABELS and label in report.unreliable else ""
        shown = [own.precision, own.recall, own.f1, ranking.average_precision, ranking.roc_auc]
        threshold = [format_number(thresholds[label])] if thresholds else []
        rows.append([label + star, f"{support:,}", *threshold, *map(format_figure, shown)])
    note = "At the model's thresholds." + (" * see unreliable labels." if view == LABELS else "")
    return Table(title, header, rows, note)


def group_table(report: Report, view: str) -> Table:
    """Return a row per group of labels."""
    overall = report.figures[view].own.overall
    table = label_table(report, view, ROLL_UPS[view])
    note = (
        "A text has a group if it has any label of it, and is given it if any label of it is. "
        f"Macro F1 {format_figure(overall.macro_f1)}, micro F1 {format_figure(overall.micro_f1)}."
    )
    return Table(table.title, table.header, table.rows, note)


def unreliable_table(report: Report) -> Table:
    """Return the unreliable labels, and why they are."""
    rows = [[label, why] for label, why in report.unreliable.items()]
    note = "Too few texts here have these labels for their figures, or thresholds tuned on as few, to be relied on."
    return Table("Unreliable labels", ["label", "why"], rows, note if rows else "None.")


def calibration_table(report: Report) -> Table:
    """Return calibration error and Brier score, per label and of all labels."""
    found = report.calibration
    rows = [calibration_row(label, values) for label, values in found.labels.items()]
    error, noise = format_figure(found.error), format_number(found.error.noise)
    rows.append(["all labels", error, noise, format_figure(found.brier, 4), ""])
    note = (
        f"Predictions of at least {found.at_least:g} are off by {error} on average (expected calibration error in bins "
        "of equal size); over all predictions, most of them near 0, it would be "
        f"{format_number(found.error_of_all.value)}. “Of chance” is what perfectly calibrated probabilities would "
        "show on as many texts. The plots show the share that is true over the predicted probability. Brier skill is "
        "1 for perfect and 0 for always giving the label's own frequency."
    )
    return Table("Calibration", ["label", "calibration error", "of chance", "Brier score", "Brier skill"], rows, note)


def calibration_row(label: str, values: LabelCalibration) -> list[str]:
    """Return the cells of a label."""
    error, skill = format_figure(values.error), format_figure(values.brier_skill)
    return [label, error, format_number(values.error.noise), format_figure(values.brier, 4), skill]


def confusion_table(report: Report) -> Table:
    """Return the pairs that are confused most: given more often than they are true together."""
    labels = report.data.labels
    pairs = [
        (share - (report.together[i][j] or 0), share, report.together[i][j], labels[i], labels[j])
        for i, row in enumerate(report.confusion)
        for j, share in enumerate(row)
        if i != j and share is not None
    ]
    pairs.sort(key=lambda pair: -pair[0])
    rows = [
        [true, given, format_number(share), format_number(both)] for _, share, both, true, given in pairs[:CONFUSIONS]
    ]
    note = "Of the texts with the first label, the share that is given the second, and the share that also has it."
    return Table("Most often taken for another", ["true", "given", "share given", "share true"], rows, note)


def slice_table(report: Report) -> Table:
    """Return a row per slice of the texts by length."""
    rows = [
        [name, f"{found.rows:,}", format_figure(found.micro_f1), format_figure(found.macro_f1)]
        for name, found in report.slices.items()
    ]
    note = "Macro F1 is over the labels that occur in a slice, so that it compares slices less well than micro F1."
    return Table("By length of text", ["words", "texts", "micro F1", "macro F1"], rows, note)


def seen_table(report: Report) -> Table:
    """Return figures with and without the rows the model was trained on."""
    overall, without = report.of_labels.own.overall, report.seen.without
    rows = [
        ["all", f"{report.data.rows:,}", format_figure(overall.macro_f1), format_figure(overall.micro_f1)],
    ]
    if without:
        figures = [format_figure(without.macro_f1), format_figure(without.micro_f1)]
        rows.append(["without them", f"{without.rows:,}", *figures])
    return Table("Seen in training", ["", "texts", "macro F1", "micro F1"], rows, seen_note(report.seen.rows))


def seen_note(rows: int | None) -> str:
    """Return a sentence on how many rows the model was trained on."""
    if rows is None:
        return "The model does not carry hashes of its training texts, so that what it has seen is not known."
    if not rows:
        return "None of these texts (case and white space aside) stands in the model's training data."
    return f"{rows:,} of these texts (case and white space aside) also stand in the model's training data."


def error_table(report: Report, kind: str) -> Table:
    """Return the worst errors: ``false_alarms`` or ``misses``."""
    titles = {"false_alarms": "Surest false alarms", "misses": "Misses with the lowest probability"}
    errors = report.worst.false_alarms if kind == "false_alarms" else report.worst.misses
    texts = any(error.text is not None for error in errors)
    rows = [
        [
            error.id,
            error.label,
            format_number(error.probability, 4),
            ", ".join(error.true) or "none",
            ", ".join(error.given) or "none",
            *([error.text or ""] if texts else []),
        ]
        for error in errors
    ]
    return Table(titles[kind], ["id", "label", "probability", "true", "given", *(["text"] if texts else [])], rows)


def conventions(report: Report) -> list[str]:
    """Return how the figures were made, a sentence each."""
    undefined, label_map = report.undefined, report.data.label_map
    found = [report.thresholds_from] if report.thresholds_from else []
    found += [
        f"Intervals: 95 %, bootstrap over texts, {report.resamples:,} resamples, seed {report.seed}; "
        "percentiles, and for ROC AUC of a label the basic interval of its log odds, widened by Student's t; exact "
        "binomial ones where a figure of a label is 0 or 1; for the calibration error percentiles less twice the bias "
        "of the resamples. They say what other texts of the same kind would change, not what another seed of the "
        "training or thresholds from other texts would.",
        "A label without a positive has no figures, nor has precision of a label that is never given: they are "
        "undefined, not 0 or 1. Macro and weighted figures are over the labels whose figure is defined"
        + (f"; left out here: {', '.join(undefined)}." if undefined else "; here every label has positives."),
    ]
    if report.data.truncated:
        found.append(counted(report.data.truncated, "text was", "texts were") + " longer than the model reads: cut.")
    if label_map:
        groups = "; ".join(f"{label}: {', '.join(members)}" for label, members in label_map.groups.items())
        found.append(
            f"Label map {label_map.name}: a text is given a label if any of its labels of the model reaches its own "
            f"threshold, and is ranked by the highest of their probabilities. {groups}. {label_map.about}"
        )
    return found
