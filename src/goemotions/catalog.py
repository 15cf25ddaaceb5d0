"""Find a model by name: a shipped one, one that another package brings, a directory, or a hub id."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

from goemotions.errors import ModelError, nearest
from goemotions.files import read_json_object
from goemotions.installation import package_command
from goemotions.records import from_json
from goemotions.specs import ALL_FILES
from goemotions.weights.packages import module_folder
from goemotions.weights.repository import HUB_ID, snapshot

MODELS = Path(__file__).parent / "models"
GROUP = "goemotions.models"  # of entry points


@dataclass(frozen=True)
class PackagedModel:
    """A model that this project ships as a package of its own.

    Attributes:
        distribution: the package's name, on an index and below ``packages`` in a clone.
        about: what the model is.
    """

    distribution: str
    about: str


@dataclass(frozen=True)
class Catalog:
    """The models that have names.

    Attributes:
        models: what each is, by name.
        combined: those made of several others, likewise.
        packages: those of this project's other packages, installed or not.
    """

    default: str
    models: dict[str, str]
    combined: dict[str, str]
    packages: dict[str, PackagedModel]


@cache
def bundled() -> Catalog:
    """Return the models that come with this package: ``models/catalog.json``."""
    return from_json(Catalog, read_json_object(MODELS / "catalog.json"), "catalog.json")


def shipped() -> Catalog:
    """Return the bundled models and those of the other packages that are installed.

    Raises:
        ModelError: as :func:`packaged_models`.
    """
    catalog = bundled()
    others = {
        name: catalog.packages[name].about if name in catalog.packages else f"of the package in {folder}"
        for name, folder in packaged_models().items()
    }
    return dataclasses.replace(catalog, models=catalog.models | others)


def packaged_models() -> dict[str, Path]:
    """Return the directories of the models that other packages bring, by name.

    A package names each in its entry points of the group ``goemotions.models``: ``name = module``. The folder of that
    module is the model directory; the module is not imported.

    Raises:
        ModelError: two packages name a model alike, one takes a name of this project's, or a module is not there.
    """
    found: dict[str, tuple[str, Path]] = {}
    for entry in entry_points(group=GROUP):
        package = entry.dist.name if entry.dist is not None else entry.value
        owner = _owner(entry.name)
        if owner not in (None, package):
            raise ModelError(f"{package} brings a model {entry.name!r}, as {owner} does: uninstall {package}")
        folder = module_folder(entry.module)
        if folder is None:
            raise ModelError(f"{package} says that {entry.module} is the model {entry.name!r}, but has no such module")
        other = found.setdefault(entry.name, (package, folder))[0]
        if other != package:
            both = " and ".join(sorted((other, package)))
            raise ModelError(f"{both} both bring a model {entry.name!r}: uninstall one of them")
    return {name: folder for name, (_, folder) in found.items()}


def _owner(name: str) -> str | None:
    """Return the package of this project that a model's name belongs to, if one does."""
    catalog = bundled()
    if name in catalog.models or name in catalog.combined:
        return "goemotions"
    return catalog.packages[name].distribution if name in catalog.packages else None


def find_model(name: str | Path | None) -> Path:
    """Return the directory of a model; one on the hub is downloaded to the hub's own cache.

    Args:
        name: a bundled name, one of another package, an existing path, or ``org/name[@revision]``, tried in this order;
            None is the default.

    Raises:
        ModelError: nothing of that name, its package is not installed, or the hub does not give it; as
            :func:`packaged_models`.
    """
    catalog = bundled()
    if name is None:
        return MODELS / catalog.default
    if str(name) in catalog.models | catalog.combined:  # before other packages, which cannot replace these
        return MODELS / str(name)
    path = Path(name).expanduser()
    if len(path.parts) > 1 and path.is_dir():  # no name of a model: other packages are not looked at here either
        return path
    others = packaged_models()
    if str(name) in others:
        return others[str(name)]
    if str(name) and path.is_dir():
        return path
    if path.is_file():
        raise ModelError(f"{name} is a file, expected a model directory")
    if str(name) in catalog.packages:
        raise ModelError(
            f"the model {name} is a package of its own: {package_command(catalog.packages[str(name)].distribution)}"
        )
    match = HUB_ID.fullmatch(str(name)) if isinstance(name, str) else None
    if match is None:
        known = list(dict.fromkeys([*catalog.models, *catalog.combined, *others, *catalog.packages]))
        raise ModelError(
            f"no model {str(name)!r}: no such directory, and not a shipped model "
            f"({', '.join(known)}){nearest(str(name), known)}"
        )
    return snapshot(match["repo"], match["revision"], ALL_FILES)
