"""Many requests at once: right answers, a bounded queue, an orderly stop, a worker that comes back."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import psutil
import pytest
from http_client import Client, LostError, RefusedError, Reply, closed_loop
from running import Server, serving
from server_texts import LONG

from goemotions import LABELS, EmotionClassifier

TOLERANCE = 2e-3
WORDS = "I you love hate this that so much never thank sorry why what wow great awful 😀 train home because".split()


def some_texts(number: int, seed: int = 1) -> list[str]:
    """Texts of very different lengths."""
    draw = random.Random(seed)
    return [
        " ".join(draw.choices(WORDS, k=draw.choice((0, 1, 3, 6, 8, 12, 15, 20, 25, 120)))) + f" {i}"
        for i in range(number)
    ]


class Checked:
    """Sends mixed requests and compares each answer with the library's."""

    def __init__(self, classifier: EmotionClassifier, texts: list[str]) -> None:
        self.texts = texts
        thresholds = classifier.thresholds
        cuts = [[thresholds[label], thresholds.beside.get(label, thresholds[label])] for label in LABELS]
        rows = classifier.predict_proba(texts)
        # A text near a threshold may be decided either way.
        clear = (np.abs(rows[:, :, None] - np.array(cuts)) > TOLERANCE).all((1, 2))
        given = classifier.predict(texts)
        self.given = {t: set(labels) for t, labels, sure in zip(texts, given, clear, strict=True) if sure}
        assert len(self.given) > 0.8 * len(texts)
        self.probabilities = {
            t: dict(zip(LABELS, row.tolist(), strict=True)) for t, row in zip(texts, rows, strict=True)
        }
        self.statuses: list[int] = []
        self.worst = 0.0

    async def send(self, client: Client, number: int) -> None:
        draw = random.Random(number)
        texts = draw.choices(self.texts, k=draw.choice((1, 1, 1, 2, 5, 16, 32)))
        path = draw.choice(("/", "/predict", "/v1/emotions"))
        key = "texts" if path == "/v1/emotions" else "inputs"
        extra = {"truncate": True} if path == "/predict" else {}
        reply = await client.post(path, json.dumps({key: texts, **extra}).encode())
        self.statuses.append(reply.status)
        if reply.status == 200:
            ranked = [r["emotions"] for r in reply.json["results"]] if key == "texts" else reply.json
            for text, labels in zip(texts, ranked, strict=True):
                self.compare(text, {item["label"]: item["score"] for item in labels}, whole=key == "inputs")
        else:
            assert reply.status == 429, reply.body
            assert b"retry-after: " in reply.head.lower()

    def compare(self, text: str, found: dict[str, float], whole: bool) -> None:
        for label, probability in self.probabilities[text].items():
            if label in found:
                self.worst = max(self.worst, abs(found[label] - probability))
            if label in found or whole:
                assert abs(found[label] - probability) <= TOLERANCE, (text, label)
        if not whole and text in self.given:
            assert set(found) == self.given[text], text


@pytest.mark.parametrize("requests", [150, pytest.param(10_000, marks=pytest.mark.slow)])
def test_answers_under_concurrency_are_the_librarys(classifier: EmotionClassifier, requests: int) -> None:
    checked = Checked(classifier, some_texts(500))
    with serving() as running:
        asyncio.run(closed_loop(running.url, 32, requests, checked.send))
    assert checked.statuses == [200] * requests
    print(f"{requests} requests, largest difference {checked.worst:.1e}")


