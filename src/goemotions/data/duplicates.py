"""Texts that are nearly the same, in groups: what must not stand on both sides of a split.

Two texts belong together if they are equal after :func:`plain`, or if their sets of 5-character shingles are alike by
Jaccard's index (|common| / |either|) of 0.8 or more; groups are the connected components. Candidate pairs come from
MinHash signatures in bands (Broder, 1997; Leskovec et al., *Mining of Massive Datasets*, ch. 3) and are then compared
exactly. With 20 bands of 5 a pair at 0.8 is found with probability 0.9996, one at 0.9 practically always.
"""

from __future__ import annotations

import itertools
import unicodedata
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from goemotions.data.corpus import normalise

SHINGLE = 5
SIMILAR = 0.8
BANDS, ROWS = 20, 5
TEXTS_AT_ONCE = 20_000  # signatures are computed in blocks, so that memory stays bounded


def plain(text: str) -> str:
    """Letters and digits, case folded, single spaces; a text without any is only case folded."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    words = "".join(c if c.isalnum() else " " for c in folded).split()
    return " ".join(words) or normalise(text)


def duplicate_groups(texts: Sequence[str]) -> npt.NDArray[np.int64]:
    """The group of each text, int64 [n]: numbers from 0, in order of first appearance."""
    keys = [plain(text) for text in texts]
    distinct = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    parents = list(range(len(distinct)))
    shingle_sets = [shingles(key) for key in distinct]
    for one, other in candidates(shingle_sets):
        a, b = root(parents, one), root(parents, other)
        if a != b and jaccard(shingle_sets[one], shingle_sets[other]) >= SIMILAR:
            parents[max(a, b)] = min(a, b)
    roots = np.array([root(parents, distinct[key]) for key in keys], dtype=np.int64)
    return np.unique(roots, return_inverse=True)[1].astype(np.int64)


def shared_groups(groups: npt.NDArray[np.int64], others: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """bool [n]: the rows of ``groups`` whose group is also among ``others``."""
    return np.isin(groups, others)


def shingles(key: str) -> set[int]:
    """The hashed 5-character windows of a text; of a shorter one, the text itself."""
    return {zlib.crc32(key[i : i + SHINGLE].encode("utf-8", "replace")) for i in range(max(1, len(key) - SHINGLE + 1))}


def jaccard(one: set[int], other: set[int]) -> float:
    common = len(one & other)
    return common / (len(one) + len(other) - common)


def candidates(shingle_sets: Sequence[set[int]]) -> Iterator[tuple[int, int]]:
    """Pairs that agree in a whole band of their signatures; a pair may come more than once."""
    signed = signatures(shingle_sets)
    for band in range(BANDS):
        columns = np.ascontiguousarray(signed[:, band * ROWS : (band + 1) * ROWS])
        buckets: dict[bytes, list[int]] = defaultdict(list)
        for number, row in enumerate(columns):
            buckets[row.tobytes()].append(number)
        for members in buckets.values():
            yield from itertools.combinations(members, 2)


def signatures(shingle_sets: Sequence[set[int]]) -> npt.NDArray[np.uint32]:
    """MinHash, uint32 [n, 100]: of each text, the least value of its shingles under 100 hash functions.

    The functions are the upper halves of ``a · x + b`` modulo 2^64 with random odd ``a`` (multiply-shift), always the
    same ones, so that groups depend on nothing but the texts.
    """
    generator = np.random.default_rng(0)
    factors = generator.integers(0, 2**63, BANDS * ROWS, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    offsets = generator.integers(0, 2**64, BANDS * ROWS, dtype=np.uint64)
    result = np.empty((len(shingle_sets), BANDS * ROWS), dtype=np.uint32)
    for start in range(0, len(shingle_sets), TEXTS_AT_ONCE):
        block = shingle_sets[start : start + TEXTS_AT_ONCE]
        sizes = np.array([len(values) for values in block])
        values = np.fromiter(itertools.chain.from_iterable(block), dtype=np.uint64, count=int(sizes.sum()))
        firsts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        for column, (factor, offset) in enumerate(zip(factors, offsets, strict=True)):
            hashed = ((values * factor + offset) >> np.uint64(32)).astype(np.uint32)
            result[start : start + len(block), column] = np.minimum.reduceat(hashed, firsts)
    return result


def root(parents: list[int], member: int) -> int:
    """The representative of a member's group; paths are halved on the way (union-find)."""
    while parents[member] != member:
        parents[member] = parents[parents[member]]
        member = parents[member]
    return member
