"""Folders and patterns: files of one kind are one table; anything else is an error that names the files."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import Run
from table_rows import kill_after_a_part, many_rows, read_rows, score, write_rows

from goemotions import EmotionClassifier
from goemotions.data.tables import Columns, read_table
from goemotions.errors import AssumptionWarning, DataError
from goemotions.evaluation.datasets import read_labelled
from goemotions.tables.formats import open_table

quiet = pytest.mark.filterwarnings("ignore::goemotions.errors.AssumptionWarning")
TEXTS = ["Thanks a lot!", "", "I love it", "so sad"]


def folder_of(path: Path, files: dict[str, str | bytes]) -> Path:
    path.mkdir()
    for name, content in files.items():
        file = path / name
        file.parent.mkdir(exist_ok=True, parents=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def in_two_files(folder: Path, ending: str) -> Path:
    """Write the texts into two files of a folder, the second of which comes first by its time."""
    folder.mkdir()
    for name, first in (("b", 2), ("a", 0)):
        rows = [{"n": str(n), "text": TEXTS[n]} for n in (first, first + 1)]
        write_rows(folder / f"{name}.{ending}", rows)
    return folder


def read(path: Path) -> list[str | None]:
    table = open_table(path, "text")
    table.check_columns([])
    return [text for group in table.groups() for text in group.column("text")]


@quiet
@pytest.mark.parametrize("ending", ["csv", "tsv.gz", "jsonl", "json", "parquet", "xlsx"])
def test_a_folder_gives_what_one_file_of_its_rows_gives(
    classifier: EmotionClassifier, tmp_path: Path, ending: str
) -> None:
    whole = write_rows(tmp_path / f"whole.{ending}", [{"n": str(n), "text": text} for n, text in enumerate(TEXTS)])
    folder = in_two_files(tmp_path / "folder", ending)
    written = "csv" if ending in ("json", "xlsx") else ending  # other writers are tested elsewhere, and read back here
    assert score(classifier, whole, tmp_path / f"one.{written}") == (4, 1, 0)
    assert score(classifier, folder, tmp_path / f"two.{written}") == (4, 1, 0)
    assert read_rows(tmp_path / f"two.{written}") == read_rows(tmp_path / f"one.{written}")


@quiet
def test_cells_are_kept_where_files_are_written_alike(classifier: EmotionClassifier, tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "in", {"1.csv": "text;x\r\nhm;0,50\r\n", "2.csv": 'text;x\r\nhm;"1,5"'})
    score(classifier, folder, tmp_path / "out.csv")
    lines = (tmp_path / "out.csv").read_bytes().split(b"\r\n")
    assert lines[0] == b"text;x;emotions;truncated"
    assert [line[:8] for line in lines[1:3]] == [b"hm;0,50;", b'hm;"1,5"']


def test_files_written_differently_keep_their_values(classifier: EmotionClassifier, tmp_path: Path) -> None:
    folder = folder_of(
        tmp_path / "in",
        {"1.csv": "text;x\nhm;0,50\n", "2.csv": "x,text\n1,é\n".encode("cp1252"), "3.csv": "text;x\nhm;2\n"},
    )
    with pytest.warns(AssumptionWarning) as said:
        score(classifier, folder, tmp_path / "out.csv")
    assert [(row["text"], row["x"]) for row in read_rows(tmp_path / "out.csv")] == [
        ("hm", "0,50"),
        ("é", "1"),
        ("hm", "2"),
    ]
    messages = [str(warning.message) for warning in said]
    assert len(messages) == 3
    assert any(message.startswith("1.csv and 1 more: semicolons") for message in messages), messages
    assert any("are not written alike" in message for message in messages)


def test_what_is_no_table_is_left_out_and_said(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "a.csv": "text\nhm\n",
        "empty.csv": "",
        "notes.txt": "x",
        "_SUCCESS": "",
        ".b.csv": "z",
    }
    folder = folder_of(tmp_path / "in", files | {"below/c.csv": "text\nno\n"})
    with pytest.warns(AssumptionWarning, match=r"left out: empty.csv, notes.txt$"):
        assert read(folder) == ["hm"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read(folder / "a*.csv") == ["hm"]
        assert read(folder / "**" / "*c.csv") == ["no"]


@quiet
@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a.csv": "text,x\n", "b.csv": "text\n", "c.csv": "text,x,y\n"}, "b.csv lacks 'x'; c.csv has also 'y'"),
        ({"a.csv": "text\n", **{f"b{n}.csv": "x\n" for n in range(5)}}, "b2.csv lacks 'text'; and 2 more"),
        ({"a.jsonl": '{"text": "a"}\n', "b.jsonl": '{"body": "b"}\n'}, "b.jsonl lacks 'text'"),
        ({"a.csv": "text\n", "b.jsonl": "{}\n"}, r"several formats: CSV \(a.csv\), JSON lines \(b.jsonl\)"),
        ({"a.csv": "Text\n", "b.csv": "Text\n"}, "a.csv has no column 'text'; did you mean 'Text'"),
        ({"a.csv": "text,n\nok,1\n", "b.csv": "text,n\nx,1\ny,z,2\n"}, "b.csv, row 2: 3 cells"),
        ({"a.txt": "hm"}, "has no table of the kinds .csv"),
    ],
)
def test_mixed_files_are_named(
    classifier: EmotionClassifier, tmp_path: Path, files: dict[str, str | bytes], message: str
) -> None:
    folder = folder_of(tmp_path / "in", files)
    with pytest.raises(DataError, match=message):
        score(classifier, folder, tmp_path / "out.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_parquet_files_of_other_types_are_named(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "in", {})
    for name, numbers in (("a", [1]), ("b", [0.5])):
        pq.write_table(pa.table({"text": ["hm"], "n": numbers}), folder / f"{name}.parquet")
    with pytest.raises(DataError, match=r"b.parquet has 'n' of type double for int64"):
        open_table(folder, "text")


def test_parquet_files_of_pandas_are_one_table(classifier: EmotionClassifier, tmp_path: Path) -> None:
    """Pandas writes the number of rows into a file's metadata, which so differs from file to file."""
    pd = pytest.importorskip("pandas")
    folder = folder_of(tmp_path / "in", {})
    for name, texts in (("a", ["hm"]), ("b", ["Thanks!", "no", "yes"])):
        pd.DataFrame({"text": texts, "day": pd.Timestamp("2020-01-02")}).to_parquet(folder / f"{name}.parquet")
    score(classifier, folder, tmp_path / "out.parquet")
    frame: Any = pd.read_parquet(tmp_path / "out.parquet")
    assert frame["text"].tolist() == ["hm", "Thanks!", "no", "yes"]
    assert str(frame["day"].dtype).startswith("datetime64")


