"""The tables of `docs/scaling.md`: what 10^9 texts take, from the rates in `results/`, on machines named here.

Arithmetic, not measurement: it says what follows from the measured rates and the stated assumptions.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
TEXTS = 1e9
EFFICIENCY = 0.95
"""The efficiency of many machines, GPUs or pairs of cores beside one: an assumption, more than a pair was not tried."""
PAIRS = 32
"""The pairs of cores in a node of 64."""
FLOP_A_TEXT = 2 * 20.55e9
"""Of the 24B: two a weight that acts on one token, `o_proj` folded."""
GPU_SHARE = 0.4
"""The share of a GPU's dense bfloat16 peak that the 24B's products reach: an assumption, no GPU was at hand."""
CPU_HOUR, H100_HOUR, L4_HOUR = 0.045, 3.0, 0.75
"""Dollars, of one vCPU and one card on demand; an assumption. Put your own here."""


@dataclass(frozen=True)
class Machine:
    """A machine that scores: texts per second, whether that was measured, and what an hour of it costs."""

    name: str
    texts_per_s: float
    measured: bool
    price: float
    efficiency: float = EFFICIENCY


def machines(results: Path = RESULTS) -> dict[str, list[Machine]]:
    """Return the machines by model, the smallest first."""
    compact = read(results, "cluster_speed")["texts_per_s"]
    llm = read(results, "full_size_cpu")["pass"]["4096 texts"]["texts_per_s"]
    pair = compact["ray, 2"]
    return {
        "compact": [
            Machine("2 cores (EPYC, AVX-512 VNNI)", pair, True, 2 * CPU_HOUR, 1.0),
            Machine("1 node of 64 such cores", PAIRS * pair, False, 64 * CPU_HOUR),
            Machine("16 nodes of 64 such cores", 16 * PAIRS * pair, False, 1024 * CPU_HOUR),
        ],
        "24B": [
            Machine("2 cores (EPYC, AVX-512 BF16, no AMX)", llm, True, 2 * CPU_HOUR, 1.0),
            Machine("16 nodes of 64 such cores", 16 * PAIRS * llm, False, 1024 * CPU_HOUR),
            Machine("1 L4 (121 TFLOP/s, 24 GB)", 121e12 * GPU_SHARE / FLOP_A_TEXT, False, L4_HOUR, 1.0),
            Machine("1 H100 (989 TFLOP/s, 80 GB)", 989e12 * GPU_SHARE / FLOP_A_TEXT, False, H100_HOUR, 1.0),
            Machine("8 H100", 8 * 989e12 * GPU_SHARE / FLOP_A_TEXT, False, 8 * H100_HOUR),
        ],
    }


def read(results: Path, name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((results / f"{name}.json").read_text(encoding="utf-8"))
    return content


def table() -> str:
    lines = ["| model | on | texts/s | hours for 10⁹ texts | $ |", "|---|---|---|---|---|"]
    for model, named in machines().items():
        for machine in named:
            rate = machine.texts_per_s * machine.efficiency
            hours = TEXTS / rate / 3600
            kind = "measured" if machine.measured else "computed"
            lines.append(
                f"| {model} | {machine.name} | {rate:,.0f} ({kind}) | {hours:,.1f} | {hours * machine.price:,.0f} |"
            )
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
