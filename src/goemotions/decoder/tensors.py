"""Tensors of a base checkpoint by one set of names, whatever file format and key prefixes it has.

Names are those below the decoder: ``layers.3.mlp.up_proj.weight``, ``norm.weight``. Vision towers, token embeddings and
output heads are never opened.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import torch
from safetensors import SafetensorError, safe_open

from goemotions.decoder import config as configs
from goemotions.decoder.config import DecoderConfig
from goemotions.errors import MissingExtraError, ModelError, some
from goemotions.fields import flag, section, shown, text
from goemotions.files import read_json_object

if TYPE_CHECKING:
    from goemotions.decoder.gguf_file import GgufTensor

DECODER_KEY = re.compile(r"(?P<prefix>(?:.*\.)?)(?P<name>layers\.[0-9]{1,6}\.(?:self_attn|mlp|\w+_layernorm)\.[\w.]+)")
WEIGHTS_NAME = re.compile(r"[\w.-]+\.safetensors", re.ASCII)
FOREIGN = re.compile(r"vision|visual|audio|mtp")
"""Parts of key prefixes of towers that are not the decoder."""

RECORD = "conversion.json"
"""What ``goemotions convert`` says of its source; there before the rest."""

SINGLE, INDEX = "model.safetensors", "model.safetensors.index.json"


class TensorSource(Protocol):
    """A base checkpoint. ``quantisation`` is how its matrices are stored, for people: "nf4", "16 bit", "Q4_1"."""

    path: Path
    config: DecoderConfig
    quantisation: str

    def __contains__(self, name: str) -> bool: ...

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of the tensor ``name``, without reading it."""

    def tensor(self, name: str) -> torch.Tensor:
        """The tensor ``name``, mapped into memory where the format allows."""

    def release(self) -> None:
        """Let go of mapped files; tensors in use keep theirs, and files are opened again when needed."""


def open_source(path: Path) -> TensorSource:
    """Open a checkpoint: a folder with ``config.json`` and safetensors files, a GGUF file, or a folder with one.

    Raises:
        ModelError: nothing of the kind there, or a file that is damaged or of an unsupported kind.
    """
    if path.is_file() and path.suffix == ".gguf":
        return GgufSource(path)
    if not path.is_dir():
        raise ModelError(f"no base checkpoint at {path}: expected a folder with config.json, or a .gguf file")
    if (path / "config.json").is_file():
        return SafetensorsSource(path)
    if (path / RECORD).is_file():
        raise ModelError(f"{path} is an unfinished conversion: run the same `goemotions convert` again to finish it")
    files = sorted(path.glob("*.gguf"))
    if len(files) == 1:
        return GgufSource(files[0])
    raise ModelError(
        f"{path} is not a base checkpoint: it has no config.json, and {len(files)} .gguf files instead of one"
    )


