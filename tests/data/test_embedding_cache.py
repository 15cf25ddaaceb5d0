"""The embedding cache, with real processes that write at once and are killed."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from goemotions.data import checks, embed
from goemotions.data.embedding_cache import EmbeddingCache
from goemotions.data.embedding_shard import CacheKey
from goemotions.encoders.base import Encoded
from goemotions.errors import DataError

KEY = CacheKey("words", "1" * 64, 4)
TEXTS = ["one", "two", "", "zwei \U0001f600", "\ud800 alone", "two "]


def vectors_of(texts: Sequence[str], dim: int = 4) -> npt.NDArray[np.float32]:
    """What the test's encoder makes of a text: four bytes of a hash."""
    rows = [list(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:dim]) for text in texts]
    return np.array(rows, dtype=np.float32).reshape(len(rows), dim)


def flags_of(texts: Sequence[str]) -> npt.NDArray[np.bool_]:
    return np.array([len(text) > 3 for text in texts], dtype=bool)


def store(cache: EmbeddingCache, texts: Sequence[str]) -> None:
    cache.add(texts, vectors_of(texts), flags_of(texts))


WRITER = """
import sys
from pathlib import Path
from test_embedding_cache import KEY, EmbeddingCache, store
root, first, last, size = Path(sys.argv[1]), *map(int, sys.argv[2:])
cache = EmbeddingCache(root, KEY)
missing = cache.missing([f"text {i}" for i in range(first, last)])
for start in range(0, len(missing), size):
    store(cache, missing[start : start + size])
    print(start, flush=True)
"""


def writer(root: Path, first: int, last: int, size: int) -> subprocess.Popen[bytes]:
    arguments = [sys.executable, "-c", WRITER, str(root), str(first), str(last), str(size)]
    return subprocess.Popen(arguments, cwd=Path(__file__).parent, stdout=subprocess.PIPE)


def assert_whole(root: Path, texts: Sequence[str]) -> None:
    vectors, truncated = EmbeddingCache(root, KEY).read(texts)
    assert np.array_equal(vectors, vectors_of(texts))
    assert np.array_equal(truncated, flags_of(texts))


def test_what_was_stored_comes_back(tmp_path: Path) -> None:
    cache = EmbeddingCache(tmp_path / "cache", KEY)
    assert cache.missing(TEXTS + TEXTS) == TEXTS
    store(cache, TEXTS[:2])
    store(cache, TEXTS[2:])
    assert len(cache) == len(TEXTS)
    again = EmbeddingCache(tmp_path / "cache", KEY)
    assert again.missing([*TEXTS, "three"]) == ["three"]
    for reader in (cache, again):
        vectors, truncated = reader.read([*reversed(TEXTS), "one"])
        assert vectors.dtype == np.float32
        assert np.array_equal(vectors, vectors_of([*reversed(TEXTS), "one"]))
        assert np.array_equal(truncated, flags_of([*reversed(TEXTS), "one"]))


def test_half_precision_is_kept_apart_and_rounds(tmp_path: Path) -> None:
    store(EmbeddingCache(tmp_path, KEY), TEXTS)
    half = EmbeddingCache(tmp_path, dataclasses.replace(KEY, dtype="float16"))
    assert half.missing(TEXTS) == TEXTS
    exact = np.full((1, 4), 1 / 3, dtype=np.float32)
    half.add(["one"], exact, np.array([False]))
    assert np.array_equal(half.read(["one"])[0], exact.astype(np.float16).astype(np.float32))


@pytest.mark.parametrize("change", [{"fingerprint": "2" * 64}, {"preprocessing": 2}])
def test_a_changed_encoder_never_gets_old_vectors(tmp_path: Path, change: dict[str, object]) -> None:
    store(EmbeddingCache(tmp_path, KEY), TEXTS)
    changed = EmbeddingCache(tmp_path, dataclasses.replace(KEY, **change))  # type: ignore[arg-type]
    assert changed.missing(TEXTS) == TEXTS
    with pytest.raises(DataError, match=r"6 of 6 texts have no vector of words .*are vectors of words \(fing.*111"):
        changed.read(TEXTS)
    # Not even if its files are put where the new encoder looks.
    changed.folder.mkdir()
    shard = next(EmbeddingCache(tmp_path, KEY).folder.glob("*.shard"))
    (changed.folder / shard.name).write_bytes(shard.read_bytes())
    with pytest.raises(DataError, match="of another encoder"):
        EmbeddingCache(tmp_path, changed.key)


