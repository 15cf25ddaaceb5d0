"""Shared fixtures. Every test runs without the official data; those that want it use the folder GOEMOTIONS_DATA."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from running import Server, serving

from goemotions import EmotionClassifier
from goemotions.catalog import find_model
from goemotions.data.corpus import Split, read_split

if TYPE_CHECKING:
    from loopback import Bucket
    from playwright.sync_api import Browser, Page
    from ray.cluster_utils import Cluster

# For xdist's processes and what tests start: with a process per core, threads of numpy and torch wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

CARD_TEXTS = [
    "I can't believe how amazing that was!",
    "This is absolutely outrageous and I'm furious.",
    "I feel a bit nervous about the presentation tomorrow.",
]

USE_HEAD = (
    Path(__file__).parent / "fixtures" / "use-head"
)  # a small network on sentence embeddings, as 0.1.0 shipped it

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def classifier() -> EmotionClassifier:
    return EmotionClassifier()


@pytest.fixture
def model_copy(tmp_path: Path) -> Path:
    """A copy of the bundled model that a test may damage."""
    return shutil.copytree(find_model(None), tmp_path / "model")


@pytest.fixture(scope="session")
def official() -> Callable[[str], Split]:
    """Reads a split of the official data, or skips the test where there is none."""
    folder = os.environ.get("GOEMOTIONS_DATA")
    if not folder:
        pytest.skip("needs the official data: set GOEMOTIONS_DATA")
    return lambda name: read_split(Path(folder) / "goemotions" / f"{name}.tsv")


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """Torch on one thread: tiny models are quickest so, however many others use the machine."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A running server, for the tests that only ask it things."""
    with serving("--max-texts", 64, "--max-chars", 20_000, "--max-body", "200kB") as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless Chromium; while it runs, no test of the same module can run an event loop of its own."""
    from debian import need
    from playwright.sync_api import sync_playwright

    chromium = Path("/usr/bin/chromium")
    need(chromium, "chromium")
    with sync_playwright() as playwright:
        # Chromium's own sandbox needs rights that root in a container does not have.
        launched = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """The server's page."""
    from page_driver import watched

    with watched(browser, server.url, "blob:") as opened:
        opened.goto(server.url)
        yield opened


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A running Ray cluster of three nodes; it ends with the tests of a module, for it computes while it waits."""
    from loopback import loopback_cluster

    with loopback_cluster() as running:
        yield running


@pytest.fixture(scope="session")
def bucket() -> Iterator[Bucket]:
    """An empty bucket of a stand-in for S3."""
    from loopback import loopback_bucket

    with loopback_bucket() as made:
        yield made


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of Parquet files, for tests that only read it."""
    from loopback import FILES, ROWS, write_files

    return write_files(tmp_path_factory.mktemp("cluster") / "in", FILES, ROWS)


@pytest.fixture(params=["disk", "S3", "fsspec"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """Makes URIs of new folders, on a disk, in an object store and behind fsspec."""
    if request.param == "disk":
        return lambda name: str(tmp_path / name)
    if request.param == "fsspec":
        return lambda name: f"memory://{tmp_path.name}/{name}"
    bucket: Bucket = request.getfixturevalue("bucket")
    return lambda name: bucket.uri(f"{tmp_path.name}/{name}")


@pytest.fixture(scope="session")
def cli() -> Run:
    """Runs the command line as a user does, in a process of its own."""

    def run(*arguments: object, stdin: str | bytes | None = "", **kwargs: object) -> subprocess.CompletedProcess[str]:
        raw = stdin.encode() if isinstance(stdin, str) else stdin
        done = subprocess.run(
            [sys.executable, "-m", "goemotions", *map(str, arguments)],
            input=raw,
            capture_output=True,
            check=False,
            timeout=600,  # a guard against hanging: a training takes seconds, or minutes on a busy machine
            **kwargs,  # type: ignore[call-overload]
        )
        return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())

    return run
