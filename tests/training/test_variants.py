"""Other ways to write training texts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from goemotions.errors import DataError
from goemotions.training import variants
from goemotions.training.fine_tuning import FineTuning, start
from goemotions.training.recipe_file import load_recipe
from goemotions.training.sources import gather
from goemotions.training.text_recipe import TransformerRecipe
from goemotions.training.texts import read_texts
from goemotions.training.variants import Words, read_words, vary
from goemotions.weights.packages import find_or_unpack

TABLE = Path(__file__).parents[2] / "corpus" / "variants.tsv"
WORDS = Words(("Maria", "Omar"), {"thank you": ("ty",), "you": ("u",)})
TEXTS = ["Thank you so much, [NAME]! I can't believe it."] * 400


def generator() -> np.random.Generator:
    return np.random.default_rng(0)


def test_the_table_of_the_project_is_read() -> None:
    words = read_words(TABLE)
    assert len(words.names) > 300
    assert len(set(words.names)) == len(words.names)
    assert "u" in words.short["you"]
    assert all(word == word.lower() and all(forms) and word not in forms for word, forms in words.short.items())
    assert len(words.others) > 300
    assert all(word in map(str.lower, group) and len(set(group)) > 1 for word, group in words.others.items())


def test_a_share_is_varied_and_the_same_seed_gives_the_same() -> None:
    varied = vary(TEXTS, WORDS, 0.25, generator())
    changed = np.mean([one != other for one, other in zip(varied, TEXTS, strict=True)])
    assert 0.18 < changed < 0.32
    assert varied == vary(TEXTS, WORDS, 0.25, generator())
    assert vary(TEXTS, WORDS, 0.0, generator()) == TEXTS


def test_all_changes_happen() -> None:
    varied = vary(TEXTS, WORDS, 1.0, generator())
    for part in ("Maria", "Omar", "ty so", "cant", "https://example.com/", '"', "@maria", "ooo"):
        assert any(part in text for text in varied), part
    assert np.mean(["[NAME]" in text for text in varied]) < 0.3  # a mask that is mistyped is none either


def test_one_change_of_each_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = generator()
    assert variants.lengthen("no", drawn) in {"n" + "o" * times for times in range(3, 7)}
    assert variants.lengthen("123 :)", drawn) == "123 :)"
    assert variants.shorten("Thank you", Words(("A",), {}), drawn) == "Thank you"
    monkeypatch.setattr(variants, "WORDS_MISTYPED", 1.0)
    typed = {variants.mistype("hello", drawn) for _ in range(300)}
    assert {"ehllo", "hllo", "heello"} <= typed
    assert any(len(word) == 5 and sum(a != b for a, b in zip(word, "hello", strict=True)) == 1 for word in typed)
    assert variants.mistype("the", drawn) == "the"
    assert variants.mistype("größer", drawn) == "größer"


def test_whom_a_text_is_about_is_exchanged_at_once() -> None:
    pairs = {word: pair for pair in (("he", "she"), ("his", "her"), ("Will", "Ngozi")) for word in pair}
    words = Words(("A",), {}, {word.lower(): pair for word, pair in pairs.items()})
    found = {
        variants.exchange("He will take his HER, Ngozi's hero.", words, np.random.default_rng(n)) for n in range(9)
    }
    assert found == {"He will take his HER, Ngozi's hero.", "She will take her HIS, Ngozi's hero."}
    assert variants.exchange("will Will", words, np.random.default_rng(0)) in {"will Will", "will Ngozi"}


@pytest.mark.parametrize("line", ["nickname\tBob", "name\t", "short\tyou\t", "other\the\t"])
def test_a_table_that_cannot_be_read_is_refused(line: str, tmp_path: Path) -> None:
    path = tmp_path / "variants.tsv"
    path.write_text(f"name\tBob\n{line}\n", encoding="utf-8")
    with pytest.raises(DataError, match="line 2: expected one of name, short"):
        read_words(path)
    path.write_text("short\tyou\tu\n", encoding="utf-8")
    with pytest.raises(DataError, match="has no names"):
        read_words(path)


def test_a_run_that_goes_on_within_an_epoch_reads_the_same_texts(tmp_path: Path) -> None:
    for name in ("train", "dev", "test"):
        lines = [f"thank you so much {name} {number}, [NAME]\t{number % 2}\t{number}\n" for number in range(80)]
        (tmp_path / f"{name}.tsv").write_text("".join(lines), encoding="utf-8")
    (tmp_path / "labels.txt").write_text("gratitude\nneutral\n", encoding="utf-8")
    corpus, recipe = read_texts(tmp_path), load_recipe("compact")
    assert isinstance(recipe, TransformerRecipe)
    learnt = gather(corpus, corpus.splits["train"].targets.astype(np.float32), [], {}, 0.0)
    base = find_or_unpack(recipe.base, tmp_path / "base")

    def task() -> FineTuning:
        return start(base, tmp_path / "state", corpus, recipe, torch.device("cpu"), learnt, [TABLE.parent])

    whole, resumed = task(), task()
    whole.begin_epoch(1)
    whole.batches(1)
    whole.begin_epoch(2)
    batches = whole.batches(2)
    other = resumed.batches(2)  # what the loop asks for after an interruption, without the epoch's beginning
    assert [batch.tolist() for batch in batches] == [batch.tolist() for batch in other]
    assert whole.epoch_ids == resumed.epoch_ids != whole.train_ids
    assert whole.ids_in(1) != whole.ids_in(2)
    assert whole.train_ids == whole.tokenizer.pieces(learnt.texts, recipe.max_tokens).ids
