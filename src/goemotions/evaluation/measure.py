"""Measure all figures of one model on one data set, each with its bootstrap interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from goemotions.evaluation import metrics
from goemotions.evaluation.bootstrap import (
    RESAMPLES,
    Ranking,
    interval,
    log_odds_interval,
    proportion_interval,
    resample,
    to_figures,
)
from goemotions.evaluation.figures import (
    Decided,
    Figure,
    Figures,
    LabelFigures,
    LabelRanking,
    Overall,
    Ranked,
    RankingAverages,
    Subset,
)
from goemotions.evaluation.label_groups import Groups, pool

Sums = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Predictions:
    """The answers of a model for n texts, and the truth.

    Attributes:
        labels: in the order of the columns.
        targets: uint8 [n, labels], 1 where the label applies.
        probabilities: float32 [n, labels].
        decisions: bool [n, labels] by the name of the thresholds that made them; the first are the model's own.
    """

    labels: tuple[str, ...]
    targets: npt.NDArray[np.uint8]
    probabilities: npt.NDArray[np.float32]
    decisions: Mapping[str, npt.NDArray[np.bool_]]

    def __post_init__(self) -> None:
        """
        Raises:
            ValueError: shapes that do not fit, no rows, targets other than 0 and 1, or probabilities that are none.
        """
        shape = (len(self.targets), len(self.labels))
        arrays: dict[str, npt.NDArray[Any]] = {"targets": self.targets, "probabilities": self.probabilities}
        for name, values in (arrays | dict(self.decisions)).items():
            if values.shape != shape:
                raise ValueError(
                    f"{name} has shape {values.shape}, expected {shape}: a row per text, a column per label"
                )
        if not len(self.targets):
            raise ValueError("nothing to measure: there are no rows")
        if not np.isin(self.targets, (0, 1)).all():
            raise ValueError("targets must be 0 or 1")
        wrong = ~((self.probabilities >= 0) & (self.probabilities <= 1))
        if wrong.any():
            row, column = np.argwhere(wrong)[0]
            raise ValueError(
                f"probabilities must be from 0 to 1, got {self.probabilities[row, column]} for row {row + 1}, "
                f"label {self.labels[column]}, and {int(wrong.sum()) - 1} more"
            )

    def __len__(self) -> int:
        return len(self.targets)

    def rows(self, chosen: npt.NDArray[np.bool_]) -> Predictions:
        """Return the chosen rows, bool [n]."""
        return Predictions(
            self.labels,
            self.targets[chosen],
            self.probabilities[chosen],
            {name: made[chosen] for name, made in self.decisions.items()},
        )

    def ordered(self, labels: Sequence[str]) -> Predictions:
        """Return the same with the labels in another order."""
        columns = [self.labels.index(label) for label in labels]
        made = {name: decided[:, columns] for name, decided in self.decisions.items()}
        return Predictions(tuple(labels), self.targets[:, columns], self.probabilities[:, columns], made)

    def grouped(self, groups: Groups) -> Predictions:
        """Return the same of groups of labels, by the rule of :mod:`goemotions.evaluation.label_groups`."""
        return Predictions(
            tuple(groups),
            pool(self.targets, self.labels, groups),
            pool(self.probabilities, self.labels, groups),
            {name: pool(made, self.labels, groups) for name, made in self.decisions.items()},
        )


@dataclass(frozen=True)
class Measured:
    """Figures of the labels, of groups of them by name, and of subsets of the rows by name."""

    labels: Figures
    groups: Mapping[str, Figures]
    subsets: Mapping[str, Subset]


def measure_predictions(
    predictions: Predictions,
    roll_ups: Mapping[str, Groups] | None = None,
    subsets: Mapping[str, npt.NDArray[np.bool_]] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Measured:
    """Measure every figure at every decision, and of the rankings.

    Args:
        roll_ups: groups of labels, each measured like the labels themselves.
        subsets: rows, bool [n], whose overall figures at the first decision are wanted beside those of all.
    """
    views = {"": predictions} | {name: predictions.grouped(groups) for name, groups in (roll_ups or {}).items()}
    columns: dict[str, npt.NDArray[Any]] = {}
    rankings: list[Ranking] = []
    for name, view in views.items():
        columns |= {f"{name} {key}": values for key, values in row_values(view).items()}
        rankings += rankings_of(view)
    first = metrics.counts(predictions.targets.astype(bool), next(iter(predictions.decisions.values())))
    for name, chosen in (subsets or {}).items():
        columns[f"subset {name}"] = first * chosen[:, None, None]
    sums, ranked = resample(columns, rankings, len(predictions), resamples, seed)
    totals = {name: np.asarray(values, np.float64).sum(0) for name, values in columns.items()}
    found: dict[str, Figures] = {}
    for name, view in views.items():
        mine, ranked = ranked[:, :, : len(view.labels) + 1], ranked[:, :, len(view.labels) + 1 :]
        points, drawn = of_view(totals, name), of_view(sums, name)
        found[name] = figures_of(view, points, drawn, mine)
    parts = {}
    for name, chosen in (subsets or {}).items():
        points, drawn = (metrics.overall(source[f"subset {name}"]) for source in (totals, sums))
        parts[name] = Subset(rows=int(chosen.sum()), **with_intervals(points, drawn))
    return Measured(found.pop(""), found, parts)


def of_view(sums: Sums, name: str) -> dict[str, npt.NDArray[Any]]:
    """Return the sums of one view of the labels, by what is added up."""
    return {key.removeprefix(f"{name} "): values for key, values in sums.items() if key.startswith(f"{name} ")}


def row_values(view: Predictions) -> dict[str, npt.NDArray[Any]]:
    """Return what each row adds to the sums that figures are made of."""
    truth = view.targets.astype(bool)
    lrap = metrics.row_lrap(view.probabilities, view.targets)
    values: dict[str, npt.NDArray[Any]] = {
        "lrap": np.stack([np.nan_to_num(lrap), ~np.isnan(lrap)], axis=1),
        "rows": np.ones(len(view)),
    }
    for name, made in view.decisions.items():
        values[f"counts {name}"] = metrics.counts(truth, made)
        values[f"exact {name}"] = (truth == made).all(1)
    return values


def rankings_of(view: Predictions) -> list[Ranking]:
    """Return a ranking per label, then that of all pairs of row and label, for micro figures."""
    rows, labels = view.targets.shape
    every = np.arange(rows)
    single = [Ranking(view.probabilities[:, i], view.targets[:, i], every) for i in range(labels)]
    return [*single, Ranking(view.probabilities.ravel(), view.targets.ravel(), np.repeat(every, labels))]


def figures_of(view: Predictions, points: Sums, drawn: Sums, ranked: npt.NDArray[np.float64]) -> Figures:
    """Return the figures of one view from its sums: of all rows, and of each resample's."""
    return Figures(
        support=dict(zip(view.labels, view.targets.sum(0).tolist(), strict=True)),
        at={name: figures_at(view, name, points, drawn) for name in view.decisions},
        ranking=ranking_figures(view, points, drawn, ranked),
    )


