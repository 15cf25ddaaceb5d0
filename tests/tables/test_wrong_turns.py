"""Files that are not what their user takes them for: the line that is said tells what to do."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
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


def test_a_survey_in_a_workbook_has_its_second_line_of_names_said(tmp_path: Path) -> None:
    path = tmp_path / "survey.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate((["Respondent ID", "text"], [None, "Open-Ended Response"], [1, "thanks"])):
            sheet.write_row(number, 0, row)
    with pytest.warns(AssumptionWarning, match="names again, as SurveyMonkey exports them"):
        open_table(path, "text")


@pytest.mark.parametrize(
    ("name", "content", "column", "said"),
    [
        ("in.jsonl", '{"data": {"text": "hi"}}\n', "text", "as jq -c '. + {text: .data.text}' in.jsonl > flat.jsonl"),
        ("in.json", '[{"a": {"b": {"body": "x"}}}]', "a.b.body", "as jq -c '.[] | . + {body: .a.b.body}' in.json >"),
        ("in.jsonl", '{"data": {"text": 5}}\n', "text", "--text-column names the one with the texts$"),
        ("in.json", '{"data": [{"text": "hi"}]}', "text", r"as jq \.data in.json > list.json does"),
        ("in.csv", "I love it\nso angry, really\n", "text", "no name: --no-header --text-column column_1"),
        ("tweets.js", "window.YTD.tweets.part0 = []", "text", "behind the first = into a file that ends in .json"),
    ],
)
def test_where_the_texts_are_is_said(tmp_path: Path, name: str, content: str, column: str, said: str) -> None:
    (tmp_path / name).write_text(content)
    pattern = said if said.endswith("$") or "\\" in said else re.escape(said)
    with pytest.raises(DataError, match=pattern):
        open_table(tmp_path / name, column).check_columns([])


def test_bytes_are_no_strings_and_what_to_do_is_said(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": [b"thanks"]}), tmp_path / "in.parquet")
    with pytest.raises(DataError, match=r"is of type binary, expected strings: cast it first"):
        open_table(tmp_path / "in.parquet", "text").check_columns([])


def test_dumps_with_a_long_window_are_told_from_damaged_ones(tmp_path: Path) -> None:
    """As Reddit's are: a frame by hand, with a window of 2 GB and one block that is not compressed."""
    text = b'{"text": "thanks"}\n'
    block = struct.pack("<I", len(text) << 3 | 1)[:3] + text
    for power, name in ((20, "short.jsonl.zst"), (31, "long.jsonl.zst")):
        (tmp_path / name).write_bytes(b"\x28\xb5\x2f\xfd\x00" + bytes([(power - 10) << 3]) + block)
    assert open_table(tmp_path / "short.jsonl.zst", "text").columns == ["text"]
    with pytest.raises(DataError, match="a window of over 128 MB: unpack it first, as zstd -d --long=31 does"):
        open_table(tmp_path / "long.jsonl.zst", "text").check_columns([])
