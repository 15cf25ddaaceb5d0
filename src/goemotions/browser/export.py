"""A folder for any static host: the page, the model and what runs it, so that texts never leave the machine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from goemotions.browser.runtime import runtime_files
from goemotions.browser.tokenizer_rules import tokenizer_rules
from goemotions.classifier import EmotionClassifier
from goemotions.errors import ModelError
from goemotions.files import check_replaceable, json_bytes, new_directory, refuse_existing
from goemotions.server.model_facts import model_facts

OWN = Path(__file__).parent / "static"
PAGE = Path(__file__).parents[1] / "server" / "static"
INFO = "model/info.json"
README = "README.txt"
MOST_CHARACTERS = 100_000
"""The most characters of a text: as many as ``goemotions serve`` takes."""

POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; "
    "style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'"
)

CHANGES = (
    (
        '<meta name="color-scheme" content="light dark">',
        '<meta name="color-scheme" content="light dark">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="referrer" content="no-referrer">',
    ),
    ('  <nav aria-label="More"><a href="/docs">API</a></nav>\n', ""),
    ("Nothing you enter is kept or logged.", "What you enter stays in this browser."),
    (
        '<p id="status" role="status"></p>',
        '<p id="status" role="status">Loading… If this stays, look at this page through a web server, such as '
        "<code>python -m http.server</code>: from a file, and without JavaScript, browsers do not run it.</p>",
    ),
)
"""The differences of the page without a server."""


@dataclass(frozen=True)
class Exported:
    """A folder that was written.

    Attributes:
        model: its name.
        size: bytes of all files.
    """

    folder: Path
    model: str
    size: int


def export_web(
    model: str | Path | None, folder: Path, runtime: Path | None = None, overwrite: bool = False
) -> Exported:
    """Write the folder, whole or not at all.

    Args:
        model: as :class:`goemotions.EmotionClassifier` takes it.
        runtime: the npm package onnxruntime-web, a folder or a ``.tgz``; None lets npm fetch it.
        overwrite: replace an earlier export.

    Raises:
        ModelError: a model that cannot be loaded, or does not run in a browser.
        DataError: a folder that is there and may not be replaced, or an onnxruntime-web that is not there.
    """
    check_replaceable(folder, is_export)
    if is_export(folder):
        refuse_existing(folder, overwrite)
    classifier = EmotionClassifier(model, threads=1)
    check_runs_in_browsers(classifier)
    source = classifier.directory
    computing = runtime_files(runtime)
    rules = tokenizer_rules(source / "tokenizer.json")
    files = {
        **{f"static/{path.name}": path.read_bytes() for path in PAGE.iterdir() if path.suffix != ".html"},
        **{f"static/{path.name}": path.read_bytes() for path in OWN.glob("*.js")},
        **{f"runtime/{name}": content for name, content in computing.items()},
        "model/model.onnx": (source / "model.onnx").read_bytes(),
        "model/tokenizer.json": json.dumps(rules, ensure_ascii=False, separators=(",", ":")).encode(),
        README: (OWN / README).read_bytes(),
        "index.html": page().encode(),
    }
    card = source / "README.md"
    if card.is_file():
        files["model/README.md"] = card.read_bytes()
    files[INFO] = json_bytes(info(classifier, files))
    with new_directory(folder) as temporary:
        for name, content in files.items():
            path = temporary / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
    return Exported(folder, classifier.config.name, sum(map(len, files.values())))


def is_export(folder: Path) -> bool:
    """Return True for a folder that :func:`export_web` wrote."""
    return (folder / INFO).is_file()


def check_runs_in_browsers(classifier: EmotionClassifier) -> None:
    """Check that a browser can answer as the model does here.

    Raises:
        ModelError: a model that does not run in a browser.
    """
    config = classifier.config
    if config.architecture != "transformer":
        raise ModelError(
            f"{config.name} is a model of the architecture {config.architecture}, which does not run in a browser: "
            "export a transformer, such as compact; goemotions serve serves any"
        )
    if classifier.thresholds.by_language:
        raise ModelError(
            f"{config.name} has thresholds of its own for some languages, which are not told apart in a browser: "
            "goemotions serve serves it"
        )


def info(classifier: EmotionClassifier, files: Mapping[str, bytes]) -> dict[str, Any]:
    """Return what the page and its worker must know of the model, and how large the files are that they load."""
    calibration = classifier.calibration
    loaded = ("runtime/ort.wasm", "model/tokenizer.json", "model/model.onnx")
    return {
        **model_facts(classifier.config, classifier.thresholds),
        "calibration": None if calibration is None else calibration.as_dict()["knots"],
        "max_chars": MOST_CHARACTERS,
        "explains": False,
        "files": {name: len(files[name]) for name in loaded},
    }


def page() -> str:
    """Return the server's page, as it is without a server."""
    content = (PAGE / "index.html").read_text(encoding="utf-8")
    for served, alone in CHANGES:
        before, found, after = content.partition(served)
        if not found:
            raise AssertionError(f"the page has no {served!r} any more: mend goemotions.browser.export.CHANGES")
        content = before + alone + after
    return content