@pytest.mark.parametrize("requests", [500, pytest.param(8000, marks=pytest.mark.slow)])
def test_overload(classifier: EmotionClassifier, requests: int) -> None:
    """Far more than the queue takes: what is accepted is answered right, the rest 429, memory is flat."""
    checked = Checked(classifier, some_texts(300))
    memory = []

    async def send(client: Client, number: int) -> None:
        if number % 50 == 0:
            memory.append(psutil.Process(running.process.pid).memory_info().rss / 1e6)
        await checked.send(client, number)

    with serving("--max-queue", 64, "--max-texts", 64) as running:
        running.post("/v1/emotions", {"texts": some_texts(64)})  # what tells languages is loaded at the first long text
        asyncio.run(closed_loop(running.url, 64, requests, send))
        assert running.get("/ready").status == 200
        assert "goemotions_waiting_texts 0.0" in running.get("/metrics").body.decode()
    refused = checked.statuses.count(429)
    assert 0 < refused < requests
    assert max(memory) < 400
    if requests >= 8000:  # until then the buffers of every shape are still being allocated
        assert memory[-1] - memory[len(memory) // 2] < 20
    print(f"{refused} of {requests} refused, memory {memory[0]:.0f} to {memory[-1]:.0f} MB")


@pytest.mark.parametrize("options", [(), ("--workers", 2)], ids=["one process", "two workers"])
def test_a_signal_to_stop_loses_no_accepted_request(options: tuple[object, ...]) -> None:
    body = json.dumps({"texts": ["Thank you so much!", "What a mess."]}).encode()
    replies: list[Reply] = []
    lost: list[LostError] = []

    async def work(url: str) -> None:
        client = Client.to(url)
        while True:
            try:
                replies.append(await client.post("/v1/emotions", body))
            except RefusedError:
                return
            except LostError as error:
                if error.accepted:
                    lost.append(error)

    async def load() -> int:
        workers = [asyncio.create_task(work(running.url)) for _ in range(24)]
        await asyncio.sleep(1.5)
        running.process.send_signal(signal.SIGTERM)
        await asyncio.gather(*workers)
        return await asyncio.to_thread(running.process.wait, 30)

    with serving(*options) as running:
        wait_for(lambda: running.log().count("startup complete") == (2 if options else 1))
        assert asyncio.run(load()) == 0
        assert lost == []
        assert len(replies) > 2 * 24
        assert {reply.status for reply in replies} == {200}
        assert all(len(reply.json["results"]) == 2 for reply in replies)


def test_a_killed_worker_comes_back() -> None:
    with serving("--workers", 2) as running:
        parent = psutil.Process(running.process.pid)
        before = worker_pids(parent)
        assert len(before) == 2
        os.kill(min(before), signal.SIGKILL)
        wait_for(lambda: len(worker_pids(parent)) == 2 and min(before) not in worker_pids(parent))
        for _ in range(20):
            assert running.post("/", {"inputs": "Thank you!"}).status == 200
        figures = running.get("/metrics").body.decode()
        assert 'goemotions_requests_total{path="/",status="200"} 20.0' in figures  # of all workers


def worker_pids(parent: psutil.Process) -> set[int]:
    """Those that serve: multiprocessing's resource tracker is none, nor is one that has just died."""
    found = set()
    for child in parent.children():
        with contextlib.suppress(psutil.Error):
            if any("spawn_main" in part for part in child.cmdline()):
                found.add(child.pid)
    return found


def wait_for(condition: Callable[[], Any], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def busy(server: Server) -> list[asyncio.Task[Reply]]:
    """Keep every slot of a server computing for some seconds, longer on a machine that is busy."""
    body = json.dumps({"texts": [LONG] * 30, "long_text": "windows"}).encode()
    return [asyncio.create_task(Client.to(server.url).post("/v1/emotions", body)) for _ in range(4)]


def test_a_deadline() -> None:
    async def late() -> list[Reply]:
        first: list[asyncio.Task[Reply]] = busy(running)
        replies: list[asyncio.Task[Reply]] = []
        for _ in range(4):  # on a busy machine the long texts themselves may be late, and these in time
            await asyncio.sleep(0.3)
            replies.append(asyncio.create_task(Client.to(running.url).post("/", b'{"inputs": "hello"}')))
        return await asyncio.gather(*first, *replies)

    with serving("--deadline", 0.5, "--max-batch-tokens", 1_000_000) as running:
        refused = [reply for reply in asyncio.run(late()) if reply.status == 504]
        assert refused
        assert "--deadline" in refused[0].json["error"]
        wait_for(lambda: "goemotions_waiting_texts 0.0" in running.get("/metrics").body.decode())
        assert running.post("/", {"inputs": "hello"}).status == 200


def test_a_client_that_went_away_is_not_computed_for() -> None:
    async def leave() -> None:
        first = busy(running)
        await asyncio.sleep(0.3)
        body = json.dumps({"texts": some_texts(200)}).encode()
        gone = [asyncio.create_task(Client.to(running.url).post("/v1/emotions", body)) for _ in range(5)]
        await asyncio.sleep(0.3)
        for task in gone:
            task.cancel()
        await asyncio.gather(*first)

    with serving() as running:
        asyncio.run(leave())
        wait_for(lambda: "goemotions_waiting_texts 0.0" in running.get("/metrics").body.decode())
        figures = running.get("/metrics").body.decode()
    texts = float(next(line for line in figures.splitlines() if line.startswith("goemotions_texts_total")).split()[1])
    assert texts < 1000


def test_batches_are_joined_as_they_were_prepared(classifier: EmotionClassifier) -> None:
    """Prepared alone or together, cut or in windows, texts have the same logits."""
    from goemotions.architectures.prepared import join

    texts = [*some_texts(20), LONG]
    parts = [classifier.prepare([text], long_text="windows") for text in texts]
    assert [int(part.costs.sum()) for part in parts] == join(parts).costs.tolist()
    together = classifier.compute(join(parts)).logits
    expected = classifier.score(texts, long_text="windows").logits
    assert np.abs(together - expected).max() <= 1e-4
    chosen = np.array([20, 3, 7])
    assert np.abs(classifier.compute(join(parts).select(chosen)).logits - expected[chosen]).max() <= 1e-4
    assert classifier.compute(classifier.prepare([LONG])).truncated.tolist() == [True]
