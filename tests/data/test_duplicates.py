"""Near-duplicate groups against brute force, and splits that keep them on one side."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable

import numpy as np
import pytest

from goemotions.data.corpus import Split, normalise
from goemotions.data.duplicates import SIMILAR, duplicate_groups, jaccard, plain, shared_groups, shingles
from goemotions.data.stratify import stratify

WORDS = (
    "thank love this movie terrible really game never always people would think maybe right wrong happy sad angry "
    "dog cat house work today tomorrow again please sorry great awful funny strange quiet loud"
).split()


def made_up_texts(count: int = 400) -> list[str]:
    """Sentences, a third of them a slightly changed copy of an earlier one."""
    generator = random.Random(0)
    texts: list[str] = []
    for _ in range(count):
        if texts and generator.random() < 0.35:
            words = generator.choice(texts).split()
            words[generator.randrange(len(words))] = generator.choice(WORDS)
            texts.append(" ".join(words))
        else:
            texts.append(" ".join(generator.choices(WORDS, k=generator.randrange(3, 20))))
    return texts


def brute_force_groups(texts: list[str]) -> list[int]:
    """Connected components of all pairs."""
    sets = [shingles(plain(text)) for text in texts]
    group = list(range(len(texts)))
    for i, j in itertools.combinations(range(len(texts)), 2):
        if jaccard(sets[i], sets[j]) >= SIMILAR and group[i] != group[j]:
            old, new = group[j], group[i]
            group = [new if g == old else g for g in group]
    return group


def test_groups_are_those_of_all_pairs() -> None:
    texts = made_up_texts()
    expected, got = brute_force_groups(texts), duplicate_groups(texts).tolist()
    assert len(set(expected)) < 0.95 * len(texts)
    assert len(set(zip(expected, got, strict=True))) == len(set(expected)) == len(set(got))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Thank you!", "thank   you", True),
        ("THANK YOU\u2026", "thank you", True),
        ("\U0001f600\U0001f600", "\U0001f600\U0001f600 ", True),
        ("\U0001f600", "\U0001f622", False),
        ("", " ", True),
        ("no", "on", False),
        ("I would love to see that happen one day", "I would love to see that happen some day", False),
        (
            "I would really love to see that happen again one day, maybe with all of my friends",
            "I would really love to see that happen again one day, maybe with all my friends",
            True,
        ),
        ("\ud800 odd", "\ud800 odd", True),
    ],
)
def test_pairs(one: str, other: str, same: bool) -> None:
    groups = duplicate_groups([one, "something else entirely", other])
    assert (groups[0] == groups[2]) == same
    assert groups[1] not in (groups[0], groups[2])


def test_no_texts() -> None:
    assert duplicate_groups([]).tolist() == []


def test_shared_groups() -> None:
    assert shared_groups(np.array([3, 1, 3]), np.array([3, 2])).tolist() == [True, False, True]


def test_equal_texts_are_always_grouped(official: Callable[[str], Split]) -> None:
    texts = official("dev").texts
    groups = duplicate_groups(texts)
    by_text: dict[str, int] = {}
    for text, group in zip(texts, groups, strict=True):
        assert by_text.setdefault(normalise(text), int(group)) == group


SHARES = {"train": 0.8, "dev": 0.1, "test": 0.1}


def targets_and_groups(rows: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    targets = (generator.random((rows, 6)) < [0.4, 0.2, 0.1, 0.03, 0.01, 0.005]).astype(np.uint8)
    return targets, generator.integers(0, int(rows * 0.8), rows)


def test_every_label_gets_its_share_and_groups_stay_together() -> None:
    targets, groups = targets_and_groups()
    parts = stratify(targets, groups, SHARES, seed=0)
    everything = np.concatenate(list(parts.values()))
    assert sorted(everything.tolist()) == list(range(len(targets)))
    for one, other in itertools.combinations(parts.values(), 2):
        assert not np.isin(groups[one], groups[other]).any()
    counts = targets.sum(0)
    for name, rows in parts.items():
        assert (np.diff(rows) > 0).all()
        assert len(rows) == pytest.approx(SHARES[name] * len(targets), abs=15)
        # A random split would be off by several times this for the common labels.
        assert np.abs(targets[rows].sum(0) - SHARES[name] * counts).max() <= 3


def test_it_is_better_than_a_random_split() -> None:
    targets, groups = targets_and_groups()

    def worst(rows: np.ndarray) -> float:
        return float(np.abs(targets[rows].sum(0) - 0.1 * targets.sum(0)).max())

    ours = worst(stratify(targets, groups, SHARES, seed=0)["test"])
    generator = np.random.default_rng(0)
    drawn = [worst(generator.permutation(len(targets))[: len(targets) // 10]) for _ in range(50)]
    assert ours < np.median(drawn) / 3


def test_the_seed_decides() -> None:
    targets, groups = targets_and_groups()
    one, again, other = (stratify(targets, groups, SHARES, seed=seed)["test"].tolist() for seed in (0, 0, 1))
    assert one == again
    assert one != other


def test_unlabelled_rows_are_shared_too() -> None:
    targets = np.zeros((1000, 3), dtype=np.uint8)
    parts = stratify(targets, np.arange(1000), SHARES, seed=0)
    assert [len(rows) for rows in parts.values()] == [800, 100, 100]
