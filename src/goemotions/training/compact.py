"""Trains ``compact``: fine-tuning, selection, calibration and thresholds on dev, ONNX export behind a parity gate."""

from __future__ import annotations

import platform
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch

from goemotions import thresholds as thresholding
from goemotions.architectures.transformer import TransformerModel
from goemotions.atomic import new_directory
from goemotions.checkpoint import FORMAT_VERSION, config_bytes
from goemotions.classifier import EmotionClassifier
from goemotions.data.corpus import Split
from goemotions.errors import GoEmotionsError
from goemotions.evaluation.datasets import LabelledTexts
from goemotions.evaluation.evaluate import evaluate
from goemotions.evaluation.fit_calibration import fit
from goemotions.evaluation.model_card import store
from goemotions.evaluation.provenance import hash_texts, hashes_to_bytes
from goemotions.evaluation.report import Report
from goemotions.evaluation.transformer_card import transformer_about
from goemotions.packaged import base_facts, find_or_unpack
from goemotions.precision import fast_precision, name_of
from goemotions.training import onnx_graph
from goemotions.training.fine_tuning import FineTuning, fine_tune, start
from goemotions.training.loop import evaluating
from goemotions.training.processes import Processes
from goemotions.training.recipe import TransformerRecipe
from goemotions.training.teachers import blend
from goemotions.training.texts import TextCorpus, read_texts

PARITY_TEXTS = 1000
# Of |difference| of probabilities. Two correct float implementations differ by about 1e-6 before a rounding step, put a
# few activations on its other side, and so differ by some of the quantisation noise after it (docs/experiments.md).
PARITY_SUM = 0.028  # over a text's labels, the mean of texts: so that it means the same for any number of labels
PARITY_TAIL = 0.05  # 99.9th percentile


def train_compact(
    data: Path,
    output: Path,
    recipe: TransformerRecipe,
    device: torch.device,
    teachers: Path,
    limit: int | None = None,
) -> Report | None:
    """Train on the corpus in ``data`` and write the model directory ``output``.

    The state of an unfinished run stands beside it, in ``<output>.training``; the same command goes on from there.

    Args:
        teachers: the folder of what the recipe's teachers say of the train texts.
        limit: use only the first rows of every split (a trial run).

    Raises:
        DataError: a split or teacher that is missing or cannot be used.
        ModelError: the base weights are not installed, or not the expected ones.
        GoEmotionsError: training or export went wrong; the message says how.

    Returns:
        The report on the test split (:func:`goemotions.evaluation.evaluate.evaluate`), from the written files; None in
        a process that does not write.
    """
    corpus, processes = read_texts(data, limit), Processes(device.type == "cpu")
    state = output.with_name(output.name + ".training")
    targets = blend(corpus, recipe, teachers)
    task = start(find_or_unpack(recipe.base, state / "base"), corpus, recipe, device, targets)
    decisive = [corpus.sha256, limit, corpus.labels, sha256(targets.tobytes()).hexdigest()]
    position = fine_tune(task, state, processes, *decisive)
    if not processes.main:
        return None
    dev = corpus.splits["dev"]
    calibrate_head(task, export(task, recipe)[1], dev)
    exported = export(task, recipe)
    parity = check_parity(task, exported, dev)
    run = {
        "recipe": recipe.as_dict(),
        "history": position.history,
        "selected_epoch": position.best_epoch,
        "precision": name_of(fast_precision(device)),
        "parity": parity,
        "versions": {"torch": torch.__version__, "onnx": onnx.__version__, "python": platform.python_version()},
    }
    return write_model(output, exported, task, corpus, run)


def export(task: FineTuning, recipe: TransformerRecipe) -> tuple[bytes, TransformerModel]:
    """The model as ONNX bytes, and loaded from them."""
    graph = onnx_graph.build(task.model, recipe.max_length)
    onnx.checker.check_model(graph)
    content, labels = graph.SerializeToString(), len(task.labels)
    return content, TransformerModel(content, task.tokenizer, num_labels=labels, max_length=recipe.max_length)


def calibrate_head(task: FineTuning, exported: TransformerModel, dev: Split) -> None:
    """Fold Platt's lines, fitted on dev, into the head: probabilities that mean what they say, at no cost."""
    knots = fit("platt", exported.score(dev.texts).logits, dev.targets, task.labels).knots
    head = task.model.head
    points = torch.tensor([knots[label] for label in task.labels], dtype=torch.float32, device=head.bias.device)
    (x0, y0), (x1, y1) = points.permute(1, 2, 0)  # two knots a label
    slope = (y1 - y0) / (x1 - x0)
    with torch.no_grad():
        head.weight.mul_(slope[:, None])
        head.bias.copy_(y0 + slope * (head.bias - x0))


def check_parity(task: FineTuning, exported: tuple[bytes, TransformerModel], dev: Split) -> dict[str, float]:
    """Compare the exported model with the trained one on dev texts.

    Raises:
        GoEmotionsError: they differ by more than rounding explains.
    """
    with evaluating(task.model):
        expected = task.probabilities(task.dev_ids[:PARITY_TEXTS])
    got = exported[1].score(dev.texts[:PARITY_TEXTS]).probabilities
    difference = np.abs(expected - got)
    tail = float(np.quantile(difference, 0.999))
    parity = {"mean": float(difference.mean()), "p99.9": tail, "max": float(difference.max())}
    together = float(difference.sum(1).mean())
    if together > PARITY_SUM or tail > PARITY_TAIL:
        raise GoEmotionsError(
            f"the exported model differs from the trained one: |difference| of a text's probabilities adds up to "
            f"{together:.4f} on average (allowed {PARITY_SUM}), its 99.9th percentile is {tail:.4f} (allowed "
            f"{PARITY_TAIL})"
        )
    return parity


def write_model(
    output: Path,
    exported: tuple[bytes, TransformerModel],
    task: FineTuning,
    corpus: TextCorpus,
    run: dict[str, Any],
) -> Report:
    """Tune on dev, measure on test, and write the directory; every figure comes from the exported file."""
    content, model = exported
    train, dev, test = (corpus.splits[name] for name in ("train", "dev", "test"))
    tuned = thresholding.tune(model.score(dev.texts).probabilities, dev.targets, corpus.labels)
    base = base_facts(run["recipe"]["base"])
    config: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "architecture": "transformer",
        "model_name": output.name,
        "num_labels": len(corpus.labels),
        "emotion_labels": list(corpus.labels),
        "threshold": 0.5,
        "thresholds": tuned,
        "max_length": run["recipe"]["max_length"],
        "trained_on": {**corpus.source.as_dict(), "rows": len(train), "splits": dict(corpus.sha256)},
        "base": {"model": base.upstream, "sha256": base.sha256},
        "training": run,
    }
    parameters = sum(parameter.numel() for parameter in task.model.parameters())
    config["about"] = transformer_about(config, base, parameters)
    files = {
        "model.onnx": content,
        "tokenizer.json": task.tokenizer.to_json().encode(),
        "training_hashes.bin": hashes_to_bytes(hash_texts(train.texts)),
        "config.json": config_bytes(config),
    }
    with new_directory(output) as folder:
        for name, data in files.items():
            (folder / name).write_bytes(data)
        measured = LabelledTexts("test.tsv", test.texts, corpus.labels, test.targets, test.ids, test.sha256)
        report = evaluate(EmotionClassifier(folder), measured)
        store(report, folder)
    return report
