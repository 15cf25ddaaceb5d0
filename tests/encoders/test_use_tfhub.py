"""TensorFlow encoders, with a real SavedModel made here and a stand-in for TF-Hub on loopback.

TensorFlow is large: `make test-tfhub` runs these in an environment of their own.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import os
import shutil
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from conftest import CARD_TEXTS

from goemotions.encoders import check_same, find_encoder
from goemotions.encoders.use_tfhub import damage
from goemotions.errors import EncoderError

if importlib.util.find_spec("tensorflow") is None:
    pytest.skip("needs TensorFlow: make test-tfhub", allow_module_level=True)

MAKE = """
import sys
import tensorflow as tf

folder, kind = sys.argv[1:]
vocabulary = folder + ".txt"
with open(vocabulary, "w") as file:
    file.write("i\\nlove\\nhate\\nyou\\n")


class TextEncoder(tf.Module):
    def __init__(self, width):
        initializer = tf.lookup.TextFileInitializer(
            vocabulary, tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER
        )
        self.table = tf.lookup.StaticVocabularyTable(initializer, 1000)
        self.vectors = tf.Variable(tf.random.stateless_normal([1004, width], [1, 2]))

    def embed(self, texts):
        words = tf.strings.split(tf.strings.regex_replace(tf.strings.lower(texts), "[[:punct:]]", " "))
        total = tf.reduce_sum(tf.gather(self.vectors, self.table.lookup(words)), 1)
        return tf.math.tanh(total / tf.sqrt(tf.cast(tf.maximum(words.row_lengths(), 1), tf.float32))[:, None])


class Strings(TextEncoder):
    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def __call__(self, texts):
        return self.embed(texts)


class SignatureOnly(TextEncoder):
    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def serve(self, texts):
        return {"outputs": self.embed(texts), "count": tf.size(texts)}


class Dictionary(TextEncoder):
    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def __call__(self, texts):
        return {"default": self.embed(texts), "count": tf.size(texts)}


class Numbers(TextEncoder):
    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32)])
    def __call__(self, numbers):
        return numbers @ self.vectors[:3]


class NoNumber(TextEncoder):
    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def __call__(self, texts):
        return self.embed(texts) / tf.cast(texts != "nothing", tf.float32)[:, None]


class Empty(TextEncoder):
    pass


kinds = {"strings": Strings, "signature": SignatureOnly, "dictionary": Dictionary, "numbers": Numbers, "nan": NoNumber}
model = kinds.get(kind, Strings if kind == "narrow" else Empty)(300 if kind == "narrow" else 512)
signatures = {"serving_default": model.serve} if kind == "signature" else None
tf.saved_model.save(model, folder, signatures=signatures)
"""


@pytest.fixture(scope="session")
def make(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Makes a SavedModel of a kind, once, in a process of its own, so that this one's TensorFlow is the encoder's."""
    folder = tmp_path_factory.mktemp("saved-models")

    def saved_model(kind: str) -> Path:
        if not (folder / kind).exists():
            subprocess.run([sys.executable, "-c", MAKE, folder / kind, kind], check=True, capture_output=True)
        return folder / kind

    return saved_model


@pytest.fixture
def model(make: Callable[[str], Path], tmp_path: Path) -> Path:
    """A SavedModel of strings that a test may damage."""
    return shutil.copytree(make("strings"), tmp_path / "use")


class Hub:
    """Serves a SavedModel as TF-Hub does: a .tar.gz at its handle with ``?tf-hub-format=compressed``."""

    def __init__(self) -> None:
        self.content = b""
        self.status = 200
        self.requests: list[str] = []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                """Keep the test output clean."""

            def do_GET(self) -> None:
                hub.requests.append(self.path)
                self.send_response(hub.status)
                self.send_header("Content-Length", str(len(hub.content)))
                self.end_headers()
                self.wfile.write(hub.content)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.handle = f"http://127.0.0.1:{self.server.server_port}/google/universal-sentence-encoder/4"

    def serve(self, folder: Path) -> None:
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            for path in sorted(folder.rglob("*")):
                archive.add(path, arcname=f"./{path.relative_to(folder)}", recursive=False)
        self.content = packed.getvalue()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def hub(model: Path) -> Iterator[Hub]:
    served = Hub()
    served.serve(model)
    yield served
    served.close()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """TFHUB_CACHE_DIR, set long after the imports."""
    folder = tmp_path / "tfhub-cache"
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(folder))
    return folder


def entry(cache: Path, handle: str) -> Path:
    return cache / hashlib.sha1(handle.encode()).hexdigest()


