"""Speed of the bundled model beside a RoBERTa-base-shaped 8-bit ONNX model, in one run on one machine.

Both score the same distinct texts (the official test split) with the same tokenizer, the same length-sorted batches and
the same number of threads; the two take turns, so that a machine whose speed drifts does not favour one. Run from the
repository: ``python benchmarks/compact_speed.py --data DIR``, where DIR holds ``test.tsv``.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import machine
import numpy as np
import onnxruntime
from roberta_baseline import write_roberta

from goemotions import EmotionClassifier
from goemotions.architectures.tokens import TextTokenizer
from goemotions.architectures.transformer import batches_by_length, pad
from goemotions.catalog import find_model
from goemotions.data.corpus import read_split

ROUNDS = 5
COLD_START = """
import time, sys
start = time.perf_counter()
from goemotions import EmotionClassifier
EmotionClassifier().predict(["I can't believe how amazing that was!"])
print(time.perf_counter() - start)
"""


class Roberta:
    """The baseline, with the same tokenizer loop as ours; token ids of ours are within its larger vocabulary."""

    def __init__(self, path: Path, max_length: int, batch_size: int) -> None:
        self.tokenizer = TextTokenizer(find_model("compact") / "tokenizer.json")
        self.session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        self.max_length, self.batch_size = max_length, batch_size

    def __call__(self, texts: list[str]) -> None:
        ids = self.tokenizer.pieces(texts, self.max_length).ids
        for rows in batches_by_length(ids, self.batch_size):
            input_ids, mask = pad([ids[row] for row in rows])
            self.session.run(None, {"input_ids": input_ids.astype(np.int64), "attention_mask": mask.astype(np.int64)})


def seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def latency(predict: Callable[[list[str]], Any], texts: list[str]) -> dict[str, float]:
    """Milliseconds for one text at a time."""
    times = sorted(seconds(lambda text=text: predict([text])) * 1e3 for text in texts)
    return {"p50_ms": round(statistics.median(times), 3), "p95_ms": round(times[int(len(times) * 0.95)], 3)}


def cold_start() -> dict[str, float]:
    """A new process each time: the import to the first result, and the whole process with its peak memory."""
    inside, whole, memory = [], [], []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        process = subprocess.Popen([sys.executable, "-c", COLD_START], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        inside.append(float(process.stdout.read()))
        _, _, usage = os.wait4(process.pid, 0)
        whole.append(time.perf_counter() - start)
        memory.append(usage.ru_maxrss / 1024)
    return {
        "import_to_first_result_s": round(statistics.median(inside), 3),
        "process_s": round(statistics.median(whole), 3),
        "peak_memory_mb": round(statistics.median(memory), 1),
    }


def throughput_memory(data: Path) -> float:
    """Peak memory in MB of a new process that scores the whole split."""
    code = (
        "import sys; from pathlib import Path; from goemotions import EmotionClassifier\n"
        "from goemotions.data.corpus import read_split\n"
        "EmotionClassifier().predict(read_split(Path(sys.argv[1])).texts)"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(data / "test.tsv")])
    _, _, usage = os.wait4(process.pid, 0)
    return round(usage.ru_maxrss / 1024, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with the official test.tsv")
    data = parser.parse_args().data
    texts = list(dict.fromkeys(read_split(data / "test.tsv").texts))
    start = cold_start()
    compact = EmotionClassifier()
    with tempfile.TemporaryDirectory() as folder:
        roberta = Roberta(write_roberta(Path(folder)), compact.config.max_length, batch_size=32)
        times: dict[str, list[float]] = {"compact": [], "roberta": []}
        for _ in range(ROUNDS):
            times["compact"].append(seconds(lambda: compact.predict(texts)))
            times["roberta"].append(seconds(lambda: roberta(texts)))
        one = texts[:300]
        figures = {
            "texts": len(texts),
            "compact": {
                "texts_per_s": round(len(texts) / statistics.median(times["compact"])),
                "one_text": latency(compact.predict, one),
                "cold_start": start,
                "peak_memory_scoring_mb": throughput_memory(data),
            },
            "roberta_base_int8": {
                "texts_per_s": round(len(texts) / statistics.median(times["roberta"])),
                "one_text": latency(roberta, one),
            },
            "ratio": round(
                statistics.median(r / c for r, c in zip(times["roberta"], times["compact"], strict=True)), 2
            ),
        }
    machine.write("compact_speed", figures)


if __name__ == "__main__":
    main()