def test_a_pattern_without_a_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no file has a name like"):
        open_table(tmp_path / "*.csv", "text")


def test_a_file_whose_name_is_a_pattern_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "a[1].csv").write_text("text\nhm\n")
    assert read(tmp_path / "a[1].csv") == ["hm"]


@quiet
@pytest.mark.parametrize(("given", "output"), [("", "out.csv"), ("*.csv", "out.csv"), ("**/*.csv", "below/out.csv")])
def test_the_output_is_no_file_of_the_input(
    classifier: EmotionClassifier, tmp_path: Path, given: str, output: str
) -> None:
    folder = folder_of(tmp_path / "in", {"a.csv": "text\nhm\n", "below/b.csv": "text\nhm\n"})
    with pytest.raises(DataError, match="would be one of the files of"):
        score(classifier, folder / given, folder / output)


@quiet
def test_an_interrupted_run_resumes_and_a_new_file_is_noticed(cli: Run, tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "in", {})
    for number in range(10):
        write_rows(folder / f"{number:02}.csv", many_rows(400, every=8))
    output, again = tmp_path / "out.csv", tmp_path / "again.csv"
    kill_after_a_part(folder, output)
    write_rows(folder / "10.csv", many_rows(1))
    other = cli("predict", "--input", folder, "--output", output, "--resume")
    assert "is of a run with another input: delete it" in other.stderr
    (folder / "10.csv").unlink()
    assert "4,000 rows" in cli("predict", "--input", folder, "--output", output, "--resume").stderr
    assert cli("predict", "--input", folder, "--output", again).returncode == 0
    assert output.read_bytes() == again.read_bytes()


@quiet
def test_labelled_texts_of_a_folder(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "in", {"a.csv": "text,labels\nhm,joy\n", "b.csv": "text,labels\nno,fear\n"})
    table = read_table(folder, Columns())
    assert (table.texts, table.labels) == (["hm", "no"], [["joy"], ["fear"]])
    assert read_labelled(folder / "*.csv", ["fear", "joy"]).texts == ["hm", "no"]
    assert table.sha256 != read_table(folder / "a.csv", Columns()).sha256


def test_the_command_line(cli: Run, tmp_path: Path) -> None:
    folder = in_two_files(tmp_path / "in", "csv")
    result = cli("predict", "--input", str(folder / "*.csv"), "--output", "-", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert [line[:3] for line in result.stdout.splitlines()] == ["n,t", "0,T", "1,,", "2,I", "3,s"]
    assert json.loads(result.stdout.splitlines()[1].split(",", 2)[2].rsplit(",", 1)[0].strip('"').replace('""', '"'))
    expanded = cli("predict", "--input", str(folder / "a.csv"), str(folder / "b.csv"), "--output", "-", cwd=tmp_path)
    assert expanded.returncode == 2
    assert "the shell made files of a pattern: put it into quotes" in expanded.stderr
