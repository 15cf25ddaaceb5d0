"""Speed of the shipped models on sentence embeddings, from text to labels, and of their parts.

The same distinct texts (the official test split) for all, in turns, the best of several. Run from the repository:
``python benchmarks/embedding_speed.py --data DIR``, or with GOEMOTIONS_DATA set.
"""

from __future__ import annotations

from typing import Any

import harness
from compact_speed import latency, seconds

from goemotions import EmotionClassifier
from goemotions.data.corpus import read_split

ROUNDS = 5
MODELS = ("multilingual", "smollm2")


def main() -> None:
    texts = list(dict.fromkeys(read_split(harness.official_data(__doc__) / "test.tsv").texts))
    models = {name: EmotionClassifier(name) for name in MODELS}
    vectors = models["multilingual"].encode(texts)
    times: dict[str, dict[str, list[float]]] = {name: {"text": [], "embedding": []} for name in models}
    encoding: list[float] = []
    for _ in range(ROUNDS):
        encoding.append(seconds(lambda: models["multilingual"].encode(texts)))
        for name, model in models.items():
            times[name]["text"].append(seconds(lambda model=model: model.predict(texts)))
            times[name]["embedding"].append(seconds(lambda model=model: model.predict_proba_from_embeddings(vectors)))
    figures: dict[str, Any] = {"texts": len(texts), "encoder_texts_per_s": round(len(texts) / min(encoding))}
    for name, model in models.items():
        figures[name] = {
            "texts_per_s": round(len(texts) / min(times[name]["text"])),
            "embeddings_per_s": round(len(texts) / min(times[name]["embedding"])),
            "one_text": latency(model.predict, texts[:200]),
        }
    harness.write("embedding_speed", figures)


if __name__ == "__main__":
    main()
