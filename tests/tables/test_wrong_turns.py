"""Files that are not what their user takes them for: the line that is said tells what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
import xlsxwriter

from goemotions import EmotionClassifier
from goemotions.batch.job import predict_table
from goemotions.errors import AssumptionWarning, DataError
from goemotions.predictions import PredictOptions
from goemotions.tables.formats import open_table


def test_lines_of_text_are_told_the_way(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"standard input, goemotions predict <"):
        open_table(tmp_path / "texts.txt", "text")


def test_names_below_a_title_are_found(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text("Export of May,,\n,,\nid,text,date\n1,thanks,2\n")
    with pytest.warns(AssumptionWarning, match="the name 'text' stands below the first row: delete what is above"):
        open_table(path, "text")


def test_a_hidden_sheet_is_not_the_first(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        for name, text in (("old", "hate"), ("new", "thanks")):
            book.add_worksheet(name).write_column(0, 0, ["text", text])
        book.get_worksheet_by_name("old").hide()
        book.get_worksheet_by_name("new").activate()
    with pytest.warns(AssumptionWarning, match="the first of 2 sheets that is not hidden is read, 'new'"):
        table = open_table(path, "text")
    assert [text for group in table.groups() for text in group.column("text")] == ["thanks"]


@pytest.mark.parametrize(
    ("content", "said"),
    [("<html><table>", "a web page: open it in a spreadsheet"), ("text,id\n", "text: name it .csv")],
)
def test_what_is_only_named_a_workbook(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "export.xls"
    path.write_text(content)
    with pytest.raises(DataError, match=f"is no workbook but {said}"):
        open_table(path, "text")


def test_half_of_an_emoji_becomes_a_mark(classifier: EmotionClassifier, tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('{"text": "thanks \\ud83d"}\n')
    for ending in (".csv", ".json", ".parquet", ".xlsx"):
        output = tmp_path / f"out{ending}"
        predict_table(classifier, path, "text", output, PredictOptions(), show_progress=False)
        table = open_table(output, "text")
        assert [text for group in table.groups() for text in group.column("text")] == ["thanks \ufffd"]
