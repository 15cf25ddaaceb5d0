"""`import goemotions` is light: the heavy parts come with the first model."""

import json
import subprocess
import sys

HEAVY = ["numpy", "torch", "transformers", "tensorflow", "onnxruntime", "pandas", "tokenizers", "rich"]


def test_import_loads_nothing_heavy() -> None:
    code = f"import sys, json, goemotions; print(json.dumps([m for m in {HEAVY} if m in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


def test_import_takes_under_100_ms() -> None:
    code = "import time; start = time.perf_counter(); import goemotions; print(time.perf_counter() - start)"
    seconds = min(float(subprocess.check_output([sys.executable, "-c", code])) for _ in range(5))
    assert seconds < 0.1


def test_version_and_unknown_names() -> None:
    import goemotions

    assert goemotions.__version__.count(".") == 2
    assert not hasattr(goemotions, "no_such_thing")


def test_the_command_says_its_version() -> None:
    """Fault 24: `goemotions --version` was an unknown option."""
    import goemotions

    done = subprocess.run([sys.executable, "-m", "goemotions", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"goemotions {goemotions.__version__}\n"


def test_help_needs_no_model_library() -> None:
    code = (
        "import sys; sys.argv = ['goemotions', '--help']\n"
        "from goemotions.cli.app import main\n"
        "try: main()\n"
        "except SystemExit as stop: assert stop.code == 0\n"
        "assert 'onnxruntime' not in sys.modules and 'numpy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
