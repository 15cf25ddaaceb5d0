"""Augmentation takes the train part of a finished split and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from goemotions.data.augmentation import Rows, TrainingSplit, augment, finish_split, leaked
from goemotions.data.leak import kept_rows, rebuild_leaky_corpus
from goemotions.errors import DataError

LABELS = ("common", "rare", "rarest")


def rows(count: int = 400) -> Rows:
    generator = np.random.default_rng(0)
    targets = (generator.random((count, 3)) < [0.7, 0.1, 0.04]).astype(np.uint8)
    return Rows.real(generator.normal(size=(count, 8)).astype(np.float32), targets)


def parts(whole: Rows) -> dict[str, Rows]:
    order = np.random.default_rng(1).permutation(len(whole))
    return {"train": whole.take(order[:200]), "dev": whole.take(order[200:300]), "test": whole.take(order[300:])}


@pytest.mark.parametrize("method", ["ismote", "mlsmote"])
def test_train_is_balanced_and_nothing_leaks(method: str) -> None:
    whole = rows()
    split = finish_split(parts(whole))
    got = augment(split.train, LABELS, method, target=120, undersampling_target=120, seed=3)  # type: ignore[arg-type]
    assert (got.targets.sum(0, dtype=int)[1:] >= 120).all()
    real, made = got.take(np.flatnonzero(~got.synthetic)), got.take(np.flatnonzero(got.synthetic))
    assert np.array_equal(real.embeddings, whole.embeddings[real.parents[:, 0]])
    train = set(split.train.rows.parents[:, 0])
    assert set(made.parents.ravel()) <= train
    between = np.linalg.norm(made.embeddings - whole.embeddings[made.parents[:, 0]], axis=1)
    along = np.linalg.norm(whole.embeddings[made.parents[:, 1]] - whole.embeddings[made.parents[:, 0]], axis=1)
    assert (between <= 1.5 * along + 1e-4).all()  # so the parents are numbers in the whole corpus
    for held_out in split.held_out.values():
        assert not leaked(got, held_out).any()
    again = augment(split.train, LABELS, method, target=120, undersampling_target=120, seed=3)  # type: ignore[arg-type]
    assert np.array_equal(got.embeddings, again.embeddings)


def test_the_leaky_corpus_is_flagged() -> None:
    whole = rows()
    leaky = rebuild_leaky_corpus(whole.embeddings, whole.targets, target=150)
    flagged = leaked(leaky["train"], leaky["test"])
    rare = leaky["test"].targets[:, 1:].any(1)
    assert flagged[rare].mean() > 0.9
    assert not flagged[~rare].any()
    parents = set(leaky["train"].parents.ravel())
    assert flagged.tolist() == [number in parents for number in leaky["test"].parents[:, 0]]
    with pytest.raises(DataError, match=r"the train part holds .* synthetic rows: split the real rows first"):
        finish_split(leaky)


def test_kept_rows_are_every_sixth_neutral_one() -> None:
    targets = np.zeros((40, 2), dtype=np.uint8)
    targets[:, 0] = 1
    targets[5:35, 1] = 1
    assert kept_rows(targets, 1).tolist() == [*range(5), 5, 11, 17, 23, 29, *range(35, 40)]


def test_the_other_order_is_refused() -> None:
    split = finish_split(parts(rows()))
    augmented = augment(split.train, LABELS, target=120)
    with pytest.raises(DataError, match="split the real rows first"):
        finish_split({"train": augmented.take(np.arange(0, 300)), "test": augmented.take(np.arange(300, 320))})
    with pytest.raises(TypeError, match="got Rows: see finish_split"):
        augment(rows(), LABELS, target=120)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="split first, then augment"):
        TrainingSplit(rows(), object())


def test_a_bad_split_is_refused_with_all_its_problems() -> None:
    whole = rows()
    with pytest.raises(DataError, match=r"the dev part is empty; 50 rows are in more than one part"):
        finish_split(
            {
                "train": whole.take(np.arange(200)),
                "dev": whole.take(np.arange(0)),
                "test": whole.take(np.arange(150, 400)),
            }
        )
    with pytest.raises(DataError, match="at least one held-out part, got train"):
        finish_split({"train": whole})


def test_labels_without_neighbours_are_named() -> None:
    whole = rows()
    whole.targets[:, 2] = 0
    whole.targets[7, 2] = 1
    split = finish_split({"train": whole.take(np.arange(200)), "test": whole.take(np.arange(200, 400))})
    with pytest.raises(DataError, match=r"no neighbours.*: rarest \(1\)"):
        augment(split.train, LABELS, target=50)
    augment(split.train, LABELS, target={0: 300, 1: 50})


def test_unknown_settings() -> None:
    split = finish_split(parts(rows()))
    with pytest.raises(ValueError, match="must be one of ismote, mlsmote, none"):
        augment(split.train, LABELS, "smote")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="ISMOTE needs a target"):
        augment(split.train, LABELS)
    assert len(augment(split.train, LABELS, "none")) == 200
