"""Tables on standard input and output."""

from __future__ import annotations

import csv
import gzip
import io
import json
import subprocess
import sys

import pytest
from awkward import GERMAN, database, workbook
from conftest import Run

from goemotions.tables.standard import ending_by

PLAIN = b"id,text\n1,Thanks!\n"


def piped(content: bytes, *options: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "goemotions", "predict", "--input", "-", "--output", "-", *options]
    return subprocess.run(command, input=content, capture_output=True, check=False)


def test_a_table_goes_through_a_pipe() -> None:
    done = piped(PLAIN)
    (row,) = csv.DictReader(io.StringIO(done.stdout.decode()))
    assert (row["id"], row["text"], json.loads(row["emotions"])[0]["label"]) == ("1", "Thanks!", "gratitude")
    assert b"1 row" in done.stderr


def test_what_comes_compressed_and_in_another_encoding_goes_so() -> None:
    done = piped(gzip.compress(GERMAN.encode("utf-16")))
    assert done.returncode == 0, done.stderr
    assert gzip.decompress(done.stdout).decode("utf-16").startswith("id;text;emotions;truncated\r\n1;Schöne Grüße;")


def test_the_first_bytes_tell_the_format() -> None:
    assert ending_by(PLAIN) == ".csv"
    assert ending_by(b'\xef\xbb\xbf\n[{"text": 1}]') == ".json"
    assert ending_by('{"text": 1}'.encode("utf-16")) == ".jsonl"
    assert ending_by(b"PAR1...") == ".parquet"
    assert ending_by(workbook({"One": []})) == ".xlsx"
    assert ending_by(database("CREATE TABLE t (text)")) == ".sqlite"
    assert ending_by(b"") == ".csv"
    assert ending_by(b"[]") == ".json"
    assert ending_by('[\n  {"text": 1}]'.encode("utf-16")) == ".json"
    assert ending_by(b"[31/12/23, 21:45:12] Anna: Happy new year!\n") == ".csv"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--resume"], "--resume needs files"),
        (["--json"], "--json and --output - both write to standard output"),
        (["--text-column", "body"], "standard-input.csv has no column 'body'; columns: id, text"),
    ],
)
def test_what_a_pipe_cannot_do(cli: Run, options: list[str], message: str) -> None:
    done = cli("predict", "--input", "-", "--output", "-", *options, stdin=PLAIN)
    assert done.returncode in (1, 2)
    assert message in done.stderr
    assert done.stdout == ""


def test_what_is_said_of_a_pipe_names_no_file_of_its_own() -> None:
    done = piped(b"text\n=1+1\n")
    assert b"1 cell of standard output that a spreadsheet" in done.stderr
    assert b"standard-output" not in done.stderr
