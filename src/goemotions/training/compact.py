"""Trains ``compact``: fine-tuning, selection on dev, thresholds on dev, ONNX export behind a parity gate."""

from __future__ import annotations

import hashlib
import json
import platform
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import torch
from torch import Tensor
from torch.nn import functional

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
from goemotions.evaluation.metrics import macro_f1, mean_average_precision
from goemotions.evaluation.model_card import store
from goemotions.evaluation.seen import hash_texts, to_bytes
from goemotions.labels import LABELS
from goemotions.packaged import PACKAGES, find_packaged
from goemotions.training import onnx_graph
from goemotions.training.encoder import MeanPooledEncoder
from goemotions.training.loop import LoopSettings, decay_groups, evaluating, fit
from goemotions.training.quantisation import calibrate
from goemotions.training.recipe import CompactRecipe

PARITY_TEXTS = 1000
# Of |difference| of probabilities. Two correct float implementations differ by about 1e-6 before a rounding step, put a
# few activations on its other side, and so differ by some of the quantisation noise after it (docs/experiments.md).
PARITY_MEAN = 1e-3
PARITY_TAIL = 0.05  # 99.9th percentile


class FineTuning:
    """The loop's task: binary cross-entropy on the labels, scored by macro F1 on dev at thresholds tuned there."""

    def __init__(
        self,
        model: MeanPooledEncoder,
        tokenizer: TextTokenizer,
        train: Split,
        dev: Split,
        recipe: CompactRecipe,
        device: torch.device,
    ) -> None:
        self.model = model
        self.recipe = recipe
        self.device = device
        self.dev = dev
        self.train_ids = tokenizer.pieces(train.texts, recipe.max_tokens).ids
        self.dev_ids = tokenizer.pieces(dev.texts, recipe.max_length).ids
        self.train_targets = torch.from_numpy(train.targets.astype(np.float32))

    def parameter_groups(self) -> list[dict[str, Any]]:
        decay, scale = self.recipe.weight_decay, self.recipe.head_learning_rate / self.recipe.learning_rate
        return decay_groups(self.model.bert, decay) + decay_groups(self.model.head, decay, scale)

    def begin_epoch(self, epoch: int) -> None:
        """From the recipe's epoch on, take new activation ranges from training texts and simulate 8 bit."""
        if epoch < self.recipe.first_quantised_epoch:
            return
        with evaluating(self.model), calibrate(self.model):
            self.probabilities(self.train_ids[: self.recipe.calibration_texts])

    def batches(self, epoch: int) -> list[npt.NDArray[np.int64]]:
        """Row numbers of each batch: shuffled, with texts of like length together to save padding."""
        generator = np.random.default_rng([self.recipe.seed, epoch])
        order = generator.permutation(len(self.train_ids))
        size = self.recipe.batch_size
        lengths = np.array([len(ids) for ids in self.train_ids])
        batches = []
        for start in range(0, len(order), size * 32):
            part = order[start : start + size * 32]
            part = part[np.argsort(lengths[part], kind="stable")]
            batches += [part[i : i + size] for i in range(0, len(part), size)]
        return [batches[i] for i in generator.permutation(len(batches))]

    def loss(self, batch: npt.NDArray[np.int64]) -> Tensor:
        input_ids, attention_mask = pad([self.train_ids[i] for i in batch], self.device)
        logits = self.model(input_ids, attention_mask)
        return functional.binary_cross_entropy_with_logits(logits.float(), self.train_targets[batch].to(self.device))

    def rows(self, batch: npt.NDArray[np.int64]) -> int:
        return len(batch)

    def evaluate(self) -> dict[str, float]:
        probabilities = self.probabilities(self.dev_ids)
        tuned = thresholding.tune(probabilities, self.dev.targets, LABELS, smoothing=0)
        return {
            "dev_macro_f1": macro_f1(probabilities, self.dev.targets, list(tuned.values())),
            "dev_macro_f1_at_half": macro_f1(probabilities, self.dev.targets, [0.5] * len(LABELS)),
            "dev_mean_average_precision": mean_average_precision(probabilities, self.dev.targets),
        }

    def score(self, epoch: int, metrics: dict[str, float]) -> float:
        return metrics["dev_macro_f1"] if epoch >= self.recipe.first_quantised_epoch else float("-inf")

    def probabilities(self, ids: list[list[int]], batch_size: int = 64) -> npt.NDArray[np.float32]:
        """float32 [n, labels], computed in float32."""
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        result = np.empty((len(ids), len(LABELS)), dtype=np.float32)
        for start in range(0, len(order), batch_size):
            part = order[start : start + batch_size]
            result[part] = self.model(*pad([ids[i] for i in part], self.device)).sigmoid().cpu().numpy()
        return result


