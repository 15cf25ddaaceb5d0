"""The environments in which the documentation's commands run: a process in one sees what its extras bring, no more.

``tests/test_package.py`` compares the base environment with one that pip made.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from environments import PROJECT, Environment

SEEN = """
import json, re
from importlib import metadata, util
names = sorted({re.sub(r"[-_.]+", "-", found.name).lower() for found in metadata.distributions()})
print(json.dumps([names, [name for name in ("numpy", "torch", "pyarrow", "fastapi", "ray") if util.find_spec(name)]]))
"""


@pytest.mark.parametrize(
    ("extras", "modules"),
    [((), ["numpy"]), (("llm", "serve", "tables"), ["numpy", "torch", "pyarrow", "fastapi"])],
)
def test_a_process_sees_what_its_extras_bring(tmp_path: Path, extras: tuple[str, ...], modules: list[str]) -> None:
    """Nothing that they require is hidden, as ``pip check`` finds by itself; and nothing else is to be seen."""
    environment = Environment(frozenset(extras))
    variables = environment.variables(tmp_path)
    command = [sys.executable, "-c", SEEN]
    seen = subprocess.run(command, env=variables, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(seen.stdout) == [sorted(environment.distributions()), modules]
    assert pip_check(variables, tmp_path) == "No broken requirements found.\n"
    file = Path(variables["GOEMOTIONS_HIDDEN"])
    content = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(content | {"distributions": [*content["distributions"], "numpy"]}), encoding="utf-8")
    assert "onnxruntime 1" in pip_check(variables, tmp_path)  # "requires numpy, which is not installed"


def pip_check(variables: dict[str, str], folder: Path) -> str:
    """Return what ``pip check`` says in an environment."""
    command = [sys.executable, "-m", "pip", "check"]
    return subprocess.run(command, env=variables, cwd=folder, capture_output=True, text=True, check=False).stdout


def test_an_extra_that_does_not_exist_is_an_error() -> None:
    assert "everything" not in PROJECT["optional-dependencies"]
    with pytest.raises(LookupError, match="no extra everything"):
        Environment(frozenset({"everything"})).distributions()
