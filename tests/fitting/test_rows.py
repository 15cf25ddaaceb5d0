"""Rows that cannot be learnt from are refused before work starts, with every problem at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import Run
from own_rows import own_rows, single_rows, write_rows

from goemotions import DataError
from goemotions.data.tables import Columns
from goemotions.errors import AssumptionWarning
from goemotions.fitting.rows import always_together, order_of, read_rows, rows_of

TEXTS, ROWS = own_rows(21)


def test_every_problem_of_a_file_is_named_in_one_line(tmp_path: Path, cli: Run) -> None:
    texts, labels = [*TEXTS, TEXTS[1].upper()], [*ROWS, ["price"]]
    labels[4] = ["delivry"]  # for delivery
    labels = [[*row, "row"] for row in labels]
    done = cli("fit", write_rows(tmp_path / "rows.csv", texts, labels), "--output", tmp_path / "model")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    for words in (
        "rows 2, 22 have the same text with other labels",
        "row 5: the label 'delivry' stands nowhere else; did you mean 'delivery'?",
        "every row has row",
    ):
        assert words in done.stderr
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    ("texts", "labels", "names", "words"),
    [
        (TEXTS[:5], ROWS[:5], None, "5 rows with a text, expected at least 8"),
        ([*TEXTS[:9], " "], ROWS[:10], None, "rows without a text: 10"),
        (TEXTS, [["a"]] * 21, None, "every row has a"),
        (TEXTS, [[]] * 21, None, "no row has a label"),
        (TEXTS, ROWS, ("delivery", "price", "praise", "size"), "no row has size"),
        (TEXTS, ROWS, ("delivery", "price", "prais"), "none of them; did you mean 'prais'"),
        (TEXTS, [[f"{row} {part}" for part in "ab"] for row in range(21)], None, "42 labels in 21 rows"),
    ],
)
def test_rows_that_cannot_be_learnt_from(
    texts: list[str], labels: list[list[str]], names: tuple[str, ...] | None, words: str
) -> None:
    with pytest.raises(DataError, match=words):
        rows_of(texts, labels, names)


def test_a_text_with_two_labels_is_no_single_label() -> None:
    with pytest.raises(DataError, match="rows without exactly one label, as --single asks: 1, 5, 6"):
        rows_of(TEXTS, ROWS, single=True)


def test_labels_may_be_names_lists_or_flags() -> None:
    expected = rows_of(TEXTS, ROWS, ("delivery", "price", "praise")).targets.tolist()
    flags = [[int(name in row) for name in ("delivery", "price", "praise")] for row in ROWS]
    assert rows_of(TEXTS, flags, ("delivery", "price", "praise")).targets.tolist() == expected
    with pytest.raises(TypeError, match="say which labels they are of"):
        rows_of(TEXTS, flags)
    with pytest.raises(ValueError, match="must be 0 or 1 for each of the 2 label_names"):
        rows_of(TEXTS, flags, ("delivery", "price"))
    with pytest.raises(TypeError, match="must be a name or a list of names"):
        rows_of(TEXTS, [1.5] * 21)
    with pytest.raises(ValueError, match="21 texts, but 20 labels"):
        rows_of(TEXTS, ROWS[:20])


def test_the_order_of_labels() -> None:
    assert order_of([["10"], ["9"], ["-1"]]) == ("-1", "9", "10")
    assert order_of([["joy"], ["anger", "joy"]]) == ("anger", "joy")  # GoEmotions' own
    assert order_of([["new"], ["joy", "old"]]) == ("new", "joy", "old")


def test_flags_in_columns(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    lines = [f'"{text}",{int("price" in row)},{int("praise" in row)}' for text, row in zip(TEXTS, ROWS, strict=True)]
    path.write_text("\n".join(["words,price,praise", *lines]), encoding="utf-8")
    rows = read_rows(path, Columns("words", each=("praise", "price")))
    assert rows.labels == ("praise", "price")
    assert rows.targets.sum(0).tolist() == [sum("praise" in row for row in ROWS), sum("price" in row for row in ROWS)]
    assert not rows.single


def test_a_folder_with_other_files_is_not_replaced(tmp_path: Path, cli: Run) -> None:
    path = write_rows(tmp_path / "rows.csv", TEXTS, ROWS)
    done = cli("fit", path, "--output", tmp_path)
    assert done.returncode == 1
    assert "would be lost: name a new one" in done.stderr
    assert path.exists()


def test_one_label_written_differently_is_named() -> None:
    labels = [["Price" if row % 2 else "price"] if "price" in found else found for row, found in enumerate(ROWS)]
    with pytest.raises(DataError, match="'price' and 'Price' are one label, written differently"):
        rows_of(TEXTS, labels)


def test_cells_that_pandas_wrote_for_missing_ones_are_no_label(tmp_path: Path) -> None:
    """They became a label of that name, which nobody gave."""
    cells = ["good", "bad", "?"] * 7
    cells[3], cells[4], cells[8] = "nan", "NaN", "<NA>"
    path = write_rows(tmp_path / "rows.csv", TEXTS, [[cell] for cell in cells])
    with pytest.warns(AssumptionWarning, match="3 labels are nan, as pandas writes an empty cell"):
        rows = read_rows(path)
    assert rows.labels == ("good", "bad", "?")
    assert [row for row, given in enumerate(rows.targets.tolist()) if not any(given)] == [3, 4, 8]


def test_flags_that_are_missing_are_said(tmp_path: Path) -> None:
    """pandas' nan among 0 and 1 was an error, and of n/a it was not said what to do."""
    path = tmp_path / "rows.csv"
    rows = [f"text {number},{number % 2},{(number // 2) % 2}" for number in range(20)]
    path.write_text("\n".join(["text,joy,fear", *rows, "a,1,nan", "b,,<NA>"]))
    with pytest.warns(AssumptionWarning, match=r"3 empty cells .* read as 0: leave out rows that nobody has labelled"):
        found = read_rows(path, Columns(each=("joy", "fear")))
    assert found.targets[-2:].tolist() == [[1, 0], [0, 0]]
    path.write_text("\n".join(["text,joy,fear", *rows, "a,1,n/a"]))
    with pytest.raises(DataError, match=r"row 21: 'fear' must be 0 or 1, got 'n/a'; leave out rows that nobody has"):
        read_rows(path, Columns(each=("joy", "fear")))


