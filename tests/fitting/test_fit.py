"""A model of one's own labels: fitted in seconds, taken by every door, and honest about how good it is."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from conftest import Run
from own_rows import LABELS, own_rows, single_rows, write_rows

import goemotions
from goemotions import EmotionClassifier, ModelError
from goemotions.errors import AssumptionWarning
from goemotions.evaluation.figures import Figure
from goemotions.fitting.directory import write_fitted
from goemotions.fitting.figures import for_all_rows
from goemotions.fitting.fit import Fitted, fit_rows
from goemotions.fitting.rows import rows_of

TEXTS, ROWS = own_rows(70)
FRESH, TRUTH = own_rows(70, seed=1)


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    return fit_rows(rows_of(TEXTS, ROWS, LABELS))


@pytest.fixture(scope="module")
def directory(fitted: Fitted, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_fitted(fitted.files, tmp_path_factory.mktemp("fitted") / "shop")


def hits(found: list[dict[str, float]], truth: list[list[str]]) -> float:
    return float(np.mean([set(made) == set(row) for made, row in zip(found, truth, strict=True)]))


def test_it_learns_from_seventy_rows_and_says_how_well(fitted: Fitted, directory: Path) -> None:
    classifier = EmotionClassifier(directory)
    assert classifier.labels == LABELS
    assert classifier.base == "compact"
    assert hits(classifier.predict(FRESH), TRUTH) > 0.7
    report = fitted.report
    assert report.macro_f1.value is not None
    assert report.macro_f1.value > 0.8
    assert report.base_macro_f1 is None  # it knows none of these labels
    assert [label.rows for label in report.labels] == [30, 30, 30]
    assert [point.rows for point in report.curve] == [17, 35, 56]
    assert sum(file.stat().st_size for file in directory.iterdir()) < 200_000


def test_its_interval_is_for_the_model_of_all_rows(fitted: Fitted) -> None:
    figure, doubling = fitted.report.macro_f1, fitted.report.doubling
    assert figure.value is not None
    assert figure.low is not None
    assert figure.high is not None
    assert doubling is not None
    assert figure.high - figure.value >= min(1 - figure.value, figure.value - figure.low + 0.32 * doubling) - 1e-6
    assert for_all_rows(Figure(0.5, 0.3, 0.8), 0.1) == Figure(0.5, 0.3, 0.9)
    assert for_all_rows(Figure(0.5, 0.3, 0.6), 0.1) == Figure(0.5, 0.3, 0.8)
    assert for_all_rows(Figure(0.9, 0.7, 0.95), 0.1) == Figure(0.9, 0.7, 1.0)
    assert for_all_rows(Figure(None), 0.1) == Figure(None)


def test_a_text_does_not_depend_on_the_texts_beside_it(directory: Path) -> None:
    classifier = EmotionClassifier(directory)
    texts = [*FRESH[:20], "", "word " * 300]
    together = classifier.score(texts).logits
    alone = np.concatenate([classifier.score([text]).logits for text in texts])
    assert np.abs(together - alone).max() <= 1e-5


def test_the_same_rows_give_the_same_bytes(directory: Path, tmp_path: Path) -> None:
    again = goemotions.fit(TEXTS, ROWS, label_names=LABELS, output=tmp_path / "shop")
    for file in directory.iterdir():
        assert (again.directory / file.name).read_bytes() == file.read_bytes(), file.name


def test_labels_that_the_base_knows_start_from_its_answer() -> None:
    """Twelve rows can say little; what the base knows of joy and anger is worth more."""
    texts = [
        "I am so happy today", "What a wonderful surprise", "We won, great", "I love this song", "Best day ever",
        "I hate you", "This makes me furious", "Stop it, you idiot", "I am so angry", "How dare they",
        "The train leaves at nine", "It is a chair",
    ]  # fmt: skip
    names = [["joy"]] * 5 + [["anger"]] * 5 + [[]] * 2
    report = fit_rows(rows_of(texts, names)).report
    assert [label.name for label in report.labels] == ["anger", "joy"]
    assert [label.starts_from for label in report.labels] == [("anger",), ("joy",)]
    assert report.base_macro_f1 is not None


def test_a_label_with_one_row_keeps_the_answer_of_the_base(classifier: EmotionClassifier) -> None:
    texts, _ = own_rows(14)
    names = [["anger"], ["joy"], ["joy"], *([[]] * 11)]
    found = fit_rows(rows_of(texts, names))
    assert [label.kept for label in found.report.labels] == [True, False]
    assert "compact's own answer is given: anger" in "\n".join(found.report.lines())
    model = goemotions.fit(texts, names)
    place = classifier.labels.index("anger")
    some = ["I hate you", "You idiot", "Thank you", *TEXTS[:5]]
    ours = model.predict_proba(some)[:, 0] >= model.thresholds["anger"]
    theirs = classifier.predict_proba(some)[:, place] >= classifier.thresholds["anger"]
    assert ours.tolist() == theirs.tolist()
    assert ours[:3].any()


def test_one_label_per_text_is_detected_said_and_decided_so(tmp_path: Path, cli: Run) -> None:
    texts, names = single_rows(60)
    with pytest.warns(AssumptionWarning, match="exactly one label"):
        classifier = goemotions.fit(texts, names, output=tmp_path / "one")
    found = classifier.predict([*FRESH, "something else"])
    assert all(len(made) == 1 for made in found)
    assert np.allclose(classifier.predict_proba(FRESH).sum(1), 1, atol=1e-5)
    assert classifier.predict(["  "]) == [{}]
    assert len(classifier.predict(FRESH[:1], threshold=0)[0]) == 3  # as asked
    done = cli("predict", "--model", tmp_path / "one", "--json", *texts[:6])
    lines = [json.loads(line)["emotions"] for line in done.stdout.splitlines()]
    assert [[one["label"] for one in line] for line in lines] == [[name] for name in names[:6]]


def test_yes_and_no_is_a_question_of_two_labels() -> None:
    texts, names = single_rows(40)
    with pytest.warns(AssumptionWarning, match="exactly one label"):
        classifier = goemotions.fit(texts, ["no" if name == "praise" else "yes" for name in names])
    assert classifier.labels == ("yes", "no")
    assert hits(classifier.predict(["great service, 9 thumbs up"]), [["no"]]) == 1


def test_the_command_line_from_rows_to_scored_file(tmp_path: Path, cli: Run) -> None:
    path = write_rows(tmp_path / "rows.csv", TEXTS, ROWS, ";")
    fresh = write_rows(tmp_path / "fresh.csv", FRESH, TRUTH, ";")
    model = tmp_path / "shop"
    done = cli("fit", path, "--output", model, "--holdout", fresh)
    assert "macro F1" in done.stdout
    assert "On the 70 rows set aside" in done.stdout
    assert "; is taken to separate labels" in done.stderr
    cli("predict", "--model", model, "--input", fresh, "--output", tmp_path / "scored.csv")
    assert (tmp_path / "scored.csv").read_text(encoding="utf-8").count('""label""') >= 50
    said = cli("info", model).stdout
    assert "compact, whose states it reads" in said
    assert re.search(r"^size +[1-9]\d* kB", said, re.MULTILINE)


def test_a_base_that_changed_since_is_refused(directory: Path, tmp_path: Path) -> None:
    other = write_changed(directory, tmp_path / "other", fingerprint="0" * 64)
    with pytest.raises(ModelError, match="its base has changed since"):
        EmotionClassifier(other)
    for base, words in (("nowhere/to-be-found", "neither a shipped model nor a folder"), (str(directory), "itself")):
        with pytest.raises(ModelError, match=words):
            EmotionClassifier(write_changed(directory, tmp_path / "other", model=base))
    with pytest.raises(ModelError, match="is fitted itself"):
        goemotions.fit(TEXTS, ROWS, base=str(directory))


def write_changed(directory: Path, target: Path, **base: str) -> Path:
    """Write a copy of a model that says something else of its base."""
    target.mkdir(exist_ok=True)
    for file in directory.iterdir():
        (target / file.name).write_bytes(file.read_bytes())
    config = json.loads((target / "config.json").read_text(encoding="utf-8"))
    config["base"] |= base
    (target / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return target


def test_a_holdout_of_the_same_texts_is_said() -> None:
    """Its figure was given as that of rows from which nothing is learnt."""
    rows = rows_of(TEXTS, ROWS, LABELS)
    with pytest.warns(
        AssumptionWarning, match="5 of 75 rows have texts of the rows to fit on, so that its figure is too"
    ):
        fit_rows(rows, holdout=rows_of([*FRESH, *TEXTS[:5]], [*TRUTH, *ROWS[:5]], LABELS))


def test_a_holdout_without_a_label_says_so() -> None:
    """Its macro F1 is of fewer labels than that by cross-validation beside it."""
    kept = [place for place, row in enumerate(TRUTH) if "price" not in row]
    texts, labels = [FRESH[place] for place in kept], [TRUTH[place] for place in kept]
    with pytest.warns(
        AssumptionWarning, match="no row has price, so that its macro F1 is the mean of the other labels"
    ):
        fit_rows(rows_of(TEXTS, ROWS, LABELS), holdout=rows_of(texts, labels))
