"""Fine-tuning of a mean-pooled encoder: what the loop trains for ``compact`` and for its teachers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from goemotions.architectures.tokens import TextTokenizer
from goemotions.data.corpus import Split
from goemotions.evaluation.metrics import metrics_on_dev
from goemotions.precision import fast_precision, name_of
from goemotions.training.encoder import MeanPooledEncoder, pad
from goemotions.training.learnt_loss import Targets
from goemotions.training.loop import LoopSettings, Position, evaluating, fit
from goemotions.training.optimisation import decay_groups
from goemotions.training.pieces import extend, read_meanings
from goemotions.training.processes import Processes
from goemotions.training.quantisation import calibrate
from goemotions.training.sources import CoarseHeads, TrainingSet, find
from goemotions.training.spellings import read_spellings, with_spellings
from goemotions.training.text_recipe import FineTuningRecipe, TransformerRecipe, Vocabulary
from goemotions.training.texts import TextCorpus
from goemotions.training.variants import Words, read_words, vary
from goemotions.training.vocabulary import common_words, trim


class FineTuning:
    """The loop's task: binary cross-entropy, scored by macro F1 on dev at thresholds tuned there.

    Args:
        labels: their names, in the order of the targets' columns.
        words: for the recipe's variants of texts.
    """

    def __init__(
        self,
        model: MeanPooledEncoder,
        tokenizer: TextTokenizer,
        labels: Sequence[str],
        train: TrainingSet,
        dev: Split,
        recipe: FineTuningRecipe,
        device: torch.device,
        words: Words | None = None,
    ) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.labels = labels
        self.recipe = recipe
        self.device = device
        self.dev = dev
        self.train_ids = tokenizer.pieces(train.texts, recipe.max_tokens).ids
        self.words = words
        self.epoch_ids = self.train_ids
        self.dev_ids = tokenizer.pieces(dev.texts, recipe.max_length).ids
        self.train = train
        self.targets = Targets(train, device)

    def parameter_groups(self) -> list[dict[str, Any]]:
        decay, scale = self.recipe.weight_decay, self.recipe.head_learning_rate / self.recipe.learning_rate
        coarse = {"params": list(self.model.coarse.parameters()), "weight_decay": 0.0, "lr_scale": scale}
        groups = decay_groups(self.model.bert, decay) + decay_groups(self.model.head, decay, scale)
        return [*groups, coarse] if self.train.coarse else groups

    def begin_epoch(self, epoch: int) -> None:
        """From the recipe's epoch on, take new activation ranges from training texts and simulate 8 bit."""
        recipe = self.recipe
        if not isinstance(recipe, TransformerRecipe) or not recipe.quantised(epoch):
            return
        with evaluating(self.model), calibrate(self.model):
            ids = self.ids_in(epoch)
            evenly = np.linspace(0, len(ids) - 1, recipe.calibration_texts, dtype=np.int64)
            self.probabilities([ids[row] for row in evenly])

    def ids_in(self, epoch: int) -> list[list[int]]:
        """Return the pieces of the texts as an epoch has them, the same however often it is begun."""
        recipe = self.recipe
        if recipe.variants is None or self.words is None:
            return self.train_ids
        varied = vary(
            self.train.texts, self.words, recipe.variants.share, np.random.default_rng([recipe.seed, epoch, 1])
        )
        return self.tokenizer.pieces(varied, recipe.max_tokens).ids

    def batches(self, epoch: int) -> list[npt.NDArray[np.int64]]:
        """Row numbers of each batch: shuffled, with texts of like length together to save padding."""
        self.epoch_ids = self.ids_in(epoch)  # here, because a run may go on in the middle of an epoch
        generator = np.random.default_rng([self.recipe.seed, epoch])
        order = self.train.order(generator)
        size = self.recipe.batch_size
        lengths = np.array([len(ids) for ids in self.epoch_ids])
        batches = []
        for first in range(0, len(order), size * 32):
            part = order[first : first + size * 32]
            part = part[np.argsort(lengths[part], kind="stable")]
            batches += [part[i : i + size] for i in range(0, len(part), size)]
        return [batches[i] for i in generator.permutation(len(batches))]

    def loss(self, batch: npt.NDArray[np.int64]) -> Tensor:
        input_ids, attention_mask = pad([self.epoch_ids[i] for i in batch], self.device)
        return self.targets.loss(self.model(input_ids, attention_mask).float(), batch, self.model.coarse)

    def rows(self, batch: npt.NDArray[np.int64]) -> int:
        return len(batch)

    def evaluate(self) -> dict[str, float]:
        return metrics_on_dev(self.probabilities(self.dev_ids), self.dev.targets)

    def selection_metric(self, epoch: int, metrics: dict[str, float]) -> float:
        return metrics["dev_macro_f1"] if self.recipe.selectable(epoch) else float("-inf")

    def probabilities(self, ids: list[list[int]]) -> npt.NDArray[np.float32]:
        """float32 [n, labels]."""
        return torch.from_numpy(self.logits(ids)).sigmoid().numpy()

    def logits(self, ids: list[list[int]], batch_size: int = 64) -> npt.NDArray[np.float32]:
        """float32 [n, labels], computed in float32."""
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        result = np.empty((len(ids), len(self.labels)), dtype=np.float32)
        for first in range(0, len(order), batch_size):
            part = order[first : first + batch_size]
            result[part] = self.model(*pad([ids[i] for i in part], self.device)).cpu().numpy()
        return result


