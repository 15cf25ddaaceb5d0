"""House rules that can be measured: sizes, the way of imports, docstrings, and results with names instead of keys.

Each list of exceptions is of what stands today; it may only become shorter.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from goemotions.encoders.facts import FACTS
from goemotions.specs import ARCHITECTURES
from goemotions.tables.formats import FORMATS

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "goemotions"

MODULE_LINES = 300
LONG_MODULES = {
    "tests/architectures/test_embedding_llm.py",
    "tests/encoders/test_use_tfhub.py",
}

FUNCTION_LINES = 60
LONG_FUNCTIONS: set[tuple[str, str]] = set()

LAYERS = (
    set("escaping errors fields files labels languages locking long_texts machine models periods precision".split())
    | set("entities installation predictions progress recipes records reservoir specs stored_thresholds".split())
    | {"common_words", "grouping", "odd_texts", "thresholds", "yaml_text"},
    {"annotations", "calibration", "catalog", "checkpoint", "explaining", "frames", "tables", "weights"},
    {"encoders", "decoder"},
    {"architectures", "data", "upload"},
    {"classifier"},
    {"goemotions"},
    {"evaluation", "batch", "server"},
    {"training", "fitting", "estimation"},
    {"browser", "labelling", "sklearn", "duckdb", "spark", "reporting"},
    {"cli"},
)
"""Parts of the package, lowest first. A part imports itself and parts below it; the first two layers are single modules
for all, and may import each other as long as nothing goes round."""


FORBIDDEN = {("decoder", "labels"), ("decoder", "encoders")}

UNTYPED = 17
"""Times that evaluation and training speak of a mapping from strings to anything: a config as it is read, what torch
takes, the settings of any recipe."""

VAGUE_WORDS = ("Who", "What", "Whether", "How", "Of")
"""Words with which no docstring begins."""


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def modules(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def name_in_project(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree_of(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_modules_are_short() -> None:
    sizes = {
        name_in_project(path): len(path.read_text(encoding="utf-8").splitlines())
        for path in modules("src", "benchmarks", "tests")
    }
    long = {name: lines for name, lines in sizes.items() if lines > MODULE_LINES and name not in LONG_MODULES}
    assert not long, f"over {MODULE_LINES} lines: split them by what they are about"


def test_functions_fit_a_screen() -> None:
    """The signature of a command is its help text, so that only the body counts there."""
    long = {}
    for path in modules("src", "benchmarks", "tests"):
        for function in functions(path):
            first = function.body[0].lineno if path.parent.name == "cli" else function.lineno
            lines = (function.end_lineno or first) - first + 1
            if lines > FUNCTION_LINES and (name_in_project(path), function.name) not in LONG_FUNCTIONS:
                long[f"{name_in_project(path)}: {function.name}"] = lines
    assert not long, f"over {FUNCTION_LINES} lines"


def module_name(path: Path) -> str:
    parts = ("goemotions", *path.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def import_graph() -> dict[str, frozenset[str]]:
    """Return the modules that each module imports, lazily or by its name too, but not what only type checkers see."""
    paths = {module_name(path): path for path in modules("src/goemotions")}
    by_name = {
        "goemotions.architectures": {
            f"goemotions.architectures.{spec.module}"
            for name, spec in ARCHITECTURES.items()
            # These two stand on models of any other kind, which they load as their caller loads them.
            if name not in ("fitted", "by-language")
        },
        # The states of a model are loaded as the model is.
        "goemotions.encoders": {facts.module for facts in FACTS.values() if facts.module},
        "goemotions.tables.formats": {known.module for known in FORMATS},
    }
    assert set().union(*by_name.values()) <= set(paths)
    return {
        name: frozenset((imported(tree_of(path), set(paths)) | by_name.get(name, set())) - {name})
        for name, path in paths.items()
    }


def imported(node: ast.AST, known: set[str]) -> set[str]:
    """Return the modules among ``known`` that code imports, at its head or inside functions."""
    found: set[str] = set()
    if isinstance(node, ast.Import):
        found = {alias.name for alias in node.names}
    elif isinstance(node, ast.ImportFrom) and node.module:
        names = {alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        found = {full if full in known else node.module for full in names.values()}
    elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return found
    for child in ast.iter_child_nodes(node):
        found |= imported(child, known)
    return found & known


def reachable(start: str) -> set[str]:
    """Return the modules that ``start`` imports, directly or through others."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        new = import_graph()[waiting.pop()] - seen
        seen |= new
        waiting += new
    return seen


def test_imports_do_not_go_round() -> None:
    ways = {name: reachable(name) for name in import_graph()}
    rings = {frozenset(other for other in ways[name] if name in ways[other]) for name in ways if name in ways[name]}
    found = [sorted(ring) for ring in rings]
    assert not found, "modules that import each other, lazy imports included: move what they share below both"


def part(module: str) -> str:
    """Return the part that a module belongs to; ``goemotions`` itself is one, ``__main__`` is of the command line."""
    name = module.removeprefix("goemotions.").split(".")[0]
    return "cli" if name == "__main__" else name


def test_imports_point_one_way() -> None:
    layer = {name: number for number, names in enumerate(LAYERS) for name in names}
    unknown = {part(module) for module in import_graph()} - set(layer)
    assert not unknown, "say in LAYERS where they lie"
    wrong = set()
    for module, others in import_graph().items():
        for mine, other in ((part(module), part(name)) for name in others):
            if other == mine:
                continue
            below = layer[other] < layer[mine] or layer[other] == layer[mine] <= 1
            if (mine, other) in FORBIDDEN or not below:
                wrong.add(f"{module} ({mine}) imports {other}")
    assert not wrong, "against the order of docs/architecture.md"


def test_results_have_names_instead_of_keys() -> None:
    found = {
        name_in_project(path): len(re.findall(r"(?:Mapping|dict)\[str, Any\]", path.read_text(encoding="utf-8")))
        for path in modules("src/goemotions/evaluation", "src/goemotions/training")
    }
    assert sum(found.values()) <= UNTYPED, {name: count for name, count in found.items() if count}


def test_docstrings_begin_with_a_verb_or_a_noun() -> None:
    """A docstring says what a function does or returns: "Return …", "Yield …", "Logits of …"."""
    vague = []
    for path in modules("src"):
        nodes = (n for n in ast.walk(tree_of(path)) if isinstance(n, ast.FunctionDef | ast.ClassDef | ast.Module))
        for node in nodes:
            words = (ast.get_docstring(node) or "x").split()
            if words[:1] and words[0].rstrip(",") in VAGUE_WORDS:
                vague.append(f"{name_in_project(path)}: {' '.join(words[:6])}")
    assert not vague, "\n".join(vague)
