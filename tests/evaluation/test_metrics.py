"""Every figure equals scikit-learn's, on whatever hypothesis makes: no positives, all positives, ties, one row."""

from __future__ import annotations

import warnings
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as oracle

from goemotions.evaluation import metrics
from goemotions.evaluation.bootstrap import Ranking
from goemotions.evaluation.figures import Averages, Figure, Figures, Overall, RankingAverages
from goemotions.evaluation.measure import Predictions, measure_predictions
from goemotions.evaluation.report_tables import FIGURES, RANKING

EXACT = 1e-12


@st.composite
def problems(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Targets, scores of few different values, and cuts: a label may be everywhere, nowhere or never predicted."""
    rows, labels = draw(st.integers(1, 12)), draw(st.integers(1, 4))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    frequency = np.array(draw(st.lists(st.sampled_from([0, 0.2, 0.5, 1]), min_size=labels, max_size=labels)))
    targets = (generator.random((rows, labels)) < frequency).astype(np.uint8)
    steps = draw(st.sampled_from([1, 3, 1000]))
    scores = (generator.integers(0, steps + 1, (rows, labels)) / steps).astype(np.float32)
    cuts = np.array(draw(st.lists(st.sampled_from([0.0, 0.3, 0.5, 1.0]), min_size=labels, max_size=labels)))
    return targets, scores, cuts.astype(np.float32)


def same(ours: Any, theirs: Any) -> None:
    assert np.asarray(ours) == pytest.approx(np.asarray(theirs), abs=EXACT, nan_ok=True)


@settings(deadline=None, max_examples=60)
@given(problems())
def test_as_scikit_learn(problem: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    targets, scores, cuts = problem
    decided = np.asarray(scores >= cuts)
    totals = metrics.counts(targets.astype(bool), decided).sum(0, dtype=np.float64)
    singles, overall = metrics.of_labels(totals), metrics.overall(totals)
    present = np.asarray(targets.any(0))
    theirs = {"precision": oracle.precision_score, "recall": oracle.recall_score, "f1": oracle.f1_score}
    for name, score in theirs.items():
        for column in range(targets.shape[1]):
            expected = score(targets[:, column], decided[:, column], zero_division=np.nan)
            same(singles[name][column], expected if present[column] else np.nan)
        keep = np.flatnonzero(present)
        if not len(keep):
            assert np.isnan([overall[f"{kind}_{name}"] for kind in ("macro", "micro", "weighted")]).all()
            continue
        flat = {"zero_division": np.nan}
        same(overall[f"micro_{name}"], score(targets.ravel(), decided.ravel(), **flat))
        if len(keep) > 1:
            for kind in ("macro", "weighted"):
                same(overall[f"{kind}_{name}"], score(targets[:, keep], decided[:, keep], average=kind, **flat))


@settings(deadline=None, max_examples=60)
@given(problems(), st.integers(0, 2**32 - 1))
def test_rankings_as_scikit_learn_under_any_weights(
    problem: tuple[np.ndarray, np.ndarray, np.ndarray], seed: int
) -> None:
    targets, scores, _ = problem
    rows = len(targets)
    drawn = np.random.default_rng(seed).integers(0, 3, (rows, 4))
    times = np.concatenate([np.ones((rows, 1), int), drawn], axis=1)
    for column in range(targets.shape[1]):
        y, s = targets[:, column], scores[:, column]
        precision, area = Ranking(s, y, np.arange(rows)).sample(times.astype(np.float64))
        for sample, weight in enumerate(times.T):
            chosen = np.repeat(np.arange(rows), weight)
            some, every = y[chosen].any(), len(chosen) and y[chosen].all()
            same(precision[sample], oracle.average_precision_score(y[chosen], s[chosen]) if some else np.nan)
            expected = oracle.roc_auc_score(y[chosen], s[chosen]) if some and not every else np.nan
            same(area[sample], expected)
        same(metrics.average_precision(s[:, None], y[:, None])[0], precision[0])
        same(metrics.roc_auc(s[:, None], y[:, None])[0], area[0])


@settings(deadline=None, max_examples=40)
@given(problems())
def test_row_figures_as_scikit_learn(problem: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    targets, scores, _ = problem
    labelled = targets.any(1)
    ours = metrics.row_lrap(scores, targets)
    assert np.isnan(ours[~labelled]).all()
    if targets.shape[1] > 1 and labelled.any():
        same(ours[labelled].mean(), oracle.label_ranking_average_precision_score(targets[labelled], scores[labelled]))


SETS = {"precision": oracle.precision_score, "recall": oracle.recall_score, "f1": oracle.f1_score}
RANKINGS = {"average_precision": oracle.average_precision_score, "roc_auc": oracle.roc_auc_score}


def known(part: object, name: str) -> float:
    """Return the value of a figure, NaN where it is undefined."""
    figure: Figure = getattr(part, name)
    return np.nan if figure.value is None else figure.value


@settings(deadline=None, max_examples=60)
@given(problems())
def test_the_whole_measurement_as_scikit_learn(problem: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    """What reports are made from: every figure of labels, groups of labels and the whole."""
    targets, scores, cuts = problem
    labels = tuple("abcd"[: targets.shape[1]])
    groups = {"first": labels[:1], "every": labels}
    found = measure_predictions(
        Predictions(labels, targets, scores, {"own": scores >= cuts}), {"groups": groups}, resamples=3
    )
    pooled = [values[:, :1] for values in (targets, scores, scores >= cuts)]
    every = [values.max(1, keepdims=True) for values in (targets, scores, scores >= cuts)]
    grouped = [np.concatenate(pair, axis=1) for pair in zip(pooled, every, strict=True)]
    for view, (y, s, decided) in {"labels": (targets, scores, scores >= cuts), "groups": grouped}.items():
        as_expected(found.labels if view == "labels" else found.groups[view], y, s, decided)


def as_expected(figures: Figures, targets: np.ndarray, scores: np.ndarray, decided: np.ndarray) -> None:
    own, ranking = figures.own, figures.ranking
    present, absent = targets.any(0), ~targets.all(0)
    assert list(figures.support.values()) == targets.sum(0).tolist()
    for column, label in enumerate(figures.support):
        y, d, s = targets[:, column], decided[:, column], scores[:, column]
        for name, score in SETS.items():
            same(known(own.labels[label], name), score(y, d, zero_division=np.nan) if y.any() else np.nan)
        for name, score in RANKINGS.items():
            defined = y.any() and (name == "average_precision" or not y.all())
            same(known(ranking.labels[label], name), score(y, s) if defined else np.nan)
    same(known(own.overall, "exact_match"), (targets == decided).all(1).mean())
    same(known(own.overall, "hamming_loss"), oracle.hamming_loss(targets, decided))
    labelled = targets.any(1)
    if labelled.any() and targets.shape[1] > 1:
        expected = oracle.label_ranking_average_precision_score(targets[labelled], scores[labelled])
        same(known(ranking.overall, "lrap"), expected)
    for kind in ("micro", "macro", "weighted"):
        for name, score in SETS.items():
            keep = np.flatnonzero(present)
            got = known(own.overall, f"{kind}_{name}")
            if kind == "micro":
                whole = score(targets.ravel(), decided.ravel(), zero_division=np.nan) if present.any() else np.nan
            elif len(keep) > 1:
                whole = score(targets[:, keep], decided[:, keep], average=kind, zero_division=np.nan)
            else:
                continue
            same(got, whole)
        for name, score in RANKINGS.items():
            keep = np.flatnonzero(present & absent if name == "roc_auc" else present)
            got = known(ranking.overall, f"{kind}_{name}")
            flat = targets.ravel()
            if kind == "micro":
                defined = flat.any() and (name == "average_precision" or not flat.all())
                same(got, score(flat, scores.ravel()) if defined else np.nan)
            elif len(keep) > 1:
                same(got, score(targets[:, keep], scores[:, keep], average=kind))


def test_nothing_is_silently_0_or_1() -> None:
    targets = np.array([[1, 0, 1], [0, 0, 1]], np.uint8)
    scores = np.array([[0.2, 0.9, 0.8], [0.1, 0.9, 0.7]], np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = measure_predictions(
            Predictions(("rare", "never", "always"), targets, scores, {"own": scores >= 0.5}), resamples=200
        ).labels
    labels = found.own.labels
    assert labels["rare"].precision.value is None  # it is never predicted
    assert labels["rare"].recall.value == labels["rare"].f1.value == 0
    assert [labels["never"].precision.value, labels["never"].recall.value, labels["never"].f1.value] == [None] * 3
    assert found.ranking.labels["never"].average_precision == Figure(None, None, None)
    assert found.ranking.labels["always"].roc_auc.value is None
    assert found.own.overall.macro_f1.value == pytest.approx(0.5)  # of rare and always


def test_every_metric_has_a_field_and_a_title() -> None:
    """Otherwise one that is added would be computed and not shown."""
    assert set(metrics.overall(np.zeros((3, 2)))) == {field.name for field in fields(Averages)}
    assert set(FIGURES) == {field.name for field in fields(Overall)}
    assert set(RANKING) == {field.name for field in fields(RankingAverages)}
