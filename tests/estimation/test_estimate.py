"""``goemotions estimate`` and ``goemotions sample``: from files to shares, and what is refused in words."""

from __future__ import annotations

import csv
import json
import random
import re
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from conftest import Run

from goemotions import DataError, EmotionClassifier
from goemotions.errors import AssumptionWarning
from goemotions.estimation import Grouping, draw, estimate
from goemotions.estimation.corpus import OTHER
from goemotions.estimation.extra_columns import as_numbers

WORDS = {
    "gratitude": ["Thank you so much!", "Thanks, that helped a lot.", "I am grateful for this."],
    "anger": ["This makes me furious!", "I hate this, what an outrage.", "Shut up, you make me so angry."],
    "neutral": ["The meeting is at ten.", "It has four doors.", "See page 12 of the manual."],
}
Row = tuple[str, str, str, str]
Made = Callable[..., Path]


def rows_of(number: int, seed: int = 0) -> list[Row]:
    """Return texts with a forum, a date and the label; anger is more frequent in one forum and grows by the month."""
    generator = random.Random(seed)
    rows = []
    for place in range(number):
        forum = "games" if place % 4 else "news"
        month = generator.randrange(12)
        weights = [3, (12 if forum == "news" else 1) + month, 4]
        label = generator.choices(list(WORDS), weights)[0]
        rows.append((f"{generator.choice(WORDS[label])} #{place}", forum, f"2025-{month + 1:02d}-05", label))
    return rows


