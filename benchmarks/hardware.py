"""The table of `docs/hardware.md`: what the planner decides for the 24B on machines of several sizes, by arithmetic."""

from __future__ import annotations

import torch
from random_base import text_config

from goemotions.decoder.config import from_transformers
from goemotions.decoder.plan import MICRO_BATCH, Residency, Sizes, choose_residency

GB = 1e9
# Name, memory free for it in GB, whether that is a GPU's.
MACHINES = (
    ("16 GB laptop, CPU", 12.0, False),
    ("24 GB laptop, CPU", 20.0, False),
    ("64 GB workstation, CPU", 58.0, False),
    ("128 GB server, CPU", 120.0, False),
    ("12 GB GPU", 11.3, True),
    ("16 GB GPU", 15.3, True),
    ("24 GB GPU", 23.3, True),
    ("48 GB GPU", 47.0, True),
    ("141 GB GPU (H200)", 139.0, True),
)
WHERE = {
    Residency.DENSE: "16 bit, in memory",
    Residency.STORED: "NF4, in memory; made 16 bit in each pass",
    Residency.STREAMED: "NF4, read from the host or disk layer by layer in each pass",
}


def table() -> str:
    config = from_transformers(text_config())
    lines = ["| machine | free | weights | takes |", "|---|---|---|---|"]
    for name, free, gpu in MACHINES:
        sizes = Sizes.of(config, True, torch.bfloat16, "cuda" if gpu else "cpu")
        needed = sizes.working(MICRO_BATCH)
        residency = choose_residency(sizes, free * GB, needed, bounded=gpu)
        kept = sizes.kept(residency)
        if residency == Residency.STORED and sizes.whole_layers_fit(free * GB - needed - kept):
            needed += sizes.whole - sizes.layer
        tight = " (more than is free: parts are read again)" if kept + needed > free * GB else ""
        lines.append(f"| {name} | {free:g} GB | {WHERE[residency]} | {(kept + needed) / GB:.1f} GB{tight} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