def test_an_encoders_own_folder_is_refused(tmp_path: Path) -> None:
    cache = EmbeddingCache(tmp_path, KEY)
    store(cache, TEXTS)
    with pytest.raises(DataError, match=r"vectors of one encoder, words .* give the folder above it"):
        EmbeddingCache(cache.folder, KEY)


@pytest.mark.parametrize(
    ("where", "message"),
    [
        (0, "header cannot be read"),
        (520, "keys do not match"),
        (-3, "vectors do not match"),
        (612, "vectors do not match"),
        (None, "bytes instead of"),
    ],
)
def test_damage_is_found_and_named(tmp_path: Path, where: int | None, message: str) -> None:
    cache = EmbeddingCache(tmp_path, KEY)
    store(cache, TEXTS)
    shard = next(cache.folder.glob("*.shard"))
    raw = bytearray(shard.read_bytes())
    if where is None:
        raw = raw[:-1]
    else:
        raw[where] ^= 0xFF
    shard.write_bytes(raw)
    with pytest.raises(DataError, match=message) as caught:
        EmbeddingCache(tmp_path, KEY).read(TEXTS)
    assert str(shard) in str(caught.value)
    shard.unlink()
    store(EmbeddingCache(tmp_path, KEY), TEXTS)
    assert_whole(tmp_path, TEXTS)


ODD = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.lists(st.none(), max_size=2)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    key=st.sampled_from(["format", "rows", "cache", "keys_sha256", "rest_sha256"]),
    value=ODD | st.sampled_from([-1, 0, 7, 2**63, 10**100, -(10**100)]),
)
def test_any_header_is_read_or_one_clear_line(tmp_path: Path, key: str, value: object) -> None:
    """Fault 21: rows of 1e308, -1 or "a" ended in a traceback."""
    cache = EmbeddingCache(tmp_path, KEY)
    if not cache.folder.exists():
        store(cache, TEXTS)
    shard = next(cache.folder.glob("*.shard"))
    raw = shard.read_bytes()
    header = json.loads(raw[:512])
    if header[key] == value:
        return
    damaged = tmp_path / "damaged" / cache.folder.name / "a.shard"
    damaged.parent.mkdir(parents=True, exist_ok=True)
    damaged.write_bytes(json.dumps(header | {key: value}).encode().ljust(511)[:511] + b"\n" + raw[512:])
    with pytest.raises(DataError) as caught:
        EmbeddingCache(tmp_path / "damaged", KEY).read(TEXTS)
    assert str(caught.value).startswith(f"the cache file {damaged} is damaged (")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"[" * 512, b"null" + bytes(600), b"[]", b'{"rows": ' + b"9" * 400 + b"}"])
def test_a_file_that_is_no_shard_is_named(tmp_path: Path, content: bytes) -> None:
    """Fault 21."""
    cache = EmbeddingCache(tmp_path, KEY)
    store(cache, TEXTS)
    (cache.folder / "bad.shard").write_bytes(content)
    with pytest.raises(DataError, match=r"the cache file .*bad\.shard is damaged"):
        EmbeddingCache(tmp_path, KEY)


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", "[" * 9999, '{"encoder": 1, "fingerprint": 2, "dtype": [], "x": 1}']
)
def test_a_damaged_description_is_named(tmp_path: Path, content: str) -> None:
    """Fault 21."""
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "cache.json").write_text(content)
    with pytest.raises(DataError, match=r"cache\.json is damaged"):
        EmbeddingCache(tmp_path, KEY).read(TEXTS)