# --- a local folder ---


@pytest.mark.parametrize("kind", ["strings", "signature", "dictionary"])
def test_a_local_folder(make: Callable[[str], Path], kind: str) -> None:
    encoder = find_encoder(make(kind))
    encoded = encoder.encode(CARD_TEXTS)
    assert encoded.embeddings.shape == (3, 512)
    assert encoded.embeddings.dtype == np.float32
    assert not encoded.truncated.any()
    reference = find_encoder(str(make("strings"))).encode(CARD_TEXTS).embeddings
    assert np.abs(encoded.embeddings - reference).max() <= 1e-6


def test_the_numbers_are_tensorflows(make: Callable[[str], Path]) -> None:
    code = (
        "import sys, tensorflow as tf; import numpy as np\n"
        "model = tf.saved_model.load(sys.argv[1])\n"
        "sys.stdout.buffer.write(model(tf.constant(['I love you', '', 'x y z'])).numpy().tobytes())"
    )
    folder = make("strings")
    done = subprocess.run([sys.executable, "-c", code, folder], check=True, capture_output=True)
    expected = np.frombuffer(done.stdout, dtype=np.float32).reshape(3, 512)
    assert np.abs(find_encoder(folder).encode(["I love you", "", "x y z"]).embeddings - expected).max() <= 1e-6


def test_any_texts_in_any_company(make: Callable[[str], Path]) -> None:
    encoder = find_encoder(make("strings"))
    generator = np.random.default_rng(0)
    texts = [
        " ".join(generator.choice(["I", "love", "you", "!", "😀", "猫"], n)) for n in generator.integers(0, 99, 600)
    ]
    texts += [
        "",
        " ",
        "\ud800",
        "a\udfff",
        "\x00",
        "nul\x00inside\x00",
        "x" * 1_000_000,
        "a b " * 250_000,
        "\n" * 1_000_000,
    ]
    together = encoder.encode(texts)
    assert np.isfinite(together.embeddings).all()
    some = [*range(0, 600, 40), *range(600, len(texts))]
    alone = np.concatenate([encoder.encode([texts[row]]).embeddings for row in some])
    assert np.abs(together.embeddings[some] - alone).max() <= 1e-5
    assert np.abs(encoder.encode(texts[::-1]).embeddings[::-1] - together.embeddings).max() <= 1e-5
    assert np.flatnonzero(together.truncated).tolist() == [606, 607]
    assert encoder.encode([]).embeddings.shape == (0, 512)
    assert encoder.encode_windows([]).embeddings.shape == (0, 512)


def test_what_is_cut_is_not_read_but_windows_read_it(make: Callable[[str], Path]) -> None:
    encoder = find_encoder(make("strings"))
    texts = ["love " * 512, "love " * 512 + "hate", "short"]
    whole, cut, short = encoder.encode(texts).embeddings
    assert np.array_equal(whole, cut)
    windows = encoder.encode_windows(texts)
    assert windows.first.tolist() == [0, 1, 3]
    assert np.abs(windows.embeddings[[0, 1, 3]] - [whole, cut, short]).max() <= 1e-6
    assert np.abs(windows.embeddings[2] - cut).max() > 1e-3


def test_from_several_threads(make: Callable[[str], Path]) -> None:
    encoder = find_encoder(make("strings"))
    texts = [[f"text {n} of {m}" for n in range(m)] for m in range(1, 30)]
    with ThreadPoolExecutor(8) as pool:
        many = list(pool.map(lambda batch: encoder.encode(batch).embeddings, texts))
    for batch, embeddings in zip(texts, many, strict=True):
        assert np.abs(encoder.encode(batch).embeddings - embeddings).max() <= 1e-5


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("narrow", r"must give \[n, 512\] for n texts, got \[2, 300\]"),
        ("numbers", "does not embed a list of strings"),
        ("empty", "has no function of one input"),
    ],
)
def test_another_kind_of_saved_model(make: Callable[[str], Path], kind: str, message: str) -> None:
    with pytest.raises(EncoderError, match=message) as caught:
        find_encoder(make(kind)).encode(["text"])
    assert "\n" not in str(caught.value)


def test_nan_is_an_error_that_names_the_text(make: Callable[[str], Path]) -> None:
    encoder = find_encoder(make("nan"))
    assert encoder.encode(["something"]).embeddings.shape == (1, 512)
    with pytest.raises(EncoderError, match="gives NaN or infinity for 'nothing'"):
        encoder.encode(["something", "nothing"])