def start(
    base: Path,
    state: Path,
    corpus: TextCorpus,
    recipe: FineTuningRecipe,
    device: torch.device,
    learnt: TrainingSet,
    folders: Sequence[Path],
) -> FineTuning:
    """Return a task from pre-trained weights in ``base``.

    Args:
        state: the folder of the training's files, where a tokenizer with new pieces is written.
        folders: where tables of new pieces are looked for.

    Raises:
        DataError: more frozen layers than the base has, or no room for new pieces.
    """
    torch.manual_seed(recipe.seed)
    train = corpus.splits["train"]
    if recipe.vocabulary:
        base = trimmed(base, state / "vocabulary", learnt.texts, recipe.vocabulary)
    quantised = isinstance(recipe, TransformerRecipe)
    model = MeanPooledEncoder(base, len(corpus.labels), recipe.dropout, quantised, recipe.frozen_embeddings)
    model.start_head(train.targets)
    tokenizer = base / "tokenizer.json"
    if recipe.pieces or recipe.spellings:
        content = tokenizer.read_text(encoding="utf-8")
        if recipe.pieces:
            meanings = read_meanings([find(name, folders) for name in recipe.pieces])
            extension = extend(base, meanings, train.texts, recipe.frequent_words)
            extension.start_embeddings(model.bert.embeddings.word_embeddings)
            content = extension.content
        if recipe.spellings:
            content = with_spellings(content, read_spellings(find(recipe.spellings, folders)))
        tokenizer = state / "tokenizer.json"
        state.mkdir(parents=True, exist_ok=True)
        tokenizer.write_text(content, encoding="utf-8")
    model.freeze(recipe.frozen_layers, recipe.frozen_embeddings)
    model.coarse = CoarseHeads(corpus.labels, learnt.groups)
    read = TextTokenizer(tokenizer)
    words = read_words(find(recipe.variants.table, folders)) if recipe.variants else None
    return FineTuning(model.to(device), read, corpus.labels, learnt, corpus.splits["dev"], recipe, device, words)


def trimmed(base: Path, folder: Path, texts: Sequence[str], kept: Vocabulary) -> Path:
    """Return the folder of a base with fewer pieces, made there before anything is trained."""
    if not folder.exists():
        trim(base, folder, [*texts, *common_words(kept.languages, kept.words)])
    return folder


def fine_tune(task: FineTuning, folder: Path, processes: Processes, *decisive: Any) -> Position:
    """Train with the state in ``folder``; ``decisive`` is what the result depends on beside the recipe."""
    precision = fast_precision(task.device)
    words = [asdict(task.words)] if task.words else []
    settings = LoopSettings.from_recipe(
        task.recipe, task.device, *decisive, *words, name_of(precision), autocast=precision
    )
    return fit(task, settings, folder, show_progress=True, processes=processes)
