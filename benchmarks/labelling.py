"""Are texts that ``goemotions label --order uncertain`` chooses worth more than random ones?

For each of several draws of 1,000 texts from BRIGHTER's English train part the command is started, and a scripted
client, which knows the answers, labels 200 texts on its page. A model fitted on the first 50, 100 and 200 answers is
compared with one fitted on as many texts drawn at random from the same 1,000, on BRIGHTER's test part. So are the
figures that the page showed. Run:

    python benchmarks/labelling.py --data DIR

DIR has the folder ``brighter``, as its publishers name the files. The way of choosing was found on other corpora
(``docs/experiments.md``).
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from csv import writer
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
from few_shot_rows import brighter, rows_of
from few_shot_ways import Corpus, corpus, of_fit
from harness import RESULTS, commit, processor

FILE_TEXTS, ANSWERS, SIZES = 1000, 200, (50, 100, 200)
WAYS = ("chosen", "random")
T_OF = {5: 2.776, 10: 2.262, 20: 2.093}
"""Of Student's distribution, by the number of draws: two-sided, 95 %."""
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Labelled:
    """One labelling.

    Attributes:
        rows: of the corpus, in the order in which they were answered.
        measured: the figures that the page showed, by the number of answers.
        slowest: seconds of the slowest answer, the one that a fit follows.
    """

    rows: Rows
    measured: Mapping[int, Mapping[str, Any]]
    slowest: float


def label(one: Corpus, rows: Rows, folder: Path) -> Labelled:
    """Label texts on the page, as a program."""
    file = folder / "posts.csv"
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer(stream).writerows([["text"], *([one.rows.texts[row]] for row in rows)])
    command = [sys.executable, "-m", "goemotions", "label", str(file), "--labels", ",".join(one.rows.labels)]
    command += ["--order", "uncertain", "--port", "0"]
    with subprocess.Popen(
        [*command, "--output", str(folder / "labelled.csv")], stderr=subprocess.PIPE, text=True
    ) as run:
        try:
            assert run.stderr is not None
            return answer_all(one, rows, address(run.stderr))
        finally:
            run.terminate()


def address(said: IO[str]) -> str:
    """Return where the page is, once the command says it."""
    for line in said:
        if found := re.search(r"serving on (http://\S+)", line):
            return found[1]
    raise RuntimeError("the command ended without a page")


def answer_all(one: Corpus, rows: Rows, url: str) -> Labelled:
    state = post(url, "/open", {"token": ""})
    token, order, slowest = state["token"], [], 0.0
    for _ in range(ANSWERS):
        row = state["at_hand"]["row"]
        place = int(rows[row - 1])
        labels = [label for label, has in zip(one.rows.labels, one.rows.targets[place], strict=True) if has]
        begun = time.perf_counter()
        state = post(url, "/answer", {"token": token, "row": row, "labels": labels})
        slowest = max(slowest, time.perf_counter() - begun)
        order.append(place)
    measured = {found["answers"]: found for found in state["progress"]["measured"]}
    return Labelled(np.array(order), measured, slowest)


def post(url: str, path: str, content: Mapping[str, Any]) -> Any:
    request = urllib.request.Request(url + path, json.dumps(content).encode(), {"Content-Type": "application/json"})
    for _ in range(100):  # the page is there a moment after the command says where
        try:
            with urllib.request.urlopen(request) as response:
                return json.load(response)
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError):
                raise
            time.sleep(0.1)
    raise RuntimeError(f"{url} does not answer")


def paired(chosen: Sequence[float], random: Sequence[float]) -> dict[str, float]:
    """Return means, and their difference with the 95 % interval of its mean over draws."""
    apart = np.subtract(chosen, random)
    spread = float(T_OF[len(apart)] * apart.std(ddof=1) / np.sqrt(len(apart))) if len(apart) in T_OF else float("nan")
    values = {
        "chosen": float(np.mean(chosen)),
        "random": float(np.mean(random)),
        "difference": float(apart.mean()),
        "low": float(apart.mean()) - spread,
        "high": float(apart.mean()) + spread,
        "better": float((apart > 0).mean()),
    }
    return {name: round(value, 4) for name, value in values.items()}


def of_page(drawn: Sequence[Labelled], fresh: Mapping[int, Sequence[float]]) -> dict[str, Any]:
    """Return the figures of the page, and how often their intervals hold what the test part gives."""
    found: dict[str, Any] = {}
    for size in SIZES:
        for name in ("left_out", "aside"):
            figures = [one.measured[size][name] for one in drawn]
            pairs = [(said, true) for said, true in zip(figures, fresh[size], strict=True) if said is not None]
            if pairs:
                found[f"{name}, {size} answers"] = {
                    "mean": round(float(np.mean([said["value"] for said, _ in pairs])), 4),
                    "width": round(float(np.mean([said["high"] - said["low"] for said, _ in pairs])), 4),
                    "within": round(float(np.mean([said["low"] <= true <= said["high"] for said, true in pairs])), 4),
                }
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--output", type=Path, default=RESULTS / "labelling.json")
    given = parser.parse_args()
    folder = given.data / "brighter"
    parts = [brighter(folder / f"eng-{part}.csv") for part in ("train", "test")]
    one = corpus(rows_of("BRIGHTER eng", True, "brighter", *parts), "compact")
    drawn: list[Labelled] = []
    ways: dict[str, dict[int, list[dict[str, float]]]] = {way: {size: [] for size in SIZES} for way in WAYS}
    for draw in range(given.draws):
        rows = np.random.default_rng(draw).permutation(len(one.rows.texts))[:FILE_TEXTS]
        with tempfile.TemporaryDirectory() as made:
            drawn.append(label(one, rows, Path(made)))
        for size in SIZES:
            for way, chosen in zip(WAYS, (drawn[-1].rows[:size], rows[:size]), strict=True):
                ways[way][size].append(of_fit(one, chosen, own=False))
            print(draw, size, *(f"{way} {ways[way][size][-1]['macro_f1']:.3f}" for way in WAYS), flush=True)
    figures = {
        f"{name}, {size} answers": paired(*([found[name] for found in ways[way][size]] for way in WAYS))
        for size in SIZES
        for name in ("macro_f1", "mAP", "calibration_error")
    }
    fresh = {size: [found["macro_f1"] for found in ways[WAYS[0]][size]] for size in SIZES}
    results = {
        "machine": processor(),
        "commit": commit(),
        "draws": given.draws,
        "texts": FILE_TEXTS,
        "test_texts": len(one.rows.test_texts),
        "figures": figures,
        "page": of_page(drawn, fresh),
        "slowest_answer_seconds": round(max(one.slowest for one in drawn), 3),
    }
    given.output.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
