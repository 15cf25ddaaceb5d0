"""``goemotions export web`` without a browser: what it refuses, and how it writes patterns for JavaScript."""

from __future__ import annotations

import json
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import USE_HEAD, Run

from goemotions import GoEmotionsError
from goemotions.browser.characters import as_class
from goemotions.browser.export import export_web, page
from goemotions.browser.patterns import to_javascript
from goemotions.browser.runtime import FILES, VERSION, runtime_files
from goemotions.browser.tokenizer_rules import tokenizer_rules
from goemotions.catalog import find_model


def packed(path: Path, files: dict[str, bytes]) -> Path:
    """Write a package as ``npm pack`` does."""
    folder = path.with_suffix(".folder")
    for name, content in files.items():
        (folder / "package" / "dist" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "package" / "dist" / name).write_bytes(content)
    with tarfile.open(path, "w:gz") as archive:
        archive.add(folder / "package", "package")
    return path


def test_another_onnxruntime_web_is_refused(tmp_path: Path) -> None:
    other = packed(tmp_path / "other.tgz", {file: b"other" for file, _ in FILES.values()})
    partial = packed(tmp_path / "partial.tgz", {"readme": b""})
    damaged = tmp_path / "damaged.tgz"
    damaged.write_bytes(other.read_bytes()[:60])
    folder = tmp_path / "folder"
    folder.mkdir()
    for source, said in (
        (other, f"is another than in onnxruntime-web@{VERSION}"),
        (partial, "holds no dist/ort.wasm.bundle.min.mjs"),
        (damaged, "holds no dist/ort.wasm.bundle.min.mjs"),
        (folder, "holds no dist/ort.wasm.bundle.min.mjs"),
        (tmp_path / "none.tgz", "expected the npm package"),
    ):
        with pytest.raises(GoEmotionsError, match=said) as caught:
            runtime_files(source)
        assert f"npm pack onnxruntime-web@{VERSION}" in str(caught.value)


def test_without_npm_it_is_said_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GoEmotionsError, match=f"no npm here to fetch it.*npm pack onnxruntime-web@{VERSION}"):
        runtime_files(None)


def test_npm_that_fails_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho 'network down' >&2\nexit 1\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GoEmotionsError, match=r"npm cannot get .*: network down; try npm pack"):
        runtime_files(None)


def test_what_is_there_is_not_replaced(tmp_path: Path, cli: Run) -> None:
    before = tmp_path / "page" / "model" / "info.json"
    before.parent.mkdir(parents=True)
    before.write_text("{}")
    done = cli("export", "web", tmp_path / "page", "--onnxruntime-web", tmp_path)
    assert done.returncode == 1
    assert "is there already" in done.stderr
    assert "--overwrite" in done.stderr
    assert done.stderr.count("\n") == 1
    with pytest.raises(GoEmotionsError, match="holds no dist/"):
        export_web(None, tmp_path / "page", tmp_path, overwrite=True)
    assert before.read_text() == "{}"
    with pytest.raises(GoEmotionsError, match="holds no dist/"):
        export_web(None, tmp_path / "new", tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["page"]


def test_overwriting_is_not_advised_for_a_folder_of_other_files(tmp_path: Path, cli: Run) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("mine")
    (tmp_path / "empty").mkdir()
    for further in ((), ("--overwrite",)):
        done = cli("export", "web", tmp_path / "site", "--onnxruntime-web", tmp_path, *further)
        assert done.returncode == 1
        assert done.stderr.endswith("site is a folder with other files, which would be lost: name a new one\n")
    with pytest.raises(GoEmotionsError, match="holds no dist/"):
        export_web(None, tmp_path / "empty", tmp_path)
    assert (tmp_path / "site" / "index.html").read_text() == "mine"


def test_models_that_do_not_run_in_a_browser(tmp_path: Path, model_copy: Path) -> None:
    with pytest.raises(GoEmotionsError, match="architecture embedding-head, which does not run in a browser"):
        export_web(USE_HEAD, tmp_path / "page", tmp_path)
    config = json.loads((model_copy / "config.json").read_text(encoding="utf-8"))
    config["thresholds_by_language"] = {"de": {"thresholds": {"joy": 0.3}}}
    (model_copy / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(GoEmotionsError, match="thresholds of its own for some languages"):
        export_web(model_copy, tmp_path / "page", tmp_path)


Change = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda raw: raw.update(normalizer={"type": "Strip", "strip_left": True, "strip_right": True}), "'Strip'"),
        (lambda raw: raw.update(pre_tokenizer={"type": "Whitespace"}), "'Whitespace'"),
        (lambda raw: raw["added_tokens"].append(added("happy")), "'happy'"),
        (
            lambda raw: raw.update(
                pre_tokenizer={
                    "type": "Split",
                    "pattern": {"Regex": "^a"},
                    "behavior": "Isolated",
                    "invert": False,
                }
            ),
            "a sign whose meaning",
        ),
    ],
)
def test_tokenizers_that_a_browser_cannot_read(tmp_path: Path, change: Change, said: str) -> None:
    path = Path(shutil.copy(find_model(None) / "tokenizer.json", tmp_path / "tokenizer.json"))
    raw = json.loads(path.read_text(encoding="utf-8"))
    raw["normalizer"] = raw["pre_tokenizer"] = None
    change(raw)
    path.write_text(json.dumps(raw), encoding="utf-8")
    with pytest.raises(GoEmotionsError, match=f"cannot be read in a browser: .*{said}"):
        tokenizer_rules(path)


def added(content: str) -> dict[str, Any]:
    """Return a token that is found before the text is split."""
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized", "special"), False)
    return {"id": 30_600, "content": content, **flags}


def test_patterns_in_javascript() -> None:
    assert to_javascript(r"(?<!a)\x{1F600}|\.b{2,3}?(?=c)") == (r"(?<!\u{61})\u{1f600}|\u{2e}\u{62}{2,3}?(?=\u{63})")
    assert to_javascript(r"[a-c[x]&&[^b]]+") == r"[\u{61}\u{63}\u{78}]+"
    assert to_javascript(r"[\]\\]") == r"[\u{5c}-\u{5d}]"
    assert to_javascript("\\t") == r"\u{9}"
    assert to_javascript(r"(a)\1+") == r"(\u{61})\1+"
    assert as_class([]) == "[]"
    for pattern in ("^a", "a$", "a++", "(?i:a)", "(?<name>a)", r"\ba", r"\11", "[a"):
        with pytest.raises(ValueError, match=r"known|kind|quantifier|end"):
            to_javascript(pattern)


def test_the_documentation_names_the_version_that_is_taken() -> None:
    documented = (Path(__file__).parents[2] / "docs" / "browser.md").read_text(encoding="utf-8")
    assert f"npm pack onnxruntime-web@{VERSION}\n" in documented
    assert f"--onnxruntime-web onnxruntime-web-{VERSION}.tgz" in documented


def test_the_page_asks_its_own_host_only() -> None:
    content = page()
    assert "http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'self'" in content
    assert "/docs" not in content
    assert 'src="/' not in content
    assert 'href="/' not in content
