"""Base checkpoints to compact single-token ones: what acts on one token alone, in NF4, in bitsandbytes' own layout.

Work is cut into parts of the output, each a whole file. While it runs, ``<output>.partial/`` holds the finished parts
and ``conversion.json``, which says of what they are and their SHA-256; after any interruption the same call resumes
after the last whole part. The directory takes its name when it is complete and has been read again.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock, Timeout
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from goemotions.decoder.config import LIVE, DecoderConfig, path_of, to_transformers
from goemotions.decoder.layer import PlainMatrix, read_layer
from goemotions.decoder.nf4 import PARTS, STATE_KEY, Nf4Matrix
from goemotions.decoder.tensors import INDEX, RECORD, TensorSource, open_source
from goemotions.errors import ModelError
from goemotions.files import replace_directory, sha256
from goemotions.progress import Progress

PART_BYTES = 512_000_000  # of the output: what a kill loses at most, and what is held in memory
PREFIX = "model."
NF4_BYTES = 0.516  # a weight, with its nested scales
QUANTISATION = {
    "quant_method": "bitsandbytes",
    "load_in_4bit": True,
    "bnb_4bit_quant_type": "nf4",
    "bnb_4bit_use_double_quant": True,
    "bnb_4bit_compute_dtype": "bfloat16",
}


@dataclass(frozen=True)
class Origin:
    """Source that a checkpoint is converted from.

    Attributes:
        id: hub id or path.
        revision: the hub's commit, or a hash over the names, sizes and times of local files.
    """

    id: str
    revision: str
    quantisation: str


@dataclass(frozen=True)
class Part:
    """A file of the output, and the weights that go into it, by name."""

    file: str
    names: tuple[str, ...]
    size: int


def convert(source: TensorSource, origin: Origin, output: Path, show_progress: bool = True) -> None:
    """Write ``output``.

    Raises:
        ModelError: ``output`` exists, an unfinished run of another source stands in its place, too little disk, or a
            source that is incomplete or damaged.
    """
    if output.exists():
        raise ModelError(f"{output} exists: name another output, or delete it")
    parts = plan_parts(source)
    folder = output.with_name(f"{output.name}.partial")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / "lock", timeout=0):
            record = open_record(folder, origin)
            remove_unfinished(folder, record["files"])
            check_disk(folder, sum(part.size for part in parts if part.file not in record["files"]))
            with Progress("converting", show_progress, "MB") as progress:
                whole = sum(part.size for part in parts)
                done = 0
                for number, part in enumerate(parts):
                    if part.file not in record["files"]:
                        record["files"][part.file] = write_part(source, part, folder)
                        write_json(folder / RECORD, record)
                    done += part.size
                    progress.update(done / whole, done // 1_000_000, f"{number + 1} of {len(parts)} files")
                    discard_used(source, parts[number + 1 :])
            finish(source, parts, folder, record, show_progress)
    except Timeout:
        raise ModelError(f"another process is writing {output}: wait for it, or stop it") from None
    (folder / "lock").unlink(missing_ok=True)
    replace_directory(folder, output)


def plan_parts(source: TensorSource) -> list[Part]:
    """Cut the output into files of at most about :data:`PART_BYTES`: the same way each time."""
    groups: list[tuple[list[str], int]] = [([], 0)]
    for name, size in weights_of(source.config):
        if groups[-1][1] + size > PART_BYTES and groups[-1][0]:
            groups.append(([], 0))
        groups[-1] = ([*groups[-1][0], name], groups[-1][1] + size)
    return [
        Part(f"model-{number:05d}-of-{len(groups):05d}.safetensors", tuple(names), size)
        for number, (names, size) in enumerate(groups, start=1)
    ]


def weights_of(config: DecoderConfig) -> Iterator[tuple[str, int]]:
    """Every weight that acts, layer by layer, and about how many bytes it will take."""
    for layer in range(config.num_layers):
        for matrix in LIVE:
            out, into = config.shape(matrix)
            yield f"{path_of(layer, matrix)}.weight", int(out * into * NF4_BYTES)
            if matrix in config.biased:
                yield f"{path_of(layer, matrix)}.bias", 4 * out
        for norm in ("input_layernorm", "post_attention_layernorm"):
            yield f"layers.{layer}.{norm}.weight", 4 * config.hidden_size
    yield "norm.weight", 4 * config.hidden_size


def write_part(source: TensorSource, part: Part, folder: Path) -> str:
    """Write a file and read it again; returns its SHA-256."""
    tensors: dict[str, torch.Tensor] = {}
    for name in part.names:
        tensors |= {f"{PREFIX}{key}": tensor for key, tensor in converted(source, name).items()}
        source.release()
    temporary = folder / "new.safetensors"
    save_file(tensors, temporary, metadata={"format": "pt"})
    written = load_file(temporary)
    if any(not torch.equal(written[key], tensor) for key, tensor in tensors.items()):
        raise ModelError(f"{temporary} was not read as it was written: is the disk sound?")
    digest = sha256(temporary)
    temporary.replace(folder / part.file)
    return digest


def converted(source: TensorSource, name: str) -> dict[str, torch.Tensor]:
    """A weight's tensors in the output: codes that are there are kept, and so is what a 4-bit source has in 16 bit."""
    if f"{name}.{STATE_KEY}" in source:
        keys = [name, *(f"{name}.{part}" for part in PARTS if f"{name}.{part}" in source)]
        return {key: source.tensor(key).clone() for key in keys}
    if len(source.shape(name)) < 2 or source.quantisation == "nf4":
        return {name: source.tensor(name).clone()}
    tensors = Nf4Matrix.quantise(PlainMatrix(source, name).read().to(torch.bfloat16)).tensors()
    return {f"{name}.{key}".removesuffix("."): tensor for key, tensor in tensors.items()}


