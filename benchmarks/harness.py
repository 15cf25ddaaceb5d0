"""The parts that benchmarks share: the official data, what machine they ran on, and their results files."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from goemotions.machine import cores

RESULTS = Path(__file__).parent / "results"
VERSIONS = ("goemotions", "numpy", "onnxruntime", "tokenizers", "torch", "transformers", "peft", "bitsandbytes")


def parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser with the option ``--data``."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--data", type=Path, help="folder with train.tsv, dev.tsv and test.tsv")
    return made


def official_data(description: str | None) -> Path:
    """Return the folder with the official TSV files, for a benchmark without options of its own."""
    made = parser(description)
    return data_of(made, made.parse_args())


def data_of(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> Path:
    """Return the folder with the official TSV files, from ``--data`` or else the environment's GOEMOTIONS_DATA."""
    given: Path | None = arguments.data
    if given is None and "GOEMOTIONS_DATA" in os.environ:
        given = Path(os.environ["GOEMOTIONS_DATA"]) / "goemotions"
    if given is None:
        parser.error("say where the official data is: --data DIR, or GOEMOTIONS_DATA with DIR's parent")
    return given


def processor() -> str:
    """Return the processor's name and the instructions that decide the speed of 8-bit and bfloat16 products."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    fields = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    flags = set(fields.get("flags", "").split())
    notable = [flag for flag in ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8") if flag in flags]
    family = f"family {fields.get('cpu family', '?')} model {fields.get('model', '?')}"
    return f"{fields.get('model name', 'unknown')} ({family}; {', '.join(notable)})"


def commit() -> str:
    """Return the commit measured, marked where the code differs from it."""
    here = Path(__file__).parent.parent
    head = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=here, capture_output=True, text=True, check=False
    )
    changed = subprocess.run(["git", "diff", "--quiet", "HEAD", "--", "src", "*.py"], cwd=here, check=False).returncode
    return (head.stdout.strip() or "unknown") + ("-dirty" if changed else "")


def machine_description() -> dict[str, Any]:
    return {
        "processor": processor(),
        "cores": cores(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in VERSIONS},
        "commit": commit(),
        "date": datetime.now(UTC).date().isoformat(),
    }


def write(name: str, figures: dict[str, Any]) -> None:
    """Print the figures and keep them, with the machine, in ``benchmarks/results/<name>.json``."""
    RESULTS.mkdir(exist_ok=True)
    content = json.dumps({"machine": machine_description(), **figures}, indent=1)
    (RESULTS / f"{name}.json").write_text(content + "\n", encoding="utf-8")
    print(content)