def write(path: Path, rows: Sequence[Sequence[object]], header: Sequence[str]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(header)
        writer.writerows(rows)
    return path


@pytest.fixture
def posts(tmp_path: Path) -> Path:
    return write(tmp_path / "posts.csv", [row[:3] for row in rows_of(400)], ["text", "forum", "date"])


@pytest.fixture
def labelled(tmp_path: Path) -> Made:
    """Write some rows with their labels, as the rows that sample draws come back from people."""

    def make(numbers: Sequence[int], rows: Sequence[Row] | None = None, name: str = "labelled.csv") -> Path:
        known = rows or rows_of(400)
        lines = [(number, known[number - 1][0], known[number - 1][3]) for number in numbers]
        return write(tmp_path / name, lines, ["row", "text", "labels"])

    return make


def chosen(number: int, of: int = 400) -> list[int]:
    return random.Random(1).sample(range(1, of + 1), number)


def test_shares_by_group_and_period_as_json(posts: Path, labelled: Made, cli: Run) -> None:
    done = cli("estimate", posts, "--by", "forum", "--time", "date", "--labelled", labelled(chosen(120)), "--json")
    assert done.returncode == 0, done.stderr
    shares = json.loads(done.stdout)
    assert set(shares[0]) == {"label", "group", "period", "share", "low", "high", "rows", "labelled"}
    cells = {(share["group"], share["period"]) for share in shares}
    assert {(None, None), ("news", None), (None, "2025-03"), ("games", "2025-12")} <= cells
    assert len(shares) == 28 * len(cells)
    overall = {share["label"]: share for share in shares if (share["group"], share["period"]) == (None, None)}
    truth = [row[3] for row in rows_of(400)]
    for label in WORDS:
        here = overall[label]
        assert here["low"] <= truth.count(label) / 400 <= here["high"]
        assert (here["rows"], here["labelled"]) == (400, 120)
    assert sum(share["rows"] for share in shares if share["label"] == "joy" and share["group"] == "news") == 200


def test_the_model_alone_says_so(posts: Path, cli: Run) -> None:
    done = cli("estimate", posts, "--by", "forum", "--time", "date")
    assert done.returncode == 0, done.stderr
    assert "no text was labelled by people" in done.stderr
    assert "news: anger is " in done.stdout
    assert "anger rises by " in done.stdout
    assert "gratitude rises" not in done.stdout


def test_changes_as_json(posts: Path, cli: Run) -> None:
    changes = json.loads(cli("estimate", posts, "--by", "forum", "--changes", "--json").stdout)
    assert {change["kind"] for change in changes} == {"difference"}
    found = [(change["group"], change["label"]) for change in changes if change["found"] and change["change"] > 0]
    assert ("news", "anger") in found


def test_coarser_labels(posts: Path, labelled: Made, tmp_path: Path, classifier: EmotionClassifier) -> None:
    coarse = tmp_path / "map.json"
    coarse.write_text('{"rule": "any", "labels": {"cross": ["anger", "annoyance"], "other": ["neutral"]}}')
    rows = [(*row[:3], {"anger": "cross", "neutral": "other"}.get(row[3], "")) for row in rows_of(400)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AssumptionWarning)
        found = estimate(
            classifier, posts, labelled=labelled(chosen(100), rows), label_map=str(coarse), assume_random=True
        )
    assert found.labels == ("cross", "other")
    share = found.overall()["cross"]
    assert share.low <= sum(row[3] == "anger" for row in rows_of(400)) / 400 <= share.high


def test_a_drawn_sample_goes_back_into_the_estimate(posts: Path, tmp_path: Path, cli: Run) -> None:
    """Rows are drawn by forum, a few are left unlabelled, and the weights still bring out the shares."""
    assert cli("sample", posts, "--n", "120", "--by", "forum", "-o", tmp_path / "rows.csv").returncode == 0
    with (tmp_path / "rows.csv").open(encoding="utf-8", newline="") as stream:
        drawn = list(csv.DictReader(stream))
    assert list(drawn[0]) == ["row", "stratum", "weight", "text"]
    assert {row["stratum"] for row in drawn} == {"news", "games"}
    assert sum(float(row["weight"]) for row in drawn) == pytest.approx(400, abs=0.01)
    news = [row for row in drawn if row["stratum"] == "news"]
    assert 40 <= len(news) <= 50  # by the square root of 100 and 300, so more than a quarter
    rows = rows_of(400)
    lines = [[*row.values(), rows[int(row["row"]) - 1][3]] for row in drawn[:100]]
    path = write(tmp_path / "labelled.csv", lines, [*drawn[0], "labels"])
    done = cli("estimate", posts, "--labelled", path, "--json")
    assert done.returncode == 0, done.stderr
    anger = next(share for share in json.loads(done.stdout) if share["label"] == "anger")
    assert anger["low"] <= sum(row[3] == "anger" for row in rows) / 400 <= anger["high"]


def test_the_same_seed_draws_the_same_rows(posts: Path, classifier: EmotionClassifier) -> None:
    first, again, other = (draw(posts, 60, classifier=classifier, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first.rows != other.rows
    assert len(set(first.rows)) == 60
    assert len(set(first.strata)) == 4
    assert sum(first.weights) == pytest.approx(400, abs=0.01)


@pytest.mark.slow
def test_the_last_row_of_a_long_table_is_not_doubtful_by_luck(tmp_path: Path, classifier: EmotionClassifier) -> None:
    """A table is read in groups of 2,048 rows: which labels are rare is not told from the last group alone."""
    first = [(row[0],) for row in rows_of(2048) if row[3] != "anger"]
    path = write(tmp_path / "posts.csv", [*first, *(("Thank you so much!",),) * (2049 - len(first))], ["text"])
    drawn = draw(path, 2049, classifier=classifier)
    strata = dict(zip(drawn.rows, drawn.strata, strict=True))
    assert strata[2049] == strata[2048]


def test_rows_are_found_by_their_text_too(posts: Path, tmp_path: Path, classifier: EmotionClassifier) -> None:
    rows = rows_of(400)
    lines = [(rows[number - 1][0].upper(), rows[number - 1][3]) for number in chosen(60)]
    found = estimate(classifier, posts, labelled=write(tmp_path / "l.csv", lines, ["text", "labels"]))
    assert found.labelled == 60


def test_small_groups_are_put_together_and_said(tmp_path: Path, classifier: EmotionClassifier) -> None:
    rows = [(row[0], "tiny" if place < 5 else row[1]) for place, row in enumerate(rows_of(200))]
    path = write(tmp_path / "posts.csv", rows, ["text", "forum"])
    with pytest.warns(AssumptionWarning, match=r"groups with fewer than 30 texts are put together as \(other\): tiny"):
        found = estimate(classifier, path, grouping=Grouping("forum"))
    assert {share.group for share in found.shares} == {None, "news", "games", OTHER}


def test_what_is_refused_before_work_starts(
    posts: Path, labelled: Made, tmp_path: Path, classifier: EmotionClassifier
) -> None:
    rows = [list(row) for row in rows_of(400)]
    rows[7][2], rows[9][2] = "soon", ""
    undated = write(tmp_path / "undated.csv", [row[:3] for row in rows], ["text", "forum", "date"])
    empty = write(tmp_path / "empty.csv", [(" ", "a")] * 40, ["text", "forum"])
    strange = labelled(chosen(40), [("other text", *row[1:]) for row in rows_of(400)], "strange.csv")
    misspelt = labelled(chosen(40), [(*row[:3], row[3].replace("anger", "angr")) for row in rows_of(400)], "m.csv")
    cases: list[tuple[Path, Grouping, Path | None, str]] = [
        (posts, Grouping(time="day"), None, "has no column 'day'"),
        (undated, Grouping(time="date"), None, "2 rows have no date in 'date': row 8: 'soon', row 10: ''; expected"),
        (empty, Grouping(), None, "has no text in any of its 40 rows"),
        (posts, Grouping("text"), None, "none of the 400 groups in 'text' has 30 texts"),
        (posts, Grouping(), strange, "are not in posts.csv (with that text in the row that 'row' names)"),
        (posts, Grouping(), misspelt, "'angr'; did you mean 'anger'?"),
        (posts, Grouping(), labelled(chosen(20), name="few.csv"), "20 labelled rows, expected at least 30"),
        (posts, Grouping(), labelled([*chosen(40), 3, 3], name="twice.csv"), "have the same row: 3"),
    ]
    for path, grouping, people, words in cases:
        with pytest.raises(DataError, match=re.escape(words)):
            estimate(classifier, path, grouping=grouping, labelled=people)


def test_the_first_rows_of_a_file_are_no_sample(posts: Path, labelled: Made, cli: Run) -> None:
    done = cli("estimate", posts, "--labelled", labelled(range(1, 41)))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "do not lie all over the file (rows 1 to 40 of 400" in done.stderr
    assert cli("estimate", posts, "--labelled", labelled(range(1, 41)), "--assume-random").returncode == 0


def test_rows_chosen_by_their_emotion_are_refused(posts: Path, labelled: Made, classifier: EmotionClassifier) -> None:
    angry = [number for number, row in enumerate(rows_of(400), start=1) if row[3] == "anger"][::3]
    with pytest.raises(DataError, match=r"the model finds other emotions in the labelled rows.*--assume-random"):
        estimate(classifier, posts, labelled=labelled(angry))


def test_a_cell_without_labelled_rows_has_no_share(posts: Path, labelled: Made, classifier: EmotionClassifier) -> None:
    found = estimate(classifier, posts, grouping=Grouping("forum", "date"), labelled=labelled(chosen(40)))
    without = [share for share in found.shares if share.labelled == 0]
    assert without
    assert all((share.share, share.low, share.high) == (None, 0.0, 1.0) for share in without)
    assert any("have no labelled row, and no share" in note for note in found.notes())


def test_periods_of_numbers_need_their_unit(tmp_path: Path, classifier: EmotionClassifier) -> None:
    rows = [(f"Thanks {number}", 1_760_000_000 + 86_400 * 40 * (number % 3)) for number in range(60)]
    path = write(tmp_path / "posts.csv", rows, ["text", "at"])
    lines = [json.dumps({"text": text, "at": at}) for text, at in rows]
    numbers = tmp_path / "posts.jsonl"
    numbers.write_text("\n".join(lines))
    with pytest.raises(DataError, match="60 rows have no date in 'at'"):
        estimate(classifier, path, grouping=Grouping(time="at"))
    for table in (path, numbers):
        found = estimate(classifier, table, grouping=Grouping(time="at", unit="s"))
        assert {share.period for share in found.shares} == {None, "2025-10", "2025-11", "2025-12"}
    assert np.isclose(sum(share.rows for share in found.shares if share.label == "joy" and share.period), 60)


def test_dates_as_americans_write_them_need_one_option(tmp_path: Path, classifier: EmotionClassifier) -> None:
    """The message named no way to have them read."""
    path = write(tmp_path / "us.csv", [(f"Thanks {n}", f"11/{1 + n % 28}/2026") for n in range(40)], ["text", "date"])
    with pytest.raises(DataError, match=r"as 3/31/2026 with --month-first or 31/3/2026 with --day-first"):
        estimate(classifier, path, grouping=Grouping(time="date"))
    found = estimate(classifier, path, grouping=Grouping(time="date", month_first=True))
    assert {share.period for share in found.shares} == {None, "2026-11"}


def test_weights_may_have_a_decimal_comma(tmp_path: Path) -> None:
    """ "1,5" was refused; "1,234" still is, which may be a thousand."""
    assert as_numbers(tmp_path, "weight", [1, 2, 3], ["1,5", "0,125", "2.5"]).tolist() == [1.5, 0.125, 2.5]
    with pytest.raises(DataError, match=r"'weight' must be a number above 0, such as 1234 or 1.5: row 2: '1,234'"):
        as_numbers(tmp_path, "weight", [1, 2], ["1,5", "1,234"])


def test_rows_that_a_model_chose_are_no_random_sample(posts: Path, labelled: Made, tmp_path: Path, cli: Run) -> None:
    """As ``goemotions label --order uncertain`` writes them: a tenth is set aside at random, the others are chosen."""
    numbers = chosen(120)
    plain = labelled(numbers[:40])
    known = rows_of(400)
    parts = ["set aside"] * 40 + ["chosen"] * 80
    lines = [(n, known[n - 1][0], known[n - 1][3], part) for n, part in zip(numbers, parts, strict=True)]
    mixed = write(tmp_path / "mixed.csv", lines, ["row", "text", "labels", "part"])
    done = cli("estimate", posts, "--labelled", mixed, "--json")
    assert "80 of 120 labelled rows were chosen because a model was unsure of them" in done.stderr
    assert done.stdout == cli("estimate", posts, "--labelled", plain, "--json").stdout
    few = write(tmp_path / "few.csv", lines[20:], ["row", "text", "labels", "part"])
    done = cli("estimate", posts, "--labelled", few, "--assume-random")
    assert done.returncode != 0
    assert "20 rows drawn at random are left, expected at least 30" in done.stderr
    assert "--order random" in done.stderr
