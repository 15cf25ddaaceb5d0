"""A fitted model as a directory: ``head.safetensors``, ``config.json`` and a card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from goemotions.architectures.fitted import HEAD
from goemotions.architectures.safetensors_file import safetensors_bytes
from goemotions.checkpoint import FORMAT_VERSION, config_bytes, write_directory
from goemotions.data.origin import WARNING
from goemotions.escaping import for_markdown
from goemotions.evaluation.provenance import HASHES_FILE, hash_texts, hashes_to_bytes
from goemotions.files import check_replaceable
from goemotions.fitting.decide import Decider
from goemotions.fitting.report import FitReport
from goemotions.fitting.rows import LabelledRows
from goemotions.records import to_json


@dataclass(frozen=True)
class FittedFiles:
    """The content of a directory.

    Attributes:
        base: its name, or folder, and its fingerprint.
        rows: that it was fitted on.
        beside: thresholds of labels beside others, as a base has them whose labels these are.
    """

    base: Mapping[str, str]
    labels: tuple[str, ...]
    decider: Decider
    pooled: tuple[Mapping[str, float], ...]
    report: FitReport
    rows: LabelledRows
    beside: Mapping[str, float] = field(default_factory=dict)


def write_fitted(files: FittedFiles, directory: Path) -> Path:
    """Write a model directory, whole or not at all, and return it; the same for the same rows, byte for byte."""
    write_directory(directory, fitted_content(files, directory.name))
    return directory


def fitted_content(files: FittedFiles, name: str) -> dict[str, bytes]:
    """Return the content of each file of a model of this name."""
    # Rows are named by number: texts stay with whom they belong to.
    report = replace(files.report, doubled=(), suspects=())
    head = files.decider.head
    tensors = {"weights": head.weights.astype(np.float32), "bias": head.bias.astype(np.float32)}
    thresholds = [round(float(value), 4) for value in files.decider.thresholds]
    config = {
        "format_version": FORMAT_VERSION,
        "architecture": "fitted",
        "model_name": name,
        "num_labels": len(files.labels),
        "emotion_labels": list(files.labels),
        "single_label": files.decider.single,
        "threshold": 0.5,
        "thresholds": dict(zip(files.labels, thresholds, strict=True)),
        "thresholds_beside": dict(files.beside),
        "base": dict(files.base),
        "pooled": [dict(group) for group in files.pooled],
        "trained_on": {
            "dataset": files.rows.source,
            "rows": len(files.rows),
            "splits": {"train": files.rows.sha256} if files.rows.sha256 else {},
        },
        "fitted": to_json(report),
    }
    return {
        HEAD: safetensors_bytes(tensors),
        "config.json": config_bytes(config),
        HASHES_FILE: hashes_to_bytes(hash_texts(files.rows.texts)),
        "README.md": card(report, files.base["fingerprint"], name).encode("utf-8"),
    }


def check_output(directory: Path) -> None:
    """Refuse a folder that holds something else than a fitted model, before work starts.

    Raises:
        DataError: what is there.
    """
    check_replaceable(directory, lambda folder: (folder / HEAD).is_file())


def card(report: FitReport, fingerprint: str, name: str) -> str:
    """Return the model card, of a base with this fingerprint."""
    said = [f"- {for_markdown(line.strip())}" for line in report.lines()]
    return "\n".join(
        [
            "---",
            "library_name: goemotions",
            "pipeline_tag: text-classification",
            "---",
            "",
            f"# {for_markdown(name)}",
            "",
            f"A linear head on the frozen states of `{for_markdown(report.base)}`, fitted on {report.rows:,} labelled "
            f"rows. It needs that base: fingerprint `{fingerprint[:16]}…`.",
            "",
            *said,
            "",
            report.table().markdown(),
            "",
            WARNING,
            "",
        ]
    )