def test_rows_that_nobody_may_have_labelled_are_said(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.csv", TEXTS, [[] if row % 3 == 0 else found for row, found in enumerate(ROWS)])
    with pytest.warns(AssumptionWarning, match=r"of 21 rows have no label.*leave them out if nobody has labelled them"):
        read_rows(path)


@pytest.mark.parametrize("labels", ["price" * 5, {"price"}, {0: "price"}])
def test_labels_without_an_entry_per_text_are_refused(labels: Any) -> None:
    with pytest.raises(TypeError, match="a list with an entry for each text"):
        rows_of(TEXTS, labels)


@pytest.mark.parametrize(("no", "yes"), [("nein", "Ja"), ("FALSCH", "WAHR"), ("", "x"), ("0,0", "1,0")])
def test_flags_as_spreadsheets_and_people_write_them(tmp_path: Path, no: str, yes: str) -> None:
    path = tmp_path / "rows.csv"
    lines = [f"{text.replace(';', ' ')};{yes if 'price' in row else no}" for text, row in zip(TEXTS, ROWS, strict=True)]
    path.write_text("\n".join(["text;price", *lines]), encoding="utf-8")
    with pytest.warns(AssumptionWarning, match=f"reads .*{yes.lower()!r} as 1"):
        rows = read_rows(path, Columns(each=("price",)))
    assert rows.targets[:, 0].tolist() == [int("price" in row) for row in ROWS]


def test_a_name_that_its_comma_cut_in_two_is_named(tmp_path: Path) -> None:
    """It became two labels, which nobody gave, without a word."""
    cells = [["price, size"] if "price" in row else row for row in ROWS]
    path = write_rows(tmp_path / "rows.csv", TEXTS, cells)
    with pytest.warns(AssumptionWarning, match=r"'price' and 'size' are only ever together: .*--separator"):
        assert "size" in read_rows(path).labels
    assert always_together([["a", "b"], ["a"], ["b", "a"], ["c", "d"], ["e", "f"], ["f", "e"]]) == [["e", "f"]]


def test_what_python_is_told_names_what_python_has() -> None:
    texts, labels = single_rows(12)
    with pytest.warns(AssumptionWarning, match="given exactly one \\(single=False says otherwise\\)"):
        rows_of(texts, labels)


def test_of_many_misspelt_labels_a_few_are_named() -> None:
    labels = [["delivery"], ["price"]] * 10 + [[f"delivery{row}"] for row in range(10)]
    with pytest.raises(DataError, match=r"did you mean .* and 5 more such rows$"):
        rows_of([f"text {row}" for row in range(30)], labels, single=True)


def test_a_frame_of_flags_names_its_labels() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({name: [name in row for row in ROWS] for name in ("praise", "price")})
    rows = rows_of(TEXTS, frame)
    assert rows.labels == ("praise", "price")
    assert rows.targets[:, 1].tolist() == [int("price" in row) for row in ROWS]


def test_names_in_one_text_are_said_to_look_like_several() -> None:
    with pytest.warns(AssumptionWarning, match="if it is both, give lists of names"):
        rows_of(TEXTS, [",".join(row) or "none" for row in ROWS])
