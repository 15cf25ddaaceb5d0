"""Trains a second head: a small network on the states of a finished model, added to what its first head says.

The encoder and the first head stay as they are, so that the states do, to the last bit. It takes a minute or two of one
core. The same recipe on its own result replaces the second head by an equal one.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import torch
from torch import Tensor, nn

from goemotions.architectures.prepared import Features
from goemotions.architectures.tokens import TextTokenizer
from goemotions.architectures.transformer import TransformerModel
from goemotions.catalog import find_model
from goemotions.checkpoint import ModelConfig, read_config
from goemotions.data.corpus import Split
from goemotions.errors import ModelError
from goemotions.evaluation.card_facts import About, card_facts
from goemotions.evaluation.fit_calibration import fit as fit_calibration
from goemotions.evaluation.metrics import metrics_on_dev
from goemotions.evaluation.model_metrics import StoredFigures
from goemotions.evaluation.transformer_card import second_head_about
from goemotions.files import sha256
from goemotions.predictions import sigmoid
from goemotions.training.encoder import SecondHead
from goemotions.training.learnt_loss import Targets
from goemotions.training.loop import LoopSettings, evaluating, fit
from goemotions.training.model_directory import Made, Tolerance, write_model
from goemotions.training.optimisation import ParameterGroup, decay_groups
from goemotions.training.processes import Processes
from goemotions.training.second_head_graph import with_second_head, without_second_head
from goemotions.training.sources import CoarseHeads, TrainingSet, read_sources
from goemotions.training.teachers import blend
from goemotions.training.text_recipe import SecondHeadRecipe
from goemotions.training.texts import TextCorpus, read_texts

KIND = "transformer"
TOLERANCE = Tolerance(largest=1e-4)  # float32 on both sides
COARSE_RATE = 3.0  # times the learning rate: a line per group, which starts far from where it ends


class Trained(nn.Module):
    """The parts that are trained: the head, and the lines by which coarser labels are learnt."""

    def __init__(self, head: SecondHead, coarse: CoarseHeads) -> None:
        super().__init__()
        self.head = head
        self.coarse = coarse


class SecondHeadTask:
    """The loop's task: a head on states that are known, learnt beside what the first head says of them.

    Attributes:
        centre, scale: of the states learnt from, float32 [width]: the head is trained on states without them.
    """

    def __init__(
        self,
        model: Trained,
        learnt: TrainingSet,
        features: Features,
        dev: tuple[Features, npt.NDArray[np.uint8]],
        recipe: SecondHeadRecipe,
        device: torch.device,
    ) -> None:
        self.model = model
        self.learnt = learnt
        self.recipe = recipe
        self.targets = Targets(learnt, device)
        self.device = device
        self.centre, self.scale = features.states.mean(0), features.states.std(0)
        self.states, self.first = self.standardised(features)
        self.dev, self.dev_targets = self.standardised(dev[0]), dev[1]

    def parameter_groups(self) -> list[ParameterGroup]:
        coarse = {"params": list(self.model.coarse.parameters()), "weight_decay": 0.0, "lr_scale": COARSE_RATE}
        groups = decay_groups(self.model.head, self.recipe.weight_decay)
        return [*groups, coarse] if self.learnt.coarse else groups

    def begin_epoch(self, epoch: int) -> None:
        """Nothing changes between epochs."""

    def batches(self, epoch: int) -> list[npt.NDArray[np.int64]]:
        """Row numbers of each batch, shuffled."""
        order, size = self.learnt.order(np.random.default_rng([self.recipe.seed, epoch])), self.recipe.batch_size
        return [order[start : start + size] for start in range(0, len(order), size)]

    def loss(self, batch: npt.NDArray[np.int64]) -> Tensor:
        logits = self.model.head(self.states[batch], self.first[batch])
        return self.targets.loss(logits, batch, self.model.coarse)

    def rows(self, batch: npt.NDArray[np.int64]) -> int:
        return len(batch)

    def evaluate(self) -> dict[str, float]:
        return metrics_on_dev(sigmoid(self.logits(self.recipe.share)), self.dev_targets)

    def selection_metric(self, epoch: int, metrics: dict[str, float]) -> float:
        """Keep the last epoch: dev is near its highest throughout, and other texts are learnt until the end."""
        return 0.0 if epoch == self.recipe.epochs else float("-inf")

    def standardised(self, features: Features) -> tuple[Tensor, Tensor]:
        """Return states and logits of texts."""
        states = (features.states - self.centre) / self.scale
        return torch.from_numpy(states).to(self.device), torch.from_numpy(features.logits).to(self.device)

    def logits(self, share: float = 1.0) -> npt.NDArray[np.float32]:
        """Return those of dev with a share of what the head adds, float32 [n, labels]."""
        states, first = self.dev
        added = self.model.head(states, first) - first
        result: npt.NDArray[np.float32] = (first + share * added).cpu().numpy()
        return result


def train_second_head(
    data: Path,
    output: Path,
    recipe: SecondHeadRecipe,
    device: torch.device,
    teachers: Path,
    folders: Sequence[Path],
    limit: int | None = None,
) -> StoredFigures | None:
    """Train on the corpus in ``data`` and write the model directory ``output``.

    Arguments, errors and result are those of :func:`goemotions.training.compact.train_compact`.
    """
    corpus, processes, folder = read_texts(data, limit), Processes(device.type == "cpu"), find_model(recipe.start_from)
    config, plain = started_from(recipe.start_from, folder, corpus)
    sources = read_sources(recipe.sources, folders, corpus)
    learnt = blend(corpus, recipe, teachers, sources)
    first = model_of(plain, folder, config)
    task = start(first, learnt, corpus, recipe, device)
    decisive = [corpus.sha256, limit, corpus.labels, learnt.digest(), sha256(folder / "model.onnx")]
    settings = LoopSettings.from_recipe(recipe, device, *decisive)
    position = fit(task, settings, output.with_name(output.name + ".training"), True, processes)
    if not processes.main:
        return None
    with evaluating(task.model):
        finish(task.model.head, task.logits(recipe.share), corpus.splits["dev"], corpus.labels, recipe.share)
        expected = sigmoid(task.logits())
    graph = with_second_head(plain, on_plain_states(task))
    written = model_of(graph, folder, config)
    made = Made(
        files={"model.onnx": graph.SerializeToString(), "tokenizer.json": (folder / "tokenizer.json").read_bytes()},
        config={key: config.raw[key] for key in ("architecture", "max_length", "base") if key in config.raw},
        read=lambda _: lambda texts: written.score(texts).probabilities,
        expected=expected,
        tolerance=TOLERANCE,
        about=lambda facts: second_head_about(facts, card_facts(config.raw).about or About()),
    )
    held_out = corpus.held_out([text for source in sources for text in source.texts])
    return write_model(output, made, held_out, recipe, position, start=start_of(config))


def started_from(name: str, folder: Path, corpus: TextCorpus) -> tuple[ModelConfig, onnx.ModelProto]:
    """Return a model's configuration and its graph without a second head.

    Raises:
        ModelError: it is of another kind, or has other labels than the corpus.
    """
    config = read_config(folder)
    if config.architecture != KIND:
        raise ModelError(f"start_from: {name} is a model of the kind {config.architecture}, expected a {KIND}")
    if config.labels != corpus.labels:
        raise ModelError(f"start_from: {name} has other labels than the corpus")
    return config, without_second_head(onnx.load(folder / "model.onnx"))


def model_of(graph: onnx.ModelProto, folder: Path, config: ModelConfig) -> TransformerModel:
    """Return a graph as a model, with the tokenizer of ``folder``."""
    tokenizer = TextTokenizer(folder / "tokenizer.json")
    return TransformerModel(graph.SerializeToString(), tokenizer, len(config.labels), config.max_length or 0)


def start(
    first: TransformerModel, learnt: TrainingSet, corpus: TextCorpus, recipe: SecondHeadRecipe, device: torch.device
) -> SecondHeadTask:
    """Return a task whose head adds nothing yet to what the model ``first`` says."""
    features, dev = (first.features(first.prepare(texts)) for texts in (learnt.texts, corpus.splits["dev"].texts))
    torch.manual_seed(recipe.seed)
    head = SecondHead(first.states_width, recipe.hidden, len(corpus.labels), recipe.dropout)
    head.start()
    model = Trained(head, CoarseHeads(corpus.labels, learnt.groups)).to(device)
    return SecondHeadTask(model, learnt, features, (dev, corpus.splits["dev"].targets), recipe, device)


def finish(head: SecondHead, logits: npt.NDArray[np.float32], dev: Split, labels: Sequence[str], share: float) -> None:
    """Fold the share of what the head adds into it, and Platt's lines, fitted on dev."""
    knots = fit_calibration("platt", logits, dev.targets, labels).knots
    points = torch.tensor([knots[label] for label in labels], dtype=torch.float32, device=head.slope.device)
    (x0, y0), (x1, y1) = points.permute(1, 2, 0)  # two knots per label
    slope = (y1 - y0) / (x1 - x0)
    with torch.no_grad():
        for values in (head.output.weight, head.output.bias):
            values.mul_(share)
        head.slope.copy_(slope)
        head.offset.copy_(y0 - slope * x0)


def on_plain_states(task: SecondHeadTask) -> SecondHead:
    """Return the head, which was trained on standardised states, as one that reads them as they are."""
    head = task.model.head.cpu()
    with torch.no_grad():
        head.hidden.weight.div_(torch.from_numpy(task.scale))
        head.hidden.bias.sub_(head.hidden.weight @ torch.from_numpy(task.centre))
    return head


def start_of(config: ModelConfig) -> object:
    """Return what a config says of the training of the first head."""
    training = config.raw.get("training") or {}
    return training.get("start", training)
