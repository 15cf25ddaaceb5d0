"""Are explanations faithful, and how fast are they: by leaving words out against random and gradient times input.

DeYoung et al. (2020): comprehensiveness is what the probability of a text's most probable label loses when the words
said to matter most are taken out (higher is better), sufficiency what it loses when only they are kept (lower is
better); the mean over the strongest 5, 10, 20 and 50 % of the words, one at least. Gradient times input is that of the
dequantised network of ``compact`` in torch, for the same words. Differences by a paired bootstrap over 1,000 texts of
the official test split with at least 5 words; nothing was chosen on them. Speed: texts of 20 words of the train split,
all labels, phrases included. Run from the repository: ``python benchmarks/explanations.py faithfulness --data DIR``, or
``speed`` instead, on a machine that does nothing else.
"""

from __future__ import annotations

import os
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import harness
import numpy as np
import numpy.typing as npt
import torch
from emoji_pieces import BASE
from tokenizers import Tokenizer

from goemotions import EmotionClassifier, Explanation
from goemotions.data.corpus import read_split
from goemotions.evaluation.bootstrap import RESAMPLES, weights
from goemotions.explaining.words import Span, without, words_of
from goemotions.training.encoder import MeanPooledEncoder
from goemotions.training.trained_weights import network_of
from goemotions.weights.packages import find_or_unpack

TEXTS, FEWEST_WORDS, SEED = 1000, 5, 0
SHARES = (0.05, 0.1, 0.2, 0.5)
TIMED, TIMED_WORDS, ROUNDS = 60, 20, 3
PREDICTED = 600  # texts of the test split that are predicted beside
Floats = npt.NDArray[np.float64]
GRADIENT = "gradient \u00d7 input"


class Twin:
    """The dequantised network of a model, with gradients."""

    def __init__(self, directory: Path) -> None:
        with tempfile.TemporaryDirectory() as folder:
            self.network: MeanPooledEncoder = network_of(directory, find_or_unpack(BASE, Path(folder) / "base"))
        self.tokenizer = Tokenizer.from_file(str(directory / "tokenizer.json"))
        self.tokenizer.enable_truncation(128)

    def effects(self, text: str, spans: Sequence[Span], label: int) -> tuple[list[float], float]:
        """Return gradient times input of each word, summed over its pieces, and the label's log odds."""
        encoded = self.tokenizer.encode(text)
        ids = torch.tensor([encoded.ids])
        inputs = self.network.bert.embeddings.word_embeddings(ids).detach().requires_grad_(True)
        states = self.network.bert(inputs_embeds=inputs, attention_mask=torch.ones_like(ids)).last_hidden_state
        logit = self.network.classified(states.mean(1))[0, label]
        (gradient,) = torch.autograd.grad(logit, inputs)
        pieces = (gradient * inputs).sum(-1)[0].tolist()
        found = [0.0] * len(spans)
        for value, (start, end) in zip(pieces, encoded.offsets, strict=True):
            for word, span in enumerate(spans):
                if start < span.end and end > span.start:
                    found[word] += value
        return found, float(logit.detach())


def leaving_out(text: str, spans: Sequence[Span], left_out: set[int]) -> str:
    """Return a text without some of its words."""
    for word in sorted(left_out, reverse=True):
        text = without(text, spans[word].start, spans[word].end)
    return text


def variants(text: str, spans: Sequence[Span], effects: Sequence[float]) -> tuple[list[str], list[str]]:
    """Return a text without its strongest words, and with no others, for each of :data:`SHARES`."""
    order = sorted(range(len(spans)), key=lambda word: -effects[word])
    chosen = [set(order[: max(1, round(share * len(spans)))]) for share in SHARES]
    everything = set(order)
    return (
        [leaving_out(text, spans, words) for words in chosen],
        [leaving_out(text, spans, everything - words) for words in chosen],
    )


def faithfulness(
    classifier: EmotionClassifier, texts: list[str], labels: list[int], effects: Sequence[Sequence[float]]
) -> tuple[Floats, Floats]:
    """Return comprehensiveness and sufficiency of each text."""
    whole = classifier.predict_proba(texts)
    parts = [variants(text, words_of(text), each) for text, each in zip(texts, effects, strict=True)]
    asked = list(dict.fromkeys(variant for pair in parts for side in pair for variant in side))
    row = {text: number for number, text in enumerate(asked)}
    probabilities = classifier.predict_proba(asked)

    def lost(side: int) -> Floats:
        return np.array(
            [
                float(whole[text, label]) - np.mean([probabilities[row[variant], label] for variant in pair[side]])
                for text, (pair, label) in enumerate(zip(parts, labels, strict=True))
            ]
        )

    return lost(0), lost(1)


