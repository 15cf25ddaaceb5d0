"""Hide distributions from this interpreter, as if they were not installed.

Python imports this module at its start, where its folder is on PYTHONPATH. ``GOEMOTIONS_HIDDEN`` names a JSON file with
the names of distributions and of the modules that only they bring. ``support/environments.py`` writes it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import Distribution, DistributionFinder
from pathlib import Path
from types import ModuleType

HIDDEN = json.loads(Path(os.environ["GOEMOTIONS_HIDDEN"]).read_text(encoding="utf-8"))
INSTALLED = frozenset(HIDDEN["folders"])
MODULES, DISTRIBUTIONS = frozenset(HIDDEN["modules"]), frozenset(HIDDEN["distributions"])


class NarrowedFinder(PathFinder):
    """The finder of modules on ``sys.path``, without those that are hidden."""

    @classmethod
    def find_spec(
        cls, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname in MODULES:  # hidden where it is installed, not where a package carries a copy of it
            path = [folder for folder in sys.path if folder not in INSTALLED]
        return PathFinder.find_spec(fullname, path, target)

    @staticmethod
    def find_distributions(  # type: ignore[override]
        context: DistributionFinder.Context = DistributionFinder.Context(),  # noqa: B008 (as in the standard library)
    ) -> Iterable[Distribution]:
        for found in PathFinder.find_distributions(context):
            if found.name.lower().replace("_", "-").replace(".", "-") not in DISTRIBUTIONS:
                yield found


sys.meta_path[sys.meta_path.index(PathFinder)] = NarrowedFinder
