"""Load on ``goemotions serve`` over loopback, beside ``predict`` in process; the client shares the machine's cores.

Texts a second at 16 texts a request and at one, in turns with ``predict`` of all texts at once, which sorts them by
length; the time from when a request is due to its answer at half that load; four times the load. Every answer is
compared with the library's. Run from the repository: ``python benchmarks/serve_load.py --data DIR``.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import harness
from http_client import Client, closed_loop, open_loop

from goemotions import EmotionClassifier
from goemotions.data.corpus import read_split

ROUNDS = 3
SECONDS = 6
CONNECTIONS = {1: 128, 16: 16}
PATH = "/v1/emotions"
TOLERANCE = 2e-3


@contextmanager
def server(*options: str) -> Iterator[tuple[str, int]]:
    """Run ``goemotions serve`` on a free port; yield its address and process id."""
    command = [sys.executable, "-m", "goemotions", "serve", "--port", "0", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        found = re.search(r"http://(\S+):(\d+)", process.stderr.readline())
        assert found is not None
        url = found[0]
        for _ in range(600):
            with socket.socket() as probe:  # it takes connections when its model is warm
                if probe.connect_ex((found[1], int(found[2]))) == 0:
                    break
            time.sleep(0.1)
        try:
            yield url, process.pid
        finally:
            process.terminate()
            process.stderr.read()


def requests_of(texts: list[str], size: int) -> list[list[str]]:
    return [texts[start : start + size] for start in range(0, len(texts) - size + 1, size)]


def encode(texts: list[str]) -> bytes:
    return json.dumps({"texts": texts}).encode()


class Http:
    """Run closed loops of requests, and check that every answer is the library's."""

    def __init__(self, url: str, expected: dict[str, dict[str, float]], thresholds: dict[str, float]) -> None:
        self.url = url
        self.expected = expected
        self.thresholds = thresholds

    def texts_per_second(self, requests: list[list[str]], connections: int) -> float:
        bodies = [encode(request) for request in requests]
        answers: list[bytes] = [b""] * len(requests)

        async def send(client: Client, number: int) -> None:
            reply = await client.post(PATH, bodies[number])
            assert reply.status == 200, reply.body
            answers[number] = reply.body

        seconds = asyncio.run(closed_loop(self.url, connections, len(requests), send))
        for request, answer in zip(requests, answers, strict=True):
            self.check(request, answer)
        return sum(map(len, requests)) / seconds

    def check(self, texts: list[str], answer: bytes) -> None:
        for text, result in zip(texts, json.loads(answer)["results"], strict=True):
            found = {item["label"]: item["score"] for item in result["emotions"]}
            for label, probability in self.expected[text].items():
                near = abs(probability - self.thresholds[label]) <= TOLERANCE
                assert near or (label in found) == (probability >= self.thresholds[label]), (text, label)
                assert label not in found or abs(found[label] - probability) <= TOLERANCE, (text, label)

    def latency(self, requests: list[list[str]], rate: float) -> dict[str, float]:
        """Measure milliseconds at a steady rate of requests."""
        bodies = [encode(request) for request in requests]
        seconds, statuses = asyncio.run(open_loop(self.url, rate, int(rate * SECONDS), PATH, bodies))
        assert set(statuses) == {200}
        percentiles = statistics.quantiles(seconds, n=100)
        return {
            "requests_per_s": round(rate, 1),
            "p50_ms": round(percentiles[49] * 1e3, 1),
            "p99_ms": round(percentiles[98] * 1e3, 1),
        }

    def overload(self, requests: list[list[str]], rate: float, pid: int) -> dict[str, Any]:
        """Measure a steady rate beyond what can be computed."""
        bodies = [encode(request) for request in requests]
        memory: list[float] = []

        async def watched() -> tuple[list[float], list[int]]:
            watch = asyncio.create_task(watch_memory(pid, memory))
            found = await open_loop(self.url, rate, int(rate * SECONDS), PATH, bodies)
            watch.cancel()
            return found

        _, statuses = asyncio.run(watched())
        assert set(statuses) <= {200, 429}, set(statuses)
        quarter = len(memory) // 4
        return {
            "requests_per_s": round(rate, 1),
            "answered": statuses.count(200),
            "refused_429": statuses.count(429),
            "memory_mb": {"after_a_quarter": round(memory[quarter]), "at_the_end": round(memory[-1])},
        }


async def watch_memory(pid: int, memory: list[float]) -> None:
    status = Path(f"/proc/{pid}/status")
    while True:
        found = re.search(r"VmRSS:\s+(\d+)", status.read_text())
        memory.append(int(found[1]) / 1024 if found else 0.0)
        await asyncio.sleep(0.1)


def main() -> None:
    data = harness.official_data(__doc__)
    texts = list(dict.fromkeys(read_split(data / "test.tsv").texts))
    classifier = EmotionClassifier()
    rows = classifier.predict_proba(texts).tolist()
    expected = {text: dict(zip(classifier.labels, row, strict=True)) for text, row in zip(texts, rows, strict=True)}
    rates: dict[str, list[float]] = {"predict": [], "http_16": [], "http_1": []}
    sixteen, single = requests_of(texts, 16), requests_of(texts[:2500], 1)
    with server() as (url, pid):
        http = Http(url, expected, classifier.thresholds)
        http.texts_per_second(sixteen[:100], 16)  # buffers of every shape
        for _ in range(ROUNDS):
            start = time.perf_counter()
            classifier.predict(texts)
            rates["predict"].append(len(texts) / (time.perf_counter() - start))
            rates["http_16"].append(http.texts_per_second(sixteen, CONNECTIONS[16]))
            rates["http_1"].append(http.texts_per_second(single, CONNECTIONS[1]))
        middle = {name: statistics.median(found) for name, found in rates.items()}
        figures = {
            "texts": len(texts),
            "texts_per_s": {name: round(rate) for name, rate in middle.items()},
            "share_of_predict": {
                name: round(statistics.median(h / p for h, p in zip(rates[name], rates["predict"], strict=True)), 3)
                for name in ("http_16", "http_1")
            },
            "rounds": {name: [round(rate) for rate in found] for name, found in rates.items()},
            "at_half_load": {
                "16_texts": http.latency(sixteen, middle["http_16"] / 16 / 2),
                "1_text": http.latency(single, middle["http_1"] / 2),
            },
            "at_4_times_load": http.overload(sixteen, middle["http_16"] / 16 * 4, pid),
        }
        http.texts_per_second(sixteen[:100], 16)  # and it answers as before
    harness.write("serve_load", figures)


if __name__ == "__main__":
    main()