def test_bad_vectors_are_refused(tmp_path: Path) -> None:
    cache = EmbeddingCache(tmp_path, KEY)
    bad = vectors_of(TEXTS)
    bad[3, 2] = np.nan
    with pytest.raises(DataError, match="vector of text 3 holds NaN"):
        cache.add(TEXTS, bad, flags_of(TEXTS))
    with pytest.raises(ValueError, match=r"expected vectors \[6, 4\]"):
        cache.add(TEXTS, bad[:, :3], flags_of(TEXTS))
    half = EmbeddingCache(tmp_path, dataclasses.replace(KEY, dtype="float16"))
    with pytest.raises(DataError, match="infinite"), np.errstate(over="ignore"):
        half.add(["big"], np.full((1, 4), 1e6, dtype=np.float32), np.array([False]))
    assert not list(tmp_path.glob("*/*.shard"))


def test_two_writers_at_once(tmp_path: Path) -> None:
    processes = [writer(tmp_path, 0, 600, 20), writer(tmp_path, 300, 900, 20)]
    reader = EmbeddingCache(tmp_path, KEY)
    while any(process.poll() is None for process in processes):
        texts = [f"text {i}" for i in range(900)]
        absent = set(reader.missing(texts))
        there = [text for text in texts if text not in absent]
        assert np.array_equal(reader.read(there)[0], vectors_of(there))
        time.sleep(0.05)
    assert [process.wait() for process in processes] == [0, 0]
    assert_whole(tmp_path, [f"text {i}" for i in range(900)])


def test_killed_writers_leave_a_whole_cache(tmp_path: Path) -> None:
    generator = random.Random(0)
    for _ in range(4):
        process = writer(tmp_path, 0, 40_000, 7)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(generator.uniform(0, 0.15))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        cache = EmbeddingCache(tmp_path, KEY)
        done = [f"text {i}" for i in range(len(cache))]
        assert len(done) >= 7
        assert_whole(tmp_path, done)  # in order, and nothing half
    before = len(cache)
    rest = writer(tmp_path, 0, before + 50, 7)
    assert rest.stdout is not None
    assert len(rest.stdout.read().splitlines()) == 8  # only what was missing
    rest.wait()
    rest.stdout.close()
    assert_whole(tmp_path, [f"text {i}" for i in range(before + 50)])


def test_abandoned_temporary_files_are_removed(tmp_path: Path) -> None:
    import os

    cache = EmbeddingCache(tmp_path, KEY)
    store(cache, TEXTS[:1])
    old, new = cache.folder / "old.tmp", cache.folder / "new.tmp"
    for path in (old, new):
        path.write_bytes(b"half a shard")
    os.utime(old, (0, 0))
    store(cache, TEXTS[1:])
    assert not old.exists()
    assert new.exists()  # its writer may still be at it


class Words:
    """An encoder that counts what it is asked."""

    id, revision, dim, max_length, fingerprint = "words", "1", 4, 3, "1" * 64

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> Encoded:
        self.asked += texts
        return Encoded(vectors_of(texts), flags_of(texts))

    def encode_windows(self, texts: Sequence[str]) -> object:
        raise NotImplementedError


def test_only_new_texts_are_embedded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embed, "TEXTS_A_SHARD", 2)
    encoder = Words()
    cache = embed.open_cache(tmp_path, encoder)  # type: ignore[arg-type]
    first = embed.embed(cache, encoder, TEXTS[:4] * 2, show_progress=False)  # type: ignore[arg-type]
    assert encoder.asked == TEXTS[:4]
    assert np.array_equal(first.embeddings, vectors_of(TEXTS[:4] * 2))
    assert embed.fill(cache, encoder, TEXTS, show_progress=False) == 2  # type: ignore[arg-type]
    assert encoder.asked == TEXTS
    assert len(list(cache.folder.glob("*.shard"))) == 3


def test_no_room_is_said_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "ROOM_LEFT", 1 << 60)
    encoder = Words()
    with pytest.raises(DataError, match="no room for 6 vectors"):
        embed.fill(embed.open_cache(tmp_path, encoder), encoder, TEXTS)  # type: ignore[arg-type]
    assert encoder.asked == []
