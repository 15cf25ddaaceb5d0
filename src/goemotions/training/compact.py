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
from goemotions.architectures.tokens import TextTokenizer
from goemotions.architectures.transformer import TransformerModel
from goemotions.atomic import new_directory
from goemotions.checkpoint import FORMAT_VERSION, config_bytes
from goemotions.classifier import EmotionClassifier
from goemotions.data.corpus import Split, read_split, seen_in
from goemotions.errors import DataError, GoEmotionsError
from goemotions.evaluation.datasets import LabelledTexts
from goemotions.evaluation.evaluate import evaluate
from goemotions.evaluation.fit_calibration import fit
from goemotions.evaluation.model_card import store
from goemotions.evaluation.provenance import hash_texts, hashes_to_bytes
from goemotions.evaluation.report import Report
from goemotions.labels import LABELS
from goemotions.packaged import PACKAGES, find_packaged
from goemotions.precision import fast_precision, name_of
from goemotions.training import onnx_graph
from goemotions.training.fine_tuning import FineTuning, fine_tune, start
from goemotions.training.loop import evaluating
from goemotions.training.recipe import CompactRecipe
from goemotions.training.teachers import blend

PARITY_TEXTS = 1000
# Of |difference| of probabilities. Two correct float implementations differ by about 1e-6 before a rounding step, put a
# few activations on its other side, and so differ by some of the quantisation noise after it (docs/experiments.md).
PARITY_MEAN = 1e-3
PARITY_TAIL = 0.05  # 99.9th percentile


def train_compact(
    data: Path,
    output: Path,
    recipe: CompactRecipe,
    device: torch.device,
    teachers: Path,
    limit: int | None = None,
    show_progress: bool = True,
) -> Report:
    """Train from the official TSV files in ``data`` and write the model directory ``output``.

    The state of an unfinished run stands beside it, in ``<output>.training``; the same command goes on from there.

    Args:
        teachers: the folder of what the recipe's teachers say of the train texts.
        limit: use only the first rows of every split (a trial run).

    Raises:
        DataError: a split or teacher that is missing or cannot be used.
        ModelError: the base weights are not installed, or not the expected ones.
        GoEmotionsError: training or export went wrong; the message says how.

    Returns:
        The report on the test split (:func:`goemotions.evaluation.evaluate.evaluate`), from the written files.
    """
    splits = {name: read_split(data / f"{name}.tsv").head(limit) for name in ("train", "dev", "test")}
    if seen_in(splits["test"], splits["train"]).all():
        raise DataError(f"every text of {data / 'test.tsv'} also stands in train.tsv: nothing honest can be measured")
    train, dev = splits["train"], splits["dev"]
    targets = blend(train, recipe, teachers)
    task = start(find_packaged(recipe.base), train, dev, recipe, device, targets)
    hashes = {name: split.sha256 for name, split in splits.items()} | {"targets": sha256(targets.tobytes()).hexdigest()}
    state = output.with_name(output.name + ".training")
    position = fine_tune(task, state, {"hashes": hashes, "limit": limit}, show_progress)
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
    return write_model(output, exported, task.tokenizer, splits, run)


def export(task: FineTuning, recipe: CompactRecipe) -> tuple[bytes, TransformerModel]:
    """The model as ONNX bytes, and loaded from them."""
    graph = onnx_graph.build(task.model, recipe.max_length)
    onnx.checker.check_model(graph)
    content = graph.SerializeToString()
    return content, TransformerModel(content, task.tokenizer, num_labels=len(LABELS), max_length=recipe.max_length)


def calibrate_head(task: FineTuning, exported: TransformerModel, dev: Split) -> None:
    """Fold Platt's lines, fitted on dev, into the head: probabilities that mean what they say, at no cost."""
    knots = fit("platt", exported.score(dev.texts).logits, dev.targets, LABELS).knots
    head = task.model.head
    points = torch.tensor([knots[label] for label in LABELS], dtype=torch.float32, device=head.bias.device)
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
    if parity["mean"] > PARITY_MEAN or tail > PARITY_TAIL:
        raise GoEmotionsError(
            f"the exported model differs from the trained one: |difference| of probabilities has mean "
            f"{parity['mean']:.6f} (allowed {PARITY_MEAN}), 99.9th percentile {tail:.4f} (allowed {PARITY_TAIL})"
        )
    return parity


