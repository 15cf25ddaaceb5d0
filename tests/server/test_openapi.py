"""The API's description: the committed one is the live one, and what it says holds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from running import serving

COMMITTED = Path(__file__).parents[2] / "docs" / "openapi.json"


def test_the_committed_description_is_the_live_one() -> None:
    """To write it anew: ``goemotions serve`` and ``curl -s http://127.0.0.1:8080/openapi.json > docs/openapi.json``."""
    with serving() as running:
        live = running.get("/openapi.json")
        assert live.json == json.loads(COMMITTED.read_text(encoding="utf-8"))


def test_schemathesis_finds_nothing(tmp_path: Path) -> None:
    with serving() as running:
        command: list[str | Path] = [
            Path(sys.executable).with_name("schemathesis"),
            "run",
            f"{running.url}/openapi.json",
        ]
        options = ["--max-examples", "60", "--seed", "8", "--checks", "all", "--no-color"]
        done = subprocess.run(
            [*command, *options], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300
        )
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr
        assert running.process.poll() is None
        assert "Error" not in running.log()
