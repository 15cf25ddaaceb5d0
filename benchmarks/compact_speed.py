"""Speed of ``compact`` and ``multilingual`` beside a RoBERTa-base-shaped 8-bit ONNX model, in one run on one machine.

All score the same distinct texts (the official test split) with the same number of threads, length-sorted: the
baseline with the tokenizer of ``compact`` in padded batches of 32, as its graph needs. They take turns, so that a
machine whose speed drifts does not favour one. Run from the repository: ``python benchmarks/compact_speed.py --data
DIR``, or with GOEMOTIONS_DATA set.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import harness
import numpy as np
import numpy.typing as npt
import onnxruntime
from roberta_baseline import write_roberta

from goemotions import EmotionClassifier
from goemotions.architectures.tokens import TextTokenizer
from goemotions.catalog import find_model
from goemotions.data.corpus import read_split

MODELS = ("compact", "multilingual")
BASELINE = "roberta_base_int8"
ROUNDS = 5
# Peak memory is read inside the new process: what its parent sees counts the parent's own memory at the fork.
REPORT = """
import json, re
from pathlib import Path
status = Path("/proc/self/status")
peak = int(re.search(r"VmHWM:\\s+(\\d+)", status.read_text())[1]) / 1024 if status.exists() else None
print(json.dumps([seconds, peak]))
"""
COLD_START = """
import sys, time
start = time.perf_counter()
from goemotions import EmotionClassifier
EmotionClassifier(sys.argv[1]).predict(["I can't believe how amazing that was!"])
seconds = time.perf_counter() - start
"""
SCORE_ALL = """
import sys
from pathlib import Path
from goemotions import EmotionClassifier
from goemotions.data.corpus import read_split
EmotionClassifier(sys.argv[1]).predict(read_split(Path(sys.argv[2])).texts)
seconds = None
"""


class Roberta:
    """The baseline, with the same tokenizer loop as ours; token ids of ours are within its larger vocabulary."""

    def __init__(self, path: Path, max_length: int, batch_size: int) -> None:
        self.tokenizer = TextTokenizer(find_model("compact") / "tokenizer.json")
        self.session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        self.max_length, self.batch_size = max_length, batch_size

    def __call__(self, texts: list[str]) -> None:
        ids = self.tokenizer.pieces(texts, self.max_length).ids
        ids.sort(key=len, reverse=True)
        for start in range(0, len(ids), self.batch_size):
            self.session.run(None, pad(ids[start : start + self.batch_size]))


def pad(ids: list[list[int]]) -> dict[str, npt.NDArray[np.int64]]:
    """Return the baseline's inputs, int64 [n, longest] each."""
    mask = np.zeros((len(ids), max(map(len, ids))), dtype=np.int64)
    padded = mask.copy()
    for row, tokens in enumerate(ids):
        padded[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
    return {"input_ids": padded, "attention_mask": mask}


def seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def latency(predict: Callable[[list[str]], Any], texts: list[str]) -> dict[str, float]:
    """Return milliseconds for one text at a time."""
    times = sorted(seconds(partial(predict, [text])) * 1e3 for text in texts)
    return {"p50_ms": round(statistics.median(times), 3), "p95_ms": round(times[int(len(times) * 0.95)], 3)}


def new_process(code: str, *arguments: str) -> tuple[float, float]:
    """Run ``code`` in a new process; return what it measured, and its peak memory in MB."""
    done = subprocess.run([sys.executable, "-c", code + REPORT, *arguments], capture_output=True, check=True)
    measured, peak = json.loads(done.stdout)
    return measured, peak


def cold_start(model: str) -> dict[str, float]:
    """Measure the time from import to the first result, and of the whole process."""
    inside, whole, memory = [], [], []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        measured, peak = new_process(COLD_START, model)
        whole.append(time.perf_counter() - start)
        inside.append(measured)
        memory.append(peak)
    return {
        "import_to_first_result_s": round(statistics.median(inside), 3),
        "process_s": round(statistics.median(whole), 3),
        "peak_memory_mb": round(statistics.median(memory)),
    }


def in_turns(ways: dict[str, Callable[[list[str]], Any]], texts: list[str]) -> dict[str, list[float]]:
    """Return the seconds that each way takes for all texts, a figure per round."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            times[name].append(seconds(partial(way, texts)))
    return times


def main() -> None:
    test = harness.official_data(__doc__) / "test.tsv"
    texts = list(dict.fromkeys(read_split(test).texts))
    starts = {name: cold_start(name) for name in MODELS}
    models = {name: EmotionClassifier(name) for name in MODELS}
    with tempfile.TemporaryDirectory() as folder:
        length = int(models["compact"].config.raw["max_length"])
        roberta = Roberta(write_roberta(Path(folder)), length, batch_size=32)
        ways: dict[str, Callable[[list[str]], Any]] = {name: model.predict for name, model in models.items()}
        ways[BASELINE] = roberta
        times = in_turns(ways, texts)
        figures: dict[str, Any] = {"texts": len(texts)}
        for name, way in ways.items():
            ratios = [r / own for r, own in zip(times[BASELINE], times[name], strict=True)]
            figures[name] = {
                "texts_per_s": round(len(texts) / statistics.median(times[name])),
                "times_the_baseline": round(statistics.median(ratios), 2),
                "one_text": latency(way, texts[:300]),
            }
    for name in MODELS:
        figures[name]["cold_start"] = starts[name]
        figures[name]["peak_memory_scoring_mb"] = round(new_process(SCORE_ALL, name, str(test))[1])
        figures[name]["graph_mb"] = round((find_model(name) / "model.onnx").stat().st_size / 1e6, 1)
    harness.write("compact_speed", figures)


if __name__ == "__main__":
    main()