def write_model(
    output: Path,
    exported: tuple[bytes, TransformerModel],
    tokenizer: TextTokenizer,
    splits: dict[str, Split],
    run: dict[str, Any],
) -> Report:
    """Tune on dev, measure on test, and write the directory; every figure comes from the exported file."""
    content, model = exported
    train, dev, test = splits["train"], splits["dev"], splits["test"]
    tuned = thresholding.tune(model.score(dev.texts).probabilities, dev.targets, LABELS)
    recipe, base = run["recipe"], PACKAGES[run["recipe"]["base"]]
    config: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "architecture": "transformer",
        "model_name": "compact",
        "num_labels": len(LABELS),
        "emotion_labels": list(LABELS),
        "threshold": 0.5,
        "thresholds": tuned,
        "max_length": recipe["max_length"],
        "trained_on": {
            "dataset": "GoEmotions, official simplified train split",
            "rows": len(train),
            "splits": {name: split.sha256 for name, split in splits.items()},
        },
        "base": {"model": base.upstream, "sha256": base.sha256},
        "training": run,
    }
    config["about"] = about(config)
    files = {
        "model.onnx": content,
        "tokenizer.json": tokenizer.to_json().encode(),
        "training_hashes.bin": hashes_to_bytes(hash_texts(train.texts)),
        "config.json": config_bytes(config),
    }
    with new_directory(output) as folder:
        for name, data in files.items():
            (folder / name).write_bytes(data)
        measured = LabelledTexts("test.tsv", test.texts, LABELS, test.targets, test.ids, test.sha256)
        report = evaluate(EmotionClassifier(folder), measured)
        store(report, folder)
    return report


def about(config: dict[str, Any]) -> dict[str, Any]:
    """What the model card says beside figures."""
    run = config["training"]
    recipe = run["recipe"]
    targets, command = "the labels", "`goemotions train compact-alone --data DIR`"
    if recipe["teachers"]:
        share, names = f"{100 * recipe['teacher_weight']:g} %", ", ".join(recipe["teachers"])
        targets = f"{share} what the teachers {names} (recipe and seed of each) say of the train texts; else the labels"
        command = "`goemotions train compact --data DIR`"
    return {
        "summary": (
            f"Multi-label emotion classification of short English text: the {config['num_labels']} GoEmotions labels, "
            f"each with a probability of its own. {config['base']['model']} (22 M parameters) fine-tuned on "
            "GoEmotions, in 8 bit, as one ONNX graph: it needs no GPU and no deep learning framework."
        ),
        "tags": ["onnx"],
        "language": "en",
        "parameters": "22 M",
        "thresholds": "The thresholds were tuned on the dev split, and every choice was made there.",
        "limits": [
            "English. Reddit comments of 2005 to 2019: other kinds of text, times and dialects are out of its domain, "
            "and the biases of the raters and of the platform are in it.",
            f"It reads {config['max_length']} tokens, about 90 words; longer texts are cut, or read in windows with "
            '`long_text="windows"`.',
            "Sarcasm, quotations and a conversation's context are often missed. Emoji are mostly unknown to its "
            "vocabulary.",
        ],
        "training": {
            "loss": "binary cross-entropy",
            "targets": targets,
            "epochs": f"{recipe['epochs']}; epoch {run['selected_epoch']} selected by macro F1 on dev",
            "batch": recipe["batch_size"],
            "learning rate": f"{recipe['learning_rate']:g}, head {recipe['head_learning_rate']:g}, linear decay",
            "precision": f"{run['precision']}; 8 bit simulated from epoch {recipe['quantise_from_epoch']} on",
            "seed": recipe["seed"],
            "calibration": "Platt's lines a label, fitted on dev, inside the head",
            "command": command,
        },
        "notes": [
            "The base model was pre-trained on over a billion sentence pairs, 700 million of them Reddit comment pairs "
            "(all-MiniLM-L6-v2, Apache-2.0; these weights are modified). GoEmotions is CC BY 4.0."
        ],
        "citation": [
            "Demszky et al., *GoEmotions: A Dataset of Fine-Grained Emotions*, ACL 2020, 4040-4054.",
            "Reimers & Gurevych, *Sentence-BERT*, EMNLP 2019.",
            "Wang et al., *MiniLM*, NeurIPS 2020.",
        ],
    }