def discard_used(source: TensorSource, parts: list[Part]) -> None:
    """Give back disk that only this conversion took, for files of the source that no part needs any more."""
    if hasattr(source, "discard_unneeded"):
        source.discard_unneeded({name for part in parts for name in part.names})


def open_record(folder: Path, origin: Origin) -> dict[str, Any]:
    """Return the record of what has been done, of which source; begun here if nothing was."""
    path = folder / RECORD
    if not path.is_file():
        write_json(path, {"source": vars(origin), "files": {}})
    record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if record["source"] != vars(origin):
        before = Origin(**record["source"])
        raise ModelError(
            f"{folder} is an unfinished conversion of {before.id} at revision {before.revision}, the source now is "
            f"{origin.id} at revision {origin.revision}: delete the folder to start again, or name that revision"
        )
    for file, digest in list(record["files"].items()):
        if not (folder / file).is_file() or sha256(folder / file) != digest:
            del record["files"][file]  # damaged after it was written: made again
    return record


def remove_unfinished(folder: Path, files: Collection[str]) -> None:
    """Remove what a killed run was writing, under names of ours or of ``safetensors``' own."""
    for path in folder.iterdir():
        if path.name not in {*files, "lock", RECORD}:
            path.unlink()


def check_disk(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed * 1.02 > free:
        raise ModelError(
            f"the conversion needs {needed / 1e9:.1f} GB more in {folder.parent}, {free / 1e9:.1f} are free"
        )


def finish(source: TensorSource, parts: list[Part], folder: Path, record: Mapping[str, Any], show: bool) -> None:
    """Write what makes the files a checkpoint, and read it as one."""
    keys: dict[str, str] = {}
    for part in parts:
        with safe_open(folder / part.file, framework="pt") as file:
            keys |= dict.fromkeys(file.keys(), part.file)
    size = sum((folder / part.file).stat().st_size for part in parts)
    write_json(folder / INDEX, {"metadata": {"total_size": size}, "weight_map": keys})
    raw = {**getattr(source, "raw", to_transformers(source.config)), "quantization_config": QUANTISATION}
    write_json(folder / "config.json", raw)
    result = open_source(folder)
    with Progress("checking", show, "layers") as progress:
        for layer in range(result.config.num_layers):
            read_layer(result, layer, {})
            result.release()
            progress.update((layer + 1) / result.config.num_layers, layer + 1)
    write_json(folder / RECORD, record)


def local_origin(path: Path, quantisation: str) -> Origin:
    """Return the origin of a folder or file on this machine."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    facts = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files if file.is_file()]
    return Origin(str(path.resolve()), hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16], quantisation)


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
    temporary.replace(path)