def test_a_users_own_damaged_folder_is_named_and_left_alone(model: Path) -> None:
    (model / "variables" / "variables.index").unlink()
    with pytest.raises(EncoderError, match=r"use is no whole SavedModel: it lacks variables/variables\.index"):
        find_encoder(model)
    assert (model / "saved_model.pb").exists()


@pytest.mark.parametrize(
    "file", ["saved_model.pb", "variables/variables.data-00000-of-00001", "variables/variables.index"]
)
def test_a_truncated_file_is_an_error_with_the_folder(model: Path, file: str) -> None:
    os.truncate(model / file, 50)
    with pytest.raises(EncoderError, match=r"use cannot be loaded as a SavedModel .*delete that folder") as caught:
        find_encoder(model).encode(["text"])
    assert "\n" not in str(caught.value)


def test_the_fingerprint_is_of_the_files_that_matter(model: Path) -> None:
    before = find_encoder(model).fingerprint
    (model / "fingerprint.pb").unlink()
    (model / "README.md").write_text("about it")
    assert find_encoder(model).fingerprint == before
    assets = next((model / "assets").iterdir())
    assets.write_text("you\nlove\nhate\ni\n")
    assert find_encoder(model).fingerprint != before
    with pytest.raises(EncoderError, match="SHA-256"):
        check_same(find_encoder(model), {"id": "use-v4", "fingerprint": before})


# --- TF-Hub ---


def test_a_handle_is_fetched_once_into_the_cache(hub: Hub, cache: Path, model: Path) -> None:
    encoder = find_encoder(hub.handle)
    assert hub.requests == []
    assert encoder.fingerprint == find_encoder(model).fingerprint
    assert hub.requests == ["/google/universal-sentence-encoder/4?tf-hub-format=compressed"]
    expected = find_encoder(model).encode(CARD_TEXTS).embeddings
    assert np.array_equal(encoder.encode(CARD_TEXTS).embeddings, expected)
    assert damage(entry(cache, hub.handle)) == ""
    hub.close()
    offline = find_encoder(hub.handle)
    assert np.array_equal(offline.encode(CARD_TEXTS).embeddings, expected)
    assert len(hub.requests) == 1


def test_names_and_handles() -> None:
    by_name = find_encoder("use-v4")
    assert (by_name.id, by_name.dim) == ("use-v4", 512)
    assert by_name.revision == "https://tfhub.dev/google/universal-sentence-encoder/4"
    assert find_encoder(by_name.revision).id == "use-v4"
    assert find_encoder("https://tfhub.dev/google/nnlm-en-dim128/2").id == "https://tfhub.dev/google/nnlm-en-dim128/2"


@pytest.mark.parametrize("lost", ["saved_model.pb", "variables", "variables/variables.index"])
def test_a_half_deleted_cache_entry_is_fetched_again(hub: Hub, cache: Path, lost: str) -> None:
    expected = find_encoder(hub.handle).encode(CARD_TEXTS).embeddings
    path = entry(cache, hub.handle) / lost
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert np.array_equal(find_encoder(hub.handle).encode(CARD_TEXTS).embeddings, expected)
    assert len(hub.requests) == 2


def test_what_the_hub_gives_may_be_incomplete(hub: Hub, cache: Path, model: Path) -> None:
    (model / "saved_model.pb").unlink()
    hub.serve(model)
    with pytest.raises(
        EncoderError, match=rf"{entry(cache, hub.handle).name}: it contains neither .*; delete that folder"
    ):
        find_encoder(hub.handle).encode(["text"])
    assert len(hub.requests) == 1


def test_an_unreachable_hub(hub: Hub, cache: Path) -> None:
    hub.close()
    with pytest.raises(EncoderError) as caught:
        find_encoder(hub.handle).encode(["text"])
    message = str(caught.value)
    for part in (hub.handle, str(cache), "refused", "curl -L", "encoder=FOLDER", "--encoder FOLDER", "TFHUB_CACHE_DIR"):
        assert part in message
    assert "\n" not in message


@pytest.mark.parametrize(("status", "reason"), [(404, "HTTP Error 404"), (200, "does not appear to be a valid module")])
def test_a_hub_that_moved(hub: Hub, cache: Path, status: int, reason: str) -> None:
    hub.status, hub.content = status, b"<html>We have moved</html>"
    with pytest.raises(EncoderError, match=f"could not be fetched .*{reason}"):
        find_encoder(hub.handle).encode(["text"])
    assert not entry(cache, hub.handle).exists()