def compared(ours: Floats, other: Floats) -> dict[str, Any]:
    """Return the mean difference, its 95 % interval by a paired bootstrap, and the share of resamples of other sign."""
    difference = ours - other
    means = np.concatenate([drawn @ difference / len(difference) for drawn in weights(len(ours), RESAMPLES, SEED)])
    low, high = np.quantile(means, [0.025, 0.975])
    sign = float(np.mean(np.sign(means) != np.sign(difference.mean())))
    return {"difference": round4(difference.mean()), "low": round4(low), "high": round4(high), "other sign": sign}


def round4(number: float | np.floating[Any]) -> float:
    return round(float(number), 4)


def measure_faithfulness(classifier: EmotionClassifier, data: Path) -> dict[str, Any]:
    pool = [text for text in dict.fromkeys(read_split(data / "test.tsv").texts) if len(words_of(text)) >= FEWEST_WORDS]
    texts = random.Random(SEED).sample(pool, TEXTS)
    logits = classifier.score(texts).logits
    labels = [int(label) for label in logits.argmax(1)]
    explained = classifier.explain(texts)
    twin, drawn = Twin(classifier.directory), random.Random(SEED)
    gradients = [twin.effects(text, words_of(text), label) for text, label in zip(texts, labels, strict=True)]
    ways: dict[str, list[list[float]]] = {
        "leaving out": [
            explanation.effects[classifier.labels[label]] for explanation, label in zip(explained, labels, strict=True)
        ],
        GRADIENT: [effects for effects, _ in gradients],
        "random": [[drawn.random() for _ in words_of(text)] for text in texts],
    }
    rated = {way: faithfulness(classifier, texts, labels, effects) for way, effects in ways.items()}
    apart = [abs(found - logits[row, labels[row]]) for row, (_, found) in enumerate(gradients)]
    return {
        "texts": TEXTS,
        "mean words": round4(np.mean([len(words_of(text)) for text in texts])),
        "twin's log odds, median difference": round4(np.median(apart)),
        **{
            way: {"comprehensiveness": round4(rated[way][0].mean()), "sufficiency": round4(rated[way][1].mean())}
            for way in ways
        },
        "leaving out less the other": {
            way: {
                name: compared(rated["leaving out"][side], rated[way][side])
                for side, name in enumerate(("comprehensiveness", "sufficiency"))
            }
            for way in ways
            if way != "leaving out"
        },
        "alone and in a batch, largest difference": alone_and_together(classifier, texts[:100], explained[:100]),
    }


def alone_and_together(classifier: EmotionClassifier, texts: list[str], together: list[Explanation]) -> float:
    """Return the largest difference of an effect between a text explained alone and among others."""
    worst = 0.0
    for text, beside in zip(texts, together, strict=True):
        alone = classifier.explain([text])[0]
        worst = max(worst, *(np.abs(np.subtract(alone.effects[x], beside.effects[x])).max() for x in alone.effects))
    return float(worst)


def measure_speed(classifier: EmotionClassifier, data: Path) -> dict[str, Any]:
    texts = [text for text in dict.fromkeys(read_split(data / "train.tsv").texts) if len(words_of(text)) == TIMED_WORDS]
    test = read_split(data / "test.tsv").texts[:PREDICTED]
    explained, predicted, ratios = [], [], []
    classifier.explain(texts[:20])
    for number in range(ROUNDS):
        block = texts[number * TIMED : (number + 1) * TIMED]
        wall, processor = seconds(partial(classifier.explain, block))
        explained.append(len(block) / wall)
        wall, other = seconds(partial(classifier.predict_proba, test))
        predicted.append(len(test) / wall)
        ratios.append((processor / len(block)) / (other / len(test)))
    return {
        "words": TIMED_WORDS,
        "labels": len(classifier.labels),
        "explained texts per second": [round(rate, 1) for rate in explained],
        "predicted test texts per second": [round(rate, 1) for rate in predicted],
        "processor time of an explained text over that of a predicted one": [round(ratio, 1) for ratio in ratios],
        "load average of the machine": [round(load, 1) for load in os.getloadavg()],
    }


def seconds(work: Callable[[], Any]) -> tuple[float, float]:
    """Return the seconds that work takes, and those of the processors."""
    start, begun = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - start, time.process_time() - begun


def main() -> None:
    made = harness.parser(__doc__)
    made.add_argument("part", choices=("faithfulness", "speed"))
    made.add_argument("--model", help="a transformer model; the bundled one by default")
    arguments = made.parse_args()
    data = harness.data_of(made, arguments)
    classifier = EmotionClassifier(arguments.model)
    measure = measure_speed if arguments.part == "speed" else measure_faithfulness
    harness.write(f"explanations_{arguments.part}", measure(classifier, data))


if __name__ == "__main__":
    main()
