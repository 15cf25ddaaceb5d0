"""The end of every training: a model directory that is checked, tuned, measured and written whole.

Every figure comes from what was written, not from what was trained; labels, names and provenance come from the data.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from goemotions import thresholds as thresholding
from goemotions.checkpoint import FORMAT_VERSION, config_bytes
from goemotions.data.origin import Origin
from goemotions.errors import GoEmotionsError
from goemotions.evaluation.calibration_error import calibration_figures
from goemotions.evaluation.card_facts import About, CardFacts, card_facts
from goemotions.evaluation.evaluate import UNSEEN
from goemotions.evaluation.figures import HALF, OWN
from goemotions.evaluation.measure import Predictions, measure_predictions
from goemotions.evaluation.model_card import card_of
from goemotions.evaluation.model_metrics import StoredFigures, model_metrics
from goemotions.evaluation.provenance import HASHES_FILE, DataFile, TunedOn
from goemotions.evaluation.unreliable import unreliable_labels
from goemotions.files import check_replaceable, new_directory
from goemotions.predictions import Thresholds, accepted
from goemotions.records import to_json
from goemotions.specs import is_model
from goemotions.stored_thresholds import threshold_keys
from goemotions.training.loop import Position
from goemotions.training.recipe import Recipe

Probabilities = npt.NDArray[np.float32]
Inputs = Any  # texts or vectors, as the model takes them
Predict = Callable[[Inputs], Probabilities]


@dataclass(frozen=True)
class HeldOut:
    """Data that a finished training is judged by, and what its model says of its data.

    Attributes:
        dev, test: inputs of a model, and uint8 [n, labels].
        rows: of train.
        sha256: of train, dev and test.
        fresh: bool [n of test]: rows whose text does not also stand in train; None without texts.
        known: the hashes of the train texts; None without texts.
    """

    labels: tuple[str, ...]
    source: Origin
    dev: tuple[Inputs, npt.NDArray[np.uint8]]
    test: tuple[Inputs, npt.NDArray[np.uint8]]
    rows: int
    sha256: Mapping[str, str]
    fresh: npt.NDArray[np.bool_] | None
    known: bytes | None


@dataclass(frozen=True)
class Tolerance:
    """Largest differences allowed between probabilities of the written model and of the trained one.

    Attributes:
        largest: of any probability.
        tail: of all but a thousandth of them.
        together: of a text's labels added up, on average.
    """

    largest: float = inf
    tail: float = inf
    together: float = inf


@dataclass(frozen=True)
class Made:
    """Result of a training, to be written.

    Attributes:
        files: of the directory, by name: all but ``config.json``, the card and the hashes.
        config: the keys of ``config.json`` that only this kind of model has.
        read: gives the written model's way from inputs to probabilities.
        expected: the trained model's probabilities of the first rows of dev.
        about: makes the key ``about`` from the rest of the config; None for a kind whose card is among the files.
        thresholds: instead of tuning them.
    """

    files: Mapping[str, bytes]
    config: Mapping[str, object]
    read: Callable[[Path], Predict]
    expected: Probabilities
    tolerance: Tolerance
    about: Callable[[CardFacts], About] | None = None
    thresholds: Mapping[str, float] | None = field(default=None)


def write_model(
    output: Path, made: Made, data: HeldOut, recipe: Recipe, position: Position, **facts: Any
) -> StoredFigures:
    """Write the directory ``output`` and return its figures on test.

    Args:
        facts: what ``config.json`` says of the training beside recipe, history and versions.

    Raises:
        GoEmotionsError: the written model computes something else than the trained one; nothing is written then.
    """
    check_replaceable(output, is_model)
    config: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "model_name": output.absolute().name,
        "num_labels": len(data.labels),
        "emotion_labels": list(data.labels),
        "threshold": 0.5,
        **made.config,
        "trained_on": {**data.source.as_dict(), "rows": data.rows, "splits": dict(data.sha256)},
    }
    with new_directory(output) as folder:
        for name, content in made.files.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(content)
        (folder / "config.json").write_bytes(config_bytes(config))
        predict = made.read(folder)
        on_dev = predict(data.dev[0])
        parity = check_parity(made.expected, on_dev[: len(made.expected)], made.tolerance)
        config["training"] = run_facts(recipe, position) | facts | {"parity": parity}
        config |= thresholds_of(on_dev, data, made.thresholds)
        thresholds = Thresholds(config["thresholds"], config.get("thresholds_beside"))
        metrics = measure(predict(data.test[0]), data, thresholds)
        config |= metrics.keys_of_config
        if made.about is not None:
            config["about"] = to_json(made.about(card_facts(config)))
        if data.known is not None:
            (folder / HASHES_FILE).write_bytes(data.known)
        (folder / "config.json").write_bytes(config_bytes(config))
        (folder / "README.md").write_text(card_of(folder, config), encoding="utf-8")
        del predict  # a file that is open keeps some systems from renaming its folder
    return metrics.test


def run_facts(recipe: Recipe, position: Position) -> dict[str, object]:
    """Return what ``config.json`` says of any training."""
    return {
        "recipe": recipe.as_dict(),
        "history": position.history,
        "selected_epoch": position.best_epoch,
        "versions": {"torch": torch.__version__, "python": platform.python_version()},
    }


def check_parity(expected: Probabilities, got: Probabilities, allowed: Tolerance) -> dict[str, float]:
    """Return how far the probabilities of the written model are from those of the trained one. *Shape:* [n, labels].

    Raises:
        GoEmotionsError: further than rounding explains.
    """
    difference = np.abs(expected - got)
    parity = {
        "mean": float(difference.mean()),
        "p99.9": float(np.quantile(difference, 0.999)),
        "max": float(difference.max()),
    }
    together = float(difference.sum(1).mean())
    if parity["max"] > allowed.largest or parity["p99.9"] > allowed.tail or together > allowed.together:
        raise GoEmotionsError(
            "the written model differs from the trained one: |difference| of probabilities is at most "
            f"{parity['max']:.4f} (allowed {allowed.largest:g}), at its 99.9th percentile {parity['p99.9']:.4f} "
            f"({allowed.tail:g}), and adds up over a text's labels to {together:.4f} on average ({allowed.together:g})"
        )
    return parity


def thresholds_of(on_dev: Probabilities, data: HeldOut, given: Mapping[str, float] | None) -> dict[str, Any]:
    """Return the keys of ``config.json`` about thresholds: those given, or tuned on dev."""
    if given is not None:
        return {"thresholds": dict(given)}
    tuned = thresholding.tune(on_dev, data.dev[1], data.labels)
    together = thresholding.tune_beside(on_dev, data.dev[1], tuned)
    dev = TunedOn("dev", data.sha256["dev"], len(data.dev[1]), "f1")
    return threshold_keys(together) | {"tuned_on": to_json(dev)}


@dataclass(frozen=True)
class MeasuredOnTest:
    """Figures on test, and the keys of ``config.json`` that hold them."""

    test: StoredFigures
    keys_of_config: Mapping[str, object]


def measure(probabilities: Probabilities, data: HeldOut, thresholds: Thresholds) -> MeasuredOnTest:
    """Measure probabilities of the test split, float32 [n, labels]."""
    targets = data.test[1]
    decisions = {
        OWN: accepted(probabilities, thresholds),
        HALF: accepted(probabilities, dict.fromkeys(thresholds, 0.5)),
    }
    subsets = {} if data.fresh is None or data.fresh.all() or not data.fresh.any() else {UNSEEN: data.fresh}
    measured = measure_predictions(Predictions(data.labels, targets, probabilities, decisions), subsets=subsets)
    error = calibration_figures(probabilities, targets, data.labels).error
    without = measured.subsets.get(UNSEEN)
    metrics = model_metrics("test", measured.labels, error, rows=len(targets), without=without)
    support = measured.labels.support
    keys = {
        "unreliable_labels": {label: support[label] for label in unreliable_labels(measured.labels)},
        "metrics": to_json(metrics),
        "tested_on": to_json(DataFile("test", data.sha256["test"], len(targets))),
    }
    return MeasuredOnTest(metrics.test, keys)
