"""`goemotions push` against a stand-in for the hub, which the pushed model can then be fetched from."""

from __future__ import annotations

import json
import os
from pathlib import Path

from conftest import Run
from hub_server import Uploads, hub

from goemotions import EmotionClassifier
from goemotions.catalog import find_model


def environment(endpoint: str, home: Path, token: str = "good") -> dict[str, str]:
    # The stand-in speaks git LFS, not the hub's own newer protocol.
    return os.environ | {
        "HF_ENDPOINT": endpoint,
        "HF_HOME": str(home),
        "HF_TOKEN": token,
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }


def test_a_pushed_model_is_the_model(cli: Run, tmp_path: Path, model_copy: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    (model_copy / "notes.txt").write_text("stays here")
    with hub({"org/new": there}, handler=Uploads) as endpoint:
        done = cli("push", model_copy, "org/new", "--private", env=environment(endpoint, tmp_path / "home"))
    assert done.returncode == 0, done.stderr
    assert "org/new/commit/" in done.stdout
    wanted = json.loads((there / ".created").read_text())
    assert (wanted["organization"], wanted["name"]) == ("org", "new")
    assert wanted.get("private") is True or wanted.get("visibility") == "private"
    names = {path.name for path in there.iterdir() if not path.name.startswith(".")}
    assert names == {path.name for path in find_model("compact").iterdir()}
    for name in names:
        assert (there / name).read_bytes() == (model_copy / name).read_bytes()
    assert EmotionClassifier(there).predict(["Thank you so much!"])[0]["gratitude"] > 0.9


def test_a_branch(cli: Run, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    with hub({"org/new": there}, handler=Uploads) as endpoint:
        arguments = ("push", "compact", "org/new", "--revision", "trial", "-m", "a trial")
        done = cli(*arguments, env=environment(endpoint, tmp_path / "home"))
    assert done.returncode == 0, done.stderr
    assert (there / "model.onnx").exists()


def test_mistakes(cli: Run, tmp_path: Path, model_copy: Path) -> None:
    with hub({"org/new": tmp_path}, handler=Uploads) as endpoint:
        refused = cli("push", "compact", "org/new", env=environment(endpoint, tmp_path / "home", token="bad"))
        (model_copy / "README.md").unlink()
        cardless = cli("push", model_copy, "org/new", env=environment(endpoint, tmp_path / "home"))
        misnamed = cli("push", "compact", "not a name", env=environment(endpoint, tmp_path / "home"))
        incomplete = cli("push", tmp_path, "org/new", env=environment(endpoint, tmp_path / "home"))
    unreachable = cli("push", "compact", "org/new", env=environment("http://127.0.0.1:9", tmp_path / "home"))
    for done, code, message in (
        (refused, 1, "log in with `hf auth login`"),
        (cardless, 1, "has no card (README.md)"),
        (misnamed, 2, "is no hub id: expected org/name"),
        (incomplete, 1, "lacks config.json"),
        (unreachable, 1, "the hub could not be reached"),
    ):
        assert done.returncode == code, done.stderr
        assert message in done.stderr
        assert done.stderr.count("\n") == 1
