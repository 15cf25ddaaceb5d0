"""The layer of ``examples/aws_lambda``: its size, and the time from the start of Python to the handler's first answer.

Writes ``benchmarks/results/aws_lambda.json``. Run from the repository: ``python benchmarks/aws_lambda.py``. Times are
processor time, so that other work on the machine does not count.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import harness

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "examples" / "aws_lambda"
RUNS = 5
ASK = """
import json, resource, time
from handler import handler
first = handler({"texts": ["Thank you so much!"]})
seconds = time.process_time()
handler({"texts": [f"Thank you so much, number {n}!" for n in range(1000)]})
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
print(json.dumps({"first": first, "seconds": seconds, "peak_mb": peak}))
"""


def size_mb(folder: Path) -> float:
    """Return the size of a folder's files."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


def ask(packages: Path) -> dict[str, Any]:
    """Return what a new process with nothing but the layer says."""
    variables = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{packages}{os.pathsep}{EXAMPLE}",
        "PYTHONDONTWRITEBYTECODE": "1",  # a layer is read only
    }
    command = [sys.executable, "-S", "-c", ASK]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        packages = Path(folder) / "layer" / "python"
        command = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--target",
            str(packages),
            str(ROOT),
        ]
        subprocess.run(command, check=True)
        unpacked = size_mb(packages)
        zipped = Path(shutil.make_archive(str(Path(folder) / "layer"), "zip", packages.parent)).stat().st_size / 1e6
        runs = [ask(packages) for _ in range(RUNS)]
    harness.write(
        "aws_lambda",
        {
            "unpacked_mb": round(unpacked, 1),
            "zipped_mb": round(zipped, 1),
            "first_answer_cpu_s": round(statistics.median(run["seconds"] for run in runs), 2),
            "peak_mb": round(max(run["peak_mb"] for run in runs)),
            "first": runs[0]["first"],
        },
    )


if __name__ == "__main__":
    main()