def pad(ids: list[list[int]], device: torch.device) -> tuple[Tensor, Tensor]:
    """Ids and mask. *Shape:* int64 [n, longest] twice."""
    rows = [torch.tensor(row) for row in ids]
    padded = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
    mask = torch.nn.utils.rnn.pad_sequence([torch.ones_like(row) for row in rows], batch_first=True)
    return padded.to(device), mask.to(device)


def train_compact(
    data: Path,
    output: Path,
    recipe: CompactRecipe,
    device: torch.device,
    limit: int | None = None,
    show_progress: bool = True,
) -> dict[str, Any]:
    """Train from the official TSV files in ``data`` and write the model directory ``output``.

    The state of an unfinished run stands beside it, in ``<output>.training``; the same command goes on from there.

    Args:
        limit: use only the first rows of every split (a trial run).

    Raises:
        DataError: a split that is missing or cannot be used.
        ModelError: the base weights are not installed, or not the expected ones.
        GoEmotionsError: training or export went wrong; the message says how.

    Returns:
        The report on the test split (:func:`goemotions.evaluation.evaluate.evaluate`), from the written files.
    """
    splits = {name: read_split(data / f"{name}.tsv").head(limit) for name in ("train", "dev", "test")}
    if seen_in(splits["test"], splits["train"]).all():
        raise DataError(f"every text of {data / 'test.tsv'} also stands in train.tsv: nothing honest can be measured")
    base = find_packaged(recipe.base)
    torch.manual_seed(recipe.seed)
    model = MeanPooledEncoder(base, len(LABELS), recipe.dropout)
    model.start_head(splits["train"].targets)
    model.to(device)
    tokenizer = TextTokenizer(base / "tokenizer.json")
    task = FineTuning(model, tokenizer, splits["train"], splits["dev"], recipe, device)
    hashes = {name: split.sha256 for name, split in splits.items()}
    settings = LoopSettings(
        epochs=recipe.epochs,
        learning_rate=recipe.learning_rate,
        warmup_ratio=recipe.warmup_ratio,
        max_grad_norm=recipe.max_grad_norm,
        seed=recipe.seed,
        device=device,
        fingerprint=hashlib.sha256(json.dumps([recipe.as_dict(), hashes, limit]).encode()).hexdigest(),
    )
    position = fit(task, settings, output.with_name(output.name + ".training"), show_progress)
    exported = export(model, tokenizer, recipe)
    parity = check_parity(task, exported, splits["dev"])
    run = {
        "recipe": recipe.as_dict(),
        "history": position.history,
        "selected_epoch": position.best_epoch,
        "parity": parity,
        "versions": {"torch": torch.__version__, "onnx": onnx.__version__, "python": platform.python_version()},
    }
    return write_model(output, exported, tokenizer, splits, run)


def export(model: MeanPooledEncoder, tokenizer: TextTokenizer, recipe: CompactRecipe) -> tuple[bytes, TransformerModel]:
    """The model as ONNX bytes, and loaded from them."""
    graph = onnx_graph.build(model, recipe.max_length)
    onnx.checker.check_model(graph)
    content = graph.SerializeToString()
    return content, TransformerModel(content, tokenizer, num_labels=len(LABELS), max_length=recipe.max_length)


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
) -> dict[str, Any]:
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
        "training_hashes.bin": to_bytes(hash_texts(train.texts)),
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
            "epochs": f"{recipe['epochs']}; epoch {run['selected_epoch']} selected by macro F1 on dev",
            "batch": recipe["batch_size"],
            "learning rate": f"{recipe['learning_rate']:g}, head {recipe['head_learning_rate']:g}, linear decay",
            "precision": f"bfloat16; 8 bit simulated from epoch {recipe['quantise_from_epoch']} on",
            "seed": recipe["seed"],
            "command": "`goemotions train compact --data DIR`",
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
