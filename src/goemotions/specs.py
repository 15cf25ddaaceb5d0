"""The architectures, as far as must be known before their code is imported: what a directory holds and what it takes.

To add one: its module, with ``load``, and its entry here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

MOST_WIDTH, MOST_TOKENS = 1_000_000, 1_000_000
"""Of numbers in a vector and tokens of a text: beyond what any model has, within what any machine holds."""


@dataclass(frozen=True)
class ArchitectureSpec:
    """One architecture.

    Attributes:
        module: of its code, below ``goemotions.architectures``; its ``load`` takes a directory, its configuration and
            :class:`goemotions.architectures.base.LoadOptions`.
        files: the files that a directory cannot do without.
        sizes: keys of ``config.json`` with whole numbers that it must have, and the least and most of each.
        cpu_only: it computes on nothing else.
        options: fields of ``LoadOptions`` it has a use for, beside device, threads and batch size.
        lacks: what it has none of, for the error that names an option of no use.
        must_name_encoder: ``config.json`` says by id and fingerprint which encoder it was trained on.
        fragment_rows: texts of one unit of work on a cluster.
        sample_rows: texts that a trial of its speed takes.
        one_text_per_thread: computes best with one thread per batch and a batch per core; others use all for one.
        of_models: it is several shipped models, which ``config.json`` names.
        one_actor_per_node: on a cluster, an actor takes all of a node's cores, for its memory; others take one.
    """

    module: str
    files: tuple[str, ...]
    sizes: Mapping[str, tuple[int, int]]
    options: frozenset[str]
    lacks: str
    cpu_only: bool = True
    must_name_encoder: bool = False
    fragment_rows: int = 16_384
    sample_rows: int = 2048
    one_text_per_thread: bool = False
    of_models: bool = False
    one_actor_per_node: bool = False


ARCHITECTURES: Mapping[str, ArchitectureSpec] = {
    "transformer": ArchitectureSpec(
        module="transformer",
        files=("config.json", "model.onnx", "tokenizer.json"),
        sizes={"max_length": (4, MOST_TOKENS)},
        options=frozenset(),
        lacks="is one whole, without a base or encoder",
        one_text_per_thread=True,
    ),
    "embedding-head": ArchitectureSpec(
        module="embedding_head",
        files=("config.json", "head.onnx"),
        sizes={"embed_dim": (1, MOST_WIDTH)},
        options=frozenset({"encoder", "allow_other_encoder"}),
        lacks="has no base",
        must_name_encoder=True,
    ),
    "embedding-llm": ArchitectureSpec(
        module="embedding_llm",
        files=(
            "config.json",
            "head_weights.pt",
            "lora_adapter/adapter_config.json",
            "lora_adapter/adapter_model.safetensors",
        ),
        sizes={"embed_dim": (1, MOST_WIDTH), "hidden_size": (1, MOST_WIDTH)},
        options=frozenset({"backbone", "encoder", "precision", "allow_other_encoder", "max_memory"}),
        lacks="lacks nothing",
        cpu_only=False,
        fragment_rows=4_096,
        sample_rows=64,
        one_actor_per_node=True,
    ),
    "fitted": ArchitectureSpec(
        module="fitted",
        files=("config.json", "head.safetensors"),
        sizes={},
        options=frozenset({"backbone", "encoder", "precision", "allow_other_encoder", "max_memory"}),
        lacks="lacks nothing",
        cpu_only=False,  # its base says where it computes
        one_text_per_thread=True,
    ),
    "by-language": ArchitectureSpec(
        module="by_language",
        files=("config.json",),
        sizes={},
        options=frozenset(),
        lacks="is several models, each as it is",
        one_text_per_thread=True,
        of_models=True,
    ),
}

ENCODER_FOLDER = "encoder"
"""Of a model on sentence embeddings: the model whose states it classifies, where it brings that along."""

OPTIONAL_FILES = (
    *("README.md", "focal_config.json", "infer.py", "training_hashes.bin"),
    *(f"{ENCODER_FOLDER}/{name}" for name in ARCHITECTURES["transformer"].files),
)
"""Files that go with a model. ``infer.py`` is kept and never run; the hashes are of its training texts, as
:mod:`goemotions.evaluation.provenance` describes."""

ALL_FILES = tuple(sorted({*OPTIONAL_FILES}.union(*(spec.files for spec in ARCHITECTURES.values()))))
"""Whatever a model directory may hold."""


def is_model(directory: Path) -> bool:
    """Return True for a folder that looks like a model directory, complete or not."""
    config = directory / "config.json"
    return config.is_file() and b'"emotion_labels"' in config.read_bytes()