def figures_at(view: Predictions, name: str, points: Sums, drawn: Sums) -> Decided:
    """Return the figures of one set of decisions."""

    def whole(sums: Sums) -> dict[str, npt.NDArray[Any]]:
        totals = sums[f"counts {name}"]
        wrong = totals[..., 1, :].sum(-1) + totals[..., 2, :].sum(-1)
        return metrics.overall(totals) | {
            "exact_match": metrics.divide(sums[f"exact {name}"], sums["rows"]),
            "hamming_loss": metrics.divide(wrong, sums["rows"] * len(view.labels)),
        }

    counted = points[f"counts {name}"]
    tp, fp, fn = counted
    # What a figure is a share of, for those that are 0 or 1; F1 is 2·J / (1 + J) of the share J = tp / (tp + fp + fn).
    trials = {"precision": tp + fp, "recall": tp + fn, "f1": tp + fp + fn}
    values, samples = metrics.of_labels(counted), metrics.of_labels(drawn[f"counts {name}"])
    singles = {
        figure: to_figures(
            values[figure], *where_level(values[figure], interval(samples[figure]), tried, figure == "f1")
        )
        for figure, tried in trials.items()
    }
    predicted = view.decisions[name].sum(0).tolist()
    return Decided(
        overall=Overall(**with_intervals(whole(points), whole(drawn))),
        labels={
            label: LabelFigures(
                **{figure: made[column] for figure, made in singles.items()}, predicted=predicted[column]
            )
            for column, label in enumerate(view.labels)
        },
    )


def ranking_figures(view: Predictions, points: Sums, drawn: Sums, ranked: npt.NDArray[np.float64]) -> Ranked:
    """Return average precision, ROC AUC and LRAP."""
    support = view.targets.sum(0).astype(np.float64)
    scores, targets = view.probabilities, view.targets
    overall: dict[str, Figure] = {}
    singles: list[list[Figure]] = []
    kinds = {"average_precision": metrics.average_precision, "roc_auc": metrics.roc_auc}
    for number, (figure, score) in enumerate(kinds.items()):
        values, samples = score(scores, targets), ranked[:, number, :-1]
        # What the data cannot give, no resample gives.
        samples = np.where(np.isnan(values), np.nan, samples)
        micro = score(scores.reshape(-1, 1), targets.reshape(-1, 1))[0]
        bounds = log_odds_interval(values, samples, support, len(view)) if figure == "roc_auc" else interval(samples)
        few = np.minimum(support, len(view) - support) if figure == "roc_auc" else support
        singles.append(to_figures(values, *where_level(values, bounds, few)))
        overall |= with_intervals(
            {
                f"macro_{figure}": metrics.mean_defined(values),
                f"micro_{figure}": micro,
                f"weighted_{figure}": metrics.mean_defined(values, support),
            },
            {
                f"macro_{figure}": metrics.mean_defined(samples),
                f"micro_{figure}": ranked[:, number, -1],
                f"weighted_{figure}": metrics.mean_defined(samples, support),
            },
        )
    lrap, drawn_lrap = (metrics.divide(*np.moveaxis(sums["lrap"], -1, 0)) for sums in (points, drawn))
    overall |= with_intervals({"lrap": lrap}, {"lrap": drawn_lrap})
    of_labels = (LabelRanking(precision, area) for precision, area in zip(*singles, strict=True))
    return Ranked(RankingAverages(**overall), dict(zip(view.labels, of_labels, strict=True)))


def where_level(
    values: npt.NDArray[Any], bounds: tuple[Any, Any], trials: npt.NDArray[Any], of_f1: bool = False
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return the bounds, but exact ones where a figure is 0 or 1: its resamples all agree, however few the rows."""
    level = (values == 0) | (values == 1)
    exact = proportion_interval(values, trials)
    if of_f1:
        exact = (2 * exact[0] / (1 + exact[0]), 2 * exact[1] / (1 + exact[1]))
    return np.where(level, exact[0], bounds[0]), np.where(level, exact[1], bounds[1])


def with_intervals(points: Sums, samples: Sums) -> dict[str, Figure]:
    """Return figures with percentile intervals, by name."""
    return {figure: to_figures(value, *interval(np.asarray(samples[figure])))[0] for figure, value in points.items()}
