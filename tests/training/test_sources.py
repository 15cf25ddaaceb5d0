"""Texts beside the corpus: what is read of them, what is learnt from coarse labels, what teachers say of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from goemotions.errors import DataError
from goemotions.training.learnt_loss import known_loss
from goemotions.training.sources import CoarseHeads, any_of, gather, is_held_out, read_sources
from goemotions.training.text_recipe import Source
from goemotions.training.texts import TextCorpus, read_texts


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> TextCorpus:
    folder = tmp_path_factory.mktemp("corpus")
    for name in ("train", "dev", "test"):
        rows = [f"thanks {name} {i}\t0\t{i}\n" if i % 2 else f"a car {name} {i}\t1\t{i}\n" for i in range(6)]
        (folder / f"{name}.tsv").write_text("".join(rows))
    (folder / "labels.txt").write_text("gratitude\nneutral\n")
    return read_texts(folder)


def write_coarse(folder: Path) -> tuple[Source, Source]:
    (folder / "own.tsv").write_text("text\tlabels\nbless you\tgratitude\nA  car dev 0\tneutral\n")
    (folder / "coarse.csv").write_text("text,warm\nyou are a star,1\nit rains,0\nthanks test 1,1\n")
    (folder / "map.json").write_text('{"rule": "any", "labels": {"warm": ["gratitude"]}}')
    return Source(file="own.tsv", repeat=2), Source(file="coarse.csv", label_map=str(folder / "map.json"))


def test_sources_are_read_without_the_texts_of_dev_and_test(corpus: TextCorpus, tmp_path: Path) -> None:
    own, coarse = read_sources(write_coarse(tmp_path), [tmp_path / "nowhere", tmp_path], corpus)
    assert own.texts == ["bless you"]
    assert coarse.texts == ["you are a star", "it rains"]
    assert own.groups is None
    assert coarse.groups == {"warm": ["gratitude"]}


def test_all_that_is_learnt_stands_together(corpus: TextCorpus, tmp_path: Path) -> None:
    sources = read_sources(write_coarse(tmp_path), [tmp_path], corpus)
    targets = corpus.splits["train"].targets.astype(np.float32)
    said = {"own.tsv": np.array([[0.5, 0.5]], np.float32)}
    learnt = gather(corpus, targets, sources, said, teacher_weight=0.25)
    assert sorted(learnt.order(np.random.default_rng(0))) == [0, 1, 2, 3, 4, 5, 6, 6, 7, 8]
    np.testing.assert_allclose(learnt.targets[6], [0.875, 0.125])
    assert np.isnan(learnt.targets[7:]).all()
    np.testing.assert_array_equal(learnt.coarse[0][:, 0], [np.nan] * 7 + [1, 0])
    other = gather(corpus, targets, sources, {"coarse.csv": np.full((2, 2), 0.1, np.float32)}, teacher_weight=0.25)
    assert np.isfinite(other.targets).all()
    assert other.digest() != learnt.digest()


def test_a_tenth_of_the_texts_is_held_out() -> None:
    held = [is_held_out(f"text {i}") for i in range(5000)]
    assert 0.08 < np.mean(held) < 0.12


def test_files_that_are_missing_are_named_together(corpus: TextCorpus, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no file a\.tsv in .*--sources(.|\n)*no file b\.tsv"):
        read_sources([Source(file="a.tsv"), Source(file="b.tsv")], [tmp_path], corpus)


def test_the_odds_of_any_label_are_those_of_not_none() -> None:
    logits = torch.randn(50, 4) * 3
    expected = torch.logit(1 - (1 - logits.double().sigmoid()).prod(1))
    torch.testing.assert_close(any_of(logits).double(), expected, rtol=1e-3, atol=1e-3)
    extreme = any_of(torch.tensor([[-200.0, -200.0], [200.0, -200.0]]))
    assert torch.isfinite(extreme).all()


def test_coarse_labels_move_the_labels_of_their_group_alone() -> None:
    heads = CoarseHeads(["a", "b", "c"], [{"ab": ["a", "b"]}])
    logits = torch.zeros(4, 3, requires_grad=True)
    targets = torch.tensor([[1.0], [1.0], [float("nan")], [0.0]])
    known_loss(heads(logits, 0), targets).backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    assert (logits.grad[:2, :2] < 0).all()
    assert (logits.grad[3, :2] > 0).all()
    assert not logits.grad[:, 2].any()
    assert not logits.grad[2].any()


def test_the_loss_of_known_rows_is_the_plain_one_where_all_are_known() -> None:
    logits, targets = torch.randn(5, 3), torch.rand(5, 3)
    torch.testing.assert_close(
        known_loss(logits, targets), functional.binary_cross_entropy_with_logits(logits, targets)
    )
