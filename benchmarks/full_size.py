"""The 24B at full size, all 40 layers, on a CPU or a GPU: random weights with Mistral-Small-3.1-24B's exact shapes.

Writes a checkpoint of 11 GB (12 for a GPU) to a temporary folder (``--folder`` says where), which is removed
afterwards. Every scenario runs in a process of its own, so that its peak of memory is its own. Products alone, by which
speeds are judged, are timed in the same run; so is the published route: at two layers of full width on a CPU, at all on
a GPU. What a machine has no room for is said in its place.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import harness
import torch
from published_speed import LAYERS as PUBLISHED_LAYERS
from published_speed import compare, ours
from random_base import text_config, write_random_base

from goemotions.architectures.head import Head, new_head
from goemotions.decoder.config import LIVE, from_transformers
from goemotions.decoder.model import SingleTokenDecoder
from goemotions.errors import GoEmotionsError

LAYERS, EMBED, LABELS = 40, 512, 28
CONFIG = from_transformers(text_config(LAYERS))


def peak_memory(device: str) -> dict[str, float]:
    """Return GB: of the process, files mapped into it counted; of the GPU, where there is one."""
    peak = {"peak_resident_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9, 2)}
    if device == "cuda":
        peak["peak_gpu_gb"] = round(torch.cuda.max_memory_allocated() / 1e9, 2)
    return peak


def random_texts(count: int) -> tuple[Head, torch.Tensor]:
    torch.manual_seed(0)
    head = new_head(EMBED, CONFIG.hidden_size, LABELS)
    return head, torch.nn.functional.normalize(torch.randn(count, EMBED))


def classify(decoder: SingleTokenDecoder, head: Head, embeddings: torch.Tensor) -> tuple[torch.Tensor, float]:
    """Return probabilities, and seconds."""
    head.to(decoder.plan.device)
    start = time.perf_counter()
    with torch.inference_mode():
        logits = [
            head.classifier(decoder(head.projection(rows.to(decoder.plan.device)))).cpu()
            for rows in torch.split(embeddings, decoder.plan.pass_rows)
        ]
    return torch.sigmoid(torch.cat(logits)), time.perf_counter() - start


def passes(folder: Path, device: str, texts: list[int], max_memory: int | None) -> dict[str, Any]:
    """Measure texts per second by number of texts; the first call of each size, which reads the disk, is left out."""
    decoder = ours(folder, LAYERS, device=device, max_memory=max_memory)
    head, embeddings = random_texts(max(texts))
    figures: dict[str, Any] = {"plan": decoder.plan.why}
    if device == "cpu":  # so that the codes are in the page cache, as they are after the first pass
        first = classify(decoder, head, embeddings[: decoder.plan.fused_rows + 1])[1]
        figures["first_pass_s"] = round(first, 1)
    for count in texts:
        runs = 1 if device == "cpu" else 3
        if device == "cuda":
            classify(decoder, head, embeddings[:count])
        seconds = min(classify(decoder, head, embeddings[:count])[1] for _ in range(runs))
        figures[f"{count} texts"] = {"s": round(seconds, 3), "texts_per_s": round(count / seconds, 2)}
    return figures | peak_memory(device)


def one_text(folder: Path, device: str) -> dict[str, Any]:
    """Measure one text per call: the first, without 4-bit kernels; the second, which prepares codes; then warm."""
    decoder = ours(folder, LAYERS, device=device)
    head, embeddings = random_texts(1)
    times = [classify(decoder, head, embeddings)[1] for _ in range(8)]
    names = ("first_s", "second_s", "warm_s")
    return dict(zip(names, (round(t, 3) for t in (times[0], times[1], min(times[2:]))), strict=True)) | peak_memory(
        device
    )


def plans(folder: Path, device: str) -> dict[str, Any]:
    """Measure how far 200 probabilities are apart by plan."""
    head, embeddings = random_texts(200)
    large = classify(ours(folder, LAYERS, device=device), head, embeddings)[0]
    limited = classify(ours(folder, LAYERS, device=device, max_memory=4_000_000_000), head, embeddings)[0]
    small = ours(folder, LAYERS, device=device)
    kernels = torch.cat([classify(small, head, rows)[0] for rows in torch.split(embeddings, 40)])
    return {
        "max |Δp| streamed": float((limited - large).abs().max()),
        "max |Δp| 40 at a time, through 4-bit kernels": float((kernels - large).abs().max()),
        "spread": float(large.std(dim=0).mean()),
    }


def products_alone(device: str, rows: int) -> dict[str, Any]:
    """Measure the seconds that the bfloat16 matrix products of one layer take by themselves, and what rate that is."""
    seconds, operations = 0.0, 0
    for name in LIVE:
        out, into = CONFIG.shape(name)
        into //= CONFIG.queries_per_kv if name == "o_proj" else 1
        w, x = torch.randn(out, into, device=device).bfloat16(), torch.randn(rows, into, device=device).bfloat16()
        seconds += best(partial(torch.nn.functional.linear, x, w), device)
        operations += 2 * rows * out * into
    return {"rows": rows, "layer_s": round(seconds, 4), "tflops": round(operations / seconds / 1e12, 3)}


def best(run: Callable[[], object], device: str, runs: int = 3) -> float:
    times = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        run()
        if device == "cuda":
            torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return min(times[1:])


def scenario(name: str, folder: Path, device: str, texts: list[int]) -> dict[str, Any]:
    on_gpu = device == "cuda"
    run: Callable[[], dict[str, Any]] = {
        "pass": lambda: passes(folder, device, texts, None),
        "limit 13 GB": lambda: passes(folder, device, [1, *texts], 13_000_000_000),
        "limit 4 GB": lambda: passes(folder, device, [64], 4_000_000_000),
        "one text": lambda: one_text(folder, device),
        "plans": lambda: plans(folder, device),
        "products alone": lambda: products_alone(device, min(max(texts), 8192 if on_gpu else 1024)),
        "published route": lambda: compare(
            [1, 16, 64], device, folder if on_gpu else None, LAYERS if on_gpu else PUBLISHED_LAYERS
        ),
    }[name]
    try:
        return run()
    except (GoEmotionsError, torch.OutOfMemoryError) as error:
        return {"does not fit": str(error).splitlines()[0]}


SCENARIOS = ("products alone", "pass", "one text", "limit 13 GB", "limit 4 GB", "plans", "published route")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--texts", type=int, nargs="+", help="default: 4096 on a CPU; 64, 1024 and 8192 on a GPU")
    parser.add_argument(
        "--folder", type=Path, help="where 11 GB are free (GPU: 12); default: the system's temporary folder"
    )
    parser.add_argument("--scenarios", nargs="+", choices=SCENARIOS, help="default: all; on a CPU without limit 13 GB")
    parser.add_argument("--run", choices=SCENARIOS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    texts = given.texts or ([4096] if given.device == "cpu" else [64, 1024, 8192])
    if given.run:
        print(json.dumps(scenario(given.run, given.folder, given.device, texts)))
        return
    on_gpu = given.device == "cuda"
    figures: dict[str, Any] = {"gpu": torch.cuda.get_device_name()} if on_gpu else {}
    with tempfile.TemporaryDirectory(dir=given.folder) as temporary:
        folder = Path(temporary) / "base"
        start = time.perf_counter()
        size = write_random_base(folder, LAYERS, whole=on_gpu)
        figures["checkpoint"] = {"gb": round(size / 1e9, 2), "written_s": round(time.perf_counter() - start)}
        for name in given.scenarios or [name for name in SCENARIOS if on_gpu or name != "limit 13 GB"]:
            command = [sys.executable, __file__, "--run", name, "--folder", folder, "--device", given.device, "--texts"]
            done = subprocess.run([*command, *map(str, texts)], stdout=subprocess.PIPE, text=True, check=True)
            figures[name] = json.loads(done.stdout.splitlines()[-1])
            print(name, figures[name], file=sys.stderr, flush=True)
    alone, found = figures.get("products alone", {}), figures.get("pass", {})
    for count in texts:
        if "layer_s" in alone and f"{count} texts" in found:
            floor = alone["layer_s"] * LAYERS * count / alone["rows"]
            found[f"{count} texts"]["share_of_products_alone"] = round(floor / found[f"{count} texts"]["s"], 3)
    harness.write(f"full_size_{given.device}", figures)


if __name__ == "__main__":
    main()
