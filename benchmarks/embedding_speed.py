"""Speed of the shipped models on sentence embeddings, from text to labels, and of their parts.

Distinct texts of the official test split, in turns, the best of several. Run from the repository:
``python benchmarks/embedding_speed.py --data DIR``, or with GOEMOTIONS_DATA set.
"""

from __future__ import annotations

from functools import partial

import harness
from compact_speed import latency, seconds

from goemotions import EmotionClassifier
from goemotions.data.corpus import read_split

ROUNDS = 5
TEXTS = {"multilingual": 5_000, "smollm2": 512}  # of smollm2 fewer: it is slower


def main() -> None:
    texts = list(dict.fromkeys(read_split(harness.official_data(__doc__) / "test.tsv").texts))
    models = {name: EmotionClassifier(name) for name in TEXTS}
    vectors = models["multilingual"].encode(texts[: max(TEXTS.values())])
    times: dict[str, dict[str, list[float]]] = {name: {"text": [], "embedding": []} for name in models}
    for _ in range(ROUNDS):
        for name, model in models.items():
            some, given = texts[: TEXTS[name]], vectors[: TEXTS[name]]
            times[name]["text"].append(seconds(partial(model.predict, some)))
            times[name]["embedding"].append(seconds(partial(model.predict_proba_from_embeddings, given)))
    figures = {
        name: {
            "texts": count,
            "texts_per_s": round(count / min(times[name]["text"])),
            "embeddings_per_s": round(count / min(times[name]["embedding"])),
            "one_text": latency(models[name].predict, texts[:100]),
        }
        for name, count in TEXTS.items()
    }
    harness.write("embedding_speed", figures)


if __name__ == "__main__":
    main()