def test_a_broken_download_leaves_nothing(hub: Hub, cache: Path) -> None:
    hub.content = hub.content[: len(hub.content) // 2]
    with pytest.raises(EncoderError, match="could not be fetched"):
        find_encoder(hub.handle).encode(["text"])
    assert not entry(cache, hub.handle).exists()


def test_a_lock_left_behind_is_named(hub: Hub, cache: Path) -> None:
    lock = entry(cache, hub.handle).with_suffix(".lock")
    cache.mkdir()
    lock.write_text("host.1.abc")
    threading.Timer(2, lock.unlink).start()
    with pytest.warns(UserWarning, match=rf"as {lock} says; if there is none, delete that file"):
        find_encoder(hub.handle).encode(["text"])


# --- in the program that uses it ---


def run(code: str, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | environment, timeout=120
    )


ENCODE = "import sys; from goemotions.encoders import find_encoder; find_encoder(sys.argv[1]).encode(['text'])\n"


def test_nothing_is_said_on_either_stream(hub: Hub, cache: Path, make: Callable[[str], Path]) -> None:
    for source in (make("strings"), hub.handle):
        done = run(ENCODE + "import os; assert 'TF_CPP_MIN_LOG_LEVEL' not in os.environ", source)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_other_writers_to_stderr_are_heard(make: Callable[[str], Path]) -> None:
    code = (
        "import os, threading, time\n"
        "def talk():\n"
        "    for n in range(500): os.write(2, b'line %d\\n' % n); time.sleep(0.01)\n"
        "talker = threading.Thread(target=talk); talker.start()\n"
    )
    done = run(code + ENCODE + "talker.join()", make("strings"))
    assert sorted(done.stderr.splitlines()) == sorted(f"line {n}" for n in range(500))


def test_who_wants_tensorflows_messages_gets_them(make: Callable[[str], Path]) -> None:
    assert "cpu_feature_guard" in run(ENCODE, make("strings"), TF_CPP_MIN_LOG_LEVEL="0").stderr


@pytest.mark.parametrize(
    ("missing", "source", "message"),
    [
        ("tensorflow", "local", '[tfhub]"'),
        ("tensorflow", "handle", '[tfhub]"'),
        ("tensorflow_hub", "handle", '[tfhub]"'),
        ("tensorflow_hub", "local", None),
        ("tf_keras", "handle", '[tfhub]"'),
        ("pkg_resources", "handle", 'pip install "setuptools<81"'),
        ("pkg_resources", "local", None),
    ],
)
def test_what_is_not_installed(
    hub: Hub, cache: Path, make: Callable[[str], Path], missing: str, source: str, message: str | None
) -> None:
    where = make("strings") if source == "local" else hub.handle
    done = run(f"import sys; sys.modules[{missing!r}] = None\n" + ENCODE, where)
    if message is None:
        assert (done.returncode, done.stderr) == (0, "")
    else:
        assert message in done.stderr.splitlines()[-1]
        assert hub.requests == []


def test_a_broken_installation(tmp_path: Path, make: Callable[[str], Path]) -> None:
    (tmp_path / "tensorflow.py").write_text("raise RuntimeError('compiled for another NumPy')")
    done = run(ENCODE, make("strings"), PYTHONPATH=os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    last = done.stderr.splitlines()[-1]
    assert "tensorflow is installed but cannot be imported (compiled for another NumPy)" in last


def test_a_host_program_that_uses_tensorflow_is_not_reconfigured(make: Callable[[str], Path]) -> None:
    code = "import tensorflow as tf\ntf.config.threading.set_intra_op_parallelism_threads(3)\n" + ENCODE
    done = run(code + "print(tf.config.threading.get_intra_op_parallelism_threads())", make("strings"))
    assert done.stdout == "3\n"


def test_threads_are_set_where_we_start_tensorflow(make: Callable[[str], Path]) -> None:
    code = (
        "import sys; from goemotions.encoders import find_encoder\n"
        "find_encoder(sys.argv[1], threads=1).encode(['text'])\n"
        "import tensorflow as tf; print(tf.config.threading.get_intra_op_parallelism_threads())"
    )
    assert run(code, make("strings")).stdout == "1\n"


def test_naming_an_encoder_imports_no_tensorflow(make: Callable[[str], Path]) -> None:
    code = "import sys; from goemotions.encoders import find_encoder\nfor name in sys.argv[1:]: find_encoder(name)\n"
    done = run(code + "assert 'tensorflow' not in sys.modules", "use-v4", make("strings"))
    assert done.returncode == 0, done.stderr
