"""Translations to learn from: whose targets they have, which are near enough, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from test_vocabulary import base  # noqa: F401  (a fixture)

from goemotions import EmotionClassifier
from goemotions.errors import DataError
from goemotions.labels import LABELS
from goemotions.training.sources import gather, read_sources
from goemotions.training.text_recipe import Source
from goemotions.training.texts import TextCorpus, read_texts
from goemotions.training.translations import closeness_of

TRAIN = ["thanks a lot", "a red car", "I hate it", "so sad", "what is this", "a table"]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> TextCorpus:
    folder = tmp_path_factory.mktemp("corpus")
    for name in ("train", "dev", "test"):
        texts = TRAIN if name == "train" else [f"{text} {name}" for text in TRAIN]
        rows = [f"{text}\t{','.join(map(str, range(i, 28, 6)))}\t{i}\n" for i, text in enumerate(texts)]
        (folder / f"{name}.tsv").write_text("".join(rows))
    return read_texts(folder)


def test_rows_of_train_have_its_targets(corpus: TextCorpus, tmp_path: Path) -> None:
    (tmp_path / "it.tsv").write_text("".join(f"testo {i}\t27\n" for i in range(6)))
    sources = read_sources([Source(file="it.tsv", row_for_row=True, rows=3, share=0.67)], [tmp_path], corpus)
    assert sources[0].texts == ["testo 0", "testo 2", "testo 4"]
    targets = np.random.default_rng(0).random((6, 28), np.float32)
    learnt = gather(corpus, targets, sources, {}, 0.0, corpus_share=0.5)
    assert np.array_equal(learnt.targets[6:], targets[[0, 2, 4]])
    epochs = [learnt.order(np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert all((rows < 6).tolist().count(True) == 3 and len(rows) == 5 for rows in epochs)
    assert np.array_equal(epochs[0], epochs[1])
    assert not np.array_equal(epochs[0], epochs[2])


def test_aligned_lines_have_what_compact_says_of_the_english(corpus: TextCorpus, tmp_path: Path) -> None:
    lines = [
        "en\tit",
        "I hate you!\tTi odio!",
        "The bus leaves at nine.\tIl bus parte alle nove.",
        "no pair\t",
        "Wow!\tWow!",
    ]
    (tmp_path / "en-it.tsv").write_text("\n".join(lines) + "\n")
    source = Source(file="en-it.tsv", translation="it", most_neutral=0.7)
    (read,) = read_sources([source], [tmp_path], corpus)
    assert read.texts == ["Ti odio!", "Wow!"]
    assert np.array_equal(read.targets, EmotionClassifier("compact").predict_proba(["I hate you!", "Wow!"]))
    assert gather(corpus, np.zeros((6, 28), np.float32), [read], {}, 0.9).targets[6].argmax() == LABELS.index("anger")


def test_translations_that_are_far_from_their_english_are_left_out(
    base: Path,  # noqa: F811
    corpus: TextCorpus,
    tmp_path: Path,
) -> None:
    (tmp_path / "same.tsv").write_text("".join(f"{text}\t27\n" for text in [*TRAIN[:4], "猫 ß ß", "ing"]))
    closeness = closeness_of(base, tmp_path / "cache", torch.device("cpu"))
    source = Source(file="same.tsv", row_for_row=True, least_cosine=0.999)
    (read,) = read_sources([source], [tmp_path], corpus, closeness)
    assert read.texts == TRAIN[:4]
    assert read.rows is not None and read.rows.tolist() == [0, 1, 2, 3]
    (kept,) = (tmp_path / "cache").glob("*.npy")
    np.save(kept, np.zeros(6, np.float32))  # measured once: what is kept is believed
    assert read_sources([source], [tmp_path], corpus, closeness)[0].texts == []


def test_what_is_no_translation_is_refused(corpus: TextCorpus, tmp_path: Path) -> None:
    (tmp_path / "short.tsv").write_text("testo\t27\n")
    (tmp_path / "en-it.tsv").write_text("english\titalian\na\tb\n")
    wrong = [Source(file="short.tsv", row_for_row=True), Source(file="en-it.tsv", translation="it")]
    with pytest.raises(DataError, match=r"each of train\.tsv, 6, got 1(.|\n)*columns en and it, got english"):
        read_sources(wrong, [tmp_path], corpus)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"row_for_row": True, "translation": "it"}, "two ways: give one"),
        ({"row_for_row": True, "label_map": "ekman"}, "no label_map"),
        ({"rows": 5}, "no effect without row_for_row or translation"),
        ({"row_for_row": True, "most_neutral": 0.5}, "no effect without translation"),
    ],
)
def test_settings_without_effect_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Source.model_validate({"file": "a.tsv", **settings})
