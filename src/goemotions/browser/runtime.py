"""onnxruntime-web, which computes in the browser: from npm, in the one version that is tested, byte for byte."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

from goemotions.errors import DataError

VERSION = "1.30.0"
PACKAGE = f"onnxruntime-web@{VERSION}"
FILES: Mapping[str, tuple[str, str]] = {
    "ort.js": ("ort.wasm.bundle.min.mjs", "11e64bd8ffe11bd1a2a2f0d6275fdfbbba7262f0b76b99b53d228a8a22ef3d90"),
    "ort.wasm": ("ort-wasm-simd-threaded.wasm", "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2"),
}
"""The files of the package that a page needs: the name on the page, its name in ``dist/`` and its SHA-256.

The build is the smallest: for the CPU, without WebGPU. It computes in one thread unless a host sends headers for more.
"""

BY_HAND = f"npm pack {PACKAGE}, and then --onnxruntime-web onnxruntime-web-{VERSION}.tgz"
MOST_SECONDS = 900


class RuntimeMissingError(DataError):
    """onnxruntime-web is not there, or is not the one that is tested."""


def runtime_files(source: Path | None) -> dict[str, bytes]:
    """Return the files by the names that they have in a page.

    Args:
        source: the package, as a folder or the ``.tgz`` that ``npm pack`` writes; None lets npm fetch it.

    Raises:
        RuntimeMissingError: it is not there, or its files are others.
    """
    if source is None:
        with tempfile.TemporaryDirectory() as folder:
            return runtime_files(fetch(Path(folder)))
    if not source.exists():
        raise RuntimeMissingError(f"no {source}: expected the npm package {PACKAGE}; get it by {BY_HAND}")
    found = {name: _read(source, file) for name, (file, _) in FILES.items()}
    for name, (file, expected) in FILES.items():
        if hashlib.sha256(found[name]).hexdigest() != expected:
            raise RuntimeMissingError(
                f"{source}: dist/{file} is another than in {PACKAGE}, the version that is tested; get that by {BY_HAND}"
            )
    return found


def fetch(folder: Path) -> Path:
    """Let npm put the package into a folder; return its file.

    Raises:
        RuntimeMissingError: there is no npm, or it cannot get the package.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise RuntimeMissingError(
            f"onnxruntime-web is needed, and there is no npm here to fetch it: where there is one, {BY_HAND}"
        )
    command = [npm, "pack", PACKAGE, "--pack-destination", str(folder), "--silent"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=MOST_SECONDS, cwd=folder)
    except subprocess.TimeoutExpired:
        raise RuntimeMissingError(f"npm did not get {PACKAGE} within {MOST_SECONDS} s; try {BY_HAND}") from None
    path = folder / f"onnxruntime-web-{VERSION}.tgz"
    if done.returncode or not path.is_file():
        said = (done.stderr or done.stdout).strip().splitlines()
        why = f": {said[0][:200]}" if said else ""
        raise RuntimeMissingError(f"npm cannot get {PACKAGE}{why}; try {BY_HAND}")
    return path


def _read(source: Path, file: str) -> bytes:
    """Return a file of the package's ``dist/``."""
    try:
        if source.is_dir():
            return (source / "dist" / file).read_bytes()
        with tarfile.open(source) as archive:
            stream = archive.extractfile(f"package/dist/{file}")
            if stream is None:
                raise KeyError(file)
            return stream.read()
    except (OSError, KeyError, EOFError, tarfile.TarError):
        raise RuntimeMissingError(
            f"{source} holds no dist/{file}: expected the npm package {PACKAGE}, a folder or the .tgz of npm pack; "
            f"get it by {BY_HAND}"
        ) from None