class SafetensorsSource:
    """A folder as transformers saves it: ``config.json`` and one or several safetensors files."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.raw: Mapping[str, Any] = read_json_object(path / "config.json")
        try:
            self.config = configs.from_transformers(self.raw)
            self.quantisation = _quantisation(section(self.raw, "quantization_config"))
        except (ModelError, ValueError) as error:
            raise ModelError(f"{path / 'config.json'}: {error}") from error
        self._files: dict[Path, Any] = {}
        self._keys = _by_name(self._locate(), path)

    def _locate(self) -> dict[str, Path]:
        """Every key of the checkpoint, and the file it is in."""
        index = self.path / INDEX
        if not index.is_file():
            if not (self.path / SINGLE).is_file():
                raise ModelError(f"{self.path} has neither {SINGLE} nor {INDEX}")
            return dict.fromkeys(self._open(self.path / SINGLE).keys(), self.path / SINGLE)
        files = read_index(index)
        wanted = sorted({file for key, file in files.items() if not FOREIGN.search(key)})
        missing = [file for file in wanted if not (self.path / file).is_file()]
        if missing:
            raise ModelError(f"{self.path} is incomplete: {len(missing)} of its files are missing: {some(missing)}")
        held = {file: set(self._open(self.path / file).keys()) for file in wanted}
        return {key: self.path / file for key, file in files.items() if key in held.get(file, ())}

    def _open(self, file: Path) -> Any:
        files = self._files  # another thread may release them meanwhile
        if file not in files:
            try:
                files[file] = safe_open(file, framework="pt")
            except (SafetensorError, OSError) as error:
                raise ModelError(f"{file} is cut off or damaged: {error}") from error
        return files[file]

    def release(self) -> None:
        self._files = {}

    def __contains__(self, name: str) -> bool:
        return name in self._keys

    def shape(self, name: str) -> tuple[int, ...]:
        key, file = self._find(name)
        return tuple(self._open(file).get_slice(key).get_shape())

    def tensor(self, name: str) -> torch.Tensor:
        key, file = self._find(name)
        tensor: torch.Tensor = self._open(file).get_tensor(key)
        return tensor

    def _find(self, name: str) -> tuple[str, Path]:
        if name not in self._keys:
            raise ModelError(f"{self.path} lacks the tensor {name}")
        return self._keys[name]


def read_index(path: Path) -> Mapping[str, str]:
    """Return the key of every tensor and the name of the file it is in, from a checkpoint's index.

    Raises:
        ModelError: an index that is damaged, or names files elsewhere.
    """
    files = read_json_object(path).get("weight_map")
    if not isinstance(files, dict) or not files:
        raise ModelError(f"{path}: weight_map must be an object with tensors and their files, got {shown(files)}")
    for key, file in files.items():
        if not isinstance(file, str) or not WEIGHTS_NAME.fullmatch(file):
            raise ModelError(f"{path}: weight_map names a file for {key!r} that is no .safetensors: {shown(file)}")
    return files


def _by_name(located: Mapping[str, Path], path: Path) -> dict[str, tuple[str, Path]]:
    """Name below the decoder → key and file."""
    matches = [
        match for key in located if (match := DECODER_KEY.fullmatch(key)) and not FOREIGN.search(match["prefix"])
    ]
    prefixes = sorted({match["prefix"] for match in matches})
    if len(prefixes) != 1:
        found = f"the prefixes {', '.join(prefixes)}" if prefixes else "none"
        raise ModelError(f"{path}: expected the layers of one decoder under one key prefix, got {found}")
    names = {match["name"]: match.string for match in matches} | {"norm.weight": f"{prefixes[0]}norm.weight"}
    return {name: (key, located[key]) for name, key in names.items() if key in located}


def _quantisation(raw: Mapping[str, Any]) -> str:
    if not raw:
        return "16 bit"
    method = text(raw, "quant_method", "bitsandbytes")
    kind = text(raw, "bnb_4bit_quant_type", "fp4") if flag(raw, "load_in_4bit") else "8 bit"
    if method != "bitsandbytes" or kind != "nf4":
        raise ModelError(
            f"the base is quantised by {method}{f' ({kind})' if method == 'bitsandbytes' else ''}: expected 16-bit "
            "weights, bitsandbytes' nf4, or GGUF"
        )
    return "nf4"


class GgufSource:
    """A GGUF file (llama.cpp). Its matrices are dequantised whenever they are asked for."""

    NAMES: Mapping[str, str] = {
        "input_layernorm": "attn_norm",
        "post_attention_layernorm": "ffn_norm",
        "v_proj": "attn_v",
        "o_proj": "attn_output",
        "gate_proj": "ffn_gate",
        "up_proj": "ffn_up",
        "down_proj": "ffn_down",
    }

    def __init__(self, path: Path) -> None:
        try:
            from goemotions.decoder.gguf_file import GgufFile
        except ImportError as error:
            raise MissingExtraError("a GGUF base", "llm") from error
        self.path = path
        try:
            self._file = GgufFile(path)
        except (ValueError, KeyError, OSError) as error:
            raise ModelError(f"{path} is cut off or not a GGUF file: {error}") from error
        try:
            self.config = configs.from_gguf(self._file.fields)
        except ModelError as error:
            raise ModelError(f"{path}: {error}") from error
        types = [tensor.kind.name for name, tensor in self._file.tensors.items() if ".ffn_up" in name]
        self.quantisation = max(set(types), key=types.count) if types else "nothing"

    def _key(self, name: str) -> str:
        if name == "norm.weight":
            return "output_norm.weight"
        _, layer, *path, kind = name.split(".")
        return f"blk.{layer}.{self.NAMES.get(path[-1], path[-1])}.{kind}"

    def __contains__(self, name: str) -> bool:
        return self._key(name) in self._file.tensors

    def release(self) -> None:
        """The file stays mapped: its tensors are few and their dequantised values are copies."""

    def _find(self, name: str) -> GgufTensor:
        if name not in self:
            raise ModelError(f"{self.path} lacks the tensor {self._key(name)}")
        return self._file.tensors[self._key(name)]

    def shape(self, name: str) -> tuple[int, ...]:
        return self._find(name).shape

    def tensor(self, name: str) -> torch.Tensor:
        import gguf.quants

        tensor = self._find(name)
        try:
            values = gguf.quants.dequantize(self._file.data(tensor), tensor.kind)
        except NotImplementedError as error:
            raise ModelError(f"{self.path}: tensors of type {tensor.kind.name} cannot be read") from error
        return torch.from_numpy(values.copy())
